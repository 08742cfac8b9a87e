"""A follower is killed in earnest, in the middle of a backfill and of a token refresh, and loses nothing."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon.store import HandoverDue, Outlet, RunKept, SessionOpened
from daemon.strava.book import Account, State
from daemon.strava.port import WANTED_SCOPES, Scope, Tokens, wanted_scopes
from tests.fakes import EASY, judged_run, sample, wait_until
from tests.strava_server import Activity, Athlete, StravaServer, Trouble

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

DRIVER = Path(__file__).with_name("driver.py")
RUNS = 40
MOST_A_LIFE = 12
"""Three lives leave some runs for the last one."""


class House:
    """A Strava, and a database that outlasts the processes that follow it."""

    def __init__(self, strava: StravaServer, path: Path) -> None:
        self.strava, self.path = strava, path
        self.athlete: Athlete = strava.add_athlete()

    async def _link(self, tokens: Tokens, now: datetime, scopes: frozenset[Scope]) -> None:
        async with open_database(self.path) as database:
            await SqliteBook(database).link(Account("Els", self.athlete.id, tokens, scopes, now, State.WELL, now))

    def link(self, good_for: timedelta = timedelta(hours=6), scopes: Sequence[Scope] = WANTED_SCOPES) -> None:
        given, now = self.strava.link(self.athlete, [one.value for one in scopes]), datetime.now(UTC)
        tokens = Tokens(given.access_token, given.refresh_token, now + good_for)
        asyncio.run(self._link(tokens, now, frozenset(scopes)))

    def run(self) -> None:
        """Keep a session of the strap's that is to go to Strava."""
        asyncio.run(self._run(datetime.now(UTC) - timedelta(minutes=20)))

    async def _run(self, at: datetime) -> None:
        samples = tuple(sample(float(second), 128) for second in range(600))
        facts = (
            SessionOpened("own", "Els", at, EASY),
            RunKept("own", judged_run("own", samples, at), samples),
            HandoverDue("Els", "own", Outlet.STRAVA, at),
        )
        async with open_database(self.path) as database:
            await SqliteStore(database).commit(facts)

    @contextmanager
    def lives(self) -> Iterator["subprocess.Popen[bytes]"]:
        command = [sys.executable, str(DRIVER), str(self.path), self.strava.oauth_url]
        command += [self.strava.client_id, self.strava.client_secret]
        # the driver wants the tests' own builders; against an installed wheel their folder is on no path
        places = [str(DRIVER.parents[3]), *sys.path]  # before those of a library that brings tests along
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in places if path)}
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGKILL)

    def look(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.path)) as database:
            return database.execute(query).fetchall()

    def origins(self) -> Counter[object]:
        return Counter(origin for (origin,) in self.look("SELECT origin FROM take"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with StravaServer() as strava:
        yield House(strava, tmp_path / "duurloop.db")


def some_runs(athlete: Athlete) -> list[Activity]:
    now = datetime.now(UTC)
    return [athlete.add_run(now - timedelta(hours=2 + 3 * number), 6, bpm=128) for number in range(RUNS)]


def test_killed_in_the_middle_of_a_backfill_it_goes_on_and_reads_nothing_twice_that_was_kept(house: House) -> None:
    chance = random.Random()  # noqa: S311 - another moment each time
    activities = some_runs(house.athlete)
    house.link()
    kept = Counter[object]()
    for _ in range(3):
        house.strava.requests.clear()
        # the faster of the two might have read all before it is killed
        house.strava.faults.add("/streams", Trouble.HANG, after=MOST_A_LIFE)
        with house.lives() as process:
            goal = chance.randint(2, 10)
            wait_until(lambda goal=goal: len(house.strava.requests.streams()) >= goal)  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
            process.wait()
        house.strava.faults.clear()
        again = {f"strava:{one.activity}" for one in house.strava.requests.streams()} & set(kept)
        assert again == set()
        assert kept <= house.origins()
        kept = house.origins()
    house.strava.requests.clear()
    with house.lives():
        wait_until(lambda: len(house.origins()) == RUNS)
    assert house.origins() == Counter(f"strava:{one.id}" for one in activities)
    assert {f"strava:{one.activity}" for one in house.strava.requests.streams()} & set(kept) == set()
    assert house.look("SELECT count(*) FROM strava_activity WHERE NOT is_read") == [(0,)]
    told = [key for (key,) in house.look("SELECT key FROM letter WHERE kind = 'after'")]
    news = [key for (key,) in house.look("SELECT 'Els:after:' || run FROM take")]
    assert len(told) == len(set(told))
    assert set(told) <= set(news)


@pytest.mark.parametrize("answered", [False, True], ids=["before the answer", "after it"])
def test_killed_in_the_middle_of_a_token_refresh_the_link_lives(house: House, answered: bool) -> None:  # noqa: FBT001
    house.strava.lenient_rotation = True
    activity = house.athlete.add_run(datetime.now(UTC) - timedelta(hours=2), 6, bpm=128)
    house.link(good_for=timedelta(minutes=5))
    fault = house.strava.faults.add("POST /oauth/token", Trouble.TRICKLE if answered else Trouble.HANG)
    with house.lives() as process:
        assert fault.met.wait(60)
        process.send_signal(signal.SIGKILL)
        process.wait()
    house.strava.faults.clear()
    with house.lives():
        wait_until(lambda: set(house.origins()) == {f"strava:{activity.id}"})
    assert house.look("SELECT state FROM strava_account") == [("well",)]


@pytest.mark.parametrize("answered", [False, True], ids=["before the answer", "after it"])
def test_killed_in_the_middle_of_an_upload_the_session_goes_once(house: House, answered: bool) -> None:  # noqa: FBT001
    house.strava.uploads.working = timedelta()
    house.link(scopes=wanted_scopes(uploads=True))
    house.run()
    fault = house.strava.faults.add("POST /uploads", Trouble.TRICKLE if answered else Trouble.HANG)
    with house.lives() as process:
        assert fault.met.wait(60)
        process.send_signal(signal.SIGKILL)
        process.wait()
    # who was killed is asked for again after half a minute or more, and time does not wait for a test
    assert house.look("SELECT state, is_unsure FROM handed_out") == [("due", 1)]
    with closing(sqlite3.connect(house.path)) as database:
        database.execute("UPDATE handed_out SET next_at = changed_at")
        database.commit()
    house.strava.faults.clear()
    with house.lives():
        wait_until(lambda: house.look("SELECT state FROM handed_out") == [("sent",)])
    (activity,) = house.athlete.activities
    assert house.look("SELECT place FROM handed_out") == [(str(activity),)]
    assert len(house.athlete.activities) == 1
    if answered:
        assert len(house.strava.requests.like("POST /uploads")) == 1
