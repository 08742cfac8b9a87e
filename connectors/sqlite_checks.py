"""Looking into a database file before it is relied on: is it ours, is it whole, what is in it.

Blocking, and without ever writing to what is looked at.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from connectors.sqlite import BUSY_S, MIGRATIONS, is_damage, scripts
from daemon.keeping.copies import Contents, CopyDamagedError, CopyError

COPY_MEMO = "copy"
"""What a copy knows of itself stands in it, under this key."""
HOUSE_MEMO = "house"
"""The same of which house a database is."""
_OURS = frozenset({"session", "sample", "letter", "channel_health"})
"""Tables that every duurloop has had."""
_SINCE_TAKES = 2
"""The version that brought takes and memos."""
_STEPS = 100_000
"""So many of SQLite's steps lie between two looks at the clock: some milliseconds."""


@contextmanager
def reading(path: Path, *, is_still: bool = True) -> Iterator[sqlite3.Connection]:
    """Open a file to be read. `is_still`: nobody writes to it, and no log lies beside it. Raises `CopyError`."""
    way = "immutable=1" if is_still else "mode=ro"
    if Path(f"{path}-journal").exists():
        way = "mode=rw"  # whoever was cut short in the middle of a change is taken back first
    address = f"{path.absolute().as_uri()}?{way}"
    with told(path), closing(sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def contents_of(path: Path, *, is_still: bool = True) -> Contents:
    """Say what is in a database of ours. Raises `CopyError`."""
    with told(path):
        if not path.stat().st_size:
            raise CopyDamagedError("{file} is empty", file=str(path))
    with reading(path, is_still=is_still) as connection:
        version = version_of(connection)
        tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if version < 1 or not tables >= _OURS:
            raise CopyError("{file} is some other program's database", file=str(path))
        _refuse_newer(path, version)
        if version < _SINCE_TAKES:
            return Contents(version, _count(connection, "SELECT count(*) FROM run"))
        runs = _count(connection, "SELECT count(*) FROM take WHERE is_best")
        memo = {row["key"]: row["value"] for row in connection.execute("SELECT * FROM memo")}
        house = memo.get(HOUSE_MEMO, "")
        if COPY_MEMO not in memo:
            return Contents(version, runs, house=house)
        kept = json.loads(memo[COPY_MEMO])
        made_at = datetime.fromisoformat(kept["made_at"])
        return Contents(version, runs, made_at, kept["number"], kept["digest"], house)


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen of a database in a short while, also beside a service that writes to it."""

    trouble: str | None = None
    """`damaged`, `forbidden`, `foreign`, `unreadable`."""
    is_whole: bool | None = None
    """None where there was no time to see all of it."""
    version: int = 0
    last_run_at: datetime | None = None
    """When the last run began that a copy would have; None if there is none."""


def look_into(path: Path, seconds: float) -> Look:
    """See how it is with a database as far as can be seen in that time; nothing is changed, and nothing raised."""
    version = len(scripts(MIGRATIONS))
    deadline = time.monotonic() + seconds
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)) as connection:
            version = version_of(connection)
            if version == 0 and _count(connection, "SELECT count(*) FROM sqlite_schema"):
                return Look("foreign")
            last_run_at = _last_run_at(connection)
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            with suppress(sqlite3.OperationalError):  # interrupted: it is large, and what was seen was well
                is_whole = connection.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
                return Look(None if is_whole else "damaged", is_whole, version, last_run_at if is_whole else None)
            return Look(None, None, version, last_run_at)
    except sqlite3.Error as error:
        return Look("damaged" if is_damage(error) else "unreadable", version=version)


def check(path: Path, *, is_still: bool = True, thoroughly: bool = False) -> None:
    """See whether a file is whole. Raises `CopyDamagedError`; `CopyError` if that cannot be seen.

    Quickly it takes 25 ms for ten years of runs, and does not hold indices against their tables.
    """
    how = "integrity_check" if thoroughly else "quick_check"
    with reading(path, is_still=is_still) as connection:
        found = [row[0] for row in connection.execute(f"PRAGMA {how}(1)")]
        if found != ["ok"]:
            raise CopyDamagedError("{file} is damaged ({why})", file=str(path), why=" ".join(str(found[0]).split()))


def digest_of(connection: sqlite3.Connection) -> str:
    """Return a name for all that is kept, whatever pages it lies on."""
    digest = blake2b(digest_size=16)
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
    for (table,) in tables:
        digest.update(f"\x1d{table}".encode())
        for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - the schema's own name
            if table == "memo" and row["key"] == COPY_MEMO:
                continue
            for value in row:
                digest.update(value if isinstance(value, bytes) else repr(value).encode())
                digest.update(b"\x1f")
    return digest.hexdigest()


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the schema."""
    return _count(connection, "PRAGMA user_version")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Say what went wrong with a file so that people understand it."""
    try:
        yield
    except sqlite3.Error as error:
        if is_damage(error):
            raise CopyDamagedError("{file} is damaged ({why})", file=str(path), why=str(error)) from error
        raise CopyError("{file} cannot be used ({why})", file=str(path), why=str(error)) from error
    except OSError as error:
        raise CopyError("{file} cannot be used ({why})", file=str(path), why=error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError) as error:  # what a copy says of itself
        raise CopyDamagedError("{file} is damaged ({why})", file=str(path), why=str(error)) from error


def _last_run_at(connection: sqlite3.Connection) -> datetime | None:
    with suppress(sqlite3.OperationalError):  # before there were takes
        (last,) = connection.execute("SELECT max(started_at) FROM take WHERE source != 'strava_api'").fetchone()
        return datetime.fromisoformat(last) if last else None
    return None


def _refuse_newer(path: Path, version: int) -> None:
    if version > (known := len(scripts(MIGRATIONS))):
        raise CopyError(
            "{file} is of a newer duurloop (version {version}; this one knows versions up to {known}): update duurloop",
            file=str(path),
            version=version,
            known=known,
        )


def _count(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
