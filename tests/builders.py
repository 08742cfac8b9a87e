"""Short ways to say what happened in a run, and to read what was said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.nudges import Message
from daemon.domain.plan import Course, Edge, HeartLed, Step, StepKind
from daemon.domain.playback import with_ticks
from daemon.domain.recording import SpeedSample
from daemon.domain.session import (
    Announce,
    Close,
    Effect,
    Event,
    Keep,
    Open,
    Session,
    Speak,
    Started,
    Stopped,
    Terms,
    advance,
)
from daemon.domain.strap import LossReason, StrapConnected, StrapLost
from daemon.domain.zones import TargetZone

EASY = TargetZone(Bpm(118), Bpm(136))
"""The zone of nearly every test."""

PLANNED = tuple(kind for kind in StepKind if kind is not StepKind.PAUSE)
"""What a plan may ask for."""

CALM, ABOVE, BELOW = 128, 150, 100
"""Heart rates inside, above and below it."""


def beat(
    at_s: float, bpm: int = CALM, contact: SensorContact = SensorContact.GOOD, rr: tuple[int, ...] | None = None
) -> HeartRateSample:
    """Return one sample; without `rr` it carries the interval that belongs to its heart rate."""
    words = (round(60 * 1024 / bpm),) if bpm else ()
    return HeartRateSample(Instant(at_s), Bpm(bpm), contact, words if rr is None else rr)


def beats(
    *levels: tuple[float, int],
    until: float,
    every: float = 1.0,
    contact: SensorContact = SensorContact.GOOD,
    rr: tuple[int, ...] | None = None,
) -> list[HeartRateSample]:
    """Hold each heart rate from its second on, up to and with `until`, a sample every so many seconds."""
    borders = [*(since for since, _ in levels), until + every / 2]
    return [
        beat(since + every * index, bpm, contact, rr)
        for (since, bpm), (_, end) in zip(levels, pairwise(borders), strict=True)
        for index in range(-int((since - end) // every))
    ]


def paces(*levels: tuple[float, float], until: float) -> list[SpeedSample]:
    """Hold each speed from its second on, up to and with `until`, a sample a second."""
    borders = [*(since for since, _ in levels), until + 0.5]
    return [
        SpeedSample(Instant(since + index), speed)
        for (since, speed), (_, end) in zip(levels, pairwise(borders), strict=True)
        for index in range(-int((since - end) // 1))
    ]


def course(*legs: tuple[StepKind, float] | Step) -> Course:
    """Lay out steps one after the other."""
    return Course.of(leg if isinstance(leg, Step) else Step(*leg) for leg in legs)


def led(kind: StepKind, least_s: float, most_s: float, until: int | Edge) -> Step:
    """Return a step that the heart may end."""
    return Step(kind, most_s, HeartLed(until if isinstance(until, Edge) else Bpm(until), least_s))


@dataclass(frozen=True)
class Told:
    """Where a session got to, and all that was to be done on the way."""

    session: Session
    effects: tuple[Effect, ...] = ()
    events: tuple[Event, ...] = field(default=(), repr=False)

    @property
    def opened(self) -> list[float]:
        return [effect.at for effect in self.effects if isinstance(effect, Open)]

    @property
    def closed(self) -> list[Close]:
        return [effect for effect in self.effects if isinstance(effect, Close)]

    @property
    def kept(self) -> list[Keep]:
        return [effect for effect in self.effects if isinstance(effect, Keep)]

    @property
    def cues(self) -> list[tuple[float, StepKind | None, float]]:
        return [(effect.at, effect.kind, effect.for_s) for effect in self.effects if isinstance(effect, Announce)]


Happening = Event | Sequence[Event]


def session_of(
    *happenings: Happening,
    target: TargetZone | None = EASY,
    wants_pick_up: bool = False,
    until: float | None = None,
) -> Told:
    """Play what happened, with a tick in every quiet second, up to `until`."""
    events = sorted(_flatten(happenings), key=lambda event: event.at)
    ticked = with_ticks(events, None if until is None else Instant(until))
    return play(ticked, Session(Terms(target, wants_pick_up=wants_pick_up)))


def play(events: Iterable[Event], session: Session | None = None) -> Told:
    """Advance through events as they are."""
    session, all_events, effects = session or Session(Terms(EASY)), tuple(events), list[Effect]()
    for event in all_events:
        session, happened = advance(session, event)
        effects.extend(happened)
    return Told(session, tuple(effects), all_events)


def said(told: Told) -> list[tuple[float, Message]]:
    """Read the words and when they came."""
    return [(effect.at, effect.nudge.message) for effect in told.effects if isinstance(effect, Speak)]


def messages(told: Told) -> list[Message]:
    """Read the words alone."""
    return [message for _, message in said(told)]


def _flatten(happenings: Iterable[Happening]) -> Iterable[Event]:
    for happening in happenings:
        if isinstance(happening, Sequence):
            yield from happening
        else:
            yield happening


def started(at_s: float, *legs: tuple[StepKind, float] | Step) -> Started:
    """Say start, along these legs or free."""
    return Started(Instant(at_s), course(*legs) if legs else None)


def stopped(at_s: float) -> Stopped:
    """Say stop."""
    return Stopped(Instant(at_s))


def connected(at_s: float) -> StrapConnected:
    """Find the strap."""
    return StrapConnected(Instant(at_s), "H10")


def lost(at_s: float, reason: LossReason = LossReason.LINK_LOST) -> StrapLost:
    """Lose the strap."""
    return StrapLost(Instant(at_s), reason)


WALK_RUN = [
    (StepKind.WARM_UP, 300.0),
    (StepKind.RUN, 60.0),
    (StepKind.WALK, 120.0),
    (StepKind.RUN, 60.0),
    (StepKind.COOL_DOWN, 300.0),
]
"""A step of a plan: five minutes of walking, a minute's run, two of walking, another minute, five of walking."""
UNTIL_125 = [
    Step(StepKind.RUN, 300),
    led(StepKind.WALK, 60, 180, 125),
    Step(StepKind.RUN, 60),
    Step(StepKind.COOL_DOWN, 60),
]
"""The walk ends when the heart has come down to 125."""
