"""The page's front door, over real connections: who trickles, does not listen or comes with too many is no trouble."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self, cast

import aiohttp
import pytest
from aiohttp import web

from daemon.page.door import FrontDoor, Limits
from daemon.page.server import LARGEST_BODY_BYTES, answering, tls_context
from tests.edges.certificates import CERTIFICATE, KEY, LOCKED_KEY, OTHER_KEY
from tests.fakes import eventually, settle

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PATIENT = Limits(head_s=60.0, body_s=60.0, deaf_s=60.0)
PACE_S = 0.02
"""How long a trickler waits before the next drop."""
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
STREAM = b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


class House:
    """A page with a greeting, a form, a stream that never ends, and one that never ends and writes all the time."""

    def __init__(self) -> None:
        self.port = 0
        self.streams = self.bodies = 0
        self.closing = asyncio.Event()

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", self._greet),
            web.post("/", self._take),
            web.post("/unread", self._greet),
            web.get("/stream", self._stream),
            web.get("/flood", self._flood),
        ]

    async def close(self) -> None:
        self.closing.set()

    async def _greet(self, _request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def _take(self, request: web.Request) -> web.Response:
        self.bodies += 1
        return web.Response(text=f"{len(await request.read())} bytes")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        self.streams += 1
        try:
            await response.write(b"begun")
            await self.closing.wait()
        finally:
            self.streams -= 1
        return response

    async def _flood(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        self.streams += 1
        try:
            while True:
                await response.write(bytes(65536))
        finally:
            self.streams -= 1


class Line(asyncio.Protocol):
    """A connection in the hands of somebody who may do anything with it."""

    def __init__(self) -> None:
        self.got = b""
        self.ended = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def to(cls, port: int, first: bytes = b"") -> AsyncIterator[Self]:
        transport, line = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        try:
            transport.write(first)
            yield line
        finally:
            transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.got += data

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.ended.set()

    async def heard(self) -> bytes:
        """Return all that came until the connection was closed."""
        async with asyncio.timeout(60):
            await self.ended.wait()
        return self.got

    async def trickle(self, drop: bytes) -> bytes:
        """Send a drop again and again; return what was answered until the connection was closed."""
        async with asyncio.timeout(60):
            while not self.ended.is_set():
                self.transport.write(drop)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.ended.wait(), PACE_S)
        return self.got


@asynccontextmanager
async def open_house(limits: Limits = PATIENT, tls: ssl.SSLContext | None = None) -> AsyncIterator[House]:
    house = House()
    async with answering("127.0.0.1", 0, house.routes(), tls=tls, on_shutdown=house.close, limits=limits) as house.port:
        yield house


async def greeted(port: int) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as answer:
        return await answer.text() == "hello"


# -- who takes too long ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        pytest.param(b"", b"", id="not a word"),
        pytest.param(b"GET /", b"a", id="a line that never ends"),
        pytest.param(b"GET / HTTP/1.1\r\n", b"X: y\r\n", id="a head that never ends"),
    ],
)
async def test_who_does_not_come_to_the_point_is_let_go(first: bytes, drop: bytes) -> None:
    async with open_house(replace(PATIENT, head_s=0.2)) as house, Line.to(house.port, first) as line:
        assert await line.trickle(drop) == b""


async def test_after_an_answer_the_next_question_may_not_trickle_either() -> None:
    async with open_house(replace(PATIENT, head_s=1.0)) as house, Line.to(house.port, GET + b"GET ") as line:
        answer = await line.trickle(b"/")
        assert (answer.count(b"HTTP/1.1"), answer[-5:]) == (1, b"hello")


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        pytest.param(b"Content-Length: 1000\r\n\r\n", b"a", id="a length that is never reached"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", id="piece by piece"),
        pytest.param(b"Content-Length: 1000\r\n\r\n", b"", id="and then silence"),
    ],
)
async def test_a_body_that_trickles_is_not_waited_for(head: bytes, drop: bytes) -> None:
    async with open_house(replace(PATIENT, body_s=0.2)) as house, Line.to(house.port, POST + head) as line:
        assert (await line.trickle(drop)).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_nobody_reads_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    head = POST.replace(b"/", b"/unread", 1) + b"Content-Length: 1000\r\n\r\n"
    async with open_house(replace(PATIENT, body_s=0.2)) as house, Line.to(house.port, head) as line:
        assert (await line.trickle(b"a")).startswith(b"HTTP/1.1 200 ")
    assert caplog.records == []


async def test_who_does_not_listen_to_the_answer_is_let_go() -> None:
    async with open_house(replace(PATIENT, deaf_s=0.1)) as house:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", house.port))
            deaf.sendall(GET.replace(b"/", b"/flood", 1))
            await eventually(lambda: house.streams == 1)
            await eventually(lambda: house.streams == 0)


# -- who comes with too many -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="not a word"),
        pytest.param(b"GET / HTTP/1.1\r\nX: ", id="half a head"),
        pytest.param(POST + b"Content-Length: 1000\r\n\r\nabc", id="half a body"),
        pytest.param(GET, id="and stay, though they were answered"),
    ],
)
async def test_three_hundred_who_dribble_keep_nobody_out(said: bytes) -> None:
    async with open_house() as house, AsyncExitStack() as stack:
        for _ in range(300):
            await stack.enter_async_context(Line.to(house.port, said))
        assert await greeted(house.port)


async def test_who_has_waited_longest_makes_room() -> None:
    async with open_house(replace(PATIENT, guests=2)) as house, AsyncExitStack() as stack:
        first = await stack.enter_async_context(Line.to(house.port, b"GET"))
        second = await stack.enter_async_context(Line.to(house.port, b"GET"))
        third = await stack.enter_async_context(Line.to(house.port, b"GET"))
        assert await first.heard() == b""
        for line in (second, third):
            line.transport.write(GET[3:])
        await eventually(lambda: all(line.got.endswith(b"hello") for line in (second, third)))


async def test_who_was_answered_lately_has_not_waited_long() -> None:
    async with open_house(replace(PATIENT, guests=2)) as house, AsyncExitStack() as stack:
        first = await stack.enter_async_context(Line.to(house.port))
        second = await stack.enter_async_context(Line.to(house.port))
        first.transport.write(GET)
        await eventually(lambda: first.got.endswith(b"hello"))
        assert await greeted(house.port)
        assert await second.heard() == b""
        assert not first.ended.is_set()


async def test_a_house_full_of_streams_takes_nobody_more_until_one_of_them_ends() -> None:
    async with open_house(replace(PATIENT, guests=3)) as house, AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(Line.to(house.port, STREAM)) for _ in range(3)]
        await eventually(lambda: house.streams == 3)
        async with Line.to(house.port, GET) as fourth:
            assert await fourth.heard() == b""
        streams[0].transport.abort()
        assert any([await _gets_in(house.port) for _ in range(20)])  # as soon as the end of it was noticed


async def _gets_in(port: int) -> bool:
    async with Line.to(port, GET.replace(b"Host", b"Connection: close\r\nHost")) as line:
        return (await line.heard()).endswith(b"hello")


class FarLine(asyncio.Transport):
    """A connection from somewhere: no machine has many addresses to come from."""

    def __init__(self, far_end: str) -> None:
        super().__init__({"peername": (far_end, 40000), "socket": self})
        self.is_cut = False

    def setsockopt(self, *_option: int) -> None:
        pass

    def abort(self) -> None:
        self.is_cut = True


@pytest.mark.parametrize(
    ("far_end", "inside"),
    [("192.168.1.20", 2), ("fd00::20", 2), ("127.0.0.1", 5), ("::1", 5), ("::ffff:127.0.0.1", 5)],
)
def test_one_far_end_cannot_fill_the_house_but_a_proxy_on_this_machine_may(far_end: str, inside: int) -> None:
    door = FrontDoor(Limits(guests_each=2))
    other, lines = FarLine("192.168.1.9"), [FarLine(far_end) for _ in range(5)]
    for line in (other, *lines):
        door.guest(asyncio.Protocol).connection_made(line)
    assert [line.is_cut for line in lines] == [True] * (5 - inside) + [False] * inside
    assert not other.is_cut


# -- who talks nonsense ------------------------------------------------------------------------------

NONSENSE = {
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "zeros": bytes(1000),
    "a line of 20,000": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a field of 20,000": b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "a thousand fields": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "a length and pieces": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length below nothing": POST + b"Content-Length: -5\r\n\r\n",
    "a field within a field": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
    "a folded field": b"GET / HTTP/1.1\r\nHost: x\r\n X: folded\r\n\r\n",
    "an address that is none": b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "nothing asked for": b"GET\r\n\r\n",
    "the next version's greeting": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_is_refused_and_does_not_fill_the_log(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    limits = replace(PATIENT, head_s=0.5) if said == NONSENSE["zeros"] else PATIENT  # the others get an answer
    async with open_house(limits) as house:
        async with Line.to(house.port, said) as line:
            answer = await line.heard()
        assert answer.split(b" ")[1][:1] == b"4" if answer else said == NONSENSE["zeros"]
        assert await greeted(house.port)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_body_that_is_too_large_is_refused() -> None:
    async with open_house() as house, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{house.port}/"
        async with session.post(url, data=bytes(LARGEST_BODY_BYTES)) as answer:
            assert (answer.status, await answer.text()) == (200, f"{LARGEST_BODY_BYTES} bytes")
        async with session.post(url, data=bytes(LARGEST_BODY_BYTES + 1)) as answer:
            assert answer.status == 413


async def test_who_leaves_in_the_middle_of_a_body_leaves_nothing_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with open_house() as house:
        async with Line.to(house.port, POST + b"Content-Length: 1000\r\n\r\nabc") as line:
            await eventually(lambda: house.bodies == 1)
            line.transport.abort()
        assert await greeted(house.port)
    assert caplog.records == []


# -- the end -----------------------------------------------------------------------------------------


async def test_streams_end_at_once_when_the_page_does() -> None:
    async with AsyncExitStack() as stack:
        async with open_house(replace(PATIENT, goodbye_s=60.0)) as house:
            lines = [await stack.enter_async_context(Line.to(house.port, STREAM)) for _ in range(20)]
            await eventually(lambda: house.streams == 20)
            begun = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - begun < 30  # half of what somebody would be waited for
        assert [(await line.heard())[-5:] for line in lines] == [b"0\r\n\r\n"] * 20


async def test_who_does_not_listen_does_not_hold_up_the_end() -> None:
    with socket.socket() as deaf:
        async with open_house() as house:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", house.port))
            deaf.sendall(GET.replace(b"/", b"/flood", 1))
            await eventually(lambda: house.streams == 1)
        await settle()
        deaf.settimeout(2)
        with suppress(ConnectionResetError):
            while deaf.recv(65536):  # what was on its way; then the line is closed
                pass


# -- https -------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    cert, key = tmp_path / "page.pem", tmp_path / "page.key"
    cert.write_text(CERTIFICATE)
    key.write_text(KEY)
    return cert, key


async def test_with_a_certificate_it_answers_by_https_and_by_nothing_older_than_tls_1_2(
    files: tuple[Path, Path],
) -> None:
    trusting, context = ssl.create_default_context(cafile=str(files[0])), tls_context(*files)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    async with open_house(tls=context) as house:
        url = f"https://127.0.0.1:{house.port}/"
        async with aiohttp.ClientSession() as session, session.get(url, ssl=trusting) as answer:
            assert await answer.text() == "hello"


async def test_who_speaks_plainly_to_https_or_not_at_all_is_let_go(files: tuple[Path, Path]) -> None:
    async with open_house(replace(PATIENT, handshake_s=0.2), tls_context(*files)) as house:
        for said in (GET, b"", b"\x16\x03\x01"):
            async with Line.to(house.port, said) as line:
                assert b"200" not in await line.heard()


TLS_FAULTS: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "not there": (lambda cert, _key: cert.unlink(), "No such file or directory"),
    "not of one pair": (lambda _cert, key: key.write_text(OTHER_KEY), "key values mismatch"),
    "no certificate": (lambda cert, _key: cert.write_text("hello"), "no certificate or no key in it"),
    "no key": (lambda _cert, key: key.write_text(""), "no certificate or no key in it"),
    "locked": (lambda _cert, key: key.write_text(LOCKED_KEY), "no certificate or no key in it, or it wants a password"),
}


@pytest.mark.parametrize(("spoil", "said"), TLS_FAULTS.values(), ids=TLS_FAULTS)
def test_a_certificate_of_no_use_is_one_line(
    files: tuple[Path, Path], spoil: Callable[[Path, Path], object], said: str
) -> None:
    spoil(*files)
    with pytest.raises(OSError, match=said) as caught:
        tls_context(*files)
    assert str(caught.value).startswith(f"tls_cert {files[0]} with tls_key {files[1]}: ")
    assert len(str(caught.value).splitlines()) == 1
