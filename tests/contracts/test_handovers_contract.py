"""What everybody promises who keeps what goes out: SQLite, and memory."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_handed_out import SqliteHandovers
from connectors.sqlite_store import SqliteStore
from daemon.domain.run import Source
from daemon.handing.handovers import Going, Handover, Handovers, Why
from daemon.store import Brought, Fact, HandoverDue, Outlet, RunKept, SessionOpened, Store
from tests.fakes import EASY, EVENING, judged_run, sample
from tests.memory_store import MemoryStore

LATER = EVENING + timedelta(minutes=5)
SAMPLES = tuple(sample(float(second), 128) for second in range(120))


@pytest.fixture(params=["sqlite", "memory"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Store, Handovers]]:
    if request.param == "memory":
        both = MemoryStore()
        yield both, both.handovers
        return
    async with open_database(tmp_path / "duurloop.db") as database:
        yield SqliteStore(database), SqliteHandovers(database)


@pytest.fixture
def store(kept: tuple[Store, Handovers]) -> Store:
    return kept[0]


@pytest.fixture
def handovers(kept: tuple[Store, Handovers]) -> Handovers:
    return kept[1]


def ended(run: str, *outlets: Outlet, later: timedelta = timedelta()) -> list[Fact]:
    at = EVENING + later
    opened = SessionOpened(run, "Els", at, EASY)
    return [
        opened,
        RunKept(run, judged_run(run, SAMPLES, at), SAMPLES),
        *(HandoverDue("Els", run, outlet, at) for outlet in outlets),
    ]


async def due(handovers: Handovers, outlet: Outlet = Outlet.STRAVA) -> Handover:
    (one,) = await handovers.open(outlet)
    return one


async def test_what_was_kept_with_its_run_is_due_at_each_outlet(store: Store, handovers: Handovers) -> None:
    await store.commit(ended("one", Outlet.FOLDER, Outlet.STRAVA))
    wanted = Handover("Els", "one", Outlet.STRAVA, Going.DUE, EVENING, EVENING)
    assert await handovers.open(Outlet.STRAVA) == [wanted]
    assert await handovers.open(Outlet.FOLDER) == [replace(wanted, outlet=Outlet.FOLDER)]
    assert await handovers.counts() == {
        ("Els", Outlet.FOLDER, Going.DUE): 1,
        ("Els", Outlet.STRAVA, Going.DUE): 1,
    }


async def test_the_oldest_comes_first_and_nothing_of_runs_that_were_never_to_go(
    store: Store, handovers: Handovers
) -> None:
    await store.commit(ended("two", Outlet.FOLDER, later=timedelta(hours=2)))
    await store.commit(ended("one", Outlet.FOLDER))
    await store.commit(ended("before the wish", later=timedelta(days=1)))
    assert [one.run for one in await handovers.open(Outlet.FOLDER)] == ["one", "two"]


async def test_all_that_is_noted_comes_back(store: Store, handovers: Handovers) -> None:
    await store.commit(ended("one", Outlet.STRAVA))
    noted = replace(
        await due(handovers),
        attempts=3,
        next_at=LATER,
        changed_at=LATER,
        why=Why.WORKED_ON,
        is_unsure=True,
        upload=18_000_000_001,
    )
    await handovers.note(noted)
    assert await due(handovers) == noted


@pytest.mark.parametrize("going", [Going.SENT, Going.REFUSED])
async def test_what_is_settled_is_not_open_and_stays_so_though_its_run_were_kept_once_more(
    going: Going, store: Store, handovers: Handovers
) -> None:
    await store.commit(ended("one", Outlet.STRAVA))
    await handovers.note(replace(await due(handovers), going=going, place="123"))
    await store.commit([HandoverDue("Els", "one", Outlet.STRAVA, LATER)])
    assert await handovers.open(Outlet.STRAVA) == []
    (told,) = await handovers.of_run("one")
    assert (told.going, told.place) == (going, "123")


async def test_what_waits_for_its_runner_is_open(store: Store, handovers: Handovers) -> None:
    await store.commit(ended("one", Outlet.STRAVA))
    await handovers.note(replace(await due(handovers), going=Going.HELD, why=Why.NOT_ALLOWED))
    assert (await due(handovers)).why is Why.NOT_ALLOWED


async def test_dropping_leaves_what_went_and_other_outlets(store: Store, handovers: Handovers) -> None:
    await store.commit(ended("one", Outlet.STRAVA, Outlet.FOLDER))
    await handovers.note(replace(await due(handovers), going=Going.SENT))
    await store.commit(ended("two", Outlet.STRAVA, later=timedelta(hours=2)))
    await handovers.drop("Jan", Outlet.STRAVA)
    assert len(await handovers.open(Outlet.STRAVA)) == 1
    await handovers.drop("Els", Outlet.STRAVA)
    assert await handovers.counts() == {
        ("Els", Outlet.STRAVA, Going.SENT): 1,
        ("Els", Outlet.FOLDER, Going.DUE): 1,
    }


async def test_what_was_forgotten_meanwhile_does_not_come_back_by_a_note(store: Store, handovers: Handovers) -> None:
    await store.commit(ended("one", Outlet.STRAVA))
    forgotten = await due(handovers)
    await handovers.drop("Els", Outlet.STRAVA)
    await handovers.note(replace(forgotten, going=Going.SENT))
    assert await handovers.counts() == {}


async def test_what_goes_is_what_the_strap_gave_whatever_else_tells_of_the_run(
    store: Store, handovers: Handovers
) -> None:
    watched = tuple(sample(float(second), 140) for second in range(900))
    watch = replace(
        judged_run("watch", watched), sources=(Source.STRAVA_API,), name="From elsewhere", distance_m=5000.0
    )
    await store.commit(ended("one", Outlet.STRAVA))
    await store.bring(Brought(watch, watched, "strava:1"), lambda _: [])
    (run,) = await store.runs()
    assert (run.name, run.duration_s) == ("From elsewhere", 900.0)
    recorded = await handovers.recorded(await due(handovers))
    assert recorded is not None
    assert (recorded.run.id, recorded.run.name, recorded.run.distance_m) == ("one", None, None)
    assert recorded.run.sources == (Source.STRAP,)
    assert [one.bpm for one in recorded.samples] == [128] * len(SAMPLES)
    assert recorded.samples[7].rr_words == SAMPLES[7].rr_words


async def test_a_run_knows_what_became_of_it_by_any_of_its_names(store: Store, handovers: Handovers) -> None:
    watched = tuple(sample(float(second), 128) for second in range(120))
    watch = replace(judged_run("watch", watched), sources=(Source.FILE,))
    await store.bring(Brought(watch, watched, "file:1"), lambda _: [])
    await store.commit(ended("one", Outlet.FOLDER))
    (run,) = await store.runs()
    for name in (run.id, "one"):
        assert [one.run for one in await handovers.of_run(name)] == ["one"]
    assert await handovers.of_run("unknown") == []


async def test_nothing_goes_of_a_run_that_is_not_kept_any_more(store: Store, handovers: Handovers) -> None:
    await store.commit([HandoverDue("Els", "gone", Outlet.FOLDER, EVENING)])
    assert await handovers.recorded(await due(handovers, Outlet.FOLDER)) is None
