"""Small stand-ins for the outside: a clock that is told to go, a strap that follows a script, a moody messenger.

Nothing in here patches anything. The store in memory stands in `tests/memory_store.py`.
"""

import asyncio
import heapq
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from daemon.afterwards import Afterwards
from daemon.clock import Clock
from daemon.domain.effort import Evidence, judge
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.plan import Course
from daemon.domain.run import Run, Source
from daemon.domain.strap import StrapEvent
from daemon.domain.wording import ENGLISH, Text
from daemon.domain.zones import TargetZone
from daemon.household import Channel, Plan, QuietHours, Runner
from daemon.planning import Planner
from daemon.ports import DeliveryError, Permit
from daemon.remote import RefusedError
from daemon.store import (
    Kind,
    Letter,
    Store,
)

EVENING = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
EASY = TargetZone(Bpm(118), Bpm(136))
PHONE = Channel("els/phone", "phone", frozenset(Kind), figures=False)
MAIL = Channel("els/mail", "mail", frozenset(Kind), figures=True, is_mailbox=True)
ELS = Runner("Els", ENGLISH, (EASY,), (PHONE,), UTC)


def no_plans(plan: str, _language: str) -> Plan:
    """Know no plan but that of the settings."""
    raise RefusedError("no plan {plan}", plan=plan)


def plan_of(*courses: Course, identity: str = "rustig-12") -> Plan:
    """Return a plan with these steps."""
    return Plan(identity, "Twelve calm weeks", courses)


def no_picture(_svg: str) -> bytes:
    return b"PNG"


def afterwards(who: Runner, store: Store, clock: Clock) -> Afterwards:
    """Return what follows from a runner's runs."""
    return Afterwards(Planner(who, store, no_plans), clock)


# -- waiting -----------------------------------------------------------------------------------------

TURNS = 25
"""Turns of the loop after which whatever can go on without time passing has gone on."""


async def settle() -> None:
    """Let everything go on that waits neither for time nor for another thread."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def eventually(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait for something that another thread or process does."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.002)


def wait_until(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait for something that a process of its own does."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


class FakeClock:
    """The port `Clock`, standing still until `pass_time`."""

    def __init__(self, now: datetime = EVENING) -> None:
        self._monotonic = 5000.0
        self._now = now
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def monotonic(self) -> Instant:
        return Instant(self._monotonic)

    def now(self) -> datetime:
        return self._now

    def set_wall(self, now: datetime) -> None:
        """Do what NTP or a careless hand does to the wall clock."""
        self._now = now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiting = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), waiting))
        await waiting

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and wake who sleeps, one after the other and each at its moment."""
        end = self._monotonic + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, waiting = heapq.heappop(self._sleepers)
            if waiting.done():  # its task was cancelled
                continue
            self._go_to(due)
            waiting.set_result(None)
            await settle()
        self._go_to(end)
        await settle()

    def jump(self, seconds: float) -> None:
        """Let time pass with nobody awake: the service was not running."""
        self._go_to(self._monotonic + seconds)

    def _go_to(self, instant: float) -> None:
        self._now += timedelta(seconds=max(0.0, instant - self._monotonic))
        self._monotonic = max(self._monotonic, instant)


# -- straps ------------------------------------------------------------------------------------------


class ScriptedStrap:
    """The port `HeartRateSource`: says what it is told to say, and remembers that it was let go of."""

    last_failure: str | None = None

    def __init__(self) -> None:
        self.permit: Permit | None = None
        self.closed = False
        self._events: asyncio.Queue[StrapEvent] = asyncio.Queue()

    def say(self, *events: StrapEvent) -> None:
        for event in events:
            self._events.put_nowait(event)

    @asynccontextmanager
    async def events(self, permit: Permit) -> AsyncIterator[AsyncIterator[StrapEvent]]:
        self.permit, self.closed = permit, False
        events = self._listen()
        try:
            yield events
        finally:
            await events.aclose()
            self.closed = True

    async def _listen(self) -> AsyncGenerator[StrapEvent, None]:
        while True:
            yield await self._events.get()


class Switch:
    """A permit that a test grants and withdraws."""

    def __init__(self, *, granted: bool = True) -> None:
        self._granted = asyncio.Event()
        self._withdrawn = asyncio.Event()
        self.turn(on=granted)

    def turn(self, *, on: bool) -> None:
        for event, is_so in ((self._granted, on), (self._withdrawn, not on)):
            event.set() if is_so else event.clear()

    @property
    def granted(self) -> bool:
        return self._granted.is_set()

    async def wait_granted(self) -> None:
        await self._granted.wait()

    async def wait_withdrawn(self) -> None:
        await self._withdrawn.wait()


def sample(at: float, bpm: int = 128, *words: int, contact: SensorContact = SensorContact.GOOD) -> HeartRateSample:
    """Make a sample, with RR words that fit it unless told otherwise."""
    return HeartRateSample(Instant(at), Bpm(bpm), contact, words or ((round(60 * 1024 / bpm),) if bpm else ()))


# -- messengers --------------------------------------------------------------------------------------


class MoodyMessenger:
    """Keeps what arrives, in whatever thread; hangs while `hangs`, refuses while `refusal` is set."""

    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.tried: list[Text] = []
        self.refusal: DeliveryError | None = None
        self.at_once = 0
        """The most sends that were under way at the same time."""
        self._answers = threading.Event()
        self._answers.set()
        self._under_way = 0

    def hang(self) -> None:
        self._answers.clear()

    def answer(self) -> None:
        self._answers.set()

    def deliver(self, text: Text) -> None:
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        self.tried.append(text)
        try:
            self._answers.wait(20)
            if self.refusal is not None:
                raise self.refusal
            self.texts.append(text)
        finally:
            self._under_way -= 1


# -- letters and runs --------------------------------------------------------------------------------


def letter(
    key: str,
    channel: str = PHONE.id,
    kind: Kind = Kind.AFTER,
    *,
    at: datetime = EVENING,
    worth: timedelta = timedelta(hours=12),
    not_before: datetime | None = None,
) -> Letter:
    """Write a letter whose text is its key."""
    return Letter(key, channel, kind, Text(key, f"about {key}"), at, at + worth, not_before or at)


def judged_run(run_id: str, samples: Sequence[HeartRateSample] = (), started_at: datetime = EVENING) -> Run:
    """Make a run of Els's, judged by its samples."""
    duration_s = (samples[-1].at if samples else 0.0) + 1.0
    return Run(
        id=run_id,
        runner=ELS.name,
        sources=(Source.STRAP,),
        sport="run",
        name=None,
        started_at=started_at,
        duration_s=duration_s,
        distance_m=None,
        target=EASY,
        judgement=judge(Evidence(samples, duration_s), EASY),
    )


def runner(
    name: str = ELS.name,
    *channels: Channel,
    zones: tuple[TargetZone, ...] = (EASY,),
    quiet: QuietHours | None = None,
) -> Runner:
    """Make a runner, English-speaking, in UTC."""
    return replace(ELS, name=name, channels=channels or (PHONE,), zones=zones, quiet=quiet)


@asynccontextmanager
async def running(*works: Awaitable[object]) -> AsyncIterator[None]:
    """Let `works` go on for as long as the context is open, then cancel them and wait for their clean-up."""

    async def go(work: Awaitable[object]) -> None:
        await work

    tasks = [asyncio.create_task(go(work)) for work in works]
    await settle()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if end is not None and not isinstance(end, asyncio.CancelledError):
            raise end
