"""Far ends on the loopback for messages to arrive at: a web server and a mail server with moods.

    with HttpReceiver() as phone, SmtpReceiver(mood=MailMood.TRY_LATER) as post:
        messenger = AppriseMessenger("phone", f"json://{phone.address}/", str)
        ...
        phone.mood = Answer(500, "out of paper")

The mood may be changed at any time; a server that hangs lets go when its context ends.
"""

import asyncio
import email
import email.policy
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

LOOPBACK = "127.0.0.1"

T = TypeVar("T")


class Arrivals(Generic[T]):
    """What has arrived so far, in order; read by the test while servers add to it."""

    def __init__(self) -> None:
        self._items: list[T] = []
        self._changed = threading.Condition()

    def add(self, item: T) -> None:
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def all(self) -> list[T]:
        with self._changed:
            return list(self._items)

    def wait_for(self, count: int, timeout_s: float = 60.0) -> list[T]:
        """Return what arrived as soon as there are `count` of them, or what there is when time is up."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) >= count, timeout_s)
            return list(self._items)


# --- the web ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Post:
    """One request that was read whole."""

    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self.body)
        return fields


@dataclass(frozen=True)
class Answer:
    """A status and words, which may depend on what was asked; `after_s` makes it slow."""

    status: int = 200
    words: str | Callable[[Post], str] = ""
    after_s: float = 0.0

    def to(self, post: Post) -> bytes:
        return (self.words if isinstance(self.words, str) else self.words(post)).encode()


class Silence(Enum):
    """Ways of not answering."""

    HANG = auto()
    """Takes the request and says nothing until the receiver closes."""
    RESET = auto()
    """Takes the request and resets the connection."""


HttpMood = Answer | Silence
OK = Answer()
WRONG_PASSWORD = Answer(401, '{"error": "unauthorized"}')
FORBIDDEN = Answer(403, '{"error": "forbidden"}')
NOT_FOUND = Answer(404, "no such topic")
BROKEN = Answer(500, "out of paper")
TOO_MANY = Answer(429, '{"error": "limit reached"}')


class HttpReceiver:
    """A web server that collects what is posted to it and answers as its mood is.

    `arrivals` has every request that was read, whatever the answer (a sender that gave up on a hanging server
    has been heard all the same); `taken` has those that were answered with 2xx.
    """

    def __init__(self, mood: HttpMood = OK) -> None:
        self.mood: HttpMood = mood
        self.arrivals: Arrivals[Post] = Arrivals()
        self.taken: Arrivals[Post] = Arrivals()
        self._closing = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def posts(self) -> list[Post]:
        return self.taken.all()

    @property
    def port(self) -> int:
        assert self._server is not None, "used outside its context"
        return self._server.server_address[1]

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self._server = _Server((LOOPBACK, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="http receiver")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()  # joins the threads of its connections
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 20.0  # of a client that opens a connection and asks nothing

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                receiver._answer(self, Post(self.path, dict(self.headers.items()), body))

            do_PUT = do_GET = do_POST  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the library's name
                pass

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler, post: Post) -> None:
        mood = self.mood
        self.arrivals.add(post)
        if mood is Silence.HANG:
            self._closing.wait()
        elif mood is Silence.RESET:
            # lingering for 0 s turns the coming close into a reset
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
        elif not self._closing.wait(mood.after_s):
            words = mood.to(post)
            if mood.status // 100 == 2:
                self.taken.add(post)
            handler.send_response(mood.status)
            handler.send_header("Content-Length", str(len(words)))
            handler.end_headers()
            handler.wfile.write(words)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing joins them
    request_queue_size = 128  # a full queue would cost a client a second

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: senders that give up waiting are what this server is for."""


# --- the post ---------------------------------------------------------------------------------------------------------


class MailMood(Enum):
    """What the mail server does with a mail."""

    OK = auto()
    WRONG_PASSWORD = auto()
    """Refuses every login with 535."""
    NO_SUCH_RUNNER = auto()
    """Refuses the recipient with 550."""
    TRY_LATER = auto()
    """Refuses the mail with 451."""
    HANG = auto()
    """Takes the mail and says nothing until the receiver closes."""


@dataclass(frozen=True)
class Mail:
    """One mail that was taken."""

    sender: str
    recipients: list[str]
    login: str | None
    message: EmailMessage = field(repr=False)

    @property
    def title(self) -> str:
        return str(self.message["Subject"])

    @property
    def body(self) -> str:
        part = self.message.get_body(("plain", "html"))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n").removesuffix("\n")  # as mail ends its lines


class SmtpReceiver:
    """A mail server; `taken` has the mails that were. It welcomes any login unless its mood is another."""

    def __init__(self, mood: MailMood = MailMood.OK) -> None:
        self.mood = mood
        self.port = 0
        self.taken: Arrivals[Mail] = Arrivals()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="mail receiver")

    @property
    def mails(self) -> list[Mail]:
        return self.taken.all()

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(20), "the mail server did not start"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._loop is not None
        assert self._closing is not None
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        lines: list[SMTP] = []

        def answer_a_call() -> SMTP:
            lines.append(SMTP(self, hostname="post.example", authenticator=self._check, auth_require_tls=False))
            return lines[-1]

        server = await self._loop.create_server(answer_a_call, LOOPBACK, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        await self._closing.wait()
        server.close()
        for line in lines:
            if isinstance(line.transport, asyncio.WriteTransport):
                line.transport.abort()
        await server.wait_closed()
        # The calls' own tasks end by the loss of their connection.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    def _check(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        if self.mood is MailMood.WRONG_PASSWORD:
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=data.login.decode())

    async def handle_RCPT(  # noqa: N802 aiosmtpd finds it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.mood is MailMood.NO_SUCH_RUNNER:
            return "550 no such runner here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 as above
        if self.mood is MailMood.TRY_LATER:
            return "451 try again later"
        if self.mood is MailMood.HANG:
            assert self._closing is not None
            await self._closing.wait()
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.add(Mail(envelope.mail_from or "", list(envelope.rcpt_tos), session.auth_data, message))
        return "250 taken"
