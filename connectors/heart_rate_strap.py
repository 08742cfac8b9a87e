"""A heart-rate strap on Bluetooth, held for as long as the runner allows: found, lost, and found again."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import NoReturn, TypeVar

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic

from connectors.bluetooth_radio import BluetoothRadio, LinkError, WantedStrap, failing_as, put_down
from connectors.gatt import (
    BATTERY_LEVEL,
    BODY_SENSOR_LOCATION,
    HEART_RATE_MEASUREMENT,
    decode_battery_level,
    decode_body_location,
    decode_heart_rate,
)
from daemon.clock import Clock, wait_for
from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.strap import BodyLocation, LossReason, RadioChanged, StrapConnected, StrapEvent, StrapLost
from daemon.ports import Permit
from daemon.strap_events import StrapEvents

T = TypeVar("T")
Tell = Callable[[StrapEvent], None]


class HeartRateStrap:
    """One runner's strap, pointed out by its address, its name or a part of the name.

    An absent strap is normal and says nothing; `last_failure` keeps why the latest attempt to connect went wrong.
    `beat` is called at least every half minute as long as the strap's work goes on.
    """

    def __init__(
        self,
        pointer: str,
        radio: BluetoothRadio,
        clock: Clock,
        *,
        chance: random.Random | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.last_failure: str | None = None
        self._wanted = WantedStrap(pointer)
        self._radio = radio
        self._clock = clock
        self._timings = radio.timings
        self._chance = chance or random.Random()  # noqa: S311 - spreads attempts in time, guards nothing
        self._beat = beat
        self._failures = 0
        self._adopt = True
        self._fell_silent = False

    @asynccontextmanager
    async def events(self, permit: Permit) -> AsyncIterator[AsyncIterator[StrapEvent]]:
        """Open the strap and hand over what it says, without end; see `daemon.ports.HeartRateSource`."""
        told = StrapEvents()
        with self._radio.watched(lambda trouble: told.tell(RadioChanged(self._clock.monotonic(), trouble))):
            keeper = asyncio.create_task(self._keep(permit, told.tell), name="keep a strap")
            keeper.add_done_callback(told.end)
            try:
                yield told
            finally:
                await put_down(keeper, 2 * self._timings.let_go_s)

    async def _keep(self, permit: Permit, tell: Tell) -> NoReturn:
        while True:
            await self._beating(permit.wait_granted())
            # no TaskGroup: once it is ending it does not hand on that somebody has lost patience
            following = asyncio.create_task(self._follow(tell), name="follow a strap")
            withdrawn = asyncio.create_task(permit.wait_withdrawn())
            try:
                await asyncio.wait({following, withdrawn}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                withdrawn.cancel()
                await put_down(following, 2 * self._timings.let_go_s)
            if not following.cancelled():
                following.result()  # it ends by a bug only, and that is told

    async def _follow(self, tell: Tell) -> NoReturn:
        """Listen to the strap whenever it is there."""
        self._failures = 0
        while True:
            try:
                spoke = await self._visit(tell)
            except LinkError as error:
                spoke, self.last_failure = False, str(error)
            if spoke:
                self.last_failure = None
            self._failures = 0 if spoke else self._failures + 1
            await self._clock.sleep(pause_s(self._failures, *self._timings.retry_s, self._chance))

    async def _visit(self, tell: Tell) -> bool:
        """Find the strap and listen until it is lost; tell whether it had anything to say."""
        talk = _Conversation(tell, self._clock)
        try:
            async with AsyncExitStack() as line:
                client = await self._reach(talk, line)
                self._beat()
                await self._greet(talk, client)
                talk.ended_by = await self._listen(talk)
        except asyncio.CancelledError:
            talk.ended_by = LossReason.RELEASED
            raise
        finally:  # only now is the link gone for certain
            talk.close()
        self._fell_silent = talk.ended_by is LossReason.SILENT
        return talk.spoken

    async def _reach(self, talk: "_Conversation", line: AsyncExitStack) -> BleakClient:
        since = self._clock.monotonic()
        async with self._radio.sighted(self._wanted, adopt=self._adopt, beat=self._beat) as strap:
            if self._clock.monotonic() - since > self._timings.away_s:
                self._failures = 0
            talk.name = strap.name or strap.address
            # A link that died with a killed bluetoothd looks alive to bleak until it is used (seen): when it fails,
            # no second try without a scan between.
            self._adopt = not strap.kept
            client = await line.enter_async_context(self._radio.connection(strap, talk.gone))
        self._wanted = replace(self._wanted, usual_address=strap.address)
        return client

    async def _greet(self, talk: "_Conversation", client: BleakClient) -> None:
        """Ask what the strap knows of itself, which it need not, and have it speak, which it must."""
        with suppress(LinkError):
            talk.battery_pct = decode_battery_level(await self._read(client, BATTERY_LEVEL))
        with suppress(LinkError):
            talk.location = decode_body_location(await self._read(client, BODY_SENSOR_LOCATION))
        with failing_as(LinkError):
            async with asyncio.timeout(self._timings.answer_s):
                await client.start_notify(HEART_RATE_MEASUREMENT, talk.heard)
        self._adopt = True
        talk.heard_at = self._clock.monotonic()
        # A half-dead strap would otherwise come and go every few seconds: it has to speak before it is believed.
        if not self._fell_silent:
            talk.open()

    async def _read(self, client: BleakClient, characteristic: str) -> bytearray:
        with failing_as(LinkError):
            async with asyncio.timeout(self._timings.courtesy_s):
                return await client.read_gatt_char(characteristic)

    async def _listen(self, talk: "_Conversation") -> LossReason:
        while (patience := talk.heard_at + self._timings.silence_s - self._clock.monotonic()) > 0:
            self._beat()
            if await wait_for(talk.gone, self._clock, patience):
                return LossReason.LINK_LOST
        return LossReason.SILENT

    async def _beating(self, awaited: Coroutine[object, object, T]) -> T:
        """Wait without end, with signs of life."""
        waiting = asyncio.create_task(awaited)
        try:
            while not waiting.done():
                self._beat()
                await asyncio.wait({waiting}, timeout=self._timings.beat_s)
            return await waiting
        finally:
            waiting.cancel()


def pause_s(failures: int, first_s: float, longest_s: float, chance: random.Random) -> float:
    """Return how long to wait after so many failures in a row: none, then doubling, never quite the same."""
    if not failures:
        return 0.0
    pause = min(first_s * 2.0 ** min(failures, 30) / 2, longest_s)
    return chance.uniform(pause / 2, pause)


class _Conversation:
    """One link to the strap: says each thing once and in order, whatever comes first."""

    def __init__(self, tell: Tell, clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._opened = False
        self.name = ""
        self.battery_pct: int | None = None
        self.location: BodyLocation | None = None
        self.gone = asyncio.Event()
        self.spoken = False
        self.heard_at = clock.monotonic()
        self.ended_by = LossReason.LINK_LOST

    def heard(self, _: BleakGATTCharacteristic, data: bytearray) -> None:
        """Take a notification; the first may come before BlueZ has confirmed that there will be any."""
        self.heard_at = self._clock.monotonic()
        self.spoken = True
        measurement = decode_heart_rate(data)
        if measurement is None:  # cut off or nonsense: not worth more than the next one
            return
        self.open()
        self._tell(HeartRateSample(self.heard_at, measurement.bpm, measurement.contact, measurement.rr_words))

    def open(self) -> None:
        """Announce the strap, unless that was done: as of its last word, which may be what announces it."""
        if not self._opened:
            self._opened = True
            self._tell(StrapConnected(self.heard_at, self.name, self.battery_pct, self.location))

    def close(self) -> None:
        """Say that the strap is lost, if it was announced."""
        if self._opened:
            self._tell(StrapLost(self._clock.monotonic(), self.ended_by))
