"""A house whose pages are looked at over HTTP: the real service and the real site, on a clock that is told to go."""

import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import aiohttp

from daemon.domain.heart_rate import SensorContact
from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.strap import BodyLocation, LossReason, StrapConnected, StrapLost
from daemon.household import Plan, Runner
from daemon.page.house import House
from daemon.page.server import answering
from daemon.page.site import site_of
from daemon.page.terms import Door, Terms
from daemon.parts import Parts, Shelves
from daemon.permit import Connect
from daemon.pulse import Pulses
from daemon.service import LATE_S, Service
from daemon.store import Store
from daemon.strava.book import Book
from daemon.strava.follower import Follower
from daemon.supervisor import Worker
from tests.fakes import FakeClock, ScriptedStrap, no_picture, no_plans, plan_of, runner, running, sample
from tests.memory_store import MemoryStore

COURSE = Course.of(
    [Step(StepKind.WARM_UP, 120.0), Step(StepKind.RUN, 60.0), Step(StepKind.WALK, 60.0)], PlanRef("rustig-12", 1)
)
PLAN = plan_of(COURSE)
ELS = runner("Els")
OPEN = Door(is_open=True)


def plans(plan: str, language: str) -> Plan:
    return PLAN if plan == PLAN.id else no_plans(plan, language)


@dataclass(frozen=True, slots=True)
class Heard:
    """An event of the stream."""

    name: str
    data: dict[str, Any]
    id: str | None


@dataclass(slots=True)
class PageHouse:
    """Lives in memory, with straps that say what they are told to."""

    runners: tuple[Runner, ...] = (ELS,)
    door: Door = OPEN
    metrics: bool = True
    store: Store | None = None
    connect: Connect = Connect.ALWAYS
    strapless: frozenset[str] = frozenset()
    clock: FakeClock = field(default_factory=FakeClock)
    memory: MemoryStore = field(default_factory=MemoryStore)
    straps: dict[str, ScriptedStrap] = field(default_factory=dict)
    address: str = ""
    _house: House | None = None

    @property
    def house(self) -> House:
        assert self._house is not None
        return self._house

    @asynccontextmanager
    async def lives(self) -> AsyncIterator["PageHouse"]:
        self.straps = {one.name: ScriptedStrap() for one in self.runners if one.name not in self.strapless}
        parts = Parts(
            self.runners,
            self.straps,
            dict.fromkeys((one.name for one in self.runners), self.connect),
            {},
            plans,
            no_picture,
            page=self._take_in,
        )
        store = self.store or self.memory
        service = Service(
            parts,
            Shelves(store, self.memory),
            self.clock,
            random.Random(1),  # noqa: S311
            Pulses(self.clock, LATE_S),
        )
        await service.resume()
        async with running(*(worker() for worker in service.workers().values())):
            terms = Terms(self.door, [PLAN.id], metrics=self.metrics)
            site = site_of(self.house, terms)
            async with answering(
                "127.0.0.1", 0, site.routes, middlewares=site.middlewares, on_shutdown=site.on_shutdown
            ) as port:
                self.address = f"http://127.0.0.1:{port}"
                yield self
        await service.recorder.flush()

    def _take_in(self, house: House, _book: Book | None, _follower: Follower | None) -> Worker:
        self._house = house

        async def nothing() -> None:
            return None

        return nothing

    @asynccontextmanager
    async def browser(self, **more: Any) -> AsyncIterator[aiohttp.ClientSession]:  # noqa: ANN401 - aiohttp's own
        async with aiohttp.ClientSession(self.address, **more) as session:
            yield session

    # -- what happens ---------------------------------------------------------------------------------

    async def wear(self, name: str, seconds: int, bpm: int = 128) -> None:
        """Put the strap on, and let it say so many values."""
        self.straps[name].say(StrapConnected(self.clock.monotonic(), "H10", 80, BodyLocation.CHEST))
        await self.beat(name, seconds, bpm)

    async def beat(self, name: str, seconds: int, bpm: int = 128, contact: SensorContact = SensorContact.GOOD) -> None:
        for _ in range(seconds):
            self.straps[name].say(sample(self.clock.monotonic(), bpm, contact=contact))
            await self.clock.pass_time(1)

    async def say_now(self, name: str, bpm: int) -> None:
        """Let the strap say one value."""
        self.straps[name].say(sample(self.clock.monotonic(), bpm))

    async def take_off(self, name: str) -> None:
        self.straps[name].say(StrapLost(self.clock.monotonic(), LossReason.LINK_LOST))
        await self.clock.pass_time(0)


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[Heard]:
    """Read a stream, event by event."""
    parts: dict[str, str] = {}
    async for line in answer.content:
        text = line.decode().rstrip("\n")
        if text:
            name, _, value = text.partition(": ")
            parts[name] = value
        elif "event" in parts:
            yield Heard(parts["event"], json.loads(parts["data"]), parts.get("id"))
            parts = {}


async def next_of(heard: AsyncIterator[Heard], name: str) -> Mapping[str, Any]:
    """Return the next event of a name."""
    async for one in heard:
        if one.name == name:
            return one.data
    return _ended()


def _ended() -> NoReturn:
    raise AssertionError("the stream ended")
