"""A house without a service, for pages that look at what is kept and ask nothing of a session that is going on."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from daemon.companion import Companion, Shared
from daemon.domain.effort import HeartRateFigures, Judgement, TimeInZone, Verdict
from daemon.domain.run import Run, Source
from daemon.domain.variability import RRSummary
from daemon.household import Plan, Runner
from daemon.page.access import Access
from daemon.page.feed import Feed
from daemon.page.house import House
from daemon.page.server import answering
from daemon.page.terms import Door
from daemon.store import Brought, Store
from tests.fakes import EASY, ELS, FakeClock, no_picture, no_plans
from tests.memory_store import MemoryStore

Routes = Callable[[House], Sequence[web.AbstractRouteDef]]


@dataclass(frozen=True, slots=True)
class Answered:
    """A page as it came."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def words(self) -> str:
        """Return what a reader reads, on one line."""
        return " ".join(re.sub(r"<[^>]*>", " ", self.text.partition("<main")[2]).split())


@dataclass(slots=True)
class SmallHouse:
    """Looked at over HTTP while it is open."""

    routes: Routes
    runners: Sequence[Runner] = (ELS,)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    store: Store = field(default_factory=MemoryStore)
    clock: FakeClock = field(default_factory=FakeClock)
    woken: int = 0
    """How often the service was told to look again."""
    _browser: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator["SmallHouse"]:
        shared = Shared(self.store, self.clock, self._plan, no_picture)
        companions = {runner.name: Companion(runner, shared) for runner in self.runners}
        house = House(companions, {}, self.store, self.clock, {"wake": self._wake}, Feed({}, self.clock))
        access = Access({runner.name: runner for runner in self.runners}, self.store, Door(is_open=True))
        async with (
            answering("127.0.0.1", 0, self.routes(house), middlewares=[access.middleware]) as port,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as self._browser,
        ):
            yield self

    async def look(self, path: str, **query: str) -> Answered:
        return await self._ask("GET", path + ("?" + urlencode(query) if query else ""))

    async def send(self, page: str, action: str, **fields: str) -> Answered:
        """Fill in the form of a page that goes to `action`, and follow where it leads."""
        shown = (await self.look(page)).text
        found = re.search(
            rf'<form method="post" action="({re.escape(action)}[^"]*)".*?name="token" value="([^"]+)"', shown
        )
        assert found, f"no form goes to {action}"
        return await self._ask("POST", found[1], {"token": found[2], **fields})

    async def post_json(self, path: str, value: Mapping[str, str]) -> Answered:
        """Send what a script could."""
        assert self._browser
        async with self._browser.post(path, json=value) as answer:
            return Answered(answer.status, await answer.text(), dict(answer.headers))

    async def keep(self, run: Run) -> None:
        """Keep a run as it came from its only source."""
        await self.store.bring(Brought(run, (), run.id), lambda _: [])

    async def _ask(self, method: str, path: str, fields: Mapping[str, str] | None = None) -> Answered:
        assert self._browser
        async with self._browser.request(method, path, data=fields) as answer:
            return Answered(answer.status, await answer.text(), dict(answer.headers))

    async def _wake(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        self.woken += 1
        return {}

    def _plan(self, plan: str, language: str) -> Plan:
        return self.plans.get(plan) or no_plans(plan, language)


def a_run(
    began: str, minutes: float = 30, *, source: Source = Source.STRAP, verdict: Verdict = Verdict.CALM, **more: object
) -> Run:
    """Make a run of Els's that began at a time in UTC, such as `2026-11-17 18:30`; its id is the day."""
    judgement = Judgement(
        heart_rate=HeartRateFigures(1000, 128.0, 140, 90, 99.0),
        time_in_zone=TimeInZone(0.0, 60 * minutes, 0.0, 0.0),
        calm_pct=100.0,
        verdict=verdict,
        reason=None,
        drift_pct=None,
        recovery_60s_bpm=None,
        rr=RRSummary(0, None, None),
    )
    at = datetime.fromisoformat(began).replace(tzinfo=UTC)
    run = Run(f"run-{at:%Y%m%d}", "Els", (source,), "run", None, at, 60 * minutes, None, EASY, judgement)
    return replace(run, **more)  # type: ignore[arg-type]


HOSTILE = """<script>alert('x')</script>"><img src=x onerror=alert(1)>&amp;{0}%s"""
"""What somebody might call themselves, a run or a plan."""


def is_harmless(page: str) -> bool:
    """Tell whether nothing of `HOSTILE` has become a part of the page."""
    return not re.search(r"<script>|<img src=x|alert\('x'\)", page)
