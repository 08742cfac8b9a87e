"""Requests that hang: given up in time, cancelled at once, and in nobody's way."""

import asyncio
import threading
import time

import pytest

from connectors.strava.connector import READ_S
from daemon.strava.port import GoneError, UnreachableError
from tests.edges.strava.asking import LIST, RUN, START, STREAMS, connector, failure, link
from tests.strava_server import Athlete, StravaServer, Trouble

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PATIENCE_S = 60.0
"""Only ever waited for in vain."""
TRICKLING_S = 10.0
"""A list with one run takes longer, at a byte every 50 ms."""


async def test_a_request_that_hangs_can_be_cancelled_at_once_and_its_thread_ends(
    strava: StravaServer, mara: Athlete
) -> None:
    hang = strava.faults.add(LIST, Trouble.HANG)
    without_end = connector(strava, read_s=1000.0, total_s=1000.0)
    task = asyncio.create_task(without_end.activities(link(strava, mara), 1))
    assert await asyncio.to_thread(hang.met.wait, PATIENCE_S)
    (thread,) = [one for one in threading.enumerate() if one.name == "strava request"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(PATIENCE_S):
            await task
    await asyncio.to_thread(thread.join, PATIENCE_S)
    assert not thread.is_alive()


async def test_a_request_may_be_cancelled_before_it_has_begun(strava: StravaServer, mara: Athlete) -> None:
    for steps in range(4):
        task = asyncio.create_task(connector(strava).activities(link(strava, mara), 1))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_silent_strava_is_given_up(strava: StravaServer, mara: Athlete) -> None:
    strava.faults.add(LIST, Trouble.HANG)
    began = time.monotonic()
    error = await failure(connector(strava, read_s=0.2).activities(link(strava, mara), 1))
    assert type(error) is UnreachableError
    assert 0.2 <= time.monotonic() - began < READ_S


async def test_a_body_that_trickles_ends_when_time_is_up(strava: StravaServer, mara: Athlete) -> None:
    mara.add_run(START, 30, bpm=128)
    strava.faults.add(LIST, Trouble.TRICKLE)
    began = time.monotonic()
    error = await failure(connector(strava, total_s=0.4).activities(link(strava, mara), 1))
    assert (type(error), str(error)) == (UnreachableError, "Strava does not answer in time")
    assert 0.4 <= time.monotonic() - began < TRICKLING_S


async def test_closing_gives_up_what_is_under_way(strava: StravaServer, mara: Athlete) -> None:
    hang = strava.faults.add("", Trouble.HANG, times=2)
    strava_connector, tokens = connector(strava), link(strava, mara)
    listing = asyncio.create_task(strava_connector.activities(tokens, 1))
    refreshing = asyncio.create_task(strava_connector.refresh(tokens))
    await asyncio.to_thread(strava.requests.wait_for, 2)
    assert await asyncio.to_thread(hang.met.wait, PATIENCE_S)  # a request is noted before its fault is
    await strava_connector.close()
    for task in (listing, refreshing):
        assert str(await failure(task)) == "the request to Strava was given up"


async def test_requests_go_side_by_side(strava: StravaServer, mara: Athlete) -> None:
    mara.add_run(START, 30, bpm=128)
    strava_connector, tokens = connector(strava), link(strava, mara)
    hang = strava.faults.add(STREAMS, Trouble.HANG)
    reading = asyncio.create_task(strava_connector.recording(tokens, RUN))
    assert await asyncio.to_thread(hang.met.wait, PATIENCE_S)
    pages = await asyncio.gather(*(strava_connector.activities(tokens, 1) for _ in range(8)))
    assert {len(page.value.activities) for page in pages} == {1}
    hang.lift()
    assert type(await failure(reading)) is GoneError
