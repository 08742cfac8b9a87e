"""Our own small Strava with one athlete, at a moment that stands still."""

from collections.abc import Iterator

import pytest

from connectors.strava.loading import load
from tests.edges.strava.asking import NOW
from tests.strava_server import Athlete, StravaServer


@pytest.fixture(scope="session", autouse=True)
def loaded() -> None:
    """Load stravalib before anything is timed: on a busy machine it takes longer than a short patience lasts."""
    load()


@pytest.fixture
def strava() -> Iterator[StravaServer]:
    with StravaServer() as server:
        server.now = NOW
        yield server


@pytest.fixture
def mara(strava: StravaServer) -> Athlete:
    return strava.add_athlete()
