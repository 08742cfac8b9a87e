"""The folder in which everything is kept: made for nobody else's eyes, held by one service at a time.

Commands may be given by root beside a service that has a user of its own. Whatever they make in there is the service's.
"""

import atexit
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from daemon.telling import Exit, TellingError

DATABASE_NAME, LOCK_NAME, STRAVA_LOCK_NAME = "duurloop.db", "duurloop.lock", "strava.lock"
COMMANDS_LOCK_NAME = "commands.lock"
"""Held together by the commands that write in the database, and alone by the one that puts another in its place."""


class AlreadyRunningError(TellingError):
    """Another service has this state folder."""

    ends = Exit.TRY_LATER


class StateFolderError(TellingError):
    """The state folder cannot be made or used."""


def prepare(state: Path) -> Path:
    """Make the folder if need be, and return it. Raises `StateFolderError`, `PermissionError`."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_anothers(state):
            # at once what the service opens by itself, at the end what else has come: copies, SQLite's own files
            for name in (DATABASE_NAME, LOCK_NAME, STRAVA_LOCK_NAME, COMMANDS_LOCK_NAME):
                _touch(state / name)
            give_to_owner(state)
            atexit.register(give_to_owner, state)
        _touch(state / LOCK_NAME)
    except PermissionError:
        raise
    except OSError as error:
        raise StateFolderError(
            "the state folder {state} cannot be used ({why}): say another with --state",
            state=str(state),
            why=error.strerror,
        ) from error
    return state


@contextmanager
def only_service(state: Path) -> Iterator[None]:
    """Hold the folder for this service alone."""
    with alone(prepare(state) / LOCK_NAME) as is_alone:
        if not is_alone:
            raise AlreadyRunningError(
                "a duurloop runs with its state in {state} already: stop that one first", state=str(state)
            )
        yield


@contextmanager
def alone(lock: Path) -> Iterator[bool]:
    """Hold a lock for as long as the context is open; give whether it was to be had."""
    with _held(lock, fcntl.LOCK_EX) as is_held:
        yield is_held


@contextmanager
def together(lock: Path) -> Iterator[bool]:
    """Hold a lock with others who do the same; give whether nobody holds it alone."""
    with _held(lock, fcntl.LOCK_SH) as is_held:
        yield is_held


@contextmanager
def _held(lock: Path, how: int) -> Iterator[bool]:
    _touch(lock)
    if _is_anothers(lock.parent):
        give_to_owner(lock.parent)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, how | fcntl.LOCK_NB)
            is_held = True
        except BlockingIOError:
            is_held = False
        yield is_held


def _touch(path: Path) -> None:
    """Make a file, if it is not there; root does not follow where the folder's user may have laid a link."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))


def give_to_owner(folder: Path) -> None:
    """Give what root made in a folder to whoever the folder belongs to; whoever is not root has nothing to give."""
    if not _is_anothers(folder):
        return
    owner = folder.stat()
    for place, folders, files, number in os.fwalk(folder):
        del place
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                found = os.stat(name, dir_fd=number, follow_symlinks=False)
                # its user may lay links in here: to what is elsewhere, root keeps its hold
                if found.st_uid == 0 and (found.st_nlink == 1 or stat.S_ISDIR(found.st_mode)):
                    os.chown(name, owner.st_uid, owner.st_gid, dir_fd=number, follow_symlinks=False)


def _is_anothers(folder: Path) -> bool:
    """Tell whether this is root in the folder of a user."""
    return os.geteuid() == 0 and folder.exists() and folder.stat().st_uid != 0
