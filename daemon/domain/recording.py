"""A run as a device recorded it: heart rate, speed and when, whatever file it came in."""

from dataclasses import dataclass
from datetime import datetime

from daemon.domain.heart_rate import HeartRateSample, Instant, RRUnit


@dataclass(frozen=True, slots=True)
class SpeedSample:
    """How fast the runner went at an instant, in metres per second."""

    at: Instant
    speed_mps: float


@dataclass(frozen=True, slots=True)
class Recording:
    """One activity. Instants count from `started_at`; samples and speeds are in order of time."""

    started_at: datetime
    """Aware; the first point of the recording."""
    duration_s: float
    """From the first point to the last, pauses included."""
    sport: str
    """`run`, `walk`, `ride`, or the file's own word in lower case."""
    name: str | None
    samples: tuple[HeartRateSample, ...]
    """Every point that has a heart-rate field; 0 bpm where the device had none to give."""
    speeds: tuple[SpeedSample, ...] = ()
    distance_m: float | None = None
    rr_unit: RRUnit = RRUnit.MILLISECOND
