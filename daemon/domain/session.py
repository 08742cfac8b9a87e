"""One runner's session, from the first believed heart beat to five quiet minutes after the last.

Theory of operation
-------------------
`advance(session, event) -> (session, effects)` is all there is. An event is something that happened, with
its instant: a sample came, the strap came or went, a second passed, the runner said something. A
session is one frozen value; nothing in here waits, logs or reads a clock, so a recording run through
`advance` in virtual time gives what the runner was told live, and a service that was killed finds its way
back by running the kept samples, and what the runner said between them, through it once more.

    WAITING --believed sample, or start--> OPEN --stop--> RESTING
       ^                                    |                |
       +---- five minutes without a believed value or start -+

WAITING   listens. A strap that is worn opens a session by itself; `start` opens one at once.
OPEN      keeps every sample, believed or not; follows the course if there is one; speaks by the rules of
          `nudges`. A gap of up to five minutes belongs to the session: straps come and go. Where the heart
          leads a leg, a believed sample may end it early: never a tick, for only samples and what the runner
          said are kept. So may the runner (`Skipped`).
          The runner may also stand still: at the kerb, at the door (`Held`, until `Continued`, a skip, another
          start or the stop). The course's clock then waits, and nothing is said; samples are kept and counted
          as ever, and five quiet minutes are still an end. A course that waited has the pause among its legs.
RESTING   after `stop` the strap is still worn for a while: that is no new run. Another `start` is.

Effects say what the shell must do, in order: `Open`, `Keep`, `Announce`, `Speak`, `Close`. Whatever a
moment brings is decided in the same order too: first whether the session is over, then what the sample is
worth and whether it ends a leg, then what the course says, then at most one word.
"""

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import dropwhile
from math import ceil, inf
from typing import TypeAlias, assert_never

from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant
from daemon.domain.nudges import ABOUT_EFFORT, LONGEST_PAUSE_S, PAUSE_S, TOO_SOON_S, Message, Nudge, View, choose
from daemon.domain.plan import Course, Leg, StepKind
from daemon.domain.plausibility import Doubt, Sieve, sift
from daemon.domain.strap import LossReason, RadioChanged, StrapConnected, StrapEvent, StrapLost
from daemon.domain.trace import Trace, follow
from daemon.domain.zones import Position, TargetZone

OVER_AFTER_S = 300.0
"""A strap lost and found within five minutes is the same session."""
CURRENT_S = 5.0
"""A value older than this is not shown as current."""
HOLD_S = 10.0
"""A value holds until the next one, at most this long."""
DOUBT_WINDOW_S = 30.0
COME_DOWN_FROM_S = 5.0
"""After a gap the smoothed value begins anew, and must be more than a single dip before it ends a leg."""
PROMPT_S = 2.0
"""Ticks come once a second: a cue that is no later than this is on time."""
WHOLE_RUN_BELOW_S = 600.0
"""A run shorter than ten minutes is judged whole, a longer one without its first five."""


class Phase(Enum):
    """Where in its life a session is."""

    WAITING = auto()
    OPEN = auto()
    RESTING = auto()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the runner agreed to."""

    target: TargetZone | None = None
    wants_pick_up: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What was said, and when."""

    last_at: Instant | None = None
    last_loss_at: Instant | None = None
    last_wet_at: Instant | None = None
    in_a_row: int = 0
    """Words about effort since the runner came to where they are against the zone."""
    said: frozenset[Message] = frozenset()


@dataclass(frozen=True, slots=True)
class Tally:
    """Seconds calm (below or inside) and above since the run began, those of the first five minutes apart."""

    early_calm_s: float = 0.0
    early_above_s: float = 0.0
    calm_s: float = 0.0
    above_s: float = 0.0

    def judged_s(self, elapsed_s: float) -> float:
        """Return how many seconds count."""
        later = self.calm_s + self.above_s
        return later if elapsed_s >= WHOLE_RUN_BELOW_S else later + self.early_calm_s + self.early_above_s

    def calm_share(self, elapsed_s: float) -> float | None:
        """Return the calm share of the seconds that count, or None when there are none."""
        calm = self.calm_s if elapsed_s >= WHOLE_RUN_BELOW_S else self.calm_s + self.early_calm_s
        judged = self.judged_s(elapsed_s)
        return calm / judged if judged else None


Doubts: TypeAlias = tuple[tuple[Instant, bool], ...]


@dataclass(frozen=True, slots=True)
class Session:
    """All there is to know about one runner at this moment."""

    terms: Terms = field(default_factory=Terms)
    phase: Phase = Phase.WAITING
    opened_at: Instant | None = None
    connected_at: Instant | None = None
    """When the strap came on the line; None without one, and after a session: a strap just taken off need not
    feel skin."""
    released: bool = False
    """We let go of the strap because the runner wished it."""
    heard_at: Instant | None = None
    believed_at: Instant | None = None
    sieve: Sieve = field(default_factory=Sieve)
    trace: Trace = field(default_factory=Trace)
    doubts: Doubts = ()
    """For each sample of the last half minute, whether it was doubted."""
    started_at: Instant | None = None
    """When the runner said start; None for a strap that is merely worn."""
    course: Course | None = None
    """As it is run: a leg that the heart ended is as long as it was."""
    leg: int = -1
    """The leg that was announced last."""
    held_at: Instant | None = None
    """Since when the runner stands still; None while they go on."""
    went_on_at: Instant | None = None
    """When they last went on after standing still."""
    words: Words = field(default_factory=Words)
    tally: Tally = field(default_factory=Tally)

    @property
    def began_at(self) -> Instant | None:
        """When the run began: with `start`, else with the session. Minutes on the sofa are not its first ones."""
        return self.started_at if self.started_at is not None else self.opened_at


# -- events and effects ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed and nothing else happened."""

    at: Instant


@dataclass(frozen=True, slots=True)
class Started:
    """The runner said start; without a course it is a free run."""

    at: Instant
    course: Course | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """The runner said stop."""

    at: Instant


@dataclass(frozen=True, slots=True)
class Skipped:
    """The runner is done with the leg that is on."""

    at: Instant


@dataclass(frozen=True, slots=True)
class Held:
    """The runner stands still for a while."""

    at: Instant


@dataclass(frozen=True, slots=True)
class Continued:
    """The runner goes on."""

    at: Instant


Steer: TypeAlias = Skipped | Held | Continued
Event: TypeAlias = StrapEvent | Ticked | Started | Stopped | Steer


@dataclass(frozen=True, slots=True)
class Open:
    """A session begins."""

    at: Instant


@dataclass(frozen=True, slots=True)
class Keep:
    """This sample belongs to the session; `doubt` is why it is not believed, if it is not."""

    sample: HeartRateSample
    doubt: Doubt | None


@dataclass(frozen=True, slots=True)
class Announce:
    """What the course says next; `kind` None when the course is done."""

    at: Instant
    kind: StepKind | None
    for_s: float
    """At most, if the heart leads."""
    least_s: float | None = None
    """What is to pass before the heart may end it; None where the heart does not lead, or may end it at once."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Say this word."""

    at: Instant
    nudge: Nudge


@dataclass(frozen=True, slots=True)
class Close:
    """The session is over. It ended with its last believed value, not when that was noticed."""

    at: Instant
    ended_at: Instant | None
    """None when there never was a believed value: then there was no run."""
    asked: bool
    """The runner had said start or stop; else the strap was merely worn."""
    course: Course | None = None
    """The course as it was run; None for a free run."""


Effect: TypeAlias = Open | Keep | Announce | Speak | Close
Step: TypeAlias = tuple[Session, tuple[Effect, ...]]


# -- what happens --------------------------------------------------------------------------------


def advance(session: Session, event: Event) -> Step:
    """Take one event in; events must come in order of their instants."""
    if isinstance(event, RadioChanged):
        return session, ()
    at = event.at
    session, closed = _close_if_over(session, at)
    match event:
        case HeartRateSample():
            session, happened = _hear(session, event)
        case StrapConnected():
            session, happened = replace(session, connected_at=at, released=False, doubts=()), ()
        case StrapLost():
            released = event.reason is LossReason.RELEASED
            session, happened = replace(session, connected_at=None, released=released), ()
        case Started():
            session, happened = _start(session, event)
        case Stopped():
            session, happened = _stop(session, at)
        case Ticked():
            happened = ()
        case _:
            session, happened = _steer(session, event), ()
    session, announced = _announce(session, at)
    session, spoken = _speak(session, at)
    return session, (*closed, *happened, *announced, *spoken)


def course_s(session: Session, at: Instant) -> float | None:
    """Return what the course's clock shows, which stands still while the runner does; None without a course."""
    if session.course is None or session.started_at is None:
        return None
    return (at if session.held_at is None else session.held_at) - session.started_at


def index_on(session: Session, at: Instant) -> int | None:
    """Return which leg is on; None before a course, without one, and after its last leg."""
    clock_s = course_s(session, at)
    if session.phase is not Phase.OPEN or session.course is None or clock_s is None:
        return None
    index = session.course.index_at(clock_s)
    return index if index < len(session.course.legs) else None


def leg_on(session: Session) -> Leg | None:
    """Return the leg that was announced last; None before the first and after the last."""
    legs = session.course.legs if session.course else ()
    return legs[session.leg] if 0 <= session.leg < len(legs) else None


def current_bpm(session: Session, at: Instant) -> Bpm | None:
    """Return the heart rate of this moment; None when the last one that was believed is older than `CURRENT_S`."""
    if session.believed_at is None or at - session.believed_at > CURRENT_S or not session.trace.recent:
        return None
    return session.trace.recent[-1][1]


def is_over(session: Session, at: Instant) -> bool:
    """Tell whether the silence has lasted so long that the session is over."""
    signs = (session.opened_at, session.started_at, session.believed_at)
    last = max((sign for sign in signs if sign is not None), default=None)
    return last is not None and at - last >= OVER_AFTER_S


def _close_if_over(session: Session, at: Instant) -> Step:
    if session.phase is Phase.WAITING or not is_over(session, at):
        return session, ()
    if session.phase is Phase.RESTING:
        return _waiting(session), ()
    return _waiting(session), (_closing(session, at, asked=session.started_at is not None),)


def _waiting(session: Session) -> Session:
    # the sieve stays: a strap taken off that goes on sending its last number must not open a run with it
    return Session(
        session.terms, released=session.released, heard_at=session.heard_at, sieve=session.sieve, words=session.words
    )


def _closing(session: Session, at: Instant, *, asked: bool) -> Close:
    if session.held_at is not None and session.believed_at is not None:
        # whoever falls silent while standing still has not run what was left, whenever the silence is noticed
        session = _go_on(session, max(session.held_at, session.believed_at))
    return Close(at, session.believed_at, asked, session.course)


def _hear(session: Session, sample: HeartRateSample) -> Step:
    sieve, sifted = sift(session.sieve, sample)
    doubts = _note_doubt(session, sample, sifted.doubt)
    opened: tuple[Effect, ...] = ()
    if sifted.doubt is not None:
        session = replace(session, sieve=sieve, heard_at=sample.at, doubts=doubts)
    else:
        if session.phase is Phase.WAITING:
            session, opened = _open(session, sample.at), (Open(sample.at),)
        session = _let_lead(_believe(session, sample, sieve, doubts), sample.at)
    if session.phase is not Phase.OPEN:
        return session, ()
    return session, (*opened, Keep(sample, sifted.doubt))


def _note_doubt(session: Session, sample: HeartRateSample, doubt: Doubt | None) -> Doubts:
    fresh = dropwhile(lambda noted: sample.at - noted[0] >= DOUBT_WINDOW_S, session.doubts)
    return (*fresh, (sample.at, doubt is not None and doubt is not Doubt.ECHO))


def _open(session: Session, at: Instant) -> Session:
    words = Words(last_at=session.words.last_at, last_wet_at=session.words.last_wet_at)
    return replace(session, phase=Phase.OPEN, opened_at=at, words=words)


def _believe(session: Session, sample: HeartRateSample, sieve: Sieve, doubts: Doubts) -> Session:
    trace = follow(session.trace, sample.at, sample.bpm, session.terms.target)
    words = session.words
    if words.in_a_row and trace.position is not session.trace.position:
        words = replace(words, in_a_row=0)
    return replace(
        session,
        sieve=sieve,
        doubts=doubts,
        heard_at=sample.at,
        believed_at=sample.at,
        trace=trace,
        words=words,
        tally=_count(session, sample.at),
    )


def _let_lead(session: Session, at: Instant) -> Session:
    """End the leg that is on if the heart leads it and has come down."""
    course, index, clock_s = session.course, index_on(session, at), course_s(session, at)
    if course is None or index is None or clock_s is None or session.held_at is not None:
        return session
    if not _has_come_down(session, course.legs[index], clock_s):
        return session
    return replace(session, course=course.cut(index, clock_s))


def _has_come_down(session: Session, leg: Leg, clock_s: float) -> bool:
    """Tell whether the value of this moment ends a leg; one that the heart does not lead has its own end."""
    bpm, recent = session.trace.smooth_bpm, session.trace.recent
    goal = leg.lead.goal(session.terms.target) if leg.lead else None
    if goal is None or bpm is None or clock_s - leg.starts_s < leg.least_s:
        return False
    # rounded, as a word says it: a mean only creeps up to where the heart stays
    return round(bpm) <= goal and recent[-1][0] - recent[0][0] >= COME_DOWN_FROM_S


def _count(session: Session, at: Instant) -> Tally:
    """Add the time that the value before held, until `at`."""
    tally, target, began = session.tally, session.terms.target, session.began_at
    if target is None or not session.trace.recent or began is None:
        return tally
    since, bpm = session.trace.recent[-1]
    held = max(0.0, min(since + HOLD_S, at) - max(since, began))
    early = since - began < TOO_SOON_S
    match early, target.locate(bpm) is Position.ABOVE:
        case True, True:
            return replace(tally, early_above_s=tally.early_above_s + held)
        case True, False:
            return replace(tally, early_calm_s=tally.early_calm_s + held)
        case False, True:
            return replace(tally, above_s=tally.above_s + held)
        case _:
            return replace(tally, calm_s=tally.calm_s + held)


def _start(session: Session, started: Started) -> Step:
    opened: tuple[Effect, ...] = ()
    if session.phase is not Phase.OPEN:
        # what came before (a strap put on, a run just stopped) is not this run
        session, opened = _open(_waiting(session), started.at), (Open(started.at),)
    session = replace(session, held_at=None, went_on_at=None)
    return replace(session, started_at=started.at, course=started.course, leg=-1, tally=Tally()), opened


def _stop(session: Session, at: Instant) -> Step:
    if session.phase is not Phase.OPEN:
        return session, ()
    session, spoken = _speak(_go_on(session, at), at, stopping=True)
    closing = _closing(session, at, asked=True)
    last = session.believed_at if session.believed_at is not None else at
    resting = replace(_waiting(session), phase=Phase.RESTING, believed_at=last)
    return resting, (*spoken, closing)


def _steer(session: Session, event: Steer) -> Session:
    if session.phase is not Phase.OPEN:
        return session
    match event:
        case Skipped():
            return _skip(session, event.at)
        case Held():
            return _hold(session, event.at)
        case Continued():
            return _go_on(session, event.at)
        case _:
            assert_never(event)


def _skip(session: Session, at: Instant) -> Session:
    course, index, clock_s = session.course, index_on(session, at), course_s(session, at)
    if course is None or index is None or clock_s is None:
        return session
    # whoever wants the next leg does not want to stand still any more
    return _go_on(replace(session, course=course.cut(index, clock_s)), at)


def _hold(session: Session, at: Instant) -> Session:
    if session.held_at is not None:
        return session
    on = index_on(session, at)
    # a leg that began this very second is announced when the runner goes on
    return replace(session, held_at=at, leg=session.leg if on is None else on)


def _go_on(session: Session, at: Instant) -> Session:
    if session.held_at is None:
        return session
    going = replace(session, held_at=None, went_on_at=at)
    index, held_s, clock_s = index_on(session, at), course_s(session, at), course_s(going, at)
    if session.course is None or index is None or held_s is None or clock_s is None:
        return going
    return replace(going, course=session.course.paused(index, held_s, clock_s))


def _announce(session: Session, at: Instant) -> Step:
    """Say what the course has on, once a leg; legs that passed unheard are not announced any more."""
    course, clock_s = session.course, course_s(session, at)
    if session.phase is not Phase.OPEN or course is None or clock_s is None or session.held_at is not None:
        return session, ()
    current = course.index_at(clock_s)
    if current == session.leg:
        return session, ()
    session = replace(session, leg=current)
    if current == len(course.legs):
        return session, (Announce(at, None, 0.0),)
    return session, (_cue(at, course.legs[current], clock_s),)


def _cue(at: Instant, leg: Leg, clock_s: float) -> Announce:
    """Announce a leg; one that is announced late with what is left of it."""
    late_s = clock_s - leg.starts_s
    if late_s <= PROMPT_S:
        late_s = 0.0
    least_s = leg.least_s - late_s if leg.lead else 0.0
    return Announce(at, leg.kind, ceil(leg.for_s - late_s), ceil(least_s) if least_s > 0 else None)


def _speak(session: Session, at: Instant, *, stopping: bool = False) -> Step:
    if not _may_speak(session, at):
        return session, ()
    nudge = choose(look(session, at, stopping=stopping))
    if nudge is None:
        return session, ()
    words = session.words
    said = Words(
        last_at=at,
        last_loss_at=at if nudge.message is Message.STRAP_LOST else words.last_loss_at,
        last_wet_at=at if nudge.message is Message.WET_STRAP else words.last_wet_at,
        in_a_row=words.in_a_row + (nudge.message in ABOUT_EFFORT),
        said=words.said | {nudge.message},
    )
    return replace(session, words=said), (Speak(at, nudge),)


def _may_speak(session: Session, at: Instant) -> bool:
    """Spare the rules where none could speak: nobody runs, one stands still, or a word was said just now."""
    last = session.words.last_at
    if session.held_at is not None or (last is not None and at - last < PAUSE_S):
        return False
    # a strap just put on that feels no skin deserves its word; one just taken off does not
    return session.phase is Phase.OPEN or (session.phase is Phase.WAITING and session.connected_at is not None)


def look(session: Session, at: Instant, *, stopping: bool = False) -> View:
    """Show the session as a rule sees it."""
    began = session.began_at if session.began_at is not None else session.connected_at
    elapsed = _since(began, at)
    course, clock_s = session.course, course_s(session, at)
    on = index_on(session, at)
    leg = course.legs[-1 if on is None else on] if course and course.legs else None
    step_s = clock_s - leg.starts_s if leg and clock_s is not None else inf
    going_s = _since(session.went_on_at, at)
    words = session.words
    doubts = [doubted for noted, doubted in session.doubts if at - noted < DOUBT_WINDOW_S]
    return View(
        elapsed_s=elapsed,
        silent_s=min(elapsed, going_s, _since(session.heard_at, at), _since(session.connected_at, at)),
        unbelieved_s=_since(session.believed_at, at),
        started=session.started_at is not None,
        finishing=stopping or (course is not None and clock_s is not None and _running_is_over(course, clock_s)),
        bpm=session.trace.smooth_bpm,
        target=session.terms.target,
        position=session.trace.position,
        strayed_s=min(at - session.trace.since, step_s, going_s),
        settled=elapsed >= 2 * TOO_SOON_S or session.trace.is_settled(at),
        step=leg.kind if leg else None,
        step_s=step_s,
        since_word_s=_since(words.last_at, at),
        pause_s=min(LONGEST_PAUSE_S, PAUSE_S * 2 ** max(0, words.in_a_row - 1)),
        since_loss_word_s=_since(words.last_loss_at, at),
        since_wet_word_s=_since(words.last_wet_at, at),
        said=words.said,
        doubts=sum(doubts),
        heard=len(doubts),
        calm_share=session.tally.calm_share(elapsed),
        judged_s=session.tally.judged_s(elapsed),
        wants_pick_up=session.terms.wants_pick_up,
        released=session.released,
    )


def _running_is_over(course: Course, clock_s: float) -> bool:
    runs = [leg.ends_s for leg in course.legs if leg.kind is StepKind.RUN]
    return clock_s >= (runs[-1] if runs else course.for_s)


def _since(earlier: Instant | None, at: Instant) -> float:
    return inf if earlier is None else at - earlier
