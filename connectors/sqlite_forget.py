"""Erasing a runner from the database and from its copies, down to the last byte.

What is a runner's is found by the tables' own columns, so that this holds for tables that are still to come and for
copies that are older than the last migration. Blocking: a command has nothing else to do meanwhile.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from connectors.sqlite import BUSY_S
from connectors.sqlite_checks import reading
from connectors.sqlite_copies import Copies
from connectors.sqlite_holdings import OF_A_RUNNER
from daemon.keeping.copies import CopyError
from daemon.store import StoreError

Job = Callable[[sqlite3.Connection], None]


class SqliteTraces:
    """The port `Traces`."""

    def __init__(self, database: Path, copies: Copies) -> None:
        self._database = database
        self._copies = copies

    def runners(self) -> set[str]:
        """Return everybody of whom anything is kept, if only in a copy. Raises `StoreError`."""
        with _translated(), _open(self._database) as connection:
            names = names_in(connection)
        for copy in self._copies.listed():
            with suppress(CopyError):
                names |= runners_in(copy.path)
        return names

    def erase(self, runner: str, others: Collection[str]) -> bool:
        """Erase a runner; tell whether no byte of it is left in the file and its log. Raises `StoreError`."""
        with _translated(), _open(self._database) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                erasing(runner, others)(connection)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            return _scrub(connection)

    def erase_from_copies(self, runner: str, others: Collection[str]) -> int:
        """Erase a runner from the copies, and return how many there are. Raises `CopyError`."""
        self._copies.cleanse(erasing(runner, others))
        return len(self._copies.listed())


def runners_in(path: Path, *, is_still: bool = True) -> set[str]:
    """Return everybody of whom a database that is only looked at tells. Raises `CopyError`."""
    with reading(path, is_still=is_still) as connection:
        return names_in(connection)


def names_in(connection: sqlite3.Connection) -> set[str]:
    """Return everybody of whom a database tells."""
    return {
        name
        for table in _tables(connection)
        for (name,) in map(tuple, connection.execute(f'SELECT DISTINCT runner FROM "{table}"'))  # noqa: S608 - own names
        if name is not None
    }


def erasing(runner: str, others: Collection[str]) -> Job:
    """Return the job that erases a runner; what hangs on a row of theirs goes with it."""

    def job(connection: sqlite3.Connection) -> None:
        for table in _tables(connection):
            connection.execute(f'DELETE FROM "{table}" WHERE runner = ?', (runner,))  # noqa: S608 - own names
        for number, key, channel in map(tuple, connection.execute("SELECT id, key, channel FROM letter").fetchall()):
            if _is_of(runner, others, f"{key}", ":") or _is_of(runner, others, f"{channel}", "/"):
                connection.execute("DELETE FROM letter WHERE id = ?", (number,))
        for (channel,) in map(tuple, connection.execute("SELECT channel FROM channel_health").fetchall()):
            if _is_of(runner, others, f"{channel}", "/"):
                connection.execute("DELETE FROM channel_health WHERE channel = ?", (channel,))

    return job


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute(OF_A_RUNNER)]


def _is_of(runner: str, others: Collection[str], text: str, mark: str) -> bool:
    """Tell whether `text` begins with this runner's name and not with a longer one: names may hold the mark."""
    beginnings = (name for name in (runner, *others) if text.startswith(f"{name}{mark}"))
    return max(beginnings, key=len, default=None) == runner


def _scrub(connection: sqlite3.Connection) -> bool:
    """Write the file anew and empty the log: pages that were moved about keep what once stood on them."""
    with suppress(sqlite3.Error):  # a disk that is full, or somebody who reads for too long
        connection.execute("VACUUM")
        (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not is_busy
    return False


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as connection:
        for pragma in ("foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"database: {error}") from error
