"""FIT, written: one session as an activity that watches' makers, Strava and our own reader take.

Numbers of messages, fields and base types are those of Garmin's FIT profile. Some readers stumble without events,
a lap, `first_lap_index` and `num_laps`, so these are always there. The timer runs through gaps: a strap that was
not heard does not mean a runner who stood still.
"""

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

from daemon.domain.effort import LAST_HOLD_S
from daemon.domain.heart_rate import HeartRateSample, RRUnit
from daemon.domain.plausibility import Doubt, sift_all
from daemon.domain.run import Run, Source
from daemon.domain.variability import estimate_unit

_EPOCH_S = 631_065_600
"""FIT counts from 31 December 1989."""
_EARLIEST, _LATEST = 0x10000000 + 2 * 86_400, 0xF0000000
"""Smaller time stamps count from when a device was switched on; a machine whose clock is as wrong gets the smallest,
two days later, for the very smallest has a name of its own. Above the largest, of 2117, there is room for the run."""
_LONGEST_MS = 0xFFFFFFFE
_FARTHEST_CM = 0xFFFFFFFE
_LARGEST_RR_MS = 0xFFFE
_BEATS_A_MESSAGE = 5
"""As watches do: what is left over is filled with the word for nothing."""
_NO_UINT8, _NO_UINT16, _NO_UINT32 = 0xFF, 0xFFFF, 0xFFFFFFFF
_HEADER_BYTES, _PROTOCOL, _PROFILE = 14, 0x20, 21_170
_LONGEST_PRODUCT = 60
_DEVELOPMENT, _PRODUCT = 255, 1
"""The maker that FIT has for whoever has no number of their own."""

_SPORTS = {"run": 1, "ride": 2, "swimming": 5, "walk": 11, "rowing": 15}
_GENERIC = 0
_ACTIVITY_FILE, _MANUAL, _CREATOR = 4, 0, 0
_TIMER, _SESSION_EVENT, _LAP_EVENT, _ACTIVITY_EVENT = 0, 8, 9, 26
_START, _STOP, _STOP_ALL = 0, 1, 4
_SESSION_END, _ACTIVITY_END = 7, 0

_TIMESTAMP, _MESSAGE_INDEX = 253, 254
_ENUM, _UINT8, _STRING, _UINT16, _UINT32, _UINT32Z = 0x00, 0x02, 0x07, 0x84, 0x86, 0x8C
_FORMATS = {_ENUM: "B", _UINT8: "B", _STRING: "s", _UINT16: "H", _UINT32: "I", _UINT32Z: "I"}


@dataclass(frozen=True)
class _Layout:
    """A kind of message: what it is called within this file and in the profile, and its fields."""

    local: int
    number: int
    fields: tuple[tuple[int, int] | tuple[int, int, int], ...]
    """Number, base type, and how many values there are if not one."""

    @cached_property
    def packed(self) -> struct.Struct:
        """Return the form of a message, with its header."""
        parts = (f"{count[0] if count else ''}{_FORMATS[kind]}" for _, kind, *count in self.fields)
        return struct.Struct("<B" + "".join(parts))

    def definition(self) -> bytes:
        """Return what tells a reader of this kind."""
        sizes = (
            bytes((number, struct.calcsize(f"<{count[0] if count else 1}{_FORMATS[kind]}"), kind))
            for number, kind, *count in self.fields
        )
        head = struct.pack("<BBBHB", 0x40 | self.local, 0, 0, self.number, len(self.fields))
        return head + b"".join(sizes)

    def message(self, *values: int | bytes) -> bytes:
        """Return one message."""
        return self.packed.pack(self.local, *values)


_FILE_ID = _Layout(
    0, 0, ((0, _ENUM), (1, _UINT16), (2, _UINT16), (3, _UINT32Z), (4, _UINT32), (8, _STRING, _LONGEST_PRODUCT + 1))
)
_DEVICE = _Layout(
    1, 23, ((_TIMESTAMP, _UINT32), (0, _UINT8), (2, _UINT16), (4, _UINT16), (27, _STRING, _LONGEST_PRODUCT + 1))
)
_EVENT = _Layout(2, 21, ((_TIMESTAMP, _UINT32), (0, _ENUM), (1, _ENUM), (4, _UINT8)))
_RECORD = _Layout(3, 20, ((_TIMESTAMP, _UINT32), (3, _UINT8)))
_HRV = _Layout(4, 78, ((0, _UINT16, _BEATS_A_MESSAGE),))
_WHOLE = ((2, _UINT32), (7, _UINT32), (8, _UINT32), (9, _UINT32))
"""Of a lap and of a session: its start, its time by the clock and by the timer, its distance."""
_LAP = _Layout(
    5,
    19,
    (
        *((_MESSAGE_INDEX, _UINT16), (_TIMESTAMP, _UINT32), (0, _ENUM), (1, _ENUM), *_WHOLE),
        *((15, _UINT8), (16, _UINT8), (63, _UINT8), (24, _ENUM), (25, _ENUM)),
    ),
)
_SESSION = _Layout(
    6,
    18,
    (
        *((_MESSAGE_INDEX, _UINT16), (_TIMESTAMP, _UINT32), (0, _ENUM), (1, _ENUM), *_WHOLE),
        *((16, _UINT8), (17, _UINT8), (64, _UINT8), (5, _ENUM), (6, _ENUM)),
        *((25, _UINT16), (26, _UINT16), (28, _ENUM)),
    ),
)
_ACTIVITY = _Layout(
    7,
    34,
    ((_TIMESTAMP, _UINT32), (0, _UINT32), (1, _UINT16), (2, _ENUM), (3, _ENUM), (4, _ENUM), (5, _UINT32)),
)


def fit_of(run: Run, samples: Sequence[HeartRateSample], *, software: str) -> bytes:
    """Return a run as a FIT file; `samples` are all that are kept of it, and `software` names who wrote it.

    Heart rates that are not believed and what was heard before the run began are left out; every beat of the run
    is in it. Takes a twentieth of a second for an hour of running.
    """
    start = _stamp(math.floor(run.started_at.timestamp()))
    points = _points(run, samples)
    end = start + max(math.ceil(run.duration_s), points[-1].at_s)
    return _file(b"".join((*_opening(run, start, software), *_records(points, start), *_summary(run, start, end))))


def _opening(run: Run, start: int, software: str) -> Iterator[bytes]:
    """Say what this is, from whom, and that the timer runs; the same run gets the same serial number."""
    product = _text(software)
    serial = int.from_bytes(blake2b(run.id.encode(), digest_size=4).digest(), "little") or 1
    yield _FILE_ID.definition()
    yield _FILE_ID.message(_ACTIVITY_FILE, _DEVELOPMENT, _PRODUCT, serial, start, product)
    yield _DEVICE.definition()
    yield _DEVICE.message(start, _CREATOR, _DEVELOPMENT, _PRODUCT, product)
    yield _EVENT.definition()
    yield _EVENT.message(start, _TIMER, _START, 0)


def _summary(run: Run, start: int, end: int) -> Iterator[bytes]:
    """Stop the timer, and sum up: one lap, one session, one activity."""
    ran_ms = min(max(round(1000 * run.duration_s), 0), _LONGEST_MS)
    whole, rates, sport = _whole(run, start, ran_ms), _rates(run), _SPORTS.get(run.sport, _GENERIC)
    offset = run.started_at.utcoffset()
    yield _EVENT.message(end, _TIMER, _STOP_ALL, 0)
    yield _LAP.definition()
    yield _LAP.message(0, end, _LAP_EVENT, _STOP, *whole, *rates, _SESSION_END, sport)
    yield _SESSION.definition()
    yield _SESSION.message(0, end, _SESSION_EVENT, _STOP, *whole, *rates, sport, _GENERIC, 0, 1, _ACTIVITY_END)
    yield _ACTIVITY.definition()
    local_end = end + (round(offset.total_seconds()) if offset else 0)
    yield _ACTIVITY.message(end, ran_ms, 1, _MANUAL, _ACTIVITY_EVENT, _STOP, local_end)


# -- what is told ------------------------------------------------------------------------------------------


class _Point(NamedTuple):
    """A second of the run."""

    at_s: int
    bpm: int = _NO_UINT8
    rr_ms: tuple[int, ...] = ()


def _points(run: Run, samples: Sequence[HeartRateSample]) -> list[_Point]:
    """Return what is told of the run, with its first and its last second: they tell how long it was."""
    points = list(_told(run, samples))
    last_s = max(0, round(run.duration_s - LAST_HOLD_S))
    if not points or points[0].at_s > 0:
        points.insert(0, _Point(0))
    if points[-1].at_s < last_s:
        points.append(_Point(last_s))
    return points


def _told(run: Run, samples: Sequence[HeartRateSample]) -> Iterator[_Point]:
    heard = sorted((sample for sample in samples if sample.at >= 0), key=lambda sample: sample.at)
    is_recorded = Source.STRAP not in run.sources
    words_in_s = (RRUnit.MILLISECOND if is_recorded else estimate_unit(samples)).value
    before: HeartRateSample | None = None
    for sample, doubt in zip(heard, sift_all(heard, recorded=is_recorded), strict=True):
        if doubt is Doubt.ECHO or (before is not None and _is_echo(before, sample)):
            continue
        before = sample
        intervals = [round(word * 1000 / words_in_s) for word in sample.rr_words]
        rr_ms = tuple(interval for interval in intervals if 0 < interval <= _LARGEST_RR_MS)
        if doubt is None or rr_ms:
            yield _Point(round(sample.at), _NO_UINT8 if doubt else sample.bpm, rr_ms)


def _is_echo(before: HeartRateSample, sample: HeartRateSample) -> bool:
    """Tell whether a packet came twice: times are kept to the second, so the sieve cannot tell any more."""
    is_same = before.rr_words == sample.rr_words and before.bpm == sample.bpm
    return is_same and bool(sample.rr_words) and round(before.at) == round(sample.at)


def _records(points: Sequence[_Point], start: int) -> Iterator[bytes]:
    yield _RECORD.definition()
    if any(point.rr_ms for point in points):
        yield _HRV.definition()
    nothing = (_NO_UINT16,) * _BEATS_A_MESSAGE
    for point in points:
        yield _RECORD.message(start + point.at_s, point.bpm)
        for first in range(0, len(point.rr_ms), _BEATS_A_MESSAGE):
            words = point.rr_ms[first : first + _BEATS_A_MESSAGE]
            yield _HRV.message(*words, *nothing[len(words) :])


def _whole(run: Run, start: int, ran_ms: int) -> tuple[int, int, int, int]:
    distance_cm = _NO_UINT32 if run.distance_m is None else min(round(100 * run.distance_m), _FARTHEST_CM)
    return start, ran_ms, ran_ms, distance_cm


def _rates(run: Run) -> tuple[int, int, int]:
    """Return mean, highest and lowest heart rate, as the run was judged."""
    heart = run.judgement.heart_rate
    known = (heart.mean_bpm, heart.max_bpm, heart.min_bpm)
    mean, most, least = (_NO_UINT8 if bpm is None else min(round(bpm), _NO_UINT8 - 1) for bpm in known)
    return mean, most, least


def _stamp(seconds: int) -> int:
    return min(max(seconds - _EPOCH_S, _EARLIEST), _LATEST)


def _text(text: str) -> bytes:
    """Return text that fits its field, which ends with a zero byte."""
    return text.encode()[:_LONGEST_PRODUCT].decode(errors="ignore").encode()


# -- header and checksum -----------------------------------------------------------------------------------


def _file(body: bytes) -> bytes:
    header = struct.pack("<BBHI4s", _HEADER_BYTES, _PROTOCOL, _PROFILE, len(body), b".FIT")
    whole = header + struct.pack("<H", _crc(header)) + body
    return whole + struct.pack("<H", _crc(whole))


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC = tuple(map(_crc_of_byte, range(256)))


def _crc(content: bytes) -> int:
    crc = 0
    for byte in content:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc
