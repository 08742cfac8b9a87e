"""What SQLite keeps of the links to Strava, and that what it forgets is gone."""

import os
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.sqlite import Database, open_database
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon.domain.activity import Activity, Changes, Known
from daemon.domain.feeling import Feeling
from daemon.domain.plan import PlanRef
from daemon.domain.run import Source
from daemon.domain.wording import Mail
from daemon.store import (
    ActivityRead,
    Brought,
    FactRefusedError,
    FeelingSaid,
    Kind,
    LetterWritten,
    OccasionPassed,
    Place,
    Placed,
    RunKept,
    SessionOpened,
    StepRun,
)
from daemon.strava.book import Account, Held, State, origin_of
from daemon.strava.port import Scope, Tokens
from tests.fakes import EASY, ELS, EVENING, MAIL, PHONE, judged_run, letter, sample

TOKENS = Tokens("access 1", "refresh 1", EVENING + timedelta(hours=6))
ACCOUNT = Account(ELS.name, 7, TOKENS, frozenset({Scope.READ, Scope.ACTIVITY_READ_ALL}), EVENING, State.WELL, EVENING)
ONE = Activity(2**62, EVENING, False, 600.0, "run", "Rondje 🏃", 1500.5, True, "mark")  # noqa: FBT003
TWO = replace(ONE, id=5, started_at=EVENING - timedelta(days=1), name=None, distance_m=None, start_hidden=True)
NOTHING = Changes((), (), (), (), ())
LATER = EVENING + timedelta(days=1)
SAMPLES = tuple(sample(float(second), 120 + second % 9) for second in range(600))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "duurloop.db") as opened:
        yield opened


@pytest.fixture
async def book(database: Database) -> SqliteBook:
    book = SqliteBook(database)
    await book.link(ACCOUNT)
    await book.note_look(ELS.name, replace(NOTHING, found=(ONE, TWO)), EVENING)
    return book


@pytest.fixture
def store(database: Database) -> SqliteStore:
    return SqliteStore(database)


async def read(store: SqliteStore, activity: Activity = ONE) -> Placed:
    """Bring a run of an activity in, and answer it."""
    run = replace(judged_run(f"run {activity.id}", SAMPLES, activity.started_at), sources=(Source.STRAVA_API,))
    brought = Brought(run, SAMPLES, origin_of(activity.id))
    return await store.bring(
        brought,
        lambda placed: [
            ActivityRead(ELS.name, activity.id),
            LetterWritten(letter(f"{ELS.name}:after:{placed.run}")),
        ],
    )


async def waiting(database: Database) -> int:
    return await SqlitePost(database).waiting()


async def test_an_account_comes_back_as_it_was_kept(book: SqliteBook) -> None:
    assert await book.accounts() == [replace(ACCOUNT, looked_at=EVENING)]


async def test_activities_come_back_as_they_were_listed_newest_first(book: SqliteBook) -> None:
    assert await book.known(ELS.name) == [Known(ONE, is_read=False), Known(TWO, is_read=False)]
    assert await book.held(ELS.name) == Held(2, 2, EVENING, EVENING)


async def test_fresh_tokens_replace_those_that_they_were_made_of_and_no_others(book: SqliteBook) -> None:
    fresh = Tokens("access 2", "refresh 2", LATER)
    await book.renew(ELS.name, Tokens("x", "y", EVENING), fresh)
    assert (await book.accounts())[0].tokens == TOKENS
    await book.renew(ELS.name, TOKENS, fresh)
    assert (await book.accounts())[0].tokens == fresh


async def test_linked_again_by_the_same_athlete_what_is_held_stays(book: SqliteBook) -> None:
    await book.link(replace(ACCOUNT, linked_at=LATER, walked_at=None))
    assert len(await book.known(ELS.name)) == 2


async def test_linked_by_another_athlete_all_goes(book: SqliteBook, store: SqliteStore, database: Database) -> None:
    await read(store)
    await book.link(replace(ACCOUNT, athlete=8))
    assert (await book.known(ELS.name), await store.runs(), await waiting(database)) == ([], [], 0)


async def test_a_look_keeps_what_it_found_out(book: SqliteBook) -> None:
    await book.note_look(ELS.name, replace(NOTHING, missing=(5,), renamed=(replace(ONE, name="Anders"),)), LATER)
    assert await book.known(ELS.name) == [
        Known(replace(ONE, name="Anders"), is_read=False),
        Known(TWO, is_read=False, is_missing=True),
    ]
    await book.note_look(ELS.name, replace(NOTHING, back=(5,)), LATER)
    assert [one.is_missing for one in await book.known(ELS.name)] == [False, False]
    assert (await book.accounts())[0].looked_at == LATER


async def test_what_is_found_anew_is_to_be_read_anew(book: SqliteBook, store: SqliteStore) -> None:
    await read(store)
    await book.note_look(ELS.name, replace(NOTHING, found=(replace(ONE, mark="cropped"),)), LATER)
    assert [one.is_read for one in await book.known(ELS.name)] == [False, False]


async def test_what_is_gone_takes_its_run_and_what_was_said_of_it_along(
    book: SqliteBook, store: SqliteStore, database: Database
) -> None:
    await read(store)
    await read(store, TWO)
    await book.note_look(ELS.name, replace(NOTHING, gone=(ONE.id,)), LATER)
    assert [run.id for run in await store.runs()] == ["run 5"]
    assert [one.activity for one in await book.known(ELS.name)] == [TWO]
    claimed = await SqlitePost(database).claim(PHONE.id, EVENING)
    assert claimed is not None
    assert claimed.letter.key == "Els:after:run 5"


async def test_of_a_letter_that_was_sent_nothing_is_left_but_that_it_was(
    book: SqliteBook, store: SqliteStore, database: Database
) -> None:
    placed = await read(store)
    told = letter(f"{ELS.name}:after:{placed.run}", MAIL.id)
    mail = Mail("<p>figures</p>", b"a picture of figures")
    await store.commit([LetterWritten(replace(told, text=replace(told.text, mail=mail)))])
    post = SqlitePost(database)
    claimed = await post.claim(MAIL.id, EVENING)
    assert claimed is not None
    await post.settle_sent(claimed)
    await book.drop(ELS.name, ONE.id, is_read=True)
    (row,) = await database.read("SELECT title, body, html, picture FROM letter WHERE channel = ?", (MAIL.id,))
    assert tuple(row) == ("", "", None, None)


@pytest.mark.parametrize("again", [True, False])
async def test_what_is_dropped_is_known_still(again: bool, book: SqliteBook, store: SqliteStore) -> None:  # noqa: FBT001
    await read(store)
    await book.drop(ELS.name, ONE.id, is_read=not again)
    assert await store.runs() == []
    assert (await book.known(ELS.name))[0].is_read is not again


async def test_a_purge_takes_what_was_fetched_before(book: SqliteBook, store: SqliteStore, database: Database) -> None:
    await read(store)
    assert await book.purge(EVENING) == 0
    assert await book.purge(EVENING + timedelta(seconds=1)) == 2
    assert (await book.known(ELS.name), await store.runs(), await waiting(database)) == ([], [], 0)
    assert len(await book.accounts()) == 1


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def lent(book: SqliteBook, store: SqliteStore, number: int, name: str) -> None:
    """Let an activity come by the API, with a run that was along the plan."""
    one, at = replace(ONE, id=number, started_at=EVENING - number * timedelta(hours=7), name=name), SAMPLES[:300]
    await book.note_look(ELS.name, replace(NOTHING, found=(one,)), EVENING + timedelta(hours=number))
    run = replace(judged_run(f"run {number}", at, one.started_at), sources=(Source.STRAVA_API,), name=name)
    await store.bring(
        Brought(run, at, origin_of(number)),
        lambda placed: [
            ActivityRead(ELS.name, number),
            StepRun(ELS.name, placed.run, one.started_at, PlanRef("rustig-12", 3), 4),
        ],
    )


async def kept(store: SqliteStore, number: int) -> None:
    """Keep a session of the strap's."""
    began = EVENING - number * timedelta(days=3)
    run = judged_run(f"s{number}", SAMPLES[:60], began)
    await store.commit([SessionOpened(f"s{number}", ELS.name, began, EASY), RunKept(run.id, run, SAMPLES[:60])])


@pytest.mark.parametrize("how", ["purge", "unlink"])
async def test_no_byte_of_what_went_is_left_between_what_stays(
    book: SqliteBook, store: SqliteStore, tmp_path: Path, how: str
) -> None:
    lengths = random.Random(3)  # noqa: S311 - pages are filled and moved about so that some kept what was on them
    for number in range(1, 100):
        await lent(book, store, number, f"Secret {number} {'q' * lengths.randint(3, 60)}")
        if number % 3 == 0:
            await kept(store, number)
        if number % 20 == 0:
            await book.purge(EVENING + timedelta(hours=number - 30))
    await (book.purge(EVENING + timedelta(days=30)) if how == "purge" else book.unlink(ELS.name))
    assert not [path.name for path in files_in(tmp_path) if b"Secret" in path.read_bytes()]


async def test_a_session_does_not_wait_for_the_file_to_be_written_anew(
    book: SqliteBook, store: SqliteStore, tmp_path: Path
) -> None:
    path = tmp_path / "duurloop.db"
    for number in range(1, 40):
        await lent(book, store, number, f"Secret {number}")
    await store.commit([SessionOpened("s1", ELS.name, EVENING, EASY)])
    await book.purge(EVENING + timedelta(days=20))
    size = path.stat().st_size
    await store.commit([RunKept("s1", judged_run("s1", SAMPLES, EVENING), SAMPLES)])
    await book.purge(EVENING + timedelta(days=20))
    assert path.stat().st_size < size
    assert b"Secret" not in path.read_bytes()


async def test_unlinking_takes_all(book: SqliteBook, store: SqliteStore, database: Database) -> None:
    await read(store)
    await book.unlink(ELS.name)
    assert (await book.accounts(), await book.known(ELS.name), await store.runs()) == ([], [], [])
    assert await waiting(database) == 0


@pytest.mark.parametrize("how", ["purge", "unlink"])
async def test_that_there_was_a_run_along_the_plan_stays_without_its_hour(
    book: SqliteBook, store: SqliteStore, how: str
) -> None:
    placed = await read(store)
    line = StepRun(ELS.name, placed.run, ONE.started_at, PlanRef("rustig-12", 2), 3)
    await store.commit([line])
    if how == "purge":
        await book.purge(LATER)
    else:
        await book.unlink(ELS.name)
    noon = ONE.started_at.replace(hour=12, minute=0)
    assert await store.step_runs(ELS.name, EVENING - timedelta(days=9)) == [replace(line, at=noon)]


async def test_what_the_runner_takes_back_was_no_run_along_the_plan(book: SqliteBook, store: SqliteStore) -> None:
    placed = await read(store)
    await store.commit([StepRun(ELS.name, placed.run, ONE.started_at, PlanRef("rustig-12", 2), 3)])
    await book.note_look(ELS.name, replace(NOTHING, gone=(ONE.id,)), LATER)
    assert await store.step_runs(ELS.name, EVENING - timedelta(days=9)) == []


async def test_a_week_that_waits_to_be_sent_and_speaks_of_what_is_gone_is_written_anew(
    book: SqliteBook, store: SqliteStore, database: Database
) -> None:
    await read(store)
    week = letter(f"{ELS.name}:week:2026-W47", kind=Kind.WEEK)
    passed = OccasionPassed(ELS.name, "week", "2026-W47", EVENING)
    await store.commit([LetterWritten(week), passed])
    await book.purge(LATER)
    assert (await waiting(database), await store.occasions(ELS.name)) == (0, {})


async def test_a_week_that_was_sent_stays_passed(book: SqliteBook, store: SqliteStore, database: Database) -> None:
    await read(store)
    passed = OccasionPassed(ELS.name, "week", "2026-W47", EVENING)
    await store.commit([LetterWritten(letter(f"{ELS.name}:week:2026-W47", kind=Kind.WEEK, channel=MAIL.id)), passed])
    post = SqlitePost(database)
    claimed = await post.claim(MAIL.id, EVENING)
    assert claimed is not None
    await post.settle_sent(claimed)
    await book.purge(LATER)
    assert await store.occasions(ELS.name) == {"week": passed}


async def test_when_a_run_falls_apart_again_what_was_said_stays_with_the_one_it_was_said_of(
    book: SqliteBook, store: SqliteStore
) -> None:
    for name, second in (("a", 0), ("b", 400)):
        samples = tuple(sample(float(at)) for at in range(0, 180, 5))
        run = judged_run(name, samples, ONE.started_at + timedelta(seconds=second))
        await store.bring(Brought(replace(run, sources=(Source.FILE,)), samples, name), lambda _: [])
    await store.commit([FeelingSaid(ELS.name, "a", Feeling(after=5), EVENING)])
    await read(store)
    assert [(run.id, run.feeling) for run in await store.runs()] == [("a", Feeling(after=5))]
    await book.purge(LATER)
    assert {run.id: run.feeling for run in await store.runs()} == {"a": Feeling(after=5), "b": None}


async def test_what_comes_after_that_is_refused_whole(book: SqliteBook, store: SqliteStore) -> None:
    await book.unlink(ELS.name)
    with pytest.raises(FactRefusedError):
        await read(store)
    assert await store.runs() == []


async def test_a_run_that_has_an_own_take_too_stays_and_so_does_what_was_said_of_it(
    book: SqliteBook, store: SqliteStore, database: Database
) -> None:
    worn_for_a_minute = replace(judged_run("own", SAMPLES[:60], EVENING), sources=(Source.FILE,), duration_s=600.0)
    own = Brought(worn_for_a_minute, SAMPLES[:60], "digest")
    await store.bring(own, lambda placed: [LetterWritten(letter(f"{ELS.name}:after:{placed.run}"))])
    assert (await read(store)).place in (Place.BETTER, Place.BESIDE)
    await book.unlink(ELS.name)
    assert [run.sources for run in await store.runs()] == [(Source.FILE,)]
    assert await waiting(database) == 1


async def test_small_things_are_kept_and_forgotten(book: SqliteBook) -> None:
    assert await book.memo("x") is None
    await book.keep_memo("x", "1")
    await book.keep_memo("x", "2")
    assert await book.memo("x") == "2"
    await book.keep_memo("x", None)
    assert await book.memo("x") is None


async def test_states_and_walks_are_kept(book: SqliteBook) -> None:
    await book.note_state(ELS.name, State.INACTIVE, LATER)
    await book.note_walk(ELS.name, LATER)
    (account,) = await book.accounts()
    assert (account.state, account.since, account.walked_at) == (State.INACTIVE, LATER, LATER)
    await book.note_walk(ELS.name, None)
    assert (await book.accounts())[0].walked_at is None


def copy_of(folder: Path, name: str, age: timedelta) -> Path:
    """Leave a copy as a migration does, made so long before now."""
    copy = folder / f"duurloop.db.before-{name}"
    copy.touch()
    made = (EVENING - age).timestamp()
    os.utime(copy, (made, made))
    return copy


async def test_copies_that_migrations_left_go_in_time_also_when_nothing_else_does(
    book: SqliteBook, tmp_path: Path
) -> None:
    old, young = copy_of(tmp_path, "2", timedelta(days=8)), copy_of(tmp_path, "3", timedelta(days=6))
    assert await book.purge(EVENING - timedelta(days=7)) == 0
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.parametrize("is_linked", [True, False], ids=["linked", "linked to nobody"])
async def test_what_was_set_aside_as_damaged_goes_likewise_where_it_may_hold_what_came_by_a_link(
    book: SqliteBook, tmp_path: Path, *, is_linked: bool
) -> None:
    aside = copy_of(tmp_path, "2", timedelta(days=8)).rename(tmp_path / "duurloop.db.damaged-2026-11-13")
    if not is_linked:
        await book.unlink(ELS.name)
    await book.purge(EVENING - timedelta(days=7))
    assert aside.exists() is not is_linked
