"""The line on which systemd hears from a service."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from connectors.systemd import Notifier


class Systemd:
    """Listens at the notify socket as systemd does."""

    def __init__(self, address: Path) -> None:
        self.heard: list[str] = []
        self._address = address

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Self]:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.bind(str(self._address))
            loop.add_reader(line, lambda: self.heard.append(line.recv(4096).decode()))
            yield self
            loop.remove_reader(line)

    def notifier(self, **more: str) -> Notifier:
        return Notifier({"NOTIFY_SOCKET": str(self._address), **more})
