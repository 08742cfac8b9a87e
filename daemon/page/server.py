"""The web server, in the daemon's own loop."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

LARGEST_BODY_BYTES = 64 * 1024
GOODBYE_S = 0.5
"""So long an answer may take when the service stops."""
SILENCE_S = 15.0
"""A connection that asks nothing is closed."""

log = structlog.get_logger()


@asynccontextmanager
async def answering(host: str, port: int, routes: Sequence[web.AbstractRouteDef]) -> AsyncIterator[int]:
    """Answer at an address for as long as the context is open; give the port. Raises `OSError`."""
    app = web.Application(client_max_size=LARGEST_BODY_BYTES)
    app.add_routes(routes)
    runner = web.AppRunner(
        app, access_log=None, handle_signals=False, shutdown_timeout=GOODBYE_S, keepalive_timeout=SILENCE_S
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound: int = runner.addresses[0][1]
        log.info("page_listens", host=host, port=bound)
        yield bound
    finally:
        await runner.cleanup()
