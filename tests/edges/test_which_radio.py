"""Which adapter listens where a machine has several: that of the settings, as for the service."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.fake_bluez import FakeBluez, FakeStrap, bluez_of_our_own
from tests.pty_talk import talk

pytestmark = pytest.mark.usefixtures("bluez")

ELSEWHERE = '[bluetooth]\nadapter = "hci1"\n[[runners]]\nname = "Els"\nzone = "118-136"\n'
"""Of a machine whose adapter, hci0, is not the one that shall listen."""
UNPLUGGED = "Bluetooth: this machine has no adapter, or it was unplugged"


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with bluez_of_our_own(monkeypatch) as fake:
        fake.add(FakeStrap())
        yield fake


@pytest.fixture
def environ(bluez: FakeBluez, tmp_path: Path) -> Mapping[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DBUS_SYSTEM_BUS_ADDRESS": bluez.address,
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "DUURLOOP_CONFIG": str(tmp_path / "duurloop.toml"),
    }


def have(environ: Mapping[str, str], settings: str) -> None:
    Path(environ["DUURLOOP_CONFIG"]).write_text(settings, encoding="utf-8")


async def scanned(environ: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    def scan() -> tuple[int, str]:
        with talk(["scan", "--seconds", "1", *arguments], environ) as one:
            return one.ends(), one.said

    return await asyncio.to_thread(scan)


async def test_setup_listens_with_that_of_the_settings(environ: Mapping[str, str]) -> None:
    def listen() -> str:
        with talk(["setup", "--user"], environ) as one:
            one.answers("[-]", "4")
            one.answers("Enter listens")
            one.answers("[-]", "q")
            one.ends()
            return one.said

    have(environ, ELSEWHERE)
    assert UNPLUGGED in await asyncio.to_thread(listen)


async def test_scan_listens_with_that_of_the_settings_unless_another_is_named(environ: Mapping[str, str]) -> None:
    have(environ, ELSEWHERE)
    code, said = await scanned(environ)
    assert code == 69
    assert UNPLUGGED in said
    assert "Polar H10 12345678" in (await scanned(environ, "--adapter", "hci0"))[1]


@pytest.mark.parametrize("settings", [None, "adapter ="], ids=["none yet", "faulty ones"])
async def test_scan_needs_no_settings(environ: Mapping[str, str], settings: str | None) -> None:
    if settings is not None:
        have(environ, settings)
    code, said = await scanned(environ)
    assert code == 0
    assert "Polar H10 12345678" in said
