"""A private D-Bus with a BlueZ of our own on it, so that bleak's real backend runs without a radio.

It behaves as BlueZ 5.66 and 5.82 were seen to behave, above all where that is inconvenient: a device object appears
only when a scan hears it; connecting to an absent strap fails late; a client that leaves the bus loses its scan, but
the link it made stays; an unplugged adapter takes everything with it; what bluetoothd knew dies with it.

Messages are answered by hand rather than by dbus-fast's service objects: BlueZ tells its clients apart by their bus
names, which those do not reveal, and a hanging BlueZ is one that does not answer.
"""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bleak.backends.bluezdbus import manager as bleak_manager
from dbus_fast import Message, MessageType, NameFlag, Variant
from dbus_fast.aio import MessageBus

ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
BATTERY = "org.bluez.Battery1"
SERVICE = "org.bluez.GattService1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"
OBJECTS = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"

BEAT = bytes.fromhex("16 3E B1 03")
"""62 bpm, skin contact, one RR interval."""

TICK_S = 0.005
PATIENCE_S = 60.0
"""Only ever waited for in vain, on the slowest of machines."""

TRUE = Variant("b", True)  # noqa: FBT003 - what else
FALSE = Variant("b", False)  # noqa: FBT003

Properties = dict[str, Variant]


def uuid(number: int) -> str:
    return f"0000{number:04x}-0000-1000-8000-00805f9b34fb"


@contextmanager
def private_bus() -> Iterator[str]:
    """A message bus for one test; hands out its address."""
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        pytest.skip("dbus-daemon is not installed")
    with tempfile.TemporaryDirectory(prefix="bus.") as folder:  # short: a socket's path has 108 characters at most
        address = f"unix:path={folder}/socket"
        config = Path(folder, "bus.conf")
        config.write_text(
            f"<busconfig><listen>{address}</listen><auth>EXTERNAL</auth><policy context='default'>"
            "<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/>"
            "</policy></busconfig>"
        )
        command = [daemon, f"--config-file={config}", "--nofork", "--print-address=1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                yield address
            finally:
                process.terminate()


@asynccontextmanager
async def bluez_of_our_own(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator["FakeBluez"]:
    """A fake BlueZ where bleak looks for the real one."""
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        fake = FakeBluez(address)
        async with fake.watching():
            await fake.start()
            try:
                yield fake
            finally:
                await fake.stop()
                await forget_bleak()


async def forget_bleak() -> None:
    """Close the bus that bleak keeps for each event loop."""
    manager = bleak_manager._global_instances.pop(asyncio.get_running_loop(), None)
    if manager is not None and manager._bus is not None:
        manager._bus.disconnect()
        if manager._bus_watcher_task is not None:
            await asyncio.wait({manager._bus_watcher_task})


@dataclass(eq=False)
class FakeStrap:
    """A strap as the air knows it, whatever BlueZ knows."""

    number: int = 1
    name: str | None = "Polar H10 12345678"
    rssi: int = -50
    battery: int | None = 87
    location: int | None = 1
    present: bool = True
    """In reach and switched on."""
    taken: bool = False
    """Held by somebody's phone: it does not advertise."""
    mute: bool = False
    """Half dead: the link stands, nothing comes."""
    deaf: bool = False
    """Advertises, but never answers to a connection."""
    refuses: bool = False
    """Breaks off every attempt to connect at once."""
    hung_reads: bool = False
    """Says its heart rate and nothing else."""
    eager: bool = False
    """Sends its first packet before BlueZ has confirmed that there will be any."""
    packets: list[bytes] = field(default_factory=list)
    """To be sent before the usual ones."""
    connected: bool = False
    attempts: int = 0
    path: str | None = None
    """Where BlueZ has its object, if it has."""

    @property
    def address(self) -> str:
        return f"C0:00:00:00:00:{self.number:02X}"

    @property
    def advertises(self) -> bool:
        return self.present and not self.taken and not self.connected


class FakeBluez:
    """bluetoothd with one adapter, and the straps around it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.straps: list[FakeStrap] = []
        self.hangs = False
        self.stuck = False
        self.refuses_discovery: str | None = None
        self.refusals = 0
        self.is_slow_to_scan = False
        self._slow_starts: list[Message] = []
        self.remembers: list[FakeStrap] = []
        self.scans = 0
        self.discovering: set[str] = set()
        self.scanned_while_connecting = False
        self.most_attempts_at_once = 0
        self._bus: MessageBus | None = None
        self._objects: dict[str, dict[str, Properties]] = {}
        self._notifying: dict[str, set[str]] = {}
        self.connecting: dict[str, Message] = {}
        self._deaf_scanners: set[str] = set()
        self._ticks = 0
        self._ticked = asyncio.Condition()

    # what a test does to the world

    def add(self, strap: FakeStrap) -> FakeStrap:
        """Let a strap be there."""
        self.straps.append(strap)
        return strap

    async def abandoned_link(self, strap: FakeStrap) -> None:
        """Have somebody connect to a strap and then die without a word."""
        client = await MessageBus(self.address).connect()
        adapter = Message("org.bluez", "/org/bluez/hci0", ADAPTER, "StartDiscovery")
        await client.call(adapter)
        self._meet(strap, heard=True)
        await client.call(Message("org.bluez", strap.path, DEVICE, "Connect"))
        client.disconnect()
        await client.wait_for_disconnect()  # type: ignore[no-untyped-call]

    async def start(self) -> None:
        """Start bluetoothd, with its adapter plugged in and powered."""
        self._bus = await MessageBus(self.address).connect()
        self._bus.add_message_handler(self._answer)
        rule = "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'"
        await self._daemon("AddMatch", "s", rule)
        self._objects = {"/org/bluez": {}}
        await self._bus.request_name("org.bluez", NameFlag.DO_NOT_QUEUE)
        self.plug_in()

    async def stop(self, *, politely: bool = True) -> None:
        """End bluetoothd; a killed one says nothing before it goes."""
        if self._bus is not None:
            if politely:
                self.unplug()
            for strap in self.straps:
                strap.connected, strap.path = False, None
            self._notifying.clear()
            self.connecting.clear()
            self.discovering.clear()
            self._bus.disconnect()
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
            self._bus = None

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def plug_in(self) -> None:
        self._add(
            "/org/bluez/hci0",
            {ADAPTER: {"Address": text("00:AA:01:00:00:00"), "Powered": TRUE, "Roles": texts("central")}},
        )
        for strap in self.remembers:
            self._meet(strap, heard=False)

    def unplug(self) -> None:
        """Pull the adapter out; everything on it goes too."""
        for strap in self.straps:
            self.lose(strap)
            self.forget(strap)
        self.discovering.clear()
        self._remove("/org/bluez/hci0")

    def power(self, *, on: bool) -> None:
        if not on:
            for strap in self.straps:
                self.lose(strap)
            self.discovering.clear()
        self._change("/org/bluez/hci0", ADAPTER, Powered=TRUE if on else FALSE)

    def lose(self, strap: FakeStrap) -> None:
        """Break the link to a strap."""
        if strap.connected and strap.path is not None:
            strap.connected = False
            for path in [path for path in self._notifying if path.startswith(strap.path)]:
                del self._notifying[path]
            self._change(strap.path, DEVICE, ServicesResolved=FALSE)
            self._change(strap.path, DEVICE, Connected=FALSE)

    def vanish(self, strap: FakeStrap) -> None:
        """Carry a strap out of reach."""
        strap.present = False
        self.lose(strap)

    def forget(self, strap: FakeStrap) -> None:
        """Drop BlueZ's object of a strap, as it does half a minute after the last scan."""
        if strap.path is not None:
            for path in sorted((path for path in self._objects if path.startswith(strap.path)), reverse=True):
                self._remove(path)
            strap.path = None

    async def connections(self) -> int:
        """Count the connections on the bus, without bluetoothd's own."""
        names: list[str] = (await self._daemon("ListNames", "")).body[0]
        return sum(name.startswith(":") for name in names) - 1

    async def connections_are(self, number: int) -> bool:
        """Wait until so many are left: dbus-daemon notices a farewell when it gets round to it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while await self.connections() != number:
                    pass  # each question is a round trip, which gives the daemon its turn
        return await self.connections() == number

    def begin_scans(self) -> None:
        """Begin those that were asked for while it was slow."""
        self.is_slow_to_scan = False
        for message in self._slow_starts:
            self._send(self._begin_scan(message))
        self._slow_starts.clear()

    async def heard(self) -> None:
        """Wait until bleak has heard all that was said: BlueZ's answer comes to it after the signals before."""
        bus = bleak_manager._global_instances[asyncio.get_running_loop()]._bus
        assert bus is not None
        await bus.call(Message("org.bluez", "/", OBJECTS, "GetManagedObjects"))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true of this world."""
        async with asyncio.timeout(PATIENCE_S), self._ticked:
            await self._ticked.wait_for(condition)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Let time pass: straps advertise and beat."""
        ticking = asyncio.create_task(self._tick_on())
        try:
            yield
        finally:
            ticking.cancel()
            await asyncio.wait({ticking})
            if not ticking.cancelled():
                ticking.result()

    async def _tick_on(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._ticks += 1
            if self._bus is not None and self._bus.connected and not self.hangs:
                for strap in self.straps:
                    self._tick(strap)
            async with self._ticked:
                self._ticked.notify_all()

    def _tick(self, strap: FakeStrap) -> None:
        if strap.advertises and self.discovering - self._deaf_scanners:
            self._meet(strap, heard=True)
        path = f"{strap.path}/service0010/char0011"
        if strap.connected and not strap.mute and self._notifying.get(path):
            self._notify(path, strap.packets.pop(0) if strap.packets else BEAT)

    def _notify(self, path: str, packet: bytes) -> None:
        self._change(path, CHARACTERISTIC, Value=Variant("ay", packet))

    # what a client asks of bluetoothd

    def _answer(self, message: Message) -> Message | bool | None:
        if message.message_type is MessageType.SIGNAL:
            if message.member == "NameOwnerChanged" and not message.body[2]:
                self._client_left(message.body[0])
            return None
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if self.hangs:
            return True
        if message.interface == OBJECTS and message.member == "GetManagedObjects":
            return Message.new_method_return(message, "a{oa{sa{sv}}}", [self._objects])
        known = self._objects.get(message.path or "")
        if known is None or (message.interface not in known and message.interface != PROPERTIES):
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownObject", "no such object")
        handlers: dict[str | None, Callable[[Message], Message | bool]] = {
            "Get": self._get,
            "SetDiscoveryFilter": Message.new_method_return,
            "StartDiscovery": self._start_discovery,
            "StopDiscovery": self._stop_discovery,
            "Connect": self._connect,
            "Disconnect": self._disconnect,
            "ReadValue": self._read,
            "StartNotify": self._start_notify,
        }
        return handlers[message.member](message)

    def _client_left(self, client: str) -> None:
        """A client that is gone neither scans nor listens; its links stay."""
        self.discovering.discard(client)
        for listeners in self._notifying.values():
            listeners.discard(client)

    def _get(self, message: Message) -> Message:
        interface, name = message.body
        value = self._objects[message.path or ""].get(interface, {}).get(name)
        if value is None:
            return Message.new_error(message, "org.freedesktop.DBus.Error.InvalidArgs", "no such property")
        return Message.new_method_return(message, "v", [value])

    def _start_discovery(self, message: Message) -> Message | bool:
        if self.is_slow_to_scan:
            self._slow_starts.append(message)
            return True
        return self._begin_scan(message)

    def _begin_scan(self, message: Message) -> Message:
        client = message.sender or ""
        if self.refuses_discovery is not None:
            self.refusals += 1
            return Message.new_error(message, self.refuses_discovery, "")
        if not self._objects["/org/bluez/hci0"][ADAPTER]["Powered"].value:
            return Message.new_error(message, "org.bluez.Error.NotReady", "Resource Not Ready")
        if client in self.discovering and not self.stuck:
            return Message.new_error(message, "org.bluez.Error.InProgress", "Operation already in progress")
        self.scans += 1
        self.discovering.add(client)
        # Heard before the answer, and all of them: what a short scan hears does not hang on when the next tick comes.
        for strap in self.straps:
            if strap.advertises:
                self._meet(strap, heard=True)
        self.scanned_while_connecting |= bool(self.connecting)
        return Message.new_method_return(message)

    def _stop_discovery(self, message: Message) -> Message:
        if self.stuck:
            return Message.new_error(message, "org.bluez.Error.InProgress", "Operation already in progress")
        if message.sender not in self.discovering:
            return Message.new_error(message, "org.bluez.Error.Failed", "No discovery started")
        self.discovering.discard(message.sender)
        for strap in self.straps:
            if strap.path is not None:
                self._change(strap.path, DEVICE, RSSI=None)
        return Message.new_method_return(message)

    def _connect(self, message: Message) -> Message | bool:
        strap = self._strap_at(message.path)
        strap.attempts += 1
        self.scanned_while_connecting |= bool(self.discovering)
        if strap.refuses:
            return Message.new_error(message, "org.bluez.Error.Failed", "Software caused connection abort")
        if not strap.advertises or strap.deaf:
            self.connecting[strap.address] = message  # answered when the client gives up
            self.most_attempts_at_once = max(self.most_attempts_at_once, len(self.connecting))
            return True
        self.most_attempts_at_once = max(self.most_attempts_at_once, len(self.connecting) + 1)
        strap.connected = True
        self._change(message.path or "", DEVICE, Connected=TRUE)
        self._resolve(strap)
        return Message.new_method_return(message)

    def _disconnect(self, message: Message) -> Message:
        strap = self._strap_at(message.path)
        if attempt := self.connecting.pop(strap.address, None):
            self._send(Message.new_error(attempt, "org.bluez.Error.Canceled", "Operation was cancelled"))
        self.lose(strap)
        return Message.new_method_return(message)

    def _read(self, message: Message) -> Message | bool:
        strap = self._strap_at(message.path)
        if strap.hung_reads:
            return True
        value = strap.battery if (message.path or "").endswith("char0021") else strap.location
        return Message.new_method_return(message, "ay", [bytes([value or 0])])

    def _start_notify(self, message: Message) -> Message:
        path = message.path or ""
        self._notifying.setdefault(path, set()).add(message.sender or "")
        if self._strap_at(path).eager:
            self._notify(path, BEAT)
        return Message.new_method_return(message)

    # bluetoothd's objects

    def _strap_at(self, path: str | None) -> FakeStrap:
        return next(strap for strap in self.straps if strap.path and (path or "").startswith(strap.path))

    def _meet(self, strap: FakeStrap, *, heard: bool) -> None:
        """Hear a strap on the air, or only remember it."""
        loudness = strap.rssi - self._ticks % 2
        if strap.path is not None:
            self._change(strap.path, DEVICE, RSSI=Variant("n", loudness))
            return
        strap.path = f"/org/bluez/hci0/dev_{strap.address.replace(':', '_')}"
        device = {
            "Adapter": Variant("o", "/org/bluez/hci0"),
            "Address": text(strap.address),
            "Alias": text(strap.name or strap.address.replace(":", "-")),
            "Connected": FALSE,
            "Paired": FALSE,
            "ServicesResolved": FALSE,
            "UUIDs": texts(uuid(0x180D), uuid(0x180F)),
        }
        device |= {"Name": text(strap.name)} if strap.name else {}
        device |= {"RSSI": Variant("n", loudness)} if heard else {}
        self._add(strap.path, {DEVICE: device})

    def _resolve(self, strap: FakeStrap) -> None:
        """Show the strap's services, as after a connection."""
        assert strap.path is not None
        self._add_service(strap.path, "service0010", 0x180D, {"char0011": 0x2A37, "char0012": 0x2A38})
        if strap.battery is not None:
            self._add_service(strap.path, "service0020", 0x180F, {"char0021": 0x2A19})
            self._add(strap.path, {BATTERY: {"Percentage": Variant("y", strap.battery)}})
        self._change(strap.path, DEVICE, ServicesResolved=TRUE)

    def _add_service(self, device: str, service: str, number: int, characteristics: dict[str, int]) -> None:
        if f"{device}/{service}" not in self._objects:
            self._add(f"{device}/{service}", {SERVICE: {"UUID": text(uuid(number)), "Device": Variant("o", device)}})
            for name, of in characteristics.items():
                properties = {
                    "UUID": text(uuid(of)),
                    "Service": Variant("o", f"{device}/{service}"),
                    "Flags": texts("notify" if of == 0x2A37 else "read"),
                }
                self._add(f"{device}/{service}/{name}", {CHARACTERISTIC: properties})

    def _add(self, path: str, interfaces: dict[str, Properties]) -> None:
        self._objects.setdefault(path, {}).update(interfaces)
        self._send(Message.new_signal("/", OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, interfaces]))

    def _remove(self, path: str) -> None:
        interfaces = self._objects.pop(path, None)
        if interfaces is not None:
            self._send(Message.new_signal("/", OBJECTS, "InterfacesRemoved", "oas", [path, list(interfaces)]))

    def _change(self, path: str, interface: str, **properties: Variant | None) -> None:
        changed = {name: value for name, value in properties.items() if value is not None}
        known = self._objects[path][interface]
        gone = [name for name, value in properties.items() if value is None and known.pop(name, None) is not None]
        known.update(changed)
        if changed or gone:
            body = [interface, changed, gone]
            self._send(Message.new_signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", body))

    def _send(self, message: Message) -> None:
        if self._bus is not None and self._bus.connected:
            _ = self._bus.send(message)

    async def _daemon(self, member: str, signature: str, *body: str) -> Message:
        assert self._bus is not None
        bus = "org.freedesktop.DBus"
        path = "/org/freedesktop/DBus"
        message = Message(bus, path, bus, member, signature=signature, body=list(body))
        return await self._bus.call(message)


def text(value: str) -> Variant:
    return Variant("s", value)


def texts(*values: str) -> Variant:
    return Variant("as", list(values))
