"""Copies of the database in a folder: made beside a running service, checked, and let go when their turn has come.

Everything here blocks, and has a connection of its own: a service calls it from a thread, and its live sessions go
on writing meanwhile. A copy is one file, for its owner alone, without what no copy may hold (`sqlite_leaving_out`).
"""

import fcntl
import heapq
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

from connectors.sqlite import BUSY_S, LOGS, asides_of, copies_before, is_damage
from connectors.sqlite_checks import COPY_MEMO, check, contents_of, digest_of, reading, told
from connectors.sqlite_files import belong_like, held, settle
from connectors.sqlite_handed_out import UNLINK_UPLOADS
from connectors.sqlite_house import house_of, name_house
from connectors.sqlite_leaving_out import leave_out, rewrite
from daemon.domain.rotation import Made, kept
from daemon.keeping.copies import Contents, Copy, CopyDamagedError, CopyError, CopyKind, SourceDamagedError

_DAILY = re.compile(r"duurloop-(\d{4}-\d\d-\d\d)\.db")
_HALVES = ".duurloop-*.half"
"""Copies in the making, held by who makes them, and what was left of those that were cut short."""
_FOLDER_MEMO = "copies:folder"
"""Where copies have been made: a folder that had some and has none is likely a disk that is not there."""


class Copies:
    """The copies of a database; the port `DailyCopies`."""

    def __init__(self, database: Path, folder: Path | None = None) -> None:
        """Keep them in `folder`, which has to be there; without one in `backups` beside the database."""
        self.database = database
        self.folder = folder or database.with_name("backups")
        self._is_own_folder = folder is None

    # -- looking --

    def listed(self, *, also_of_others: bool = False) -> list[Copy]:
        """Return the copies that can be read, the last made first, then those made before updates.

        Daily ones come in the order in which they were made, and those by hand between them by their time. Those of
        other houses are passed over, if not `also_of_others`.
        """
        copies = self._readable()
        others = [] if also_of_others else self._of_others(copies)
        copies = [copy for copy in copies if copy not in others]
        daily = [copy for copy in copies if copy.kind is CopyKind.DAILY]
        daily.sort(key=lambda copy: copy.contents.number, reverse=True)
        own = sorted((copy for copy in copies if copy.kind is CopyKind.OWN), key=_made_at, reverse=True)
        before = [copy for path in copies_before(self.database) if (copy := copy_of(path))]
        return [*heapq.merge(daily, own, key=_made_at, reverse=True), *sorted(before, key=_made_at, reverse=True)]

    def newest(self) -> Copy | None:
        """Return the copy in the folder that was made last, whatever its date says. Raises `CopyError`."""
        return self._last_of(CopyKind.DAILY, CopyKind.OWN)

    def newest_good(self, *, also_of_others: bool = False) -> Copy | None:
        """Return the last copy that is whole, as is seen just now."""
        return next((copy for copy in self.listed(also_of_others=also_of_others) if _is_whole(copy)), None)

    def is_elsewhere(self) -> bool:
        """Tell whether the copies lie on another disk than the database."""
        with suppress(OSError):
            return self.folder.stat().st_dev != self.database.parent.stat().st_dev
        return False

    # -- making --

    def make(self, now: datetime) -> Copy | None:
        """Make the copy of the day and let others go; None if nothing has changed. Raises `CopyError`."""
        self._prepare_folder()
        last = self._last_of(CopyKind.DAILY)
        self._refuse_shadow()
        self._refuse_others()
        with _source():
            check(self.database, is_still=False)
            digest = self._digest()
        if last and last.contents.digest == digest and _is_whole(last):
            return None
        number = 1 + (last.contents.number if last else 0)
        self._remember_folder()
        name_house(self.database)
        made = self._write(self.folder / f"duurloop-{now:%Y-%m-%d}.db", now, self._digest(), number)
        self._rotate()
        return made

    def make_at(self, target: Path, now: datetime) -> Copy:
        """Make a copy somewhere else, in place of what is there. Raises `CopyError`."""
        return self._write(target, now, self._digest(), 0)

    def cleanse(self, job: Callable[[sqlite3.Connection], None]) -> None:
        """Do `job` in every copy, and leave no trace of what it deletes; a copy that cannot be read goes as a whole.

        Those by hand that lie elsewhere are not known here. Raises `CopyError`
        when all others are done, also where the folder is not there.
        """
        for half in [*self.folder.glob(_HALVES), *self.database.parent.glob(_HALVES)]:
            drop(half)  # whoever makes it just now has read what is to go
        drop_fresh(self.database)
        before_folder = Copies(self.database)._in_folder() if not self._is_own_folder else []  # noqa: SLF001 - of the same kind
        others = {copy.path for copy in self._of_others(self._readable())}
        in_folder = [path for path in self._in_folder() if path not in others]
        failed: CopyError | None = None
        for path in [*in_folder, *before_folder, *copies_before(self.database), *asides_of(self.database)]:
            try:
                with told(path):
                    _cleanse(path, job)
            except CopyDamagedError as error:
                if others and path in in_folder:  # perhaps it is theirs
                    failed = error
                else:
                    drop(path)
            except CopyError as error:
                failed = error
        if failed:
            raise failed
        self._refuse_missing()
        self._refuse_shadow()

    # -- inside --

    def _last_of(self, *kinds: CopyKind) -> Copy | None:
        self._refuse_missing()
        return next((copy for copy in self.listed() if copy.kind in kinds), None)

    def _in_folder(self) -> list[Path]:
        return [path for path in self.folder.glob("duurloop-*.db") if path.is_file()]

    def _readable(self) -> list[Copy]:
        return [copy for path in self._in_folder() if (copy := copy_of(path))]

    def _of_others(self, copies: list[Copy]) -> list[Copy]:
        """Return those that are of other houses. One that does not say of which it is counts as ours."""
        if self._is_own_folder:
            return []
        ours = ("", house_of(self.database))
        return [copy for copy in copies if copy.contents.house not in ours]

    def _refuse_others(self) -> None:
        """Refuse a folder in which another house has daily copies: they bear the same names."""
        if any(copy.kind is CopyKind.DAILY for copy in self._of_others(self._readable())):
            raise CopyError(
                "{folder} holds copies of another duurloop: say another folder under [backup]. If they are your own,"
                " from before, go on from them: duurloop restore {folder}",
                folder=str(self.folder),
            )

    def _prepare_folder(self) -> None:
        if self._is_own_folder:
            with told(self.folder):
                self.folder.mkdir(mode=0o700, exist_ok=True)
                belong_like(self.folder, self.database)

    def _refuse_missing(self) -> None:
        if self._is_own_folder and not self.folder.exists():
            return  # the first copy makes it
        if not self._is_own_folder and not self.folder.is_dir():
            raise CopyError(
                "the folder for copies, {folder}, is not there: is its disk switched on and mounted?",
                folder=str(self.folder),
            )
        with told(self.folder), os.scandir(self.folder):
            pass

    def _refuse_shadow(self) -> None:
        """Refuse the bare place of a disk that is not mounted: copies would fill the wrong disk, and be hidden."""
        if self._is_own_folder or any(self._in_folder()) or self._known_folder() != str(self.folder):
            return
        raise CopyError(
            "the folder for copies, {folder}, had some and is empty: is its disk mounted? If you emptied it yourself,"
            " put a first one there: duurloop backup {folder}",
            folder=str(self.folder),
        )

    def _known_folder(self) -> str | None:
        with reading(self.database, is_still=False) as connection:
            row = connection.execute("SELECT value FROM memo WHERE key = ?", (_FOLDER_MEMO,)).fetchone()
            return row and str(row["value"])

    def _remember_folder(self) -> None:
        if self._is_own_folder or self._known_folder() == str(self.folder):
            return
        with told(self.database), closing(sqlite3.connect(self.database, timeout=BUSY_S)) as connection, connection:
            connection.execute("INSERT OR REPLACE INTO memo VALUES (?, ?)", (_FOLDER_MEMO, str(self.folder)))

    def _digest(self) -> str:
        with reading(self.database, is_still=False) as connection:
            return digest_of(connection)

    def _write(self, target: Path, now: datetime, digest: str, number: int) -> Copy:
        now = now.replace(microsecond=0)
        with told(target):
            Path(f"{target}-journal").exists()  # a name that is too long for that is too long for SQLite
        with told(target), _half_of(target) as half:
            with _source(), reading(self.database, is_still=False) as connection:
                _vacuum_into(half, target, connection)
            _finish(half, Contents(0, 0, now, number, digest))
            check(half)
            contents_of(half)
            belong_like(half, target)
            settle(half, target)
        made = copy_of(target)
        if made is None:
            raise CopyDamagedError("{file} is damaged ({why})", file=str(target), why="just after it was made")
        return made

    def _rotate(self) -> None:
        """Let those go whose turn has come; one has just been made, and was whole."""
        known = {
            Made(copy.contents.number if (copy := copy_of(path)) else 0, day): path
            for path in self._in_folder()
            if (day := _day_of(path))
        }
        for gone in set(known) - kept(known):
            with told(known[gone]):
                known[gone].unlink(missing_ok=True)


@contextmanager
def _half_of(target: Path) -> Iterator[Path]:
    """Give a new file beside `target` that is nobody else's, and drop those that whoever made them left behind."""
    half = target.with_name(f".duurloop-{os.urandom(6).hex()}.half")
    with ExitStack() as stack:
        with held(target.parent, fcntl.LOCK_EX):  # or another one takes it for left behind before it is held
            for left in target.parent.glob(_HALVES):
                with suppress(OSError, CopyError), held(left, fcntl.LOCK_EX | fcntl.LOCK_NB) as is_left:
                    if is_left:
                        drop(left)
            os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            stack.callback(_drop_if_there, half)
            stack.enter_context(held(half, fcntl.LOCK_EX))
        yield half


def _drop_if_there(half: Path) -> None:
    with suppress(CopyError):
        drop(half)


def _vacuum_into(half: Path, target: Path, connection: sqlite3.Connection) -> None:
    """Copy what is read; what goes wrong now, with a source that could be read just before, is the target's."""
    try:
        connection.execute("VACUUM INTO CAST(? AS TEXT)", (os.fsencode(half),))  # names need not be UTF-8
    except sqlite3.Error as error:
        if is_damage(error):
            raise
        raise CopyError("{file} cannot be used ({why})", file=str(target), why=str(error)) from error


def copy_of(path: Path) -> Copy | None:
    """Say what is known of a copy; None if it cannot be read, or is none of ours."""
    kind = CopyKind.DAILY if _day_of(path) else CopyKind.OWN if path.suffix == ".db" else CopyKind.BEFORE
    with suppress(CopyError, OSError):
        contents, looked = contents_of(path), path.stat()
        made_at = contents.made_at or datetime.fromtimestamp(looked.st_mtime, UTC)
        return Copy(path, kind, looked.st_size, contents, made_at)
    return None


def unlinked(runner: str) -> Callable[[sqlite3.Connection], None]:
    """Return the job that takes a runner's link to Strava out of a copy, and all that came by it."""

    def job(connection: sqlite3.Connection) -> None:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if "take" in tables:
            connection.execute("DELETE FROM take WHERE runner = ? AND source = 'strava_api'", (runner,))
        if "strava_account" in tables:
            connection.execute("DELETE FROM strava_activity WHERE runner = ?", (runner,))
            connection.execute("DELETE FROM strava_account WHERE runner = ?", (runner,))
        if "handed_out" in tables:
            for statement in UNLINK_UPLOADS:
                connection.execute(statement, (runner,))

    return job


@contextmanager
def _source() -> Iterator[None]:
    """Tell damage in the database itself from that in a copy."""
    try:
        yield
    except CopyDamagedError as error:
        raise SourceDamagedError(error.sentence, **error.parts) from error


def _made_at(copy: Copy) -> datetime:
    return copy.made_at


def _day_of(path: Path) -> date | None:
    named = _DAILY.fullmatch(path.name)
    with suppress(ValueError):
        return date.fromisoformat(named[1]) if named else None
    return None


def _is_whole(copy: Copy) -> bool:
    with suppress(CopyError, OSError):
        check(copy.path)
        return True
    return False


def _finish(half: Path, contents: Contents) -> None:
    """Make a copy of what was read: leave out what must not be in it, and say in it what it is."""
    made_at = contents.made_at and contents.made_at.isoformat()
    memo = json.dumps({"number": contents.number, "made_at": made_at, "digest": contents.digest})

    def job(connection: sqlite3.Connection) -> None:
        leave_out(connection)
        connection.execute("INSERT OR REPLACE INTO memo VALUES (?, ?)", (COPY_MEMO, memo))

    rewrite(half, job)


def _cleanse(path: Path, job: Callable[[sqlite3.Connection], None]) -> None:
    """Put a checked one without what is to go in the place of a copy: a cut leaves the one or the other."""
    looked = path.stat()
    if any(Path(f"{path}{ending}").exists() for ending in LOGS):
        rewrite(path, job)  # what was set aside by a kill: its log must be folded in, and never meet another file
        os.utime(path, ns=(looked.st_atime_ns, looked.st_mtime_ns))
    with _half_of(path) as half:
        with reading(path) as connection:
            _vacuum_into(half, path, connection)
        if not rewrite(half, job):
            return
        check(half)
        belong_like(half, path)
        os.utime(half, ns=(looked.st_atime_ns, looked.st_mtime_ns))
        settle(half, path)


def fresh_of(database: Path) -> Path:
    """Return where the one is made ready that is to take a database's place."""
    return database.with_name(f"{database.name}.fresh")


def drop_fresh(database: Path) -> None:
    """Remove it, with what was made of it on the way. Raises `CopyError`."""
    for path in (fresh_of(database), *copies_before(fresh_of(database))):
        drop(path)


def drop(path: Path) -> None:
    """Remove a database with all that belongs to it. Raises `CopyError`."""
    for ending in ("", *LOGS):
        file = Path(f"{path}{ending}")
        with told(file):
            file.unlink(missing_ok=True)


__all__ = ["Copies", "copy_of", "drop", "drop_fresh", "fresh_of", "unlinked"]
