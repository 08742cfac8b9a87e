"""A short visit to a strap, to see whether it lets itself be reached and feels skin; what it counts is not kept."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bleak.backends.characteristic import BleakGATTCharacteristic

from connectors.bluetooth_radio import BluetoothRadio, LinkError, Sighting, failing_as
from connectors.gatt import BATTERY_LEVEL, HEART_RATE_MEASUREMENT, decode_battery_level, decode_heart_rate
from daemon.domain.heart_rate import SensorContact

WORDS_S: Final = 3.0
"""A worn strap speaks every second."""


@dataclass(frozen=True, slots=True)
class Visit:
    """How a visit went."""

    is_reached: bool
    speaks: bool = False
    contact: SensorContact = SensorContact.UNKNOWN
    battery_pct: int | None = None


async def visit(radio: BluetoothRadio, sighting: Sighting, *, words_s: float = WORDS_S) -> Visit:
    """Connect, listen to a few packets, and let go."""
    contact, spoke = SensorContact.UNKNOWN, asyncio.Event()

    def heard(_: BleakGATTCharacteristic, data: bytearray) -> None:
        nonlocal contact
        if measurement := decode_heart_rate(data):
            contact = measurement.contact
            spoke.set()

    try:
        async with radio.connection(sighting, asyncio.Event()) as client:
            battery = None
            with suppress(LinkError), failing_as(LinkError):
                async with asyncio.timeout(radio.timings.courtesy_s):
                    battery = decode_battery_level(await client.read_gatt_char(BATTERY_LEVEL))
            with suppress(LinkError), failing_as(LinkError):
                async with asyncio.timeout(words_s):
                    await client.start_notify(HEART_RATE_MEASUREMENT, heard)
                    await spoke.wait()
            return Visit(is_reached=True, speaks=spoke.is_set(), contact=contact, battery_pct=battery)
    except LinkError:
        return Visit(is_reached=False)
