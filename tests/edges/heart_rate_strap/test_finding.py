"""Which of the straps in reach is the runner's own, and one look around at all of them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from bleak.backends.device import BLEDevice

from connectors.bluetooth_radio import BluetoothRadio, NearbyStrap, RadioError, Sighting, WantedStrap
from daemon.clock import SystemClock
from daemon.domain.heart_rate import HeartRateSample, Instant, SensorContact
from daemon.domain.strap import BodyLocation, RadioTrouble, StrapConnected, StrapLost
from tests.edges.heart_rate_strap.listener import CLOCK, OURS, QUICK, listening, next_of, radio
from tests.fake_bluez import PATIENCE_S, FakeBluez, FakeStrap

# finding the strap


async def test_a_strap_that_is_put_on_is_announced_and_then_heard(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    began = CLOCK.monotonic()
    async with listening() as events:
        hello, sample = await anext(events), await anext(events)
    assert isinstance(hello, StrapConnected)
    assert (hello.name, hello.battery_pct, hello.location) == ("Polar H10 12345678", 87, BodyLocation.CHEST)
    assert sample == HeartRateSample(sample.at, sample.bpm, SensorContact.GOOD, (945,))  # type: ignore[union-attr]
    assert began < hello.at <= sample.at <= CLOCK.monotonic()


@pytest.mark.parametrize(
    "pointer",
    [
        pytest.param("C0:00:00:00:00:04", id="its address"),
        pytest.param("c0:00:00:00:00:04", id="its address in small letters"),
        pytest.param("C0-00-00-00-00-04", id="its address with dashes"),
        pytest.param("TICKR 1A24", id="its name"),
        pytest.param("tickr 1a24", id="its name in small letters"),
        pytest.param("1A24", id="a part that only its name has"),
    ],
)
async def test_our_strap_is_found_among_ten(bluez: FakeBluez, pointer: str) -> None:
    straps = [bluez.add(FakeStrap(number, name=f"TICKR 1A2{number}")) for number in range(10)]
    async with listening(pointer) as events:
        assert (await next_of(StrapConnected, events)).name == "TICKR 1A24"
        assert [strap.number for strap in straps if strap.attempts] == [4]


async def test_a_part_of_a_name_that_two_straps_have_connects_to_neither(bluez: FakeBluez) -> None:
    ours, theirs = bluez.add(FakeStrap(1)), bluez.add(FakeStrap(2, name="Polar H10 87654321"))
    async with listening("Polar H10") as events:
        await bluez.until(lambda: bluez.scans == 3)
        assert (ours.attempts, theirs.attempts) == (0, 0)
        bluez.vanish(theirs)
        assert (await next_of(StrapConnected, events)).name == ours.name


async def test_a_scan_that_is_slow_to_begin_listens_for_others_no_shorter(bluez: FakeBluez) -> None:
    class SlowToBegin(SystemClock):
        ahead_s = 0.0

        def monotonic(self) -> Instant:
            return Instant(super().monotonic() + self.ahead_s + (5000.0 if bluez.discovering else 0.0))

    bluez.add(ours := FakeStrap())
    clock = SlowToBegin()
    air = BluetoothRadio(clock, timings=replace(QUICK, settle_s=1000.0, scan_s=3000.0))
    async with listening("Polar H10", air) as events:
        await bluez.until(lambda: bool(bluez.discovering))
        await bluez.heard()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await anext(events)
        assert ours.attempts == 0
        clock.ahead_s = 1000.0
        await next_of(StrapConnected, events)


async def test_a_strap_found_once_is_told_from_a_neighbours_of_the_same_name_part(bluez: FakeBluez) -> None:
    ours = bluez.add(FakeStrap(1))
    async with listening("Polar H10") as events:
        await next_of(StrapConnected, events)
        theirs = bluez.add(FakeStrap(2, name="Polar H10 87654321"))
        bluez.lose(ours)
        await next_of(StrapLost, events)
        assert (await next_of(StrapConnected, events)).name == ours.name
    assert theirs.attempts == 0


async def test_three_of_ten_straps_are_ours_and_each_is_heard_by_its_own_runner(bluez: FakeBluez) -> None:
    straps = [bluez.add(FakeStrap(number, name=f"TICKR 1A2{number}")) for number in range(10)]
    air = radio()
    async with (
        listening("TICKR 1A22", air) as second,
        listening(straps[5].address, air) as fifth,
        listening("1A28", air) as eighth,
    ):
        names = [(await next_of(StrapConnected, events)).name for events in (second, fifth, eighth)]
        for events in (second, fifth, eighth):
            await next_of(HeartRateSample, events)
    assert names == ["TICKR 1A22", "TICKR 1A25", "TICKR 1A28"]
    assert [strap.number for strap in straps if strap.attempts] == [2, 5, 8]
    assert bluez.most_attempts_at_once == 1
    assert not bluez.scanned_while_connecting


async def test_a_strap_that_bluez_only_remembers_is_not_tried(bluez: FakeBluez) -> None:
    strap = bluez.add(FakeStrap(present=False))
    bluez.remembers.append(strap)
    async with listening() as events:
        await bluez.until(lambda: bluez.scans == 1)
        await bluez.restart()  # a starting bluetoothd shows what it remembers
        await bluez.until(lambda: bluez.scans == 3)
        assert strap.attempts == 0
        strap.present = True
        await next_of(StrapConnected, events)


async def test_a_strap_held_by_a_phone_is_waited_for(bluez: FakeBluez) -> None:
    strap = bluez.add(FakeStrap(taken=True))
    async with listening() as events:
        await bluez.until(lambda: bluez.scans == 2)
        strap.taken = False
        await next_of(HeartRateSample, events)


async def test_nameless_straps_are_known_by_their_address(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(name=None))
    async with listening() as events:
        assert (await next_of(StrapConnected, events)).name == OURS


# one look around


async def test_a_scan_lists_who_is_in_reach_the_loudest_first(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(1, rssi=-70))
    bluez.add(FakeStrap(2, name="TICKR 1A2B", rssi=-50, battery=20))
    bluez.add(FakeStrap(3, name=None, rssi=-90, refuses=True))
    bluez.add(FakeStrap(4, present=False))
    found = await radio().scan(0.1)
    assert [(strap.address, strap.name, strap.battery_pct) for strap in found] == [
        ("C0:00:00:00:00:02", "TICKR 1A2B", 20),
        ("C0:00:00:00:00:01", "Polar H10 12345678", 87),
        ("C0:00:00:00:00:03", None, None),
    ]
    assert found[0].rssi_dbm in {-50, -51}
    assert not any(strap.connected for strap in bluez.straps)
    assert await bluez.connections_are(1)


async def test_a_scan_does_not_wait_for_a_strap_that_never_answers(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(deaf=True))
    async with asyncio.timeout(PATIENCE_S):
        (found,) = await radio(replace(QUICK, connect_s=1000.0, battery_s=0.3)).scan(0.1)
    assert (found.address, found.battery_pct) == (OURS, None)
    assert await bluez.connections_are(1)


async def test_a_scan_leaves_a_strap_alone_that_is_connected_already(bluez: FakeBluez) -> None:
    await bluez.abandoned_link(strap := bluez.add(FakeStrap()))
    assert await radio().scan(0.05) == [NearbyStrap(OURS, "Polar H10 12345678", None, 87)]
    assert strap.connected


async def test_a_scan_says_why_it_cannot_be_done(bluez: FakeBluez) -> None:
    bluez.power(on=False)
    with pytest.raises(RadioError, match="bluetoothctl power on") as failure:
        await radio().scan(0.05)
    assert failure.value.trouble is RadioTrouble.POWERED_OFF


# who is meant


def seen(number: int, name: str | None) -> Sighting:
    return Sighting(BLEDevice(f"C0:00:00:00:00:0{number}", name, None), name, -50)


@pytest.mark.parametrize(
    ("wanted", "at_once", "settled"),
    [
        pytest.param(WantedStrap("C0:00:00:00:00:02"), 2, 2, id="by address"),
        pytest.param(WantedStrap("polar h10 22"), 2, 2, id="by name"),
        pytest.param(WantedStrap("H10 2"), None, 2, id="by a part of the name"),
        pytest.param(WantedStrap("Polar"), None, None, id="by a part that two have"),
        pytest.param(WantedStrap("Garmin"), None, None, id="somebody who is not there"),
        pytest.param(WantedStrap("Polar", "C0:00:00:00:00:02"), 2, 2, id="by a part, known before"),
        pytest.param(WantedStrap("TICKR", "C0:00:00:00:00:09"), None, 3, id="by name, but another one than before"),
    ],
)
def test_a_strap_is_picked_by_address_name_or_unmistakable_part(
    wanted: WantedStrap, at_once: int | None, settled: int | None
) -> None:
    straps = {1: seen(1, "Polar H10 11"), 2: seen(2, "Polar H10 22"), 3: seen(3, "TICKR"), 4: seen(4, None)}
    pick: Callable[[bool], Sighting | None] = lambda settled: wanted.pick(straps.values(), settled=settled)  # noqa: E731
    assert pick(False) is straps.get(at_once or 0)  # noqa: FBT003
    assert pick(True) is straps.get(settled or 0)  # noqa: FBT003
