"""A database that is damaged: the service goes on with its last good copy, keeps the broken one, and says so."""

import asyncio
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_copies import Copies
from connectors.sqlite_rescue import is_suspect
from connectors.sqlite_store import SqliteStore
from connectors.systemd import Notifier
from daemon.clock import SystemClock
from daemon.parts import Parts
from daemon.remote import Answer, ask
from daemon.serving import Surroundings, serve
from daemon.store import RunKept, SessionOpened, StoreDamagedError, StoreError
from tests.fakes import EASY, ELS, EVENING, PHONE, MoodyMessenger, eventually, judged_run, no_picture, no_plans, sample

SAMPLES = tuple(sample(float(second)) for second in range(1800))
Damage = Callable[[Path], None]


class DayAfter(SystemClock):
    """Goes as the machine's clock does, from the same evening on in every year."""

    def __init__(self) -> None:
        self._from = self.monotonic()

    def now(self) -> datetime:
        return EVENING + timedelta(days=1, seconds=1 + self.monotonic() - self._from)


@dataclass
class House:
    """A service on a state folder, with a phone, a day after the tests' evening."""

    state: Path
    phone: MoodyMessenger
    folder: Path | None = None

    @property
    def database(self) -> Path:
        return self.state / "duurloop.db"

    def parts(self) -> Parts:
        return Parts((ELS,), {}, {}, {PHONE.id: self.phone}, no_plans, no_picture, copy_folder=self.folder)

    def start(self, stop: asyncio.Event) -> asyncio.Task[None]:
        around = Surroundings(self.state, DayAfter(), random.Random(1), Notifier({}))  # noqa: S311
        return asyncio.create_task(serve(lambda _: self.parts(), around, stop))

    async def start_and_meet_damage(self, stop: asyncio.Event) -> asyncio.Task[None]:
        """Let it start, damage its database, and ask it something."""
        service = self.start(stop)
        await eventually((self.state / "control.sock").exists)
        flip_pages(self.database)
        with suppress(Exception):
            await asyncio.to_thread(ask, self.state, "status")
        return service

    async def lives_until(self, condition: Callable[[], bool]) -> Answer:
        """Let it start, wait for something, and return its status."""
        stop = asyncio.Event()
        service = self.start(stop)
        try:
            await eventually(lambda: service.done() or ((self.state / "control.sock").exists() and condition()))
            if service.done():
                await service
            return await asyncio.to_thread(ask, self.state, "status")
        finally:
            stop.set()
            with suppress(Exception):
                await service

    def aside(self) -> list[Path]:
        return [path for path in self.state.glob("duurloop.db.damaged-*") if not path.name.endswith(("-wal", "-shm"))]

    async def secret(self, *, renewed: bool = False) -> bytes:
        """Return what the links of the page are made from."""
        async with open_database(self.database) as database:
            store = SqliteStore(database)
            if renewed:
                await store.renew_secret("page")
            return await store.secret("page")

    async def runs(self) -> list[str]:
        async with open_database(self.database) as database:
            return sorted(run.id for run in await SqliteStore(database).runs())


async def keep_run(path: Path, number: int, copied_to: Path | None = None) -> None:
    """Keep a run; `copied_to` gets the folder as a kill would have left it."""
    async with open_database(path) as database:
        opened = SessionOpened(f"s{number}", ELS.name, EVENING - timedelta(days=number), EASY)
        run = judged_run(opened.session, SAMPLES, opened.started_at)
        await SqliteStore(database).commit([opened, RunKept(opened.session, run, SAMPLES)])
        if copied_to:
            shutil.copytree(path.parent, copied_to)


@pytest.fixture
async def house(tmp_path: Path) -> House:
    """A house with two runs, of which the last copy knows one."""
    house = House(tmp_path / "state", MoodyMessenger())
    house.state.mkdir()
    await keep_run(house.database, 1)
    Copies(house.database).make(EVENING)
    await keep_run(house.database, 2)
    return house


def flip_pages(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    for page in range(3, len(whole) // 4096, 3):
        whole[page * 4096 : page * 4096 + 64] = b"\xee" * 64
    path.write_bytes(whole)


def overwrite_header(path: Path) -> None:
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def fill_with_text(path: Path) -> None:
    path.write_text("fsck was here\n" * 1000)


def hide_table(path: Path) -> None:
    """Lose one table, with all others as they were."""
    with closing(sqlite3.connect(path)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'take'").fetchone()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    path.write_bytes(whole[: (page - 1) * 4096] + b"\xee" * 4096 + whole[page * 4096 :])


DAMAGES = (flip_pages, overwrite_header, cut_off, empty, fill_with_text)


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.__name__ for damage in DAMAGES])
async def test_it_goes_on_with_the_last_good_copy_and_tells_the_runner(damage: Damage, house: House) -> None:
    damage(house.database)
    broken = house.database.read_bytes()
    await house.lives_until(lambda: len(house.phone.texts) > 0)
    (told,) = house.phone.texts
    assert told.title == "The database was damaged"
    assert "I went on with the copy of Saturday 21 November, 18:30." in told.body
    (aside,) = house.aside()
    assert aside.name in told.body
    assert aside.read_bytes() == broken
    assert await house.runs() == ["s1"]


async def test_what_was_told_once_is_not_told_at_the_next_start(house: House) -> None:
    flip_pages(house.database)
    await house.lives_until(lambda: len(house.phone.texts) > 0)
    await house.lives_until(lambda: True)
    assert len(house.phone.texts) == 1
    assert len(house.aside()) == 1


@pytest.mark.parametrize(("damage", "are_kept"), [(hide_table, True), (overwrite_header, False)])
async def test_links_that_were_taken_back_stay_dead(
    damage: Damage,
    are_kept: bool,  # noqa: FBT001
    house: House,
) -> None:
    before = await house.secret()
    with closing(sqlite3.connect(house.state / "backups" / "duurloop-2026-11-21.db")) as copy, copy:
        copy.execute("INSERT INTO memo VALUES ('secret:page', ?)", (before.hex(),))  # as it was when copies held keys
    now = await house.secret(renewed=True)
    damage(house.database)
    await house.lives_until(lambda: len(house.phone.texts) > 0)
    assert (await house.secret() == before, await house.secret() == now) == (False, are_kept)


async def test_without_a_good_copy_it_begins_anew_and_says_so(house: House) -> None:
    shutil.rmtree(house.state / "backups")
    flip_pages(house.database)
    await house.lives_until(lambda: len(house.phone.texts) > 0)
    assert "there was no good copy. I began with an empty one" in house.phone.texts[0].body
    assert await house.runs() == []
    assert len(house.aside()) == 1


async def test_a_damaged_copy_is_passed_over(house: House) -> None:
    Copies(house.database).make(EVENING + timedelta(days=1))
    flip_pages(house.state / "backups" / "duurloop-2026-11-22.db")
    flip_pages(house.database)
    await house.lives_until(lambda: len(house.phone.texts) > 0)
    assert await house.runs() == ["s1"]


async def test_where_the_disk_of_the_copies_is_away_one_from_before_is_taken(house: House, tmp_path: Path) -> None:
    flip_pages(house.database)
    await replace(house, folder=tmp_path / "usb").lives_until(lambda: len(house.phone.texts) > 0)
    assert await house.runs() == ["s1"]


@pytest.mark.parametrize("damage", [empty, overwrite_header], ids=["empty", "overwrite_header"])
async def test_of_two_houses_copies_in_one_folder_it_never_takes_the_others(
    damage: Damage, house: House, tmp_path: Path
) -> None:
    shared = tmp_path / "share"
    shared.mkdir()
    Copies(house.database, shared).make(EVENING)
    shutil.rmtree(house.state / "backups")
    other = House(tmp_path / "other", MoodyMessenger(), shared)
    other.state.mkdir()
    await keep_run(other.database, 3)
    damage(other.database)
    await other.lives_until(lambda: True)
    damage(house.database)
    await replace(house, folder=shared).lives_until(lambda: len(house.phone.texts) > 0)
    assert (await other.runs(), await house.runs()) == ([], ["s1", "s2"])


async def test_what_a_killed_restore_left_goes_at_the_next_start(house: House) -> None:
    second = house.state / "duurloop.db.replaced-2026-11-22"
    second.hardlink_to(house.database)
    (house.state / "duurloop.db.fresh").write_bytes(b"half of a copy")
    await house.lives_until(lambda: True)
    assert not second.exists()
    assert not (house.state / "duurloop.db.fresh").exists()
    assert await house.runs() == ["s1", "s2"]


async def test_a_new_house_is_not_a_damaged_one(tmp_path: Path) -> None:
    house = House(tmp_path / "state", MoodyMessenger())
    house.state.mkdir()
    house.database.touch()
    await house.lives_until(lambda: True)
    assert house.aside() == []


async def test_a_newer_database_and_some_other_programs_are_not_damage(house: House) -> None:
    for pragma in ("user_version = 99", "user_version = -1"):
        with closing(sqlite3.connect(house.database)) as connection:
            connection.execute(f"PRAGMA {pragma}")
        with pytest.raises(StoreError):
            await house.lives_until(lambda: True)
    assert house.aside() == []


async def test_a_database_that_cannot_be_opened_is_not_damage(house: House) -> None:
    whole = house.database.read_bytes()
    house.database.unlink()
    house.database.mkdir()
    with pytest.raises(StoreError, match="unable to open"):
        await house.lives_until(lambda: True)
    assert house.aside() == []
    house.database.rmdir()
    house.database.write_bytes(whole)
    assert await house.runs() == ["s1", "s2"]


async def test_after_a_kill_the_log_is_read_and_nothing_is_set_aside(house: House, tmp_path: Path) -> None:
    await keep_run(house.database, 3, copied_to=tmp_path / "killed")
    killed = replace(house, state=tmp_path / "killed")
    assert killed.database.with_name("duurloop.db-wal").stat().st_size > 0
    await killed.lives_until(lambda: True)
    assert killed.aside() == []
    assert await killed.runs() == ["s1", "s2", "s3"]


async def test_damage_that_is_met_while_running_ends_the_service_and_its_next_start_mends_it(house: House) -> None:
    service = await house.start_and_meet_damage(asyncio.Event())
    with pytest.raises(StoreDamagedError, match="at its next start"):
        await asyncio.wait_for(service, 60)
    assert is_suspect(house.database)
    await house.lives_until(lambda: len(house.phone.texts) > 0)
    assert await house.runs() == ["s1"]
    assert not is_suspect(house.database)


async def test_what_a_thorough_look_did_not_find_ends_no_service_a_second_time(house: House) -> None:
    house.database.with_name("duurloop.db.suspect").touch()
    stop = asyncio.Event()
    service = await house.start_and_meet_damage(stop)
    assert not service.done()
    stop.set()
    await service
    await house.lives_until(lambda: len(house.phone.texts) > 0)
    assert await house.runs() == ["s1"]


async def test_a_log_that_is_missing_is_not_damage(house: House, tmp_path: Path) -> None:
    await keep_run(house.database, 3, copied_to=tmp_path / "killed")
    killed = replace(house, state=tmp_path / "killed")
    killed.database.with_name("duurloop.db-wal").unlink()
    await killed.lives_until(lambda: True)
    assert killed.aside() == []
    assert await killed.runs() == ["s1", "s2"]


async def test_a_suspicion_that_proves_wrong_is_dropped(house: House) -> None:
    house.database.with_name("duurloop.db.suspect").touch()
    await house.lives_until(lambda: True)
    assert await house.runs() == ["s1", "s2"]
    assert not is_suspect(house.database)


async def test_status_tells_of_the_copies(house: House) -> None:
    answer = await house.lives_until(lambda: True)
    assert answer["copies"] == {
        "folder": str(house.state / "backups"),
        "is_elsewhere": False,
        "ok": True,
        "sentence": None,
        "parts": {},
    }
