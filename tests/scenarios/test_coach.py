"""From heart beats to facts and letters: one runner's evening, with all that may come between."""

import random
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

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
)
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

    def lose(self) -> None:
        self.coach.handle(StrapLost(self.clock.monotonic(), LossReason.LINK_LOST))

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def letters(self, kind: Kind | None = None) -> list[Letter]:
        written = [fact.letter for fact in self.facts if isinstance(fact, LetterWritten)]
        return [letter for letter in written if kind in (None, letter.kind)]

    def runs(self) -> list[Run]:
        return [fact.run for fact in self.facts if isinstance(fact, RunKept)]


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

    def test_the_wall_clock_is_read_once_and_what_is_done_to_it_then_does_not_matter(self, evening: Evening) -> None:
        evening.wear(300)
        evening.clock.set_wall(EVENING - timedelta(days=3))
        evening.wear(300)
        evening.clock.set_wall(EVENING + timedelta(days=30))
        evening.wear(300)
        run = evening.coach.stop()
        assert run is not None
        assert (run.started_at, run.duration_s) == (EVENING + timedelta(seconds=1), 900)

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


def after(letters: list[Letter], number: int) -> list[str]:
    return [letter.key for letter in letters[number:]]


class TestRestart:
    """The service is killed in the middle of a session, and started again."""

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
