"""The service as systemd runs it: SIGHUP for new settings, and SIGTERM at any moment."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from daemon.remote import Answer, NotRunningError, ask
from tests.edges.test_mending import free_port, shown
from tests.fakes import eventually
from tests.scenarios.test_serving import Systemd

STOPPED_WITHIN_S = 3.0

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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
        await eventually(lambda: pattern.search("\n".join(self.systemd.heard)) is not None, 20)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_new_settings_come_in_force_in_the_same_process_and_the_page_stays_where_it_was(house: House) -> None:
    house.settings()
    async with house.lives() as process:
        await shown(f"http://{house.address}/", "Els")
        house.settings("Mies")
        process.send_signal(signal.SIGHUP)
        await shown(f"http://{house.address}/", "Mies")
        assert [one["name"] for one in (await house.status())["runners"]] == ["Mies"]
        await house.is_told("READY=1", "RELOADING=1\nMONOTONIC_USEC=", "READY=1")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert "address already in use" not in house.log()


async def test_faulty_settings_change_nothing_and_are_told_until_they_are_mended(house: House) -> None:
    house.settings()
    async with house.lives() as process:
        house.settings("Mies", more="nonsense = 1")
        process.send_signal(signal.SIGHUP)
        await house.is_told("RELOADING=1", "READY=1", "newer settings cannot be used: duurloop check tells why")
        status = await house.status()
        assert [one["name"] for one in status["runners"]] == ["Els"]
        assert [fault.partition(": ")[2] for fault in status["settings"]["faults"]] == ["nonsense: unknown"]
        assert house.log().count("settings_refused") == 1
        house.settings("Mies")
        process.send_signal(signal.SIGHUP)
        await house.is_told("newer settings", "RELOADING=1", "READY=1")
        status = await house.status()
        assert ([one["name"] for one in status["runners"]], status["settings"]["faults"]) == (["Mies"], [])


async def test_many_at_once_are_no_more_than_the_last_of_them(house: House) -> None:
    house.settings()
    async with house.lives() as process:
        for name in ("A", "B", "C", "D", "Mies"):
            house.settings(name)
            process.send_signal(signal.SIGHUP)
            await asyncio.sleep(0.02)
        await shown(f"http://{house.address}/", "Mies")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_one_that_comes_before_there_is_anything_to_renew_does_no_harm(house: House) -> None:
    house.settings()
    async with house.lives(ready=False) as process:
        await eventually(lambda: b"SigIgn:\t0000000000000000" not in _standing(process.pid), 20)
        await eventually(lambda: int(re.findall(rb"SigIgn:\t(\w+)", _standing(process.pid))[0], 16) & 1 == 1, 20)
        process.send_signal(signal.SIGHUP)
        await shown(f"http://{house.address}/", "Els")


def _standing(process: int) -> bytes:
    return Path(f"/proc/{process}/status").read_bytes()


async def test_a_terminal_that_is_closed_ends_the_service_in_good_order(house: House) -> None:
    house.settings()
    async with house.lives(under_systemd=False) as process:
        process.send_signal(signal.SIGHUP)
        assert await process.wait() == 0
    assert "service_stopped" in house.log()
    with pytest.raises(NotRunningError):
        await house.status()


async def test_a_page_that_is_being_looked_at_does_not_hold_up_the_end_nor_new_settings(house: House) -> None:
    house.settings()
    async with house.lives() as process, aiohttp.ClientSession() as session:
        await shown(f"http://{house.address}/", "Els")
        async with session.get(f"http://{house.address}/events") as events:
            assert events.status == 200
            process.send_signal(signal.SIGHUP)
            await house.is_told("RELOADING=1", "READY=1")
        await shown(f"http://{house.address}/", "Els")
        async with session.get(f"http://{house.address}/events") as events:
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), STOPPED_WITHIN_S) == 0
