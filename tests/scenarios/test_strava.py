"""The whole way of a run from Strava: real stravalib over HTTP to our own small Strava, and into real SQLite."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.sqlite import Database, open_database
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from connectors.strava import StravaConnector
from daemon.domain.effort import Verdict
from daemon.domain.run import Source
from daemon.library import Library
from daemon.strava.book import Account, State
from daemon.strava.follower import Follower, Terms
from daemon.strava.port import WANTED_SCOPES, Tokens
from tests.fakes import EVENING, FakeClock, runner
from tests.strava_server import Athlete, StravaServer, fill

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

ELS = runner("Els")
WEEK, DECADE = timedelta(days=7), timedelta(days=3650)


class House:
    """A follower, the database and a Strava; time passes where it is told to."""

    def __init__(self, strava: StravaServer, clock: FakeClock, database: Database, keep: timedelta) -> None:
        self.strava, self.clock = strava, clock
        self.store, self.post, self.book = SqliteStore(database), SqlitePost(database), SqliteBook(database)
        self.keep = keep
        self.athlete = strava.add_athlete()
        self.follower = self.new_follower()

    def new_follower(self) -> Follower:
        """Begin anew, as after a restart."""
        strava = self.strava
        door = StravaConnector(
            strava.client_id,
            strava.client_secret,
            strava.oauth_url,
            strava.api_url,
            self.clock.now,
            read_s=2,
            total_s=4,
        )
        libraries = {ELS.name: Library(ELS, self.store, self.clock, frozenset(), lambda: None)}
        terms = Terms(900.0, self.keep)
        chance = random.Random(1)  # noqa: S311
        self.follower = Follower(door, self.book, self.store, libraries, terms, self.clock, chance)
        return self.follower

    async def link(self, athlete: Athlete | None = None) -> Account:
        """Link Els."""
        given = self.strava.link(athlete or self.athlete)
        tokens = Tokens(given.access_token, given.refresh_token, given.expires_at)
        now = self.clock.now()
        account = Account(ELS.name, self.athlete.id, tokens, frozenset(WANTED_SCOPES), now, State.WELL, now)
        await self.book.link(account)
        return account

    async def go_on(self, for_s: float = 0.0) -> None:
        """Let the follower do all it has to do within that time; waiting costs none of ours."""
        end = self.clock.monotonic() + for_s
        while True:
            wait_s = await self.follower.go_on()
            if wait_s <= 0:
                continue
            if self.clock.monotonic() + wait_s > end:
                break
            self.clock.jump(wait_s)
        self.clock.jump(max(0.0, end - self.clock.monotonic()))

    async def sources(self) -> list[tuple[Source, ...]]:
        return [run.sources for run in await self.store.runs()]


@asynccontextmanager
async def house_at(path: Path, keep: timedelta = WEEK, begin: datetime = EVENING) -> AsyncIterator[House]:
    clock = FakeClock(begin)
    with StravaServer(clock.now) as strava:
        async with open_database(path / "duurloop.db") as database:
            yield House(strava, clock, database, keep)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_at(tmp_path) as house:
        yield house


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def content_of(file: Path) -> bytes:
    return file.read_bytes()


def ago(**parts: float) -> datetime:
    return EVENING - timedelta(**parts)


async def test_the_first_verdict_takes_two_requests(house: House) -> None:
    house.athlete.add_run(ago(hours=2), 40, bpm=128, name="Rustige duurloop 🏃")
    house.athlete.add_run(ago(days=1, hours=2), 40, bpm=150)
    await house.link()
    await house.follower.go_on()
    await house.follower.go_on()
    (run,) = await house.store.runs()
    assert (run.name, run.judgement.verdict, run.sources) == (
        "Rustige duurloop 🏃",
        Verdict.CALM,
        (Source.STRAVA_API,),
    )
    assert len(house.strava.requests.counted()) == 2


async def test_a_full_import_takes_no_more_than_it_must(tmp_path: Path) -> None:
    async with house_at(tmp_path, DECADE) as house:
        house.strava.read_quota.limit = (10_000, 100_000)
        house.strava.overall_quota.limit = (10_000, 100_000)
        activities = fill(house.athlete, count=230, until=ago(hours=1), heart_rate_share=0.2)
        runs = [one for one in activities if "Ride" not in one.sport_type]
        heard = [one for one in runs if one.has_heartrate]
        await house.link()
        await house.go_on()
        assert len(await house.store.runs()) == len(runs)
        assert len(house.strava.requests.lists()) == 3
        assert len(house.strava.requests.streams()) == len(heard)
        assert len(house.strava.requests.counted()) == 3 + len(heard)


async def test_an_idle_day_is_cheap(tmp_path: Path) -> None:
    async with house_at(tmp_path, DECADE) as house:
        house.strava.read_quota.limit = (10_000, 100_000)
        house.strava.overall_quota.limit = (10_000, 100_000)
        fill(house.athlete, count=60, until=ago(hours=1), heart_rate_share=0.0)
        await house.link()
        await house.go_on(3600)
        house.strava.requests.clear()
        await house.go_on(86_400)
        assert len(house.strava.requests.counted()) <= 100


async def test_a_new_run_takes_two_requests_and_is_answered(house: House) -> None:
    await house.link()
    await house.go_on(3600)
    house.strava.requests.clear()
    house.athlete.add_run(house.clock.now() - timedelta(minutes=45), 40, bpm=128)
    await house.go_on(900)
    assert len(house.strava.requests.counted()) == 2
    assert await house.post.waiting() == 1


async def test_nothing_is_fetched_from_beyond_what_may_be_kept(house: House) -> None:
    house.athlete.add_run(ago(days=6), 40, bpm=128)
    house.athlete.add_run(ago(days=8), 40, bpm=128)
    await house.link()
    await house.go_on()
    assert len(await house.store.runs()) == 1
    assert await house.post.waiting() == 0  # older than two days: kept in silence


async def test_what_is_older_than_may_be_kept_leaves_the_file(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        activity = house.athlete.add_run(ago(hours=2), 40, bpm=128, name="Ochtendrondje langs de Vecht")
        await house.link()
        await house.go_on()
        assert len(await house.store.runs()) == 1
        await house.go_on(8 * 86_400)
        assert await house.store.runs() == []
        left = b"".join(content_of(file) for file in files_in(tmp_path))
        assert b"Vecht" not in left
        assert str(activity.id).encode() not in left
