"""What a session announces along a course: each leg as it begins, also where the heart leads."""

import math

import pytest

from daemon.domain.heart_rate import HeartRateSample, Instant, SensorContact
from daemon.domain.nudges import Message
from daemon.domain.plan import Edge, Step, StepKind
from daemon.domain.session import Announce, Ticked
from tests.builders import (
    CALM,
    UNTIL_125,
    WALK_RUN,
    Told,
    beat,
    beats,
    course,
    led,
    play,
    said,
    session_of,
    started,
    stopped,
)

WARM_UP, RUN, WALK, RECOVERY, COOL_DOWN, PAUSE = StepKind


# -- cues ------------------------------------------------------------------------------------------


def test_each_leg_is_announced_as_it_begins_and_the_end_as_well() -> None:
    told = session_of(started(1000, *WALK_RUN), beats((1000, CALM), until=2000))
    assert told.cues == [
        (1000, WARM_UP, 300),
        (1300, RUN, 60),
        (1360, WALK, 120),
        (1480, RUN, 60),
        (1540, COOL_DOWN, 300),
        (1840, None, 0),
    ]


def test_cues_need_no_strap() -> None:
    told = session_of(started(0, (RUN, 60), (WALK, 60)), until=130)
    assert [kind for _, kind, _ in told.cues] == [RUN, WALK, None]


def test_a_tick_that_comes_a_moment_late_announces_the_whole_leg() -> None:
    told = session_of(started(0.4, *WALK_RUN), beats((1, CALM), until=400))
    assert told.cues == [(0.4, WARM_UP, 300), (301, RUN, 60), (361, WALK, 120)]


def test_legs_that_passed_unheard_are_not_announced_any_more() -> None:
    told = play([started(0, *WALK_RUN), beat(250), Ticked(Instant(520))])
    assert told.cues == [(0, WARM_UP, 300), (520, RUN, 20)]


def test_what_is_left_of_a_leg_is_never_no_time_at_all() -> None:
    told = play([started(0, *WALK_RUN), beat(100), Ticked(Instant(359.9))])
    assert told.cues[-1] == (359.9, RUN, 1)


def test_a_free_run_has_no_cues() -> None:
    assert session_of(started(0), beats((0, CALM), until=900)).cues == []


def test_a_strap_merely_worn_has_no_cues() -> None:
    assert session_of(beats((0, CALM), until=900)).cues == []


def test_a_start_in_the_middle_begins_its_course_anew() -> None:
    told = session_of(started(0, (RUN, 100), (WALK, 100)), started(150, (RUN, 100), (WALK, 100)), until=270)
    assert [(at, kind) for at, kind, _ in told.cues] == [(0, RUN), (100, WALK), (150, RUN), (250, WALK)]


# -- steps that the heart leads ----------------------------------------------------------------------


def walk_of(told: Told) -> float:
    """Return how long the walk lasted, which is the second step, by its cue and the next one."""
    moments = [at for at, _, _ in told.cues]
    return moments[2] - moments[1]


def falling(since_s: float, *, tau_s: float, until: float) -> list[HeartRateSample]:
    """Let the heart come down from 150 towards 110, as hearts do."""
    return [
        beat(second, round(110 + 40 * math.exp(-(second - since_s) / tau_s)))
        for second in range(int(since_s), int(until) + 1)
    ]


def test_a_walk_ends_as_soon_as_the_heart_has_come_down() -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 150), (390, 120), until=500))
    # smoothing takes some ten seconds to come down from 150
    assert [(at, kind) for at, kind, _ in told.cues] == [(0, RUN), (300, WALK), (401, RUN), (461, COOL_DOWN)]


def test_a_heart_that_falls_slowly_ends_the_walk_where_the_arithmetic_says() -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 150), until=299), falling(300, tau_s=54, until=500))
    heart_s = 54 * math.log(40 / 15)  # 150 is 40 over the 110 it falls to, 125 is 15 over
    smoothing_s = 2.5 + 5  # half the median's window, and the mean's time constant
    assert walk_of(told) == pytest.approx(heart_s + smoothing_s, abs=2)


@pytest.mark.parametrize(
    ("stays_at", "lasts_s"), [pytest.param(125, 112, id="at the number"), pytest.param(126, 180, id="one above it")]
)
def test_a_heart_that_stays_at_the_number_has_come_down(stays_at: int, lasts_s: float) -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 150), (390, stays_at), until=600))
    assert walk_of(told) == lasts_s


def test_the_heart_waits_for_the_least() -> None:
    assert walk_of(session_of(started(0, *UNTIL_125), beats((0, 120), until=500))) == 60


def test_whoever_never_comes_down_walks_for_the_most_and_goes_on() -> None:
    assert walk_of(session_of(started(0, *UNTIL_125), beats((0, 150), until=600))) == 180


@pytest.mark.parametrize(
    ("until", "lasts_s"), [pytest.param(Edge.LOW, 180, id="low"), pytest.param(Edge.HIGH, 60, id="high")]
)
def test_a_plan_for_everybody_speaks_of_the_edges_of_the_runners_own_zone(until: Edge, lasts_s: float) -> None:
    told = session_of(started(0, Step(RUN, 300), led(WALK, 60, 180, until), Step(RUN, 60)), beats((0, CALM), until=600))
    assert walk_of(told) == lasts_s


def test_without_a_zone_an_edge_is_never_reached_and_a_number_is() -> None:
    edge = started(0, Step(RUN, 300), led(WALK, 60, 180, Edge.LOW), Step(RUN, 60))
    assert walk_of(session_of(edge, beats((0, 90), until=600), target=None)) == 180
    assert walk_of(session_of(started(0, *UNTIL_125), beats((0, 90), until=600), target=None)) == 60


@pytest.mark.parametrize(
    "walking",
    [
        pytest.param([], id="no strap"),
        pytest.param(beats((301, 100), until=600, contact=SensorContact.LOST), id="no skin contact"),
        pytest.param(beats((301, 0), until=600), id="no value"),
    ],
)
def test_a_heart_that_is_not_heard_ends_nothing(walking: list[HeartRateSample]) -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 150), until=300), walking, until=590)
    assert walk_of(told) == 180


def test_a_value_of_before_the_silence_ends_nothing() -> None:
    # 120 was heard until just before the least was over, and nothing since
    told = session_of(started(0, *UNTIL_125), beats((0, 120), until=358), until=590)
    assert walk_of(told) == 180


def test_a_single_dip_ends_nothing() -> None:
    dip = [*beats((0, 150), until=399), beat(400, 122), *beats((401, 150), until=600)]
    assert walk_of(session_of(started(0, *UNTIL_125), dip)) == 180


def test_nor_does_the_first_value_after_a_silence() -> None:
    back = [*beats((0, 150), until=300), beat(400, 122), *beats((401, 150), until=600)]
    assert walk_of(session_of(started(0, *UNTIL_125), back)) == 180
    stays = [*beats((0, 150), until=300), *beats((400, 122), until=600)]
    assert walk_of(session_of(started(0, *UNTIL_125), stays)) == 105


def test_what_follows_keeps_its_length_and_its_order() -> None:
    legs = [led(WALK, 30, 120, 125), Step(RUN, 60), led(RECOVERY, 20, 90, Edge.LOW), Step(RUN, 60)]
    told = session_of(started(0, *legs), beats((0, 110), until=300))
    assert told.cues == [(0, WALK, 120), (30, RUN, 60), (90, RECOVERY, 90), (110, RUN, 60), (170, None, 0)]


def test_a_cue_says_at_least_and_at_most_where_the_heart_leads() -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 150), until=700))
    announced = [effect for effect in told.effects if isinstance(effect, Announce)]
    assert [(cue.for_s, cue.least_s) for cue in announced] == [
        (300, None),
        (180, 60),
        (60, None),
        (60, None),
        (0, None),
    ]


@pytest.mark.parametrize(
    ("at_s", "for_s", "least_s"),
    [pytest.param(340.5, 140, 20, id="some of the least is left"), pytest.param(360, 120, None, id="none is left")],
)
def test_one_that_comes_late_says_what_is_left(at_s: float, for_s: float, least_s: float | None) -> None:
    told = play([started(0, *UNTIL_125), beat(100, 150), Ticked(Instant(at_s))])
    assert Announce(Instant(at_s), WALK, for_s, least_s) in told.effects


def test_the_end_hands_on_the_course_as_it_was_run() -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 120), until=450), stopped(450))
    assert [close.course for close in told.closed] == [course(*UNTIL_125).cut(1, 360)]


def test_after_the_last_led_step_the_running_is_over_when_it_really_was() -> None:
    told = session_of(
        started(0, Step(RUN, 300), led(WALK, 60, 180, 130), Step(RUN, 240), Step(COOL_DOWN, 60)),
        beats((0, CALM), until=700),
    )
    assert said(told) == [(600, Message.WELL_KEPT)]
