"""One SQLite file: how it is opened, written to in whole transactions, and brought up to date.

WAL with `synchronous=FULL`: NORMAL may lose the last commits at a power cut, and FULL costs half a
millisecond. One writer connection, one transaction at a time, always `BEGIN IMMEDIATE` (a read that turns
into a write fails at once with SQLITE_BUSY_SNAPSHOT, and no waiting helps).
"""

import asyncio
import glob
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from connectors.sqlite_leaving_out import leave_out, rewrite
from daemon.aside import in_thread
from daemon.finishing import to_the_end
from daemon.store import FactRefusedError, StoreDamagedError, StoreError, StoreTooNewError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_S = 5.0
_BEFORE, DAMAGED, REPLACED = ".before-", ".damaged-", ".replaced-"
LOGS = ("-wal", "-shm", "-journal")
"""What may lie beside a database and belongs to it."""
_PRIMARY = 0xFF
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

T = TypeVar("T")


class Database:
    """An open database file. Use `open_database` to get one."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._turn = asyncio.Lock()
        self.damaged = asyncio.Event()
        """Set when what was met in the file cannot be right; whoever waits for it sees to a restart."""

    async def read(self, query: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """Return all rows of a query. Raises `StoreError`."""
        with self._translated():
            return list(await self._connection.execute_fetchall(query, values))

    async def write(self, job: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        """Run `job` in a transaction of its own. Raises `StoreError`.

        Cancelling an await does not stop a statement in SQLite's thread, and a cancelled BEGIN may leave a
        transaction open. So the transaction is shielded, and a cancelled caller waits for its end.
        """
        return await to_the_end(self._transact(job))

    async def scrub(self) -> bool:
        """Empty the write-ahead log, which would go on holding what was forgotten; tell whether nobody was in the way.

        Raises `StoreError`.
        """
        async with self._turn:
            with self._translated():
                (row,) = await self._connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                return not row[0]

    async def rewrite(self) -> bool:
        """Write the file anew, for pages that were moved about keep what once stood on them; tell whether it went.

        Ten years of runs take a second. Raises `StoreDamagedError`.
        """
        async with self._turn:
            try:
                with self._translated():
                    await self._connection.execute("VACUUM")
            except StoreDamagedError:
                raise
            except StoreError:  # a disk that is nearly full, or somebody else who writes
                return False
            return True

    def drop_copies(self, older_than: datetime, *, also_damaged: bool) -> None:
        """Drop the copies that migrations left, and what was set aside as damaged: they hold what had to go by then."""
        damaged = [path for path in asides_of(self._path) if DAMAGED in path.name] if also_damaged else []
        for copy in [*copies_before(self._path), *damaged]:
            with suppress(OSError):
                if copy.stat().st_mtime < older_than.timestamp():
                    _unlink(copy)

    async def _transact(self, job: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        async with self._turn:
            with self._translated():
                await self._connection.execute("BEGIN IMMEDIATE")
                try:
                    result = await job(self._connection)
                    await self._connection.execute("COMMIT")
                except BaseException:
                    # a failed COMMIT (disk full) may have rolled back by itself
                    with suppress(sqlite3.Error):
                        await self._connection.execute("ROLLBACK")
                    raise
                return result

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with _translated():
                yield
        except StoreDamagedError:
            self.damaged.set()
            raise


@asynccontextmanager
async def open_database(path: Path, migrations: Path = MIGRATIONS) -> AsyncIterator[Database]:
    """Open the database for writing, made or migrated as needed. Raises `StoreError`, `StoreTooNewError`."""
    with _translated():
        # made with the mode it is to keep: heart rates are nobody else's business
        path.touch(mode=0o600, exist_ok=True)  # noqa: ASYNC240 - once, at the start
        connection = await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_S)
    try:
        with _translated():
            connection.row_factory = sqlite3.Row
            await _refuse_foreign(connection, len(scripts(migrations)))  # before anything in it is changed
            # secure_delete: what is forgotten leaves the free pages, too
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                await connection.execute(f"PRAGMA {pragma}")
            await _migrate(connection, path, migrations)
        yield Database(connection, path)
    finally:
        await connection.close()


@asynccontextmanager
async def open_readonly(path: Path) -> AsyncIterator[Database]:
    """Open the database for a look beside a running service. Raises `StoreError`."""
    with _translated():
        connection = await aiosqlite.connect(f"file:{_quoted(path)}?mode=ro", uri=True, timeout=BUSY_S)
    try:
        with _translated():
            connection.row_factory = sqlite3.Row
            await _refuse_foreign(connection, len(scripts(MIGRATIONS)))
            if await _version(connection) < len(scripts(MIGRATIONS)):
                raise StoreError(
                    "the database is of an earlier duurloop: start the service once to bring it up to date"
                )
        yield Database(connection, path)
    finally:
        await connection.close()


def _quoted(path: Path) -> str:
    return path.absolute().as_uri().removeprefix("file://")


async def _version(connection: aiosqlite.Connection) -> int:
    (row,) = await connection.execute_fetchall("PRAGMA user_version")
    return int(row[0])


async def _refuse_foreign(connection: aiosqlite.Connection, known: int) -> None:
    version = await _version(connection)
    if version > known:
        raise StoreTooNewError(
            f"the database has version {version}, this duurloop knows versions up to {known}: update duurloop"
        )
    (row,) = await connection.execute_fetchall("SELECT count(*) FROM sqlite_schema")
    if version < 0 or (version == 0 and row[0]):
        raise StoreError("this is some other program's database: say another folder with --state")


async def _migrate(connection: aiosqlite.Connection, path: Path, migrations: Path) -> None:
    """Apply what is missing, each step in a transaction that also sets the version; keep a copy first."""
    known = scripts(migrations)
    version = await _version(connection)
    missing = known[version:]
    if version and missing:
        copy = path.with_name(f"{path.name}{_BEFORE}{version + len(missing)}")
        await _copy(connection, copy)
    for number, script in enumerate(missing, start=version + 1):
        await connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(script.read_text(encoding="utf-8")):
                await connection.execute(statement)
            await connection.execute(f"PRAGMA user_version = {number}")
            await connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # as above
                await connection.execute("ROLLBACK")
            raise


async def _copy(connection: aiosqlite.Connection, copy: Path) -> None:
    """Copy what is there, without what no copy may hold."""
    _unlink(copy)  # of an attempt that was cut short
    try:
        copy.touch(mode=0o600, exist_ok=False)  # noqa: ASYNC240 - once, at the start
        await connection.execute("VACUUM INTO CAST(? AS TEXT)", (os.fsencode(copy),))
        await in_thread(partial(rewrite, copy, leave_out), "copying")
    except BaseException:
        _unlink(copy)  # a full disk needs the room
        raise


def _unlink(path: Path) -> None:
    for ending in ("", *LOGS):  # a new file must never meet the journal of another
        Path(f"{path}{ending}").unlink(missing_ok=True)


def copies_before(path: Path) -> list[Path]:
    """Return the copies that were made before updates; they lie beside the database."""
    return _whole(path.parent.glob(f"{glob.escape(path.name)}{_BEFORE}*"))


def asides_of(path: Path) -> list[Path]:
    """Return what was set aside: databases that were damaged, or that another one was put in the place of."""
    return [aside for aside in _asides(path) if not _is_same(aside, path)]


def second_names(path: Path) -> list[Path]:
    """Return the names under which a database was to be set aside when that was cut short: it is still in its place.

    Whoever opened it by such a name would not see its log.
    """
    return [aside for aside in _asides(path) if _is_same(aside, path)]


def _asides(path: Path) -> list[Path]:
    return [
        aside for kind in (DAMAGED, REPLACED) for aside in _whole(path.parent.glob(f"{glob.escape(path.name)}{kind}*"))
    ]


def _is_same(aside: Path, path: Path) -> bool:
    with suppress(OSError):
        return aside.samefile(path)
    return False


def _whole(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if not path.name.endswith(LOGS)]


def scripts(folder: Path) -> list[Path]:
    """Return the migrations, in their order."""
    return sorted(folder.glob("[0-9]*.sql"))


def _statements(script: str) -> Iterator[str]:
    """Take a script apart: `executescript` would commit the transaction that it is to be part of."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def is_damage(error: BaseException) -> bool:
    """Tell whether it was the file's content; a disk that is full, locked, read-only or failing is something else."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _DAMAGE


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise FactRefusedError(f"database: {error}") from error
    except (sqlite3.Error, OSError) as error:
        if is_damage(error):
            raise StoreDamagedError(f"database: {error}") from error
        raise StoreError(f"database: {error}") from error
