"""Answers that are made to do harm, or are no HTTP, end in a plain failure."""

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from connectors.strava import StravaConnector
from daemon.strava.port import StravaError, Tokens, UnreachableError
from tests.edges.strava.asking import NONSENSE, NOW, failure

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Answer one request with whatever bytes one likes."""

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.close()
        thread.join()


async def hostile(answer: Callable[[socket.socket], None], **more: float) -> StravaError:
    with raw_server(answer) as url:
        stranger = StravaConnector("1", "s", url, url, lambda: NOW, **more)
        return await failure(stranger.activities(Tokens("a", "b", NOW), 1))


async def test_a_bomb_is_not_unpacked_whole() -> None:
    bomb = gzip.compress(b"[" + b" " * 100_000_000, 9)

    def answer(connection: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        connection.sendall(head.encode() + bomb)

    tracemalloc.start()
    try:
        assert str(await hostile(answer)) == NONSENSE
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000


async def test_an_answer_without_end_is_left() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n[")
        while True:
            connection.sendall(b" " * 65_536)

    assert str(await hostile(answer)) == NONSENSE


async def test_headers_that_trickle_end_when_time_is_up() -> None:
    done = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not done.wait(0.05):
            connection.sendall(b"y")

    assert str(await hostile(answer, total_s=0.4)) == "Strava does not answer in time"
    done.set()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x46", id="another protocol"),
        pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="broken chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", id="not gzip"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", id="too many headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, id="a header without end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\xfe\x00", id="no text"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_what_is_no_http_is_a_plain_failure(said: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(said)

    assert type(await hostile(answer)) is UnreachableError
