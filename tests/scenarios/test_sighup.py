"""The service as systemd runs it: SIGHUP for new settings, and SIGTERM at any moment."""

import asyncio
import re
import signal
from pathlib import Path

import aiohttp
import pytest

from daemon.remote import NotRunningError
from daemon.service_manager import UNIT_NAME
from tests.fakes import eventually
from tests.loopback import shown
from tests.scenarios.systemd_house import House

STOPPED_WITHIN_S = 10.0
"""It takes no three seconds, of which a busy machine makes several; then systemd kills it."""

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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


async def test_the_log_tells_how_secrets_that_were_handed_over_are_renewed(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "handed"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    unit = tmp_path / ".config/systemd/user" / UNIT_NAME
    unit.parent.mkdir(parents=True)
    unit.touch()
    house.settings()
    async with house.lives() as process:
        process.send_signal(signal.SIGHUP)
        await house.is_told("RELOADING=1", "READY=1")
    assert "systemctl --user restart duurloop takes changed ones up" in house.log()


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
        await eventually(lambda: _minds_hangup(process.pid))
        process.send_signal(signal.SIGHUP)
        await shown(f"http://{house.address}/", "Els")


def _minds_hangup(process: int) -> bool:
    """Tell whether SIGHUP is ignored by now, or taken as an order: where we look late, it is that already."""
    standing = Path(f"/proc/{process}/status").read_bytes()
    return any(int(signals, 16) & 1 for signals in re.findall(rb"Sig(?:Ign|Cgt):\t(\w+)", standing))


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
