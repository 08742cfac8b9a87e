"""A sample a second from 1, 100 and 1,000 straps, through the real service into a real database.

The straps are as light as they can be, and what they cost without a service is told apart. A sample counts as
handed in when it was due, not when the event loop got round to it; it is durable when its commit has returned.
"""

import asyncio
import logging
import random
import sqlite3
import tempfile
import time
import timeit
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from itertools import count
from pathlib import Path
from typing import NamedTuple

import aiosqlite
import structlog
from machine import middle, p99
from table import Row, show

from config.language import catalogue
from connectors.gatt import decode_heart_rate
from connectors.sqlite import open_database
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from daemon.clock import SystemClock
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.session import Effect, Event, Keep
from daemon.domain.strap import BodyLocation, StrapConnected, StrapEvent
from daemon.domain.wording import Language
from daemon.domain.zones import TargetZone
from daemon.household import Runner
from daemon.parts import Parts, Shelves
from daemon.permit import Connect
from daemon.ports import HeartRateSource, Permit
from daemon.pulse import Pulses
from daemon.service import LATE_S, Service
from daemon.store import Fact, SampleKept
from daemon.supervisor import supervise
from tests.fakes import no_picture, no_plans

BUDGETS = {1: 1.0, 100: 5.0, 1000: 15.0}
"""Percent of a core by number of straps."""
PUTTING_ON_S, SEEN_S, PEER_S = 2.0, 8.0, 3.0
BATCH_S = 0.4
SLOTS = 100
PACKET = bytes([0b10110, 140, 0xB3, 0x01, 0xB6, 0x01])
"""140 bpm, skin contact, two RR words."""
ROWS = (
    "CREATE TABLE sample (strap INTEGER, number INTEGER, at_ms INTEGER, bpm INTEGER, contact INTEGER, rr BLOB,"
    " PRIMARY KEY (strap, number)) STRICT, WITHOUT ROWID"
)
INSERT = "INSERT INTO sample VALUES (?, ?, ?, ?, 2, x'b301b601')"


class Air:
    """All straps at once: one task that gives each its sample once a second, each at its own hundredth."""

    def __init__(self, straps: int) -> None:
        self._lines: list[asyncio.Queue[StrapEvent]] = [asyncio.Queue() for _ in range(straps)]

    def sources(self) -> list[HeartRateSource]:
        """Return a strap for each runner."""
        return [_Strap(line) for line in self._lines]

    async def run(self) -> None:
        """Let hearts beat for ever: every hundredth of a second those of a hundredth of the straps."""
        begin, slots = time.monotonic() + 0.1, min(SLOTS, len(self._lines))
        for slot in count():
            at = Instant(begin + slot / slots)
            await asyncio.sleep(at - time.monotonic())
            for index in range(slot % slots, len(self._lines), slots):
                bpm = Bpm(125 + (index + slot // slots) % 7)
                self._lines[index].put_nowait(HeartRateSample(at, bpm, SensorContact.GOOD, (435, 438)))


class _Strap:
    def __init__(self, line: "asyncio.Queue[StrapEvent]") -> None:
        self._line = line

    @asynccontextmanager
    async def events(self, permit: Permit) -> AsyncIterator[AsyncIterator[StrapEvent]]:
        await permit.wait_granted()
        events = self._listen()
        try:
            yield events
        finally:
            await events.aclose()

    async def _listen(self) -> AsyncGenerator[StrapEvent, None]:
        yield StrapConnected(Instant(time.monotonic()), "bench", 87, BodyLocation.CHEST)
        while True:
            yield await self._line.get()


@dataclass(slots=True)
class Watch:
    """When samples were due, decided upon and durable."""

    decided_s: list[float] = field(default_factory=list)
    commits: int = 0
    oldest_s: float = 0.0
    pending: deque[float] = field(default_factory=deque)

    def observe(self, _runner: str, event: Event, effects: tuple[Effect, ...]) -> None:
        """Note a decision; the coach calls this as its last act for an event."""
        if isinstance(event, HeartRateSample):
            self.decided_s.append(time.monotonic() - event.at)
            self.pending.extend(effect.sample.at for effect in effects if isinstance(effect, Keep))

    def durable(self, facts: Sequence[Fact]) -> None:
        """Note a commit that has returned."""
        samples, now = sum(isinstance(fact, SampleKept) for fact in facts), time.monotonic()
        self.commits += 1
        for _ in range(samples):
            self.oldest_s = max(self.oldest_s, now - self.pending.popleft())

    def forget(self) -> None:
        """Begin to look anew; what is not yet durable stays so."""
        self.decided_s.clear()
        self.commits, self.oldest_s = 0, 0.0


class WatchedStore(SqliteStore):
    """The real store; tells when a commit has returned."""

    watch: Watch

    async def commit(self, facts: Sequence[Fact]) -> None:
        """Make all of `facts` durable together, or none."""
        await super().commit(facts)
        self.watch.durable(facts)


class Seen(NamedTuple):
    """What so many straps cost."""

    cpu_pct: float
    oldest_s: float
    oldest_at_first_s: float
    commits: float
    decided_s: list[float]


async def through_service(straps: int, folder: Path) -> Seen:
    """Run the service with so many straps."""
    air, watch = Air(straps), Watch()
    runners = [
        Runner(f"runner {number}", Language(*_words()), (TargetZone(Bpm(118), Bpm(136)),), (), UTC)
        for number in range(straps)
    ]
    parts = Parts(
        runners,
        {runner.name: source for runner, source in zip(runners, air.sources(), strict=True)},
        {runner.name: Connect.ALWAYS for runner in runners},
        {},
        no_plans,
        no_picture,
    )
    clock = SystemClock()
    async with open_database(folder / f"{straps}.db") as database:
        store = WatchedStore(database)
        store.watch = watch
        pulses = Pulses(clock, LATE_S)
        shelves = Shelves(store, SqlitePost(database))
        service = Service(parts, shelves, clock, random.Random(7), pulses, watch.observe)  # noqa: S311
        seen: list[Seen] = []

        async def look() -> None:
            await asyncio.sleep(PUTTING_ON_S)
            at_first = watch.oldest_s
            watch.forget()
            share = await _share_of_a_core(asyncio.sleep(SEEN_S))
            seen.append(Seen(share, watch.oldest_s, at_first, watch.commits / SEEN_S, list(watch.decided_s)))
            stop.set()

        stop = asyncio.Event()
        await supervise({**service.workers(), "air": air.run, "look": look}, stop)
        await service.recorder.flush()
        if service.recorder.trouble:
            raise RuntimeError(service.recorder.trouble)
    return seen[0]


def _words() -> tuple[Callable[[str], str], Callable[[str, str, int], str]]:
    words = catalogue("en")
    return words.gettext, words.ngettext


async def without_service(straps: int) -> float:
    """Return what the straps alone cost, each with somebody who listens and does nothing."""
    air = Air(straps)

    async def listen(source: HeartRateSource) -> None:
        async with source.events(_Granted()) as events:
            async for _ in events:
                pass

    tasks = [asyncio.create_task(listen(source)) for source in air.sources()]
    tasks.append(asyncio.create_task(air.run()))
    await asyncio.sleep(0.2)
    share = await _share_of_a_core(asyncio.sleep(PEER_S))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return share


class _Granted:
    granted = True

    async def wait_granted(self) -> None:
        """Return at once."""

    async def wait_withdrawn(self) -> None:
        """Never return."""
        await asyncio.Event().wait()


async def _share_of_a_core(work: Awaitable[object]) -> float:
    began, cpu = time.monotonic(), time.process_time()
    await work
    return 100 * (time.process_time() - cpu) / (time.monotonic() - began)


# -- peers -----------------------------------------------------------------------------------------


@contextmanager
def plain_table(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database with the same durability and nothing but a table of samples."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", ROWS):
            connection.execute(statement)
        yield connection
    finally:
        connection.close()


def batched(straps: int, folder: Path) -> float:
    """Return what plain sqlite3 costs with a batch every 0.4 s and nothing else: no judging, no asyncio."""
    began, cpu, written = time.monotonic(), time.process_time(), 0
    with plain_table(folder / f"batched-{straps}.db") as connection:
        while (now := time.monotonic() - began) < PEER_S:
            due = int(now * straps)
            rows = [(number % straps, number // straps, number, 140) for number in range(written, due)]
            if rows:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(INSERT, rows)
                connection.execute("COMMIT")
            written = due
            time.sleep(BATCH_S)
    return 100 * (time.process_time() - cpu) / (time.monotonic() - began)


async def one_by_one(straps: int, folder: Path) -> float:
    """Return what one commit per sample costs in an asyncio program, with aiosqlite and nothing else."""
    path = folder / f"single-{straps}.db"
    with plain_table(path):
        pass
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await connection.execute("PRAGMA synchronous = FULL")

        async def write() -> None:
            began, written = time.monotonic(), 0
            while (now := time.monotonic() - began) < PEER_S:
                if written < now * straps:
                    await connection.execute(INSERT, (written % straps, written // straps, written, 140))
                    written += 1
                else:
                    await asyncio.sleep(written / straps - now)

        return await _share_of_a_core(write())


def decode_us() -> float:
    """Return how long decoding one packet takes, in microseconds."""
    times = 20_000
    return min(timeit.repeat(lambda: decode_heart_rate(PACKET), number=times, repeat=5)) / times * 1e6


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    rows = []
    decoding = decode_us()
    with tempfile.TemporaryDirectory(prefix="duurloop-bench-") as name:
        folder = Path(name)
        for straps, budget in BUDGETS.items():
            seen = asyncio.run(through_service(straps, folder))
            alone, batch = asyncio.run(without_service(straps)), batched(straps, folder)
            single = asyncio.run(one_by_one(straps, folder))
            unit = f"{straps:,} strap{'s' if straps > 1 else ''}"
            rows += [
                Row(
                    f"{unit}: share of a core",
                    f"{seen.cpu_pct:.1f} % (of it the straps {alone:.1f})",
                    f"<= {budget:.0f} %",
                    f"plain sqlite3 in batches {batch:.1f} %, a commit per sample {single:.1f} %",
                ),
                Row(
                    "  oldest sample not durable",
                    f"{seen.oldest_s:.2f} s",
                    "<= 1.0 s",
                    f"while they are put on {seen.oldest_at_first_s:.2f} s; {seen.commits:.1f} commits a second",
                ),
                Row(
                    "  packet to decision, p50 / p99",
                    f"{1000 * middle(seen.decided_s):.2f} / {1000 * p99(seen.decided_s):.2f} ms",
                    "- / <= 20 ms",
                    f"decoding it: {decoding:.2f} us",
                ),
            ]
    show(
        f"Straps at 1 Hz: {SEEN_S:.0f} s of real time each, after {PUTTING_ON_S:.0f} s in which all are put on",
        rows,
        ["Packet to decision counts from the moment the sample was due, so a busy event loop is in it."],
    )


if __name__ == "__main__":
    main()
