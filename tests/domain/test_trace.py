import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.heart_rate import Bpm, Instant
from daemon.domain.trace import Trace, follow
from daemon.domain.zones import Position, TargetZone
from tests.builders import EASY, beats


def trace_of(*levels: tuple[float, int], until: float, target: TargetZone | None = EASY) -> Trace:
    trace = Trace()
    for sample in beats(*levels, until=until):
        trace = follow(trace, sample.at, sample.bpm, target)
    return trace


def test_before_the_first_value_nothing_is_known() -> None:
    assert (Trace().smooth_bpm, Trace().position, Trace().is_settled(Instant(0))) == (None, None, False)


def test_the_first_value_is_taken_as_it_is() -> None:
    trace = follow(Trace(), Instant(7), Bpm(142), EASY)
    assert trace == Trace(((Instant(7), Bpm(142)),), 142, Position.ABOVE, Instant(7))


def test_the_median_kills_a_single_spike() -> None:
    assert trace_of((0, 130), (10, 200), (11, 130), until=15).smooth_bpm == 130


def test_the_mean_follows_a_change_within_a_few_seconds() -> None:
    after = {until: trace_of((0, 120), (20, 150), until=until).smooth_bpm or 0 for until in (21, 25, 35, 50)}
    assert after[21] == 120
    assert 120 < after[25] < 145
    assert 145 < after[35] < 150
    assert after[50] == pytest.approx(150, abs=0.2)


@pytest.mark.parametrize(
    ("first", "then", "position"),
    [
        pytest.param(130, 138, Position.INSIDE, id="inside, two over the edge: still inside"),
        pytest.param(130, 139, Position.ABOVE, id="inside, three over the edge: above"),
        pytest.param(145, 134, Position.ABOVE, id="above, two under the edge: still above"),
        pytest.param(145, 133, Position.INSIDE, id="above, three under the edge: inside"),
        pytest.param(130, 116, Position.INSIDE, id="inside, two under the lower edge: still inside"),
        pytest.param(130, 115, Position.BELOW, id="inside, three under the lower edge: below"),
        pytest.param(110, 120, Position.BELOW, id="below, two over the lower edge: still below"),
        pytest.param(110, 121, Position.INSIDE, id="below, three over the lower edge: inside"),
        pytest.param(110, 150, Position.ABOVE, id="from below to above"),
    ],
)
def test_an_edge_must_be_well_passed(first: int, then: int, position: Position) -> None:
    assert trace_of((0, first), (30, then), until=120).position is position


def test_a_position_knows_since_when() -> None:
    trace = trace_of((0, 130), (30, 150), until=90)
    assert trace.position is Position.ABOVE
    assert 31 <= trace.since <= 38
    assert trace.since == trace_of((0, 130), (30, 150), until=60).since


def test_a_gap_of_ten_seconds_is_bridged_and_a_longer_one_begins_anew() -> None:
    before = trace_of((0, 150), until=60)
    bridged = follow(before, Instant(70), Bpm(150), EASY)
    anew = follow(before, Instant(70.5), Bpm(150), EASY)
    assert bridged.since == Instant(0)
    assert (anew.since, anew.recent) == (70.5, ((70.5, 150),))


def test_hysteresis_does_not_outlive_a_gap() -> None:
    above = trace_of((0, 150), (60, 135), until=120)
    assert above.position is Position.ABOVE
    assert follow(above, Instant(140), Bpm(135), EASY).position is Position.INSIDE


def test_without_a_zone_there_is_no_position() -> None:
    trace = trace_of((0, 130), until=60, target=None)
    assert (trace.smooth_bpm, trace.position) == (130, None)


@pytest.mark.parametrize(
    ("levels", "settled"),
    [
        pytest.param([(0, 130)], True, id="steady"),
        pytest.param([(0, 120), (45, 132)], True, id="a heart that starts to run"),
        pytest.param([(0, 170), (45, 135)], False, id="a dry electrode getting wet"),
    ],
)
def test_a_steady_half_minute_is_settled(levels: list[tuple[float, int]], *, settled: bool) -> None:
    assert trace_of(*levels, until=60).is_settled(Instant(60)) is settled


def test_too_short_a_stretch_is_not_settled() -> None:
    assert not trace_of((0, 130), until=14).is_settled(Instant(14))
    assert trace_of((0, 130), until=16).is_settled(Instant(16))


def test_what_was_settled_is_not_after_a_silence() -> None:
    assert not trace_of((0, 130), until=60).is_settled(Instant(80))


@given(st.lists(st.tuples(st.floats(0.1, 15), st.integers(30, 220)), min_size=1, max_size=60))
def test_the_smoothed_value_stays_among_the_values(steps: list[tuple[float, int]]) -> None:
    clock, trace, since_gap = 0.0, Trace(), list[int]()
    for apart, bpm in steps:
        clock += apart
        if trace.recent and clock - trace.recent[-1][0] > 10:
            since_gap.clear()
        since_gap.append(bpm)
        trace = follow(trace, Instant(clock), Bpm(bpm), EASY)
        assert trace.smooth_bpm is not None
        assert min(since_gap) - 1e-9 <= trace.smooth_bpm <= max(since_gap) + 1e-9
        assert trace.since <= clock
        assert all(clock - at <= 30 for at, _ in trace.recent)
