"""The outbox's letters in SQLite."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from sqlite3 import Row

import aiosqlite

from connectors.sqlite import Database
from connectors.sqlite_takes import moment, stamp
from daemon.domain.wording import Mail, Text
from daemon.store import ChannelHealth, Claimed, Kind, Letter

KEPT_DAYS = 7
"""Letters that are done are kept this long, so that none is written twice, and then forgotten."""
REMINDED = timedelta(hours=12)
"""What happens within this time of a reminder answers it; a run of last week that comes in does not."""
_EMPTY = "title = '', body = '', html = NULL, picture = NULL"
"""That it was told is remembered; what was told is nobody's business any more."""
_SENT = f"UPDATE letter SET state = 'sent', {_EMPTY} WHERE id = ?"  # noqa: S608 - a constant
_EXPIRED = (
    f"UPDATE letter SET state = 'expired', {_EMPTY}"  # noqa: S608 - a constant
    " WHERE state = 'due' AND expires_at <= ?1 AND (?2 IS NULL OR channel = ?2)"
)


class SqlitePost:
    """The port `Post` on a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recover(self, now: datetime) -> None:
        """Make due again what was being sent when the service died, and give faulty settings another try."""

        async def job(connection: aiosqlite.Connection) -> None:
            await connection.execute("UPDATE letter SET state = 'due' WHERE state = 'sending'")
            await connection.execute("UPDATE channel_health SET next_at = NULL WHERE settings_fault")
            # of all channels: nobody claims for one that has left the settings
            await connection.execute(_EXPIRED, (stamp(now), None))
            await _forget_done(connection, now)

        await self._database.write(job)

    async def claim(self, channel: str, now: datetime) -> Claimed | None:
        """Drop what has expired, and mark the oldest of the least tried letters as being sent."""
        # look first, in a read: an idle service does not write
        if not await self._database.read(
            "SELECT 1 FROM letter WHERE channel = ?1 AND state = 'due' AND (next_at <= ?2 OR expires_at <= ?2) LIMIT 1",
            (channel, stamp(now)),
        ):
            return None

        async def job(connection: aiosqlite.Connection) -> list[Row]:
            await connection.execute(_EXPIRED, (stamp(now), channel))
            return list(
                await connection.execute_fetchall(
                    "UPDATE letter SET state = 'sending', attempts = attempts + 1 WHERE id = ("
                    " SELECT id FROM letter WHERE channel = ?1 AND state = 'due' AND next_at <= ?2"
                    " AND NOT EXISTS (SELECT 1 FROM channel_health WHERE channel = ?1 AND next_at > ?2)"
                    " ORDER BY attempts, id LIMIT 1) RETURNING *",
                    (channel, stamp(now)),
                )
            )

        rows = await self._database.write(job)
        return _claimed(rows[0]) if rows else None

    async def next_due(self, channel: str) -> datetime | None:
        """Return when the next letter of the channel may go, or when the next one expires."""
        (row,) = await self._database.read(
            "SELECT max(min(next_at), coalesce((SELECT next_at FROM channel_health WHERE channel = ?1), '')) AS due,"
            " min(expires_at) AS expires FROM letter WHERE channel = ?1 AND state = 'due'",
            (channel,),
        )
        return moment(min(row["due"], row["expires"])) if row["due"] else None

    async def settle_sent(self, claimed: Claimed) -> None:
        """Note that the far end has the letter, and that the channel is well."""

        async def job(connection: aiosqlite.Connection) -> None:
            await connection.execute(_SENT, (claimed.id,))
            await connection.execute("DELETE FROM channel_health WHERE channel = ?", (claimed.letter.channel,))
            await _forget_done(connection, claimed.letter.written_at)

        await self._database.write(job)

    async def settle_failed(self, claimed: Claimed, health: ChannelHealth, *notices: Letter) -> None:
        """Put the letter back, note how the channel is, and keep what is to be told of it elsewhere."""

        async def job(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "UPDATE letter SET state = 'due', last_error = ? WHERE id = ?", (health.reason, claimed.id)
            )
            await connection.execute(
                "INSERT OR REPLACE INTO channel_health VALUES (?, ?, ?, ?, ?)",
                (
                    health.channel,
                    health.failures,
                    health.reason,
                    int(health.settings_fault),
                    health.next_at and stamp(health.next_at),
                ),
            )
            await insert_letters(connection, notices)

        await self._database.write(job)

    async def shift(self, since: datetime, by: timedelta) -> None:
        """Move letters that wait and were written from `since` on: the wall clock was wrong by so much then."""

        async def job(connection: aiosqlite.Connection) -> None:
            rows = await connection.execute_fetchall(
                "SELECT id, written_at, expires_at, next_at FROM letter WHERE state = 'due' AND written_at >= ?",
                (stamp(since),),
            )
            await connection.executemany(
                "UPDATE letter SET written_at = ?, expires_at = ?, next_at = ? WHERE id = ?",
                [(*(stamp(moment(at) + by) for at in times), identity) for identity, *times in rows],
            )
            await connection.execute("UPDATE channel_health SET next_at = NULL")

        await self._database.write(job)

    async def health(self) -> list[ChannelHealth]:
        """Return how it goes with the channels that have had trouble since they last were well."""
        rows = await self._database.read("SELECT * FROM channel_health ORDER BY channel")
        return [
            ChannelHealth(
                row["channel"],
                row["failures"],
                row["reason"],
                bool(row["settings_fault"]),
                row["next_at"] and moment(row["next_at"]),
            )
            for row in rows
        ]

    async def waiting(self) -> int:
        """Return how many letters have yet to go."""
        (row,) = await self._database.read("SELECT count(*) AS waiting FROM letter WHERE state IN ('due', 'sending')")
        return int(row["waiting"])


async def _forget_done(connection: aiosqlite.Connection, now: datetime) -> None:
    await connection.execute(
        "DELETE FROM letter WHERE state IN ('sent', 'expired') AND written_at < ?",
        (stamp(now - timedelta(days=KEPT_DAYS)),),
    )


async def insert_letters(connection: aiosqlite.Connection, letters: Iterable[Letter]) -> None:
    """Keep letters within a transaction that is going on; one that is there already stays as it is."""
    await connection.executemany(
        "INSERT INTO letter (key, channel, kind, title, body, html, picture, written_at, expires_at, next_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key, channel) DO NOTHING",
        [
            (
                letter.key,
                letter.channel,
                letter.kind.value,
                letter.text.title,
                letter.text.body,
                letter.text.mail and letter.text.mail.html,
                letter.text.mail and letter.text.mail.picture,
                stamp(letter.written_at),
                stamp(letter.expires_at),
                stamp(letter.not_before),
            )
            for letter in letters
        ],
    )


async def drop_reminders(connection: aiosqlite.Connection, runner: str, at: datetime) -> None:
    """Drop a runner's reminders that still wait and were written around a moment."""
    await connection.execute(
        f"UPDATE letter SET state = 'expired', {_EMPTY} WHERE state = 'due' AND kind = 'reminder'"  # noqa: S608
        " AND substr(key, 1, ?) = ? AND written_at BETWEEN ? AND ?",
        (len(runner) + 1, f"{runner}:", stamp(at - REMINDED), stamp(at + REMINDED)),
    )


def _claimed(row: Row) -> Claimed:
    letter = Letter(
        row["key"],
        row["channel"],
        Kind(row["kind"]),
        Text(row["title"], row["body"], None if row["html"] is None else Mail(row["html"], row["picture"])),
        moment(row["written_at"]),
        moment(row["expires_at"]),
        moment(row["next_at"]),
    )
    return Claimed(row["id"], letter, row["attempts"])
