"""A service in memory, for several runners, on a clock that is told to go."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.session import Effect, Event
from daemon.household import Plan, Runner
from daemon.parts import FeelUrl, Parts, Shelves
from daemon.permit import Connect
from daemon.ports import HeartRateSource
from daemon.pulse import Pulses
from daemon.service import LATE_S, Service
from tests.fakes import (
    MAIL,
    PHONE,
    FakeClock,
    MoodyMessenger,
    ScriptedStrap,
    no_picture,
    no_plans,
    plan_of,
    runner,
    running,
    sample,
)
from tests.memory_store import MemoryStore

STEPS = tuple(
    Course.of([Step(StepKind.RUN, 60.0 * number), Step(StepKind.COOL_DOWN, 60.0)], PlanRef("rustig-12", number))
    for number in (1, 2, 3)
)
PLAN = plan_of(*STEPS)
ELS = replace(runner("Els", PHONE, MAIL), plan=PLAN)
JAN, MIES = runner("Jan"), runner("Mies")


def plans(plan: str, language: str) -> Plan:
    return PLAN if plan == PLAN.id else no_plans(plan, language)


class Asked:
    """A service on a store in memory, which is asked, and looked at for what it kept."""

    service: Service
    store: MemoryStore

    async def ask(self, command: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        return await self.service.handlers()[command]({"command": command, **parts})

    async def status(self, name: str = "Els") -> dict[str, Any]:
        answer = await self.ask("status")
        (found,) = [one for one in answer["runners"] if one["name"] == name]
        return dict(found)

    def kept(self, kind: type) -> list[Any]:
        return [fact for facts in self.store.commits for fact in facts if isinstance(fact, kind)]


class House(Asked):
    """A service in memory; what it keeps outlasts it."""

    def __init__(
        self,
        *runners: Runner,
        connect: Connect = Connect.ALWAYS,
        straps: Mapping[str, HeartRateSource] | None = None,
        feel_url: FeelUrl | None = None,
    ) -> None:
        self.feel_url = feel_url
        self.clock, self.store = FakeClock(), MemoryStore()
        self.runners = runners or (ELS,)
        self.straps = {one.name: ScriptedStrap() for one in self.runners}
        self.sources: Mapping[str, HeartRateSource] = self.straps if straps is None else straps
        self.connect = connect
        self.phone, self.mail = MoodyMessenger(), MoodyMessenger()
        self.seen: list[tuple[str, Event, tuple[Effect, ...]]] = []
        self.service = self._new()

    def _new(self) -> Service:
        parts = Parts(
            self.runners,
            self.sources,
            dict.fromkeys((one.name for one in self.runners), self.connect),
            {PHONE.id: self.phone, MAIL.id: self.mail},
            plans,
            no_picture,
            feel_url=self.feel_url,
        )
        chance = random.Random(1)  # noqa: S311
        pulses = Pulses(self.clock, LATE_S)
        return Service(
            parts, Shelves(self.store, self.store), self.clock, chance, pulses, lambda *seen: self.seen.append(seen)
        )

    @asynccontextmanager
    async def lives(self) -> AsyncIterator["House"]:
        self.service = self._new()
        await self.service.resume()
        async with running(*(worker() for worker in self.service.workers().values())):
            yield self
        await self.service.recorder.flush()

    async def wear(self, name: str, seconds: int, bpm: int = 128) -> None:
        """Let a runner's strap speak once a second."""
        for _ in range(seconds):
            await self.clock.pass_time(1)
            self.straps[name].say(replace(sample(0, bpm), at=self.clock.monotonic()))
        await self.clock.pass_time(0)
