"""Another database in the place of the one that is there: a copy that somebody wants back, or one for a damaged file.

What was there is kept aside. A kill or a power cut at any moment leaves the one or the other in place, whole.
"""

import json
import os
import re
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import aiosqlite

from connectors.sqlite import BUSY_S, DAMAGED, LOGS, REPLACED, copies_before, is_damage, open_database, second_names
from connectors.sqlite_checks import COPY_MEMO, check, contents_of, reading, told
from connectors.sqlite_copies import Copies, drop, drop_fresh, fresh_of
from connectors.sqlite_files import belong_like, settle, sync_folder
from connectors.sqlite_leaving_out import KEYS, leave_out, rewrite
from daemon.keeping.copies import Contents, Copy, CopyDamagedError, CopyError, Rescue
from daemon.store import StoreError

RESCUE_MEMO = "rescued"
"""What is still to be told stands in the database that took the place of a damaged one."""
_IS_KEY = re.compile("[0-9a-f]{64}")
"""Something else is damage."""


def suspect(database: Path) -> None:
    """Let the next start look thoroughly: something in the file could not be right."""
    with suppress(OSError):
        _mark(database).touch(mode=0o600)


def is_suspect(database: Path) -> bool:
    """Tell whether the next start is to look thoroughly."""
    return _mark(database).exists()


async def rescue(copies: Copies, now: datetime) -> Rescue | None:
    """See whether the database is whole; if not, go on with the last good copy, or anew. Raises `StoreError`.

    Only what is in the file counts: one that cannot be read just now is left alone.
    """
    database = copies.database
    with suppress(CopyError):
        drop_fresh(database)  # of a restore that was cut short
    if _is_whole(database, copies):
        _drop_second_names(database)
        _mark(database).unlink(missing_ok=True)
        return None
    try:
        copy = _newest_good(copies)
        fresh = _made_ready(copy.path if copy else None, database)
        aside = _aside(database, DAMAGED, now)
        found = Rescue(now, aside.name, copy.made_at if copy else None)
        await _bring_up_to_date(fresh, note_of(found))
        _hand_on_keys(database, fresh)
        _take_place(fresh, database, aside)
        _mark(database).unlink(missing_ok=True)
    except (CopyError, OSError) as error:
        raise StoreError(f"the database is damaged, and no copy could be put in its place: {error}") from error
    return found


async def prepare(file: Path, database: Path) -> tuple[Path, Contents]:
    """Prove on a copy of `file` that it can be a database of this program, and return that one. Raises `CopyError`."""
    _refuse_itself(file, database)
    contents_of(file, is_still=not _log_of(file).exists())  # nonsense is named by the name that was given
    fresh = _made_ready(file, database)
    try:
        check(fresh, is_still=False, thoroughly=True)
        contents = contents_of(fresh, is_still=False)
        await _bring_up_to_date(fresh, None)
        check(fresh, thoroughly=True)
    except CopyDamagedError as error:
        drop(fresh)
        raise CopyDamagedError(error.sentence, **{**error.parts, "file": str(file)}) from error
    except (CopyError, StoreError):
        drop(fresh)
        raise
    return fresh, contents


def put_back(fresh: Path, database: Path, now: datetime) -> Path | None:
    """Put a prepared database in place; return where the one before is, if there was one. Raises `CopyError`.

    Keys stay as they are: those that were taken back since the copy was made do not come back with it.
    """
    _hand_on_keys(database, fresh)
    if not database.exists():
        with told(database):
            _put_logs_aside(database, now)
            settle(fresh, database)
        return None
    with told(database):
        aside = _aside(database, REPLACED if _can_be_read(database) else DAMAGED, now)
        _fold(database)  # last: whoever opens it from now on would go on with what is set aside
        _take_place(fresh, database, aside)
        with suppress(sqlite3.Error):
            rewrite(aside, leave_out)  # like a copy it must not outlive what has to go
    return aside


def has_keys(database: Path) -> bool:
    """Tell whether there are keys of the page that still let somebody in."""
    return bool(_keys_of(database))


def _keys_of(database: Path) -> list[tuple[str, str]]:
    """Return the keys; none if they cannot be read, for then nobody knows which of them were taken back."""
    with suppress(CopyError), reading(database, is_still=False) as connection:
        kept = [tuple(row) for row in connection.execute(f"SELECT key, value FROM memo WHERE {KEYS}")]  # noqa: S608 - a constant
        return [(name, value) for name, value in kept if _IS_KEY.fullmatch(value)]
    return []


def _hand_on_keys(database: Path, fresh: Path) -> None:
    """Let the one that takes the place have the present keys, and no others. Raises `CopyError`."""
    kept = _keys_of(database)
    with told(fresh), closing(sqlite3.connect(fresh, timeout=BUSY_S)) as connection, connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"DELETE FROM memo WHERE {KEYS}")  # noqa: S608 - a constant
        connection.executemany("INSERT INTO memo VALUES (?, ?)", kept)


def _put_logs_aside(database: Path, now: datetime) -> None:
    """Keep what is left of a database that was taken away: a new one must never meet the log of another."""
    aside = _aside(database, REPLACED, now)
    for ending in LOGS:
        left = Path(f"{database}{ending}")
        if left.exists():
            left.replace(f"{aside}{ending}")


def _can_be_read(database: Path) -> bool:
    """Tell whether what has to go can be taken out of it; a damaged one has to go as a whole."""
    try:
        check(database, is_still=False)
    except CopyDamagedError:
        return False
    return True


def _drop_second_names(database: Path) -> None:
    """Drop the names that a kill has left to the database itself, before it took the place of another."""
    for name in second_names(database):
        if not _log_of(name).exists():  # a log with something in it was taken away from the database
            with suppress(OSError):
                name.unlink(missing_ok=True)


def _refuse_itself(file: Path, database: Path) -> None:
    with suppress(OSError):
        if file.samefile(database):
            raise CopyError("{file} is the database itself", file=str(file))


def note_of(found: Rescue) -> str:
    """Write down a rescue."""
    return json.dumps(asdict(found), default=datetime.isoformat)


def rescue_of(note: str) -> Rescue:
    """Read what was written down."""
    kept = json.loads(note)
    copied_at = kept["copied_at"]
    return Rescue(
        datetime.fromisoformat(kept["found_at"]), kept["aside"], copied_at and datetime.fromisoformat(copied_at)
    )


def _is_whole(database: Path, copies: Copies) -> bool:
    with suppress(OSError):
        if not database.stat().st_size:  # one that was just begun, or all that a power cut has left
            return _newest_good(copies) is None
        try:
            check(database, is_still=False, thoroughly=is_suspect(database))
        except CopyDamagedError:
            return False
        except CopyError:
            return True  # opening it will tell what keeps us from it
    return True


def _newest_good(copies: Copies) -> Copy | None:
    """Return the last good copy; where its disk is away, one from before copies went there is better than none."""
    return copies.newest_good() or Copies(copies.database).newest_good()


def _made_ready(source: Path | None, database: Path) -> Path:
    """Return a database that is to take the place: like `source`, or new. Raises `CopyError`."""
    fresh = fresh_of(database)
    drop_fresh(database)  # of an attempt that was cut short
    with told(source or fresh):
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        belong_like(fresh, database)
        if source:
            shutil.copyfile(source, fresh)
            if _log_of(source).exists():
                shutil.copyfile(_log_of(source), _log_of(fresh))
    return fresh


async def _bring_up_to_date(fresh: Path, note: str | None) -> None:
    """Apply what is missing, and put what is to be told into it. Raises `StoreError`."""

    async def job(connection: aiosqlite.Connection) -> None:
        await connection.execute("DELETE FROM memo WHERE key IN (?, ?)", (COPY_MEMO, RESCUE_MEMO))
        if note:
            await connection.execute("INSERT INTO memo VALUES (?, ?)", (RESCUE_MEMO, note))

    async with open_database(fresh) as database:
        await database.write(job)
    for copy in copies_before(fresh):
        drop(copy)


def _aside(database: Path, kind: str, now: datetime) -> Path:
    """Return a name that is free, or that this very file has already: it was cut short after the first step."""
    named = f"{database.name}{kind}{now:%Y-%m-%d}"
    number, aside = 1, database.with_name(named)
    while aside.exists() and not aside.samefile(database):
        number += 1
        aside = database.with_name(f"{named}-{number}")
    return aside


def _take_place(fresh: Path, database: Path, aside: Path) -> None:
    """Swap: the old one gets a second name before the new one takes its first.

    Its log goes in between: a new database must never meet the log of another.
    """
    for ending in ("", "-wal", "-journal"):  # the index of the log is made anew by whoever opens it
        _second_name(Path(f"{database}{ending}"), Path(f"{aside}{ending}"))
    sync_folder(database.parent)
    for ending in LOGS:
        Path(f"{database}{ending}").unlink(missing_ok=True)
    sync_folder(database.parent)
    settle(fresh, database)


def _second_name(path: Path, name: Path) -> None:
    if not path.exists() or (name.exists() and name.samefile(path)):
        return
    if path.name.endswith(LOGS) and not path.stat().st_size:
        return
    try:
        name.hardlink_to(path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        shutil.copy2(path, name)


def _fold(database: Path) -> None:
    """Fold a database's log into it, and see that nobody else uses it; a damaged one is taken as it is."""
    with closing(sqlite3.connect(database, timeout=BUSY_S, isolation_level=None)) as connection:
        try:
            # not out of WAL: a kill would leave a journal, and nobody who only reads could open it any more
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise CopyError(
                    "the database is in use by another command of duurloop: wait until that is done, and try again"
                ) from error
            if not is_damage(error):
                raise


def _mark(database: Path) -> Path:
    return database.with_name(f"{database.name}.suspect")


def _log_of(path: Path) -> Path:
    return Path(f"{path}-wal")
