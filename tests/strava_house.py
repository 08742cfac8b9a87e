"""A house with a follower in it: real stravalib over HTTP to our own small Strava, real SQLite, and time on order."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from connectors.fit_writer import fit_of
from connectors.sqlite import Database, open_database
from connectors.sqlite_handed_out import SqliteHandovers
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from connectors.strava import StravaConnector
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.recorded import run_of
from daemon.domain.recording import Recording, SpeedSample
from daemon.domain.run import Run, Source
from daemon.domain.zones import zone_on
from daemon.household import Runner
from daemon.library import Library
from daemon.store import Letter, Store
from daemon.strava.book import Account, Book, State
from daemon.strava.follower import Follower, Terms
from daemon.strava.link import Link
from daemon.strava.port import WANTED_SCOPES, Scope, Tokens
from daemon.strava.uploading import Outgoing
from tests.fakes import EVENING, PHONE, FakeClock, afterwards, runner
from tests.strava_server import ASKED, Activity, Athlete, StravaServer

ELS = runner("Els")
WEEK, DECADE = timedelta(days=7), timedelta(days=3650)
QUARTER_S, HOUR_S, DAY_S = 900.0, 3600.0, 86_400.0
MOST_ROUNDS = 20_000


class House:
    """A follower, the database and a Strava; time passes where it is told to."""

    def __init__(
        self,
        strava: StravaServer,
        clock: FakeClock,
        database: Database,
        keep: timedelta = WEEK,
        runners: Sequence[Runner] = (ELS,),
        poll_s: float = QUARTER_S,
    ) -> None:
        self.strava, self.clock, self.keep, self.runners, self.poll_s = strava, clock, keep, runners, poll_s
        self.store: Store = SqliteStore(database)
        self.book: Book = SqliteBook(database)
        self.database, self.post = database, SqlitePost(database)
        self.handovers = SqliteHandovers(database)
        self.uploads: frozenset[str] = frozenset()
        """Runners whose sessions go to Strava, as the settings have it."""
        self.athlete = strava.add_athlete()
        self.follower = self.new_follower()

    def new_follower(self, *, sports: frozenset[str] = frozenset(), read_s: float = 20.0) -> Follower:
        """Begin anew, as after a restart."""
        strava = self.strava
        door = StravaConnector(
            strava.client_id,
            strava.client_secret,
            strava.oauth_url,
            strava.api_url,
            self.clock.now,
            read_s=read_s,
            total_s=2 * read_s,
        )
        libraries = {one.name: self.library(one, sports) for one in self.runners}
        chance = random.Random(1)  # noqa: S311
        terms = Terms(self.poll_s, self.keep, self.uploads)
        outgoing = Outgoing(self.handovers, lambda told: fit_of(told.run, told.samples, software="duurloop"))
        self.follower = Follower(door, self.book, self.store, libraries, terms, self.clock, chance, outgoing)
        return self.follower

    def library(self, one: Runner = ELS, sports: frozenset[str] = frozenset()) -> Library:
        return Library(afterwards(one, self.store, self.clock), self.store, self.clock, sports, lambda: None)

    async def link(
        self,
        athlete: Athlete | None = None,
        name: str = ELS.name,
        scopes: frozenset[str] = ASKED,
    ) -> Account:
        """Link a runner, as the command does."""
        whose = athlete or self.athlete
        given = self.strava.link(whose, scopes)
        tokens = Tokens(given.access_token, given.refresh_token, given.expires_at)
        now, granted = self.clock.now(), frozenset(one for one in Scope if one.value in given.scopes)
        account = Account(name, whose.id, tokens, granted or frozenset(WANTED_SCOPES), now, State.WELL, now)
        await self.book.link(account)
        return account

    async def go_on(self, for_s: float = 0.0) -> None:
        """Let the follower do all it has to do within that time; waiting costs none of ours."""
        end = self.clock.monotonic() + for_s
        for _ in range(MOST_ROUNDS):
            wait_s = await self.follower.go_on()
            if wait_s <= 0:
                continue
            if self.clock.monotonic() + wait_s > end:
                break
            self.clock.jump(wait_s)
        else:
            raise AssertionError("it goes round and round")
        self.clock.jump(max(0.0, end - self.clock.monotonic()))

    def plenty(self) -> None:
        """Let Strava allow more than anybody needs."""
        self.strava.read_quota.limit = self.strava.overall_quota.limit = (10_000, 100_000)

    def wall_jumps(self, by: timedelta) -> None:
        """Let our wall clock jump; Strava's goes on as it was."""
        self.clock.set_wall(self.clock.now() + by)
        self.strava.skew -= by

    # -- what came of it --

    @property
    def asked(self) -> list[str]:
        return [request.line for request in self.strava.requests.counted()]

    def link_of(self, name: str = ELS.name) -> Link:
        return self.follower.links[name]

    async def account(self, name: str = ELS.name) -> Account:
        return next(one for one in await self.book.accounts() if one.runner == name)

    async def state(self, name: str = ELS.name) -> State:
        return (await self.account(name)).state

    async def letters(self) -> list[Letter]:
        """Return all letters that wait, of the first runner's channel."""
        found = []
        while claimed := await self.post.claim(PHONE.id, self.clock.now()):
            found.append(claimed.letter)
        return found

    async def sent(self) -> int:
        """Let the first runner's channel have all letters that wait; return how many there were."""
        count = 0
        while claimed := await self.post.claim(PHONE.id, self.clock.now()):
            await self.post.settle_sent(claimed)
            count += 1
        return count

    async def keys_of_letters(self) -> list[str]:
        return [row["key"] for row in await self.database.read("SELECT key FROM letter ORDER BY id")]

    async def sources(self) -> list[tuple[Source, ...]]:
        return [run.sources for run in await self.store.runs()]

    async def check(self, wanted: Sequence[Activity], name: str = ELS.name) -> None:
        """Every one of these is here once, judged as its own data have it, and nothing else is."""
        runs = await self.store.runs(name)
        there = Counter((run.started_at, run.name, run.duration_s) for run in runs)
        expected = {expected_run(one).started_at: expected_run(one) for one in wanted}
        wanted_there = Counter((one.started_at, one.name, one.duration_s) for one in expected.values())
        assert there == wanted_there, f"too many: {there - wanted_there}, missing: {wanted_there - there}"
        for run in runs:
            assert run.judgement == expected[run.started_at].judgement
            assert run.sport == expected[run.started_at].sport


def expected_run(activity: Activity) -> Run:
    """Judge an activity by the server's own data."""
    heart_rates = activity.heart_rate() if activity.has_heartrate else ()
    speed = round(activity.distance_m / activity.elapsed_s, 2) if activity.elapsed_s else 0.0
    moving = [place == 0 or at - activity.times[place - 1] <= 10 for place, at in enumerate(activity.times)]
    recording = Recording(
        started_at=activity.started_at.replace(microsecond=0),
        duration_s=float(activity.elapsed_s),
        sport=activity.sport_type.lower().removeprefix("trail"),
        name=activity.name,
        samples=tuple(
            HeartRateSample(Instant(float(at)), Bpm(round(bpm or 0)), SensorContact.UNKNOWN)
            for at, bpm in zip(activity.times, heart_rates, strict=False)
        ),
        speeds=tuple(
            SpeedSample(Instant(float(at)), speed if is_moving else 0.0)
            for at, is_moving in zip(activity.times, moving, strict=True)
        )
        if activity.has_heartrate
        else (),
        distance_m=activity.distance_m,
    )
    day = activity.started_at.astimezone(ELS.timezone).date()
    return run_of(recording, "expected", Source.STRAVA_API, zone_on(day, ELS.zones))


@asynccontextmanager
async def house_at(
    path: Path,
    keep: timedelta = WEEK,
    begin: datetime = EVENING,
    *,
    runners: Sequence[Runner] = (ELS,),
    poll_s: float = QUARTER_S,
) -> AsyncIterator[House]:
    clock = FakeClock(begin)
    with StravaServer(clock.now) as strava:
        async with open_database(path / "duurloop.db") as database:
            yield House(strava, clock, database, keep, runners, poll_s)


def left_in(folder: Path) -> bytes:
    """Return all that the files of the state folder hold."""
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


def ago(**parts: float) -> datetime:
    return EVENING - timedelta(**parts)
