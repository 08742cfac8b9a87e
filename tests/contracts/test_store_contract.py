"""What every store promises: SQLite, and the one in memory that other tests use."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from daemon.domain.heart_rate import HeartRateSample, Instant, SensorContact
from daemon.domain.plan import Block, Course, PlanRef, Step, StepKind
from daemon.domain.run import Run, Source
from daemon.store import (
    CoachingStarted,
    LetterWritten,
    Post,
    RunKept,
    SampleKept,
    SessionDiscarded,
    SessionOpened,
    Store,
)
from tests.fakes import EASY, ELS, EVENING, PHONE, MemoryStore, judged_run, letter, sample

COURSE = Course.of([Block(2, (Step(StepKind.RUN, 60.0), Step(StepKind.WALK, 90.5)))], PlanRef("rustig-12", 3))
OPENED = SessionOpened("s1", ELS.name, EVENING, EASY)
SAMPLES = (
    sample(0.0, 128, 480),
    sample(1.001, 0, contact=SensorContact.LOST),
    sample(1.001, 129, 470, 471, contact=SensorContact.UNKNOWN),
    sample(2.5, 300, 1, 65535),
)


@pytest.fixture(params=["sqlite", "memory"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Store, Post]]:
    if request.param == "memory":
        both = MemoryStore()
        yield both, both
        return
    async with open_database(tmp_path / "duurloop.db") as database:
        yield SqliteStore(database), SqlitePost(database)


@pytest.fixture
def store(kept: tuple[Store, Post]) -> Store:
    return kept[0]


@pytest.fixture
def post(kept: tuple[Store, Post]) -> Post:
    return kept[1]


def keep(*samples: HeartRateSample, session: str = "s1") -> list[SampleKept]:
    return [SampleKept(session, one) for one in samples]


def minutes(run: Run, later: float) -> Run:
    return replace(run, started_at=EVENING + timedelta(minutes=later))


class TestSessions:
    async def test_a_store_begins_empty(self, store: Store) -> None:
        assert await store.open_sessions() == []
        assert await store.runs() == []

    async def test_an_open_session_is_found_back_with_its_samples_in_order(self, store: Store) -> None:
        await store.commit([OPENED, *keep(*SAMPLES[:1])])
        await store.commit(keep(*SAMPLES[1:]))
        (session,) = await store.open_sessions()
        assert (session.id, session.runner, session.started_at, session.target) == ("s1", ELS.name, EVENING, EASY)
        assert session.coaching is None
        assert session.samples == SAMPLES

    async def test_a_session_without_a_zone_is_found_back_without_one(self, store: Store) -> None:
        await store.commit([replace(OPENED, target=None)])
        (session,) = await store.open_sessions()
        assert session.target is None

    async def test_a_start_is_found_back_with_its_course(self, store: Store) -> None:
        begun = CoachingStarted("s1", 12.345, COURSE)
        await store.commit([OPENED, begun])
        (session,) = await store.open_sessions()
        assert session.coaching == begun

    async def test_a_start_without_a_plan_is_a_start_all_the_same(self, store: Store) -> None:
        begun = CoachingStarted("s1", 0.0, None)
        await store.commit([OPENED, begun])
        (session,) = await store.open_sessions()
        assert session.coaching == begun

    async def test_the_last_start_counts(self, store: Store) -> None:
        again = CoachingStarted("s1", 60.0, COURSE)
        await store.commit([OPENED, CoachingStarted("s1", 1.0, None), again])
        (session,) = await store.open_sessions()
        assert session.coaching == again

    async def test_sessions_of_several_runners_stay_apart(self, store: Store) -> None:
        other = SessionOpened("s2", "Jan", EVENING + timedelta(minutes=1), None)
        await store.commit([OPENED, other])
        mixed = zip(keep(*SAMPLES[:2]), keep(*SAMPLES[2:], session="s2"), strict=True)
        await store.commit([one for pair in mixed for one in pair])
        first, second = await store.open_sessions()
        assert (first.id, first.samples) == ("s1", SAMPLES[:2])
        assert (second.id, second.samples) == ("s2", SAMPLES[2:])

    async def test_a_discarded_session_is_gone_with_its_samples(self, store: Store) -> None:
        await store.commit([OPENED, *keep(*SAMPLES)])
        await store.commit([SessionDiscarded("s1")])
        assert await store.open_sessions() == []
        await store.commit([OPENED])
        (session,) = await store.open_sessions()
        assert session.samples == ()


class TestRuns:
    async def test_a_session_becomes_a_run_and_is_open_no_more(self, store: Store) -> None:
        run = judged_run("s1", SAMPLES)
        await store.commit([OPENED, *keep(*SAMPLES)])
        await store.commit([RunKept("s1", run, SAMPLES)])
        assert await store.open_sessions() == []
        assert await store.run("s1") == run
        assert await store.runs() == [run]

    async def test_a_run_has_all_its_figures_again(self, store: Store) -> None:
        samples = [sample(float(second), 120 + second % 30, 500) for second in range(700)]
        run = replace(
            judged_run("s1", samples), name="Avondrondje", distance_m=4321.5, plan=PlanRef("rustig-12", 3), sport="walk"
        )
        await store.commit([OPENED, RunKept("s1", run, tuple(samples))])
        assert run.judgement.time_in_zone is not None
        assert await store.run("s1") == run

    async def test_a_run_without_zone_and_heart_rate_has_none_afterwards(self, store: Store) -> None:
        run = judged_run("s1")
        run = replace(run, target=None, judgement=replace(run.judgement, time_in_zone=None, calm_pct=None))
        await store.commit([OPENED, RunKept("s1", run, ())])
        assert await store.run("s1") == run
        assert await store.samples("s1") == []

    async def test_samples_of_a_run_keep_everything_but_the_fraction_of_the_second(self, store: Store) -> None:
        await store.commit([OPENED, RunKept("s1", judged_run("s1", SAMPLES), SAMPLES)])
        kept = await store.samples("s1")
        assert kept == [replace(one, at=Instant(float(round(one.at)))) for one in SAMPLES]

    async def test_a_run_that_is_not_there_is_none(self, store: Store) -> None:
        assert await store.run("s1") is None
        assert await store.samples("s1") == []

    async def test_a_strap_is_where_a_session_comes_from(self, store: Store) -> None:
        await store.commit([OPENED, RunKept("s1", judged_run("s1", SAMPLES), SAMPLES)])
        (run,) = await store.runs()
        assert run.sources == (Source.STRAP,)

    async def test_runs_come_newest_first_and_can_be_chosen(self, store: Store) -> None:
        mine = [minutes(judged_run(f"s{number}"), number) for number in (2, 1, 3)]
        theirs = replace(minutes(judged_run("s9"), 9), runner="Jan")
        for run in (*mine, theirs):
            await store.commit([replace(OPENED, session=run.id), RunKept(run.id, run, ())])
        assert [run.id for run in await store.runs()] == ["s9", "s3", "s2", "s1"]
        assert [run.id for run in await store.runs(ELS.name)] == ["s3", "s2", "s1"]
        assert [run.id for run in await store.runs(ELS.name, limit=2)] == ["s3", "s2"]
        since = EVENING + timedelta(minutes=2)
        assert [run.id for run in await store.runs(since=since)] == ["s9", "s3", "s2"]


class TestTogether:
    async def test_a_run_and_the_letter_about_it_become_durable_together(self, store: Store, post: Post) -> None:
        await store.commit([OPENED, RunKept("s1", judged_run("s1"), ()), LetterWritten(letter("after:s1"))])
        assert await post.waiting() == 1
        claimed = await post.claim(PHONE.id, EVENING)
        assert claimed is not None
        assert claimed.letter == letter("after:s1")

    async def test_nothing_committed_is_nothing_kept(self, store: Store, post: Post) -> None:
        await store.commit([])
        assert await post.waiting() == 0
