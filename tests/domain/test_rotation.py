"""Which copies stay: seven days and four weeks, whatever the clock shows."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.rotation import DAYS, WEEKS, Made, kept

SUNDAY = date(2026, 11, 22)
DATES = st.dates(date(1970, 1, 1), date(2040, 12, 31))


def after(*days: date) -> list[date]:
    """Return the dates that stay when a copy is made on each of these days, one after the other."""
    copies: set[Made] = set()
    for number, day in enumerate(days, start=1):
        copies = kept([*copies, Made(number, day)])
    return [copy.day for copy in sorted(copies)]


def daily(until: date, number: int) -> list[date]:
    return [until - timedelta(days=back) for back in reversed(range(number))]


def test_a_year_leaves_a_week_of_days_and_four_sundays_before() -> None:
    sundays = [SUNDAY - timedelta(weeks=back) for back in (4, 3, 2, 1)]
    assert after(*daily(SUNDAY, 365)) == [*sundays, *daily(SUNDAY, 7)]


def test_who_runs_now_and_then_keeps_the_last_copies_however_old() -> None:
    seldom = [date(2026, month, 3) for month in range(1, 12)]
    assert after(*seldom) == seldom


@pytest.mark.parametrize("wrong", [date(1970, 1, 1), date(2031, 5, 1)], ids=["started in 1970", "years ahead"])
def test_a_wrong_date_pushes_out_no_more_than_its_turn_and_goes_in_the_end(wrong: date) -> None:
    before = daily(SUNDAY, 60)
    at_once = after(*before, wrong)
    assert at_once[-7:] == [*before[-6:], wrong]
    assert set(at_once) >= {SUNDAY - timedelta(weeks=back) for back in (0, 1, 2, 3)}
    assert wrong not in after(*before, wrong, *daily(SUNDAY + timedelta(days=50), 50))


@given(st.lists(DATES, max_size=60))
def test_there_are_never_more_than_eleven_and_the_last_seven_are_among_them(days: list[date]) -> None:
    left = after(*days)
    assert len(left) <= DAYS + WEEKS
    assert left[-DAYS:] == days[-DAYS:]


@given(st.lists(DATES, min_size=1, max_size=40), st.lists(DATES, min_size=11, max_size=11))
def test_no_date_is_wrong_enough_to_stay_for_ever(strange: list[date], clock: list[date]) -> None:
    start = max(day.toordinal() for day in clock)
    weeks = [date.fromordinal(start + 7 * number) for number in range(1, DAYS + WEEKS + 1)]
    assert after(*strange, *weeks) == weeks


@given(st.sets(st.builds(Made, st.integers(1, 500), DATES), max_size=40))
def test_looking_twice_changes_nothing(copies: set[Made]) -> None:
    assert kept(kept(copies)) == kept(copies)
