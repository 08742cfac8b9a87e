"""What stravalib and requests raise, reduced to what may be told: their own words can quote a token."""

from collections.abc import Mapping

from requests import RequestException, Response, exceptions
from stravalib.exc import ApplicationInactive

from connectors.strava.failures import NONSENSE, Failure, complaints_in, reason_of
from connectors.strava.transport import ElsewhereError

_REASONS: Mapping[type[Exception], str] = {
    ElsewhereError: "Strava sends the request elsewhere, where tokens do not go: check oauth_url and api_url",
    exceptions.SSLError: "no secure connection to Strava",
    exceptions.Timeout: "Strava does not answer",
    exceptions.ChunkedEncodingError: "the connection to Strava broke off",
    exceptions.ConnectionError: "Strava cannot be reached",
    exceptions.InvalidJSONError: NONSENSE,
    exceptions.ContentDecodingError: NONSENSE,
    RequestException: "the request to Strava could not be made: check oauth_url and api_url",
}
"""The first that fits; all others come from an answer of another shape than stravalib expects."""


def failure_in(error: Exception) -> Failure:
    """Return what is to be known of an exception."""
    response = error.response if isinstance(error, RequestException) else None
    if response is None or not isinstance(error, exceptions.HTTPError):
        return Failure(next((reason for kind, reason in _REASONS.items() if isinstance(error, kind)), NONSENSE))
    body = _body_of(response)
    return Failure(
        reason_of(response.status_code),
        response.status_code,
        is_worded=isinstance(body, dict),
        is_inactive=isinstance(error, ApplicationInactive),
        complaints=complaints_in(body),
    )


def _body_of(response: Response) -> object:
    try:
        body: object = response.json()
    except (ValueError, RecursionError):
        return None
    return body
