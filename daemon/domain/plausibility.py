"""Which heart-rate values to believe.

A strap lies in known ways: it loses the skin, sends 0 for "no value", jumps when a shirt is charged,
goes on sending its last number after it was taken off. A value that is not believed is kept, but it is
no value: it enters no mean and no zone, and no word is spoken on it.

`sift` looks at one sample after the other and remembers what it must in a `Sieve`. A jump is the one
doubt that may turn out wrong: if the new level stays, the samples that led there were true, and `sift`
hands them back as vindicated.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from math import inf

from daemon.domain.heart_rate import HeartRateSample, Instant, SensorContact

LOWEST, HIGHEST = 30, 220
"""Outside these a value is a sensor fault first (bpm; physiology allows a little more, straps do not)."""

JUMP_BPM, JUMP_WITHIN_S, JUMP_STAYS_S = 30, 3.0, 15.0
"""Hearts do not change by more than 30 bpm in 3 s; a level that stays 15 s was true all the same."""

FROZEN_S, FROZEN_WITHOUT_RR_S = 60.0, 120.0
"""How long one and the same number is credible with no RR interval: 60 s from a strap that used to send
them, 120 s from one that never does (the longest seen in real runs is 29 s)."""

ECHO_S = 0.2
"""An identical packet within this time is the radio's echo, not a second measurement."""

GAP_S = 10.0
"""After this long without a sample the past says nothing about the present."""


class Doubt(Enum):
    """Why a sample is not believed."""

    NO_CONTACT = "no_contact"
    NO_VALUE = "no_value"
    OUT_OF_RANGE = "out_of_range"
    JUMP = "jump"
    FROZEN = "frozen"
    ECHO = "echo"


@dataclass(frozen=True, slots=True)
class Sieve:
    """What sifting must remember from one sample to the next."""

    last: HeartRateSample | None = None
    """The last sample heard, believed or not."""
    trusted: tuple[HeartRateSample, ...] = ()
    """Believed samples of the last 3 s, at least one once there is any."""
    waiting: tuple[HeartRateSample, ...] = ()
    """Samples beyond a jump that have yet to prove themselves."""
    same_since: Instant | None = None
    """Since when the number has not changed and no RR interval came."""
    sends_rr: bool = False
    recorded: bool = False
    """The samples come from a recording: whatever device made it could see whether it was worn, and a watch
    that writes one number for minutes means it. Only a number left behind by RR intervals is doubted."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """What became of a sample: believed when there is no doubt."""

    doubt: Doubt | None
    vindicated: tuple[HeartRateSample, ...] = ()
    """Earlier samples that were doubted as a jump and are believed after all."""


def sift(sieve: Sieve, sample: HeartRateSample) -> tuple[Sieve, Sifted]:
    """Decide whether to believe `sample`; samples must come in order of time."""
    if _is_echo(sieve.last, sample):
        return sieve, Sifted(Doubt.ECHO)
    sieve = _remember(sieve, sample)
    doubt = _plain_doubt(sieve, sample)
    if doubt:
        return sieve, Sifted(doubt)
    return _weigh_jump(sieve, sample)


def sift_all(samples: Iterable[HeartRateSample], *, recorded: bool = False) -> list[Doubt | None]:
    """Return the final doubt about each sample, with those vindicated later believed."""
    sieve, doubts, waiting = Sieve(recorded=recorded), list[Doubt | None](), list[int]()
    for index, sample in enumerate(samples):
        sieve, sifted = sift(sieve, sample)
        doubts.append(sifted.doubt)
        if sifted.vindicated:
            for earlier in waiting[-len(sifted.vindicated) :]:
                doubts[earlier] = None
        if sifted.doubt is Doubt.JUMP:
            waiting.append(index)
        elif sifted.doubt is None:
            waiting.clear()
    return doubts


def _is_echo(last: HeartRateSample | None, sample: HeartRateSample) -> bool:
    # A recording's clock ticks in whole seconds: the same second twice is no echo, only a fraction is.
    return (
        last is not None
        and 0 < sample.at - last.at < ECHO_S
        and (sample.bpm, sample.contact, sample.rr_words) == (last.bpm, last.contact, last.rr_words)
    )


def _remember(sieve: Sieve, sample: HeartRateSample) -> Sieve:
    last = sieve.last
    goes_on = last is not None and last.bpm == sample.bpm and sample.at - last.at <= GAP_S
    same_since = sieve.same_since if goes_on and not sample.rr_words else sample.at
    # written out: `replace` would take a fifth of the time that a sample costs
    sends_rr = sieve.sends_rr or bool(sample.rr_words)
    return Sieve(sample, sieve.trusted, sieve.waiting, same_since, sends_rr, sieve.recorded)


def _plain_doubt(sieve: Sieve, sample: HeartRateSample) -> Doubt | None:
    if sample.contact is SensorContact.LOST:
        return Doubt.NO_CONTACT
    if sample.bpm == 0:
        return Doubt.NO_VALUE
    if not LOWEST <= sample.bpm <= HIGHEST:
        return Doubt.OUT_OF_RANGE
    credible = _credible_s(sieve)
    if sieve.same_since is not None and sample.at - sieve.same_since >= credible:
        return Doubt.FROZEN
    return None


def _credible_s(sieve: Sieve) -> float:
    if sieve.sends_rr:
        return FROZEN_S
    return inf if sieve.recorded else FROZEN_WITHOUT_RR_S


def _weigh_jump(sieve: Sieve, sample: HeartRateSample) -> tuple[Sieve, Sifted]:
    waiting = sieve.waiting
    if waiting and sample.at - waiting[-1].at > GAP_S:
        return _trust(sieve, sample), Sifted(None)
    if not _is_jump(sieve, sample):
        return _trust(sieve, sample), Sifted(None)
    if waiting and abs(sample.bpm - waiting[-1].bpm) > JUMP_BPM:
        waiting = ()
    if waiting and sample.at - waiting[0].at >= JUMP_STAYS_S:
        return _trust(sieve, sample), Sifted(None, vindicated=waiting)
    return replace(sieve, waiting=(*waiting, sample)), Sifted(Doubt.JUMP)


def _is_jump(sieve: Sieve, sample: HeartRateSample) -> bool:
    if sieve.waiting:  # while a jump is being weighed, the level before it stays the measure
        return abs(sample.bpm - sieve.trusted[-1].bpm) > JUMP_BPM
    return any(
        sample.at - earlier.at <= JUMP_WITHIN_S and abs(sample.bpm - earlier.bpm) > JUMP_BPM
        for earlier in sieve.trusted
    )


def _trust(sieve: Sieve, sample: HeartRateSample) -> Sieve:
    fresh = tuple(earlier for earlier in sieve.trusted if sample.at - earlier.at <= JUMP_WITHIN_S)
    return Sieve(sieve.last, (*fresh, sample), (), sieve.same_since, sieve.sends_rr, sieve.recorded)
