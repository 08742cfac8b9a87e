"""A whole service to be looked at: settings from a file, real database, real page; the straps alone are simulated.

`household` lets it live in the test's own loop, where it can be stopped and started again; `household_apart` in a
process of its own, which can be killed. Tests have them by the fixtures `settle` and `settle_apart`.
"""

import asyncio
import json
import os
import random
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from config.loader import load
from connectors.simulated_strap import Script, SimulatedStrap
from connectors.sqlite import open_readonly
from connectors.sqlite_store import SqliteStore
from connectors.systemd import Notifier
from daemon.clock import Clock, FastClock
from daemon.coach import Observer
from daemon.parts import Parts
from daemon.ports import HeartRateSource
from daemon.pulse import Beat
from daemon.remote import ask
from daemon.serving import Surroundings, serve, signals
from daemon.state_folder import DATABASE_NAME
from daemon.store import OpenSession
from daemon.wiring import parts_of

CALM = Script(efforts=((0, 127.0),), resting_bpm=127.0)
"""In the zone from the first second, and for as long as it lasts; after a restart it goes on as if nothing was."""
ZONE = 'zone = "118-136"'
SETTINGS = "duurloop.toml"
PATIENCE_S = 60.0
"""So long a process may take to load everything, beside a browser."""


@dataclass
class Household(ABC):
    """What outlasts the service: its folder, with settings and state, and the port of its page."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        """Return the address of one page."""
        return self.address + path

    async def ask(self, command: str, **how: Any) -> Any:  # noqa: ANN401
        """Say something to the service as `duurloop` does: "start", "stop", "status", ..."""
        return await asyncio.to_thread(ask, self.folder, command, **how)

    @abstractmethod
    async def start(self) -> None:
        """Let the service live; return when its page answers."""

    @abstractmethod
    async def stop(self) -> None:
        """End it as systemd would; return when it has ended."""

    async def kept_session(self, *, started: bool = False) -> OpenSession:
        """Wait until the session that is open lies on the disk, where it outlives whatever ends the service."""
        async with open_readonly(self.folder / DATABASE_NAME) as database:
            while True:
                for session in await SqliteStore(database).open_sessions():
                    if session.coaching or not started:
                        return session

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


AnyHousehold = TypeVar("AnyHousehold", bound=Household)


@dataclass
class House(Household):
    """A service in the test's own loop; started again it has the same clock and the same straps."""

    clock: Clock
    straps: Mapping[str, HeartRateSource]
    observe: Observer | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _service: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        assert self._service is None, "it runs already"
        self._stop = asyncio.Event()
        around = Surroundings(self.folder, self.clock, random.Random(1), Notifier({}), self.observe)  # noqa: S311
        service = self._service = asyncio.create_task(serve(self._parts, around, self._stop))
        while not await self._answers():
            await asyncio.wait({service}, timeout=0.01)
            if service.done():
                await service

    async def stop(self) -> None:
        service, self._service = self._service, None
        if service:
            self._stop.set()
            await service

    def _parts(self, beat: Beat) -> Parts:
        parts = parts_of(load(self.folder / SETTINGS, {}), self.clock, random.Random(1), beat)  # noqa: S311
        return replace(parts, sources=self.straps)


@dataclass
class HouseApart(Household):
    """A service in a process of its own."""

    speed: float
    script: Script
    _process: "asyncio.subprocess.Process | None" = None

    async def start(self) -> None:
        assert self._process is None, "it runs already"
        told = json.dumps({"port": self.port, "speed": self.speed, "script": asdict(self.script)})
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, __file__, str(self.folder), told),
            stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        async with asyncio.timeout(PATIENCE_S):
            while not await self._answers():
                assert self._process.returncode is None, "the service did not start"
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        if self._process:
            self._process.terminate()
            await self._end()

    async def kill(self) -> None:
        """Let it die without a word."""
        if self._process:
            self._process.kill()
            await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process:
            await process.wait()


Settle = Callable[..., Awaitable[House]]
"""The fixture `settle`: `house = await settle(language="nl", ...)`, with everything that `household` takes."""
SettleApart = Callable[..., Awaitable[HouseApart]]
"""The fixture `settle_apart`, likewise for `household_apart`."""


@asynccontextmanager
async def household(
    folder: Path,
    *,
    runners: Sequence[str] = ("Els",),
    language: str = "en",
    speed: float = 1,
    script: Script = CALM,
    straps: Mapping[str, HeartRateSource] | None = None,
    about_runner: str = ZONE,
    about_house: str = "",
    observe: Observer | None = None,
) -> AsyncIterator[House]:
    """Let a household live: all do what `script` says, with hearts of their own, unless there are `straps`.

    `about_runner` is what the settings say of each runner, `about_house` what they begin with; `observe` hears what
    the coaches hear and do, in the moment itself.
    """
    port, clock = _settle(folder, runners, language, about_runner, about_house), FastClock(speed)
    worn = _simulated(runners, script, clock) if straps is None else straps
    async with _living(House(folder, port, clock, worn, observe)) as house:
        yield house


@asynccontextmanager
async def household_apart(
    folder: Path,
    *,
    runners: Sequence[str] = ("Els",),
    language: str = "en",
    speed: float = 1,
    script: Script = CALM,
    about_runner: str = ZONE,
    about_house: str = "",
) -> AsyncIterator[HouseApart]:
    """Let a household live in a process of its own; it takes a second or two to start."""
    port = _settle(folder, runners, language, about_runner, about_house)
    async with _living(HouseApart(folder, port, speed, script)) as house:
        yield house


@asynccontextmanager
async def _living(house: AnyHousehold) -> AsyncIterator[AnyHousehold]:
    try:
        await house.start()
        yield house
    finally:
        await house.stop()


def _settle(folder: Path, runners: Sequence[str], language: str, about_runner: str, about_house: str) -> int:
    """Write the settings; return the port of the page."""
    from tests.loopback import free_port  # noqa: PLC0415 - a process apart does not find the tests

    port = free_port()
    page = f'[page]\nlisten = "127.0.0.1:{port}"\n'
    people = "".join(f'[[runners]]\nname = "{name}"\nlanguage = "{language}"\n{about_runner}\n' for name in runners)
    (folder / SETTINGS).write_text(f"{about_house}\n{page}{people}", encoding="utf-8")
    return port


def _simulated(runners: Sequence[str], script: Script, clock: Clock) -> dict[str, HeartRateSource]:
    return {name: SimulatedStrap(script, clock, random.Random(name)) for name in runners}  # noqa: S311


async def _live_apart(folder: Path, port: int, speed: float, script: Script) -> None:
    clock = FastClock(speed)
    runners = [runner.name for runner in load(folder / SETTINGS, {}).runners]
    house = House(folder, port, clock, _simulated(runners, script, clock))
    async with signals(reloads=False) as orders, _living(house):
        await orders.stop.wait()


if __name__ == "__main__":
    told = json.loads(sys.argv[2])
    asyncio.run(_live_apart(Path(sys.argv[1]), told["port"], told["speed"], Script(**told["script"])))
