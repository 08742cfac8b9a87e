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

from daemon.telling import TellingError

DATABASE_NAME, LOCK_NAME, STRAVA_LOCK_NAME = "duurloop.db", "duurloop.lock", "strava.lock"


class AlreadyRunningError(TellingError):
    """Another service has this state folder."""


class StateFolderError(TellingError):
    """The state folder cannot be made or used."""


def prepare(state: Path) -> Path:
    """Make the folder if need be, and return it. Raises `StateFolderError`, `PermissionError`."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_anothers(state):
            # at once what the service opens by itself, at the end what else has come: copies, SQLite's own files
            for name in (DATABASE_NAME, LOCK_NAME, STRAVA_LOCK_NAME):
                (state / name).touch(mode=0o600)
            give_to_owner(state)
            atexit.register(give_to_owner, state)
        (state / LOCK_NAME).touch(mode=0o600)
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
    lock.touch(mode=0o600)
    if _is_anothers(lock.parent):
        give_to_owner(lock.parent)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_alone = True
        except BlockingIOError:
            is_alone = False
        yield is_alone


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
