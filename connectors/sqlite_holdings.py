"""What is a runner's own, read from SQLite."""

from functools import partial
from sqlite3 import Row

from connectors.packing import unpack_samples
from connectors.sqlite import Database
from connectors.sqlite_takes import feeling_of, moment, run_of
from daemon.aside import in_thread
from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.run import Source
from daemon.keeping.holdings import OwnTake
from daemon.store import FeelingSaid

OF_A_RUNNER = (
    "SELECT t.name FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c"
    " WHERE t.schema = 'main' AND t.type = 'table' AND c.name = 'runner' ORDER BY t.name"
)
"""The tables that say of their rows whose they are."""
# The take by itself: a name or a distance that another one knows may have come by the API.
_TAKES = """
    SELECT take.*, take.source AS sources, take.name AS run_name, take.distance_m AS run_distance_m,
        take.plan || ':' || take.step AS run_plan, feeling.before, feeling.after, feeling.effort, feeling.note
    FROM take LEFT JOIN feeling ON feeling.run = take.run
    WHERE take.runner = ? AND take.source != ? ORDER BY take.started_at, take.number
"""


class SqliteHoldings:
    """The port `Holdings` on a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def runners(self) -> list[str]:
        """Return everybody of whom anything is kept."""
        names = set[str]()
        for table in await self._database.read(OF_A_RUNNER):
            rows = await self._database.read(f'SELECT DISTINCT runner FROM "{table["name"]}"')  # noqa: S608 - own names
            names.update(row["runner"] for row in rows)
        return sorted(names)

    async def takes(self, runner: str) -> list[OwnTake]:
        """Return the takes from the strap, from files and from archives, oldest first."""
        rows = await self._database.read(_TAKES, (runner, Source.STRAVA_API.value))
        return [OwnTake(row["id"], run_of(row)) for row in rows]

    async def samples(self, take: str) -> list[HeartRateSample]:
        """Return the samples of a take."""
        rows = await self._database.read("SELECT samples, rr FROM take_samples WHERE take = ?", (take,))
        if not rows:
            return []
        return await in_thread(partial(unpack_samples, rows[0]["samples"], rows[0]["rr"]), "unpacking")

    async def feelings(self, runner: str) -> list[FeelingSaid]:
        """Return all that was said of how it felt, oldest first."""
        rows = await self._database.read("SELECT * FROM feeling WHERE runner = ? ORDER BY said_at, number", (runner,))
        return [_said(row) for row in rows]


def _said(row: Row) -> FeelingSaid:
    return FeelingSaid(row["runner"], row["run"], feeling_of(row) or Feeling(), moment(row["said_at"]))
