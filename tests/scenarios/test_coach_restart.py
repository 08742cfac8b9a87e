"""The service is killed in the middle of a session, and started again: the coach goes on where it was."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from daemon.domain.effort import Verdict
from daemon.domain.heart_rate import Bpm, Instant
from daemon.domain.plan import Course, StepKind
from daemon.domain.session import OVER_AFTER_S, Phase
from daemon.domain.zones import TargetZone
from daemon.household import Runner
from daemon.store import Fact, Kind, Letter, OpenSession, SampleKept, SessionDiscarded, SessionOpened
from tests.builders import ABOVE, CALM, course, led
from tests.fakes import EASY, EVENING, MAIL, PHONE, FakeClock, runner, sample
from tests.memory_store import MemoryStore
from tests.scenarios.evening import BOTH, COURSE, QUIET_S, Evening

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

    @settings(max_examples=25)
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
