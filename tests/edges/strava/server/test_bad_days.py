"""Our Strava fails as it is told to, and ends promptly whatever goes on."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from tests.edges.strava.server.reading import NOON, START, Reader
from tests.strava_server import (
    BAD_GATEWAY,
    BROKEN,
    EMPTY,
    MAINTENANCE,
    MALFORMED,
    TOO_MANY,
    StravaServer,
    Trouble,
    fill,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        pytest.param(BROKEN, 500, "Internal Server Error", id="broken"),
        pytest.param(BAD_GATEWAY, 502, "<h1>502", id="bad gateway"),
        pytest.param(TOO_MANY, 429, "overall rate limit", id="too many, out of turn"),
        pytest.param(MAINTENANCE, 200, "<!DOCTYPE html>", id="html with 200"),
        pytest.param(MALFORMED, 200, '[{"id"', id="half a JSON"),
        pytest.param(EMPTY, 200, "", id="nothing"),
    ],
)
def test_a_fault_answers_instead(reader: Reader, kind: Any, status: int, text: str) -> None:  # noqa: ANN401
    reader.strava.faults.add("GET /athlete$", kind, after=1)
    first, second, third = (reader.ask("/athlete") for _ in range(3))
    assert (first.status_code, third.status_code) == (200, 200)
    assert second.status_code == status
    assert text in second.text
    assert reader.strava.requests[1].status == status


@pytest.mark.parametrize("kind", [Trouble.RESET, Trouble.LOST, Trouble.TRUNCATED])
def test_a_fault_breaks_the_connection(reader: Reader, kind: Trouble) -> None:
    reader.strava.faults.add(lambda request: request.path == "/athlete", kind, times=2)
    for _ in range(2):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            reader.ask("/athlete")
    assert reader.ask("/athlete").status_code == 200
    statuses = [request.status for request in reader.strava.requests]
    assert statuses == [200 if kind is Trouble.TRUNCATED else None] * 2 + [200]


@pytest.mark.parametrize("kind", [Trouble.HANG, Trouble.TRICKLE])
def test_what_hangs_or_trickles_goes_on_when_the_fault_is_lifted(reader: Reader, kind: Trouble) -> None:
    fault = reader.strava.faults.add("GET /athlete$", kind)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(reader.ask, "/athlete")
        assert fault.met.wait(20)
        assert reader.strava.requests.wait_for(1, "GET /athlete$")
        assert not asked.done()
        fault.lift()
        assert asked.result(20).json()["firstname"] == "Mara"


@pytest.mark.parametrize("kind", [Trouble.HANG, Trouble.TRICKLE, None])
def test_closing_is_prompt_whatever_goes_on(kind: Trouble | None) -> None:
    failures: list[Exception] = []

    def ask(url: str, session: requests.Session) -> None:
        try:
            session.get(url, timeout=60)
        except requests.RequestException as failure:
            failures.append(failure)

    with ExitStack() as stack:
        session = stack.enter_context(requests.Session())
        with StravaServer(clock=lambda: NOON) as strava:
            mara = strava.add_athlete()
            fill(mara, count=200, until=NOON)  # what trickles would take minutes
            session.headers["Authorization"] = f"Bearer {strava.link(mara).access_token}"
            url = f"{strava.api_url}/athlete/activities"
            if kind is None:
                ask(url, session)  # and leaves its connection open
                begun = time.monotonic()
            else:
                fault = strava.faults.add("", kind)
                asking = threading.Thread(target=ask, args=(url, session))
                stack.callback(asking.join)
                asking.start()
                assert fault.met.wait(20)
                begun = time.monotonic()
        assert time.monotonic() - begun < 30
    if kind is not Trouble.TRICKLE:  # what trickles may be cut short, or come to its end just in time
        assert len(failures) == (kind is Trouble.HANG)


def test_a_mistake_of_its_own_is_not_lost(web: requests.Session) -> None:
    def ask_for_a_run_that_cannot_be() -> None:
        with StravaServer() as strava:
            mara = strava.add_athlete()
            run = mara.add_run(START, 1, bpm=[120, 121])
            with pytest.raises(requests.ConnectionError):
                Reader(strava, web, strava.link(mara)).ask(f"/activities/{run.id}/streams", keys="heartrate")

    with pytest.raises(AssertionError, match="2 heart rates at 61 times"):
        ask_for_a_run_that_cannot_be()


def test_rain_falls_on_the_same_requests_in_every_run(reader: Reader) -> None:
    reader.strava.read_quota.limit = reader.strava.overall_quota.limit = (10_000, 10_000)

    def rained(share: float) -> list[bool]:
        reader.strava.requests.clear()
        reader.strava.faults.clear()
        reader.strava.faults.rain(share, seed=3, kinds=(BROKEN, BAD_GATEWAY))
        return [reader.ask("/athlete").ok for _ in range(100)]

    first = rained(0.1)
    assert first == rained(0.1)
    assert 5 <= first.count(False) <= 15
    assert not any(rained(1.0))


def test_a_fault_uses_up_a_request_all_the_same(reader: Reader) -> None:
    reader.strava.faults.add("", Trouble.RESET)
    with pytest.raises(requests.ConnectionError):
        reader.ask("/athlete")
    assert reader.ask("/athlete").headers["X-ReadRateLimit-Usage"] == "2,2"
