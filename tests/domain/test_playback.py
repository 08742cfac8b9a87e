from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.heart_rate import Instant
from daemon.domain.playback import with_ticks
from daemon.domain.session import Event, Started, Stopped, Ticked
from daemon.domain.strap import LossReason, RadioChanged, RadioTrouble, StrapConnected, StrapLost
from tests.builders import beat


@pytest.mark.parametrize(
    ("seconds", "until", "ticks"),
    [
        pytest.param([], 10, [], id="nothing happened, nothing passes"),
        pytest.param([0], None, [], id="a single event"),
        pytest.param([0, 1, 2], None, [], id="an event a second leaves nothing to tick"),
        pytest.param([0, 3], None, [1, 2], id="quiet seconds"),
        pytest.param([0, 2.5], None, [1, 2], id="an event between two ticks"),
        pytest.param([0.5, 2.0, 2.0, 4.5], None, [1.5, 3.0, 4.0], id="a tick counts from the event before"),
        pytest.param([5], 8, [6, 7], id="up to the end"),
        pytest.param([5], 3, [], id="an end before the last event"),
    ],
)
def test_a_tick_stands_in_for_every_quiet_second(seconds: list[float], until: float | None, ticks: list[float]) -> None:
    events = [beat(second) for second in seconds]
    played = list(with_ticks(events, None if until is None else Instant(until)))
    assert [event for event in played if not isinstance(event, Ticked)] == events
    assert [event.at for event in played if isinstance(event, Ticked)] == ticks


def test_what_becomes_of_the_radio_is_no_part_of_a_run() -> None:
    events: list[Event] = [beat(0), RadioChanged(Instant(1), RadioTrouble.NO_ADAPTER), beat(2)]
    assert list(with_ticks(events)) == [beat(0), Ticked(Instant(1)), beat(2)]


@given(
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 4)), max_size=30),
    st.none() | st.floats(0, 100),
)
def test_ticks_come_only_where_nothing_happens_and_leave_no_second_out(
    steps: list[tuple[float, int]], until: float | None
) -> None:
    clock, events = 0.0, list[Event]()
    for apart, kind in steps:
        clock += apart
        at = Instant(clock)
        events.append(
            (beat(clock), Started(at), Stopped(at), StrapConnected(at, "H10"), StrapLost(at, LossReason.SILENT))[kind]
        )
    played = list(with_ticks(events, None if until is None else Instant(until)))
    assert [event for event in played if not isinstance(event, Ticked)] == events
    assert all(earlier.at <= later.at for earlier, later in pairwise(played))
    assert all(later.at - earlier.at <= 1 + 1e-9 for earlier, later in pairwise(played))
    happened = {event.at for event in events}
    assert not any(event.at in happened for event in played if isinstance(event, Ticked))
    if until is not None and events:
        assert until - played[-1].at <= 1 + 1e-9
