"""One line of a device's log."""

from dataclasses import dataclass, field

from daemon.domain.heart_rate import Bpm

Place = tuple[float, float]
"""Latitude and longitude in degrees."""


@dataclass(slots=True)
class Point:
    """What a device wrote down at one time."""

    at_s: float
    """Seconds since 1970."""
    bpm: Bpm | None = None
    """None where there was no heart-rate field at all, 0 where it was there without a value."""
    speed_mps: float | None = None
    distance_m: float | None = None
    """Since the start, as the device counts it."""
    place: Place | None = None
    rr_words: list[int] = field(default_factory=list)
