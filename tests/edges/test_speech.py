import pytest

from daemon.domain.plan import StepKind
from daemon.domain.wording import ENGLISH, course_lines

RUN, WALK, WARM, COOL = (
    (StepKind.RUN, 60.0),
    (StepKind.WALK, 120.0),
    (StepKind.WARM_UP, 300.0),
    (StepKind.COOL_DOWN, 300.0),
)
RUNNING, WALKING = "Run for 1 minute, so slowly that you could talk.", "Walk for 2 minutes."
WARMING, COOLING = "Start with a brisk walk, 5 minutes.", "The running is done. Walk on for 5 minutes."


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        ([], []),
        ([WARM, RUN, COOL], [WARMING, RUNNING, COOLING]),
        (
            [WARM, *[RUN, WALK] * 7, RUN, COOL],
            [WARMING, "7 times:", f"  {RUNNING}", f"  {WALKING}", RUNNING, COOLING],
        ),
        ([RUN, RUN, RUN], ["3 times:", f"  {RUNNING}"]),
        ([RUN, WALK, RUN], [RUNNING, WALKING, RUNNING]),
        ([RUN, WALK, WALK, RUN, WALK, WALK], ["2 times:", f"  {RUNNING}", f"  {WALKING}", f"  {WALKING}"]),
    ],
)
def test_what_is_done_several_times_over_is_said_once(parts: list[tuple[StepKind, float]], lines: list[str]) -> None:
    assert course_lines(parts, ENGLISH) == lines
