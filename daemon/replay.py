"""A recording through the live coach, in virtual time: what the runner would have been told."""

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.domain.heart_rate import Instant
from daemon.domain.plan import Course
from daemon.domain.plausibility import Sieve
from daemon.domain.playback import with_ticks
from daemon.domain.recorded import run_of
from daemon.domain.recording import Recording
from daemon.domain.run import Run, Source
from daemon.domain.session import (
    Announce,
    Close,
    Effect,
    Event,
    Session,
    Speak,
    Started,
    Stopped,
    Terms,
    advance,
)

BEGIN = Instant(0.0)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was said, in order, and the judged run."""

    said: tuple[Speak | Announce, ...]
    """Instants count from the start of the run."""
    run: Run


def replay(recording: Recording, identity: str, terms: Terms, course: Course | None = None) -> Replayed:
    """Feed a recording to `advance` as if it happened now; with a course, the runner said start at once."""
    effects = list(_listen(recording, terms, course))
    as_run = next((effect.course for effect in effects if isinstance(effect, Close)), course)
    run = run_of(recording, identity, Source.FILE, terms.target, course=as_run)
    return Replayed(tuple(effect for effect in effects if isinstance(effect, Speak | Announce)), run)


def _listen(recording: Recording, terms: Terms, course: Course | None) -> Iterator[Effect]:
    session = Session(terms, sieve=Sieve(recorded=True))
    for event in with_ticks(_events(recording, course)):
        session, effects = advance(session, event)
        yield from effects


def _events(recording: Recording, course: Course | None) -> Iterator[Event]:
    if course is not None:
        yield Started(BEGIN, course)
    yield from recording.samples
    yield Stopped(Instant(max(recording.duration_s, recording.samples[-1].at if recording.samples else 0.0)))
