"""A connector to our own small Strava, and what it may be asked and fail at."""

import traceback
from collections.abc import Awaitable
from datetime import UTC, datetime

import pytest

from connectors.strava import StravaConnector
from daemon.domain.activity import Activity, Page
from daemon.strava.port import StravaError, Tokens
from tests.strava_server import Athlete, StravaServer

NOW = datetime(2026, 11, 10, 20, 0, tzinfo=UTC)
START = datetime(2026, 11, 10, 18, 30, tzinfo=UTC)
LIST, STREAMS, TOKEN = "GET /athlete/activities", "GET /activities/.*/streams", "POST /oauth/token"
NONSENSE = "Strava sent an answer that makes no sense"

RUN = Activity(9, START, False, 1800.0, "run", "Duurloop", 4680.0, True, "m")  # noqa: FBT003


def connector(strava: StravaServer, **more: float) -> StravaConnector:
    return StravaConnector(
        strava.client_id, strava.client_secret, strava.oauth_url, strava.api_url, lambda: NOW, **more
    )


def link(strava: StravaServer, athlete: Athlete, *scopes: str) -> Tokens:
    given = strava.link(athlete, scopes) if scopes else strava.link(athlete)
    return Tokens(given.access_token, given.refresh_token, given.expires_at)


async def failure(request: Awaitable[object]) -> StravaError:
    with pytest.raises(StravaError) as failed:
        await request
    return failed.value


async def listed(strava: StravaServer, athlete: Athlete) -> Page:
    return (await connector(strava).activities(link(strava, athlete), 1)).value


def told_secrets(error: BaseException, strava: StravaServer, tokens: Tokens, *more: str) -> list[str]:
    """Return the secrets in all that an exception can tell, whatever it was raised from."""
    told, seen = "", error
    while seen is not None:
        told += "".join(traceback.format_exception(seen)) + repr(seen) + repr(vars(seen))
        seen = seen.__cause__ or seen.__context__  # type: ignore[assignment]
    return [secret for secret in (strava.client_secret, tokens.access, tokens.refresh, *more) if secret in told]
