"""What a request is made over, and how it is ended from outside: one that hangs holds up nobody."""

import socket
import threading
from contextlib import suppress


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
