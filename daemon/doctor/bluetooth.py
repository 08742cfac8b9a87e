"""The radio: adapter, switches, BlueZ, and whether we may talk to it."""

import asyncio
import getpass
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.bluez_look import BluezLook, Switch, kernel_adapters, look_at_bluez, switches, usb_adapters
from daemon.doctor.examining import Shell, shown
from daemon.doctor.finding import Area, Finding, Link, sentence

OLDEST_BLUEZ = (5, 55)
"""bleak's own floor."""

_area = Area(Link.BLUETOOTH)


@dataclass(frozen=True, slots=True)
class Radio:
    """What was seen of it."""

    bluez: BluezLook
    switches: tuple[Switch, ...] = ()
    kernel: tuple[str, ...] = ()
    usb: int = 0
    version: tuple[int, int] | None = None
    unit: str = ""
    """systemd's word for how bluetooth.service is; empty without systemd."""
    is_enabled: bool | None = None
    wanted: str | None = None
    """The adapter of the settings."""
    user: str = "duurloop"
    """Who looked."""


def look_at_radio(wanted: str | None, shell: Shell, sys: Path = Path("/sys")) -> Radio:
    """Look at everything that can be seen without using it."""
    unit = shown(shell, ["systemctl", "show", "bluetooth.service", "-p", "ActiveState,UnitFileState,LoadState"])
    state = unit.get("UnitFileState")
    return Radio(
        bluez=asyncio.run(look_at_bluez()),
        switches=switches(sys),
        kernel=kernel_adapters(sys),
        usb=usb_adapters(sys),
        version=_version(shell),
        unit="missing" if unit.get("LoadState") == "not-found" else unit.get("ActiveState", ""),
        is_enabled=None if not state else state != "disabled",
        wanted=wanted,
        user=getpass.getuser(),
    )


def _version(shell: Shell) -> tuple[int, int] | None:
    for command in (["bluetoothctl", "--version"], ["bluetoothd", "-v"]):
        ran = shell(command)
        if ran and (found := re.search(r"(\d+)\.(\d+)", ran.out)):
            return int(found[1]), int(found[2])
    return None


def judge_radio(radio: Radio) -> list[Finding]:
    """Say how it is with the radio."""
    return [*_bluez(radio), *_version_found(radio), *_blocked(radio), *_adapters(radio)]


def _bluez(radio: Radio) -> Iterator[Finding]:
    error = radio.bluez.error
    if error is None:
        yield _area.ok("bluez", sentence("The system's Bluetooth service (BlueZ) answers."))
        if radio.is_enabled is False:
            yield _area.warning(
                "bluez_start",
                sentence("The system's Bluetooth service runs, but does not start with the machine."),
                sentence("Have it started: sudo systemctl enable bluetooth"),
            )
    elif error.endswith(("AccessDenied", "NotAuthorized", "NotPermitted")):
        yield _area.fault(
            "permission",
            sentence("This user may not talk to the system's Bluetooth service."),
            sentence(
                "Add it to the group: sudo usermod -aG bluetooth {user}, then restart the machine.", user=radio.user
            ),
        )
    elif error == "no_bus":
        yield _area.fault(
            "dbus",
            sentence("D-Bus, by which Bluetooth is reached, does not answer."),
            sentence("Install and start it: sudo apt install dbus && sudo systemctl start dbus"),
        )
    elif error == "no_answer":
        yield _area.fault(
            "bluez",
            sentence("The system's Bluetooth service hangs."),
            sentence("Start it anew: sudo systemctl restart bluetooth"),
        )
    else:
        yield _stopped(radio)


def _stopped(radio: Radio) -> Finding:
    if radio.unit == "missing":
        return _area.fault(
            "bluez",
            sentence("BlueZ, the system's Bluetooth service, is not installed."),
            sentence("Install it: sudo apt install bluez"),
        )
    if radio.unit == "failed":
        return _area.fault(
            "bluez",
            sentence("The system's Bluetooth service has failed."),
            sentence("See why with sudo journalctl -u bluetooth -n 20, then: sudo systemctl restart bluetooth"),
        )
    return _area.fault(
        "bluez",
        sentence("The system's Bluetooth service does not run."),
        sentence("Start it now and with the machine: sudo systemctl enable --now bluetooth"),
    )


def _version_found(radio: Radio) -> Iterator[Finding]:
    if radio.version is None:
        yield _area.unknown("bluez_version", sentence("Which version of BlueZ this is could not be seen."))
        return
    version = ".".join(map(str, radio.version))
    if radio.version < OLDEST_BLUEZ:
        yield _area.fault(
            "bluez_version",
            sentence("BlueZ {version} is too old; 5.55 is the least.", version=version),
            sentence("Use Debian 12, Raspberry Pi OS of 2023, or newer; see which it is: cat /etc/os-release"),
        )
    else:
        yield _area.ok("bluez_version", sentence("BlueZ {version} is new enough.", version=version))


def _blocked(radio: Radio) -> Iterator[Finding]:
    if any(switch.is_hard_blocked for switch in radio.switches):
        yield _area.fault(
            "rfkill",
            sentence("Bluetooth is switched off by a switch or key of the machine."),
            sentence("Turn the machine's wireless switch on, and see that rfkill list says no."),
        )
    elif any(switch.is_soft_blocked for switch in radio.switches):
        yield _area.fault(
            "rfkill",
            sentence("Bluetooth is blocked (rfkill)."),
            sentence("Unblock it: sudo rfkill unblock bluetooth"),
        )


def _adapters(radio: Radio) -> Iterator[Finding]:
    if radio.bluez.error:
        if not radio.kernel and not radio.switches:
            yield _no_adapter(radio)
        return
    adapters = [one for one in radio.bluez.adapters if radio.wanted in (None, one.name)]
    if not adapters:
        yield _no_adapter(radio)
        return
    adapter = adapters[0]
    blocked = any(switch.is_soft_blocked or switch.is_hard_blocked for switch in radio.switches)
    if not adapter.is_powered and not blocked:
        yield _area.fault(
            "adapter",
            sentence("The Bluetooth adapter {name} is switched off.", name=adapter.name),
            sentence("Switch it on: bluetoothctl power on"),
        )
    elif not adapter.can_listen:
        yield _area.fault(
            "adapter",
            sentence("The adapter {name} does not speak Bluetooth Low Energy, as straps do.", name=adapter.name),
            sentence("Plug in one with Bluetooth 4.0 or newer, and name it under [bluetooth] adapter in the settings."),
        )
    elif adapter.is_powered:
        yield _area.ok("adapter", sentence("The Bluetooth adapter {name} is there and switched on.", name=adapter.name))


def _no_adapter(radio: Radio) -> Finding:
    if radio.wanted and radio.bluez.adapters:
        there = ", ".join(one.name for one in radio.bluez.adapters)
        return _area.fault(
            "adapter",
            sentence(
                "The adapter {wanted} of the settings is not there; {there} is.", wanted=radio.wanted, there=there
            ),
            sentence("Put the right name at adapter under [bluetooth] in the settings; bluetoothctl list shows them."),
        )
    if radio.usb and not radio.kernel:
        return _area.fault(
            "adapter",
            sentence("A Bluetooth adapter is plugged in, but the system has no driver or firmware for it."),
            sentence("See which firmware it misses: sudo dmesg | grep -i bluetooth"),
        )
    return _area.fault(
        "adapter",
        sentence("This machine has no Bluetooth adapter, or it was unplugged."),
        sentence("Plug one in (Bluetooth 4.0 or newer), then see it with: bluetoothctl list"),
    )
