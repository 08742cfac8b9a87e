"""Listening who is in reach, as setup does: each strap is told once, as soon as it is heard."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from connectors.bluetooth_radio import USUAL, BluetoothRadio, NearbyStrap, RadioError
from daemon.clock import SystemClock
from daemon.domain.strap import RadioTrouble
from tests.fake_bluez import FakeBluez, FakeStrap, bluez_of_our_own

CLOCK = SystemClock()


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with bluez_of_our_own(monkeypatch) as fake:
        yield fake


async def listen(told: list[NearbyStrap], at_most_s: float = 60.0) -> list[NearbyStrap]:
    return await BluetoothRadio(CLOCK).listen(told.append, at_most_s=at_most_s, then_s=0.1)


async def test_each_is_told_once_and_batteries_are_left_alone(bluez: FakeBluez) -> None:
    mine, other = bluez.add(FakeStrap()), bluez.add(FakeStrap(2, name="TICKR 4F2A", rssi=-80))
    told: list[NearbyStrap] = []
    found = await listen(told)
    assert found == told
    assert {(strap.address, strap.name) for strap in told} == {
        (mine.address, mine.name),
        (other.address, "TICKR 4F2A"),
    }
    assert mine.attempts == other.attempts == 0


async def test_it_ends_when_nobody_is_there(bluez: FakeBluez) -> None:
    assert await listen([], at_most_s=0.2) == []
    assert not bluez.discovering


async def test_one_without_a_name_is_told_in_the_end(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    nameless = bluez.add(FakeStrap(2, name=None))
    told: list[NearbyStrap] = []
    await listen(told)
    assert told[-1].address == nameless.address or told[-1].name is not None


async def test_one_that_this_machine_holds_comes_first(bluez: FakeBluez) -> None:
    held = bluez.add(FakeStrap())
    await bluez.abandoned_link(held)
    bluez.add(FakeStrap(2))
    told: list[NearbyStrap] = []
    await listen(told)
    assert (told[0].address, told[0].rssi_dbm) == (held.address, None)
    assert held.connected


async def test_a_battery_is_read_by_a_short_visit(bluez: FakeBluez) -> None:
    strap = bluez.add(FakeStrap(battery=41))
    patient = BluetoothRadio(CLOCK, timings=replace(USUAL, connect_s=60.0, battery_s=60.0))
    assert await patient.battery(strap.address.lower(), at_most_s=60.0) == 41
    assert not strap.connected


async def test_a_battery_out_of_reach_is_unknown(bluez: FakeBluez) -> None:
    strap = bluez.add(FakeStrap(present=False))
    assert await BluetoothRadio(CLOCK).battery(strap.address, at_most_s=0.2) is None


async def test_a_radio_in_trouble_is_named(bluez: FakeBluez) -> None:
    bluez.power(on=False)
    with pytest.raises(RadioError) as failed:
        await listen([])
    assert failed.value.trouble is RadioTrouble.POWERED_OFF
