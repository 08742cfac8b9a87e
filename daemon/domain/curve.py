"""The heart rate of a run as a line to be drawn: thinned out to what an eye can tell apart, with its gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from daemon.domain.effort import HOLD_S
from daemon.domain.heart_rate import HeartRateSample

POINTS = 600
"""More than a screen has room for; a heart does not do anything in six seconds."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where the heart was, on average over a moment."""

    at_s: float
    bpm: float


Curve: TypeAlias = tuple[tuple[Point, ...], ...]
"""Stretches without a gap."""


def curve_of(samples: Sequence[HeartRateSample], duration_s: float) -> Curve:
    """Thin out believed samples to about `POINTS`; where none came for 10 s there is a gap, as in all figures."""
    width_s = max(1.0, duration_s / POINTS)
    stretches: list[list[list[HeartRateSample]]] = []
    last: HeartRateSample | None = None
    for sample in samples:
        if last is None or sample.at - last.at > HOLD_S:
            stretches.append([[sample]])
        elif sample.at // width_s == last.at // width_s:
            stretches[-1][-1].append(sample)
        else:
            stretches[-1].append([sample])
        last = sample
    return tuple(tuple(map(_mean, stretch)) for stretch in stretches)


def _mean(samples: Sequence[HeartRateSample]) -> Point:
    count = len(samples)
    return Point(sum([sample.at for sample in samples]) / count, sum([sample.bpm for sample in samples]) / count)
