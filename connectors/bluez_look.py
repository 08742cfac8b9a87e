"""A look at the machine's Bluetooth without using it: what BlueZ tells over D-Bus, and the kernel below /sys.

For `duurloop doctor`. Nothing is changed and nothing is searched for; whatever does not answer is told as such.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dbus_fast import BusType, DBusFastError, Message, MessageType
from dbus_fast.aio import MessageBus

ANSWER_S: Final = 4.0
_ADAPTER: Final = "org.bluez.Adapter1"
_DONGLES: Final = ("e0", "01", "01")
"""USB's class, subclass and protocol of a Bluetooth adapter."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter as BlueZ knows it."""

    name: str
    """As `hci0`."""
    is_powered: bool
    can_listen: bool
    """Whether it knows Bluetooth Low Energy, which straps speak."""


@dataclass(frozen=True, slots=True)
class BluezLook:
    """What BlueZ tells."""

    error: str | None = None
    """The name of what D-Bus answered instead, or `no_bus`, or `no_answer`."""
    adapters: tuple[Adapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Switch:
    """An rfkill switch of Bluetooth."""

    is_soft_blocked: bool
    is_hard_blocked: bool


async def look_at_bluez() -> BluezLook:
    """Ask BlueZ for all it knows."""
    try:
        async with asyncio.timeout(ANSWER_S):
            bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    except (OSError, EOFError, DBusFastError, TimeoutError):
        return BluezLook("no_bus")
    try:
        return await _asked(bus)
    finally:
        bus.disconnect()
        with suppress(Exception):  # it is gone either way
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


async def _asked(bus: MessageBus) -> BluezLook:
    question = Message(
        destination="org.bluez",
        path="/",
        interface="org.freedesktop.DBus.ObjectManager",
        member="GetManagedObjects",
    )
    try:
        async with asyncio.timeout(ANSWER_S):
            answer = await bus.call(question)
    except (OSError, EOFError, DBusFastError):
        return BluezLook("no_bus")
    except TimeoutError:
        return BluezLook("no_answer")
    if answer.message_type is MessageType.ERROR:
        return BluezLook(answer.error_name or "no_answer")
    objects: dict[str, dict[str, dict[str, Any]]] = answer.body[0]
    return BluezLook(
        adapters=tuple(_adapter(path, known[_ADAPTER]) for path, known in sorted(objects.items()) if _ADAPTER in known),
    )


def _adapter(path: str, properties: Mapping[str, Any]) -> Adapter:
    roles = _value(properties, "Roles")
    return Adapter(
        path.rpartition("/")[2],
        bool(_value(properties, "Powered")),
        roles is None or "central" in roles,  # BlueZ before 5.50 does not say
    )


def _value(properties: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - D-Bus's own types
    variant = properties.get(name)
    return None if variant is None else variant.value


# -- the kernel ------------------------------------------------------------------------------------


def switches(sys: Path = Path("/sys")) -> tuple[Switch, ...]:
    """Return the rfkill switches of Bluetooth; none where the kernel shows none."""
    return tuple(
        Switch(_line(folder / "soft") == "1", _line(folder / "hard") == "1")
        for folder in sorted(sys.glob("class/rfkill/*"))
        if _line(folder / "type") == "bluetooth"
    )


def kernel_adapters(sys: Path = Path("/sys")) -> tuple[str, ...]:
    """Return the adapters that the kernel drives, as `hci0`."""
    return tuple(sorted(folder.name for folder in sys.glob("class/bluetooth/hci*") if ":" not in folder.name))


def usb_adapters(sys: Path = Path("/sys")) -> int:
    """Count the adapters that are plugged in at USB, driven or not."""
    parts = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
    devices = {
        folder.name.partition(":")[0]
        for folder in sys.glob("bus/usb/devices/*:*")
        if tuple(_line(folder / part) for part in parts) == _DONGLES
    }
    return len(devices)


def _line(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="ascii").strip()
    return ""
