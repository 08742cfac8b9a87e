"""From RR intervals alone to a heart rate each second, as a strap would have told it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from math import floor

from connectors.activity_files.points import Point
from connectors.activity_files.values import beats_per_minute

_SHORTEST_MS = 273
_LONGEST_MS = 2_000
"""220 and 30 beats per minute: outside, a beat was missed or invented."""
_MEAN_OVER_S = 5
_STRAY_S = 3.0
"""So far the sum of the intervals may stray from the arrivals: over it, beats were lost."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One RR interval as the file has it."""

    word: int
    """Milliseconds."""
    arrived_s: float | None = None
    """When the strap's message arrived, if the file says so."""


def points_of(beats: Iterable[Beat], start_s: float) -> list[Point]:
    """Return a point for each second in which a beat ended; the first beat ends at the start."""
    ended = sorted(_clocked(beats), key=lambda timed: timed[0])
    seconds = [
        (second, [word for _, word in group]) for second, group in groupby(ended, key=lambda timed: floor(timed[0]))
    ]
    points: list[Point] = []
    oldest = 0
    for index, (second, words) in enumerate(seconds):
        while seconds[oldest][0] <= second - _MEAN_OVER_S:
            oldest += 1
        recent = [word for _, group in seconds[oldest : index + 1] for word in group]
        points.append(Point(start_s + second, beats_per_minute(_rate(recent)), rr_words=words))
    return points


def is_plausible(word: int) -> bool:
    """Tell whether a heart can beat like that."""
    return _SHORTEST_MS <= word <= _LONGEST_MS


def _clocked(beats: Iterable[Beat]) -> Iterator[tuple[float, int]]:
    """Give each beat its end, counted from the first: arrivals come in bursts, the intervals themselves do not."""
    clock_s: float | None = None
    first_arrival_s: float | None = None
    for beat in beats:
        clock_s = 0.0 if clock_s is None else clock_s + beat.word / 1000
        if beat.arrived_s is not None:
            if first_arrival_s is None:
                first_arrival_s = beat.arrived_s - clock_s
            arrived_s = beat.arrived_s - first_arrival_s
            clock_s = arrived_s if abs(arrived_s - clock_s) > _STRAY_S else clock_s
        yield clock_s, beat.word


def _rate(words: list[int]) -> float | None:
    plausible = [word for word in words if is_plausible(word)]
    return 60_000 * len(plausible) / sum(plausible) if plausible else None
