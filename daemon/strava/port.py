"""What the service asks of Strava, and the ways in which the answer can be no.

Nothing beyond this file knows that there is a library in between, or HTTP.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Generic, Protocol, TypeVar

from daemon.domain.activity import Activity, Page
from daemon.domain.quota import Reading
from daemon.domain.recording import Recording
from daemon.telling import Exit, ExpectedError, Words

T_co = TypeVar("T_co", covariant=True)


class Scope(Enum):
    """What an athlete allows; the names are Strava's."""

    READ = "read"
    ACTIVITY_READ = "activity:read"
    ACTIVITY_READ_ALL = "activity:read_all"
    PROFILE_READ_ALL = "profile:read_all"
    ACTIVITY_WRITE = "activity:write"


WANTED_SCOPES = (Scope.READ, Scope.ACTIVITY_READ_ALL, Scope.PROFILE_READ_ALL)
"""Of everybody; `wanted_scopes` knows who needs more."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The keys to an athlete's data; never shown, not even by accident."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Answer(Generic[T_co]):
    """What came back, and what it says of the quota; None where it says nothing."""

    value: T_co
    reading: Reading | None = None


class Fate(Enum):
    """What becomes of a file that was uploaded."""

    WORKED_ON = auto()
    THERE = auto()
    """It is an activity now, or there was one of it already."""
    REFUSED = auto()
    """It will never be one."""
    DELETED = auto()
    """It was one, and was deleted."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was uploaded, as Strava tells of it."""

    fate: Fate
    id: int | None = None
    """By which Strava is asked what became of it."""
    activity: int | None = None


class StravaError(ExpectedError):
    """Strava did not do it; the message is one line, a sentence of the catalogues, without secrets."""

    def __init__(self, reason: str, reading: Reading | None = None) -> None:
        super().__init__(reason)
        self.reading = reading

    def told(self, words: Words) -> str:
        """Return it in one line, in the language of `words`."""
        return words(str(self))


class UnreachableError(StravaError):
    """No answer, a server's fault, or nonsense: another time it may go well."""

    ends = Exit.TRY_LATER


class QuotaError(StravaError):
    """429: nothing more until the window turns."""

    ends = Exit.TRY_LATER


class UnauthorizedError(StravaError):
    """The access token is not good any more; a fresh one may be."""


class RevokedError(StravaError):
    """The refresh token, or the code of a link, is not good: only the athlete can link again."""


class ScopeError(StravaError):
    """The athlete did not allow this."""


class InactiveError(StravaError):
    """The application is not active: since July 2026 that takes a Strava subscription."""

    ends = Exit.UNAVAILABLE


class ApplicationError(StravaError):
    """Strava does not know the application, or its secret is wrong."""

    ends = Exit.CONFIGURATION


class GoneError(StravaError):
    """404: the activity is removed, or hidden from us, or has no streams."""


class Strava(Protocol):
    """Strava, asked one thing at a time. Every coroutine may raise `StravaError`; cancelled, it leaves at once."""

    def authorization_url(self, redirect_uri: str, state: str, *, uploads: bool = False) -> str:
        """Return the address at which the athlete says yes; also to uploads, if there are to be any."""

    async def exchange(self, code: str) -> tuple[Tokens, int | None]:
        """Return the tokens that a code of the redirect stands for, and the athlete's id if it is told."""

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Return fresh tokens; the old refresh token may be dead from now on. Never retried inside."""

    async def revoke(self, tokens: Tokens) -> None:
        """End the link at Strava: both tokens die."""

    async def activities(self, tokens: Tokens, page: int) -> Answer[Page]:
        """Return one page of the athlete's activities, 200 at the most, newest first; `page` counts from 1."""

    async def recording(self, tokens: Tokens, activity: Activity) -> Answer[Recording]:
        """Return an activity as it was recorded (one request for all streams)."""

    async def upload(self, tokens: Tokens, fit: bytes, external_id: str) -> Answer[Upload]:
        """Hand over a FIT file; `external_id` names it, and is told in the list of activities."""

    async def upload_status(self, tokens: Tokens, upload: int) -> Answer[Upload]:
        """Return what became of a file; `GoneError` where nothing is known of it."""

    async def subscribe(self, callback_url: str, verify_token: str) -> int:
        """Ask for events at `callback_url`; return the subscription's id. An application has one at the most."""

    async def unsubscribe(self, subscription: int) -> None:
        """Ask for no more events; one that has ended already is no failure."""

    async def close(self) -> None:
        """Let go of whatever is open; what is under way is abandoned."""


def wanted_scopes(*, uploads: bool) -> tuple[Scope, ...]:
    """Return what is asked for; writing only where sessions are to be uploaded."""
    return (*WANTED_SCOPES, Scope.ACTIVITY_WRITE) if uploads else WANTED_SCOPES


def missing_scopes(granted: AbstractSet[Scope], *, uploads: bool = False) -> tuple[Scope, ...]:
    """Return what is needed and not allowed."""
    return tuple(scope for scope in wanted_scopes(uploads=uploads) if scope not in granted)
