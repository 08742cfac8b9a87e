"""Heart rate as the house hears it: beats per minute, skin contact, RR intervals, instants."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import NewType

Bpm = NewType("Bpm", int)
"""Beats per minute, whole. Zero stands for "the strap has no value" (there is no other way to say it)."""

Instant = NewType("Instant", float)
"""Seconds on a clock that never jumps; only differences mean anything."""


class SensorContact(Enum):
    """Whether the strap feels skin: a strap that cannot tell is not a strap that is off."""

    UNKNOWN = auto()
    """The strap does not support the question (Heart Rate Service, flags bit 2 clear)."""
    LOST = auto()
    """Supported, and no skin felt."""
    GOOD = auto()
    """Supported, and skin felt."""


class RRUnit(Enum):
    """What one RR word counts; the value is the number of words in a second."""

    SPECIFICATION = 1024
    """1/1024 s, as Heart Rate Service 1.0 section 3.1.1.4 has it."""
    MILLISECOND = 1000
    """Milliseconds: files, and straps that read the specification differently."""


@dataclass(frozen=True, slots=True)
class HeartRateMeasurement:
    """One decoded notification of characteristic 0x2A37, not yet judged."""

    bpm: Bpm
    contact: SensorContact
    energy_kj: int | None = None
    rr_words: tuple[int, ...] = ()
    """RR intervals as sent, oldest first."""


@dataclass(frozen=True, slots=True)
class HeartRateSample:
    """A measurement with the instant it was received: the domain's unit of listening."""

    at: Instant
    bpm: Bpm
    contact: SensorContact = SensorContact.UNKNOWN
    rr_words: tuple[int, ...] = ()
