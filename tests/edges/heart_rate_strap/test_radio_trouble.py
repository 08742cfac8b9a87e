"""What stands between the house and every strap: the adapter, bluetoothd, the bus, and who may use them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError
from dbus_fast import AuthError

from connectors.bluetooth_radio import BluetoothRadio, RadioError, diagnose
from daemon.clock import SystemClock
from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.strap import LossReason, RadioChanged, RadioTrouble, StrapConnected, StrapEvent, StrapLost
from tests.edges.heart_rate_strap.listener import QUICK, listening, next_of, radio
from tests.fake_bluez import PATIENCE_S, FakeBluez, FakeStrap
from tests.fakes import Switch

HASTY = replace(QUICK, answer_s=0.1)
"""Gives a BlueZ up that takes its time."""


async def next_but_samples(events: AsyncIterator[StrapEvent]) -> StrapEvent:
    async with asyncio.timeout(PATIENCE_S):
        while isinstance(event := await anext(events), HeartRateSample):
            pass
    return event


class HeldClock(SystemClock):
    """A clock by which nobody's pause ends while it does not go."""

    def __init__(self) -> None:
        self.goes = asyncio.Event()
        self.goes.set()

    async def sleep(self, seconds: float) -> None:
        await self.goes.wait()
        await super().sleep(seconds)


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
    clock = HeldClock()
    async with listening(on=BluetoothRadio(clock, timings=QUICK)) as events:
        await next_of(HeartRateSample, events)
        clock.goes.clear()  # or a busy machine's restart outlasts the pause after the first trouble
        await bluez.restart()
        await bluez.heard()
        clock.goes.set()
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


async def test_a_scan_that_begins_too_late_does_not_stand_in_the_way_of_the_next(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    bluez.is_slow_to_scan = True
    air = radio(HASTY)
    async with listening(on=air) as events:
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.STUCK
        air.timings = QUICK
        bluez.begin_scans()
        assert (await next_of(RadioChanged, events)).trouble is None
        await next_of(HeartRateSample, events)


async def test_nor_does_it_when_nobody_was_looking_any_more_as_it_began(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    bluez.is_slow_to_scan = True
    air = radio(HASTY)
    async with listening(on=air) as events:
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.STUCK
    air.timings = QUICK
    bluez.begin_scans()
    async with listening(on=air) as events:
        await next_of(HeartRateSample, events)


async def test_a_scan_that_never_began_is_forgotten_with_the_bus(bluez: FakeBluez) -> None:
    bluez.is_slow_to_scan = True
    async with listening(on=radio(HASTY)) as events:
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.STUCK


async def test_a_bluetoothd_that_does_not_answer_is_trouble_too(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    bluez.hangs = True
    air = radio(HASTY)
    async with listening(on=air) as events:
        assert (await next_of(RadioChanged, events)).trouble is RadioTrouble.STUCK
        bluez.hangs, air.timings = False, QUICK  # from now on a late answer is only late
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
