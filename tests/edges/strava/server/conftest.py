"""Our Strava at noon, and one who reads from it."""

from collections.abc import Iterator

import pytest
import requests

from tests.edges.strava.server.reading import NOON, Reader
from tests.strava_server import Athlete, StravaServer


@pytest.fixture
def strava() -> Iterator[StravaServer]:
    with StravaServer(clock=lambda: NOON) as server:
        yield server


@pytest.fixture
def web() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def reader(strava: StravaServer, web: requests.Session, mara: Athlete) -> Reader:
    return Reader(strava, web, strava.link(mara))
