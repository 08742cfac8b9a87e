"""What a column of times counts: milliseconds or seconds, since 1970 or since the start."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

from connectors.activity_files.values import moment_s, number, on_clock

_STOPWATCH = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)")
_SINCE_1970_FROM = 2e8
"""Smaller numbers count from the start: as seconds since 1970 this was in 1976."""
_FINER = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""Counts since 1970 that reach so far have a finer unit, of so many seconds."""
_MS_FROM = 100.0
"""Rows are beats or seconds apart: steps this long are milliseconds, even if the header does not say so."""
_LONGEST_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns the numbers of one column into seconds."""

    unit_s: float
    is_absolute: bool
    """Whether it counts since 1970; else since the start."""

    def seconds(self, time: float | None) -> float | None:
        """Return the seconds, or None where the number is none of this clock's."""
        if time is None:
            return None
        seconds = time * self.unit_s
        if self.is_absolute:
            return on_clock(seconds)
        return seconds if 0 <= seconds < _LONGEST_S else None


def clock_of(times: Sequence[float], *, in_ms: bool) -> Clock:
    """Tell the clock from what it shows; one odd number does not change it."""
    middle = median_low(times) if times else 0.0
    if middle < _SINCE_1970_FROM:
        return Clock(1e-3 if in_ms or _step(times) >= _MS_FROM else 1.0, is_absolute=False)
    return Clock(next((unit_s for least, unit_s in _FINER if middle >= least), 1.0), is_absolute=True)


def _step(times: Sequence[float]) -> float:
    """Return the usual step from row to row."""
    steps = [after - before for before, after in pairwise(times) if after > before]
    return median_low(steps) if steps else 0.0


def written_time(text: str) -> float | None:
    """Read a number, a date with a time, or a stopwatch's `1:02:03`."""
    if (found := number(text)) is not None:
        return found
    if match := _STOPWATCH.fullmatch(text):
        hours, minutes, seconds = match.groups(default="0")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return moment_s(text)
