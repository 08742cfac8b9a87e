"""Own sessions go out as files: each once, into a folder that may be away for a while."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import fitdecode
import pytest

from connectors.fit_writer import fit_of
from connectors.sqlite import open_database
from connectors.sqlite_handed_out import SqliteHandovers
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from connectors.strava import StravaConnector
from daemon.domain.strap import LossReason, StrapConnected, StrapLost
from daemon.handing.handovers import Going, Recorded
from daemon.handing.out import LASTING_S, HandingOut, Outlets
from daemon.household import Runner
from daemon.parts import Parts, Shelves
from daemon.permit import Connect
from daemon.pulse import Pulses
from daemon.service import LATE_S, STRAVA_WORKER, Service
from daemon.store import HandoverDue, Kind, Outlet, RunKept, SessionOpened
from daemon.strava.book import Account, State
from daemon.strava.follower import Terms
from daemon.strava.port import Scope, Tokens
from tests.fakes import (
    EASY,
    ELS,
    EVENING,
    FakeClock,
    MoodyMessenger,
    ScriptedStrap,
    eventually,
    judged_run,
    no_picture,
    no_plans,
    runner,
    running,
    sample,
    settle,
)
from tests.memory_store import MemoryStore
from tests.strava_server import ASKED, StravaServer

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

SAMPLES = tuple(sample(float(second), 128) for second in range(120))


def as_fit(recorded: Recorded) -> bytes:
    return fit_of(recorded.run, recorded.samples, software="duurloop")


class Hall:
    """Who hands out, with what is kept in memory and a real folder."""

    def __init__(self, folder: Path, *runners: Runner) -> None:
        self.folder, self.store, self.clock = folder, MemoryStore(), FakeClock()
        self.runners = runners or (ELS,)
        self.woken = 0
        self.worker = self.new_worker(Outlets(as_fit, folder))

    def new_worker(self, outlets: Outlets) -> HandingOut:
        chance = random.Random(1)  # noqa: S311
        self.worker = HandingOut(
            outlets, self.store.handovers, self.runners, self.store, self.clock, chance, self._letters_kept
        )
        return self.worker

    def _letters_kept(self) -> None:
        self.woken += 1

    async def run(self, name: str = "one", outlet: Outlet = Outlet.FOLDER, runner: str = ELS.name) -> None:
        run = replace(judged_run(name, SAMPLES), runner=runner)
        await self.store.commit(
            [
                SessionOpened(name, runner, EVENING, EASY),
                RunKept(name, run, SAMPLES),
                HandoverDue(runner, name, outlet, EVENING),
            ]
        )

    async def go_on(self, for_s: float = 0.0) -> None:
        end = self.clock.monotonic() + for_s
        while True:
            wait_s = await self.worker.go_on()
            if self.clock.monotonic() + wait_s > end:
                break
            self.clock.jump(wait_s)
        self.clock.jump(max(0.0, end - self.clock.monotonic()))

    def files(self) -> list[str]:
        return sorted(str(one.relative_to(self.folder)) for one in self.folder.rglob("*") if one.is_file())

    async def going(self, name: str = "one") -> Going:
        return next(one.going for one in await self.store.handovers.of_run(name) if one.run == name)


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall(tmp_path)


class TestTheFolder:
    async def test_a_session_lies_there_as_a_file_that_others_can_read(self, hall: Hall) -> None:
        await hall.run()
        await hall.go_on()
        assert hall.files() == ["2026-11-21T1830-one.fit"]
        assert await hall.going() is Going.SENT
        with fitdecode.FitReader(hall.folder / "2026-11-21T1830-one.fit") as frames:
            names = [frame.name for frame in frames if isinstance(frame, fitdecode.FitDataMessage)]
        assert names.count("record") == 120
        assert names.count("hrv") > 0

    async def test_each_runner_has_a_folder_where_several_live(self, tmp_path: Path) -> None:
        hall = Hall(tmp_path, ELS, runner("Jan"))
        await hall.run("one")
        await hall.run("two", runner="Jan")
        await hall.go_on()
        assert hall.files() == ["Els/2026-11-21T1830-one.fit", "Jan/2026-11-21T1830-two.fit"]

    async def test_what_was_taken_out_of_it_does_not_come_back(self, hall: Hall) -> None:
        await hall.run()
        await hall.go_on()
        (hall.folder / hall.files()[0]).unlink()
        hall.new_worker(Outlets(as_fit, hall.folder))
        await hall.go_on(86_400.0)
        assert hall.files() == []

    async def test_one_that_was_written_by_a_service_that_died_before_noting_it_is_no_second_file(
        self, hall: Hall
    ) -> None:
        await hall.run()
        waiting = await hall.store.handovers.open(Outlet.FOLDER)
        await hall.go_on()
        await hall.store.handovers.note(waiting[0])
        await hall.go_on(60.0)
        assert hall.files() == ["2026-11-21T1830-one.fit"]
        assert await hall.going() is Going.SENT

    async def test_who_left_the_settings_may_come_back(self, hall: Hall) -> None:
        await hall.run(runner="Jan")
        await hall.go_on(3600.0)
        assert hall.files() == []
        assert await hall.going() is Going.DUE


class TestAFolderInTrouble:
    async def test_it_waits_for_a_folder_that_is_away_and_says_so(self, tmp_path: Path) -> None:
        hall = Hall(tmp_path / "nas")
        await hall.run()
        await hall.go_on(600.0)
        told = (await hall.worker.report())["folder"]
        assert (told["ok"], told["waiting"], told["path"]) == (False, 1, str(tmp_path / "nas"))
        assert told["sentence"].startswith("is not there")
        (tmp_path / "nas").mkdir()
        await hall.go_on(900.0)
        assert hall.files() == ["2026-11-21T1830-one.fit"]
        told = (await hall.worker.report())["folder"]
        assert (told["ok"], told["waiting"], told["reason"]) == (True, 0, None)

    async def test_a_file_in_its_place_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        hall = Hall(tmp_path / "file")
        await hall.run()
        await hall.go_on()
        assert (await hall.worker.report())["folder"]["sentence"].startswith("is no folder")

    async def test_only_what_lasts_is_told_and_once(self, tmp_path: Path) -> None:
        hall = Hall(tmp_path / "nas")
        await hall.run()
        await hall.go_on(LASTING_S / 2)
        assert hall.store.letters() == []
        await hall.go_on(5 * LASTING_S)
        (letter,) = hall.store.letters()
        assert letter.kind is Kind.SERVICE
        assert str(tmp_path / "nas") in letter.text.body
        assert hall.woken == 1

    async def test_nothing_is_written_while_it_is_away(self, tmp_path: Path) -> None:
        hall = Hall(tmp_path / "nas")
        await hall.run()
        await hall.go_on(2 * LASTING_S)
        before = len(hall.store.commits)
        kept = await hall.store.handovers.open(Outlet.FOLDER)
        await hall.go_on(86_400.0)
        assert len(hall.store.commits) == before
        assert await hall.store.handovers.open(Outlet.FOLDER) == kept

    async def test_a_disk_that_does_not_answer_holds_up_nobody_and_is_told(self, hall: Hall) -> None:
        answers = threading.Event()
        beats: list[float] = []

        def slow(recorded: Recorded) -> bytes:
            answers.wait(20)
            return as_fit(recorded)

        worker = hall.new_worker(Outlets(slow, hall.folder))
        await hall.run()
        try:
            async with running(worker.run(lambda: beats.append(hall.clock.monotonic()))):
                for _ in range(30):
                    await hall.clock.pass_time(10.0)
                assert (await worker.report())["folder"]["sentence"].startswith("does not answer")
                assert hall.store.letters() == []
                for _ in range(2 * round(LASTING_S / 10)):
                    await hall.clock.pass_time(10.0)
                (letter,) = hall.store.letters()
                assert "does not answer" in letter.text.body
                answers.set()
                await eventually(lambda: len(hall.files()) == 1)
        finally:
            answers.set()
        assert len(beats) >= 30

    async def test_one_that_cannot_be_made_into_a_file_holds_up_no_other(self, hall: Hall) -> None:
        def choosy(recorded: Recorded) -> bytes:
            if recorded.run.id == "odd":
                raise ValueError("a bug")
            return as_fit(recorded)

        hall.new_worker(Outlets(choosy, hall.folder))
        await hall.run("odd")
        await hall.run("one")
        await hall.go_on()
        assert (await hall.going("odd"), await hall.going()) == (Going.REFUSED, Going.SENT)
        assert len(hall.files()) == 1


class TestAnotherWish:
    async def test_what_nobody_wants_out_any_more_does_not_go_when_it_is_wanted_again(self, hall: Hall) -> None:
        await hall.run("folder", Outlet.FOLDER)
        await hall.run("strava", Outlet.STRAVA)
        for outlets in (Outlets(as_fit), Outlets(as_fit, hall.folder, frozenset({ELS.name}))):
            worker = hall.new_worker(outlets)
            async with running(worker.run(lambda: None)):
                await settle()
        assert hall.files() == []
        assert await hall.store.handovers.counts() == {}

    async def test_a_session_that_is_kept_goes_at_once(self, hall: Hall) -> None:
        beats: list[float] = []
        async with running(hall.worker.run(lambda: beats.append(hall.clock.monotonic()))):
            await hall.run()
            hall.worker.wake()
            await eventually(lambda: hall.files() == ["2026-11-21T1830-one.fit"])
            assert hall.clock.now() == EVENING
        assert beats


# -- the whole house ---------------------------------------------------------------------------------


class House:
    """The service with a strap, a real database, a folder and a Strava."""

    def __init__(self, path: Path, strava: StravaServer, clock: FakeClock) -> None:
        self.path, self.strava, self.clock = path, strava, clock
        self.strap, self.phone = ScriptedStrap(), MoodyMessenger()
        self.folder = path / "fit"
        self.folder.mkdir()

    @staticmethod
    async def link(book: SqliteBook, strava: StravaServer, clock: FakeClock) -> None:
        given, now = strava.link(strava.add_athlete(), ASKED | {"activity:write"}), clock.now()
        tokens = Tokens(given.access_token, given.refresh_token, given.expires_at)
        scopes = frozenset(one for one in Scope if one.value in given.scopes)
        await book.link(Account(ELS.name, 134_815, tokens, scopes, now, State.WELL, now))

    def parts(self) -> Parts:
        strava, clock, wish = self.strava, self.clock, frozenset({ELS.name})
        door = StravaConnector(strava.client_id, strava.client_secret, strava.oauth_url, strava.api_url, clock.now)
        return Parts(
            (ELS,),
            {ELS.name: self.strap},
            {ELS.name: Connect.ALWAYS},
            {ELS.channels[0].id: self.phone},
            no_plans,
            no_picture,
            strava=door,
            strava_terms=Terms(900.0, timedelta(days=7), wish),
            outlets=Outlets(as_fit, self.folder, wish),
        )

    async def beat(self, seconds: int) -> None:
        self.strap.say(StrapConnected(self.clock.monotonic(), "H10"))
        for _ in range(seconds):
            self.strap.say(sample(self.clock.monotonic(), 128))
            await self.clock.pass_time(1)
        self.strap.say(StrapLost(self.clock.monotonic(), LossReason.LINK_LOST))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = FakeClock()
    with StravaServer(clock.now) as strava:
        yield House(tmp_path, strava, clock)


async def test_a_session_of_the_strap_goes_everywhere_and_comes_back_as_the_same_run(house: House) -> None:
    clock, strava = house.clock, house.strava
    async with open_database(house.path / "duurloop.db") as database:
        store, post, book = SqliteStore(database), SqlitePost(database), SqliteBook(database)
        handovers = SqliteHandovers(database)
        await house.link(book, strava, clock)
        chance = random.Random(1)  # noqa: S311
        shelves = Shelves(store, post, book, handovers=handovers)
        service = Service(house.parts(), shelves, clock, chance, Pulses(clock, LATE_S))
        await service.resume()
        async with running(*(worker() for worker in service.workers().values())):
            await house.beat(120)
            everywhere = {
                (ELS.name, Outlet.FOLDER, Going.SENT): 1,
                (ELS.name, Outlet.STRAVA, Going.SENT): 1,
            }
            async with asyncio.timeout(60):  # Strava has threads of its own, which do not know how fast this clock goes
                while await handovers.counts() != everywhere:
                    await clock.pass_time(10)
            (run,) = await store.runs()
            await eventually(lambda: len(house.phone.texts) == 1)
            await service.handlers()["strava_look"]({})
            for _ in range(60):
                await clock.pass_time(60)
            assert await store.runs() == [run]
            assert len(house.phone.texts) == 1
            (file,) = house.folder.iterdir()
            assert file.name.endswith(f"-{run.id}.fit")
            assert len(strava.uploads.all) == 1
            status = await service.handlers()["status"]({})
            assert status["handing_out"]["folder"]["waiting"] == 0
            assert status["strava"][0]["uploads"] == {
                "runner": "Els",
                "waiting": 0,
                "needs_you": False,
                "refused": 0,
            }
            # who waited for an answer of Strava's is late by this clock, and gives its sign of life at its next turn
            async with asyncio.timeout(60):
                while {"handing out", STRAVA_WORKER} & set(service.late()):
                    await clock.pass_time(10)
