"""The page for as long as the service lives: it comes back when its address was taken, or Strava did not answer."""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from daemon.backoff import Backoff
from daemon.clock import Clock
from daemon.page.server import answering, tls_context
from daemon.page.terms import Place
from daemon.store import StoreError
from daemon.strava.port import StravaError

AGAIN = Backoff(30.0, 3600.0)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Site:
    """What is answered there."""

    routes: Sequence[web.AbstractRouteDef]
    middlewares: Sequence[Middleware] = ()
    """Look at every request first."""
    on_shutdown: Callable[[], Awaitable[None]] | None = None
    """Ends at once what would not end by itself."""


async def serve_page(
    place: Place,
    site: Callable[[], Awaitable[Site]],
    clock: Clock,
    chance: random.Random,
    then: Callable[[], Awaitable[None]] | None = None,
    listener: socket.socket | None = None,
) -> NoReturn:
    """Answer without end; `then` is done once the page can be reached, and may raise `StravaError`, `StoreError`.

    `site` may raise `StoreError`. `listener` listens at the place already; it is closed in the end.
    """
    failures = 0
    while True:
        try:
            made = await site()
            tls = tls_context(*place.certificate) if place.certificate else None
            async with answering(
                place.host,
                place.port,
                made.routes,
                middlewares=made.middlewares,
                tls=tls,
                on_shutdown=made.on_shutdown,
                listener=listener,
            ):
                if then:
                    await _until_done(then, clock, chance)
                await asyncio.Event().wait()
        except (OSError, StoreError) as error:
            failures += 1
            log.warning("page_failed", reason=str(error), failures=failures)
        finally:
            if listener:
                listener.close()
                listener = None  # its place has to be taken anew
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
