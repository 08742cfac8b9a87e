"""A service in a process of its own, to be killed: the real database, a strap that counts, a phone that writes down.

    python house_driver.py STATE HEARD RANG

Each sample carries its number as an RR word and is written down in HEARD (number, instant) just before the
service gets it. Each message that arrives is a line in RANG.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

from daemon.clock import SystemClock
from daemon.domain.heart_rate import Bpm, HeartRateSample, SensorContact
from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.strap import LossReason, StrapConnected, StrapEvent, StrapLost
from daemon.domain.wording import ENGLISH, Text
from daemon.domain.zones import TargetZone
from daemon.household import Channel, Plan, Runner
from daemon.parts import Parts
from daemon.permit import Connect
from daemon.ports import Permit
from daemon.serving import Surroundings, serve, signals
from daemon.store import Kind

EVERY_S = 0.02
CUES = Course.of([Step(StepKind.WALK, 0.9), Step(StepKind.RUN, 1.0), *[Step(StepKind.WALK, 1.0)] * 60], PlanRef("x", 1))
PLAN = Plan("x", "X", (CUES,))


class CountingStrap:
    """The port `HeartRateSource`: a beat every 20 ms, numbered; a new number for every sample, also after a restart."""

    last_failure: str | None = None

    def __init__(self, heard: Path) -> None:
        self._heard = heard
        self._clock = SystemClock()

    @asynccontextmanager
    async def events(self, permit: Permit) -> AsyncIterator[AsyncIterator[StrapEvent]]:
        events = self._count(permit)
        try:
            yield events
        finally:
            await events.aclose()

    async def _count(self, permit: Permit) -> AsyncGenerator[StrapEvent, None]:
        number = len(self._heard.read_text(encoding="utf-8").splitlines()) if self._heard.exists() else 0
        with self._heard.open("a", encoding="utf-8", buffering=1) as heard:
            while True:
                await permit.wait_granted()
                yield StrapConnected(self._clock.monotonic(), "Counter")
                while permit.granted:
                    at, number = self._clock.monotonic(), number + 1
                    heard.write(f"{number} {time.monotonic()}\n")
                    yield HeartRateSample(at, Bpm(120 + number % 9), SensorContact.GOOD, (number,))
                    await self._clock.sleep(EVERY_S)
                yield StrapLost(self._clock.monotonic(), LossReason.RELEASED)


class WritingPhone:
    """The port `Messenger`: a line for each message."""

    def __init__(self, rang: Path) -> None:
        self._rang = rang

    def deliver(self, text: Text) -> None:
        with self._rang.open("a", encoding="utf-8", buffering=1) as rang:
            rang.write(f"{text.title}\n")


async def main(state: Path, heard: Path, rang: Path) -> None:
    channel = Channel("els/phone", "phone", frozenset(Kind), figures=False)
    runner = Runner("Els", ENGLISH, (TargetZone(Bpm(118), Bpm(136)),), (channel,), UTC, plan=PLAN)
    parts = Parts(
        (runner,),
        {"Els": CountingStrap(heard)},
        {"Els": Connect.ARMED},
        {channel.id: WritingPhone(rang)},
        lambda _id, _language: PLAN,
        lambda _svg: b"",
    )
    async with signals(reloads=False) as orders:
        await serve(lambda _: parts, Surroundings(state, SystemClock()), orders.stop)


if __name__ == "__main__":
    asyncio.run(main(*map(Path, sys.argv[1:])))
