"""Strava's webhook over real HTTP: our own Strava asks, verifies and sends, as the real one does."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from connectors.sqlite import open_database
from connectors.sqlite_strava import SqliteBook
from connectors.strava import StravaConnector
from daemon.page.server import answering
from daemon.page.serving import Site, serve_page
from daemon.page.terms import Place
from daemon.page.webhook import MEMO, Webhook
from daemon.strava.port import StravaError
from tests.edges.webhook_ear import Ear
from tests.fakes import FakeClock, running
from tests.strava_server import StravaServer

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


async def nothing() -> Site:
    return Site([])


class Desk:
    """A webhook that listens, and the Strava that it is told to."""

    def __init__(self, strava: StravaServer, book: SqliteBook) -> None:
        self.strava, self.book, self.ear = strava, book, Ear()
        self.door = StravaConnector(
            strava.client_id, strava.client_secret, strava.oauth_url, strava.api_url, FakeClock().now
        )
        self.webhook = Webhook("http://127.0.0.1/none", book, self.ear)

    @asynccontextmanager
    async def listens(self) -> AsyncIterator[str]:
        """Listen on a free port; give the callback's address."""
        self.webhook = Webhook("http://127.0.0.1/strava", self.book, self.ear)
        await self.webhook.recall()
        async with answering("127.0.0.1", 0, self.webhook.routes()) as port:
            self.webhook.callback_url = f"http://127.0.0.1:{port}/strava"
            yield self.webhook.callback_url


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    with StravaServer(FakeClock().now) as strava:
        async with open_database(tmp_path / "duurloop.db") as database:
            yield Desk(strava, SqliteBook(database))


async def post(address: str, body: object) -> int:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    async with aiohttp.ClientSession() as session, session.post(address, data=text) as answer:
        return answer.status


async def get(address: str, **query: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(address, params=query) as answer:
        return answer.status, await answer.text()


async def test_strava_verifies_the_address_and_sends_what_happens(desk: Desk) -> None:
    async with desk.listens():
        await desk.webhook.subscribe(desk.door)
        event = {"object_type": "activity", "object_id": 77, "aspect_type": "create", "owner_id": 5}
        assert await asyncio.to_thread(lambda: desk.strava.push(**event)) == 200
        assert desk.ear.heard == [(5, 77)]


async def test_it_subscribes_once_and_remembers(desk: Desk) -> None:
    async with desk.listens() as address:
        await desk.webhook.subscribe(desk.door)
        again = Webhook(address, desk.book, desk.ear)
        await again.recall()
        await again.subscribe(desk.door)
    assert len(desk.strava.requests.like("push_subscriptions")) == 1
    assert "secret" not in (await desk.book.memo(MEMO) or "secret")


async def test_at_another_address_the_subscription_before_makes_room(desk: Desk) -> None:
    async with desk.listens():
        await desk.webhook.subscribe(desk.door)
    async with desk.listens() as address:  # another port
        await desk.webhook.subscribe(desk.door)
        event = {"object_type": "activity", "object_id": 77, "owner_id": 5}
        assert await asyncio.to_thread(lambda: desk.strava.push(**event)) == 200
    assert desk.ear.heard == [(5, 77)]
    assert address in (await desk.book.memo(MEMO) or "")
    assert desk.strava.leaks == []


async def test_a_subscription_of_another_program_is_not_taken_for_ours(desk: Desk) -> None:
    async with desk.listens():
        await desk.webhook.subscribe(desk.door)
    await desk.book.keep_memo(MEMO, None)
    async with desk.listens():
        with pytest.raises(StravaError, match="elsewhere already"):
            await desk.webhook.subscribe(desk.door)
    assert await desk.book.memo(MEMO) is None


@pytest.mark.parametrize("token", ["", "wrong", "x" * 5000, "é"])
async def test_whoever_does_not_know_the_token_learns_nothing(desk: Desk, token: str) -> None:
    async with desk.listens() as address:
        query = {"hub.mode": "subscribe", "hub.challenge": "abc", "hub.verify_token": token}
        assert await get(address, **query) == (403, "")


async def test_an_event_about_the_athlete_asks_for_a_look_at_the_link(desk: Desk) -> None:
    async with desk.listens():
        await desk.webhook.subscribe(desk.door)
        event = {"object_type": "athlete", "object_id": 5, "owner_id": 5, "updates": {"authorized": "false"}}
        assert await asyncio.to_thread(lambda: desk.strava.push(**event)) == 200
    assert desk.ear.heard == [(5, None)]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "{",
        '{"owner_id": "5"}',
        '{"owner_id": true}',
        '{"owner_id": -5}',
        '{"owner_id": 1e400}',
        "[" * 9000,
    ],
)
async def test_nonsense_is_answered_and_forgotten(desk: Desk, body: str) -> None:
    async with desk.listens() as address:
        assert await post(address, body) == 200
    assert desk.ear.heard == []


async def test_bytes_that_are_no_text_are_answered_and_forgotten(desk: Desk) -> None:
    async with desk.listens() as address:
        assert await post(address, b"\xff\xfe\x00") == 200
    assert desk.ear.heard == []


async def test_a_flood_of_bytes_is_refused(desk: Desk) -> None:
    async with desk.listens() as address:
        assert await post(address, b"x" * 1_000_000) == 413


async def test_an_event_of_another_subscription_is_not_heard(desk: Desk) -> None:
    async with desk.listens() as address:
        await desk.webhook.subscribe(desk.door)
        event = {"object_type": "activity", "object_id": 77, "owner_id": 5, "subscription_id": 999_999}
        assert await post(address, event) == 200
    assert desk.ear.heard == []


async def test_nothing_else_is_answered(desk: Desk) -> None:
    async with desk.listens() as address:
        assert (await get(address.removesuffix("/strava") + "/"))[0] == 404
        assert (await get(address.removesuffix("/strava") + "/etc/passwd"))[0] == 404


async def test_a_strava_that_refuses_is_asked_again_later(desk: Desk) -> None:
    clock = FakeClock()
    webhook = Webhook("http://127.0.0.1:9/strava", desk.book, desk.ear)  # nobody is there: not verifiable
    asked = desk.strava.requests
    subscribe = partial(webhook.subscribe, desk.door)
    work = serve_page(Place("127.0.0.1", 0), nothing, clock, random.Random(1), subscribe)  # noqa: S311
    async with running(work):
        await asyncio.to_thread(asked.wait_for, 1, "push_subscriptions")
    assert await desk.book.memo(MEMO) is None
