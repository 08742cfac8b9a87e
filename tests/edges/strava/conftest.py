"""Our own small Strava with one athlete, at a moment that stands still."""

from collections.abc import Iterator

import pytest

from tests.edges.strava.asking import NOW
from tests.strava_server import Athlete, StravaServer


@pytest.fixture
def strava() -> Iterator[StravaServer]:
    with StravaServer() as server:
        server.now = NOW
        yield server


@pytest.fixture
def mara(strava: StravaServer) -> Athlete:
    return strava.add_athlete()
