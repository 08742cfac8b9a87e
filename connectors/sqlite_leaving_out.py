"""What no copy of the database may hold, and how it is taken out of one so that not a byte of it stays.

What came by Strava's API alone is lent for some days; letters that wait would be said twice by a house that was put
back, and the words of all others are nobody's business any more. Keys of the page that are taken back after a copy was
made would open it again.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

WAIT_S = 5.0
KEYS = "key LIKE 'secret:%'"
"""Which memos are keys of the page, or of links in messages."""

_LEAVE_OUT = (
    # the day of a run along a plan stays, without the hour, as when Strava's take of it has to go
    """UPDATE step_run SET began_at = substr(began_at, 1, 10) || 'T12:00:00.000+00:00' WHERE run IN
        (SELECT run FROM take GROUP BY run HAVING min(source = 'strava_api'))""",
    "DELETE FROM take WHERE source = 'strava_api'",
    """UPDATE take SET is_best = 1 WHERE NOT EXISTS (SELECT 1 FROM take AS t WHERE t.run = take.run AND t.is_best)
        AND NOT EXISTS (SELECT 1 FROM take AS t
            WHERE t.run = take.run AND (t.heard_s, -t.number) > (take.heard_s, -take.number))""",
    "DELETE FROM strava_activity",
    "DELETE FROM letter WHERE state IN ('due', 'sending')",
    "UPDATE letter SET title = '', body = ''",
    "UPDATE letter SET html = NULL, picture = NULL",
    # whoever puts this back looks first whether it has arrived since
    "UPDATE handed_out SET is_unsure = 1 WHERE state = 'due'",
    f"DELETE FROM memo WHERE {KEYS}",  # noqa: S608 - a constant
)


def leave_out(connection: sqlite3.Connection) -> None:
    """Delete what no copy may hold; an earlier duurloop did not have all of it yet."""
    for statement in _LEAVE_OUT:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if not str(error).startswith("no such "):
                raise


def rewrite(path: Path, job: Callable[[sqlite3.Connection], None]) -> bool:
    """Change a copy, and leave nothing behind of what was in it before; tell whether anything changed."""
    with closing(sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)) as connection:
        for pragma in ("foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN IMMEDIATE")
        job(connection)
        connection.execute("COMMIT")
        if has_changed := bool(connection.total_changes):  # pages that were moved about keep what once stood on them
            connection.execute("VACUUM")
        return has_changed
