"""The service as it is wired: the real database, the real socket, signs of life for systemd, and a good end."""

import asyncio
import os
import random
import signal
import sqlite3
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from connectors.simulated_strap import Script, SimulatedStrap
from connectors.sqlite import open_readonly
from connectors.sqlite_store import SqliteStore
from connectors.systemd import Notifier
from daemon.clock import Clock, FastClock, SystemClock
from daemon.domain.strap import StrapEvent
from daemon.from_settings import system_timezone
from daemon.parts import Parts
from daemon.permit import Connect
from daemon.ports import HeartRateSource, Permit
from daemon.remote import Answer, NotRunningError, RefusedError, ask
from daemon.serving import Surroundings, serve, signals
from daemon.state_folder import DATABASE_NAME, AlreadyRunningError
from daemon.store import StoreError, StoreTooNewError
from daemon.supervisor import supervise
from tests.fakes import ELS, PHONE, MoodyMessenger, eventually, no_picture, no_plans, settle
from tests.scenarios.systemd_line import Systemd

SPEED = 60.0
PATIENCE_S = 60.0


@pytest.fixture
async def systemd(tmp_path: Path) -> AsyncIterator[Systemd]:
    async with Systemd(tmp_path / "notify").listening() as listening:
        yield listening


class House:
    """One runner with a simulated strap and a phone, in quickened time."""

    def __init__(self, state: Path, notifier: Notifier | None = None, speed: float = SPEED) -> None:
        self.state, self.phone = state, MoodyMessenger()
        self.clock: Clock = FastClock(speed)
        self.around = Surroundings(
            state,
            self.clock,
            random.Random(1),  # noqa: S311
            notifier or Notifier({}),
        )
        script = Script(efforts=((0, 120.0),), absences=((30, 50),))
        self.strap: HeartRateSource = SimulatedStrap(script, self.clock, random.Random(2))  # noqa: S311

    def parts(self) -> Parts:
        phone = {PHONE.id: self.phone}
        return Parts((ELS,), {"Els": self.strap}, {"Els": Connect.ALWAYS}, phone, no_plans, no_picture)

    @asynccontextmanager
    async def lives(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        service = asyncio.create_task(serve(lambda _: self.parts(), self.around, stop))
        while not (self.state / "control.sock").exists():
            await asyncio.wait({service}, timeout=0.005)
            if service.done():
                break
        if service.done():
            await service
        try:
            yield
        finally:
            stop.set()
            await service

    async def ask(self, command: str) -> Answer:
        return await asyncio.to_thread(ask, self.state, command)

    async def hears(self, samples: int = 1) -> Answer:
        """Wait until so many values of a session that is open are kept, however busy the machine; return the status."""
        async with asyncio.timeout(PATIENCE_S):
            while self._kept() < samples:
                await self.clock.sleep(1)
            while True:
                status = await self.ask("status")
                (els,) = status["runners"]
                if els["strap"]["connected"] and els["session"]["bpm"] is not None:
                    return status
                await self.clock.sleep(1)

    def _kept(self) -> int:
        with closing(sqlite3.connect(self.state / DATABASE_NAME)) as database:
            return int(database.execute("SELECT count(*) FROM sample").fetchone()[0])


async def test_from_strap_to_run_on_the_real_database(tmp_path: Path, systemd: Systemd) -> None:
    house = House(tmp_path / "state", systemd.notifier(WATCHDOG_USEC="30000000"))
    async with house.lives():
        await house.hears(70)
        await eventually(lambda: "STATUS=1 of 1 straps connected, 1 sessions open" in systemd.heard)
        run = (await house.ask("stop"))["run"]
        await eventually(lambda: len(house.phone.texts) > 0)
    assert house.phone.texts[-1].title == "Your run"
    assert run["heart_rate"]["samples"] >= 60
    assert run["duration_s"] > 80
    async with open_readonly(house.state / DATABASE_NAME) as database:
        (kept,) = await SqliteStore(database).runs()
        assert kept.id == run["id"]
        assert len(await SqliteStore(database).samples(kept.id)) >= run["heart_rate"]["samples"]
    await eventually(lambda: systemd.heard[-1] == "STOPPING=1")
    heard = systemd.heard
    assert heard[0] == "READY=1\nSTATUS=listening"
    assert "WATCHDOG=1" in heard
    with pytest.raises(NotRunningError):
        await house.ask("status")


async def test_stopped_and_started_again_it_is_the_same_session(tmp_path: Path) -> None:
    house = House(tmp_path, speed=10.0)  # five minutes later it would be another one, however long a start takes
    ids = set[str]()
    for _ in range(2):
        async with house.lives():
            ids.add((await house.hears())["runners"][0]["session"]["id"])
    assert len(ids) == 1


async def test_the_state_folder_is_nobody_elses_to_read(tmp_path: Path) -> None:
    house = House(tmp_path / "state")
    async with house.lives():
        pass
    assert stat.S_IMODE(house.state.stat().st_mode) == 0o700


async def test_two_services_never_share_a_state_folder(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.lives():
        with pytest.raises(AlreadyRunningError, match="runs with its state"):
            async with House(tmp_path).lives():
                pass
        assert (await house.ask("status"))["running"]
    async with House(tmp_path).lives():
        pass


def somebody_elses(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE song (title TEXT)")


class TestWhatIsInTheWay:
    """Under systemd it is waited out: too many starts in vain, and there would be none any more."""

    @pytest.fixture
    def house(self, tmp_path: Path, systemd: Systemd) -> House:
        house = House(tmp_path / "state", systemd.notifier(WATCHDOG_USEC="60000000"))
        house.state.mkdir()
        return house

    async def test_a_database_that_cannot_be_used(self, house: House, systemd: Systemd) -> None:
        somebody_elses(house.state / DATABASE_NAME)
        with capture_logs() as logs:
            stop = asyncio.Event()
            service = asyncio.create_task(serve(lambda _: house.parts(), house.around, stop))
            await eventually(lambda: systemd.heard.count("WATCHDOG=1") >= 3)
            (house.state / DATABASE_NAME).unlink()
            await eventually(lambda: "READY=1\nSTATUS=listening" in systemd.heard)
            assert (await house.ask("status"))["running"]
            stop.set()
            await service
        assert systemd.heard[0].startswith("READY=1\nSTATUS=waiting, for there is no way to begin: ")
        assert [line["event"] for line in logs].count("service_waits") == 1

    async def test_another_service(self, house: House, systemd: Systemd) -> None:
        stop = asyncio.Event()
        async with House(house.state).lives():
            service = asyncio.create_task(serve(lambda _: house.parts(), house.around, stop))
            await eventually(lambda: bool(systemd.heard))
            assert "runs with its state" in systemd.heard[0]
        await eventually(lambda: "READY=1\nSTATUS=listening" in systemd.heard)
        stop.set()
        await service

    async def test_the_end_is_not_waited_for(self, house: House, systemd: Systemd) -> None:
        stop = asyncio.Event()
        async with House(house.state).lives():
            service = asyncio.create_task(serve(lambda _: house.parts(), house.around, stop))
            await eventually(lambda: bool(systemd.heard))
            stop.set()
            await asyncio.wait_for(service, PATIENCE_S)
        await eventually(lambda: systemd.heard[-1] == "STOPPING=1")

    async def test_a_database_of_a_newer_duurloop_is_not_waited_for(self, house: House) -> None:
        with closing(sqlite3.connect(house.state / DATABASE_NAME)) as database:
            database.execute("PRAGMA user_version = 999")
        with pytest.raises(StoreTooNewError, match="update duurloop"):
            await serve(lambda _: house.parts(), house.around, asyncio.Event())

    async def test_at_a_terminal_it_is_told_at_once(self, tmp_path: Path) -> None:
        somebody_elses(tmp_path / DATABASE_NAME)
        with pytest.raises(StoreError, match="some other program"):
            await serve(lambda _: House(tmp_path).parts(), House(tmp_path).around, asyncio.Event())


async def test_a_command_refused_by_the_service_says_why_at_the_other_end(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.lives():
        await house.hears()
        await house.ask("stop")
        with pytest.raises(RefusedError, match="no session"):
            await house.ask("stop")


class BrokenStrap:
    """A strap with a bug in it."""

    last_failure: str | None = None

    @asynccontextmanager
    async def events(self, permit: Permit) -> AsyncIterator[AsyncIterator[StrapEvent]]:
        events = self._fail(permit)
        yield events
        await events.aclose()

    async def _fail(self, permit: Permit) -> AsyncGenerator[StrapEvent, None]:
        await permit.wait_granted()
        raise LookupError("a bug")
        yield


async def test_a_bug_ends_the_service_in_good_order_with_its_traceback(tmp_path: Path, systemd: Systemd) -> None:
    house = House(tmp_path, systemd.notifier())
    house.strap = BrokenStrap()
    with pytest.raises(ExceptionGroup) as ended:
        await serve(lambda _: house.parts(), house.around, asyncio.Event())
    assert ended.group_contains(LookupError, match="a bug")
    await eventually(lambda: systemd.heard[-1] == "STOPPING=1")
    assert not (tmp_path / "control.sock").exists()


@pytest.mark.hangs_on_purpose
async def test_a_phone_that_hangs_does_not_hold_up_the_end(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.phone.hang()
    async with house.lives():
        await house.hears(60)
        await house.ask("stop")
        await eventually(lambda: len(house.phone.tried) == 1)
    house.phone.answer()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_service(number: signal.Signals) -> None:
    async with signals(reloads=False) as orders:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(orders.stop.wait(), PATIENCE_S)


class TestSupervisor:
    async def test_workers_are_ended_together_and_may_clean_up(self) -> None:
        cleaned, stop = list[str](), asyncio.Event()

        def worker(name: str) -> Callable[[], "asyncio.Future[None]"]:
            async def work() -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    await asyncio.sleep(0)
                    cleaned.append(name)

            return lambda: asyncio.ensure_future(work())

        supervised = asyncio.create_task(supervise({"a": worker("a"), "b": worker("b")}, stop))
        await settle()
        stop.set()
        await supervised
        assert sorted(cleaned) == ["a", "b"]

    async def test_one_that_fails_takes_the_others_down_in_good_order(self) -> None:
        cleaned = asyncio.Event()

        async def wait() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cleaned.set()

        async def fail() -> None:
            await asyncio.sleep(0)
            raise LookupError("a bug")

        with pytest.raises(ExceptionGroup) as ended:
            await supervise({"good": wait, "bad": fail}, asyncio.Event())
        assert ended.group_contains(LookupError)
        assert cleaned.is_set()

    async def test_one_that_has_nothing_to_do_may_end(self) -> None:
        stop = asyncio.Event()

        async def nothing() -> None:
            pass

        supervised = asyncio.create_task(supervise({"idle": nothing}, stop))
        await settle()
        assert not supervised.done()
        stop.set()
        await supervised


@pytest.mark.parametrize(
    ("named", "key"),
    [("Europe/Amsterdam", "Europe/Amsterdam"), (":Europe/Paris", "Europe/Paris"), ("CET-1CEST,M3.5.0", "UTC")],
)
def test_the_machines_time_zone_is_one_with_summer_times(named: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", named)
    assert str(system_timezone()) == key


def test_the_systems_clock_goes_forward() -> None:
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()
    assert clock.now().tzinfo is UTC
