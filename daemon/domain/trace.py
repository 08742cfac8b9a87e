"""The heart rate as it is judged: smoothed, and where it has been against the zone since when.

A raw value crosses an edge ninety times an hour on a real run, a smoothed one with hysteresis about
eight times, at the price of less than one time constant of the heart itself (58 s, Hunt 2015). So:
median of 5 s against single spikes, exponential mean of 5 s, and 2 bpm of hysteresis.
"""

import math
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from statistics import median

from daemon.domain.heart_rate import Bpm, Instant
from daemon.domain.zones import Position, TargetZone

MEDIAN_S, MEAN_S = 5.0, 5.0
HYSTERESIS_BPM = 2.0
REMEMBERED_S = 30.0
GAP_S = 10.0
"""After this long without a believed value the trace begins anew."""

RESTLESS_BPM = 12.0
"""A heart that starts to run rises by 10 bpm from one quarter of a minute to the next; an electrode that is
still drying or wetting moves by far more."""


_NEVER = Instant(0.0)


@dataclass(frozen=True, slots=True)
class Trace:
    """What the believed values so far come to."""

    recent: tuple[tuple[Instant, Bpm], ...] = ()
    """Believed values of the last 30 s."""
    smooth_bpm: float | None = None
    position: Position | None = None
    """Where the smoothed value lies, with hysteresis; None without a value or a zone."""
    since: Instant = _NEVER
    """Since when it lies there."""

    def is_settled(self, at: Instant) -> bool:
        """Tell whether the last half minute was steady enough to be judged."""
        earlier = [bpm for when, bpm in self.recent if REMEMBERED_S >= at - when > REMEMBERED_S / 2]
        later = [bpm for when, bpm in self.recent if at - when <= REMEMBERED_S / 2]
        return bool(earlier and later) and abs(median(earlier) - median(later)) <= RESTLESS_BPM


def follow(trace: Trace, at: Instant, bpm: Bpm, target: TargetZone | None) -> Trace:
    """Take one believed value in."""
    if trace.recent and at - trace.recent[-1][0] > GAP_S:
        trace = Trace()
    recent = (*dropwhile(lambda kept: at - kept[0] > REMEMBERED_S, trace.recent), (at, bpm))
    middle = median(value for _, value in takewhile(lambda kept: at - kept[0] <= MEDIAN_S, reversed(recent)))
    smooth = middle
    if trace.smooth_bpm is not None:
        weight = 1 - math.exp((trace.recent[-1][0] - at) / MEAN_S)
        smooth = trace.smooth_bpm + weight * (middle - trace.smooth_bpm)
    position = None if target is None else _locate(smooth, target, trace.position)
    since = trace.since if position is trace.position and trace.recent else at
    return Trace(recent, smooth, position, since)


def _locate(bpm: float, target: TargetZone, before: Position | None) -> Position:
    """Tell where `bpm` lies; the position it comes from keeps it until the edge is well passed."""
    low, high = float(target.low), float(target.high)
    high += -HYSTERESIS_BPM if before is Position.ABOVE else HYSTERESIS_BPM
    low += HYSTERESIS_BPM if before is Position.BELOW else -HYSTERESIS_BPM
    if bpm > high:
        return Position.ABOVE
    return Position.BELOW if bpm < low else Position.INSIDE
