"""The links to Strava in SQLite, and all that came by them: kept as long as allowed, and then gone for good."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from sqlite3 import Row

import aiosqlite

from connectors.sqlite import Database
from connectors.sqlite_handed_out import lose_upload, unlink_uploads
from connectors.sqlite_takes import moment, remove, rename, stamp
from daemon.domain.activity import Activity, Changes, Known
from daemon.domain.habit import WEEK
from daemon.domain.run import Source
from daemon.store import key_after
from daemon.strava.book import Account, Held, State, origin_of
from daemon.strava.port import Scope, Tokens


class SqliteBook:
    """The port `Book` on a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_clean = False
        """Whether the log holds nothing that was forgotten; after a kill it may."""
        self._is_rewritten = True
        """Whether the same is true of what is unused within the pages of the file."""

    async def accounts(self) -> list[Account]:
        """Return all links."""
        return [_account(row) for row in await self._database.read("SELECT * FROM strava_account ORDER BY runner")]

    async def link(self, account: Account) -> None:
        """Keep a link, in place of an earlier one of the same runner; what another athlete's gave goes."""
        row = _account_row(account)
        names = tuple(row)
        values = ", ".join(f":{name}" for name in names)
        again = ", ".join(f"{name} = excluded.{name}" for name in names)

        async def job(connection: aiosqlite.Connection) -> bool:
            # not REPLACE: it would take the activities along
            there = await connection.execute_fetchall(
                "SELECT 1 FROM strava_account WHERE runner = ? AND athlete IS NOT ?", (account.runner, account.athlete)
            )
            if is_other := bool(list(there)):
                await _forget_all(connection, account.runner)
            await connection.execute(
                f"INSERT INTO strava_account ({', '.join(names)}) VALUES ({values})"  # noqa: S608 - own names
                f" ON CONFLICT (runner) DO UPDATE SET {again}",
                row,
            )
            return is_other

        if await self._database.write(job):
            await self._scrub()

    async def renew(self, runner: str, old: Tokens, fresh: Tokens) -> None:
        """Keep fresh tokens in place of the old ones, if these are still there: the link may have been made anew."""
        await self._execute(
            "UPDATE strava_account SET access = ?, refresh = ?, expires_at = ? WHERE runner = ? AND refresh = ?",
            (fresh.access, fresh.refresh, stamp(fresh.expires_at), runner, old.refresh),
        )

    async def note_state(self, runner: str, state: State, since: datetime) -> None:
        """Keep how it is with a link."""
        await self._execute(
            "UPDATE strava_account SET state = ?, since = ? WHERE runner = ?", (state.value, stamp(since), runner)
        )

    async def known(self, runner: str) -> list[Known]:
        """Return the activities that are held or wait to be read, newest first."""
        rows = await self._database.read(
            "SELECT * FROM strava_activity WHERE runner = ? ORDER BY started_at DESC, id DESC", (runner,)
        )
        return [_known(row) for row in rows]

    async def note_look(self, runner: str, changes: Changes, at: datetime) -> None:
        """Keep what a look found out; what is gone goes, with all that was made of it."""

        async def job(connection: aiosqlite.Connection) -> None:
            await _mark(connection, runner, changes.missing, is_missing=True)
            await _mark(connection, runner, changes.back, is_missing=False)
            await _forget(connection, runner, changes.gone, also_the_diary=True)
            for number in changes.gone:
                await lose_upload(connection, runner, number)
            await connection.executemany(
                _KEEP_ACTIVITY,
                [_activity_row(runner, one, at) for one in changes.found],
            )
            for one in changes.renamed:
                await connection.execute(
                    "UPDATE strava_activity SET name = ? WHERE runner = ? AND id = ?", (one.name, runner, one.id)
                )
                await rename(connection, runner, origin_of(one.id), one.name)
            await connection.execute("UPDATE strava_account SET looked_at = ? WHERE runner = ?", (stamp(at), runner))

        await self._database.write(job)
        if changes.gone:
            await self._scrub()

    async def note_walk(self, runner: str, at: datetime | None) -> None:
        """Keep when the whole list was read; None asks for it to be read again."""
        await self._execute("UPDATE strava_account SET walked_at = ? WHERE runner = ?", (at and stamp(at), runner))

    async def drop(self, runner: str, activity: int, *, is_read: bool = True) -> None:
        """Forget what was made of an activity, but not that it is known; it is read again if not `is_read`."""

        async def job(connection: aiosqlite.Connection) -> None:
            await _forget_runs(connection, runner, [activity])
            await connection.execute(
                "UPDATE strava_activity SET is_read = ? WHERE runner = ? AND id = ?", (is_read, runner, activity)
            )

        await self._database.write(job)
        await self._scrub()

    async def purge(self, fetched_before: datetime) -> int:
        """Forget all that was fetched before, and all that was made of it; return how many activities went."""
        # what is damaged cannot be searched: where somebody is linked, it may hold what came by that
        self._database.drop_copies(fetched_before, also_damaged=bool(await self.accounts()))
        old = await self._database.read(
            "SELECT runner, id FROM strava_activity WHERE fetched_at < ?", (stamp(fetched_before),)
        )
        said = await self._database.read(_SAID, (stamp(fetched_before),))
        if not old and not said:
            await self._sweep()
            return 0

        async def job(connection: aiosqlite.Connection) -> None:
            for row in old:
                await _forget(connection, row["runner"], [row["id"]])
            await connection.executemany("DELETE FROM letter WHERE id = ?", [(row["id"],) for row in said])

        await self._database.write(job)
        await self._scrub()
        await self._sweep()
        return len(old)

    async def unlink(self, runner: str) -> None:
        """Forget the link, all that came by it and all that was made of that alone; the copies are not its business."""

        async def job(connection: aiosqlite.Connection) -> None:
            await _forget_all(connection, runner)
            await connection.execute("DELETE FROM strava_account WHERE runner = ?", (runner,))
            await unlink_uploads(connection, runner)

        await self._database.write(job)
        await self._scrub()
        await self._sweep()

    async def held(self, runner: str) -> Held:
        """Return how much is held, and since when."""
        (row,) = await self._database.read(
            "SELECT count(*) AS number, count(*) FILTER (WHERE NOT is_read) AS unread,"
            " min(fetched_at) AS oldest, max(fetched_at) AS newest FROM strava_activity WHERE runner = ?",
            (runner,),
        )
        oldest, newest = row["oldest"], row["newest"]
        return Held(row["number"], row["unread"], oldest and moment(oldest), newest and moment(newest))

    async def memo(self, key: str) -> str | None:
        """Return a small thing that was kept."""
        rows = await self._database.read("SELECT value FROM memo WHERE key = ?", (key,))
        return rows[0]["value"] if rows else None

    async def keep_memo(self, key: str, value: str | None) -> None:
        """Keep a small thing; None forgets it."""
        if value is None:
            await self._execute("DELETE FROM memo WHERE key = ?", (key,))
        else:
            await self._execute("INSERT OR REPLACE INTO memo VALUES (?, ?)", (key, value))

    async def _sweep(self) -> None:
        """Leave no byte of what was forgotten; not in the middle of a session, which would wait for it."""
        if not self._is_rewritten and not await self._database.read("SELECT 1 FROM session LIMIT 1"):
            self._is_rewritten = await self._database.rewrite()
            self._is_clean = False
        if not self._is_clean:
            self._is_clean = await self._database.scrub()

    async def _scrub(self) -> None:
        self._is_rewritten = self._is_clean = (
            False  # a reader, or a full disk, may keep the log; then the next purge tries again
        )
        self._is_clean = await self._database.scrub()

    async def _execute(self, statement: str, values: tuple[object, ...]) -> None:
        async def job(connection: aiosqlite.Connection) -> None:
            await connection.execute(statement, values)

        await self._database.write(job)


# An edit does not prolong the time for which something is held: what was read before may still be here.
_KEEP_ACTIVITY = """
    INSERT INTO strava_activity VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?) ON CONFLICT (runner, id) DO UPDATE SET
        started_at = excluded.started_at, start_hidden = excluded.start_hidden, elapsed_s = excluded.elapsed_s,
        sport = excluded.sport, name = excluded.name, distance_m = excluded.distance_m,
        has_heart_rate = excluded.has_heart_rate, mark = excluded.mark, is_read = 0, is_missing = 0
"""
_BLANK = """
    UPDATE letter SET title = '', body = '', html = NULL, picture = NULL,
        written_at = substr(written_at, 1, 10) || 'T12:00:00.000+00:00',
        expires_at = substr(expires_at, 1, 10) || 'T12:00:00.000+00:00',
        next_at = substr(next_at, 1, 10) || 'T12:00:00.000+00:00' WHERE key = ?
"""
# What was said after a run may have been said of one that came by the API; all of it has been read long ago.
_SAID = "SELECT id FROM letter WHERE kind = 'after' AND state IN ('sent', 'expired') AND written_at < ?1"


async def _mark(connection: aiosqlite.Connection, runner: str, ids: Iterable[int], *, is_missing: bool) -> None:
    await connection.executemany(
        "UPDATE strava_activity SET is_missing = ? WHERE runner = ? AND id = ?",
        [(is_missing, runner, number) for number in ids],
    )


async def _forget_all(connection: aiosqlite.Connection, runner: str) -> None:
    rows = await connection.execute_fetchall("SELECT id FROM strava_activity WHERE runner = ?", (runner,))
    await _forget(connection, runner, [row["id"] for row in rows])


async def _forget(
    connection: aiosqlite.Connection, runner: str, ids: Collection[int], *, also_the_diary: bool = False
) -> None:
    """Forget activities; that there was a run along a plan stays, unless the runner took it back."""
    lent = await _forget_runs(connection, runner, ids)
    if also_the_diary:
        await connection.executemany("DELETE FROM step_run WHERE run = ?", [(run,) for run in lent])
    await connection.executemany(
        "DELETE FROM strava_activity WHERE runner = ? AND id = ?", [(runner, number) for number in ids]
    )


async def _forget_runs(connection: aiosqlite.Connection, runner: str, ids: Collection[int]) -> list[str]:
    """Forget the takes, and what was said of runs that nothing else tells of."""
    origins = [origin_of(number) for number in ids]
    lent = [row for origin in origins for row in await _lent_runs(connection, runner, origin)]
    await remove(connection, runner, origins)
    for key in (f"{runner}:{key_after(run, whole=whole)}" for run in lent for whole in (False, True)):
        await connection.execute("DELETE FROM letter WHERE key = ? AND state = 'due'", (key,))
        # that it was told is remembered, for the run may come back; what was told is not, nor the hour
        await connection.execute(_BLANK, (key,))
    # of a run along a plan the day stays, without the hour
    await connection.executemany(
        "UPDATE step_run SET began_at = substr(began_at, 1, 10) || 'T12:00:00.000+00:00' WHERE run = ?",
        [(run,) for run in lent],
    )
    if lent:
        await _take_back_the_week(connection, runner)
    return lent


async def _take_back_the_week(connection: aiosqlite.Connection, runner: str) -> None:
    """Drop a summary that still waits to be sent, for it may speak of what is gone; the diary writes it anew."""
    dropped = await connection.execute(
        "DELETE FROM letter WHERE kind = 'week' AND state = 'due' AND substr(key, 1, ?) = ?",
        (len(runner) + 1, f"{runner}:"),
    )
    if dropped.rowcount:
        await connection.execute("DELETE FROM occasion WHERE runner = ? AND kind = ?", (runner, WEEK))


async def _lent_runs(connection: aiosqlite.Connection, runner: str, origin: str) -> Sequence[str]:
    rows = await connection.execute_fetchall(
        "SELECT run FROM take WHERE runner = ? AND origin = ? AND NOT EXISTS"
        " (SELECT 1 FROM take AS other WHERE other.run = take.run AND other.source != ?)",
        (runner, origin, Source.STRAVA_API.value),
    )
    return [row["run"] for row in rows]


# -- rows to values and back -------------------------------------------------------------------------


def _account(row: Row) -> Account:
    return Account(
        runner=row["runner"],
        athlete=row["athlete"],
        tokens=Tokens(row["access"], row["refresh"], moment(row["expires_at"])),
        scopes=frozenset(Scope(name) for name in row["scopes"].split(",") if name),
        linked_at=moment(row["linked_at"]),
        state=State(row["state"]),
        since=moment(row["since"]),
        looked_at=row["looked_at"] and moment(row["looked_at"]),
        walked_at=row["walked_at"] and moment(row["walked_at"]),
    )


def _account_row(account: Account) -> dict[str, object]:
    return {
        "runner": account.runner,
        "athlete": account.athlete,
        "access": account.tokens.access,
        "refresh": account.tokens.refresh,
        "expires_at": stamp(account.tokens.expires_at),
        "scopes": ",".join(sorted(scope.value for scope in account.scopes)),
        "linked_at": stamp(account.linked_at),
        "state": account.state.value,
        "since": stamp(account.since),
        "looked_at": account.looked_at and stamp(account.looked_at),
        "walked_at": account.walked_at and stamp(account.walked_at),
    }


def _known(row: Row) -> Known:
    activity = Activity(
        id=row["id"],
        started_at=moment(row["started_at"]),
        start_hidden=bool(row["start_hidden"]),
        elapsed_s=row["elapsed_s"],
        sport=row["sport"],
        name=row["name"],
        distance_m=row["distance_m"],
        has_heart_rate=bool(row["has_heart_rate"]),
        mark=row["mark"],
    )
    return Known(activity, bool(row["is_read"]), bool(row["is_missing"]))


def _activity_row(runner: str, activity: Activity, fetched_at: datetime) -> tuple[object, ...]:
    return (
        runner,
        activity.id,
        stamp(activity.started_at),
        activity.start_hidden,
        activity.elapsed_s,
        activity.sport,
        activity.name,
        activity.distance_m,
        activity.has_heart_rate,
        activity.mark,
        stamp(fetched_at),
    )
