"""The runner's calendar: moments that are agreed by the clock on the wall, in a zone whose clocks go back and forth.

Moments leave here in UTC, for two moments of one zone are compared by the clock on the wall alone, which in the
night that it goes back says twice the same.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

Weekdays: TypeAlias = Collection[int]
"""0 for Monday to 6 for Sunday."""

_A_WEEK_EITHER_WAY = 9
"""Days in which each day of the week comes by, with a day to spare for a moment that slips over midnight."""
_SECOND = timedelta(seconds=1)


def day_of(moment: datetime, zone: tzinfo) -> date:
    """Return the local day that a moment lies in."""
    return moment.astimezone(zone).date()


def moment_of(day: date, at: time, zone: tzinfo) -> datetime:
    """Return when the clock on the wall shows `at` on `day`, in UTC.

    What it shows twice that night is meant the first time; what it leaves out is the first moment after the gap.
    """
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0), zone)
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall.replace(tzinfo=None):
        return moment
    return _end_of_gap(wall.replace(fold=1).astimezone(UTC), moment, zone)


def last_occurrence(until: datetime, days: Weekdays, at: time, zone: tzinfo) -> date | None:
    """Return the last of the `days` whose `at` has come by `until`; None if there are no days."""
    today = day_of(until, zone)
    back = (today - timedelta(days=number) for number in range(-1, _A_WEEK_EITHER_WAY))
    return next((day for day in back if day.weekday() in days and moment_of(day, at, zone) <= until), None)


def occurrences_after(since: datetime, days: Weekdays, at: time, zone: tzinfo) -> Iterator[date]:
    """Yield the `days` whose `at` is still to come at `since`, for as long as the calendar goes."""
    day = day_of(since, zone) - timedelta(days=1)
    while days and day < date.max - timedelta(days=_A_WEEK_EITHER_WAY):
        if day.weekday() in days and moment_of(day, at, zone) > since:
            yield day
        day += timedelta(days=1)


def _end_of_gap(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Return the moment between two at which the clock is put forward, to the second."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // (2 * _SECOND) * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
