"""The live loop of one runner: the next event, advance, perform the effects."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol, assert_never

import structlog

from daemon.afterwards import Afterwards, facts_of
from daemon.clock import Clock, is_set
from daemon.domain.effort import LAST_HOLD_S, Evidence, judge
from daemon.domain.heart_rate import HeartRateSample, Instant
from daemon.domain.plan import Course, StepKind
from daemon.domain.playback import TICK_S, with_ticks
from daemon.domain.run import Run, Source
from daemon.domain.session import (
    OVER_AFTER_S,
    Announce,
    Close,
    Continued,
    Effect,
    Event,
    Held,
    Keep,
    Open,
    Phase,
    Session,
    Skipped,
    Speak,
    Started,
    Steer,
    Stopped,
    Ticked,
    advance,
    index_on,
    is_over,
)
from daemon.domain.strap import StrapConnected, StrapLost
from daemon.domain.variability import estimate_unit
from daemon.domain.wording import Text, battery_text, cue_text, hello_text, nudge_text
from daemon.household import Channel
from daemon.letters import CUE_WORTH, WORTH_TELLING_S, Scribe
from daemon.store import (
    CoachingStarted,
    Fact,
    Kind,
    Letter,
    LetterWritten,
    OpenSession,
    RunKept,
    SampleKept,
    SessionDiscarded,
    SessionOpened,
    SessionSteered,
    Steering,
    key_after,
)

BATTERY_LOW_PCT = 10
CLOCK_WAS_SET = timedelta(minutes=1)
"""A wall clock that has moved by more, against the one that never jumps, was set meanwhile."""
_STEERS: dict[Steering, type[Steer]] = {
    Steering.SKIPPED: Skipped,
    Steering.HELD: Held,
    Steering.CONTINUED: Continued,
}

log = structlog.get_logger()


class Keeper(Protocol):
    """Where facts go (the recorder)."""

    def note(
        self, *facts: Fact, urgent: bool = False, then: Callable[[], Awaitable[Sequence[Fact]]] | None = None
    ) -> None:
        """Keep these, together, and what `then` makes of them when their turn has come."""


@dataclass(slots=True)
class _Current:
    """What the shell knows of the open session."""

    id: str
    started_at: datetime
    """Wall time, as it was read then."""
    origin: Instant
    """The instant of the session's start."""
    samples: list[HeartRateSample]
    """As kept; instants count from the start."""
    coaching: CoachingStarted | None = None
    curve: list[tuple[float, int]] = field(default_factory=list)
    words: int = 0
    greeted: bool = False
    """The strap was believed once; a session may begin with a start, before it is heard."""


Observer = Callable[[str, Event, tuple[Effect, ...]], None]


class Coach:
    """Follows one runner through one session after the other."""

    def __init__(
        self,
        afterwards: Afterwards,
        keeper: Keeper,
        clock: Clock,
        chance: random.Random,
        observe: Observer | None = None,
    ) -> None:
        self.runner = runner = afterwards.runner
        self._afterwards = afterwards
        self.last_run: Run | None = None
        self._keeper = keeper
        self._clock = clock
        self.session = Session(runner.terms(self._today()))
        self._chance = chance
        self._observe = observe
        self._scribe = Scribe(runner, clock)
        self._current: _Current | None = None

    def renew(self, afterwards: Afterwards, observe: Observer | None) -> None:
        """Go by new settings from here on; an open session keeps the zone of its start."""
        self.runner = afterwards.runner
        self._afterwards = afterwards
        self._observe = observe
        self._scribe = Scribe(self.runner, self._clock)

    def _today(self) -> date:
        return self._clock.now().astimezone(self.runner.timezone).date()

    @property
    def is_open(self) -> bool:
        """Tell whether a session is going on."""
        return self._current is not None

    @property
    def session_id(self) -> str | None:
        """Return which session is going on."""
        return self._current.id if self._current else None

    @property
    def curve(self) -> Sequence[tuple[float, int]]:
        """Return every believed heart rate of the session that is going on, with the seconds since it opened."""
        return self._current.curve if self._current else ()

    @property
    def coached_from_s(self) -> float | None:
        """Return how far into the session the runner said start, which is where its course begins."""
        return self._current.coaching.at_s if self._current and self._current.coaching else None

    def start(self, course: Course | None) -> None:
        """Begin coaching, along a course or free."""
        self.handle(Started(self._clock.monotonic(), course))

    def stop(self) -> Run | None:
        """End the session that is going on; return the run it was, or None if there is none."""
        before = self.last_run
        self.handle(Stopped(self._clock.monotonic()))
        return self.last_run if self.last_run is not before else None

    def skip(self, leg: int | None = None) -> None:
        """End the leg that was announced last, or `leg`, if it is still on: a finger may tap twice."""
        now, meant = self._clock.monotonic(), self.session.leg if leg is None else leg
        self.handle(Skipped(now) if index_on(self.session, now) == meant else Ticked(now))

    def hold(self) -> None:
        """Let the course wait: the runner stands still."""
        self.handle(Held(self._clock.monotonic()))

    def go_on(self) -> None:
        """Go on with what was left."""
        self.handle(Continued(self._clock.monotonic()))

    def tick(self) -> None:
        """Let time pass, unless a sample has just done so."""
        now, heard_at = self._clock.monotonic(), self.session.heard_at
        if heard_at is None or now - heard_at >= TICK_S:
            self.handle(Ticked(now))

    def handle(self, event: Event) -> None:
        """Take one event in and perform what follows from it."""
        if self.session.phase is not Phase.OPEN:
            # the zone of the day, for whatever begins now
            self.session = replace(self.session, terms=self.runner.terms(self._today()))
        self.session, effects = advance(self.session, event)
        for effect in effects:
            self._perform(effect)
        self._note_event(event)
        if self._observe:
            self._observe(self.runner.name, event, effects)

    def resume(self, kept: OpenSession) -> None:
        """Find back into a session that was open when the service last stopped.

        What was kept goes through `advance` once more, the effects unheeded: they were performed then.
        """
        now, past = self._clock.monotonic(), _past_events(kept)
        was_set = is_set(kept.started_at) or not is_set(self._clock.now())
        age = (self._clock.now() - kept.started_at).total_seconds() if was_set else 0.0
        # a wall clock set back must not put the past into the future
        origin = Instant(now - max(age, past[-1].at if past else 0.0))
        self._current = current = _Current(kept.id, kept.started_at, origin, list(kept.samples), kept.coaching)
        self.session = Session(replace(self.session.terms, target=kept.target))
        for event in with_ticks((replace(one, at=Instant(origin + one.at)) for one in past), until=now):
            if is_over(self.session, Instant(event.at)) and self.session.phase is Phase.OPEN:
                break  # the silence outlasted the session: let `tick` close it, effects and all
            self.session, effects = advance(self.session, event)
            current.curve += _believed(effects, origin)
        log.info("session_resumed", session=kept.id, samples=len(kept.samples))
        self.tick()
        if self.session.phase is not Phase.OPEN and self._current is not None:
            self._finish(Close(now, ended_at=None, asked=False))  # nothing in it was believed

    def rest_after(self, run: Run) -> None:
        """Take up the rest after a run that was stopped just now: a strap still worn is no new run."""
        ended_at = run.started_at + timedelta(seconds=run.duration_s)
        ago = (self._clock.now() - ended_at).total_seconds()
        if 0 <= ago < OVER_AFTER_S and self.session.phase is Phase.WAITING:
            believed_at = Instant(self._clock.monotonic() - ago)
            self.session = replace(self.session, phase=Phase.RESTING, believed_at=believed_at)

    # -- effects -----------------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Open():
                self._open(effect)
            case Keep():
                self._keep(effect)
            case Announce():
                self._announce(effect)
            case Speak():
                self._speak(effect)
            case Close():
                self._finish(effect)
            case _:
                assert_never(effect)

    def _open(self, effect: Open) -> None:
        started_at = self._clock.now() - timedelta(seconds=self._clock.monotonic() - effect.at)
        local = started_at.astimezone(self.runner.timezone)
        identity = f"{local:%Y%m%d-%H%M%S}-{self._chance.getrandbits(32):08x}"
        self._current = _Current(identity, started_at, effect.at, [])
        target = self.session.terms.target
        self._keeper.note(SessionOpened(identity, self.runner.name, started_at, target), urgent=True)
        log.info("session_opened", session=identity, runner=self.runner.name)

    def _keep(self, effect: Keep) -> None:
        current, sample = self._current, effect.sample
        if current is None:
            return
        kept = HeartRateSample(
            Instant(round(sample.at - current.origin, 3)), sample.bpm, sample.contact, sample.rr_words
        )
        current.samples.append(kept)
        self._keeper.note(SampleKept(current.id, kept))
        if effect.doubt is not None:
            return
        current.curve.append((kept.at, kept.bpm))
        if not current.greeted:
            current.greeted = True
            self._greet(current.id)

    def _greet(self, session: str) -> None:
        if self.runner.wants_hello:
            self._live(f"hello:{session}", lambda _: hello_text(self.runner.language))

    def _note_event(self, event: Event) -> None:
        """Note and log what is no effect of the session but worth keeping."""
        match event:
            case Started() if self._current:
                at_s = event.at - self._current.origin
                self._current.coaching = CoachingStarted(self._current.id, at_s, event.course)
                self._keeper.note(self._current.coaching, urgent=True)
            case Skipped() | Held() | Continued() if self._current:
                at_s = round(event.at - self._current.origin, 3)
                self._keeper.note(SessionSteered(self._current.id, at_s, _steering(event)), urgent=True)
            case StrapConnected():
                log.info("strap_connected", runner=self.runner.name, battery_pct=event.battery_pct)
                self._mind_battery(event.battery_pct)
            case StrapLost():
                log.info("strap_lost", runner=self.runner.name, reason=event.reason.value)
            case _:
                pass

    def _announce(self, effect: Announce) -> None:
        words = cue_text(effect.kind, effect.for_s, self.runner.language, effect.least_s)
        # a leg may be skipped within the second in which it was announced
        self._live(f"cue:{self._moment(effect.at)}:{self.session.leg}", lambda _: words, CUE_WORTH)

    def _speak(self, effect: Speak) -> None:
        turn = self.runner.turn(self._today()) + (self._current.words if self._current else 0)
        if self._current:
            self._current.words += 1
        target, language = self.session.terms.target, self.runner.language
        edges = (target.low, target.high) if target else None
        self._live(
            f"{effect.nudge.message.value}:{self._moment(effect.at)}",
            lambda channel: nudge_text(effect.nudge, language, edges if channel.figures else None, turn),
        )

    def _live(self, key: str, text: Callable[[Channel], Text], worth: timedelta | None = None) -> None:
        self._post(self._scribe.write(Kind.LIVE, key, text, worth=worth))

    def _moment(self, at: Instant) -> str:
        """Name a moment so that the same word is the same letter, also after a restart."""
        if self._current:
            return f"{self._current.id}:{at - self._current.origin:.0f}"
        return f"{self._clock.now():%Y%m%dT%H%M%S}"

    def _post(self, letters: list[Letter]) -> None:
        self._keeper.note(*(LetterWritten(letter) for letter in letters), urgent=True)

    def _mind_battery(self, battery_pct: int | None) -> None:
        if battery_pct is not None and battery_pct <= BATTERY_LOW_PCT:
            week = self._today().strftime("%G-W%V")  # once a week is enough
            self._post(
                self._scribe.write(Kind.SERVICE, f"battery:{week}", lambda _: battery_text(self.runner.language))
            )

    def _finish(self, effect: Close) -> None:
        current, self._current = self._current, None
        if current is None:
            return
        if effect.ended_at is None:
            self._keeper.note(SessionDiscarded(current.id), urgent=True)
            log.info("session_discarded", session=current.id, runner=self.runner.name)
            return
        run, samples = self._judge(current, effect.ended_at, effect.course)
        is_told = effect.asked or run.duration_s >= WORTH_TELLING_S
        self._keeper.note(
            RunKept(current.id, run, samples),
            *(self._afterwards.handovers(run) if is_told else ()),
            urgent=True,
            then=partial(self._answer, run) if is_told else None,
        )
        self.last_run = run
        log.info(
            "session_finished",
            session=current.id,
            runner=self.runner.name,
            duration_s=round(run.duration_s),
            samples=len(current.samples),
            believed=run.judgement.heart_rate.samples,
            coverage_pct=round(run.judgement.heart_rate.coverage_pct),
            words=current.words,
            asked=effect.asked,
        )

    async def _answer(self, run: Run) -> list[Fact]:
        sequel = await self._afterwards.sequel(run)
        return facts_of(sequel, self._afterwards.letters(run, sequel, key_after(run.id)))

    def _judge(
        self, current: _Current, ended_at: Instant, course: Course | None
    ) -> tuple[Run, tuple[HeartRateSample, ...]]:
        """Return the run, and all samples; their instants count from its start, which those before it precede.

        `course` is the one that was really run: where the heart led, its legs may have been shorter than planned.
        """
        coaching = current.coaching
        begin = _beginning(coaching, ended_at - current.origin)
        samples = tuple(replace(sample, at=Instant(sample.at - begin)) for sample in current.samples)
        duration_s = round(ended_at - current.origin - begin + LAST_HOLD_S, 3)
        evidence = Evidence(
            samples=[sample for sample in samples if sample.at >= 0],
            duration_s=duration_s,
            rr_unit=estimate_unit(samples),
            course=course,
            course_at=Instant(coaching.at_s - begin) if coaching else None,
        )
        target = self.session.terms.target
        run = Run(
            id=current.id,
            runner=self.runner.name,
            sources=(Source.STRAP,),
            sport="walk" if course and not course.has(StepKind.RUN) else "run",
            name=None,
            started_at=self._began(current) + timedelta(seconds=begin),
            duration_s=duration_s,
            distance_m=None,
            target=target,
            judgement=judge(evidence, target),
            plan=course.ref if course else None,
        )
        return run, samples

    def _began(self, current: _Current) -> datetime:
        """Return when the session began; a wall clock that was set meanwhile knows better than it did then."""
        began = self._clock.now() - timedelta(seconds=self._clock.monotonic() - current.origin)
        return began if abs(began - current.started_at) > CLOCK_WAS_SET and is_set(began) else current.started_at


def _past_events(kept: OpenSession) -> list[HeartRateSample | Started | Steer]:
    """Return what happened in a session, in order; instants count from its start."""
    started = [Started(Instant(kept.coaching.at_s), kept.coaching.course)] if kept.coaching else []
    steered = [_STEERS[one.what](Instant(one.at_s)) for one in kept.steered]
    # a start that came with the first sample came before it; what was said later came after what was heard
    return sorted([*started, *kept.samples, *steered], key=lambda event: event.at)


def _believed(effects: Sequence[Effect], origin: Instant) -> list[tuple[float, int]]:
    keeps = [effect for effect in effects if isinstance(effect, Keep) and effect.doubt is None]
    return [(round(keep.sample.at - origin, 3), keep.sample.bpm) for keep in keeps]


def _steering(steer: Steer) -> Steering:
    return next(what for what, kind in _STEERS.items() if isinstance(steer, kind))


def _beginning(coaching: CoachingStarted | None, ended_s: float) -> float:
    """Return when the run began: with the start, for a strap put on early on the sofa is no run yet."""
    return coaching.at_s if coaching and coaching.at_s < ended_s else 0.0
