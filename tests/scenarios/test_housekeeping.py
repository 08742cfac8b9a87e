"""The housekeeper: a copy a night, quietly, and a word when that has failed for days."""

import asyncio
import itertools
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_copies import Copies
from daemon.keeping.housekeeping import SETTLING_S, Duties, Housekeeper, is_due
from daemon.store import Kind
from tests.fakes import ELS, MAIL, PHONE, FakeClock, eventually
from tests.memory_store import MemoryStore

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EVENING = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (None, "2026-11-22 12:00", True),
        ("2026-11-22 03:30", "2026-11-22 12:00", False),
        ("2026-11-21 03:30", "2026-11-22 03:29", False),
        ("2026-11-21 03:30", "2026-11-22 03:30", True),
        ("2026-11-21 23:00", "2026-11-22 03:30", True),
        ("2031-01-01 03:30", "2026-11-22 12:00", True),
        ("2026-11-22 03:30", "1970-01-01 00:10", True),
        ("2026-10-25 02:30", "2026-10-25 03:31", True),
    ],
    ids=["never", "tonight", "too early", "now", "in the evening", "ahead", "in 1970", "the night of the clocks"],
)
def test_a_copy_is_due_when_the_quiet_hour_has_come_by(last: str | None, now: str, *, expected: bool) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(UTC)

    assert is_due(moment(last) if last else None, moment(now), AMSTERDAM) is expected


@dataclass
class Home:
    """A housekeeper with real copies of a real database, in time that is told to go."""

    database: Path
    folder: Path | None = None
    clock: FakeClock = field(default_factory=lambda: FakeClock(EVENING))
    store: MemoryStore = field(default_factory=MemoryStore)
    is_busy: bool = False
    damage: int = 0
    changes: "itertools.count[int]" = field(default_factory=itertools.count)

    async def keeper(self) -> Housekeeper:
        """Return one who has just begun, and has looked at what copies there are."""
        jan = replace(ELS, name="Jan", channels=(MAIL,))
        els = replace(ELS, timezone=AMSTERDAM)
        duties = Duties((els, jan), self.store, lambda: None, lambda: self.is_busy, self.found)
        keeper, begun = Housekeeper(Copies(self.database, self.folder), duties, self.clock), asyncio.Event()
        working = asyncio.create_task(keeper.run(begun.set))
        await begun.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return keeper

    async def pass_hours(self, hours: int, keeper: Housekeeper) -> None:
        """Let time pass, while the housekeeper looks every quarter of an hour."""
        for _ in range(4 * hours):
            await self.clock.pass_time(900)
            await keeper.look()

    def found(self) -> None:
        self.damage += 1

    def change(self) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("INSERT INTO memo VALUES (?, '')", (f"change {next(self.changes)}",))

    def names(self) -> list[str]:
        return sorted(path.name for path in (self.folder or self.database.with_name("backups")).glob("*"))


@pytest.fixture
async def home(tmp_path: Path) -> Home:
    path = tmp_path / "duurloop.db"
    async with open_database(path):
        pass
    return Home(path)


async def test_a_copy_a_night_for_as_long_as_something_changes(home: Home) -> None:
    keeper = await home.keeper()
    await home.pass_hours(1, keeper)
    assert home.names() == ["duurloop-2026-11-20.db"]
    for _ in range(2):
        home.change()
        await home.pass_hours(24, keeper)
    await home.pass_hours(72, keeper)
    assert home.names() == ["duurloop-2026-11-20.db", "duurloop-2026-11-21.db", "duurloop-2026-11-22.db"]
    assert keeper.copied_at() == datetime(2026, 11, 22, 3, 30, tzinfo=AMSTERDAM)
    assert home.store.letters() == []


async def test_it_goes_round_by_itself_and_shows_life(home: Home) -> None:
    keeper, beats = await home.keeper(), list[datetime]()
    working = asyncio.create_task(keeper.run(lambda: beats.append(home.clock.now())))
    await eventually(lambda: len(beats) > 0)
    await home.clock.pass_time(SETTLING_S)
    await eventually(lambda: home.names() == ["duurloop-2026-11-20.db"])
    assert max(later - earlier for earlier, later in pairwise(beats)) <= timedelta(seconds=60)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_not_while_somebody_runs(home: Home) -> None:
    keeper, home.is_busy = await home.keeper(), True
    await home.pass_hours(24, keeper)
    assert home.names() == []
    home.is_busy = False
    await home.pass_hours(1, keeper)
    assert len(home.names()) == 1


async def test_a_start_knows_from_the_copies_when_the_last_one_was_made(home: Home) -> None:
    Copies(home.database).make(EVENING - timedelta(hours=1))
    home.change()
    keeper = await home.keeper()
    await home.pass_hours(2, keeper)
    assert keeper.copied_at() == EVENING - timedelta(hours=1)
    await home.pass_hours(12, keeper)
    assert len(home.names()) == 2


async def test_after_three_days_without_a_copy_everybody_hears_of_it_once(home: Home, tmp_path: Path) -> None:
    home.folder = tmp_path / "usb"
    keeper = await home.keeper()
    await home.pass_hours(48, keeper)
    assert (keeper.report()["ok"], home.store.letters()) == (False, [])
    await home.pass_hours(36, keeper)
    els, jan = home.store.letters()
    assert (els.channel, jan.channel, els.kind) == (PHONE.id, MAIL.id, Kind.SERVICE)
    assert els.text.title == "No copies are made"
    assert els.text.body.startswith("Since Friday 20 November no copy of your runs could be made.")
    assert els.text.body.endswith("usb, is not there: is its disk switched on and mounted?")
    keeper = await home.keeper()  # also after a restart
    await home.pass_hours(96, keeper)
    assert len(home.store.letters()) == 2
    home.folder.mkdir()
    await home.pass_hours(2, keeper)
    assert (keeper.report()["ok"], len(home.names())) == (True, 1)
    assert not (await home.store.occasions("Els"))["copies_failing"].occurrence


async def test_a_clock_that_was_years_ahead_tells_nobody_of_years_without_copies(home: Home, tmp_path: Path) -> None:
    home.folder = tmp_path / "usb"
    keeper = await home.keeper()
    home.clock.set_wall(datetime(2031, 1, 1, tzinfo=UTC))
    await home.pass_hours(2, keeper)
    home.clock.set_wall(EVENING)
    await home.pass_hours(48, keeper)
    assert home.store.letters() == []
    await home.pass_hours(48, keeper)
    assert len(home.store.letters()) == 2


async def test_damage_in_the_database_itself_is_handed_on(home: Home) -> None:
    for _ in range(300):
        home.change()
    whole = home.database.read_bytes()
    home.database.write_bytes(whole[: len(whole) // 2] + b"\xee" * (len(whole) - len(whole) // 2))
    await home.pass_hours(1, await home.keeper())
    assert home.damage > 0
    assert home.names() == []
