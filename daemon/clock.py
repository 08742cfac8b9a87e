"""Time as an argument: the one clock of the service, and what stands in for it elsewhere."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from daemon.domain.heart_rate import Instant

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""There was no duurloop before: a wall clock that tells an earlier time has yet to be set."""


class Clock(Protocol):
    """Where the shell gets its time. The domain has none: it is told."""

    def monotonic(self) -> Instant:
        """Return seconds on a clock that never jumps."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait for that many of this clock's seconds."""


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> Instant:
        """Return seconds on a clock that never jumps, and goes on while the machine sleeps: a strap is silent then."""
        return Instant(time.clock_gettime(time.CLOCK_BOOTTIME))

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait for that many seconds."""
        await asyncio.sleep(max(0.0, seconds))


class FastClock:
    """The machine's time, `speed` times as fast: the demonstration's quarter of an hour in half a minute."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._from = time.monotonic()
        self._began = datetime.now(UTC)

    def monotonic(self) -> Instant:
        """Return quickened seconds on a clock that never jumps."""
        return Instant(self._from + (time.monotonic() - self._from) * self._speed)

    def now(self) -> datetime:
        """Return the quickened wall-clock time, aware, in UTC."""
        return self._began + timedelta(seconds=self.monotonic() - self._from)

    async def sleep(self, seconds: float) -> None:
        """Wait for that many quickened seconds."""
        await asyncio.sleep(max(0.0, seconds) / self._speed)


def is_set(now: datetime) -> bool:
    """Tell whether a wall clock can be right."""
    return now >= EARLIEST


async def wait_for(event: asyncio.Event, clock: Clock, seconds: float) -> bool:
    """Wait until `event` is set, but no longer than `seconds` of `clock`; tell whether it is set."""
    if event.is_set():
        return True
    waiting = asyncio.ensure_future(event.wait())
    try:
        await done_within(waiting, clock, seconds)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    return event.is_set()


async def either(*events: asyncio.Event) -> None:
    """Wait until one of the events is set."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def done_within(work: "asyncio.Future[Any]", clock: Clock, seconds: float) -> bool:
    """Wait until `work` is done, but no longer than `seconds` of `clock`; tell whether it is. It goes on if not."""
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({work, sleeping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sleeping.cancel()
        await asyncio.gather(sleeping, return_exceptions=True)
    return work.done()
