"""A service in a process of its own, as systemd runs it."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from daemon.remote import Answer, ask
from tests.fakes import eventually
from tests.loopback import free_port
from tests.scenarios.systemd_line import Systemd


class House:
    """A process of its own, and its settings."""

    def __init__(self, folder: Path) -> None:
        self.file, self.state, self.address = folder / "duurloop.toml", folder / "state", f"127.0.0.1:{free_port()}"
        self.systemd = Systemd(folder / "notify")
        self._log = folder / "log"

    def settings(self, name: str = "Els", more: str = "", strap: str | None = None) -> None:
        text = f'{more}\n[page]\nlisten = "{self.address}"\n[[runners]]\nname = "{name}"\nzone = "118-136"\n'
        text += f'strap = "{strap}"\n' if strap else ""
        self.file.write_text(text, encoding="utf-8")

    @asynccontextmanager
    async def lives(
        self, *, under_systemd: bool = True, ready: bool = True
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        environ = {**os.environ, "HOME": str(self.file.parent), "LANG": "C.UTF-8"}
        environ |= {"NOTIFY_SOCKET": str(self.file.parent / "notify")} if under_systemd else {}
        async with self.systemd.listening():
            with self._log.open("wb") as log:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "daemon", "--config", str(self.file), "--state", str(self.state), "run"),
                    env=environ,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                )
            try:
                while ready and not (self.state / "control.sock").exists():
                    assert process.returncode is None, self.log()
                    await asyncio.sleep(0.01)
                yield process
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    async def status(self) -> Answer:
        return await asyncio.to_thread(ask, self.state, "status")

    async def is_told(self, *what: str) -> None:
        """Wait until systemd was told these, in order."""
        pattern = re.compile(".*".join(map(re.escape, what)), re.DOTALL)
        await eventually(lambda: pattern.search("\n".join(self.systemd.heard)) is not None)
