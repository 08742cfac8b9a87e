"""What became of a session outside the house, on the page of its run."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html import unescape

import aiohttp
import pytest

from daemon.companion import Companion, Shared
from daemon.handing.handovers import Going
from daemon.page.access import COOKIE, Access
from daemon.page.feed import Feed
from daemon.page.house import House
from daemon.page.keys import PAGE_SECRET, link_token
from daemon.page.runs import runs_routes
from daemon.page.server import answering
from daemon.page.terms import Door
from daemon.store import HandoverDue, Outlet, RunKept, SessionOpened
from tests.fakes import EASY, ELS, EVENING, FakeClock, judged_run, no_picture, no_plans, sample
from tests.memory_store import MemoryStore

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

RUN = "20261121-183000-0badcafe"
SAMPLES = tuple(sample(float(second), 110 + second // 60) for second in range(901))
JAN = replace(ELS, name="Jan")


class Visit:
    """Els and Jan, with a page, and a session of Els's that went out."""

    def __init__(self, base: str, store: MemoryStore, secret: bytes) -> None:
        self._base, self.store, self._secret = base, store, secret

    async def see(self, whose: str | None) -> str:
        """Return the page of the run, by the key of one runner or that of the household."""
        cookies = {COOKIE: link_token(self._secret, whose)}
        jar = aiohttp.CookieJar(unsafe=True)
        async with (
            aiohttp.ClientSession(cookies=cookies, cookie_jar=jar) as session,
            session.get(f"{self._base}/runs/{RUN}") as answer,
        ):
            assert answer.status == 200
            return await answer.text()

    async def goes_to_strava(self, going: Going, place: str | None = None) -> None:
        (one,) = await self.store.handovers.open(Outlet.STRAVA)
        await self.store.handovers.note(replace(one, going=going, place=place))


@pytest.fixture
async def visit() -> AsyncIterator[Visit]:
    store, clock = MemoryStore(), FakeClock(EVENING + timedelta(hours=1))
    opened = SessionOpened(RUN, ELS.name, EVENING, EASY)
    due = [HandoverDue(ELS.name, RUN, outlet, EVENING) for outlet in Outlet]
    await store.commit([opened, RunKept(RUN, judged_run(RUN, SAMPLES), SAMPLES), *due])
    runners = [ELS, JAN]
    shared = Shared(store, clock, no_plans, no_picture)
    companions = {runner.name: Companion(runner, shared) for runner in runners}
    house = House(companions, {}, store, clock, {}, Feed({}, clock), store.handovers)
    access = Access({runner.name: runner for runner in runners}, store, Door(is_open=False))
    async with answering("127.0.0.1", 0, runs_routes(house), middlewares=[access.middleware]) as port:
        yield Visit(f"http://127.0.0.1:{port}", store, await store.secret(PAGE_SECRET))


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


class TestThePageOfARun:
    async def test_it_says_what_waits(self, visit: Visit) -> None:
        assert "Elsewhere Waits for its folder. Waits to go to Strava." in words(await visit.see("Els"))

    async def test_it_leads_to_the_activity_in_the_words_that_strava_asks_for(self, visit: Visit) -> None:
        await visit.goes_to_strava(Going.SENT, "16000000001")
        page = await visit.see("Els")
        assert "On Strava since 2026-11-21 18:30." in words(page)
        link = '<a href="https://www.strava.com/activities/16000000001" rel="noreferrer">View on Strava</a>'
        assert link in page

    async def test_what_strava_calls_it_is_for_its_own_runner(self, visit: Visit) -> None:
        await visit.goes_to_strava(Going.SENT, "16000000001")
        page = await visit.see(None)
        assert "strava.com" not in page
        assert "Went to Strava." in words(page)
