"""A zone laid over past runs, by how long each heart rate was held in them: what it would have meant.

Unlike a verdict it takes runs from their first second on, so its calm share is a little larger.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import fsum

from daemon.domain.effort import JUDGED_FROM_S, TimeInZone
from daemon.domain.zones import TargetZone

LOOKS_BACK = timedelta(weeks=4)
"""Runs of longer ago say nothing of the runner of today."""
BPMS = 256
"""Heart rates that are told apart; whatever is higher counts as the highest."""


@dataclass(frozen=True, slots=True)
class HeldTimes:
    """How long each heart rate was held in some runs together."""

    runs: int
    """In which a heart was heard."""
    seconds: tuple[float, ...]
    """One for each heart rate from 0 on, `BPMS` of them."""


@dataclass(frozen=True, slots=True)
class LaidOver:
    """A zone, and what it means for some runs."""

    zone: TargetZone
    runs: int
    time: TimeInZone
    """Of all runs together, as far as it is known."""
    calm_pct: float


def lay_over(zone: TargetZone, held: HeldTimes) -> LaidOver | None:
    """Lay a zone over some runs; None where all of them together tell too little."""
    time = time_over(zone, held)
    if time.calm_pct is None or fsum(held.seconds) < JUDGED_FROM_S:
        return None
    return LaidOver(zone, held.runs, time, time.calm_pct)


def time_over(zone: TargetZone, held: HeldTimes) -> TimeInZone:
    """Add up where the hearts of some runs lay by a zone."""
    begin, end = zone.low, zone.high + 1
    below_s, inside_s, above_s = map(fsum, (held.seconds[:begin], held.seconds[begin:end], held.seconds[end:]))
    return TimeInZone(below_s, inside_s, above_s, unknown_s=0.0)
