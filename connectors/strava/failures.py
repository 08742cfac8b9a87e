"""What Strava complains of, and which of the port's errors that is.

The same status means different things in different places: a 401 asks for a fresh token, or says that the
application's secret is wrong. The words of an answer are never quoted: they may hold what was sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

from daemon.domain.quota import Reading
from daemon.strava.port import (
    ApplicationError,
    GoneError,
    InactiveError,
    QuotaError,
    RevokedError,
    ScopeError,
    StravaError,
    UnauthorizedError,
    UnreachableError,
)

NONSENSE = "Strava sent an answer that makes no sense"
_SERVER_FAULT = 500
_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED})
_NOT_HERE = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE, HTTPStatus.NOT_IMPLEMENTED}
)


class Complaint(NamedTuple):
    """One entry of Strava's `errors`, in small letters."""

    resource: str
    field: str
    code: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request did not succeed, without a word of what was sent or came back."""

    reason: str
    status: int | None = None
    """None where no whole answer came."""
    is_worded: bool = False
    """The answer was worded as Strava does it, and not, say, a proxy's page."""
    is_inactive: bool = False
    complaints: tuple[Complaint, ...] = ()

    @property
    def is_address_unknown(self) -> bool:
        """Whether nobody at Strava listens at this address, or not to this method."""
        return self.status in _NOT_HERE

    @property
    def is_of_application(self) -> bool:
        """Whether Strava does not know who asks."""
        # by the status, too: a full quota is also a complaint about the application
        return self.status in _REFUSALS and self.names("application")

    @property
    def is_of_dead_token(self) -> bool:
        """Whether a token is refused that was to be revoked."""
        return self.status in _REFUSALS and self.names("athlete", "accesstoken", "refreshtoken")

    @property
    def is_subscribed(self) -> bool:
        """Whether there is a subscription already."""
        return any(one.resource == "pushsubscription" and one.code == "already exists" for one in self.complaints)

    def names(self, *resources: str) -> bool:
        """Tell whether one of the complaints is about one of these."""
        return any(one.resource in resources for one in self.complaints)


Judge = Callable[[Failure, Reading | None], StravaError]


def complaints_in(body: object) -> tuple[Complaint, ...]:
    """Return what an answer complains of, in Strava's words or in those of OAuth (RFC 6749, 5.2)."""
    if not isinstance(body, dict):
        return ()
    errors = body.get("errors")
    entries = errors if isinstance(errors, list) else [errors]
    found = [
        Complaint(*(_word(entry.get(part)) for part in Complaint._fields))
        for entry in entries
        if isinstance(entry, dict)
    ]
    return (*found, *_OAUTH.get(_word(body.get("error")), ()))


_OAUTH = {
    "invalid_client": (Complaint("application", "", "invalid"),),
    "unauthorized_client": (Complaint("application", "", "invalid"),),
    "invalid_grant": (Complaint("refreshtoken", "", "invalid"),),
    "invalid_token": (Complaint("athlete", "access_token", "invalid"),),
}


def _word(value: object) -> str:
    return value.lower() if isinstance(value, str) else ""


def of_api(failure: Failure, reading: Reading | None) -> StravaError:
    """Judge the failure of a request in an athlete's name."""
    match failure.status:
        case HTTPStatus.UNAUTHORIZED if failure.is_of_application:
            return _unknown_application(reading)
        case HTTPStatus.UNAUTHORIZED:
            return _of_token(failure, reading)
        # In other words than Strava's it is a proxy that forbids, or does not find: no reason to link again,
        # still less to forget a run.
        case HTTPStatus.FORBIDDEN if failure.is_worded and not failure.is_inactive:
            return ScopeError("Strava forbids this", reading)
        case HTTPStatus.NOT_FOUND if failure.is_worded:
            return GoneError("Strava does not have it", reading)
        case _:
            return _of_anything(failure, reading)


def of_list(failure: Failure, reading: Reading | None) -> StravaError:
    """Judge the failure of a request for a list: that is never gone, only looked for in the wrong place."""
    return _of_anything(failure, reading) if failure.is_address_unknown else of_api(failure, reading)


def of_tokens(failure: Failure, reading: Reading | None) -> StravaError:
    """Judge the failure of a request for tokens."""
    if failure.is_of_application:
        return _unknown_application(reading)
    if failure.status in _REFUSALS and failure.names("refreshtoken", "authorizationcode"):
        return RevokedError("Strava does not accept the link any more", reading)
    if failure.status == HTTPStatus.UNAUTHORIZED and failure.is_worded:
        return _unknown_application(reading)  # a wrong secret has been seen without a single complaint
    return _of_anything(failure, reading)


def of_revocation(failure: Failure, reading: Reading | None) -> StravaError:
    """Judge why a link could not be ended."""
    if failure.is_of_application or failure.status == HTTPStatus.UNAUTHORIZED:
        return _unknown_application(reading)  # it is the application that logs in here
    return _of_anything(failure, reading)


def of_subscription(failure: Failure, reading: Reading | None) -> StravaError:
    """Judge why there are no events."""
    if failure.is_of_application:
        return _unknown_application(reading)
    if failure.is_subscribed:
        return StravaError("Strava sends this application's events elsewhere already: end that subscription", reading)
    if failure.names("pushsubscription"):
        return StravaError("Strava could not verify the callback address: it must be reachable from outside", reading)
    return _of_anything(failure, reading)


def _of_token(failure: Failure, reading: Reading | None) -> StravaError:
    """Tell a token that is dead from one that is not allowed this; a fresh one would not help the second."""
    for complaint in failure.complaints:
        if complaint.field.endswith("_permission") or complaint.code == "missing":
            return ScopeError("the athlete did not allow this", reading)
    return UnauthorizedError("Strava does not accept the access token", reading)


def _unknown_application(reading: Reading | None) -> StravaError:
    return ApplicationError("Strava does not know the application: check client_id and client_secret", reading)


def _of_anything(failure: Failure, reading: Reading | None) -> StravaError:
    """Judge what means the same everywhere."""
    if failure.is_inactive:
        return InactiveError("the application is not active: Strava asks for a subscription of its owner", reading)
    if failure.status == HTTPStatus.TOO_MANY_REQUESTS:
        return QuotaError("the request limit of Strava is used up", reading)
    return UnreachableError(failure.reason, reading)


def reason_of(status: int) -> str:
    """Say in a few words what a status is."""
    if status >= _SERVER_FAULT:
        return f"Strava has a server error {status}"
    return f"Strava refuses with {status}" if status >= HTTPStatus.BAD_REQUEST else NONSENSE
