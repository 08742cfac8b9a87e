"""The house's Bluetooth adapter, shared by all straps: bounded scans, one attempt to connect at a time.

bleak does the talking with BlueZ. What is added here is what a daemon needs that runs for months: BlueZ and bleak
fail in ways a script never meets, and each rule below stands beside the failure it answers. "Seen" means seen with
bleak 3.1.0 on BlueZ 5.66 and 5.82.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.args.bluez import BlueZAdapterArgs, BlueZScannerArgs
from bleak.backends.bluezdbus.version import BlueZFeatures
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
)
from dbus_fast import BusType, DBusFastError, Message, MessageType
from dbus_fast.aio import MessageBus

from connectors.gatt import BATTERY_LEVEL, HEART_RATE_SERVICE, decode_battery_level
from daemon.clock import Clock, wait_for
from daemon.domain.strap import RADIO_WORDS, RadioTrouble
from daemon.telling import Exit, TellingError

T = TypeVar("T")

RADIO_FAILURES: Final = (
    BleakError,  # what bleak knows how to name: no adapter, D-Bus errors, a device that went away
    DBusFastError,  # from a client's own bus connection, which bleak hands on as it comes
    TimeoutError,  # an absent strap, or a bluetoothd that does not answer
    EOFError,  # dbus-daemon hangs up: a restart, or a unit with DynamicUser=
    OSError,  # the same as seen from the socket: broken pipe, connection reset, no such file
    AssertionError,  # bleak asserts that its bus is there, which a restart in that very moment disproves
    LookupError,  # bleak reads its copy of BlueZ's objects while they disappear
)
"""All that bleak, dbus-fast and BlueZ raise when the radio world is in disorder; anything else is a bug of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How long things may take, in seconds; made of parts so that tests can be quick."""

    scan_s: float = 20.0
    """One scan. A scanner goes deaf without a word when bluetoothd restarts, so none lasts (seen)."""
    check_s: float = 1.0
    """While scanning: between two looks whether the adapter is still there."""
    settle_s: float = 2.0
    """How long to listen before a part of a name counts as unmistakable."""
    connect_s: float = 20.0
    """An attempt to connect. Some chest straps need 15 to 20 s (bleak issue 1841)."""
    answer_s: float = 10.0
    """BlueZ's answer to a single question: it may hang, and bleak would wait for ever."""
    courtesy_s: float = 2.0
    """A question to the strap that it need not answer: battery, body location."""
    let_go_s: float = 3.0
    """A disconnect, before we leave without the answer."""
    battery_s: float = 5.0
    """A short visit to a strap in reach, for its battery level."""
    silence_s: float = 12.0
    """Without a packet for so long, a strap is half dead although its link stands (seen)."""
    retry_s: tuple[float, float] = (0.25, 5.0)
    """Between attempts at a strap that is there: at first, and at most."""
    away_s: float = 10.0
    """A strap that was not to be heard for so long deserves a fresh start."""
    trouble_s: tuple[float, float] = (0.5, 5.0)
    """Between attempts at a radio in trouble: at first, and at most. It is told when it is met twice running."""
    beat_s: float = 10.0
    """Between two signs of life while nothing happens."""


USUAL: Final = Timings()


class RadioError(TellingError):
    """The radio cannot be used at present; `trouble` says what is in the way."""

    ends = Exit.UNAVAILABLE

    def __init__(self, cause: Exception) -> None:
        self.trouble = diagnose(cause)
        super().__init__(RADIO_WORDS[self.trouble])


class LinkError(Exception):
    """A strap could not be reached, or broke off in the middle of a question."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(repr(cause))


@contextmanager
def failing_as(translated: Callable[[Exception], Exception]) -> Iterator[None]:
    """Translate what the Bluetooth stack raises: the one place where so much is caught."""
    try:
        yield
    except RADIO_FAILURES as error:
        raise translated(error) from error


@dataclass(frozen=True, slots=True)
class Sighting:
    """A strap that could be connected to now."""

    device: BLEDevice
    name: str | None
    rssi_dbm: int | None
    """How loud it advertises; None when it does not, because BlueZ holds a link to it already."""

    @property
    def address(self) -> str:
        """The strap's Bluetooth address, in capitals."""
        return self.device.address.upper()

    @property
    def kept(self) -> bool:
        """Whether BlueZ has the link already: it keeps those of a process that died (seen)."""
        return self.rssi_dbm is None


@dataclass(frozen=True, slots=True)
class WantedStrap:
    """How a runner points out a strap: by address, by name, or by a part of the name.

    Capitals do not matter. An address or the whole name is taken at first sight. A part of a name is taken only
    when no other strap in reach has it too: a neighbour's strap would be worse than none.
    """

    pointer: str
    usual_address: str | None = None
    """Where it was found before: that one is taken at first sight, and others of its name only if it is not there."""

    def pick(self, sightings: Iterable[Sighting], *, settled: bool) -> Sighting | None:
        """Choose among those in reach; `settled` when enough time was given for others to be heard."""
        sightings = tuple(sightings)
        addresses = {self.pointer.upper().replace("-", ":"), self.usual_address}
        for sighting in sightings:
            if sighting.address in addresses:
                return sighting
        wanted = self.pointer.casefold()
        if settled or self.usual_address is None:
            for sighting in sightings:
                if sighting.name is not None and sighting.name.casefold() == wanted:
                    return sighting
        alike = [sighting for sighting in sightings if sighting.name is not None and wanted in sighting.name.casefold()]
        return alike[0] if settled and len(alike) == 1 else None


@dataclass(frozen=True, slots=True)
class NearbyStrap:
    """A strap in reach, as `duurloop scan` shows it."""

    address: str
    name: str | None
    rssi_dbm: int | None
    """None when it is connected to this machine and therefore does not advertise."""
    battery_pct: int | None


@dataclass(eq=False, slots=True)
class _Call:
    """A strap that somebody is waiting for."""

    wanted: WantedStrap
    adopt: bool
    beat: Callable[[], None]
    found: asyncio.Future[Sighting] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    served: asyncio.Event = field(default_factory=asyncio.Event)
    new: bool = True


class BluetoothRadio:
    """One adapter, and the one search on it for all straps that are wanted.

    The air is used for one thing at a time, scanning or connecting: adapters that do both at once lose
    connections. Links that stand are not touched by it. Nothing runs while nobody looks for a strap.
    """

    def __init__(self, clock: Clock, *, adapter: str | None = None, timings: Timings = USUAL) -> None:
        self.timings = timings
        self.trouble: RadioTrouble | None = None
        self._clock = clock
        self._adapter = adapter
        self._air = asyncio.Lock()
        self._calls: list[_Call] = []
        self._wake = asyncio.Event()
        self._searching: asyncio.Task[None] | None = None
        self._late: asyncio.Task[None] | None = None
        """Ends a scan that BlueZ begins only after it was given up, even when nobody is looking any more by then."""
        self._held: set[str] = set()
        self._watchers: list[Callable[[RadioTrouble | None], None]] = []

    @contextmanager
    def watched(self, tell: Callable[[RadioTrouble | None], None]) -> Iterator[None]:
        """Have every change of the radio's health told, beginning with trouble that is there already."""
        self._watchers.append(tell)
        try:
            if self.trouble is not None:
                tell(self.trouble)
            yield
        finally:
            self._watchers.remove(tell)

    @asynccontextmanager
    async def sighted(
        self, wanted: WantedStrap, *, adopt: bool = True, beat: Callable[[], None] = lambda: None
    ) -> AsyncIterator[Sighting]:
        """Wait, without end, until a strap can be connected to; the air is quiet for it inside the context.

        `adopt` allows to take over a link that BlueZ has already, without a scan first. `beat` is called by the
        search, at least every half minute: it stops when the search hangs.
        """
        call = _Call(wanted, adopt, beat)
        self._calls.append(call)
        self._wake.set()
        try:
            yield await self._answer(call)
        finally:
            call.served.set()
            self._calls.remove(call)
            await self._rest()

    @asynccontextmanager
    async def connection(self, sighting: Sighting, gone: asyncio.Event) -> AsyncIterator[BleakClient]:
        """Hold a link to a strap inside the context; `gone` is set when it is lost. Raises `LinkError`."""
        client = BleakClient(sighting.device, lambda _: gone.set(), timeout=self.timings.connect_s, pair=False)
        self._held.add(sighting.address)
        try:
            await self._connect(client)
            yield client
        finally:
            await self._let_go(client)
            self._held.discard(sighting.address)

    async def scan(self, seconds: float) -> list[NearbyStrap]:
        """Look once who is in reach: straps connected to this machine first, then the loudest. Raises `RadioError`."""
        async with self._air:
            return [
                NearbyStrap(sighting.address, sighting.name, sighting.rssi_dbm, await self._battery(sighting))
                for sighting in await self._heard(seconds)
            ]

    async def heard(self, seconds: float) -> list[Sighting]:
        """Listen once for who is in reach, and visit nobody; in the order of `scan`. Raises `RadioError`."""
        async with self._air:
            return await self._heard(seconds)

    async def _heard(self, seconds: float) -> list[Sighting]:
        heard: dict[str, Sighting] = {}
        kept = await self._kept_links()
        async with self._scanning(lambda sighting: heard.update({sighting.address: sighting})):
            await self._clock.sleep(seconds)
        return [*kept, *sorted(heard.values(), key=lambda sighting: sighting.rssi_dbm or 0, reverse=True)]

    async def listen(
        self, heard: Callable[[NearbyStrap], None], *, at_most_s: float, then_s: float
    ) -> list[NearbyStrap]:
        """Look who is in reach, and tell of each strap once, as soon as it is heard and its name is known.

        Ends `then_s` after the first one, so that others are heard too, and after `at_most_s` in any case. Straps that
        are connected to this machine come first; batteries are left alone. Raises `RadioError`.
        """
        told: dict[str, NearbyStrap] = {}
        unnamed: dict[str, Sighting] = {}
        first = asyncio.Event()

        def tell(sighting: Sighting) -> None:
            told[sighting.address] = NearbyStrap(sighting.address, sighting.name, sighting.rssi_dbm, None)
            heard(told[sighting.address])
            first.set()

        def note(sighting: Sighting) -> None:
            if sighting.address in told:
                return
            if sighting.name is None:  # it comes with the answer to the scan, a moment later, or not at all
                unnamed[sighting.address] = sighting
            else:
                tell(sighting)

        async with self._air:
            for sighting in await self._kept_links():
                tell(sighting)
            async with self._scanning(note):
                await wait_for(first, self._clock, at_most_s - then_s)
                await self._clock.sleep(then_s)
            for address, sighting in unnamed.items():
                if address not in told:
                    tell(sighting)
        return list(told.values())

    async def battery(self, address: str, *, at_most_s: float) -> int | None:
        """Visit a strap for its battery level; None if it is not heard, or does not tell. Raises `RadioError`."""
        found: dict[str, Sighting] = {}
        there = asyncio.Event()

        def note(sighting: Sighting) -> None:
            if sighting.address == address.upper():
                found[sighting.address] = sighting
                there.set()

        async with self._air:
            for sighting in await self._kept_links():
                note(sighting)
            if not found:
                async with self._scanning(note):
                    await wait_for(there, self._clock, at_most_s)
            return await self._battery(found[address.upper()]) if found else None

    # the search

    async def _answer(self, call: _Call) -> Sighting:
        while not call.found.done():
            if self._searching is None or self._searching.done():
                self._searching = asyncio.create_task(self._search(), name="search for straps")
            searching = self._searching
            either: set[asyncio.Future[Any]] = {call.found, searching}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if searching.done() and not searching.cancelled():
                searching.result()  # while somebody is waiting it ends by a bug only, and that is told
        return call.found.result()

    async def _rest(self) -> None:
        """See the search ended when nobody is waiting any more."""
        self._wake.set()
        if self._searching is not None and not self._calls:
            try:
                await asyncio.wait({self._searching}, timeout=self.timings.let_go_s)
            finally:
                if not self._calls:
                    await put_down(self._searching, self.timings.let_go_s)

    async def _search(self) -> None:
        first, longest = self.timings.trouble_s
        pause, met = first, None
        while self._calls:
            self._beat()
            try:
                async with self._air:
                    await self._round()
            except RadioError as error:
                if error.trouble is met:  # a restarting bluetoothd goes through several troubles in a second (seen)
                    self._note(met)
                met = error.trouble
                await self._pause(pause)
                pause = min(2 * pause, longest)
            else:
                pause, met = first, None

    async def _round(self) -> None:
        """Find one strap, and keep the air quiet until its owner has connected to it or failed."""
        for call in self._calls:
            call.new = False
        hit = self._pick(await self._kept_links(), settled=True) or await self._listen()
        if hit is None:
            for call in self._calls:
                call.adopt = True
            return
        call, sighting = hit
        self._beat()
        call.found.set_result(sighting)
        await call.served.wait()

    async def _listen(self) -> tuple[_Call, Sighting] | None:
        """Scan once, until one of the wanted straps is heard."""
        heard: dict[str, Sighting] = {}

        def note(sighting: Sighting) -> None:
            known = heard.get(sighting.address)
            heard[sighting.address] = sighting
            if known is None or known.name != sighting.name:  # a strap repeats itself five times a second
                self._wake.set()

        async with self._scanning(note):
            began = self._clock.monotonic()  # BlueZ may take its time to begin, in which nobody is heard
            while self._calls and not any(call.new for call in self._calls):
                for_s = self._clock.monotonic() - began
                if hit := self._pick(heard.values(), settled=for_s >= self.timings.settle_s):
                    return hit
                if for_s >= self.timings.scan_s:
                    break
                await wait_for(self._wake, self._clock, self.timings.check_s)
                self._wake.clear()
                await self._ask(self._bluez_adapter())  # costs nothing: bleak keeps a copy of BlueZ's objects
        return None

    def _pick(self, sightings: Iterable[Sighting], *, settled: bool) -> tuple[_Call, Sighting] | None:
        free = [sighting for sighting in sightings if sighting.address not in self._held]
        for call in self._calls:
            in_question = free if call.adopt else [sighting for sighting in free if not sighting.kept]
            if sighting := call.wanted.pick(in_question, settled=settled):
                return call, sighting
        return None

    async def _pause(self, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        while self._calls and (left := until - self._clock.monotonic()) > 0:
            await wait_for(self._wake, self._clock, left)
            self._wake.clear()

    def _beat(self) -> None:
        for call in self._calls:
            call.beat()

    def _note(self, trouble: RadioTrouble | None) -> None:
        if trouble is not self.trouble:
            self.trouble = trouble
            for tell in tuple(self._watchers):
                tell(trouble)

    # BlueZ, by way of bleak

    async def _ask(self, question: Awaitable[T]) -> T:
        with failing_as(RadioError):
            async with asyncio.timeout(self.timings.answer_s):
                return await question

    async def _bluez_adapter(self) -> BleakAdapter:
        bluez: BlueZAdapterArgs = {"adapter": self._adapter} if self._adapter else {}
        return await BleakAdapter.get(bluez=bluez)

    async def _kept_links(self) -> list[Sighting]:
        """List the straps that BlueZ is connected to: they do not advertise, so no scan would find them (seen)."""
        adapter = await self._ask(self._bluez_adapter())
        devices = await self._ask(adapter.get_connected_devices([HEART_RATE_SERVICE]))
        return [Sighting(device, device.name, None) for device in devices]

    @asynccontextmanager
    async def _scanning(self, heard: Callable[[Sighting], None]) -> AsyncIterator[None]:
        def advertised(device: BLEDevice, advertisement: AdvertisementData) -> None:
            # bleak reports every change that BlueZ tells of a device; only a heard one has a loudness.
            if advertisement.rssi != _NOT_HEARD:
                self._note(None)
                heard(Sighting(device, advertisement.local_name or device.name, advertisement.rssi))

        bluez: BlueZScannerArgs = {"adapter": self._adapter} if self._adapter else {}
        scanner = BleakScanner(advertised, service_uuids=[HEART_RATE_SERVICE], bluez=bluez)
        await self._start(scanner)
        if self.trouble is not RadioTrouble.STUCK:  # then a start that succeeds proves nothing
            self._note(None)
        try:
            yield
        finally:
            await self._stop(scanner)

    async def _start(self, scanner: BleakScanner) -> None:
        """Begin a scan, or see to it that one which begins too late is ended before the next.

        Cancelled half way, it would go on in BlueZ unseen, and BlueZ refuse every later one: "in progress".
        """
        if self._late is not None:
            await self._ask(asyncio.shield(self._late))
            self._late = None
        starting = asyncio.create_task(scanner.start(), name="start a scan")
        try:
            await self._ask(asyncio.shield(starting))
        finally:
            if not starting.done():
                self._late = asyncio.create_task(_end(scanner, starting), name="end a late scan")

    async def _stop(self, scanner: BleakScanner) -> None:
        try:
            await self._ask(scanner.stop())
        except RadioError as error:
            # After a restart of bluetoothd there is nothing to stop ("No discovery started", seen). "In progress"
            # is the one answer that matters: then bleak could not help, and further scans find nothing.
            if error.trouble is RadioTrouble.STUCK:
                self._note(error.trouble)
        else:
            self._note(None)

    async def _connect(self, client: BleakClient) -> None:
        if not BlueZFeatures.checked_bluez_version:
            # Cancelled half way, this check keeps every later connection of the process waiting (bleak 3.1.0).
            await asyncio.shield(BlueZFeatures.check_bluez_version())
        connecting = asyncio.create_task(client.connect(), name="connect to a strap")
        try:
            with failing_as(LinkError):
                async with asyncio.timeout(self.timings.connect_s + self.timings.let_go_s):
                    await asyncio.shield(connecting)
        finally:
            # Cancelled, bleak takes the attempt back and waits for BlueZ's answer, however long.
            await put_down(connecting, self.timings.let_go_s)

    async def _let_go(self, client: BleakClient) -> None:
        # Also after a loss or a failed attempt: else each leaves a D-Bus connection behind (seen; 256 are allowed).
        # When BlueZ does not answer, bleak closes up all the same.
        with suppress(*RADIO_FAILURES):
            async with asyncio.timeout(self.timings.let_go_s):
                await client.disconnect()

    async def _battery(self, sighting: Sighting) -> int | None:
        with suppress(LinkError, *RADIO_FAILURES):
            async with asyncio.timeout(self.timings.battery_s):
                if sighting.kept:  # somebody is using that link: only BlueZ is asked, not the strap
                    return await _battery_known_to_bluez(sighting.device)
                async with self.connection(sighting, asyncio.Event()) as client:
                    return decode_battery_level(await client.read_gatt_char(BATTERY_LEVEL))
        return None


async def _end(scanner: BleakScanner, starting: Awaitable[None]) -> None:
    with suppress(*RADIO_FAILURES):
        await starting
        await scanner.stop()


async def put_down(task: asyncio.Task[Any], patience_s: float) -> None:
    """Cancel a task and see it ended; insist when its own tidying up takes too long, or when we are cancelled, too."""
    haste: asyncio.CancelledError | None = None
    while not task.done():
        task.cancel()
        try:
            await asyncio.wait({task}, timeout=patience_s)
        except asyncio.CancelledError as error:
            haste = error
    if haste:
        raise haste


def diagnose(error: Exception) -> RadioTrouble:
    """Tell what is in the way of a radio that cannot be used."""
    match error:
        case BleakBluetoothNotAvailableError():
            return _UNAVAILABLE.get(error.reason, RadioTrouble.OTHER)
        case BleakDBusError():
            nobody_there = error.dbus_error.startswith("org.freedesktop.")  # D-Bus and systemd have many names for it
            return _DBUS_ERRORS.get(error.dbus_error, RadioTrouble.NO_BLUEZ if nobody_there else RadioTrouble.OTHER)
        case BleakError() if re.match(r"adapter '.*' not found", str(error)):
            return RadioTrouble.NO_ADAPTER
        case _:
            return next((trouble for kind, trouble in _OTHER_ERRORS if isinstance(error, kind)), RadioTrouble.OTHER)


async def _battery_known_to_bluez(device: BLEDevice) -> int | None:
    """Ask BlueZ for the level it last read itself; bleak does not hand it out."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        reply = await bus.call(
            Message(
                destination="org.bluez",
                path=device.details["path"],
                interface="org.freedesktop.DBus.Properties",
                member="Get",
                signature="ss",
                body=["org.bluez.Battery1", "Percentage"],
            )
        )
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
    return reply.body[0].value if reply.message_type is MessageType.METHOD_RETURN else None


_NOT_HEARD: Final = -127
"""What bleak reports as loudness of a device that BlueZ only remembers."""

_UNAVAILABLE: Final = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: RadioTrouble.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: RadioTrouble.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.POWERED_OFF: RadioTrouble.POWERED_OFF,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: RadioTrouble.NO_PERMISSION,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: RadioTrouble.NO_PERMISSION,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: RadioTrouble.NO_PERMISSION,
}

_DBUS_ERRORS: Final = {
    "org.bluez.Error.NotReady": RadioTrouble.POWERED_OFF,
    "org.bluez.Error.InProgress": RadioTrouble.STUCK,
    "org.bluez.Error.NotAuthorized": RadioTrouble.NO_PERMISSION,
    "org.bluez.Error.NotPermitted": RadioTrouble.NO_PERMISSION,
    "org.freedesktop.DBus.Error.AccessDenied": RadioTrouble.NO_PERMISSION,
    "org.freedesktop.DBus.Error.UnknownMethod": RadioTrouble.NO_ADAPTER,  # bluetoothd is up, the adapter not yet
    "org.freedesktop.DBus.Error.UnknownObject": RadioTrouble.NO_ADAPTER,
}

_OTHER_ERRORS: Final = (
    (TimeoutError, RadioTrouble.STUCK),
    (PermissionError, RadioTrouble.NO_PERMISSION),
    ((OSError, EOFError, DBusFastError), RadioTrouble.NO_BLUEZ),
)
