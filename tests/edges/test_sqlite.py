"""The database file: how it is opened, written to and brought up to date, and what happens when that fails."""

import asyncio
import os
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiosqlite
import pytest

from connectors.packing import pack_histogram, pack_rr, pack_samples
from connectors.sqlite import MIGRATIONS, Database, open_database, open_readonly
from connectors.sqlite_handed_out import SqliteHandovers
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from daemon.domain.heart_rate import HeartRateSample, Instant
from daemon.domain.held_times import time_over
from daemon.domain.run import Run, Source
from daemon.store import (
    Brought,
    Fact,
    FactRefusedError,
    HandoverDue,
    LetterWritten,
    Outlet,
    RunKept,
    SampleKept,
    SessionOpened,
    StoreError,
    StoreTooNewError,
)
from tests.fakes import EASY, ELS, EVENING, PHONE, judged_run, letter, running, sample

OPENED = SessionOpened("s1", ELS.name, EVENING, EASY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "duurloop.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with open_database(path) as opened:
        yield opened


def look(path: Path, query: str) -> list[tuple[object, ...]]:
    """Look from outside, as somebody else would: what is seen is committed."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


async def setting(database: Database, name: str) -> object:
    ((value,),) = await database.read(f"PRAGMA {name}")
    return value


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


class TestOpening:
    @pytest.mark.parametrize(
        ("name", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)]
    )
    async def test_it_is_opened_so_that_nothing_is_lost(self, name: str, value: object, database: Database) -> None:
        assert await setting(database, name) == value

    async def test_only_its_owner_may_read_it(self, path: Path, database: Database) -> None:
        await SqliteStore(database).commit([OPENED])
        files = sorted(path.parent.iterdir())
        assert [file.name for file in files] == ["duurloop.db", "duurloop.db-shm", "duurloop.db-wal"]
        assert {mode(file) for file in files} == {0o600}

    async def test_every_table_is_strict(self, database: Database) -> None:
        rows = await database.read("SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict")
        assert [row["name"] for row in rows if not row["name"].startswith("sqlite_")] == []

    async def test_it_can_be_closed_and_opened_again(self, path: Path) -> None:
        async with open_database(path) as database:
            await SqliteStore(database).commit([OPENED])
        async with open_database(path) as database:
            assert len(await SqliteStore(database).open_sessions()) == 1

    async def test_a_folder_that_is_not_there_is_one_clear_line(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError) as failed:
            async with open_database(tmp_path / "nowhere" / "duurloop.db"):
                pass
        assert "nowhere" in str(failed.value)

    @pytest.mark.parametrize(
        "content", [b"SQLite? No.\n" * 500, b"SQLite format 3\0" + b"\xff" * 8000], ids=["no database", "half of one"]
    )
    async def test_a_damaged_file_is_one_clear_line_and_stays_as_it_is(self, content: bytes, path: Path) -> None:
        put(path, content)
        with pytest.raises(StoreError) as failed:
            async with open_database(path):
                pass
        assert len(str(failed.value).splitlines()) == 1
        assert content_of(path) == content

    async def test_a_page_damaged_in_the_middle_is_one_clear_line_when_it_is_met(self, path: Path) -> None:
        async with open_database(path) as database:
            samples = [SampleKept("s1", sample(float(second))) for second in range(3000)]
            await SqliteStore(database).commit([OPENED, *samples])
        whole = content_of(path)
        put(path, whole[: -8 * 4096] + b"\xee" * 8 * 4096)
        async with open_database(path) as database:
            with pytest.raises(StoreError, match="malformed"):
                await SqliteStore(database).open_sessions()


async def _keep_as_the_first_version_did(
    connection: aiosqlite.Connection, run: Run, samples: Sequence[HeartRateSample]
) -> None:
    judged, target = run.judgement, run.target
    heart, zone = judged.heart_rate, judged.time_in_zone
    assert target is not None
    assert zone is not None
    row: dict[str, object] = {
        "id": run.id,
        "runner": run.runner,
        "started_at": run.started_at.isoformat(timespec="milliseconds"),
        "duration_s": run.duration_s,
        "sport": run.sport,
        "zone_low": target.low,
        "zone_high": target.high,
        "zone_origin": target.origin.value,
        "samples": heart.samples,
        "mean_bpm": heart.mean_bpm,
        "max_bpm": heart.max_bpm,
        "min_bpm": heart.min_bpm,
        "coverage_pct": heart.coverage_pct,
        "below_s": zone.below_s,
        "inside_s": zone.inside_s,
        "above_s": zone.above_s,
        "unknown_s": zone.unknown_s,
        "calm_pct": judged.calm_pct,
        "verdict": judged.verdict.value,
        "reason": judged.reason and judged.reason.value,
        "drift_pct": judged.drift_pct,
        "recovery_bpm": judged.recovery_60s_bpm,
        "beats": judged.rr.beats,
        "artefact_pct": judged.rr.artefact_pct,
        "rmssd_ms": judged.rr.rmssd_ms,
    }
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    await connection.execute(f"INSERT INTO run ({names}) VALUES ({marks})", row)  # noqa: S608 - own names
    packed = (run.id, "strap", pack_samples(samples), pack_rr(samples), pack_histogram([]))
    await connection.execute("INSERT INTO run_source VALUES (?, ?, ?, ?, ?)", packed)


class TestMigrating:
    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        """The migrations of a program with one more than we have had so far, and one less than it will have."""
        folder = tmp_path / "migrations"
        folder.mkdir()
        (folder / "0001_first.sql").write_text("CREATE TABLE shoe (name TEXT) STRICT;\nINSERT INTO shoe VALUES ('x');")
        return folder

    async def test_a_new_database_has_the_version_of_its_last_migration(self, path: Path) -> None:
        async with open_database(path) as database:
            assert await setting(database, "user_version") == len(list(MIGRATIONS.glob("*.sql")))
        assert list(path.parent.glob("*.before-*")) == []

    async def test_what_is_missing_is_applied_and_what_was_there_stays(self, path: Path, old: Path) -> None:
        async with open_database(path, old):
            pass
        (old / "0002_second.sql").write_text("ALTER TABLE shoe ADD COLUMN km REAL;\nUPDATE shoe SET km = 12.5;\n")
        async with open_database(path, old) as database:
            assert [tuple(row) for row in await database.read("SELECT * FROM shoe")] == [("x", 12.5)]
            assert await setting(database, "user_version") == 2

    async def test_a_copy_for_its_owner_alone_is_made_first(self, path: Path, old: Path) -> None:
        async with open_database(path, old):
            pass
        (old / "0002_second.sql").write_text("DROP TABLE shoe;")
        async with open_database(path, old):
            pass
        (copy,) = path.parent.glob("duurloop.db.before-*")
        assert look(copy, "SELECT name FROM shoe") == [("x",)]
        assert mode(copy) == 0o600

    async def test_a_copy_that_was_cut_short_is_made_anew(self, path: Path, old: Path) -> None:
        async with open_database(path, old):
            pass
        (old / "0002_second.sql").write_text("DROP TABLE shoe;")
        path.with_name("duurloop.db.before-2").write_bytes(b"half a copy")
        journal = path.with_name("duurloop.db.before-2-journal")
        journal.write_bytes(b"what half a change took the place of")
        async with open_database(path, old):
            pass
        assert not journal.exists()
        assert look(path.with_name("duurloop.db.before-2"), "SELECT name FROM shoe") == [("x",)]

    async def test_a_migration_that_fails_leaves_nothing_of_itself(self, path: Path, old: Path) -> None:
        async with open_database(path, old):
            pass
        (old / "0002_second.sql").write_text(
            "DROP TABLE shoe;\nCREATE TABLE sock (n INTEGER) STRICT;\nINSERT nonsense;"
        )
        with pytest.raises(StoreError, match="syntax error"):
            async with open_database(path, old):
                pass
        assert look(path, "SELECT name FROM sqlite_master") == [("shoe",)]
        assert look(path, "PRAGMA user_version") == [(1,)]

    async def test_migrations_before_the_one_that_fails_stay(self, path: Path, old: Path) -> None:
        (old / "0002_second.sql").write_text("CREATE TABLE sock (n INTEGER) STRICT;")
        (old / "0003_third.sql").write_text("INSERT nonsense;")
        with pytest.raises(StoreError):
            async with open_database(path, old):
                pass
        assert look(path, "PRAGMA user_version") == [(2,)]

    async def test_a_statement_over_many_lines_with_comments_is_one_statement(self, path: Path, old: Path) -> None:
        (old / "0002_second.sql").write_text(
            "-- a trigger; with semicolons\nCREATE TRIGGER worn AFTER INSERT ON shoe BEGIN\n"
            "  UPDATE shoe SET name = 'a;b';  -- ;\n  DELETE FROM shoe WHERE name = 'z';\nEND;\n-- the end\n"
        )
        async with open_database(path, old) as database:
            await database.write(lambda connection: connection.execute("INSERT INTO shoe VALUES ('y')"))
            assert {row["name"] for row in await database.read("SELECT name FROM shoe")} == {"a;b"}

    async def test_runs_of_the_first_version_stay_with_their_samples(self, path: Path, tmp_path: Path) -> None:
        first = tmp_path / "first"
        first.mkdir()
        shutil.copy(MIGRATIONS / "0001_first.sql", first)
        samples = tuple(sample(float(second), 120 + second % 9) for second in range(600))
        run = judged_run("s1", samples)
        was = replace(run, judgement=replace(run.judgement, longest_calm_s=None))  # nobody asked for it then
        async with open_database(path, first) as database:
            await database.write(lambda connection: _keep_as_the_first_version_did(connection, was, samples))
        async with open_database(path) as database:
            store = SqliteStore(database)
            assert await store.runs() == [was]
            assert await store.run("s1") == was
            assert await store.samples("s1") == [replace(one, at=Instant(float(one.at))) for one in samples]
            file = replace(was, id="f1", sources=(Source.FILE,), started_at=EVENING + timedelta(seconds=30))
            assert (await store.bring(Brought(file, samples, "f1"), lambda _: [])).run == "s1"
        assert look(path, "SELECT histogram IS NOT NULL, count(*) FROM take_samples") == [(1, 2)]

    async def test_a_database_of_a_newer_program_is_refused_and_not_touched(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE future (n INTEGER)")
            connection.execute("PRAGMA user_version = 99")
        for opening in (open_database, open_readonly):
            with pytest.raises(StoreTooNewError, match="99"):
                async with opening(path):
                    pass
        assert look(path, "SELECT name FROM sqlite_master") == [("future",)]


class TestReadonly:
    async def test_it_looks_beside_a_service_that_writes(self, path: Path, database: Database) -> None:
        store = SqliteStore(database)
        async with open_readonly(path) as beside:
            await store.commit([OPENED, RunKept("s1", judged_run("s1"), ())])
            assert [run.id for run in await SqliteStore(beside).runs()] == ["s1"]

    async def test_it_looks_without_a_service(self, path: Path) -> None:
        async with open_database(path) as database:
            await SqliteStore(database).commit([OPENED, RunKept("s1", judged_run("s1"), ())])
        async with open_readonly(path) as beside:
            assert len(await SqliteStore(beside).runs()) == 1

    async def test_it_cannot_write(self, path: Path, database: Database) -> None:
        del database
        async with open_readonly(path) as beside:
            with pytest.raises(StoreError, match="readonly"):
                await SqliteStore(beside).commit([OPENED])

    async def test_of_an_earlier_duurloop_s_database_it_says_what_to_do(self, path: Path, tmp_path: Path) -> None:
        earlier = tmp_path / "migrations"
        earlier.mkdir()
        (earlier / "0001_first.sql").write_text((MIGRATIONS / "0001_first.sql").read_text())
        async with open_database(path, earlier):
            pass
        with pytest.raises(StoreError, match="start the service once"):
            async with open_readonly(path):
                pass

    async def test_a_name_with_signs_that_mean_something_in_an_address_is_a_name(self, tmp_path: Path) -> None:
        path = tmp_path / "50% off? #1.db"
        async with open_database(path) as database:
            await SqliteStore(database).commit([OPENED])
        async with open_readonly(path) as beside:
            assert len(await SqliteStore(beside).open_sessions()) == 1


class TestWriting:
    async def test_a_write_that_fails_leaves_nothing_and_the_next_one_works(
        self, path: Path, database: Database
    ) -> None:
        store = SqliteStore(database)
        with pytest.raises(StoreError, match="FOREIGN KEY"):
            await store.commit([OPENED, SampleKept("nobody's", sample(0.0))])
        assert look(path, "SELECT id FROM session") == []
        await store.commit([OPENED])
        assert look(path, "SELECT id FROM session") == [("s1",)]

    async def test_a_full_disk_is_one_clear_line_and_writing_goes_on_when_there_is_room(
        self, path: Path, database: Database
    ) -> None:
        store = SqliteStore(database)
        await store.commit([OPENED])
        ((pages,),) = await database.read("PRAGMA page_count")
        await database.read(f"PRAGMA max_page_count = {pages}")
        many = [SampleKept("s1", sample(float(second))) for second in range(2000)]
        with pytest.raises(StoreError, match="full"):
            await store.commit(many)
        assert look(path, "SELECT count(*) FROM sample") == [(0,)]
        await database.read("PRAGMA max_page_count = 1000000")
        await store.commit(many)
        assert look(path, "SELECT count(*), max(number) FROM sample") == [(2000, 2000)]

    @pytest.mark.parametrize("cancels", [1, 3], ids=["once", "and again"])
    async def test_a_cancelled_write_is_whole_and_leaves_no_transaction_open(
        self, cancels: int, path: Path, database: Database
    ) -> None:
        begun = asyncio.Event()

        async def job(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "INSERT INTO session (id, runner, started_at) VALUES ('s1', 'Els', '2026-11-21')",
            )
            begun.set()
            await connection.execute("INSERT INTO session (id, runner, started_at) VALUES ('s2', 'Jan', '2026-11-21')")

        writing = asyncio.create_task(database.write(job))
        await begun.wait()
        for _ in range(cancels):
            writing.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert look(path, "SELECT id FROM session ORDER BY id") == [("s1",), ("s2",)]
        await SqliteStore(database).commit([SessionOpened("s3", ELS.name, EVENING, None)])
        assert look(path, "SELECT count(*) FROM session") == [(3,)]

    async def test_a_write_cancelled_at_any_moment_is_whole_or_never_began(
        self, path: Path, database: Database
    ) -> None:
        store = SqliteStore(database)
        for turns in range(40):
            session = f"s{turns}"
            facts: list[Fact] = [
                SessionOpened(session, ELS.name, EVENING, None),
                *(SampleKept(session, sample(float(second))) for second in range(50)),
            ]
            writing = asyncio.create_task(store.commit(facts))
            for _ in range(turns):
                await asyncio.sleep(0)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        counts = look(path, "SELECT (SELECT count(*) FROM sample WHERE session = id) FROM session")
        assert set(counts) == {(50,)}

    async def test_samples_go_on_after_a_commit_whose_caller_was_cancelled(
        self, path: Path, database: Database
    ) -> None:
        store = SqliteStore(database)
        await store.commit([OPENED])
        writing = asyncio.create_task(store.commit([SampleKept("s1", sample(0.0))]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await store.commit([SampleKept("s1", sample(1.0))])
        assert look(path, "SELECT number, at_ms FROM sample") == [(1, 0), (2, 1000)]

    async def test_writers_take_turns(self, path: Path, database: Database) -> None:
        store = SqliteStore(database)
        await store.commit([OPENED])
        await asyncio.gather(*(store.commit([SampleKept("s1", sample(float(one)))]) for one in range(20)))
        assert look(path, "SELECT count(*), max(number) FROM sample") == [(20, 20)]

    async def test_numbers_go_on_after_a_restart(self, path: Path) -> None:
        async with open_database(path) as database:
            await SqliteStore(database).commit([OPENED, SampleKept("s1", sample(0.0))])
        async with open_database(path) as database:
            await SqliteStore(database).commit([SampleKept("s1", sample(1.0))])
        assert look(path, "SELECT number FROM sample") == [(1,), (2,)]

    async def test_a_reader_from_outside_is_not_held_up_by_a_write(self, path: Path, database: Database) -> None:
        seen: list[list[tuple[object, ...]]] = []

        async def job(connection: aiosqlite.Connection) -> None:
            await connection.execute("INSERT INTO session (id, runner, started_at) VALUES ('s1', 'Els', '2026-11-21')")
            seen.append(look(path, "SELECT count(*) FROM session"))

        await database.write(job)
        assert seen == [[(0,)]]


async def test_the_histogram_of_a_run_leaves_out_what_was_heard_before_its_start(database: Database) -> None:
    samples = tuple(sample(float(second), 150 if second < 0 else 128) for second in range(-100, 200))
    run = judged_run("s1", [one for one in samples if one.at >= 0])
    await SqliteStore(database).commit([OPENED, RunKept("s1", run, samples)])
    time = time_over(EASY, await SqliteStore(database).held_times("Els", EVENING, EVENING))
    assert (time.below_s, time.inside_s, time.above_s) == pytest.approx((0.0, 200.0, 0.0))
    assert await SqliteStore(database).samples("s1") == list(samples)


async def test_a_histogram_that_cannot_be_read_costs_its_run_alone(database: Database) -> None:
    store, samples = SqliteStore(database), tuple(sample(float(second)) for second in range(600))
    later = EVENING + timedelta(days=1)
    await store.commit([RunKept("s1", judged_run("s1", samples), samples)])
    await store.commit([RunKept("s2", judged_run("s2", samples, later), samples)])

    async def damage(connection: aiosqlite.Connection) -> None:
        await connection.execute("UPDATE take_samples SET histogram = x'7f0105' WHERE take = 's1'")

    await database.write(damage)
    assert (await store.held_times(ELS.name, EVENING, later)).runs == 1


class TestLetters:
    async def test_letters_done_long_ago_are_forgotten(self, path: Path, database: Database) -> None:
        store, post = SqliteStore(database), SqlitePost(database)
        for key in ("sent", "expired", "waiting"):
            await store.commit([LetterWritten(letter(key, key, at=EVENING - timedelta(days=8)))])
        claimed = await post.claim("sent", EVENING - timedelta(days=8))
        assert claimed is not None
        await post.settle_sent(claimed)
        await post.claim("expired", EVENING)
        await store.commit([LetterWritten(letter("recent", "recent"))])
        await post.recover(EVENING)
        assert look(path, "SELECT key FROM letter") == [("recent",)]

    async def test_an_idle_post_writes_nothing(self, path: Path, database: Database) -> None:
        post = SqlitePost(database)
        await SqliteStore(database).commit([LetterWritten(letter("a", not_before=EVENING + timedelta(hours=1)))])
        before = look(path, "PRAGMA data_version"), path.with_name("duurloop.db-wal").stat().st_size
        async with running(*(post.claim(PHONE.id, EVENING) for _ in range(5))):
            await post.next_due(PHONE.id)
            await post.health()
            await post.waiting()
        assert (look(path, "PRAGMA data_version"), path.with_name("duurloop.db-wal").stat().st_size) == before


async def test_a_fact_that_contradicts_what_is_kept_is_refused_as_such(database: Database) -> None:
    with pytest.raises(FactRefusedError, match="FOREIGN KEY"):
        await SqliteStore(database).commit([SampleKept("nobody's", sample(1))])


@pytest.mark.parametrize(
    "made_by",
    ["PRAGMA user_version = 99", "CREATE TABLE run (shoes TEXT)", "PRAGMA user_version = -1"],
    ids=["newer", "another program", "nobody knows whom"],
)
async def test_a_database_that_is_refused_is_left_as_it_was(tmp_path: Path, made_by: str) -> None:
    path = tmp_path / "duurloop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(made_by)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"version 99|other program"):
        async with open_database(path):
            pass
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["duurloop.db"]  # noqa: PTH208 - a word with the disk, once


async def test_a_run_whose_heartbeats_came_to_harm_costs_itself_alone(database: Database) -> None:
    samples = tuple(sample(float(second), 128) for second in range(120))
    due = HandoverDue(ELS.name, "s1", Outlet.FOLDER, EVENING)
    store, handovers = SqliteStore(database), SqliteHandovers(database)
    await store.commit([OPENED, RunKept("s1", judged_run("s1", samples), samples), due])

    async def harm(connection: aiosqlite.Connection) -> None:
        await connection.execute("UPDATE take_samples SET samples = x'010203'")

    await database.write(harm)
    with pytest.raises(StoreError, match="heartbeats of a run cannot be read"):
        await store.samples("s1")
    (waiting,) = await handovers.open(Outlet.FOLDER)
    assert await handovers.recorded(waiting) is None
    assert len(await store.runs()) == 1
