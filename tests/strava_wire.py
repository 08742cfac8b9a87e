"""The wire between a program under test and our Strava: what was asked, what is answered, and what goes wrong.

Nothing in here knows what Strava is about; `tests/strava_server.py` does.
"""

import gzip
import json
import random
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, assert_never, overload

LOOPBACK = "127.0.0.1"


# --- what is asked and answered ---------------------------------------------------------------------------------------


@dataclass(eq=False)
class Request:
    """One request as it arrived; its status comes when it is answered, and never if it is not."""

    method: str
    path: str
    """Without the API's base: `/athlete/activities`, `/oauth/token`."""
    query: dict[str, str]
    form: dict[str, str] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    """By their names in small letters."""
    at: datetime
    counted: bool
    athlete: int | None = None
    status: int | None = None
    file: bytes | None = field(default=None, repr=False)
    """What was uploaded."""

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def activity(self) -> int | None:
        """The id of the activity it asks about."""
        found = re.match(r"/activities/(\d+)", self.path)
        return int(found[1]) if found else None


class Requests(Sequence[Request]):
    """All requests in the order of their arrival; read by the test while the server adds to them."""

    def __init__(self) -> None:
        self._items: list[Request] = []
        self._changed = threading.Condition()

    @overload
    def __getitem__(self, place: int) -> Request: ...
    @overload
    def __getitem__(self, place: slice) -> list[Request]: ...
    def __getitem__(self, place: int | slice) -> Request | list[Request]:
        return self._items[place]

    def __len__(self) -> int:
        return len(self._items)

    def add(self, request: Request) -> None:
        with self._changed:
            self._items.append(request)
            self._changed.notify_all()

    def wait_for(self, count: int, line: str = "", timeout_s: float = 60.0) -> list[Request]:
        """Return those whose line has `line` in it as soon as there are `count`, or what there is when time is up."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.like(line)) >= count, timeout_s)
            return self.like(line)

    def like(self, pattern: str) -> list[Request]:
        """Return those whose line, such as `GET /athlete/activities`, has the pattern in it."""
        return [request for request in list(self._items) if re.search(pattern, request.line)]

    def counted(self) -> list[Request]:
        return [request for request in list(self._items) if request.counted]

    def lists(self) -> list[Request]:
        return self.like(r"^GET /athlete/activities$")

    def streams(self) -> list[Request]:
        return self.like(r"^GET /activities/\d+/streams$")

    def details(self) -> list[Request]:
        return self.like(r"^GET /activities/\d+$")

    def tokens(self) -> list[Request]:
        return self.like(r"^POST /oauth/token$")

    def clear(self) -> None:
        """Forget them, to count anew."""
        with self._changed:
            self._items.clear()


@dataclass(frozen=True)
class Reply:
    """A status and a body: text as it is, anything else as JSON."""

    status: int
    body: object
    content_type: str = "application/json; charset=utf-8"
    location: str | None = None

    @property
    def content(self) -> bytes:
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class RefusalError(Exception):
    """Carries a refusal from where it is found to where it is said."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


_MESSAGES = {
    400: "Bad Request",
    401: "Authorization Error",
    403: "Forbidden",
    404: "Record Not Found",
    410: "Gone",
    429: "Rate Limit Exceeded",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def refusal(status: int, resource: str = "", field: str = "", code: str = "") -> Reply:
    """Word a refusal as Strava does."""
    errors = [{"resource": resource, "field": field, "code": code}] if resource else []
    return Reply(status, {"message": _MESSAGES[status], "errors": errors})


# --- bad days ---------------------------------------------------------------------------------------------------------


class Trouble(Enum):
    """Ways of answering that are none; those marked * come after the request took effect."""

    HANG = auto()
    """Says nothing until the fault is lifted (and then answers) or the server closes (and then does not)."""
    RESET = auto()
    """Resets the connection."""
    LOST = auto()
    """* Resets the connection in place of the answer."""
    TRUNCATED = auto()
    """* Ends in the middle of the body."""
    TRICKLE = auto()
    """* Sends the body at one byte every 50 ms; the rest at once when the fault is lifted."""


_AFTERWARDS = (Trouble.LOST, Trouble.TRUNCATED, Trouble.TRICKLE)

Kind = Trouble | Reply

HTML = "text/html; charset=utf-8"
_SORRY = "<!DOCTYPE html><html><head><title>Strava</title></head><body><h1>{}</h1></body></html>"
BROKEN = refusal(500)
BAD_GATEWAY = Reply(502, _SORRY.format("502 Bad Gateway"), HTML)
UNAVAILABLE = refusal(503)
TOO_MANY = refusal(429, "Application", "overall rate limit", "exceeded")
"""Out of turn: the usage headers know nothing of it."""
MAINTENANCE = Reply(200, _SORRY.format("We will be back"), HTML)
MALFORMED = Reply(200, '[{"id": 16000000001, "name": "Ocht')
EMPTY = Reply(200, "")
WEATHER: tuple[Kind, ...] = (
    BROKEN,
    BAD_GATEWAY,
    UNAVAILABLE,
    MAINTENANCE,
    MALFORMED,
    EMPTY,
    Trouble.RESET,
    Trouble.LOST,
    Trouble.TRUNCATED,
)
"""What a rainy day brings: all that is over at once."""

Match = str | Callable[[Request], bool]
"""A pattern that is looked for in `GET /athlete/activities`, or a function of the request."""


class Fault:
    """Something that goes wrong with the matching requests, until it has happened `times` or is lifted."""

    def __init__(self, match: Match, choose: Callable[[], Kind | None], times: int | None, after: int) -> None:
        self.met = threading.Event()
        """Set when it first happens, so that a test can wait for a request to hang; if it comes after the request took
        effect, then not before that."""
        self.lifted = threading.Event()
        self.happened = 0
        self._match, self._choose, self._times, self._after = match, choose, times, after

    def strike(self, request: Request) -> Kind | None:
        """Say what goes wrong with this request, if anything does."""
        is_meant = re.search(self._match, request.line) if isinstance(self._match, str) else self._match(request)
        if self.lifted.is_set() or not is_meant:
            return None
        if self._after:
            self._after -= 1
            return None
        if self.happened == self._times or (kind := self._choose()) is None:
            return None
        self.happened += 1
        if kind not in _AFTERWARDS:
            self.met.set()
        return kind

    def lift(self) -> None:
        """Let it be over, also for the requests that hang in it."""
        self.lifted.set()


@dataclass(frozen=True)
class Struck:
    """What goes wrong with a request, and by which fault."""

    fault: Fault
    kind: Kind


class Faults:
    """What goes wrong, in the order in which it was added; a request meets the first that is meant for it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, match: Match, kind: Kind, *, times: int | None = 1, after: int = 0) -> Fault:
        """Let `kind` happen to the requests that match, after the first `after` of them; None times is always."""
        return self._add(Fault(match, lambda: kind, times, after))

    def rain(
        self, share: float = 0.1, *, seed: int = 1, kinds: Sequence[Kind] = WEATHER, match: Match = "", after: int = 0
    ) -> Fault:
        """Let one of `kinds` happen to a share of the requests; the same ones in every run, if they come in a row."""
        chance = random.Random(seed)  # noqa: S311
        return self._add(Fault(match, lambda: chance.choice(kinds) if chance.random() < share else None, None, after))

    def _add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def strike(self, request: Request) -> Struck | None:
        with self._lock:
            return next((Struck(fault, kind) for fault in self._faults if (kind := fault.strike(request))), None)

    def clear(self) -> None:
        """Lift all of them."""
        with self._lock:
            for fault in self._faults:
                fault.lift()
            self._faults.clear()


# --- HTTP -------------------------------------------------------------------------------------------------------------


class Site(Protocol):
    """Who decides; asked by as many threads as there are connections."""

    @property
    def now(self) -> datetime: ...
    def take(self, method: str, address: str, headers: dict[str, str], body: bytes) -> tuple[Request, Struck | None]:
        """Note a request, and what goes wrong with it."""

    def reply(self, request: Request) -> Reply:
        """Let it take effect."""

    def limits(self) -> dict[str, str]:
        """Return the headers that answers to counted requests carry."""


class Web(ThreadingHTTPServer):
    """Serves a site on a port of its own; closing it ends whatever hangs or trickles."""

    daemon_threads = False  # so that closing joins them
    request_queue_size = 128  # a full queue would cost a client a second

    def __init__(self, site: Site) -> None:
        super().__init__((LOOPBACK, 0), Handler, bind_and_activate=False)
        self.site, self.closing = site, threading.Event()
        self._connections: set[socket.socket] = set()
        self._blunders: list[BaseException] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), name="strava")

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def open(self) -> None:
        self.server_bind()
        self.server_activate()
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self.shutdown()
        for connection in self._connections.copy():
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it has just ended by itself
        self.server_close()  # joins the threads of its connections
        self._thread.join()
        if self._blunders:
            raise self._blunders[0]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, client = super().get_request()
        self._connections.add(connection)
        return connection, client

    def close_request(self, request: Any) -> None:  # noqa: ANN401 the library's
        self._connections.discard(request)
        super().close_request(request)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 the library's
        """Keep our own mistakes for the end; clients that give up waiting are what this server is for."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self._blunders.append(error)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Web
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "nginx", ""
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        site = self.server.site
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request, struck = site.take(self.command, self.path, headers, body)
        if struck is None:
            self._send(request, site.reply(request))
        elif isinstance(struck.kind, Reply):
            self._send(request, struck.kind)
        else:
            self._suffer(request, struck.kind, struck.fault)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _suffer(self, request: Request, trouble: Trouble, fault: Fault) -> None:
        site = self.server.site
        match trouble:
            case Trouble.RESET:
                self._reset()
            case Trouble.LOST:
                self._effect(request, fault)
                self._reset()
            case Trouble.HANG:
                fault.lifted.wait()
                if self.server.closing.is_set():
                    self._reset()
                else:
                    self._send(request, site.reply(request))
            case Trouble.TRUNCATED:
                content = self._send_head(request, self._effect(request, fault))
                self.wfile.write(content[: len(content) // 2])
                self.close_connection = True
            case Trouble.TRICKLE:
                content = self._send_head(request, self._effect(request, fault))
                while content and not fault.lifted.wait(0.05):
                    self.wfile.write(content[:1])
                    content = content[1:]
                self.wfile.write(content)
            case _:
                assert_never(trouble)

    def _effect(self, request: Request, fault: Fault) -> Reply:
        """Let a request take effect before what goes wrong with its answer."""
        reply = self.server.site.reply(request)
        fault.met.set()
        return reply

    def _send(self, request: Request, reply: Reply) -> None:
        self.wfile.write(self._send_head(request, reply))

    def _send_head(self, request: Request, reply: Reply) -> bytes:
        """Send all but the body, and return that."""
        request.status = reply.status
        content = reply.content
        self.send_response(reply.status)
        if reply.location is not None:
            self.send_header("Location", reply.location)
        if request.counted and reply.content_type != HTML:
            for name, value in self.server.site.limits().items():
                self.send_header(name, value)
        if content and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content, 1)
            self.send_header("Content-Encoding", "gzip")
        if reply.status != 204:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return content

    def _reset(self) -> None:
        # lingering for 0 s turns the coming close into a reset
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 the library's
        return format_datetime(self.server.site.now.astimezone(UTC), usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the library's name
        pass
