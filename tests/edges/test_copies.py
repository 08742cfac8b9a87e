"""Copies of the database, as real files: what is in them, which stay, and what happens when the folder is not well."""

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sqlite import MIGRATIONS, Database, open_database, scripts
from connectors.sqlite_checks import check, contents_of
from connectors.sqlite_copies import Copies, unlinked
from connectors.sqlite_handed_out import SqliteHandovers
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon.domain.activity import Activity, Changes
from daemon.domain.plan import PlanRef
from daemon.domain.run import Source
from daemon.handing.handovers import Going
from daemon.keeping.copies import CopyDamagedError, CopyError, CopyKind
from daemon.store import (
    ActivityRead,
    Brought,
    HandoverDue,
    LetterWritten,
    Outlet,
    RunKept,
    SampleKept,
    SessionOpened,
    StepRun,
)
from daemon.strava.book import Account, State, origin_of
from daemon.strava.port import Scope, Tokens
from tests.fakes import EASY, ELS, EVENING, judged_run, letter, sample

SAMPLES = tuple(sample(float(second)) for second in range(1800))
NIGHT = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
A_DAY = timedelta(days=1)
TOKENS = Tokens("access-secret", "refresh-secret", EVENING)


async def run_kept(store: SqliteStore, number: int = 1) -> None:
    """Keep a run of the strap's."""
    began = EVENING - number * A_DAY
    opened = SessionOpened(f"s{number}", ELS.name, began, EASY)
    await store.commit([opened, RunKept(opened.session, judged_run(f"s{number}", SAMPLES, began), SAMPLES)])


async def run_of_strava(database: Database, number: int) -> None:
    """Keep a run that came by the API, and say so."""
    book, store = SqliteBook(database), SqliteStore(database)
    began = EVENING - number * A_DAY
    await book.link(Account(ELS.name, 7, TOKENS, frozenset(Scope), EVENING, State.WELL, EVENING))
    activity = Activity(number, began, False, 1800.0, "run", "Secret evening", 5000.0, True, "mark")  # noqa: FBT003
    await book.note_look(ELS.name, Changes((activity,), (), (), (), ()), EVENING)
    run = replace(judged_run(f"strava-{number}", SAMPLES, began), sources=(Source.STRAVA_API,), name="Secret evening")
    await store.bring(
        Brought(run, SAMPLES, origin_of(number)),
        lambda placed: [
            ActivityRead(ELS.name, number),
            LetterWritten(letter(f"{ELS.name}:after:{placed.run}")),
            StepRun(ELS.name, placed.run, began, PlanRef("rustig-12", 3), 4),
        ],
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "duurloop.db"


@pytest.fixture
async def copies(path: Path) -> Copies:
    """The copies of a database with one run in it."""
    path.parent.mkdir()
    async with open_database(path) as database:
        await run_kept(SqliteStore(database))
    return Copies(path)


async def change(path: Path, number: int) -> None:
    async with open_database(path) as database:
        await run_kept(SqliteStore(database), number)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def damage(path: Path) -> None:
    """Do what a dying card does: pages in the middle hold something else."""
    whole = path.read_bytes()
    middle = len(whole) // 2 // 4096 * 4096
    path.write_bytes(whole[:middle] + b"\xee" * 8192 + whole[middle + 8192 :])


def doing(statement: str) -> Callable[[sqlite3.Connection], None]:
    def job(connection: sqlite3.Connection) -> None:
        connection.execute(statement)

    return job


class TestMaking:
    async def test_a_copy_is_one_checked_file_for_its_owner_alone_with_all_that_was_kept(self, copies: Copies) -> None:
        made = copies.make(NIGHT)
        assert made is not None
        assert names(copies.folder) == ["duurloop-2026-11-23.db"]
        assert (mode(copies.folder), mode(made.path)) == (0o700, 0o600)
        assert (made.kind, made.contents.runs, made.made_at) == (CopyKind.DAILY, 1, NIGHT)
        check(made.path, thoroughly=True)
        async with open_database(made.path) as database:
            assert [run.id for run in await SqliteStore(database).runs()] == ["s1"]

    async def test_without_a_change_none_is_made_and_nothing_is_written(self, copies: Copies, path: Path) -> None:
        first = copies.make(NIGHT)
        before = {file: file.stat().st_mtime_ns for file in [*path.parent.glob("*.db*"), *copies.folder.iterdir()]}
        assert copies.make(NIGHT + A_DAY) is None
        after = {file: file.stat().st_mtime_ns for file in [*path.parent.glob("*.db"), *copies.folder.iterdir()]}
        assert after.items() <= before.items()
        assert copies.newest() == first

    async def test_a_copy_that_was_damaged_meanwhile_does_not_count_as_one(self, copies: Copies) -> None:
        made = copies.make(NIGHT)
        assert made
        damage(made.path)
        assert copies.make(NIGHT + A_DAY) is not None

    async def test_a_service_may_have_it_open_and_its_writing_goes_on(self, copies: Copies, path: Path) -> None:
        def copy_again_and_again() -> None:
            for _ in range(10):
                copies.make_at(path.with_name("copy.db"), NIGHT)

        async with open_database(path) as database:
            store = SqliteStore(database)
            await store.commit([SessionOpened("open", ELS.name, EVENING, EASY)])
            await database.read("PRAGMA busy_timeout = 0")  # whoever would have to wait for a lock fails
            copying = threading.Thread(target=copy_again_and_again)
            copying.start()
            try:
                second = 0
                while copying.is_alive():
                    await store.commit([SampleKept("open", sample(float(second)))])
                    second += 1
            finally:
                copying.join()
        check(path.with_name("copy.db"), thoroughly=True)

    async def test_they_are_told_apart_by_their_order_when_the_clock_was_wrong(
        self, copies: Copies, path: Path
    ) -> None:
        for number, year in enumerate((2031, 1970, 2026), start=2):
            copies.make(NIGHT.replace(year=year))
            await change(path, number)
        newest = copies.newest()
        assert newest
        assert newest.path.name == "duurloop-2026-11-23.db"
        assert [copy.made_at.year for copy in copies.listed()] == [2026, 1970, 2031]

    async def test_seven_days_and_four_weeks_stay(self, copies: Copies, path: Path) -> None:
        made = copies.make(NIGHT)
        assert made
        for day in range(1, 45):
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("INSERT INTO memo VALUES (?, '')", (f"day {day}",))
            copies.make(NIGHT + day * A_DAY)
        days = [f"duurloop-2027-01-{day:02}.db" for day in range(1, 7)]
        sundays = [f"duurloop-2026-12-{day:02}.db" for day in (6, 13, 20, 27)]
        assert names(copies.folder) == [*sundays, "duurloop-2026-12-31.db", *days]

    async def test_one_by_hand_that_was_made_later_is_the_last_one(self, copies: Copies) -> None:
        copies.make(NIGHT)
        own = copies.make_at(copies.folder / "duurloop-2026-11-23-1200.db", NIGHT + A_DAY / 3)
        assert copies.newest_good() == own
        older = copies.make_at(copies.folder / "duurloop-2026-11-22-1200.db", NIGHT - A_DAY / 3)
        assert [copy.path.name for copy in copies.listed()][-1] == older.path.name

    async def test_a_copy_made_by_hand_stays(self, copies: Copies, path: Path) -> None:
        copies.make(NIGHT)
        own = copies.folder / "duurloop-2026-01-01-1200.db"
        copies.make_at(own, NIGHT)
        for day in range(1, 8):
            await change(path, 1 + day)
            copies.make(NIGHT + day * A_DAY)
        assert names(copies.folder)[0] == own.name
        assert len(names(copies.folder)) == 8

    def test_killed_in_the_middle_it_leaves_what_was_there_and_the_next_one_clears_up(self, tmp_path: Path) -> None:
        path = tmp_path / "duurloop.db"
        program = """
import asyncio, sys
from datetime import datetime, UTC, timedelta
from pathlib import Path
from connectors.sqlite import open_database
from connectors.sqlite_copies import Copies
import sqlite3
path = Path(sys.argv[1])
async def begin():
    async with open_database(path): pass
asyncio.run(begin())
copies, day = Copies(path), datetime(2026, 1, 1, tzinfo=UTC)
while True:
    with sqlite3.connect(path) as database:
        database.execute("INSERT OR REPLACE INTO memo VALUES ('x', ?)", (str(day) + 'x' * 2_000_000,))
    database.close()
    copies.make(day)
    print(day, flush=True)
    day += timedelta(days=1)
"""
        for killed_after_s in (0.0, 0.01, 0.02, 0.035):
            with subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE) as running:
                assert running.stdout
                running.stdout.readline()
                running.stdout.readline()
                time.sleep(killed_after_s)  # at some moment of the third
                running.kill()
            copies = Copies(path)
            for copy in copies.listed():
                check(copy.path, thoroughly=True)
            assert copies.newest_good()
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("INSERT OR REPLACE INTO memo VALUES ('x', 'y')")
        copies = Copies(path)
        copies.make(NIGHT)
        assert not [name for name in names(copies.folder) if not name.endswith(".db")]

    async def test_those_before_updates_are_listed_after_the_daily_ones(self, copies: Copies, path: Path) -> None:
        before = path.with_name("duurloop.db.before-6")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("VACUUM INTO ?", (str(before),))
        os.utime(before, (EVENING.timestamp(),) * 2)
        copies.make(NIGHT)
        assert [(copy.kind, copy.made_at) for copy in copies.listed()] == [
            (CopyKind.DAILY, NIGHT),
            (CopyKind.BEFORE, EVENING),
        ]


class TestWhatIsLeftOut:
    async def test_what_came_by_the_api_alone_is_in_no_copy_and_own_runs_are(self, copies: Copies, path: Path) -> None:
        async with open_database(path) as database:
            await run_of_strava(database, 40)
        made = copies.make(NIGHT)
        assert made
        assert rows(made.path, "SELECT DISTINCT source FROM take") == [("strap",)]
        assert rows(made.path, "SELECT count(*) FROM strava_activity") == [(0,)]
        assert rows(made.path, "SELECT count(*) FROM take_samples") == [(1,)]
        assert rows(made.path, "SELECT count(*), max(title || body) FROM letter") == [(0, None)]
        assert rows(made.path, "SELECT substr(began_at, 11, 6) FROM step_run") == [("T12:00",)]
        assert b"Secret evening" not in made.path.read_bytes()
        assert rows(made.path, "SELECT refresh FROM strava_account") == [(TOKENS.refresh,)]

    @pytest.mark.usefixtures("copies")
    async def test_nor_in_the_one_that_an_update_makes_first(self, path: Path, tmp_path: Path) -> None:
        async with open_database(path) as database:
            await run_of_strava(database, 40)
        newer = Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))
        number = len(scripts(MIGRATIONS)) + 1
        (newer / f"{number:04}_next.sql").write_text("CREATE TABLE shoe (name TEXT) STRICT;")
        async with open_database(path, newer):
            pass
        before = path.with_name(f"duurloop.db.before-{number}")
        assert b"Secret evening" not in before.read_bytes()
        assert rows(before, "SELECT DISTINCT source FROM take") == [("strap",)]

    @pytest.mark.usefixtures("copies")
    async def test_an_update_that_finds_the_disk_full_leaves_no_half_copy_on_it(
        self, path: Path, tmp_path: Path
    ) -> None:
        newer = Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))
        (newer / "9999_next.sql").write_text("CREATE TABLE shoe (name TEXT) STRICT;")
        script = (
            "import asyncio, resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "from pathlib import Path; from connectors.sqlite import open_database\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))\n"
            "async def begin():\n"
            "    async with open_database(Path(sys.argv[1]), Path(sys.argv[2])): pass\n"
            "asyncio.run(begin())\n"
        )
        failed = await asyncio.create_subprocess_exec(sys.executable, "-c", script, path, newer, stderr=subprocess.PIPE)
        _, said = await failed.communicate()
        assert b"StoreError" in said
        assert not list(path.parent.glob("*.before-*"))

    async def test_a_run_that_has_an_own_take_too_is_told_by_that_one(self, copies: Copies, path: Path) -> None:
        async with open_database(path) as database:
            worn = judged_run("own", SAMPLES[:60], EVENING - 40 * A_DAY)
            own = Brought(replace(worn, sources=(Source.FILE,), duration_s=600.0), SAMPLES[:60], "digest")
            await SqliteStore(database).bring(own, lambda _: [])
            await run_of_strava(database, 40)
        made = copies.make(NIGHT)
        assert made
        async with open_database(made.path) as database:
            told = await SqliteStore(database).runs()
        assert [run.sources for run in told] == [(Source.STRAP,), (Source.FILE,)]

    async def test_the_keys_of_the_page_are_in_none(self, copies: Copies, path: Path) -> None:
        async with open_database(path) as database:
            secret = await SqliteStore(database).secret("page")
        made = copies.make(NIGHT)
        assert made
        assert rows(path, "SELECT value FROM memo WHERE key = 'secret:page'") == [(secret.hex(),)]
        assert secret.hex().encode() not in made.path.read_bytes()


class TestCleansing:
    async def test_a_link_that_ended_leaves_every_copy_also_those_before_updates(
        self, copies: Copies, path: Path
    ) -> None:
        async with open_database(path) as database:
            await run_of_strava(database, 40)
            store, sent = SqliteStore(database), SqliteHandovers(database)
            await store.commit([HandoverDue(ELS.name, "s1", Outlet.STRAVA, NIGHT)])
            (due,) = await sent.open(Outlet.STRAVA)
            await sent.note(replace(due, going=Going.SENT, place="4711"))
        made = copies.make(NIGHT)
        before = path.with_name("duurloop.db.before-6")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("VACUUM INTO ?", (str(before),))
        before.chmod(0o600)
        aside = path.with_name("duurloop.db.damaged-2026-11-01")
        aside.write_bytes(b"refresh-secret" * 1000)
        assert made
        os.utime(before, (1_000_000_000, 1_000_000_000))
        copies.cleanse(unlinked(ELS.name))
        for file in (made.path, before):
            assert TOKENS.refresh.encode() not in file.read_bytes()
            assert rows(file, "SELECT count(*) FROM take WHERE source = 'strap'") == [(1,)]
            assert mode(file) == 0o600
            assert rows(file, "SELECT place, upload FROM handed_out") == [(None, None)]
        assert before.stat().st_mtime == 1_000_000_000
        assert not aside.exists()  # nothing can be taken out of what cannot be read

    async def test_so_do_those_of_the_time_before_copies_went_to_another_folder(
        self, copies: Copies, path: Path, tmp_path: Path
    ) -> None:
        async with open_database(path) as database:
            await run_of_strava(database, 40)
        made = copies.make(NIGHT)
        usb = tmp_path / "usb"
        usb.mkdir()
        Copies(path, usb).cleanse(unlinked(ELS.name))
        assert made
        assert TOKENS.refresh.encode() not in made.path.read_bytes()

    async def test_what_a_killed_restore_was_about_to_put_in_place_goes(self, copies: Copies, path: Path) -> None:
        for name in ("duurloop.db.fresh", "duurloop.db.fresh-wal", "duurloop.db.fresh.before-6"):
            path.with_name(name).write_bytes(b"refresh-secret")
        copies.cleanse(unlinked(ELS.name))
        assert names(path.parent) == ["duurloop.db"]

    async def test_a_database_that_has_a_second_name_since_a_kill_is_no_copy(self, copies: Copies, path: Path) -> None:
        path.with_name("duurloop.db.replaced-2026-11-22").hardlink_to(path)
        touched = []
        copies.cleanse(lambda connection: touched.append(connection.execute("PRAGMA database_list").fetchone()[2]))
        assert touched == []

    async def test_a_copy_that_cannot_be_written_is_told_of_when_the_others_are_done(
        self, copies: Copies, path: Path
    ) -> None:
        copies.make(NIGHT)
        await change(path, 2)
        copies.make(NIGHT + A_DAY)

        def fail_in_one(connection: sqlite3.Connection) -> None:
            (count,) = connection.execute("SELECT count(*) FROM take").fetchone()
            connection.execute("DELETE FROM take" if count == 2 else "DELETE FROM what_is_not_there")

        with pytest.raises(CopyError, match=r"2026-11-23.*no such table"):
            copies.cleanse(fail_in_one)
        assert rows(copies.folder / "duurloop-2026-11-24.db", "SELECT count(*) FROM take") == [(0,)]

    def test_killed_in_the_middle_every_copy_is_the_old_one_or_the_new_one(self, copies: Copies, path: Path) -> None:
        def fill() -> None:
            with closing(sqlite3.connect(path)) as database, database:
                lines = [(f"of Griselda {number}", "Griselda " * (number % 90)) for number in range(1000)]
                database.executemany("INSERT OR REPLACE INTO memo VALUES (?, ?)", lines)
            for day in range(2):
                copies.make_at(copies.folder / f"duurloop-2026-11-2{day}.db", NIGHT)

        program = (
            "import sys; from pathlib import Path; from connectors.sqlite_copies import Copies\n"
            "print(flush=True)\n"
            "Copies(Path(sys.argv[1])).cleanse(\n"
            "    lambda copy: copy.execute(\"DELETE FROM memo WHERE key LIKE 'of Griselda%' \"))\n"
        )
        copies.make(NIGHT)
        for after_s in (0.005, 0.02, 0.05):
            fill()
            with subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE) as running:
                assert running.stdout
                running.stdout.readline()
                time.sleep(after_s)
                running.kill()
            for file in copies.folder.glob("*.db"):
                check(file, thoroughly=True)
                assert rows(file, "SELECT count(*) FROM memo WHERE key LIKE 'of Griselda%'") in ([(1000,)], [(0,)])
                if rows(file, "SELECT count(*) FROM memo WHERE key LIKE 'of Griselda%'") == [(0,)]:
                    assert b"Griselda" not in file.read_bytes()
        copies.cleanse(doing("DELETE FROM memo WHERE key LIKE 'of Griselda%'"))
        assert not [file for file in copies.folder.iterdir() if b"Griselda" in file.read_bytes()]


class TestTheFolder:
    async def test_one_of_the_settings_that_is_not_there_is_told_and_not_made(
        self, copies: Copies, tmp_path: Path
    ) -> None:
        elsewhere = Copies(copies.database, tmp_path / "usb" / "duurloop")
        with pytest.raises(CopyError, match="usb/duurloop, is not there: is its disk switched on"):
            elsewhere.make(NIGHT)
        assert not (tmp_path / "usb").exists()

    async def test_the_bare_place_of_a_disk_that_was_taken_away_gets_no_copies(
        self, copies: Copies, tmp_path: Path
    ) -> None:
        usb = tmp_path / "usb"
        usb.mkdir()
        elsewhere = Copies(copies.database, usb)
        assert elsewhere.make(NIGHT)
        (usb / "duurloop-2026-11-23.db").rename(tmp_path / "gone.db")
        with pytest.raises(CopyError, match="had some and is empty: is its disk mounted"):
            elsewhere.make(NIGHT + A_DAY)
        assert names(usb) == []
        elsewhere.make_at(usb / "duurloop-2026-11-24-1200.db", NIGHT + A_DAY)
        assert elsewhere.make(NIGHT + A_DAY)

    async def test_a_full_disk_leaves_nothing_half_and_takes_nothing_away(self, copies: Copies, path: Path) -> None:
        copies.make(NIGHT)
        await change(path, 2)
        script = (
            "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            " resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000));"
            "from pathlib import Path; from datetime import datetime, UTC;"
            "from connectors.sqlite_copies import Copies;"
            f"Copies(Path({str(path)!r})).make(datetime(2026, 11, 24, tzinfo=UTC))"
        )
        failed = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stderr=subprocess.PIPE)
        _, said = await failed.communicate()
        assert b"CopyError" in said
        assert names(copies.folder) == ["duurloop-2026-11-23.db"]


class TestAFolderOfTwoHouses:
    @pytest.fixture
    async def usb(self, copies: Copies, tmp_path: Path) -> Path:
        """A folder in which another house has a copy."""
        usb = tmp_path / "usb"
        usb.mkdir()
        Copies(copies.database, usb).make(NIGHT)
        return usb

    @pytest.fixture
    async def other(self, usb: Path, tmp_path: Path) -> Copies:
        """The copies of a second house, which is to have them there, too."""
        path = tmp_path / "other" / "duurloop.db"
        path.parent.mkdir()
        async with open_database(path) as database:
            await run_kept(SqliteStore(database), 2)
        return Copies(path, usb)

    async def test_the_second_one_is_told_to_go_elsewhere(self, other: Copies, usb: Path) -> None:
        before = (usb / "duurloop-2026-11-23.db").read_bytes()
        with pytest.raises(CopyError, match=r"usb holds copies of another duurloop: .* restore .*/usb"):
            other.make(NIGHT)
        assert (usb / "duurloop-2026-11-23.db").read_bytes() == before
        assert names(usb) == ["duurloop-2026-11-23.db"]

    async def test_none_of_the_others_is_taken_for_ones_own(self, other: Copies) -> None:
        assert (other.newest(), other.newest_good(), other.listed()) == (None, None, [])
        others = other.newest_good(also_of_others=True)
        assert others
        assert others.path.name == "duurloop-2026-11-23.db"

    async def test_nobody_is_taken_out_of_the_others(self, other: Copies, usb: Path) -> None:
        other.cleanse(doing("DELETE FROM take"))
        assert rows(usb / "duurloop-2026-11-23.db", "SELECT count(*) FROM take") == [(1,)]

    async def test_nor_does_a_copy_of_which_nobody_can_tell_whose_it_is_go(self, other: Copies, usb: Path) -> None:
        (usb / "duurloop-2026-11-22.db").write_bytes(b"\xee" * 8192)
        with pytest.raises(CopyError, match=r"2026-11-22\.db is damaged"):
            other.cleanse(lambda _: None)
        assert (usb / "duurloop-2026-11-22.db").exists()

    async def test_whoever_puts_a_copy_back_on_a_new_machine_goes_on_in_its_folder(
        self, usb: Path, path: Path, tmp_path: Path
    ) -> None:
        new = Path(shutil.copytree(tmp_path / "usb", tmp_path / "new")) / "duurloop-2026-11-23.db"
        await change(new, 3)
        assert Copies(new, usb).make(NIGHT + A_DAY)
        assert contents_of(usb / "duurloop-2026-11-24.db").house == contents_of(path, is_still=False).house != ""


class TestLookingIntoFiles:
    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "is empty"),
            (b"A letter to my aunt.\n" * 300, "is damaged .file is not a database"),
            (b"SQLite format 3\0" + b"\xff" * 8000, "is damaged"),
        ],
        ids=["empty", "a text", "a header and no more"],
    )
    def test_what_is_no_database_is_named(self, content: bytes, why: str, tmp_path: Path) -> None:
        file = tmp_path / "x.db"
        file.write_bytes(content)
        with pytest.raises(CopyDamagedError, match=why):
            contents_of(file)

    def test_some_other_programs_database_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / "x.db"
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript("CREATE TABLE recipe (name TEXT); PRAGMA user_version = 3")
        with pytest.raises(CopyError, match="some other program's"):
            contents_of(file)

    async def test_one_of_a_newer_program_is_named(self, copies: Copies) -> None:
        with closing(sqlite3.connect(copies.database)) as connection:
            connection.execute("PRAGMA user_version = 99")
        with pytest.raises(CopyError, match=r"newer duurloop \(version 99"):
            contents_of(copies.database)

    @pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
    async def test_one_that_was_cut_off_is_seen(self, part: float, copies: Copies) -> None:
        made = copies.make(NIGHT)
        assert made
        os.truncate(made.path, int(made.size_bytes * part))
        with pytest.raises(CopyDamagedError):
            check(made.path)
        assert copies.newest_good() is None

    async def test_the_last_good_one_is_found_behind_a_damaged_one(self, copies: Copies, path: Path) -> None:
        first = copies.make(NIGHT)
        await change(path, 2)
        second = copies.make(NIGHT + A_DAY)
        assert second
        damage(second.path)
        assert copies.newest_good() == first
