"""The line of an open session: thin however long it goes on, true to its times, and open where nothing was heard."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.page.line import MOST_POINTS, Line

STEPS = st.lists(st.sampled_from([0.9, 1.0, 1.1, 9.0, 30.0]), max_size=4000)


def line_of(steps: list[float]) -> Line:
    line, at_s = Line("s1"), 0.0
    for number, step in enumerate(steps):
        at_s += step
        line.add(at_s, 120 + number % 20)
    return line


@given(STEPS)
def test_it_stays_thin_and_in_order(steps: list[float]) -> None:
    line = line_of(steps)
    assert len(line.at_s) == len(line.bpm) <= MOST_POINTS + 1
    assert list(line.at_s) == sorted(line.at_s)
    assert all(bpm is None or 120 <= bpm < 140 for bpm in line.bpm)


def test_a_run_of_two_hours_is_one_stroke() -> None:
    line = line_of([1.0] * 7200)
    assert None not in line.bpm
    assert len(line.bpm) > MOST_POINTS / 2
    assert (line.at_s[0], line.at_s[-1]) == (4.0, 7200.0)


def test_where_nothing_was_heard_it_is_open_also_when_it_was_thinned_out() -> None:
    line = line_of([1.0] * 100 + [30.0] + [1.0] * 3000)
    assert list(line.bpm).count(None) == 1
