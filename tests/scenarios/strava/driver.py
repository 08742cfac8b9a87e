"""A follower in a process of its own, to be killed.

python driver.py STATE URL CLIENT_ID CLIENT_SECRET
"""

import asyncio
import random
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

from connectors.fit_writer import fit_of
from connectors.sqlite import open_database
from connectors.sqlite_handed_out import SqliteHandovers
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from connectors.strava import StravaConnector
from daemon.clock import SystemClock
from daemon.library import Library
from daemon.strava.follower import Follower, Terms
from daemon.strava.uploading import Outgoing
from tests.fakes import afterwards, runner


async def main(state: Path, url: str, client_id: str, secret: str) -> None:
    clock, els = SystemClock(), runner("Els")
    async with open_database(state) as database:
        store, book = SqliteStore(database), SqliteBook(database)
        door = StravaConnector(client_id, secret, url, f"{url}/api/v3", clock.now)
        libraries = {els.name: Library(afterwards(els, store, clock), store, clock, frozenset(), lambda: None)}
        chance = random.Random()  # noqa: S311
        terms = Terms(900.0, timedelta(days=7), frozenset({els.name}))
        fit = partial(fit_of, software="duurloop")
        outgoing = Outgoing(SqliteHandovers(database), lambda told: fit(told.run, told.samples))
        await Follower(door, book, store, libraries, terms, clock, chance, outgoing).run(lambda: None)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
