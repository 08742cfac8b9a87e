"""Somebody who listens to a strap by the real backend of bleak."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from connectors.bluetooth_radio import BluetoothRadio, Timings
from connectors.heart_rate_strap import HeartRateStrap
from daemon.clock import SystemClock
from daemon.domain.strap import StrapEvent
from daemon.ports import HeartRateSource
from tests.fake_bluez import PATIENCE_S, FakeStrap
from tests.fakes import Switch

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
    courtesy_s=30.0,
    battery_s=30.0,
    let_go_s=5.0,
    retry_s=(0.005, 0.02),
    trouble_s=(0.01, 0.05),
    beat_s=0.02,
)


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
