"""Readiness, status and watchdog, told to systemd over its notify socket (sd_notify(3))."""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

PATIENCE_S = 0.2
"""A full socket would hold up the whole service for as long as nobody reads."""


class Notifier:
    """Speaks to systemd if it started us, and to nobody otherwise."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        meant_for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s = int(environ.get("WATCHDOG_USEC", "0")) / 1e6 if meant_for_us else 0.0
        """How often systemd wants a sign of life at the least; 0 when it wants none."""

    @property
    def is_heard(self) -> bool:
        """Tell whether systemd listens."""
        return bool(self._address)

    def ready(self, status: str) -> None:
        """Tell that the service can do its work."""
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """Tell that new settings are being taken up; `ready` has to follow."""
        # systemd wants the moment on the clock that stands still while the machine sleeps
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def status(self, status: str) -> None:
        """Tell in plain words what is going on."""
        self._send(f"STATUS={status}")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Tell that the service is on its way out."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        # systemd may be restarting itself, or too busy to listen; the next message will do
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.settimeout(PATIENCE_S)
            line.sendto(message.encode(), address)
