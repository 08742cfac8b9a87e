"""Sessions on their way out, in SQLite."""

from dataclasses import replace
from functools import partial
from sqlite3 import Row

import aiosqlite

from connectors.packing import PackedDamagedError, unpack_samples
from connectors.sqlite import Database
from connectors.sqlite_takes import moment, run_of, stamp
from daemon.aside import in_thread
from daemon.domain.run import Source
from daemon.handing.handovers import Going, Handover, Recorded, Why
from daemon.store import HandoverDue, Outlet

# The take by itself: what else tells of the run may have come by Strava's API, and is not ours to hand out.
_TAKE = """
    SELECT take.*, take.source AS sources, take.name AS run_name, take.distance_m AS run_distance_m,
        take.plan || ':' || take.step AS run_plan,
        feeling.before, feeling.after, feeling.effort, feeling.note, take_samples.samples AS packed, take_samples.rr
    FROM take JOIN take_samples ON take_samples.take = take.id LEFT JOIN feeling ON feeling.run = take.run
    WHERE take.id = ? AND take.runner = ? AND take.source = ?
"""
_OPEN = "state IN ('due', 'held')"
UNLINK_UPLOADS = (
    f"DELETE FROM handed_out WHERE runner = ? AND outlet = 'strava' AND {_OPEN}",  # noqa: S608 - a constant
    "UPDATE handed_out SET place = NULL, upload = NULL WHERE runner = ? AND outlet = 'strava'",
)


class SqliteHandovers:
    """The port `Handovers` on a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, outlet: Outlet) -> list[Handover]:
        """Return what is due or held, the oldest first."""
        rows = await self._database.read(
            f"SELECT * FROM handed_out WHERE outlet = ? AND {_OPEN} ORDER BY changed_at, run",  # noqa: S608 - a constant
            (outlet.value,),
        )
        return [_handover(row) for row in rows]

    async def of_run(self, run: str) -> list[Handover]:
        """Return what became of a run at each outlet, however the run is called by now."""
        rows = await self._database.read(
            "SELECT * FROM handed_out WHERE run = ?1 OR run IN (SELECT id FROM take WHERE run ="
            " (SELECT run FROM take WHERE id = ?1 OR run = ?1)) ORDER BY outlet, run",
            (run,),
        )
        return [_handover(row) for row in rows]

    async def counts(self) -> dict[tuple[str, Outlet, Going], int]:
        """Return how many there are by runner, outlet and state."""
        rows = await self._database.read(
            "SELECT runner, outlet, state, count(*) AS number FROM handed_out GROUP BY runner, outlet, state"
        )
        return {(row["runner"], Outlet(row["outlet"]), Going(row["state"])): row["number"] for row in rows}

    async def note(self, handover: Handover) -> None:
        """Keep how far it has come, if it is still there."""

        async def job(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "UPDATE handed_out SET state = ?, attempts = ?, next_at = ?, reason = ?, is_unsure = ?, upload = ?,"
                " place = ?, changed_at = ? WHERE run = ? AND outlet = ?",
                (
                    handover.going.value,
                    handover.attempts,
                    stamp(handover.next_at),
                    handover.why and handover.why.value,
                    handover.is_unsure,
                    handover.upload,
                    handover.place,
                    stamp(handover.changed_at),
                    handover.run,
                    handover.outlet.value,
                ),
            )

        await self._database.write(job)

    async def drop(self, runner: str, outlet: Outlet) -> None:
        """Forget what is due or held."""

        async def job(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                f"DELETE FROM handed_out WHERE runner = ? AND outlet = ? AND {_OPEN}",  # noqa: S608 - a constant
                (runner, outlet.value),
            )

        await self._database.write(job)

    async def recorded(self, handover: Handover) -> Recorded | None:
        """Return what is to go, from the strap alone; None if it is not kept any more, or cannot be read."""
        rows = await self._database.read(_TAKE, (handover.run, handover.runner, Source.STRAP.value))
        if not rows:
            return None
        try:
            samples = await in_thread(partial(unpack_samples, rows[0]["packed"], rows[0]["rr"]), "unpacking")
        except PackedDamagedError:
            return None
        return Recorded(replace(run_of(rows[0]), id=handover.run), samples)


async def keep_due(connection: aiosqlite.Connection, due: HandoverDue) -> None:
    """Note within a transaction that a session is to go; one that is there already stays as it is."""
    await connection.execute(
        "INSERT OR IGNORE INTO handed_out (runner, run, outlet, state, next_at, changed_at)"
        " VALUES (?1, ?2, ?3, 'due', ?4, ?4)",
        (due.runner, due.run, due.outlet.value, stamp(due.at)),
    )


async def unlink_uploads(connection: aiosqlite.Connection, runner: str) -> None:
    """Drop the uploads that are due, and Strava's numbers of those that went; that they went is remembered."""
    for statement in UNLINK_UPLOADS:
        await connection.execute(statement, (runner,))


async def lose_upload(connection: aiosqlite.Connection, runner: str, activity: int) -> None:
    """Note that an activity that was an upload of ours is not at Strava any more."""
    await connection.execute(
        "UPDATE handed_out SET place = NULL, upload = NULL WHERE runner = ? AND outlet = 'strava' AND place = ?",
        (runner, str(activity)),
    )


def _handover(row: Row) -> Handover:
    return Handover(
        runner=row["runner"],
        run=row["run"],
        outlet=Outlet(row["outlet"]),
        going=Going(row["state"]),
        next_at=moment(row["next_at"]),
        changed_at=moment(row["changed_at"]),
        attempts=row["attempts"],
        why=Why(row["reason"]) if row["reason"] else None,
        is_unsure=bool(row["is_unsure"]),
        upload=row["upload"],
        place=row["place"],
    )
