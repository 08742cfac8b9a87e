"""The page for as long as the service lives: it comes back when its address was taken, or Strava did not answer."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

import structlog
from aiohttp import web

from daemon.backoff import Backoff
from daemon.clock import Clock
from daemon.page.server import answering
from daemon.store import StoreError
from daemon.strava.port import StravaError

AGAIN = Backoff(30.0, 3600.0)

log = structlog.get_logger()

Routes = Callable[[], Awaitable[Sequence[web.AbstractRouteDef]]]
"""Returns what is answered. May raise `StoreError`."""


async def serve_page(
    host: str,
    port: int,
    routes: Routes,
    clock: Clock,
    chance: random.Random,
    then: Callable[[], Awaitable[None]] | None = None,
) -> NoReturn:
    """Answer without end; `then` is done once the page can be reached, and may raise `StravaError`, `StoreError`."""
    failures = 0
    while True:
        try:
            async with answering(host, port, await routes()):
                if then:
                    await _until_done(then, clock, chance)
                await asyncio.Event().wait()
        except (OSError, StoreError) as error:
            failures += 1
            log.warning("page_failed", reason=str(error), failures=failures)
        await clock.sleep(AGAIN.pause_s(failures, chance))


async def _until_done(work: Callable[[], Awaitable[None]], clock: Clock, chance: random.Random) -> None:
    """Do it as often as it takes; the page goes on meanwhile."""
    failures = 0
    while True:
        try:
            return await work()
        except (StravaError, StoreError) as error:
            failures += 1
            log.warning("strava_webhook_failed", reason=str(error), failures=failures)
        await clock.sleep(AGAIN.pause_s(failures, chance))
