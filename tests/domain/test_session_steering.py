"""What a runner says in the middle of a session: skip this part, stand still, go on."""

import pytest

from daemon.domain.heart_rate import Instant
from daemon.domain.nudges import Message
from daemon.domain.plan import Course, Leg, StepKind
from daemon.domain.session import (
    Announce,
    Close,
    Continued,
    Event,
    Held,
    Session,
    Skipped,
    Terms,
    Ticked,
    advance,
    course_s,
    index_on,
    leg_on,
)
from tests.builders import (
    ABOVE,
    CALM,
    EASY,
    UNTIL_125,
    WALK_RUN,
    Told,
    beat,
    beats,
    course,
    lost,
    messages,
    play,
    said,
    session_of,
    started,
    stopped,
)

WARM_UP, RUN, WALK, RECOVERY, COOL_DOWN, PAUSE = StepKind


def skipped(at_s: float) -> Skipped:
    return Skipped(Instant(at_s))


def held(from_s: float, to_s: float | None = None) -> list[Event]:
    """Stand still, until `to_s` if the runner goes on at all."""
    went_on = [] if to_s is None else [Continued(Instant(to_s))]
    return [Held(Instant(from_s)), *went_on]


def ending_of(told: Told) -> Close:
    (close,) = told.closed
    return close


def closing_courses(told: Told) -> list[Course]:
    return [close.course for close in told.closed if close.course is not None]


# -- a leg that is skipped ---------------------------------------------------------------------------


def test_a_skip_in_the_warm_up_announces_the_run_at_once_and_all_that_follows_comes_earlier() -> None:
    told = session_of(started(0, *WALK_RUN), skipped(100), beats((0, CALM), until=700))
    assert told.cues == [
        (0, WARM_UP, 300),
        (100, RUN, 60),
        (160, WALK, 120),
        (280, RUN, 60),
        (340, COOL_DOWN, 300),
        (640, None, 0),
    ]


def test_a_skip_in_the_last_leg_ends_the_course() -> None:
    told = session_of(started(0, (RUN, 60), (WALK, 60)), skipped(90), until=100)
    assert told.cues[-1] == (90, None, 0)
    assert leg_on(told.session) is None


def test_every_leg_may_be_skipped_one_after_the_other() -> None:
    told = play([started(0, *WALK_RUN), *[skipped(second) for second in range(1, 7)]])
    assert [kind for _, kind, _ in told.cues] == [WARM_UP, RUN, WALK, RUN, COOL_DOWN, None]


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([], id="no session"),
        pytest.param([started(0)], id="a free run"),
        pytest.param(beats((0, CALM), until=20), id="a strap merely worn"),
        pytest.param([started(0, (RUN, 10)), Ticked(Instant(10))], id="after the last leg"),
        pytest.param([started(0, (RUN, 60)), stopped(10)], id="after the stop"),
    ],
)
def test_where_no_leg_is_on_a_skip_does_nothing(before: list[Event]) -> None:
    session = play(before).session
    assert advance(session, skipped(20)) == (session, ())


def test_a_leg_that_the_heart_leads_may_be_skipped_before_its_least_is_over() -> None:
    told = session_of(started(0, *UNTIL_125), skipped(310), beats((0, 150), until=400))
    assert [(at, kind) for at, kind, _ in told.cues] == [(0, RUN), (300, WALK), (310, RUN), (370, COOL_DOWN)]


# -- standing still ----------------------------------------------------------------------------------


def test_after_two_minutes_at_the_kerb_the_run_is_announced_with_what_was_left_of_it() -> None:
    told = session_of(started(0, (RUN, 300), (WALK, 60)), held(100, 220), beats((0, CALM), until=600))
    assert told.cues == [(0, RUN, 300), (220, RUN, 200), (420, WALK, 60), (480, None, 0)]


def test_while_the_runner_stands_still_the_courses_clock_does() -> None:
    told = session_of(started(10, *WALK_RUN), held(110), until=300)
    assert told.cues == [(10, WARM_UP, 300)]
    assert leg_on(told.session) == course(*WALK_RUN).legs[0]
    assert course_s(told.session, Instant(300)) == 100


def test_the_pause_is_part_of_the_course_as_it_was_run() -> None:
    told = session_of(started(0, (RUN, 300), (WALK, 60)), held(100, 220), beats((0, CALM), until=500), stopped(500))
    assert [course.legs for course in closing_courses(told)] == [
        (Leg(RUN, 0, 100), Leg(PAUSE, 100, 120), Leg(RUN, 220, 200), Leg(WALK, 420, 60))
    ]


def test_whoever_holds_twice_stands_still_once() -> None:
    twice = session_of(started(0, *WALK_RUN), held(100), held(160), held(200, 220), until=230)
    assert twice.session == session_of(started(0, *WALK_RUN), held(100, 220), until=230).session


def test_whoever_stands_still_again_and_again_loses_nothing_of_the_leg() -> None:
    told = session_of(started(0, (RUN, 300), (WALK, 60)), held(100, 150), held(200, 260), beats((0, CALM), until=420))
    assert told.cues == [(0, RUN, 300), (150, RUN, 200), (260, RUN, 150), (410, WALK, 60)]


def test_a_leg_that_begins_in_the_second_of_the_hold_is_announced_when_it_goes_on() -> None:
    told = play([started(0, *WALK_RUN), beat(299.5), *held(300.5, 400)])
    assert told.cues == [(0, WARM_UP, 300), (400, RUN, 60)]


def test_one_that_had_only_just_begun_is_whole_afterwards() -> None:
    told = play([started(0, *WALK_RUN), beat(200), *held(300, 400)])
    assert told.session.course is not None
    assert told.session.course.legs[:3] == (Leg(WARM_UP, 0, 300), Leg(PAUSE, 300, 100), Leg(RUN, 400, 60))


def test_a_skip_while_standing_still_goes_on_with_the_next_leg() -> None:
    told = session_of(started(0, *WALK_RUN), held(100), skipped(160), until=300)
    assert told.cues == [(0, WARM_UP, 300), (160, RUN, 60), (220, WALK, 120)]
    assert told.session.held_at is None
    assert told.session.course is not None
    assert [leg.kind for leg in told.session.course.legs[:3]] == [WARM_UP, PAUSE, RUN]


def test_a_run_that_ended_at_the_kerb_ended_there() -> None:
    told = session_of(started(0, (RUN, 300), (COOL_DOWN, 60)), held(200), skipped(260), until=270)
    assert told.session.course is not None
    assert told.session.course.end_of_running_s == 200


@pytest.mark.parametrize(
    ("ending", "stood_until"),
    [pytest.param(stopped(700), 700, id="stop"), pytest.param(Ticked(Instant(1100)), 690, id="silence")],
)
def test_what_was_left_when_a_session_ends_standing_still_was_not_run(ending: Event, stood_until: float) -> None:
    told = session_of(started(0, (RUN, 600), (COOL_DOWN, 60)), beats((0, CALM), until=690), held(500), ending)
    (run,) = closing_courses(told)
    assert [leg.kind for leg in run.legs] == [RUN, PAUSE, RUN, COOL_DOWN]
    assert run.legs[2].starts_s == stood_until


def test_a_session_that_stands_still_ends_after_five_quiet_minutes_all_the_same() -> None:
    told = session_of(started(0, *WALK_RUN), beats((0, CALM), until=100), held(90), until=500)
    assert (ending_of(told).at, ending_of(told).ended_at) == (Instant(400), Instant(100))
    assert told.session.held_at is None


def test_samples_are_kept_and_counted_while_the_runner_stands_still() -> None:
    told = session_of(started(0), beats((0, CALM), until=400), held(100))
    assert len(told.kept) == 401
    assert told.session.tally.judged_s(400) == 400


def test_nothing_is_said_while_the_runner_stands_still_however_high_the_heart() -> None:
    told = session_of(started(0), beats((0, CALM), (500, 170), until=1000), held(490))
    assert messages(told) == []


def test_nor_that_the_strap_is_quiet() -> None:
    told = session_of(started(0), beats((0, CALM), until=100), lost(101), held(110, 300), until=390)
    assert said(told) == [(330, Message.STRAP_LOST)]


def test_a_stretch_above_the_zone_is_counted_anew_when_the_runner_goes_on() -> None:
    told = session_of(started(0), beats((0, CALM), (590, ABOVE), until=800), held(600, 700))
    assert said(told) == [(730, Message.EASE_OFF)]


def test_on_a_course_the_value_has_a_minute_to_catch_up_again() -> None:
    told = session_of(started(0, (RUN, 1200)), beats((0, CALM), (590, ABOVE), until=800), held(600, 700))
    assert said(told) == [(760, Message.EASE_OFF)]


def test_whoever_stops_a_calm_run_while_standing_still_is_praised() -> None:
    told = session_of(started(0), beats((0, CALM), until=700), held(650), stopped(700))
    assert messages(told) == [Message.WELL_KEPT]


def test_the_heart_ends_no_leg_while_the_runner_stands_still() -> None:
    told = session_of(started(0, *UNTIL_125), held(320, 500), beats((0, 150), (330, 110), until=700))
    # 40 of the 60 seconds that it lasts at least are left
    assert told.cues[:4] == [(0, RUN, 300), (300, WALK, 180), (500, WALK, 160), (540, RUN, 60)]
    assert Announce(Instant(500), WALK, 160, 40) in told.effects


def test_a_leg_whose_least_is_over_says_so_when_it_goes_on() -> None:
    told = session_of(started(0, *UNTIL_125), held(380, 500), beats((0, 150), until=510))
    assert Announce(Instant(500), WALK, 100, None) in told.effects


def test_another_start_ends_the_pause() -> None:
    told = session_of(started(0, *WALK_RUN), held(100), started(200, *WALK_RUN), beats((0, CALM), until=520))
    assert told.cues == [(0, WARM_UP, 300), (200, WARM_UP, 300), (500, RUN, 60)]


def test_whoever_stands_still_after_the_last_leg_changes_nothing_in_it() -> None:
    told = session_of(started(0, (RUN, 60)), held(100, 160), until=200)
    assert told.cues == [(0, RUN, 60), (60, None, 0)]
    assert told.session.course == course((RUN, 60))


@pytest.mark.parametrize("event", [Held(Instant(20)), Continued(Instant(20))], ids=["hold", "go on"])
def test_where_nobody_runs_nobody_stands_still(event: Event) -> None:
    for session in (Session(Terms(EASY)), play([started(0), stopped(10)]).session):
        assert advance(session, event) == (session, ())


def test_before_a_course_and_after_it_no_leg_is_on() -> None:
    assert (course_s(Session(), Instant(5)), index_on(Session(), Instant(5)), leg_on(Session())) == (None, None, None)
    done = play([started(0, (RUN, 10)), Ticked(Instant(10))]).session
    assert (course_s(done, Instant(12)), index_on(done, Instant(12)), leg_on(done)) == (12, None, None)
