"""What the service asks to be kept: facts that become durable together, and what may be asked of them.

Everything that happens at one moment is one call to `Store.commit`, and one call is one transaction: a
message is never kept without the fact it speaks of, nor the fact without its message.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Protocol, TypeAlias

from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.held_times import HeldTimes
from daemon.domain.plan import Course, PlanRef
from daemon.domain.run import Run
from daemon.domain.takes import DOORSTEP, Take, Told
from daemon.domain.wording import Text
from daemon.domain.zones import TargetZone
from daemon.telling import Exit, ExpectedError


class StoreError(ExpectedError):
    """The database could not do it; the message says why, in one line."""


class FactRefusedError(StoreError):
    """A fact contradicts what is kept; it will tomorrow, too."""


class StoreDamagedError(StoreError):
    """What is in the database's file cannot be right."""


class StoreTooNewError(StoreError):
    """The database was written by a newer duurloop than this one."""

    ends = Exit.CONFIGURATION


def key_after(run: str, *, whole: bool = False) -> str:
    """Return the key of the letter after a run; there is a second one when at last the whole of it is here."""
    return f"after:{run}{':whole' if whole else ''}"


class Outlet(Enum):
    """Where sessions that the house recorded go besides."""

    FOLDER = "folder"
    """FIT files for other programs."""
    STRAVA = "strava"


class Kind(Enum):
    """What a message is about; a channel takes the kinds that its runner chose."""

    LIVE = "live"
    AFTER = "after"
    REMINDER = "reminder"
    WEEK = "week"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way to one channel. Key and channel together name it: it is kept once."""

    key: str
    channel: str
    kind: Kind
    text: Text
    written_at: datetime
    expires_at: datetime
    """After this it is worth nothing any more and is dropped instead of sent."""
    not_before: datetime


# -- facts -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A runner's session began."""

    session: str
    runner: str
    started_at: datetime
    target: TargetZone | None


@dataclass(frozen=True, slots=True)
class SampleKept:
    """A sample of an open session; its instant counts from the session's start."""

    session: str
    sample: HeartRateSample


@dataclass(frozen=True, slots=True)
class CoachingStarted:
    """The runner said start, `at_s` into the session."""

    session: str
    at_s: float
    course: Course | None


class Steering(Enum):
    """What a runner may say in the middle of a session."""

    SKIPPED = "skipped"
    HELD = "held"
    CONTINUED = "continued"


@dataclass(frozen=True, slots=True)
class SessionSteered:
    """The runner skipped a leg, stood still or went on, `at_s` into the session."""

    session: str
    at_s: float
    what: Steering


@dataclass(frozen=True, slots=True)
class SessionDiscarded:
    """A session ended without one believed value: there was no run."""

    session: str


@dataclass(frozen=True, slots=True)
class RunKept:
    """A session ended as this run; its samples are packed and leave the open ones."""

    session: str
    run: Run
    samples: tuple[HeartRateSample, ...]


@dataclass(frozen=True, slots=True)
class HandoverDue:
    """A run that the strap told is to go to an outlet."""

    runner: str
    run: str
    """The strap's own take."""
    outlet: Outlet
    at: datetime


@dataclass(frozen=True, slots=True)
class LetterWritten:
    """A message waits to be sent."""

    letter: Letter


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file was brought in, or gave nothing that was wanted."""

    runner: str
    digest: str
    """Of its content."""
    skipped: tuple[str, ...]
    """Sports in it that were not wanted."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ActivityRead:
    """All that is wanted of a listed activity is here; refused if it was forgotten meanwhile."""

    runner: str
    activity: int


@dataclass(frozen=True, slots=True)
class StepChosen:
    """A runner chose a step of a plan."""

    runner: str
    step: PlanRef
    at: datetime
    instead_of: str | None = None
    """The settings' plan at that time, where another one was chosen over it; when it changes the choice is void."""


@dataclass(frozen=True, slots=True)
class StepRun:
    """A run along a plan: a line of the runner's diary, without any figure, which stays when the run has to go."""

    runner: str
    run: str
    at: datetime
    step: PlanRef
    then: int
    """The step that was proposed after it."""


@dataclass(frozen=True, slots=True)
class FeelingSaid:
    """A runner said how a run felt; what was said before and is not said again stays."""

    runner: str
    run: str | None
    """None before a run: it belongs to the next that is kept and begins in time (`BEFORE_A_RUN`)."""
    feeling: Feeling
    at: datetime


@dataclass(frozen=True, slots=True)
class OccasionPassed:
    """Something that has its day was done or let go: a reminder, a Sunday."""

    runner: str
    kind: str
    occurrence: str
    """Which one: a date, a week; later ones sort after earlier ones."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Paused:
    """A runner rests, for illness or a holiday."""

    runner: str
    since: datetime
    until: date
    """The last day of it."""
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Resumed:
    """A runner is back from a pause before its end."""

    runner: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ZoneSet:
    """A runner set their zone other than in the settings."""

    runner: str
    zone: TargetZone
    """With the day from which it holds."""
    instead_of: str
    """The settings' zone of that day, as `118-136`; when it changes there, this is void."""
    at: datetime


Fact: TypeAlias = (
    SessionOpened
    | SampleKept
    | CoachingStarted
    | SessionSteered
    | SessionDiscarded
    | RunKept
    | HandoverDue
    | LetterWritten
    | FileSeen
    | ActivityRead
    | StepChosen
    | StepRun
    | FeelingSaid
    | OccasionPassed
    | Paused
    | Resumed
    | ZoneSet
)


# -- runs from elsewhere -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Brought:
    """A run as a recording tells it, judged; `run` has the id that it gets if it is a run of its own."""

    run: Run
    """With one source."""
    samples: tuple[HeartRateSample, ...]
    origin: str
    """Names what it was made from: the same origin is never kept twice."""
    start_hidden: bool = False


class Place(Enum):
    """What became of something that was brought."""

    NEW = "new"
    """A run that was not known."""
    WHOLE = "whole"
    """A known run, of which less than half was heard before: a strap left behind at the door."""
    BETTER = "better"
    """A known run, which from now on is told by this."""
    BESIDE = "beside"
    """A known run, which has better already."""
    KNOWN = "known"
    """This very thing is here already."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where something that was brought has found its place."""

    place: Place
    run: str
    """The id of the run that it tells of."""


def place_of(told: Told, take: Take, before: Sequence[Take]) -> Place:
    """Return the place that a take has found among those of its run; `before` are those that were there."""
    if len(told.takes) == 1:
        return Place.NEW
    if told.best is not take:
        return Place.BESIDE
    heard_s = max((other.heard_s for other in before if other in told.takes), default=0.0)
    return Place.WHOLE if take.heard_s > DOORSTEP * heard_s else Place.BETTER


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause, as it is kept."""

    since: datetime
    until: date
    why: str | None
    ended_at: datetime | None
    """When the runner was back before its end."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that was open when the service last stopped."""

    id: str
    runner: str
    started_at: datetime
    target: TargetZone | None
    coaching: CoachingStarted | None
    samples: tuple[HeartRateSample, ...]
    steered: tuple[SessionSteered, ...] = ()
    """In their order."""


class Store(Protocol):
    """Sessions and runs. Every method may raise `StoreError`."""

    async def commit(self, facts: Sequence[Fact]) -> None:
        """Make all of `facts` durable together, or none. A letter that is there already stays as it is."""

    async def open_sessions(self) -> list[OpenSession]:
        """Return the sessions that have neither been kept as a run nor discarded."""

    async def runs(
        self,
        runner: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        until: datetime | None = None,
    ) -> list[Run]:
        """Return runs that began from `since` on and before `until`, newest first, at most `limit` of them."""

    async def run(self, run_id: str) -> Run | None:
        """Return one run."""

    async def samples(self, run_id: str) -> list[HeartRateSample]:
        """Return the samples of a run; instants count from its start, to the second."""

    async def bring(self, brought: Brought, write: Callable[[Placed], Sequence[Fact]]) -> Placed:
        """Find the place of what was brought among the runner's takes, and keep it there.

        What `write` says of its place becomes durable with it. What came by Strava's API makes room for an own
        recording of the same run; brought once more it replaces what was read before.
        """

    async def held_times(self, runner: str, since: datetime, until: datetime) -> HeldTimes:
        """Return how long each heart rate was held in the runs that began between these.

        Of each run by its best take; runs in which no heart was heard are not counted.
        """

    async def own_takes(self, runner: str, since: datetime, until: datetime) -> list[Take]:
        """Return the takes from the strap and from files that began between these."""

    async def chosen_step(self, runner: str) -> StepChosen | None:
        """Return the step that the runner chose last."""

    async def step_runs(self, runner: str, since: datetime) -> list[StepRun]:
        """Return the runs along plans from `since` on, oldest first, also those of which nothing else is kept."""

    async def feelings(self, runner: str, since: datetime) -> list[Feeling]:
        """Return what was said of runs from `since` on, oldest first, also where the run is not kept any more."""

    async def occasions(self, runner: str) -> dict[str, OccasionPassed]:
        """Return the last occasion of each kind."""

    async def pauses(self, runner: str) -> list[Pause]:
        """Return all pauses, oldest first."""

    async def zones_set(self, runner: str) -> list[ZoneSet]:
        """Return the zones that were set other than in the settings, oldest first."""

    async def secret(self, name: str) -> bytes:
        """Return 32 bytes that nobody else knows, made when they are first asked for."""

    async def renew_secret(self, name: str) -> None:
        """Put another secret in its place: what was sealed with the one before does not hold any more."""

    async def seen_files(self, runner: str) -> dict[str, tuple[str, ...]]:
        """Return the sports that were not wanted of every file that was seen, by the digest of its content."""


# -- the outbox's side -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claimed:
    """A letter that is being sent, and which attempt it is."""

    id: int
    letter: Letter
    attempt: int


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """How it went with a channel lately."""

    channel: str
    failures: int
    reason: str | None
    settings_fault: bool
    """Only the runner can mend it."""
    next_at: datetime | None
    """Nothing is tried before this."""


class Post(Protocol):
    """The letters of the outbox. Every method may raise `StoreError`."""

    async def recover(self, now: datetime) -> None:
        """Make due again what was being sent when the service died, and give faulty settings another try.

        What has expired is dropped, for every channel.
        """

    async def claim(self, channel: str, now: datetime) -> Claimed | None:
        """Drop what has expired, and mark the oldest of the least tried letters that may go as being sent.

        The least tried first, so that a letter that its far end will never take does not hold up the others.
        """

    async def next_due(self, channel: str) -> datetime | None:
        """Return when the next letter of the channel may go."""

    async def settle_sent(self, claimed: Claimed) -> None:
        """Note that the far end has the letter, and that the channel is well."""

    async def settle_failed(self, claimed: Claimed, health: ChannelHealth, *notices: Letter) -> None:
        """Put the letter back, note how the channel is, and keep what is to be told of it elsewhere."""

    async def shift(self, since: datetime, by: timedelta) -> None:
        """Move letters that wait and were written from `since` on: the wall clock was wrong by so much then.

        Channels that are left in peace for a while get another try, for nobody knows by which clock that was.
        """

    async def health(self) -> list[ChannelHealth]:
        """Return how it goes with the channels that have had trouble since they last were well."""

    async def waiting(self) -> int:
        """Return how many letters have yet to go."""
