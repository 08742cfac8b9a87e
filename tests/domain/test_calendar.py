"""Agreed moments in local time: both nights of the clock, days that a zone has left out, and no moment twice."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.calendar import day_of, last_occurrence, moment_of, occurrences_after

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ZONES = st.sampled_from(
    [
        UTC,
        *map(
            ZoneInfo,
            (
                "Europe/Amsterdam",
                "America/Sao_Paulo",  # left out midnight itself until 2018
                "Australia/Lord_Howe",  # half an hour
                "Asia/Kathmandu",
                "America/Toronto",  # once over midnight
            ),
        ),
    ]
)
DAYS = st.dates(date(1905, 1, 1), date(2090, 1, 1))
TIMES = st.times().map(lambda at: at.replace(microsecond=0))
WEEKDAYS = st.frozensets(st.integers(0, 6), min_size=1)


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    [
        ("Europe/Amsterdam", "2026-11-24", "18:30", "2026-11-24T17:30"),
        ("Europe/Amsterdam", "2026-03-29", "02:30", "2026-03-29T01:00"),
        ("Europe/Amsterdam", "2026-10-25", "02:30", "2026-10-25T00:30"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45"),
        ("America/Sao_Paulo", "2018-11-04", "00:00", "2018-11-04T03:00"),
        ("Asia/Kathmandu", "2026-11-24", "18:30", "2026-11-24T12:45"),
        ("Pacific/Apia", "2011-12-30", "18:30", "2011-12-30T10:00"),
    ],
    ids=["winter", "gap", "twice", "half-a-gap", "half-twice", "no-midnight", "quarter", "no-such-day"],
)
def test_what_the_wall_shows_is_one_moment(zone: str, day: str, at: str, moment: str) -> None:
    told = moment_of(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone))
    assert told == datetime.fromisoformat(f"{moment}+00:00")
    assert told.tzinfo is UTC


@given(DAYS, TIMES, ZONES)
def test_the_wall_shows_the_time_or_has_just_left_it_out(day: date, at: time, zone: ZoneInfo) -> None:
    moment = moment_of(day, at, zone)
    shown = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    wanted = datetime.combine(day, at)
    if shown != wanted:
        before = (moment - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
        assert before < wanted < shown


@given(DAYS, TIMES, ZONES)
def test_moments_keep_the_order_of_their_days(day: date, at: time, zone: ZoneInfo) -> None:
    moments = [moment_of(day + timedelta(days=number), at, zone) for number in range(4)]
    assert all(one < other for one, other in pairwise(moments))


@given(DAYS, TIMES, ZONES)
def test_moments_keep_the_order_of_the_wall(day: date, at: time, zone: ZoneInfo) -> None:
    hours = [moment_of(day, time(hour, at.minute), zone) for hour in range(24)]
    assert hours == sorted(hours)


@given(DAYS, TIMES, ZONES, WEEKDAYS)
def test_every_agreed_day_comes_once(day: date, at: time, zone: ZoneInfo, days: frozenset[int]) -> None:
    since = moment_of(day, at, zone)
    coming = list(islice(occurrences_after(since, days, at, zone), 20))
    wanted = (day + timedelta(days=number) for number in range(1, 20 * 7 + 1))
    assert coming == list(islice((one for one in wanted if one.weekday() in days), 20))


@given(DAYS, TIMES, ZONES, WEEKDAYS, st.timedeltas(timedelta(0), timedelta(days=8)))
def test_the_last_has_come_and_the_next_has_not(
    day: date, at: time, zone: ZoneInfo, days: frozenset[int], later: timedelta
) -> None:
    now = moment_of(day, at, zone) + later
    last, following = last_occurrence(now, days, at, zone), next(occurrences_after(now, days, at, zone))
    assert last is not None
    assert moment_of(last, at, zone) <= now < moment_of(following, at, zone)
    between = (last + timedelta(days=number) for number in range(1, (following - last).days))
    assert not any(one.weekday() in days for one in between)


def test_without_days_there_is_no_occurrence() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert last_occurrence(now, (), time(18, 30), AMSTERDAM) is None
    assert next(occurrences_after(now, (), time(18, 30), AMSTERDAM), None) is None


def test_a_day_begins_at_local_midnight() -> None:
    assert day_of(datetime(2026, 11, 23, 23, tzinfo=UTC), AMSTERDAM) == date(2026, 11, 24)
