import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from bleak.backends.bluezdbus.version import BlueZFeatures
from bleak.backends.device import BLEDevice
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
)
from dbus_fast import AuthError

from connectors.bluetooth_radio import (
    BluetoothRadio,
    NearbyStrap,
    RadioError,
    Sighting,
    Timings,
    WantedStrap,
    diagnose,
)
from connectors.heart_rate_strap import HeartRateStrap, pause_s
from daemon.clock import SystemClock
from daemon.domain.heart_rate import HeartRateSample, SensorContact
from daemon.domain.strap import (
    BodyLocation,
    LossReason,
    RadioChanged,
    RadioTrouble,
    StrapConnected,
    StrapEvent,
    StrapLost,
)
from daemon.ports import HeartRateSource
from tests.fake_bluez import BEAT, PATIENCE_S, FakeBluez, FakeStrap, bluez_of_our_own

Event = TypeVar("Event", bound=StrapEvent)

CLOCK = SystemClock()
OURS = FakeStrap().address

# Short where a test goes through it often, long where it is only a limit: a busy machine must not hit it.
QUICK = Timings(
    scan_s=0.3,
    check_s=0.02,
    settle_s=0.05,
    connect_s=10.0,
    answer_s=10.0,
    let_go_s=5.0,
    retry_s=(0.005, 0.02),
    trouble_s=(0.01, 0.05),
    beat_s=0.02,
)


class Switch:
    """A permit that a test grants and withdraws."""

    def __init__(self, *, granted: bool = True) -> None:
        self._granted = asyncio.Event()
        self._withdrawn = asyncio.Event()
        self.turn(on=granted)

    def turn(self, *, on: bool) -> None:
        for event, is_so in ((self._granted, on), (self._withdrawn, not on)):
            event.set() if is_so else event.clear()

    @property
    def granted(self) -> bool:
        return self._granted.is_set()

    async def wait_granted(self) -> None:
        await self._granted.wait()

    async def wait_withdrawn(self) -> None:
        await self._withdrawn.wait()


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with bluez_of_our_own(monkeypatch) as fake:
        yield fake


def radio(timings: Timings = QUICK) -> BluetoothRadio:
    return BluetoothRadio(CLOCK, timings=timings)


def listening(
    pointer: str = OURS, on: BluetoothRadio | None = None, permit: Switch | None = None
) -> AbstractAsyncContextManager[AsyncIterator[StrapEvent]]:
    source: HeartRateSource = HeartRateStrap(pointer, on or radio(), CLOCK)
    return source.events(permit or Switch())


async def next_of(kind: type[Event], events: AsyncIterator[StrapEvent]) -> Event:
    """Skip to the next event of a kind."""
    async with asyncio.timeout(PATIENCE_S):
        async for event in events:
            if isinstance(event, kind):
                return event
    raise AssertionError("the events ended")


async def next_but_samples(events: AsyncIterator[StrapEvent]) -> StrapEvent:
    async with asyncio.timeout(PATIENCE_S):
        while isinstance(event := await anext(events), HeartRateSample):
            pass
    return event


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


# what it says


async def test_a_first_beat_that_overtakes_bluez_answer_still_comes_after_the_announcement(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(eager=True))
    async with listening() as events:
        assert isinstance(await anext(events), StrapConnected)
        assert isinstance(await anext(events), HeartRateSample)


@pytest.mark.parametrize(
    "strap",
    [
        pytest.param(FakeStrap(battery=None), id="no battery service"),
        pytest.param(FakeStrap(battery=200), id="nonsense for a battery"),
        pytest.param(FakeStrap(hung_reads=True), id="no answer"),
    ],
)
async def test_a_strap_that_hides_its_battery_is_heard_all_the_same(bluez: FakeBluez, strap: FakeStrap) -> None:
    bluez.add(strap)
    async with listening(on=radio(replace(QUICK, courtesy_s=0.05))) as events:
        assert (await next_of(StrapConnected, events)).battery_pct is None
        await next_of(HeartRateSample, events)


async def test_bad_packets_among_good_ones_are_counted_and_dropped(bluez: FakeBluez) -> None:
    good = b"\x00\x50"
    bluez.add(FakeStrap(packets=[good, b"", good, b"\x01\x50", good, b"\x08\x50\x01", b"\x00", good]))
    strap = HeartRateStrap(OURS, radio(), CLOCK)
    async with strap.events(Switch()) as events:
        heard = [await next_of(HeartRateSample, events) for _ in range(5)]
    assert [sample.bpm for sample in heard] == [80, 80, 80, 80, 62]
    assert strap.bad_packets == 4


async def test_a_wait_for_the_next_event_may_be_given_up_and_begun_again(bluez: FakeBluez) -> None:
    async with listening() as events:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await anext(events)
        bluez.add(FakeStrap())
        await next_of(StrapConnected, events)


# losing it and finding it again


async def test_a_strap_that_drops_out_is_lost_and_found_again(bluez: FakeBluez) -> None:
    strap = bluez.add(FakeStrap())
    async with listening() as events:
        await next_of(HeartRateSample, events)
        bluez.vanish(strap)
        assert (await next_of(StrapLost, events)).reason is LossReason.LINK_LOST
        await bluez.until(lambda: bluez.scans == 3)
        strap.present = True
        assert isinstance(await anext(events), StrapConnected)
        await next_of(HeartRateSample, events)


async def test_a_hundred_and_twenty_losses_leave_no_connection_behind_on_the_bus(bluez: FakeBluez) -> None:
    strap = bluez.add(FakeStrap())
    async with listening() as events:
        for _ in range(120):
            await next_of(HeartRateSample, events)
            bluez.lose(strap)
            await next_of(StrapLost, events)
        await next_of(HeartRateSample, events)
        assert await bluez.connections_are(2)  # bleak's own, and that of the link


async def test_failing_attempts_go_on_and_leave_no_connection_behind_either(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap(refuses=True))
    source = HeartRateStrap(OURS, radio(), CLOCK)
    async with source.events(Switch()) as events:
        await bluez.until(lambda: strap.attempts == 30)
        strap.refuses = False
        await next_of(HeartRateSample, events)
        assert await bluez.connections_are(2)
    assert "Software caused connection abort" in (source.last_failure or "")


async def test_a_strap_that_goes_away_during_an_attempt_is_tried_again_when_it_is_back(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap(deaf=True))
    async with listening(on=radio(replace(QUICK, connect_s=0.1))) as events:
        await bluez.until(lambda: strap.attempts == 1)
        strap.present = strap.deaf = False
        bluez.forget(strap)
        await bluez.until(lambda: bluez.scans >= 3)
        strap.present = True
        await next_of(HeartRateSample, events)


@pytest.mark.parametrize(
    ("failures", "least", "most"),
    [(0, 0.0, 0.0), (1, 0.125, 0.25), (2, 0.25, 0.5), (6, 2.5, 5.0), (100_000, 2.5, 5.0)],
)
def test_the_pause_after_failures_grows_to_a_limit(failures: int, least: float, most: float) -> None:
    assert least <= pause_s(failures, 0.25, 5.0, random.Random(failures)) <= most  # noqa: S311


async def test_a_silent_strap_is_let_go_and_believed_again_when_it_speaks(bluez: FakeBluez) -> None:
    strap = bluez.add(FakeStrap())
    async with listening(on=radio(replace(QUICK, silence_s=0.2))) as events:
        await next_of(HeartRateSample, events)
        strap.mute = True
        assert (await next_of(StrapLost, events)).reason is LossReason.SILENT
        await bluez.until(lambda: strap.attempts == 3)
        strap.mute = False
        assert isinstance(await anext(events), StrapConnected), "it came and went while it said nothing"
        await next_of(HeartRateSample, events)


async def test_one_straps_trouble_does_not_silence_another(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(1))
    bluez.add(unreachable := FakeStrap(2, deaf=True))
    air = radio(replace(QUICK, connect_s=0.3))
    async with listening(OURS, air) as events, listening(unreachable.address, air):
        await next_of(HeartRateSample, events)
        await bluez.until(lambda: unreachable.attempts == 1)
        while unreachable.attempts < 3:
            assert isinstance(await anext(events), HeartRateSample)


async def test_a_link_that_a_dead_process_left_behind_is_adopted(bluez: FakeBluez) -> None:
    await bluez.abandoned_link(strap := bluez.add(FakeStrap()))
    assert not strap.advertises
    async with listening("polar h10") as events:
        await next_of(HeartRateSample, events)
    assert not strap.connected


async def test_somebody_elses_link_is_not_adopted(bluez: FakeBluez) -> None:
    await bluez.abandoned_link(theirs := bluez.add(FakeStrap(2, name="TICKR 1A2B")))
    async with listening():
        await bluez.until(lambda: bluez.scans == 2)
    assert theirs.connected


async def test_a_strap_shared_by_two_runners_is_held_by_one_of_them(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap())
    air = radio()
    async with listening(OURS, air) as first:
        await next_of(HeartRateSample, first)
        async with listening(OURS, air) as second:
            scans = bluez.scans
            await bluez.until(lambda: bluez.scans == scans + 2)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await anext(second)
        assert strap.connected
        await next_of(HeartRateSample, first)


# when the radio itself is in trouble


async def test_an_adapter_that_is_pulled_out_and_plugged_in_again_is_told_once_each(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    async with listening() as events:
        await next_of(HeartRateSample, events)
        bluez.unplug()
        lost, trouble = await next_but_samples(events), await next_but_samples(events)
        assert isinstance(lost, StrapLost)
        assert trouble == RadioChanged(trouble.at, RadioTrouble.NO_ADAPTER)
        bluez.plug_in()
        well, again = await next_but_samples(events), await next_but_samples(events)
        assert well == RadioChanged(well.at, None)
        assert isinstance(again, StrapConnected)


async def test_an_adapter_that_is_pulled_out_during_a_scan_is_noticed(bluez: FakeBluez) -> None:
    async with listening(on=radio(replace(QUICK, scan_s=1000.0))) as events:
        await bluez.until(lambda: bool(bluez.discovering))
        bluez.unplug()
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.NO_ADAPTER


async def test_a_powered_off_adapter_is_told_and_waited_for(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    async with listening() as events:
        await next_of(HeartRateSample, events)
        bluez.power(on=False)
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.POWERED_OFF
        bluez.power(on=True)
        assert (await next_of(RadioChanged, events)).trouble is None
        await next_of(HeartRateSample, events)


async def test_a_bluetoothd_that_is_not_there_is_waited_for(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    await bluez.stop()
    async with listening() as events:
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.NO_BLUEZ
        await bluez.start()
        assert (await next_of(RadioChanged, events)).trouble is None
        await next_of(HeartRateSample, events)


async def test_a_restarted_bluetoothd_costs_a_moment_only(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    async with listening() as events:
        await next_of(HeartRateSample, events)
        await bluez.restart()
        lost = await next_but_samples(events)
        assert lost == StrapLost(lost.at, LossReason.LINK_LOST)
        assert isinstance(await next_but_samples(events), StrapConnected), "a moment's trouble is not worth a word"


async def test_a_killed_bluetoothd_that_says_nothing_is_noticed_by_the_silence(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    async with listening(on=radio(replace(QUICK, silence_s=0.2))) as events:
        await next_of(HeartRateSample, events)
        await bluez.stop(politely=False)
        assert (await next_of(StrapLost, events)).reason is LossReason.SILENT
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.NO_BLUEZ
        await bluez.start()
        await next_of(HeartRateSample, events)


async def test_a_scanner_that_went_deaf_with_bluetoothds_restart_is_replaced(bluez: FakeBluez) -> None:
    async with listening() as events:
        await bluez.until(lambda: bool(bluez.discovering))
        await bluez.restart()
        assert not bluez.discovering
        bluez.add(FakeStrap())
        await next_of(HeartRateSample, events)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        pytest.param("org.freedesktop.DBus.Error.AccessDenied", RadioTrouble.NO_PERMISSION, id="not allowed"),
        pytest.param("org.bluez.Error.InProgress", RadioTrouble.STUCK, id="stuck"),
        pytest.param("org.bluez.Error.Failed", RadioTrouble.OTHER, id="nobody knows"),
    ],
)
async def test_a_refused_scan_is_told_once_and_tried_again(bluez: FakeBluez, error: str, trouble: RadioTrouble) -> None:
    bluez.add(FakeStrap())
    bluez.refuses_discovery = error
    async with listening() as events:
        assert (await next_of(RadioChanged, events)).trouble is trouble
        await bluez.until(lambda: bluez.refusals == 5)
        bluez.refuses_discovery = None
        assert (await next_of(RadioChanged, events)).trouble is None
        await next_of(HeartRateSample, events)


async def test_a_discovery_that_hangs_in_bluetoothd_is_told_until_a_strap_is_heard(bluez: FakeBluez) -> None:
    bluez.stuck = True
    async with listening() as events:
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.STUCK
        scans = bluez.scans
        await bluez.until(lambda: bluez.scans > scans)
        bluez.stuck = False
        bluez.add(FakeStrap())
        assert (await next_of(RadioChanged, events)).trouble is None
        await next_of(HeartRateSample, events)


async def test_a_bluetoothd_that_does_not_answer_is_trouble_too(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    bluez.hangs = True
    async with listening(on=radio(replace(QUICK, answer_s=0.1))) as events:
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.STUCK
        bluez.hangs = False
        assert (await next_of(RadioChanged, events)).trouble is None


async def test_a_machine_without_d_bus_is_a_machine_without_bluetooth(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'nothing'}")
    async with listening() as events:
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.NO_BLUEZ


async def test_whoever_listens_later_hears_of_trouble_that_is_there_already(bluez: FakeBluez) -> None:
    bluez.unplug()
    air = radio()
    async with listening(on=air) as first:
        await next_of(RadioChanged, first)
        async with listening("TICKR 1A2B", air, Switch(granted=False)) as second:
            assert (await next_of(RadioChanged, second)).trouble is RadioTrouble.NO_ADAPTER


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        pytest.param(
            BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM),
            RadioTrouble.NO_PERMISSION,
            id="denied",
        ),
        pytest.param(BleakDBusError("org.bluez.Error.NotReady", []), RadioTrouble.POWERED_OFF, id="not ready"),
        pytest.param(
            BleakDBusError("org.freedesktop.DBus.Error.FileExists", ["Unit dbus-org.bluez.service failed to load"]),
            RadioTrouble.NO_BLUEZ,
            id="systemd may not start it",
        ),
        pytest.param(BleakError("adapter 'hci1' not found"), RadioTrouble.NO_ADAPTER, id="no such adapter"),
        pytest.param(TimeoutError(), RadioTrouble.STUCK, id="no answer"),
        pytest.param(PermissionError(), RadioTrouble.NO_PERMISSION, id="socket not ours"),
        pytest.param(EOFError(), RadioTrouble.NO_BLUEZ, id="hung up"),
        pytest.param(BrokenPipeError(), RadioTrouble.NO_BLUEZ, id="broken pipe"),
        pytest.param(AuthError(), RadioTrouble.NO_BLUEZ, id="hung up while greeting"),
        pytest.param(AssertionError(), RadioTrouble.OTHER, id="bleak's surprise"),
    ],
)
def test_each_failure_is_put_down_to_what_is_in_the_way(error: Exception, trouble: RadioTrouble) -> None:
    assert RadioError(error).trouble is diagnose(error) is trouble


# the permit


async def test_nothing_is_searched_without_a_permit(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap())
    permit = Switch(granted=False)
    async with listening(permit=permit) as events:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(events)
        assert (bluez.scans, strap.attempts) == (0, 0)
        permit.turn(on=True)
        await next_of(HeartRateSample, events)


async def test_a_withdrawn_permit_lets_go_at_once_and_ends_the_search(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap())
    permit = Switch()
    async with listening(permit=permit) as events:
        await next_of(HeartRateSample, events)
        permit.turn(on=False)
        assert (await next_of(StrapLost, events)).reason is LossReason.RELEASED
        assert not strap.connected
        strap.present = False
        permit.turn(on=True)
        await bluez.until(lambda: bool(bluez.discovering))
        permit.turn(on=False)
        await bluez.until(lambda: not bluez.discovering)
        strap.present = True
        permit.turn(on=True)
        await next_of(HeartRateSample, events)


async def test_a_withdrawn_permit_breaks_off_an_attempt_to_connect(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap(deaf=True))
    permit = Switch()
    async with listening(permit=permit):
        await bluez.until(lambda: strap.attempts == 1)
        permit.turn(on=False)
        await bluez.until(lambda: not bluez.connecting)
        assert await bluez.connections_are(1)


async def test_one_runners_release_leaves_the_others_alone(bluez: FakeBluez) -> None:
    ours, theirs = bluez.add(FakeStrap(1)), bluez.add(FakeStrap(2))
    air, permit = radio(), Switch()
    async with listening(ours.address, air, permit) as events, listening(theirs.address, air) as others:
        await next_of(HeartRateSample, events)
        await next_of(HeartRateSample, others)
        permit.turn(on=False)
        await next_of(StrapLost, events)
        bluez.lose(theirs)
        await next_of(StrapLost, others)
        await next_of(HeartRateSample, others)
        assert not ours.connected


async def test_a_release_during_the_very_first_attempt_spoils_none_after_it(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked, answer, bluetoothctl = (tmp_path / name for name in ("asked", "answer", "bluetoothctl"))
    os.mkfifo(answer)  # bleak asks it for BlueZ's version, once in the life of a process
    bluetoothctl.write_text(f"#!/bin/sh\n: > {asked}\nread -r version < {answer}\necho $version\n")
    bluetoothctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(BlueZFeatures, "checked_bluez_version", False)
    monkeypatch.setattr(BlueZFeatures, "_check_bluez_event", None)
    bluez.add(FakeStrap())
    permit = Switch()
    async with listening(permit=permit) as events:
        await bluez.until(asked.exists)
        permit.turn(on=False)
        permit.turn(on=True)
        await bluez.until(lambda: bluez.scans == 2)
        answer.write_text("5.82\n")
        await next_of(HeartRateSample, events)


# stopping


async def test_leaving_disconnects(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap())
    async with listening() as events:
        await next_of(HeartRateSample, events)
    assert not strap.connected
    assert not bluez.discovering
    assert await bluez.connections_are(1)


async def test_leaving_does_not_wait_for_a_bluetoothd_that_hangs(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    async with asyncio.timeout(5), listening(on=radio(replace(QUICK, let_go_s=0.1))) as events:
        await next_of(HeartRateSample, events)
        bluez.hangs = True
    bluez.hangs = False
    assert await bluez.connections_are(1)


@pytest.mark.parametrize("deaf", [pytest.param(True, id="connecting"), pytest.param(False, id="scanning")])
async def test_leaving_in_the_middle_does_not_wait_for_it_either(bluez: FakeBluez, deaf: bool) -> None:  # noqa: FBT001
    bluez.add(strap := FakeStrap(present=deaf, deaf=True))
    async with asyncio.timeout(5), listening(on=radio(replace(QUICK, let_go_s=0.1, answer_s=1000.0))):
        await bluez.until(lambda: strap.attempts == 1 if deaf else bool(bluez.discovering))
        bluez.hangs = True
    bluez.hangs = False
    assert await bluez.connections_are(1)


async def test_a_cancelled_listener_disconnects_on_its_way_out(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap())
    heard = asyncio.Event()

    async def listen() -> None:
        async with listening() as events:
            async for event in events:
                if isinstance(event, HeartRateSample):
                    heard.set()

    async with asyncio.timeout(PATIENCE_S):
        task = asyncio.create_task(listen())
        await heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not strap.connected


# signs of life


@pytest.mark.parametrize(
    ("straps", "granted"),
    [
        pytest.param([], True, id="searching"),
        pytest.param([], False, id="waiting for the permit"),
        pytest.param([FakeStrap()], True, id="listening"),
        pytest.param([FakeStrap(refuses=True)], True, id="failing"),
    ],
)
async def test_signs_of_life_are_given_whatever_it_is_doing(
    bluez: FakeBluez,
    straps: list[FakeStrap],
    granted: bool,  # noqa: FBT001
) -> None:
    bluez.straps.extend(straps)
    beats: list[None] = []
    air = radio(replace(QUICK, silence_s=0.2))
    async with HeartRateStrap(OURS, air, CLOCK, beat=lambda: beats.append(None)).events(Switch(granted=granted)):
        await bluez.until(lambda: len(beats) >= 5)


async def test_a_bug_is_not_taken_for_a_failure_of_the_radio(bluez: FakeBluez) -> None:
    def bug() -> None:
        raise TypeError("a bug")

    assert not bluez.straps
    async with HeartRateStrap(OURS, radio(), CLOCK, beat=bug).events(Switch()) as events:
        with pytest.raises(TypeError, match="a bug"):
            await anext(events)


# one look around


async def test_a_scan_lists_who_is_in_reach_the_loudest_first(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(1, rssi=-70))
    bluez.add(FakeStrap(2, name="TICKR 1A2B", rssi=-50, battery=20))
    bluez.add(FakeStrap(3, name=None, rssi=-90, deaf=True))
    bluez.add(FakeStrap(4, present=False))
    found = await radio(replace(QUICK, battery_s=0.3)).scan(0.1)
    assert [(strap.address, strap.name, strap.battery_pct) for strap in found] == [
        ("C0:00:00:00:00:02", "TICKR 1A2B", 20),
        ("C0:00:00:00:00:01", "Polar H10 12345678", 87),
        ("C0:00:00:00:00:03", None, None),
    ]
    assert found[0].rssi_dbm in {-50, -51}
    assert not any(strap.connected for strap in bluez.straps)
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


def test_a_beat_of_the_fake_is_a_good_packet() -> None:
    assert BEAT[0] == 0x16
