from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.plan import Block, Course, Leg, Part, PlanRef, Step, StepKind
from tests.builders import course

WARM_UP, RUN, WALK, RECOVERY, COOL_DOWN = StepKind
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


STEPS = st.builds(Step, st.sampled_from(StepKind), st.integers(1, 600))
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
