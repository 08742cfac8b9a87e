"""From heart beats to facts and letters: one runner's evening, with all that may come between."""

import random
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from daemon.coach import Coach
from daemon.domain.effort import Reason, Verdict
from daemon.domain.heart_rate import Bpm, Instant
from daemon.domain.plan import Block, Course, PlanRef, Step, StepKind
from daemon.domain.run import Run, Source
from daemon.domain.session import OVER_AFTER_S, Phase
from daemon.domain.strap import LossReason, RadioChanged, RadioTrouble, StrapConnected, StrapLost
from daemon.domain.zones import TargetZone, ZoneOrigin
from daemon.household import Runner
from daemon.store import (
    CoachingStarted,
    Fact,
    Kind,
    Letter,
    LetterWritten,
    OpenSession,
    RunKept,
    SampleKept,
    SessionDiscarded,
    SessionOpened,
    SessionSteered,
    Steering,
)
from tests.builders import course, led
from tests.fakes import EASY, EVENING, MAIL, PHONE, FakeClock, MemoryStore, afterwards, runner, sample

CALM, ABOVE = 128, 150
BOTH = runner("Els", PHONE, MAIL)
COURSE = Course.of(
    [
        Step(StepKind.WARM_UP, 120),
        Block(3, (Step(StepKind.RUN, 180), Step(StepKind.WALK, 60))),
        Step(StepKind.COOL_DOWN, 120),
    ],
    PlanRef("rustig-12", 4),
)
QUIET_S = 400


def at_once(work: Awaitable[Sequence[Fact]]) -> Sequence[Fact]:
    """Return what comes of something that waits for nobody."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as done:
        return list(done.value)
    raise AssertionError("it waits")


class Evening:
    """A coach, the time of day, and all facts in the order in which they were noted."""

    def __init__(self, who: Runner = BOTH, clock: FakeClock | None = None, chance: int = 1) -> None:
        self.clock = clock or FakeClock()
        self.facts: list[Fact] = []
        self.urgent: list[Fact] = []
        self.chance = random.Random(chance)  # noqa: S311
        self.coach = Coach(afterwards(who, MemoryStore(), self.clock), self, self.clock, self.chance)

    def note(
        self, *facts: Fact, urgent: bool = False, then: Callable[[], Awaitable[Sequence[Fact]]] | None = None
    ) -> None:
        self.facts += [*facts, *(at_once(then()) if then else ())]
        if urgent:
            self.urgent += facts

    def wear(self, seconds: int, bpm: int = CALM) -> None:
        """Let the strap speak once a second."""
        for _ in range(seconds):
            self.clock.jump(1)
            self.coach.handle(replace(sample(0, bpm), at=self.clock.monotonic()))

    def wait(self, seconds: int) -> None:
        """Let time pass without the strap."""
        for _ in range(seconds):
            self.clock.jump(1)
            self.coach.tick()

    def connect(self, battery_pct: int | None = 80) -> None:
        self.coach.handle(StrapConnected(self.clock.monotonic(), "Polar H10", battery_pct))

    def cues(self) -> list[tuple[str, str]]:
        """Return the title and the words of every cue."""
        spoken = [letter for letter in self.letters(Kind.LIVE) if letter.channel == PHONE.id]
        return [(letter.text.title, letter.text.body) for letter in spoken if letter.key.startswith("Els:cue")]

    def lose(self) -> None:
        self.coach.handle(StrapLost(self.clock.monotonic(), LossReason.LINK_LOST))

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def letters(self, kind: Kind | None = None) -> list[Letter]:
        written = [fact.letter for fact in self.facts if isinstance(fact, LetterWritten)]
        return [letter for letter in written if kind in (None, letter.kind)]

    def runs(self) -> list[Run]:
        return [fact.run for fact in self.facts if isinstance(fact, RunKept)]


HAPPENINGS: st.SearchStrategy[Callable[[Evening], None]] = st.one_of(
    st.builds(
        lambda seconds, bpm: lambda evening: evening.wear(seconds, bpm),
        st.sampled_from([1, 7, 45, 90]),
        st.sampled_from([0, 95, CALM, ABOVE]),
    ),
    st.builds(lambda seconds: lambda evening: evening.wait(seconds), st.sampled_from([1, 20, 140])),
    st.sampled_from(
        [
            lambda evening: evening.coach.skip(),
            lambda evening: evening.coach.hold(),
            lambda evening: evening.coach.go_on(),
        ]
    ),
)
BY_HEART = course((StepKind.RUN, 120), led(StepKind.WALK, 30, 90, 120), (StepKind.RUN, 120), (StepKind.COOL_DOWN, 60))


async def left_open(facts: Iterable[Fact]) -> OpenSession:
    """Return the session as a store gives it back after the service was killed."""
    store = MemoryStore()
    await store.commit(tuple(facts))
    (session,) = await store.open_sessions()
    return session


@pytest.fixture
def evening() -> Evening:
    return Evening()


class TestSession:
    def test_a_strap_that_is_worn_opens_a_session_and_every_sample_is_kept(self, evening: Evening) -> None:
        evening.connect()
        evening.wear(10)
        (opened,) = evening.of(SessionOpened)
        assert isinstance(opened, SessionOpened)
        assert (opened.runner, opened.target) == ("Els", EASY)
        assert opened.started_at == EVENING + timedelta(seconds=1)
        kept = [fact.sample.at for fact in evening.facts if isinstance(fact, SampleKept)]
        assert kept == [float(second) for second in range(10)]

    def test_five_minutes_after_the_last_value_it_is_a_run(self, evening: Evening) -> None:
        evening.wear(1200)
        evening.wait(QUIET_S)
        (run,) = evening.runs()
        assert run.sources == (Source.STRAP,)
        assert run.duration_s == 1200
        assert run.started_at == EVENING + timedelta(seconds=1)
        assert run.judgement.verdict is Verdict.CALM
        assert not evening.coach.is_open
        assert evening.coach.last_run == run

    def test_the_run_has_the_samples_that_were_kept(self, evening: Evening) -> None:
        evening.wear(400)
        evening.coach.stop()
        (kept,) = evening.of(RunKept)
        assert isinstance(kept, RunKept)
        assert kept.samples == tuple(fact.sample for fact in evening.facts if isinstance(fact, SampleKept))

    def test_a_strap_lost_and_found_within_five_minutes_is_the_same_session(self, evening: Evening) -> None:
        evening.connect()
        evening.wear(400)
        evening.lose()
        evening.wait(int(OVER_AFTER_S) - 10)
        evening.connect()
        evening.wear(400)
        evening.coach.stop()
        assert len(evening.of(SessionOpened)) == 1
        (run,) = evening.runs()
        assert run.duration_s == pytest.approx(1090, abs=1)

    def test_a_strap_found_after_more_than_five_minutes_is_another_session(self, evening: Evening) -> None:
        evening.wear(400)
        evening.wait(QUIET_S)
        evening.wear(400)
        evening.coach.stop()
        assert len(evening.of(SessionOpened)) == len(evening.runs()) == 2
        assert len({run.id for run in evening.runs()}) == 2

    def test_stop_returns_the_run_and_stopping_again_returns_none(self, evening: Evening) -> None:
        evening.wear(400)
        run = evening.coach.stop()
        assert run is not None
        assert run == evening.coach.last_run
        assert evening.coach.stop() is None
        assert evening.runs() == [run]

    def test_a_strap_still_worn_after_stop_is_no_new_run(self, evening: Evening) -> None:
        evening.wear(400)
        evening.coach.stop()
        evening.wear(100)
        assert not evening.coach.is_open
        assert len(evening.of(SessionOpened)) == 1

    def test_start_opens_a_session_at_once_and_keeps_the_course(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        (begun,) = evening.of(CoachingStarted)
        assert isinstance(begun, CoachingStarted)
        assert (begun.session, begun.at_s, begun.course) == (evening.coach.session_id, 0.0, COURSE)
        evening.wear(600)
        run = evening.coach.stop()
        assert run is not None
        assert run.plan == PlanRef("rustig-12", 4)

    def test_start_while_the_strap_is_worn_begins_within_the_session(self, evening: Evening) -> None:
        evening.wear(31)
        evening.coach.start(None)
        (begun,) = evening.of(CoachingStarted)
        assert isinstance(begun, CoachingStarted)
        assert begun.at_s == 30.0
        assert len(evening.of(SessionOpened)) == 1

    def test_what_was_heard_before_the_start_is_kept_and_enters_no_figure(self, evening: Evening) -> None:
        evening.wear(60, ABOVE)
        evening.wait(1)
        evening.coach.start(None)
        evening.wear(400, CALM)
        run = evening.coach.stop()
        assert run is not None
        assert run.started_at == EVENING + timedelta(seconds=61)
        assert (run.duration_s, run.judgement.heart_rate.samples, run.judgement.calm_pct) == (401, 400, 100)
        (kept,) = evening.of(RunKept)
        assert isinstance(kept, RunKept)
        assert [one.at for one in kept.samples] == [float(second) for second in range(-60, 401) if second]

    def test_a_start_without_a_strap_leaves_no_run(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wait(QUIET_S)
        assert len(evening.of(SessionDiscarded)) == 1
        assert evening.runs() == []
        assert evening.letters(Kind.AFTER) == []

    def test_without_a_zone_there_is_a_run_but_no_verdict(self) -> None:
        evening = Evening(runner("Els", PHONE, zones=()))
        evening.wear(700, ABOVE)
        run = evening.coach.stop()
        assert run is not None
        assert (run.target, run.judgement.reason) == (None, Reason.NO_ZONE)

    def test_the_zone_is_that_of_the_day_on_which_the_session_began(self) -> None:
        later = TargetZone(Bpm(110), Bpm(125), ZoneOrigin.OWN, "Els", date(2026, 11, 22))
        evening = Evening(runner("Els", PHONE, zones=(EASY, later)), FakeClock(EVENING.replace(hour=23, minute=50)))
        evening.wear(1200)
        first = evening.coach.stop()
        evening.wait(QUIET_S)
        evening.wear(400)
        second = evening.coach.stop()
        assert first is not None
        assert second is not None
        assert (first.target, second.target) == (EASY, later)

    @pytest.mark.parametrize(
        "began",
        [datetime(1970, 1, 1, tzinfo=UTC), EVENING - timedelta(hours=9), EVENING + timedelta(days=30)],
        ids=["1970", "before", "after"],
    )
    def test_a_wall_clock_that_is_set_meanwhile_tells_when_the_run_began(self, began: datetime) -> None:
        evening = Evening(clock=FakeClock(began))
        evening.wear(600)
        evening.clock.set_wall(EVENING + timedelta(seconds=600))
        evening.wear(300)
        run = evening.coach.stop()
        assert run is not None
        assert (run.started_at, run.duration_s) == (EVENING + timedelta(seconds=1), 900)

    @pytest.mark.parametrize("moved", [timedelta(seconds=50), timedelta(days=-20_000)], ids=["by a little", "to 1972"])
    def test_a_clock_that_moves_a_little_or_to_a_time_that_cannot_be_changes_nothing(
        self, evening: Evening, moved: timedelta
    ) -> None:
        evening.wear(300)
        evening.clock.set_wall(evening.clock.now() + moved)
        evening.wear(300)
        run = evening.coach.stop()
        assert run is not None
        assert (run.started_at, run.duration_s) == (EVENING + timedelta(seconds=1), 600)

    def test_what_matters_is_committed_at_once_and_samples_are_not(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(400)
        evening.coach.stop()
        assert {type(fact) for fact in evening.urgent} == {SessionOpened, CoachingStarted, LetterWritten, RunKept}

    def test_trouble_with_the_radio_is_not_the_runners(self, evening: Evening) -> None:
        evening.wear(10)
        evening.coach.handle(RadioChanged(evening.clock.monotonic(), RadioTrouble.NO_ADAPTER))
        assert evening.coach.is_open


class TestWords:
    def test_whoever_runs_too_hard_hears_one_kind_word_on_every_channel(self, evening: Evening) -> None:
        evening.wear(320, CALM)
        evening.wear(90, ABOVE)
        spoken = evening.letters(Kind.LIVE)
        assert [letter.channel for letter in spoken] == [PHONE.id, MAIL.id]
        assert len({letter.key for letter in spoken}) == 1

    def test_figures_are_for_channels_that_want_them(self, evening: Evening) -> None:
        evening.wear(320, CALM)
        evening.wear(90, ABOVE)
        evening.wear(600, CALM)
        evening.coach.stop()
        assert evening.letters(Kind.LIVE)
        assert evening.letters(Kind.AFTER)
        for letter in evening.letters():
            if letter.channel == PHONE.id:
                assert not re.search(r"\d", letter.text.title + letter.text.body)
        by_mail = [letter.text.body for letter in evening.letters() if letter.channel == MAIL.id]
        assert "136" in by_mail[0]
        assert "%" in by_mail[-1]

    def test_a_live_word_is_worth_a_minute_and_a_cue_ten_seconds(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        (cue, _) = evening.letters(Kind.LIVE)
        assert cue.expires_at - cue.written_at == timedelta(seconds=10)
        evening.wear(121)
        evening.wear(179, ABOVE)
        evening.wear(3, CALM)
        nudges = [letter for letter in evening.letters(Kind.LIVE) if "cue" not in letter.key]
        assert {letter.expires_at - letter.written_at for letter in nudges} <= {timedelta(seconds=60)}

    def test_the_course_is_announced_leg_by_leg_and_its_end(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(int(COURSE.for_s) + 5)
        titles = [letter.text.title for letter in evening.letters(Kind.LIVE) if letter.channel == PHONE.id]
        cues = [title for title in titles if title in {"Walk to warm up", "Run calmly", "Walk", "Walk to cool down"}]
        assert cues == ["Walk to warm up", *["Run calmly", "Walk"] * 3, "Walk to cool down"]
        assert titles[-1] == "That was it"

    def test_every_word_is_a_letter_of_its_own(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(300, CALM)
        evening.wear(900, ABOVE)
        evening.coach.stop()
        names = [(letter.key, letter.channel) for letter in evening.letters()]
        assert len(names) == len(set(names))

    def test_a_run_of_some_length_gets_its_three_lines(self, evening: Evening) -> None:
        evening.wear(900)
        evening.wait(QUIET_S)
        (by_phone, by_mail) = evening.letters(Kind.AFTER)
        assert (by_phone.channel, by_mail.channel) == (PHONE.id, MAIL.id)
        assert len(by_phone.text.body.splitlines()) == 3

    def test_the_run_and_its_three_lines_are_noted_together(self, evening: Evening) -> None:
        evening.wear(900)
        evening.coach.stop()
        place = evening.facts.index(evening.of(RunKept)[0])
        assert [type(fact) for fact in evening.facts[place:]] == [RunKept, LetterWritten, LetterWritten]

    def test_a_strap_only_tried_on_is_kept_and_not_talked_about(self, evening: Evening) -> None:
        evening.wear(30)
        evening.wait(QUIET_S)
        assert len(evening.runs()) == 1
        assert evening.letters() == []

    def test_a_low_battery_is_told_once_a_week(self, evening: Evening) -> None:
        store_keys = set[tuple[str, str]]()
        for _ in range(3):
            evening.connect(battery_pct=9)
            evening.lose()
        store_keys |= {(letter.key, letter.channel) for letter in evening.letters(Kind.SERVICE)}
        assert len(store_keys) == 2
        evening.clock.set_wall(EVENING + timedelta(days=7))
        evening.connect(battery_pct=9)
        assert len({(letter.key, letter.channel) for letter in evening.letters(Kind.SERVICE)}) == 4

    @pytest.mark.parametrize("battery_pct", [None, 11, 100])
    def test_a_battery_that_is_well_or_unknown_is_not_talked_about(
        self, battery_pct: int | None, evening: Evening
    ) -> None:
        evening.connect(battery_pct)
        assert evening.letters() == []


class TestSteering:
    def test_a_skip_in_the_warm_up_announces_the_run_at_once(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(30)
        evening.coach.skip()
        assert [title for title, _ in evening.cues()] == ["Walk to warm up", "Run calmly"]

    def test_a_finger_that_taps_twice_skips_once(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(30)
        for _ in range(2):
            evening.coach.skip(0)
        assert [title for title, _ in evening.cues()] == ["Walk to warm up", "Run calmly"]

    def test_a_skip_that_comes_as_the_leg_ends_by_itself_skips_no_other(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(119)
        evening.clock.jump(1.4)
        evening.coach.skip()
        evening.wear(10)
        assert [title for title, _ in evening.cues()] == ["Walk to warm up", "Run calmly"]

    def test_legs_that_are_skipped_within_a_second_are_all_announced(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        for _ in range(3):
            evening.clock.jump(0.1)
            evening.coach.skip()
        letters = [letter for letter in evening.letters(Kind.LIVE) if letter.channel == PHONE.id]
        assert len({letter.key for letter in letters}) == 4

    def test_after_two_minutes_at_the_kerb_the_run_is_announced_with_what_was_left(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(200)
        evening.coach.hold()
        evening.wear(120, 95)
        evening.coach.go_on()
        assert evening.cues()[-1] == ("Run calmly", "Run for 100 seconds, so slowly that you could talk.")
        evening.wear(101)
        assert evening.cues()[-1][0] == "Walk"

    def test_while_the_runner_stands_still_nothing_is_said_however_high_the_heart(self, evening: Evening) -> None:
        evening.coach.start(None)
        evening.wear(320, CALM)
        evening.coach.hold()
        evening.wear(300, ABOVE)
        assert evening.letters(Kind.LIVE) == []

    def test_what_was_said_is_kept_at_once(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(10)
        evening.coach.skip()
        evening.coach.hold()
        evening.clock.jump(0.1234)
        evening.coach.go_on()
        steered = [fact for fact in evening.urgent if isinstance(fact, SessionSteered)]
        assert [(fact.at_s, fact.what) for fact in steered] == [
            (10.0, Steering.SKIPPED),
            (10.0, Steering.HELD),
            (10.123, Steering.CONTINUED),
        ]

    def test_without_a_session_there_is_nothing_to_keep(self, evening: Evening) -> None:
        for say in (evening.coach.skip, evening.coach.hold, evening.coach.go_on):
            say()
        assert evening.facts == []

    def test_a_run_with_a_pause_and_a_skip_in_it_is_still_that_step_of_the_plan(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(200)
        evening.coach.hold()
        evening.wear(120, 95)
        evening.coach.skip()
        evening.wear(300)
        run = evening.coach.stop()
        assert run is not None
        assert (run.plan, run.sport, run.duration_s) == (COURSE.ref, "run", 621)

    def test_a_session_that_stands_still_is_a_run_after_five_silent_minutes(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(400)
        evening.coach.hold()
        evening.wait(QUIET_S)
        assert [run.duration_s for run in evening.runs()] == [401]
        assert evening.coach.session.held_at is None

    def test_the_heart_came_down_from_where_the_running_really_ended(self, evening: Evening) -> None:
        evening.coach.start(Course.of([Step(StepKind.RUN, 600), Step(StepKind.COOL_DOWN, 300)]))
        evening.wear(400, 130)
        evening.coach.hold()
        evening.wear(30, 120)
        evening.coach.skip()
        evening.wear(400, 100)
        run = evening.coach.stop()
        assert run is not None
        assert run.judgement.recovery_60s_bpm == 30


class TestCurve:
    def test_it_has_every_believed_value_with_its_second(self, evening: Evening) -> None:
        evening.wear(3, CALM)
        evening.wear(2, 0)
        evening.wear(1, 130)
        assert list(evening.coach.curve) == [(0.0, CALM), (1.0, CALM), (2.0, CALM), (5.0, 130)]

    def test_it_says_where_the_course_begins(self, evening: Evening) -> None:
        assert evening.coach.coached_from_s is None
        evening.wear(31)
        assert evening.coach.coached_from_s is None
        evening.coach.start(COURSE)
        assert evening.coach.coached_from_s == 30.0

    def test_it_ends_with_the_session(self, evening: Evening) -> None:
        assert list(evening.coach.curve) == []
        evening.wear(400)
        evening.coach.stop()
        evening.wear(20)
        assert list(evening.coach.curve) == []
        assert evening.coach.coached_from_s is None


def after(letters: list[Letter], number: int) -> list[str]:
    return [letter.key for letter in letters[number:]]


class TestRestart:
    """The service is killed in the middle of a session, and started again."""

    async def test_a_session_begun_before_the_clock_was_set_goes_on(self) -> None:
        evening = Evening(BOTH, FakeClock(datetime(1970, 1, 1, tzinfo=UTC)))
        evening.wear(400)
        evening.clock.set_wall(EVENING)
        again = await self.killed(evening, back_after=0)
        assert again.coach.is_open
        again.wear(200)
        run = again.coach.stop()
        assert run is not None
        assert abs(run.started_at - (EVENING - timedelta(seconds=400))) < timedelta(seconds=5)
        assert run.duration_s == pytest.approx(600, abs=2)

    async def killed(self, evening: Evening, *, back_after: float = 60, who: Runner = BOTH) -> Evening:
        """Start anew: other instants, the same wall, and what was committed."""
        clock = FakeClock(evening.clock.now() + timedelta(seconds=back_after))
        again = Evening(who, clock, chance=2)
        again.coach.resume(await left_open(evening.facts))
        return again

    @pytest.mark.parametrize("course", [None, COURSE], ids=["free", "course"])
    @pytest.mark.parametrize("killed_at", [1, 100, 330, 500, 641])
    async def test_it_goes_on_as_if_nothing_had_happened(self, killed_at: int, course: Course | None) -> None:
        def first(evening: Evening) -> None:
            evening.coach.start(course)
            evening.wear(min(killed_at, 300), CALM)
            evening.wear(max(0, killed_at - 300), ABOVE)

        def then(evening: Evening) -> None:
            evening.wear(240, ABOVE)
            evening.wear(200, CALM)
            evening.coach.stop()

        unhurt, hurt = Evening(), Evening()
        first(unhurt)
        first(hurt)
        written = len(unhurt.letters())
        unhurt.wait(60)
        hurt = await self.killed(hurt, back_after=60)
        missed = len(unhurt.letters()) - written
        then(unhurt)
        then(hurt)
        assert [replace(run, id="") for run in hurt.runs()] == [replace(run, id="") for run in unhurt.runs()]
        assert [re.sub(r"\d{8}-\d{6}-\w{4}", "ID", key) for key in after(hurt.letters(), 0)] == [
            re.sub(r"\d{8}-\d{6}-\w{4}", "ID", key) for key in after(unhurt.letters(), written + missed)
        ]

    async def test_it_is_the_same_session(self, evening: Evening) -> None:
        evening.wear(100)
        again = await self.killed(evening)
        assert again.coach.session_id == evening.coach.session_id
        again.wear(10)
        assert again.of(SessionOpened) == []
        (first, *_) = [fact.sample.at for fact in again.facts if isinstance(fact, SampleKept)]
        assert first == 160.0

    async def test_its_curve_is_there_again(self, evening: Evening) -> None:
        evening.wear(20)
        evening.coach.start(COURSE)
        evening.wear(5, 0)
        evening.wear(20)
        again = await self.killed(evening)
        assert list(again.coach.curve) == list(evening.coach.curve)
        assert again.coach.coached_from_s == 19.0
        again.wear(1)
        assert len(again.coach.curve) == 41

    async def test_whoever_stood_still_still_does(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(200)
        evening.coach.hold()
        evening.wear(20, 95)
        again = await self.killed(evening, back_after=40)
        again.wear(60, ABOVE)
        assert again.letters() == []
        again.coach.go_on()
        assert again.cues() == [("Run calmly", "Run for 100 seconds, so slowly that you could talk.")]

    async def test_what_was_skipped_stays_skipped(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(30)
        evening.coach.skip()
        evening.wear(60)
        again = await self.killed(evening, back_after=60)
        again.wear(61)
        assert [title for title, _ in again.cues()] == ["Walk"]

    async def test_a_hold_after_the_last_value_is_not_in_the_future_when_the_clock_was_set_back(
        self, evening: Evening
    ) -> None:
        evening.coach.start(COURSE)
        evening.wear(200)
        evening.wait(60)
        evening.coach.hold()
        again = await self.killed(evening, back_after=-600)
        assert again.coach.session.held_at == again.clock.monotonic()

    @settings(max_examples=25, deadline=None)
    @given(st.sampled_from([None, COURSE, BY_HEART]), st.lists(HAPPENINGS, max_size=8))
    async def test_whatever_was_heard_and_said_leads_back_to_the_same_session(
        self, course: Course | None, happenings: list[Callable[[Evening], None]]
    ) -> None:
        evening = Evening()
        evening.coach.start(course)
        for happening in happenings:
            happening(evening)
        assume(evening.coach.is_open and len(evening.of(SessionOpened)) == 1)
        again = Evening(clock=evening.clock)
        again.coach.resume(await left_open(evening.facts))
        assert again.coach.session == evening.coach.session
        assert list(again.coach.curve) == list(evening.coach.curve)
        assert again.facts == []

    async def test_what_was_said_before_is_not_said_again(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(300, CALM)
        evening.wear(300, ABOVE)
        again = await self.killed(evening, back_after=2)
        assert again.letters() == []

    async def test_the_pause_between_two_words_holds_across_it(self) -> None:
        evening = Evening()
        evening.wear(320, CALM)
        while not evening.letters():
            evening.wear(1, ABOVE)
        again = await self.killed(evening, back_after=5)
        again.wear(100, ABOVE)
        assert again.letters() == []
        again.wear(60, ABOVE)
        assert len({letter.key for letter in again.letters()}) == 1

    async def test_after_five_minutes_the_session_is_closed_and_judged(self, evening: Evening) -> None:
        evening.wear(900)
        again = await self.killed(evening, back_after=OVER_AFTER_S)
        (run,) = again.runs()
        assert run.id == evening.coach.session_id
        assert run.duration_s == 900
        assert run.judgement.verdict is Verdict.CALM
        assert len(again.letters(Kind.AFTER)) == 2
        assert not again.coach.is_open
        assert again.coach.session.phase is Phase.WAITING

    async def test_a_machine_that_was_off_for_months_judges_it_all_the_same_and_at_once(self, evening: Evening) -> None:
        evening.wear(900)
        again = await self.killed(evening, back_after=90 * 86400.0)
        assert [run.duration_s for run in again.runs()] == [900]

    async def test_a_start_that_never_heard_a_strap_is_discarded_after_five_minutes(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        again = await self.killed(evening, back_after=OVER_AFTER_S + 1)
        assert len(again.of(SessionDiscarded)) == 1
        assert again.runs() == []

    async def test_a_start_that_has_not_heard_its_strap_yet_goes_on_listening(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        again = await self.killed(evening, back_after=100)
        again.wear(400)
        run = again.coach.stop()
        assert run is not None
        assert run.plan == COURSE.ref

    async def test_the_zone_stays_that_of_the_session_whatever_the_settings_say_now(self, evening: Evening) -> None:
        evening.wear(700)
        other = TargetZone(Bpm(90), Bpm(100))
        again = await self.killed(evening, who=runner("Els", PHONE, MAIL, zones=(other,)))
        again.wear(100)
        run = again.coach.stop()
        assert run is not None
        assert run.target == EASY
        again.wait(QUIET_S)
        again.wear(100)
        assert again.coach.session.terms.target == other

    @pytest.mark.parametrize("back", [timedelta(minutes=10), timedelta(days=20)])
    async def test_a_wall_clock_that_was_set_back_meanwhile_does_not_put_the_past_into_the_future(
        self, back: timedelta, evening: Evening
    ) -> None:
        evening.wear(600)
        again = await self.killed(evening, back_after=-back.total_seconds())
        assert again.coach.session_id == evening.coach.session_id
        again.wear(300)
        run = again.coach.stop()
        assert run is not None
        assert run.duration_s == pytest.approx(900, abs=2)
        instants = [fact.sample.at for fact in (*evening.facts, *again.facts) if isinstance(fact, SampleKept)]
        assert instants == sorted(instants)

    async def test_being_killed_again_and_again_makes_no_difference(self, evening: Evening) -> None:
        facts = list[Fact]()
        evening.coach.start(COURSE)
        for _ in range(6):
            evening.wear(100, CALM)
            facts += evening.facts
            evening.facts = facts
            evening = await self.killed(evening, back_after=20)
        run = evening.coach.stop()
        assert run is not None
        assert run.judgement.heart_rate.samples == 600
        assert run.plan == COURSE.ref
        assert len([fact for fact in facts if isinstance(fact, SessionOpened)]) == 1

    async def test_an_empty_session_is_discarded_and_no_run_of_a_second(self) -> None:
        again = Evening()
        again.coach.resume(OpenSession("s1", "Els", EVENING, EASY, None, ()))
        assert again.facts == [SessionDiscarded("s1")]

    async def test_values_nobody_believes_are_discarded(self) -> None:
        again = Evening(clock=FakeClock(EVENING + timedelta(seconds=30)))
        zeros = tuple(replace(sample(0, 0), at=Instant(float(second))) for second in range(20))
        again.coach.resume(OpenSession("s1", "Els", EVENING, EASY, None, zeros))
        assert again.facts == [SessionDiscarded("s1")]

    async def test_a_strap_still_worn_after_stop_is_no_new_run_across_it_either(self, evening: Evening) -> None:
        evening.wear(400)
        run = evening.coach.stop()
        assert run is not None
        evening.clock.jump(60)
        again = Evening(clock=evening.clock)
        again.coach.rest_after(run)
        again.wear(120)
        assert again.of(SessionOpened) == []
        again.wait(QUIET_S)
        again.wear(10)
        assert len(again.of(SessionOpened)) == 1
