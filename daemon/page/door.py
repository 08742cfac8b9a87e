"""The front door of the page: how many may stand in it, and for how long.

aiohttp itself lets nobody stay who does not bring a whole head within its keep-alive time, however many bytes may have
come. What it does not mind (tried with 3.14): a body that never ends, a reader who does not read, and how many there
are. So connections are counted here, and whoever has waited longest without asking for anything makes room for the next
one: a thousand who dribble keep nobody out. Those who are being answered stay; when the house is full of them, nobody
else gets in.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError

from daemon.page.asked import is_loopback

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many may stand in the door, and for how long."""

    guests: int = 200
    guests_each: int = 32
    """Of one far end; a proxy on this machine speaks for many, and is not counted so."""
    head_s: float = 15.0
    """So long nothing may be asked, or the asking may take."""
    body_s: float = 10.0
    """So long the rest of what is asked may take, all in all."""
    deaf_s: float = 60.0
    """So long an answer may wait to be taken; then the line is dead, or its other end does not listen."""
    handshake_s: float = 10.0
    goodbye_s: float = 0.5
    """So long an answer may take when the service stops."""


class FrontDoor:
    """Lets connections in to what answers them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._inside: dict[asyncio.BaseProtocol, _Guest] = {}
        """By what answers them; whoever has asked nothing for the longest time comes first."""
        self._asked: dict[asyncio.BaseProtocol, web.Request] = {}
        """What those have asked who are being answered."""
        self._is_told = False

    def guest(self, answering: Callable[[], asyncio.Protocol]) -> asyncio.Protocol:
        """Return the protocol of one more connection."""
        return _Guest(self, answering)

    @web.middleware
    async def mind(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Know who is being answered, and let no body trickle in."""
        guest = request.protocol
        self._asked[guest] = request
        patience = asyncio.get_running_loop().call_later(self._limits.body_s, _give_up, request)
        try:
            return await handler(request)
        except TrickleError:
            raise web.HTTPRequestTimeout from None
        except ConnectionResetError:
            if request.transport is not None and not request.transport.is_closing():
                raise  # it was another line of ours
            return web.Response()  # nobody is there any more
        finally:
            patience.cancel()
            del self._asked[guest]
            if guest in self._inside:
                self._inside[guest] = self._inside.pop(guest)

    def let_in(self, guest: "_Guest", inner: asyncio.BaseProtocol, transport: asyncio.Transport) -> None:
        """Count a guest who got in."""
        self._inside[inner] = guest
        line = transport.get_extra_info("socket")
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(self._limits.deaf_s * 1000))

    def has_room(self, far_end: str) -> bool:
        """Tell whether one more may come in from there; whoever has waited longest makes room."""
        guests = list(self._inside.values())
        alike = [guest for guest in guests if guest.far_end == far_end]
        if len(alike) >= self._limits.guests_each and not is_loopback(far_end):
            crowd = alike
        elif len(guests) >= self._limits.guests:
            crowd = guests
        else:
            return True
        waiting = next((guest for guest in crowd if not self._is_answered(guest)), None)
        if waiting:
            waiting.show_out()
        elif not self._is_told:
            self._is_told = True
            log.warning("page_full", connections=len(guests))
        return waiting is not None

    def _is_answered(self, guest: "_Guest") -> bool:
        """Tell whether a guest has brought a whole request, and waits for us."""
        asked = self._asked.get(guest.inner) if guest.inner else None
        return asked is not None and asked.content.is_eof()

    def gone(self, inner: asyncio.BaseProtocol) -> None:
        """Forget a guest."""
        self._inside.pop(inner, None)
        if not self._inside:
            self._is_told = False

    def shut(self) -> None:
        """Show everybody out who is still there."""
        for guest in list(self._inside.values()):
            guest.show_out()


class _Guest(asyncio.Protocol):
    """One connection: handed on to what answers it, if there is room."""

    def __init__(self, door: FrontDoor, answering: Callable[[], asyncio.Protocol]) -> None:
        self.far_end = ""
        self.inner: asyncio.Protocol | None = None
        self._door = door
        self._answering = answering
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # the server's sockets are streams
        self.far_end = str((transport.get_extra_info("peername") or ("",))[0])
        if not self._door.has_room(self.far_end):
            self._transport.abort()
            return
        self.inner = self._answering()
        self._door.let_in(self, self.inner, self._transport)
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self.inner:
            self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self.inner.eof_received() if self.inner else None

    def pause_writing(self) -> None:
        if self.inner:
            self.inner.pause_writing()

    def resume_writing(self) -> None:
        if self.inner:
            self.inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.inner:
            self._door.gone(self.inner)
            self.inner.connection_lost(exc)

    def show_out(self) -> None:
        """Cut the connection."""
        if self.inner and self._transport:
            self._door.gone(self.inner)
            self._transport.abort()


class TrickleError(TimeoutError):
    """The rest of what is asked takes too long to come."""


def _give_up(request: web.Request) -> None:
    if not request.content.is_eof():
        request.content.set_exception(TrickleError())


class _OursOnly(logging.Filter):
    """Keeps out of the log what is no fault of ours: whoever sends nonsense could fill it."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError)


LOGGER = logging.getLogger("aiohttp.server.page")
"""What aiohttp says of the page's connections."""
LOGGER.addFilter(_OursOnly())
