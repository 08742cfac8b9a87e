"""Which house a database is of: folders for copies may be shared, and nobody is to touch the copies of another one.

The name lies in the database, so that copies have it, and beside it, for the day on which it cannot be read.
"""

import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from connectors.sqlite import BUSY_S
from connectors.sqlite_checks import HOUSE_MEMO, reading, told
from connectors.sqlite_files import belong_like
from daemon.keeping.copies import CopyError
from daemon.whole_file import put_whole

_BYTES = 8


def house_of(database: Path) -> str:
    """Return the name of a database's house; empty if it has none yet."""
    with suppress(CopyError), reading(database, is_still=False) as connection:
        if row := connection.execute("SELECT value FROM memo WHERE key = ?", (HOUSE_MEMO,)).fetchone():
            return str(row["value"])
    with suppress(OSError, UnicodeDecodeError):
        return _beside(database).read_text(encoding="ascii").strip()
    return ""


def name_house(database: Path) -> None:
    """See that the house has a name, in both places. Raises `CopyError`."""
    name = house_of(database) or secrets.token_hex(_BYTES)
    with told(database), closing(sqlite3.connect(database, timeout=BUSY_S)) as connection, connection:
        if not connection.execute("SELECT 1 FROM memo WHERE key = ?", (HOUSE_MEMO,)).fetchone():
            connection.execute("INSERT INTO memo VALUES (?, ?)", (HOUSE_MEMO, name))
    beside = _beside(database)
    with told(beside):
        if not beside.exists() or beside.read_bytes() != name.encode():
            put_whole(beside, name.encode(), 0o600)
            belong_like(beside, database)


def _beside(database: Path) -> Path:
    return database.with_name(f"{database.name}.house")
