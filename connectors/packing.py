"""A session's samples as a few kilobytes: differences, laid out column by column, then zlib.

An hour of heart rate packs to about 1 kB and its RR intervals to about 7 kB; a row per sample would take
44 kB. Times are kept to the second, RR words as they were sent. Beside the samples stands a histogram of
how long each heart rate was held, so that a new zone can be laid over ten years without unpacking.
"""

import math
import struct
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, zip_longest

from daemon.domain.effort import HeldValue, believed, hold
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.held_times import BPMS, HeldTimes
from daemon.store import StoreError

_VERSION = 1
_CONTACTS = (SensorContact.UNKNOWN, SensorContact.LOST, SensorContact.GOOD)
_COUNT_MAX = 0xFFFF
_HEAD = 2
"""Bytes before the counts of a histogram: the first heart rate, and how many tenths of a second a count is."""


class PackedDamagedError(StoreError):
    """What is kept of a run's heartbeats cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A run's samples as they are kept."""

    samples: bytes
    rr: bytes | None
    histogram: bytes


def pack(samples: Sequence[HeartRateSample], *, recorded: bool) -> Packed:
    """Pack a run's samples; what was heard before it began counts in no histogram.

    `recorded` tells that they come from a device's recording, not from a strap. Takes a twentieth of a second for
    an hour of running.
    """
    in_the_run = [sample for sample in samples if sample.at >= 0]
    histogram = pack_histogram(hold(believed(in_the_run, recorded=recorded)))
    return Packed(pack_samples(samples), pack_rr(samples), histogram)


def pack_samples(samples: Sequence[HeartRateSample]) -> bytes:
    """Pack times (to the second), heart rates and contact."""
    seconds = [round(sample.at) for sample in samples]
    columns = (
        _differences(seconds),
        _differences([sample.bpm for sample in samples]),
        _differences([_CONTACTS.index(sample.contact) for sample in samples]),
    )
    return _pack(len(samples), *(_signed(column) for column in columns))


def unpack_samples(packed: bytes, packed_rr: bytes | None = None) -> list[HeartRateSample]:
    """Return what `pack_samples` and `pack_rr` were given. Raises `PackedDamagedError`."""
    try:
        return _unpacked(packed, packed_rr)
    except (struct.error, zlib.error, LookupError, ValueError, OverflowError) as error:
        # one bad run costs itself: SQLite looks after its pages, not after what is in them
        raise PackedDamagedError(f"the heartbeats of a run cannot be read ({error})") from error


def _unpacked(packed: bytes, packed_rr: bytes | None) -> list[HeartRateSample]:
    count, columns = _unpack(packed)
    seconds, bpms, contacts = (list(accumulate(_unsigned(column, count))) for column in columns)
    words = unpack_rr(packed_rr) if packed_rr else [()] * count
    return [
        HeartRateSample(Instant(float(at)), Bpm(bpm), _CONTACTS[contact], rr)
        for at, bpm, contact, rr in zip(seconds, bpms, contacts, words, strict=True)
    ]


def pack_rr(samples: Sequence[HeartRateSample]) -> bytes | None:
    """Pack the RR words of each sample; None if there are none at all."""
    counts = bytes(min(255, len(sample.rr_words)) for sample in samples)
    words = [word for sample in samples for word in sample.rr_words[:255]]
    if not words:
        return None
    folded = [_zigzag(difference) for difference in _differences(words)]
    # low and high bytes apart: the high ones are nearly all zero
    low, high = bytes(value & 0xFF for value in folded), array("H", (value >> 8 for value in folded)).tobytes()
    return _pack(len(samples), counts, low, high)


def unpack_rr(packed: bytes) -> list[tuple[int, ...]]:
    """Return the RR words of each sample."""
    _, (counts, low, high) = _unpack(packed)
    highs = array("H", high)
    words = list(accumulate(_unzigzag(a | b << 8) for a, b in zip(low, highs, strict=True)))
    ends = list(accumulate(counts))
    return [tuple(words[end - count : end]) for end, count in zip(ends, counts, strict=True)]


def pack_histogram(held: Iterable[HeldValue]) -> bytes:
    """Pack for how long each heart rate was held, in tenths of a second, from the lowest to the highest.

    A strap worn all day holds one value for hours: then a count stands for several tenths.
    """
    tenths = [0.0] * BPMS
    for value in held:
        tenths[min(BPMS - 1, value.bpm)] += 10 * value.for_s
    used = [bpm for bpm, time in enumerate(tenths) if time]
    if not used:
        return b""
    first, last = used[0], used[-1]
    unit = min(0xFF, math.ceil(max(tenths) / _COUNT_MAX))
    counts = (min(_COUNT_MAX, round(time / unit)) for time in tenths[first : last + 1])
    return struct.pack(f"<BB{last - first + 1}H", first, unit, *counts)


def add_up(histograms: Iterable[bytes]) -> HeldTimes:
    """Return for how long each heart rate was held in all of these; one that came to harm costs itself alone.

    Two thousand of them are a matter of milliseconds, for those that begin alike are added column by column.
    """
    alike: dict[bytes, list[array[int]]] = defaultdict(list)
    for histogram in histograms:
        if _is_sound(histogram):
            alike[histogram[:_HEAD]].append(array("H", histogram[_HEAD:]))
    seconds = [0.0] * BPMS
    for (first, unit), all_counts in alike.items():
        for bpm, counts in enumerate(zip_longest(*all_counts, fillvalue=0), start=first):
            seconds[bpm] += sum(counts) * unit / 10
    return HeldTimes(sum(map(len, alike.values())), tuple(seconds))


def _is_sound(histogram: bytes) -> bool:
    """Tell whether this is a histogram with something in it; a run without a heart rate has an empty one."""
    bins, rest = divmod(len(histogram) - _HEAD, 2)
    return rest == 0 < bins <= BPMS - histogram[0]


def _differences(values: Sequence[int]) -> list[int]:
    return [*values[:1], *(later - earlier for earlier, later in pairwise(values))]


def _zigzag(value: int) -> int:
    """Fold the sign into the lowest bit, so that small differences of either sign are small numbers."""
    return value << 1 if value >= 0 else (-value << 1) - 1


def _unzigzag(value: int) -> int:
    return -(value + 1 >> 1) if value & 1 else value >> 1


def _signed(values: Iterable[int]) -> bytes:
    """Write one byte a value, and 0xFF with four more for the rare large one."""
    out = bytearray()
    for value in values:
        folded = _zigzag(value)
        out += bytes([folded]) if folded < 0xFF else b"\xff" + struct.pack("<I", folded)  # noqa: PLR2004
    return bytes(out)


def _unsigned(column: bytes, count: int) -> Iterable[int]:
    at = 0
    for _ in range(count):
        if column[at] != 0xFF:  # noqa: PLR2004
            yield _unzigzag(column[at])
            at += 1
        else:
            yield _unzigzag(struct.unpack_from("<I", column, at + 1)[0])
            at += 5


def _pack(count: int, *columns: bytes) -> bytes:
    squeezed = [_squeeze(column) for column in columns]
    header = struct.pack(f"<BIB{len(columns)}I", _VERSION, count, len(columns), *map(len, squeezed))
    return header + b"".join(squeezed)


def _squeeze(column: bytes) -> bytes:
    """Compress a column by itself: in a heart's differences zlib finds no repeats worth their place, in times it does.

    Without looking for them an hour of heart rate is a sixth smaller; `zlib.decompress` reads either.
    """
    return min((_deflate(column, strategy) for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY)), key=len)


def _deflate(column: bytes, strategy: int) -> bytes:
    zipper = zlib.compressobj(9, strategy=strategy)
    return zipper.compress(column) + zipper.flush()


def _unpack(packed: bytes) -> tuple[int, list[bytes]]:
    _, count, number = struct.unpack_from("<BIB", packed)
    lengths = struct.unpack_from(f"<{number}I", packed, 6)
    body, ends = packed[6 + 4 * number :], list(accumulate(lengths))
    return count, [zlib.decompress(body[end - length : end]) for end, length in zip(ends, lengths, strict=True)]
