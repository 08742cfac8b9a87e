"""The doctor at the radio and the strap: a BlueZ of our own, with faults planted in it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.bluetooth_radio import USUAL, BluetoothRadio, Timings
from connectors.bluez_look import Adapter, BluezLook
from daemon.clock import SystemClock
from daemon.doctor.bluetooth import Radio, judge_radio, look_at_radio
from daemon.doctor.finding import Finding, Level
from daemon.doctor.strap import Wanted, judge_followed, judge_look, looked_for
from tests.doctor_house import Commands, kernel, told, worse
from tests.fake_bluez import FakeBluez, FakeStrap

ELS = Wanted("Els", "Polar H10 12345678")
NO_SKIN = bytes.fromhex("04 3E")
PATIENT = replace(USUAL, connect_s=60.0, courtesy_s=60.0)
"""For what comes, on the slowest of machines."""
IN_VAIN = replace(USUAL, connect_s=0.3, let_go_s=1.0)
"""For a strap that never answers."""


async def radio_findings(tmp_path: Path, wanted: str | None = None, **said: str) -> list[Finding]:
    sys = tmp_path / "sys" if (tmp_path / "sys").exists() else kernel(tmp_path)
    return judge_radio(await asyncio.to_thread(look_at_radio, wanted, Commands(**said), sys))


async def strap_findings(wanted: Wanted = ELS, timings: Timings = PATIENT) -> list[Finding]:
    seen = await looked_for(BluetoothRadio(SystemClock(), timings=timings), [wanted], 0.2)
    return judge_look(wanted, seen[wanted.pointer])


# -- the radio -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bluez")
async def test_a_radio_that_is_well_is_said_to_be(tmp_path: Path) -> None:
    findings = await radio_findings(tmp_path)
    assert worse(findings) == []
    assert {finding.name for finding in findings} == {"bluez", "bluez_version", "adapter"}


async def test_no_adapter(bluez: FakeBluez, tmp_path: Path) -> None:
    bluez.unplug()
    kernel(tmp_path, driven=False)
    level, _, remedy = told(await radio_findings(tmp_path), "adapter")
    assert (level, "Plug one in" in remedy) == (Level.FAULT, True)


async def test_an_adapter_without_a_driver(bluez: FakeBluez, tmp_path: Path) -> None:
    bluez.unplug()
    kernel(tmp_path, driven=False, usb=True)
    _, reason, remedy = told(await radio_findings(tmp_path), "adapter")
    assert "no driver or firmware" in reason
    assert "dmesg" in remedy


@pytest.mark.usefixtures("bluez")
async def test_an_adapter_of_the_settings_that_is_not_there(tmp_path: Path) -> None:
    level, reason, remedy = told(await radio_findings(tmp_path, "hci7"), "adapter")
    assert (level, "hci0 is" in reason) == (Level.FAULT, True)
    assert "bluetoothctl list" in remedy


async def test_an_adapter_that_is_off(bluez: FakeBluez, tmp_path: Path) -> None:
    bluez.power(on=False)
    level, _, remedy = told(await radio_findings(tmp_path), "adapter")
    assert (level, "bluetoothctl power on" in remedy) == (Level.FAULT, True)


@pytest.mark.parametrize(("switch", "remedy"), [("soft", "rfkill unblock bluetooth"), ("hard", "switch on")])
async def test_rfkill(bluez: FakeBluez, tmp_path: Path, switch: str, remedy: str) -> None:
    bluez.power(on=False)
    kernel(tmp_path, **{switch: "1"})  # type: ignore[arg-type]
    findings = await radio_findings(tmp_path)
    assert told(findings, "rfkill")[0] is Level.FAULT
    assert remedy in told(findings, "rfkill")[2]
    assert "adapter" not in {finding.name for finding in findings}, "switching it on would not help"


@pytest.mark.parametrize(
    ("unit", "remedy"),
    [
        ("LoadState=loaded\nActiveState=inactive", "systemctl enable --now bluetooth"),
        ("LoadState=loaded\nActiveState=failed", "journalctl -u bluetooth"),
        ("LoadState=not-found", "apt install bluez"),
    ],
    ids=["stopped", "failed", "not installed"],
)
async def test_no_bluetoothd(bluez: FakeBluez, tmp_path: Path, unit: str, remedy: str) -> None:
    await bluez.stop()
    found = told(await radio_findings(tmp_path, bluetooth_service=unit), "bluez")
    assert found[0] is Level.FAULT
    assert remedy in found[2]


async def test_no_d_bus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    assert "systemctl start dbus" in told(await radio_findings(tmp_path), "dbus")[2]


@pytest.mark.usefixtures("bluez")
async def test_a_bluez_of_another_age(tmp_path: Path) -> None:
    level, reason, _ = told(await radio_findings(tmp_path, bluetoothctl="bluetoothctl: 5.50"), "bluez_version")
    assert (level, "5.50 is too old" in reason) == (Level.FAULT, True)


@pytest.mark.parametrize(
    ("look", "name", "remedy"),
    [
        (BluezLook("org.freedesktop.DBus.Error.AccessDenied"), "permission", "usermod -aG bluetooth duurloop"),
        (BluezLook("no_answer"), "bluez", "systemctl restart bluetooth"),
        (
            BluezLook(adapters=(Adapter("hci0", is_powered=True, can_listen=False),)),
            "adapter",
            "Bluetooth 4.0",
        ),
    ],
    ids=["not allowed", "hangs", "no low energy"],
)
def test_what_bluez_says_otherwise(look: BluezLook, name: str, remedy: str) -> None:
    level, _, said = told(judge_radio(Radio(look, kernel=("hci0",), version=(5, 82))), name)
    assert (level, remedy in said) == (Level.FAULT, True)


# -- the strap, without a service ------------------------------------------------------------------


async def test_a_strap_that_is_worn(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    findings = await strap_findings()
    assert worse(findings) == []
    assert {finding.name for finding in findings} == {"seen", "contact", "battery"}
    assert await bluez.connections_are(1)  # bleak's own: the visit has left


async def test_a_strap_that_is_not_there_may_be_held_by_a_phone(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(taken=True))
    level, reason, remedy = told(await strap_findings(), "seen")
    assert (level, "held by a watch or phone" in reason) == (Level.WARNING, True)
    assert "duurloop scan" in remedy


@pytest.mark.parametrize("strap", [FakeStrap(refuses=True), FakeStrap(deaf=True)], ids=["refuses", "never answers"])
async def test_a_strap_that_cannot_be_connected_to(bluez: FakeBluez, strap: FakeStrap) -> None:
    bluez.add(strap)
    level, reason, remedy = told(await strap_findings(timings=IN_VAIN), "connect")
    assert (level, "another device holds it" in reason) == (Level.FAULT, True)
    assert "bluetoothctl pair" in remedy


async def test_a_strap_that_another_program_of_this_machine_holds(bluez: FakeBluez) -> None:
    await bluez.abandoned_link(bluez.add(FakeStrap()))
    level, _, remedy = told(await strap_findings(), "held")
    assert (level, "bluetoothctl disconnect" in remedy) == (Level.FAULT, True)


async def test_a_name_that_is_nearly_right(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    level, reason, remedy = told(await strap_findings(Wanted("Els", "Polar H10 12354678")), "name")
    assert (level, "Polar H10 12345678 (C0:00:00:00:00:01) is in reach" in reason) == (Level.FAULT, True)
    assert 'strap = "C0:00:00:00:00:01"' in remedy


async def test_other_straps_are_shown_when_it_is_none_of_them(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(name="TICKR"))
    assert "TICKR (C0:00:00:00:00:01)" in told(await strap_findings(), "seen")[1]


async def test_a_strap_that_feels_no_skin(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(packets=[NO_SKIN] * 500))
    level, _, remedy = told(await strap_findings(), "contact")
    assert (level, "Wet the electrodes" in remedy) == (Level.WARNING, True)


async def test_a_strap_with_an_empty_battery(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(battery=7))
    level, reason, remedy = told(await strap_findings(), "battery")
    assert (level, "7 %" in reason, "CR2025" in remedy) == (Level.WARNING, True, True)


async def test_no_radio_no_looking(bluez: FakeBluez) -> None:
    bluez.unplug()
    assert told(await strap_findings(), "seen")[0] is Level.UNKNOWN


# -- the strap, beside a service -------------------------------------------------------------------

FOLLOWED = {
    "configured": True,
    "allowed": True,
    "released_for_s": None,
    "connected": True,
    "battery_pct": 80,
    "contact": "good",
    "last_failure": None,
    "radio": None,
}


@pytest.mark.parametrize(
    ("strap", "name", "level"),
    [
        ({}, "seen", Level.OK),
        ({"contact": "lost"}, "contact", Level.WARNING),
        ({"battery_pct": 10}, "battery", Level.WARNING),
        ({"connected": False}, "seen", Level.WARNING),
        ({"connected": False, "released_for_s": 60}, "seen", Level.OK),
        ({"connected": False, "allowed": False}, "seen", Level.OK),
        ({"connected": False, "last_failure": "abort"}, "connect", Level.FAULT),
        ({"connected": False, "radio": "stuck"}, "seen", Level.FAULT),
    ],
    ids=["held", "no skin", "battery", "absent", "released", "not armed", "refuses", "no radio"],
)
def test_what_the_service_knows_of_its_strap(strap: dict[str, object], name: str, level: Level) -> None:
    assert told(judge_followed({"name": "Els", "strap": FOLLOWED | strap}, "Polar"), name)[0] is level
