from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from daemon.domain.heart_rate import Bpm
from daemon.domain.plan import SLIVER_S, Block, Course, Edge, HeartLed, Leg, Part, PlanRef, Step, StepKind
from daemon.domain.zones import TargetZone
from tests.builders import EASY, PLANNED, course, led

WARM_UP, RUN, WALK, RECOVERY, COOL_DOWN, PAUSE = StepKind
FIRST_EVENING = Course.of(
    [Step(WARM_UP, 300), Block(8, (Step(RUN, 60), Step(WALK, 120))), Step(COOL_DOWN, 300)], PlanRef("rustig-12", 1)
)


def test_a_block_is_laid_out_as_often_as_it_is_done() -> None:
    assert len(FIRST_EVENING.legs) == 18
    assert FIRST_EVENING.legs[:4] == (
        Leg(WARM_UP, 0, 300),
        Leg(RUN, 300, 60),
        Leg(WALK, 360, 120),
        Leg(RUN, 480, 60),
    )
    assert FIRST_EVENING.for_s == 300 + 8 * 180 + 300
    assert FIRST_EVENING.ref == PlanRef("rustig-12", 1)


def test_a_block_may_hold_blocks() -> None:
    inner = Block(2, (Step(RUN, 30), Step(WALK, 30)))
    nested = Course.of([Block(3, (inner, Step(RECOVERY, 60)))])
    assert [leg.kind for leg in nested.legs] == [RUN, WALK, RUN, WALK, RECOVERY] * 3
    assert nested.for_s == 3 * 180


@pytest.mark.parametrize(
    ("elapsed_s", "index"),
    [
        pytest.param(-5, 0, id="before it begins"),
        pytest.param(0, 0, id="at its beginning"),
        pytest.param(299.9, 0, id="just before a border"),
        pytest.param(300, 1, id="on a border the next one is on"),
        pytest.param(360, 2, id="the next border"),
        pytest.param(2039.9, 17, id="just before the end"),
        pytest.param(2040, 18, id="at the end"),
        pytest.param(9999, 18, id="long after"),
    ],
)
def test_one_leg_is_on_at_a_time(elapsed_s: float, index: int) -> None:
    assert FIRST_EVENING.index_at(elapsed_s) == index


def test_an_empty_course_takes_no_time() -> None:
    empty = Course.of([])
    assert (empty.legs, empty.for_s, empty.index_at(0), empty.end_of_running_s) == ((), 0.0, 0, None)


@pytest.mark.parametrize(
    ("run", "end"),
    [
        pytest.param(FIRST_EVENING, 300 + 7 * 180 + 60, id="the last run of a block"),
        pytest.param(course((RUN, 600), (COOL_DOWN, 300)), 600, id="before the cool-down"),
        pytest.param(course((RUN, 600), (RUN, 60), (WALK, 60), (COOL_DOWN, 60)), 660, id="two runs in a row"),
        pytest.param(course((WARM_UP, 60), (RUN, 600)), None, id="nothing follows the run"),
        pytest.param(course((RUN, 60), (WALK, 60), (RUN, 60)), None, id="nothing follows the last run"),
        pytest.param(course((WALK, 600)), None, id="a walk"),
    ],
)
def test_running_ends_where_something_quiet_follows(run: Course, end: float | None) -> None:
    assert run.end_of_running_s == end


@pytest.mark.parametrize("for_s", [0, -1, float("nan")])
def test_a_step_lasts(for_s: float) -> None:
    with pytest.raises(ValueError, match="a step lasts longer than no time at all"):
        Step(RUN, for_s)


@pytest.mark.parametrize("repeats", [0, -3])
def test_a_block_is_done_at_least_once(repeats: int) -> None:
    with pytest.raises(ValueError, match="a block is done at least once"):
        Block(repeats, (Step(RUN, 60),))


# -- steps that the heart leads ----------------------------------------------------------------------

BY_HEART = course((RUN, 300), led(WALK, 60, 180, Edge.LOW), (RUN, 300), led(RECOVERY, 30, 90, 120), (COOL_DOWN, 60))


@pytest.mark.parametrize(
    ("until", "target", "goal"),
    [
        pytest.param(Edge.LOW, EASY, EASY.low, id="the lower edge of one's own zone"),
        pytest.param(Edge.HIGH, EASY, EASY.high, id="the upper edge"),
        pytest.param(Edge.LOW, None, None, id="an edge without a zone"),
        pytest.param(Bpm(120), EASY, 120, id="a heart rate"),
        pytest.param(Bpm(120), None, 120, id="a heart rate without a zone"),
    ],
)
def test_a_heart_comes_down_to_an_edge_of_its_own_zone_or_to_a_number(
    until: Bpm | Edge, target: TargetZone | None, goal: int | None
) -> None:
    assert HeartLed(until, 60).goal(target) == goal


@pytest.mark.parametrize("kind", [WARM_UP, RUN, COOL_DOWN])
def test_only_a_walk_or_a_recovery_waits_for_the_heart(kind: StepKind) -> None:
    with pytest.raises(ValueError, match="only a walk or a recovery waits for the heart"):
        led(kind, 60, 180, Edge.LOW)


@pytest.mark.parametrize("least_s", [0, -1, 180, 181, float("nan")])
def test_a_step_that_the_heart_leads_has_room_for_it(least_s: float) -> None:
    with pytest.raises(ValueError, match="lasts at least some time, and at most longer than that"):
        led(WALK, least_s, 180, Edge.LOW)


def test_a_course_takes_what_its_steps_take_at_most_or_at_least() -> None:
    assert (BY_HEART.for_s, BY_HEART.least_s) == (300 + 180 + 300 + 90 + 60, 300 + 60 + 300 + 30 + 60)
    assert FIRST_EVENING.least_s == FIRST_EVENING.for_s


def test_what_the_heart_ends_early_brings_all_that_follows_forward() -> None:
    shorter = BY_HEART.cut(1, 375)
    assert [(leg.kind, leg.starts_s, leg.for_s) for leg in shorter.legs] == [
        (RUN, 0, 300),
        (WALK, 300, 75),
        (RUN, 375, 300),
        (RECOVERY, 675, 90),
        (COOL_DOWN, 765, 60),
    ]
    assert shorter.for_s == BY_HEART.for_s - 105
    assert shorter.end_of_running_s == 675


def test_a_step_that_ended_is_led_no_more_and_a_later_one_still_is() -> None:
    shorter = BY_HEART.cut(1, 375)
    assert [leg.lead for leg in shorter.legs] == [None, None, None, HeartLed(Bpm(120), 30), None]
    assert shorter.least_s == 300 + 75 + 300 + 30 + 60


def test_a_shorter_course_is_still_the_same_step_of_its_plan() -> None:
    named = Course.of([led(WALK, 60, 180, 120), Step(RUN, 60)], PlanRef("own", 2), 3, "Twee")
    shorter = named.cut(0, 90)
    assert (shorter.ref, shorter.runs, shorter.name) == (PlanRef("own", 2), 3, "Twee")


# -- a pause in the middle -------------------------------------------------------------------------


def test_a_pause_splits_the_leg_and_all_that_follows_waits() -> None:
    longer = course((RUN, 300), (WALK, 60), (COOL_DOWN, 60)).paused(0, 100, 220)
    assert longer.legs == (
        Leg(RUN, 0, 100),
        Leg(PAUSE, 100, 120),
        Leg(RUN, 220, 200),
        Leg(WALK, 420, 60),
        Leg(COOL_DOWN, 480, 60),
    )
    assert longer.end_of_running_s == 420


@pytest.mark.parametrize(
    ("from_s", "least_s"), [pytest.param(320, 40, id="some of it"), pytest.param(400, 0, id="none of it")]
)
def test_of_the_least_that_a_led_step_lasts_what_is_left_has_still_to_pass(from_s: float, least_s: float) -> None:
    done, pause, left = BY_HEART.paused(1, from_s, 500).legs[1:4]
    assert (done.lead, pause.lead, left.lead) == (None, None, HeartLed(Edge.LOW, least_s))
    assert left.for_s == 480 - from_s


def test_a_pause_at_the_very_beginning_of_a_leg_leaves_it_whole() -> None:
    assert course((RUN, 300), (WALK, 60)).paused(1, 300, 400).legs[1:] == (Leg(PAUSE, 300, 100), Leg(WALK, 400, 60))


def test_a_pause_is_no_step_of_a_plan() -> None:
    with pytest.raises(ValueError, match="a pause is no step"):
        Step(PAUSE, 60)


LED = st.builds(
    lambda kind, least_s, more_s, until: led(kind, least_s, least_s + more_s, until),
    st.sampled_from([WALK, RECOVERY]),
    st.integers(15, 300),
    st.integers(1, 300),
    st.sampled_from([*Edge, 120]),
)
STEPS = st.builds(Step, st.sampled_from(PLANNED), st.integers(1, 600)) | LED
PARTS: st.SearchStrategy[Part] = st.recursive(
    STEPS, lambda parts: st.builds(Block, st.integers(1, 3), st.lists(parts, max_size=3).map(tuple)), max_leaves=6
)


@given(st.lists(PARTS, max_size=4), st.floats(0, 5000))
def test_legs_follow_each_other_without_a_gap(parts: list[Part], elapsed_s: float) -> None:
    laid_out = Course.of(parts)
    clock = 0.0
    for leg in laid_out.legs:
        assert leg.starts_s == clock
        clock = leg.ends_s
    assert laid_out.for_s == clock
    on = laid_out.index_at(elapsed_s)
    if on < len(laid_out.legs):
        assert laid_out.legs[on].starts_s <= elapsed_s < laid_out.legs[on].ends_s
    else:
        assert elapsed_s >= laid_out.for_s
    assert replace(laid_out) == laid_out


@given(st.lists(PARTS, min_size=1, max_size=4), st.floats(0, 1), st.data())
def test_cutting_a_leg_short_leaves_no_gap(parts: list[Part], share: float, data: st.DataObject) -> None:
    laid_out = Course.of(parts)
    assume(laid_out.legs)
    index = data.draw(st.integers(0, len(laid_out.legs) - 1))
    leg = laid_out.legs[index]
    at_s = leg.starts_s + share * leg.for_s
    shorter = laid_out.cut(index, at_s)
    assert shorter.legs[:index] == laid_out.legs[:index]
    assert all(after.starts_s == before.ends_s for before, after in pairwise(shorter.legs))
    assert [(one.kind, one.for_s) for one in shorter.legs[index + 1 :]] == [
        (one.kind, one.for_s) for one in laid_out.legs[index + 1 :]
    ]
    assert shorter.index_at(at_s) == index + 1  # the next one is on at once
    assert shorter.for_s == pytest.approx(laid_out.for_s - (leg.ends_s - at_s))


@given(
    st.lists(PARTS, min_size=1, max_size=4), st.floats(0, 1, exclude_max=True), st.floats(0, 1000), st.integers(0, 1000)
)
@example([Step(WARM_UP, 1)], 0.9999999999999998, 2.0, 0)
@example([Step(WARM_UP, 1), Step(RUN, 60)], 0.9999999999999998, 2.0, 0)
def test_a_pause_leaves_no_gap_and_loses_nothing(parts: list[Part], share: float, for_s: float, chosen: int) -> None:
    laid_out = Course.of(parts)
    assume(laid_out.legs)
    index = chosen % len(laid_out.legs)
    leg, later = laid_out.legs[index], laid_out.legs[index + 1 :]
    from_s = leg.starts_s + share * leg.for_s
    assume(from_s < leg.ends_s)
    longer = laid_out.paused(index, from_s, from_s + for_s)
    assert all(after.starts_s == before.ends_s for before, after in pairwise(longer.legs))
    assert longer.for_s == pytest.approx(laid_out.for_s + for_s)
    assert longer.least_s <= longer.for_s
    after = index + (2 if from_s > leg.starts_s else 1)
    assert longer.legs[after - 1].kind is PAUSE
    assert longer.index_at(from_s + for_s) == after  # it goes on at once
    left_s = leg.ends_s - from_s
    left = [(leg.kind, pytest.approx(left_s))] if left_s >= SLIVER_S else []
    assert [(one.kind, one.for_s) for one in longer.legs[after:]] == [*left, *((one.kind, one.for_s) for one in later)]
