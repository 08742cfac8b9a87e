from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.run import Source
from daemon.domain.takes import Take, are_one_run, gather

MORNING = datetime(2026, 11, 15, 7, 0, tzinfo=UTC)
STRAP, FILE, ARCHIVE, API = Source.STRAP, Source.FILE, Source.ARCHIVE, Source.STRAVA_API


def take(
    name: str, begin: float, minutes: float, source: Source = FILE, *, heard: float | None = None, hidden: bool = False
) -> Take:
    """Make a take; times in minutes from the morning, heard throughout unless told otherwise."""
    at = MORNING.replace(hour=0) if hidden else MORNING + timedelta(minutes=begin)
    return Take(name, name, source, at, minutes * 60, (minutes if heard is None else heard) * 60, hidden)


def told(*takes: Take) -> list[tuple[str, str, str, str]]:
    """Return each run with its best take, all takes and the superseded ones."""
    return [
        (one.run, one.best.id, "".join(t.id for t in one.takes), "".join(t.id for t in one.superseded))
        for one in gather(takes)
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((0, 30), (0, 30), True),
        ((0, 30), (2, 27), True),
        ((0, 60), (50, 20), True),  # ten of twenty minutes
        ((0, 60), (51, 20), False),
        ((0, 30), (30, 30), False),
        ((0, 30), (600, 30), False),
        ((0, 300), (100, 5), True),
        ((0, 0), (0, 0), False),
    ],
)
def test_takes_are_of_one_run_when_they_share_half_of_the_shorter(
    one: tuple[float, float], other: tuple[float, float], *, same: bool
) -> None:
    assert are_one_run(take("a", *one), take("b", *other)) is same
    assert are_one_run(take("b", *other), take("a", *one)) is same


class TestTheBestTake:
    def test_a_single_take_is_the_run(self) -> None:
        assert told(take("a", 0, 30, API)) == [("a", "a", "a", "")]

    @pytest.mark.parametrize("own", [STRAP, FILE, ARCHIVE])
    def test_an_own_take_stands_before_strava_s_whoever_came_first(self, own: Source) -> None:
        assert told(take("a", 0, 30, API), take("b", 0, 30, own)) == [("a", "b", "ab", "a")]
        assert told(take("b", 0, 30, own), take("a", 0, 30, API)) == [("b", "b", "ba", "a")]

    def test_of_own_takes_the_one_with_more_heart_rate_counts(self) -> None:
        assert told(take("a", 0, 30, STRAP, heard=12), take("b", 0, 30, FILE)) == [("a", "b", "ab", "")]

    def test_of_equals_the_strap_counts(self) -> None:
        assert told(take("a", 0, 30, ARCHIVE), take("b", 0, 30, FILE), take("c", 0, 30, STRAP)) == [
            ("a", "c", "abc", "")
        ]

    def test_a_strap_that_was_left_behind_at_the_door_does_not_hide_the_run(self) -> None:
        assert told(take("a", 0, 6, STRAP), take("b", 0, 45, API)) == [("a", "b", "ab", "")]

    def test_a_file_without_heart_rate_does_not_hide_what_strava_heard(self) -> None:
        assert told(take("a", 0, 30, FILE, heard=0), take("b", 0, 30, API)) == [("a", "b", "ab", "")]

    def test_nothing_is_superseded_while_strava_s_take_is_gone_by(self) -> None:
        assert told(take("a", 0, 30, API), take("b", 0, 30, API, heard=20)) == [("a", "a", "ab", "")]


class TestRunsThatHangTogether:
    def test_a_recording_of_the_whole_joins_two_sessions_of_the_strap(self) -> None:
        assert told(take("a", 0, 20, STRAP), take("b", 30, 20, STRAP), take("c", 0, 50)) == [("a", "c", "abc", "")]

    def test_they_are_two_again_under_their_own_names_when_it_goes(self) -> None:
        joined = [replace(one, run="a") for one in (take("a", 0, 20, STRAP), take("b", 30, 20, STRAP))]
        assert told(*joined) == [("a", "a", "a", ""), ("b", "b", "b", "")]

    def test_a_run_keeps_its_name_when_the_take_that_gave_it_goes(self) -> None:
        assert told(replace(take("b", 0, 30), run="a")) == [("a", "b", "b", "")]

    def test_runs_apart_stay_apart(self) -> None:
        assert told(take("a", 0, 30), take("b", 60, 30)) == [("a", "a", "a", ""), ("b", "b", "b", "")]


class TestAHiddenStart:
    def test_an_own_take_of_that_day_and_duration_is_the_same_run(self) -> None:
        assert told(take("a", 0, 30), take("h", 0, 31, API, hidden=True)) == [("a", "a", "ah", "h")]

    def test_another_duration_is_another_run(self) -> None:
        assert len(told(take("a", 0, 30), take("h", 0, 45, API, hidden=True))) == 2

    def test_another_day_is_another_run(self) -> None:
        assert len(told(take("a", 24 * 60, 30), take("h", 0, 30, API, hidden=True))) == 2

    def test_of_two_runs_that_day_it_is_the_one_that_is_more_alike(self) -> None:
        takes = take("a", 0, 30), take("b", 600, 32), take("h", 0, 32, API, hidden=True)
        assert told(*takes) == [("a", "a", "a", ""), ("b", "b", "bh", "h")]

    def test_two_hidden_ones_are_two(self) -> None:
        assert len(told(take("h", 0, 30, API, hidden=True), take("i", 0, 30, API, hidden=True))) == 2


SPANS = st.lists(
    st.tuples(st.integers(0, 120), st.integers(1, 90), st.sampled_from(Source), st.integers(0, 90)), max_size=6
)


@given(SPANS)
def test_every_take_belongs_to_exactly_one_run_and_every_run_has_its_own_name(
    spans: list[tuple[int, int, Source, int]],
) -> None:
    takes = [take(f"t{n}", at, for_, source, heard=heard) for n, (at, for_, source, heard) in enumerate(spans)]
    gathered = gather(takes)
    assert sorted(one.id for run in gathered for one in run.takes) == sorted(one.id for one in takes)
    assert len({run.run for run in gathered}) == len(gathered)
    assert all(run.best in run.takes and run.best not in run.superseded for run in gathered)


@given(SPANS.filter(lambda spans: len(spans) <= 4))
def test_the_order_in_which_takes_come_does_not_change_which_are_one_run(
    spans: list[tuple[int, int, Source, int]],
) -> None:
    takes = [take(f"t{n}", at, for_, source, heard=heard) for n, (at, for_, source, heard) in enumerate(spans)]
    ways = {frozenset(frozenset(one.id for one in run.takes) for run in gather(order)) for order in permutations(takes)}
    assert len(ways) == 1


@given(SPANS)
def test_gathering_again_changes_nothing(spans: list[tuple[int, int, Source, int]]) -> None:
    takes = [take(f"t{n}", at, for_, source, heard=heard) for n, (at, for_, source, heard) in enumerate(spans)]
    once = gather(takes)
    named = {one.id: run.run for run in once for one in run.takes}
    again = gather([replace(one, run=named[one.id]) for one in takes])
    assert [run.run for run in again] == [run.run for run in once]
