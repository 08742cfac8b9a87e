"""Which copies are kept: the last days, and before them one of each of the last weeks.

What counts is the order in which they were made, not their dates. A machine without a battery for its clock may start
in 1970, or years ahead: a copy with such a date takes the place of one day or one week, like any other, and goes when
its turn has come. So neither can wrong dates push out the right ones by being later, nor can they stay for ever.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

DAYS, WEEKS = 7, 4


@dataclass(frozen=True, slots=True, order=True)
class Made:
    """A copy: its number, and the day that the clock showed."""

    number: int
    day: date

    @property
    def week(self) -> tuple[int, int]:
        """The ISO week of its day."""
        year, week, _ = self.day.isocalendar()
        return year, week


def kept(copies: Collection[Made]) -> set[Made]:
    """Return those that stay: the last seven, and the last one of each of the four weeks before these."""
    latest_first = sorted(copies, reverse=True)
    days = latest_first[:DAYS]
    told_of = {copy.week for copy in days}
    weeks: dict[tuple[int, int], Made] = {}
    for copy in latest_first[DAYS:]:
        if copy.week not in told_of and len(weeks) < WEEKS:
            weeks.setdefault(copy.week, copy)
    return {*days, *weeks.values()}
