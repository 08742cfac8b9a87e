"""The web server, in the daemon's own loop."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from daemon.page.door import LOGGER, FrontDoor, Limits
from daemon.page.terms import BACKLOG, listening_at

LARGEST_BODY_BYTES = 64 * 1024
LIMITS = Limits()
AT_ONCE = 16
"""So many guests asyncio lets in before it looks at anything else: a crowd must not hold up a heartbeat."""

log = structlog.get_logger()


class TlsError(OSError):
    """The files of the certificate are of no use."""


def tls_context(cert: Path, key: Path) -> ssl.SSLContext:
    """Return what makes https of the page. Raises `OSError` with one line that names the files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # a key that wants a password would ask for it at a terminal that is not there
        context.load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        reason = (error.reason or "no certificate or no key in it, or it wants a password").replace("_", " ").lower()
        raise TlsError(f"tls_cert {cert} with tls_key {key}: {reason}") from error
    except OSError as error:
        raise TlsError(f"tls_cert {cert} with tls_key {key}: {error.strerror}") from error
    return context


@asynccontextmanager
async def answering(
    host: str,
    port: int,
    routes: Sequence[web.AbstractRouteDef],
    *,
    middlewares: Iterable[Middleware] = (),
    tls: ssl.SSLContext | None = None,
    on_shutdown: Callable[[], Awaitable[None]] | None = None,
    listener: socket.socket | None = None,
    limits: Limits = LIMITS,
) -> AsyncIterator[int]:
    """Answer at an address for as long as the context is open; give the port. Raises `OSError`.

    `on_shutdown` tells streams to end; nobody waits for those that do not. `listener` listens there already.
    """
    door = FrontDoor(limits)
    app = web.Application(client_max_size=LARGEST_BODY_BYTES, middlewares=[door.mind, *middlewares])
    app.add_routes(routes)
    if on_shutdown:
        app.on_shutdown.append(lambda _app: on_shutdown())
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=limits.goodbye_s,
        keepalive_timeout=limits.head_s,
        lingering_time=limits.body_s,
        logger=LOGGER,
    )
    await runner.setup()
    assert runner.server is not None  # noqa: S101 - it was made just now
    try:
        taken = listener or listening_at(host, port)
        # not aiohttp's own TCPSite: there is no way in for a door
        server = await asyncio.get_running_loop().create_server(
            partial(door.guest, runner.server),
            sock=taken,
            ssl=tls,
            ssl_handshake_timeout=limits.handshake_s if tls else None,
            backlog=AT_ONCE,
        )
        taken.listen(BACKLOG)
        try:
            bound: int = server.sockets[0].getsockname()[1]
            log.info("page_listens", host=host, port=bound, tls=tls is not None)
            yield bound
        finally:
            server.close()
    finally:
        await runner.cleanup()
        door.shut()
