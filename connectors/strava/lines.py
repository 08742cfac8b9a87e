"""Each request has a daemon thread of its own: one that hangs holds up neither the others nor the exit."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class Line:
    """The connections of one request, which can be cut from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def hold(self, connected: socket.socket) -> None:
        """Take note of a new connection; on a line that is cut already it ends at once."""
        with self._lock:
            self._sockets.append(connected)
            if self._is_cut:
                _end(connected)

    def cut(self) -> None:
        """Wake whoever waits for an answer: it will not come."""
        with self._lock:
            self._is_cut = True
            for connected in self._sockets:
                _end(connected)


def _end(connected: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        # Closing would not wake a thread that reads; and a TLS socket's own `shutdown` is not made for two threads.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def in_thread(work: Callable[[Line], T], line: Line) -> "asyncio.Future[T]":
    """Start work in a thread of its own; its result is dropped if nobody waits for it any more."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        settle: Callable[[], None]
        try:
            value = work(line)
        except Exception as error:  # noqa: BLE001 - it is raised again where the answer is awaited
            settle = _raising(answer, error)
        else:
            settle = _returning(answer, value)
        with suppress(RuntimeError):  # the loop was closed while the far end kept us waiting
            loop.call_soon_threadsafe(settle)

    threading.Thread(target=run, name="strava request", daemon=True).start()
    return answer


def _returning(answer: "asyncio.Future[T]", value: T) -> Callable[[], None]:
    return lambda: None if answer.done() else answer.set_result(value)


def _raising(answer: "asyncio.Future[T]", error: Exception) -> Callable[[], None]:
    return lambda: None if answer.done() else answer.set_exception(error)
