"""A service that is told to stop ends in time, whatever it was about; straps outlast new settings."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon import lasting_straps, outbox
from daemon.page import server
from daemon.state_folder import DATABASE_NAME
from daemon.store import Kind, LetterWritten
from daemon.strava.book import Account, State
from daemon.strava.port import Scope, Tokens
from tests.fake_bluez import FakeBluez, FakeStrap, bluez_of_our_own
from tests.fakes import eventually, letter
from tests.loopback import shown
from tests.scenarios.systemd_house import House

WITHIN_S = 10.0
"""It takes no three seconds, of which a busy machine makes several; then systemd kills it, and no far end answers."""
CHANNELS = 12

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with bluez_of_our_own(monkeypatch) as fake:
        yield fake


async def stopped(process: asyncio.subprocess.Process) -> None:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert time.monotonic() - began < WITHIN_S


class Pit:
    """A far end that takes every request and answers none."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0
        self._guests: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def is_open(self) -> AsyncIterator["Pit"]:
        listening = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        yield self
        for guest in self._guests:
            guest.close()
        listening.close()
        await listening.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._guests.add(writer)
        self.asked.append((await reader.readline()).decode().split(" ")[1])


async def busy(house: House, pit: Pit) -> None:
    """Give a house twelve channels with a letter each, a link with Strava, and a far end that answers to nothing."""
    channels = "".join(
        f'[[runners.channels]]\nname = "c{number}"\nurl = "json://127.0.0.1:{pit.port}/c{number}"\nfor = ["service"]\n'
        for number in range(CHANNELS)
    )
    at = f"http://127.0.0.1:{pit.port}"
    strava = f'[strava]\nclient_id = 1\nclient_secret = "calm"\noauth_url = "{at}"\napi_url = "{at}/api/v3"\n'
    house.settings(more=strava)
    house.file.write_text(house.file.read_text(encoding="utf-8") + channels, encoding="utf-8")
    house.state.mkdir(mode=0o700)
    now = datetime.now(UTC)
    async with open_database(house.state / DATABASE_NAME) as database:
        letters = [letter("a", f"Els/c{number}", Kind.SERVICE, at=now) for number in range(CHANNELS)]
        await SqliteStore(database).commit([LetterWritten(one) for one in letters])
        tokens = Tokens("access", "refresh", now + timedelta(hours=5))
        scopes = frozenset({Scope.READ, Scope.ACTIVITY_READ_ALL})
        await SqliteBook(database).link(Account("Els", 7, tokens, scopes, now, State.WELL, now))


def test_what_may_be_waited_for_at_the_end_comes_to_less_than_three_seconds() -> None:
    assert outbox.GRACE_S + lasting_straps.PATIENCE_S + server.LIMITS.goodbye_s < 3


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGHUP], ids=["the end", "new settings"])
async def test_nobody_is_waited_for_who_does_not_answer(house: House, asked: signal.Signals) -> None:
    async with Pit().is_open() as pit:
        await busy(house, pit)
        async with house.lives() as process, aiohttp.ClientSession() as session:
            await shown(f"http://{house.address}/", "Els")
            async with session.get(f"http://{house.address}/events") as events:
                assert events.status == 200
                await eventually(lambda: len({path for path in pit.asked if path.startswith("/c")}) == CHANNELS)
                await eventually(lambda: any(path.startswith("/api/v3") for path in pit.asked))
                if asked is signal.SIGHUP:
                    process.send_signal(asked)
                    await asyncio.wait_for(house.is_told("RELOADING=1", "READY=1"), WITHIN_S)
                await stopped(process)


@pytest.mark.parametrize("hangs", [False, True], ids=["BlueZ answers", "BlueZ hangs"])
@pytest.mark.parametrize("state", ["listening", "connecting", "scanning"])
async def test_a_strap_is_let_go_of_in_time(house: House, bluez: FakeBluez, state: str, hangs: bool) -> None:  # noqa: FBT001
    bluez.add(strap := FakeStrap(present=state != "scanning", deaf=state != "listening"))
    house.settings(more="", strap=strap.address)
    async with house.lives() as process:
        match state:
            case "listening":
                await eventually(lambda: strap.connected)
                await house.is_told("1 of 1 straps connected")
            case "connecting":
                await bluez.until(lambda: strap.attempts == 1)
            case _:
                await bluez.until(lambda: bool(bluez.discovering))
        bluez.hangs = hangs
        await stopped(process)
        bluez.hangs = False
    if not hangs:
        # where it asked a busy BlueZ, that does it in its own time
        await eventually(lambda: not strap.connected and not bluez.discovering)


async def test_a_strap_outlasts_new_settings_and_is_let_go_of_when_it_leaves_them(
    house: House, bluez: FakeBluez
) -> None:
    bluez.add(strap := FakeStrap())
    house.settings(strap=strap.address)
    async with house.lives() as process:
        await house.is_told("1 of 1 straps connected, 1 sessions open")
        (els,) = (await house.status())["runners"]
        house.settings(more='[log]\nlevel = "debug"', strap=strap.address)
        process.send_signal(signal.SIGHUP)
        await house.is_told("RELOADING=1", "READY=1\nSTATUS=1 of 1 straps connected, 1 sessions open")
        (still,) = (await house.status())["runners"]
        assert still["session"]["id"] == els["session"]["id"]
        assert (strap.connected, strap.attempts) == (True, 1)
        house.settings()
        process.send_signal(signal.SIGHUP)
        await eventually(lambda: not strap.connected)
        await house.is_told("0 of 0 straps connected")
        await stopped(process)
