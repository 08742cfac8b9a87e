"""What a runner says to the coach on the way: skip this part, stand still, go on."""

from daemon.domain.plan import Course, Step, StepKind
from daemon.store import Kind, SessionSteered, Steering
from tests.builders import ABOVE, CALM
from tests.fakes import PHONE
from tests.scenarios.evening import COURSE, QUIET_S, Evening


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
