"""What every store promises: SQLite, and the one in memory that other tests use."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.sqlite import MIGRATIONS, open_database
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import HeartRateSample, Instant, SensorContact
from daemon.domain.plan import Block, Course, Edge, PlanRef, Step, StepKind
from daemon.domain.run import Run, Source
from daemon.domain.zones import ZoneOrigin
from daemon.store import (
    Brought,
    CoachingStarted,
    Fact,
    FeelingSaid,
    FileSeen,
    Kind,
    LetterWritten,
    OccasionPassed,
    Pause,
    Paused,
    Place,
    Placed,
    Post,
    Resumed,
    RunKept,
    SampleKept,
    SessionDiscarded,
    SessionOpened,
    SessionSteered,
    Steering,
    StepChosen,
    StepRun,
    Store,
    ZoneSet,
)
from tests.builders import led
from tests.fakes import EASY, ELS, EVENING, PHONE, judged_run, letter, sample
from tests.memory_store import MemoryStore

COURSE = Course.of(
    [Block(2, (Step(StepKind.RUN, 60.0), Step(StepKind.WALK, 90.5))), led(StepKind.RECOVERY, 20, 90.5, Edge.HIGH)],
    PlanRef("rustig-12", 3),
    name="Week 3",
)
OPENED = SessionOpened("s1", ELS.name, EVENING, EASY)
SAMPLES = (
    sample(0.0, 128, 480),
    sample(1.001, 0, contact=SensorContact.LOST),
    sample(1.001, 129, 470, 471, contact=SensorContact.UNKNOWN),
    sample(2.5, 300, 1, 65535),
)


@pytest.fixture(params=["sqlite", "migrated", "memory"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Store, Post]]:
    if request.param == "memory":
        both = MemoryStore()
        yield both, both
        return
    if request.param == "migrated":
        first = tmp_path / "first"
        first.mkdir()
        shutil.copy(MIGRATIONS / "0001_first.sql", first)
        async with open_database(tmp_path / "duurloop.db", first):
            pass
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


def on(day: float) -> datetime:
    return EVENING + timedelta(days=day)


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

    async def test_what_was_said_in_a_session_is_found_back_in_its_order(self, store: Store) -> None:
        said = tuple(SessionSteered("s1", at_s, what) for at_s, what in zip((60.0, 90.5, 90.5), Steering, strict=True))
        await store.commit([OPENED, replace(OPENED, session="s2"), *said[:2]])
        await store.commit([*keep(*SAMPLES), said[2], SessionSteered("s2", 1.0, Steering.SKIPPED)])
        first, second = sorted(await store.open_sessions(), key=lambda session: session.id)
        assert first.steered == said
        assert second.steered == (SessionSteered("s2", 1.0, Steering.SKIPPED),)

    @pytest.mark.parametrize("ended", [SessionDiscarded("s1"), RunKept("s1", judged_run("s1"), ())])
    async def test_it_goes_with_the_session(self, ended: Fact, store: Store) -> None:
        await store.commit([OPENED, SessionSteered("s1", 1.0, Steering.HELD)])
        await store.commit([ended])
        await store.commit([OPENED])
        (session,) = await store.open_sessions()
        assert session.steered == ()

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
        assert [run.id for run in await store.runs(until=since)] == ["s1"]


RUNNING = tuple(sample(float(second), 128) for second in range(0, 1801, 3))


def brought(
    origin: str,
    source: Source,
    samples: tuple[HeartRateSample, ...] = RUNNING,
    *,
    later: float = 0.0,
    name: str | None = None,
    hidden: bool = False,
) -> Brought:
    """Bring a run of Els's, `later` minutes into the evening; its id is its origin."""
    run = replace(minutes(judged_run(origin, samples), later), sources=(source,), name=name)
    return Brought(run, samples, origin, hidden)


def nothing(placed: Placed) -> list[Fact]:
    del placed
    return []


class TestRunsFromElsewhere:
    async def test_what_was_not_here_is_a_new_run(self, store: Store) -> None:
        one = brought("f1", Source.FILE, name="Rondje om de plas")
        assert await store.bring(one, nothing) == Placed(Place.NEW, "f1")
        assert await store.runs() == [one.run]
        assert await store.samples("f1") == list(RUNNING)

    async def test_the_same_thing_twice_is_known(self, store: Store) -> None:
        await store.bring(brought("f1", Source.FILE), nothing)
        assert await store.bring(brought("f1", Source.FILE), nothing) == Placed(Place.KNOWN, "f1")
        assert len(await store.runs()) == 1

    async def test_another_recording_of_the_same_run_counts_once(self, store: Store) -> None:
        await store.bring(brought("f1", Source.FILE), nothing)
        assert await store.bring(brought("f2", Source.FILE, later=1), nothing) == Placed(Place.BESIDE, "f1")
        (run,) = await store.runs()
        assert (run.id, run.sources) == ("f1", (Source.FILE,))

    async def test_a_better_recording_tells_the_run_under_the_old_name(self, store: Store) -> None:
        await store.commit([OPENED, RunKept("s1", judged_run("s1", RUNNING[:200]), RUNNING[:200])])
        placed = await store.bring(brought("f1", Source.FILE, name="Rondje"), nothing)
        assert placed == Placed(Place.WHOLE, "s1")
        (run,) = await store.runs()
        assert (run.id, run.sources, run.name, run.duration_s) == ("s1", (Source.STRAP, Source.FILE), "Rondje", 1801.0)
        assert await store.run("f1") == run
        assert len(await store.samples("s1")) == len(RUNNING)

    async def test_a_strap_s_run_gets_name_and_plan_from_whoever_knows_them(self, store: Store) -> None:
        run = replace(judged_run("s1", RUNNING), plan=PlanRef("rustig-12", 3))
        await store.bring(brought("f1", Source.FILE, RUNNING[:300], name="Rondje"), nothing)
        await store.commit([OPENED, RunKept("s1", run, RUNNING)])
        (kept,) = await store.runs()
        assert (kept.id, kept.name, kept.plan, kept.duration_s) == ("f1", "Rondje", PlanRef("rustig-12", 3), 1801.0)

    async def test_a_file_takes_the_place_of_what_came_by_the_api(self, store: Store) -> None:
        await store.bring(brought("strava:1", Source.STRAVA_API, name="Morning Run"), nothing)
        assert await store.bring(brought("f1", Source.FILE), nothing) == Placed(Place.BETTER, "strava:1")
        (run,) = await store.runs()
        assert (run.sources, run.name) == ((Source.FILE,), None)

    async def test_what_comes_by_the_api_for_an_own_run_is_not_kept(self, store: Store) -> None:
        await store.commit([OPENED, RunKept("s1", judged_run("s1", RUNNING), RUNNING)])
        placed = await store.bring(brought("strava:1", Source.STRAVA_API, name="Morning Run"), nothing)
        assert placed == Placed(Place.BESIDE, "s1")
        (run,) = await store.runs()
        assert (run.sources, run.name) == ((Source.STRAP,), None)

    async def test_brought_by_the_api_once_more_it_replaces_what_was_read_before(self, store: Store) -> None:
        await store.bring(brought("strava:1", Source.STRAVA_API), nothing)
        again = brought("strava:1", Source.STRAVA_API, RUNNING[:400], name="Cropped")
        again = replace(again, run=replace(again.run, id="another start, another id"))
        assert await store.bring(again, nothing) == Placed(Place.NEW, "strava:1")
        assert await store.runs() == [replace(again.run, id="strava:1")]

    async def test_a_recording_of_the_whole_joins_two_sessions(self, store: Store) -> None:
        later = minutes(judged_run("s2", RUNNING[:200]), 15)
        await store.commit([OPENED, RunKept("s1", judged_run("s1", RUNNING[:200]), RUNNING[:200])])
        await store.commit([replace(OPENED, session="s2"), RunKept("s2", later, RUNNING[:200])])
        assert await store.bring(brought("f1", Source.FILE), nothing) == Placed(Place.WHOLE, "s1")
        assert [run.id for run in await store.runs()] == ["s1"]
        assert await store.run("s2") == await store.run("s1")

    async def test_who_comes_back_under_the_name_of_a_run_meets_what_is_left_of_it(self, store: Store) -> None:
        whole, hour = RUNNING, tuple(sample(float(second), 128) for second in range(0, 901, 3))
        await store.bring(brought("strava:1", Source.STRAVA_API, whole), nothing)
        await store.bring(brought("f1", Source.FILE, hour, later=16), nothing)  # the second half, as a file
        cropped = brought("strava:1", Source.STRAVA_API, hour[:200])
        placed = await store.bring(cropped, nothing)
        runs = await store.runs()
        assert sorted(run.id for run in runs) == sorted({run.id for run in runs})
        assert placed.place is Place.NEW
        assert len(runs) == 2

    async def test_own_takes_are_those_of_strap_and_file(self, store: Store) -> None:
        await store.bring(brought("strava:1", Source.STRAVA_API), nothing)
        await store.bring(brought("f1", Source.FILE, later=60), nothing)
        later = EVENING + timedelta(hours=2)
        assert [take.id for take in await store.own_takes(ELS.name, EVENING, later)] == ["f1"]
        assert await store.own_takes(ELS.name, EVENING, EVENING) == []
        assert await store.own_takes("Jan", EVENING, later) == []

    async def test_how_long_each_heart_rate_was_held_is_told_once_for_each_run(self, store: Store) -> None:
        await store.bring(brought("f1", Source.FILE, RUNNING[:200]), nothing)
        await store.bring(brought("f2", Source.ARCHIVE, later=1), nothing)  # the better take of the same run
        silent = brought("f3", Source.FILE, (), later=60)
        theirs = brought("f4", Source.FILE)
        await store.bring(silent, nothing)
        await store.bring(replace(theirs, run=replace(theirs.run, runner="Jan")), nothing)
        held = await store.held_times(ELS.name, EVENING, on(1))
        assert held.runs == 1
        assert (held.seconds[128], sum(held.seconds)) == pytest.approx((1801.0, 1801.0))

    async def test_heart_rates_that_were_held_come_from_runs_between_two_moments(self, store: Store) -> None:
        for day in (0, 1, 2):
            await store.bring(brought(f"f{day}", Source.FILE, later=24 * 60 * day), nothing)
        assert (await store.held_times(ELS.name, on(1), on(2))).runs == 2
        assert (await store.held_times(ELS.name, on(1.1), on(1.9))).runs == 0

    async def test_another_runner_s_run_at_the_same_time_is_another_run(self, store: Store) -> None:
        await store.bring(brought("f1", Source.FILE), nothing)
        theirs = brought("f2", Source.FILE)
        theirs = replace(theirs, run=replace(theirs.run, runner="Jan"))
        assert await store.bring(theirs, nothing) == Placed(Place.NEW, "f2")
        assert len(await store.runs()) == 2

    async def test_a_run_of_which_only_the_day_is_known_is_found_by_its_duration(self, store: Store) -> None:
        await store.bring(brought("f1", Source.FILE), nothing)
        midnight = -(EVENING.hour * 60 + EVENING.minute)
        hidden = brought("strava:1", Source.STRAVA_API, later=midnight, hidden=True)
        assert await store.bring(hidden, nothing) == Placed(Place.BESIDE, "f1")

    async def test_what_is_said_of_its_place_becomes_durable_with_it(self, store: Store, post: Post) -> None:
        def say(placed: Placed) -> list[Fact]:
            return [LetterWritten(letter(f"after:{placed.run}")), FileSeen(ELS.name, "f1", ("ride",), EVENING)]

        await store.bring(brought("f1", Source.FILE), say)
        claimed = await post.claim(PHONE.id, EVENING)
        assert claimed is not None
        assert claimed.letter.key == "after:f1"
        assert await store.seen_files(ELS.name) == {"f1": ("ride",)}

    async def test_a_file_that_was_never_seen_is_none(self, store: Store) -> None:
        assert await store.seen_files(ELS.name) == {}

    async def test_the_last_look_at_a_file_counts(self, store: Store) -> None:
        await store.commit([FileSeen(ELS.name, "f1", ("ride",), EVENING)])
        await store.commit([FileSeen(ELS.name, "f1", (), EVENING)])
        assert await store.seen_files(ELS.name) == {"f1": ()}
        assert await store.seen_files("Jan") == {}


class TestChosenSteps:
    async def test_the_last_choice_of_each_runner_counts(self, store: Store) -> None:
        assert await store.chosen_step(ELS.name) is None
        choices = [StepChosen(ELS.name, PlanRef("rustig-12", number), EVENING) for number in (3, 4)]
        await store.commit([*choices, StepChosen("Jan", PlanRef("start-9", 1), EVENING)])
        assert await store.chosen_step(ELS.name) == choices[1]


class TestTheDiary:
    async def test_another_plan_that_was_chosen_over_the_settings_knows_over_which(self, store: Store) -> None:
        choice = StepChosen(ELS.name, PlanRef("start-9", 1), EVENING, "rustig-12")
        await store.commit([choice])
        assert await store.chosen_step(ELS.name) == choice

    async def test_runs_along_a_plan_are_remembered_in_their_order_also_without_the_run(self, store: Store) -> None:
        steps = [StepRun(ELS.name, f"r{day}", on(day), PlanRef("rustig-12", day), day + 1) for day in (3, 1, 2)]
        await store.commit([*steps, replace(steps[0], run="other", runner="Jan")])
        assert await store.step_runs(ELS.name, on(2)) == [steps[2], steps[0]]

    async def test_a_run_that_was_taken_for_a_step_is_that_step(self, store: Store) -> None:
        line = StepRun(ELS.name, "f1", EVENING, PlanRef("rustig-12", 4), 4)
        await store.bring(brought("f1", Source.FILE), lambda _: [line])
        assert [run.plan for run in await store.runs()] == [PlanRef("rustig-12", 4)]

    async def test_the_last_occasion_of_each_kind_counts(self, store: Store) -> None:
        passed = [OccasionPassed(ELS.name, "reminder", f"2026-11-2{day}", on(day)) for day in (1, 2)]
        week = OccasionPassed(ELS.name, "week", "2026-W47", on(2))
        await store.commit([*passed, week, replace(week, runner="Jan")])
        assert await store.occasions(ELS.name) == {"reminder": passed[1], "week": week}

    async def test_pauses_are_kept_with_their_end(self, store: Store) -> None:
        await store.commit([Paused(ELS.name, on(0), on(5).date(), "illness"), Resumed(ELS.name, on(2))])
        await store.commit([Paused(ELS.name, on(3), on(9).date()), Paused("Jan", on(3), on(9).date())])
        assert await store.pauses(ELS.name) == [
            Pause(on(0), on(5).date(), "illness", on(2)),
            Pause(on(3), on(9).date(), None, None),
        ]

    async def test_zones_that_were_set_come_in_their_order(self, store: Store) -> None:
        zones = [
            ZoneSet(
                ELS.name,
                replace(EASY, origin=ZoneOrigin.TALK_TEST, set_by="Els", valid_from=on(d).date()),
                "1-2",
                on(d),
            )
            for d in (1, 2)
        ]
        await store.commit(zones)
        assert await store.zones_set(ELS.name) == zones
        assert await store.zones_set("Jan") == []

    async def test_a_secret_stays_the_same_and_is_another_for_another_name(self, store: Store) -> None:
        feel = await store.secret("feel")
        assert len(feel) == 32
        assert (await store.secret("feel"), await store.secret("page") == feel) == (feel, False)

    async def test_a_renewed_secret_is_another_one_and_stays(self, store: Store) -> None:
        feel, page = await store.secret("feel"), await store.secret("page")
        await store.renew_secret("page")
        renewed = await store.secret("page")
        assert len(renewed) == 32
        assert (renewed == page, await store.secret("page"), await store.secret("feel")) == (False, renewed, feel)

    async def test_a_secret_may_be_renewed_before_anybody_asked_for_it(self, store: Store) -> None:
        await store.renew_secret("page")
        assert len(await store.secret("page")) == 32


class TestFeelings:
    async def test_what_was_said_of_a_run_adds_up(self, store: Store) -> None:
        await store.commit([OPENED, RunKept("s1", judged_run("s1"), ())])
        await store.commit([FeelingSaid(ELS.name, "s1", Feeling(after=4), EVENING)])
        await store.commit([FeelingSaid(ELS.name, "s1", Feeling(after=5, effort=3, note="Mooi weer"), on(1))])
        run = await store.run("s1")
        assert run is not None
        assert run.feeling == Feeling(None, 5, 3, "Mooi weer")
        assert [run.feeling for run in await store.runs()] == [run.feeling]
        assert await store.feelings(ELS.name, EVENING) == [run.feeling]

    async def test_a_run_of_which_nothing_was_said_has_no_feeling(self, store: Store) -> None:
        await store.commit([OPENED, RunKept("s1", judged_run("s1"), ())])
        assert [run.feeling for run in await store.runs()] == [None]

    async def test_what_was_said_before_a_run_waits_for_it(self, store: Store) -> None:
        await store.commit([FeelingSaid(ELS.name, None, Feeling(before=2), EVENING - timedelta(hours=1))])
        assert await store.feelings(ELS.name, on(-1)) == []
        await store.commit([OPENED, RunKept("s1", judged_run("s1"), ())])
        assert [run.feeling for run in await store.runs()] == [Feeling(before=2)]

    async def test_what_was_said_before_a_run_reaches_one_from_elsewhere(self, store: Store) -> None:
        await store.commit([FeelingSaid(ELS.name, None, Feeling(before=2), EVENING - timedelta(hours=1))])
        await store.bring(brought("f1", Source.FILE), nothing)
        assert [run.feeling for run in await store.runs()] == [Feeling(before=2)]

    async def test_what_was_said_the_day_before_belongs_to_no_run(self, store: Store) -> None:
        await store.commit([FeelingSaid(ELS.name, None, Feeling(before=2), on(-1))])
        await store.commit([OPENED, RunKept("s1", judged_run("s1"), ())])
        assert [run.feeling for run in await store.runs()] == [None]

    async def test_what_was_said_of_a_run_goes_along_when_a_file_takes_over(self, store: Store) -> None:
        await store.bring(brought("api", Source.STRAVA_API), nothing)
        await store.commit([FeelingSaid(ELS.name, "api", Feeling(after=4), EVENING)])
        await store.bring(brought("f1", Source.FILE), nothing)
        (run,) = await store.runs()
        assert (run.sources, run.feeling) == ((Source.FILE,), Feeling(after=4))


class TestWordsGoAlong:
    """A run may turn out to be another's; what was said of it goes along."""

    async def test_a_strap_s_run_whose_file_came_first_is_one_run_along_the_plan(self, store: Store) -> None:
        step = StepRun(ELS.name, "f1", EVENING, PlanRef("rustig-12", 1), 1)
        await store.bring(brought("f1", Source.FILE), lambda _: [step])
        session = judged_run("s1", RUNNING[:300])
        await store.commit([OPENED, RunKept("s1", session, RUNNING[:300]), replace(step, run="s1")])
        assert await store.step_runs(ELS.name, on(-1)) == [step]

    async def test_two_sessions_that_are_one_run_share_what_was_said(self, store: Store) -> None:
        later = minutes(judged_run("s2", RUNNING[:200]), 15)
        lines = [StepRun(ELS.name, run, EVENING, PlanRef("rustig-12", 1), 1) for run in ("s1", "s2")]
        await store.commit([OPENED, RunKept("s1", judged_run("s1", RUNNING[:200]), RUNNING[:200]), lines[0]])
        await store.commit([replace(OPENED, session="s2"), RunKept("s2", later, RUNNING[:200]), lines[1]])
        await store.commit([FeelingSaid(ELS.name, "s1", Feeling(after=4), EVENING)])
        await store.commit([FeelingSaid(ELS.name, "s2", Feeling(after=2, effort=3), on(1))])
        await store.bring(brought("f1", Source.FILE), nothing)
        (run,) = await store.runs()
        assert run.feeling == Feeling(after=4, effort=3)
        assert await store.feelings(ELS.name, on(-1)) == [Feeling(after=4, effort=3)]
        assert await store.step_runs(ELS.name, on(-1)) == [lines[0]]


class TestReminders:
    def reminder(self, day: int = 21) -> LetterWritten:
        one = letter(f"{ELS.name}:reminder:2026-11-{day}", kind=Kind.REMINDER)
        return LetterWritten(replace(one, expires_at=EVENING + timedelta(hours=2)))

    async def test_a_pause_takes_back_what_has_not_gone_out_yet(self, store: Store, post: Post) -> None:
        await store.commit([self.reminder(), LetterWritten(letter("Els:after:s1"))])
        await store.commit([Paused(ELS.name, EVENING, on(3).date())])
        claimed = [await post.claim(PHONE.id, EVENING), await post.claim(PHONE.id, EVENING)]
        assert [one and one.letter.key for one in claimed] == ["Els:after:s1", None]

    async def test_somebody_elses_pause_does_not(self, store: Store, post: Post) -> None:
        await store.commit([self.reminder(), Paused("Jan", EVENING, on(3).date())])
        assert await post.waiting() == 1

    async def test_nobody_is_reminded_of_what_is_done(self, store: Store, post: Post) -> None:
        await store.commit([self.reminder()])
        await store.commit([OPENED, RunKept("s1", judged_run("s1"), ())])
        assert await post.waiting() == 0

    async def test_a_run_of_some_days_ago_that_comes_in_is_no_answer(self, store: Store, post: Post) -> None:
        await store.commit([self.reminder()])
        await store.bring(brought("f2", Source.FILE, later=-60.0 * 48), nothing)
        assert await post.waiting() == 1


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
