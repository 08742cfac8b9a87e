"""The folder in which everything is kept: made for nobody else's eyes, held by one service at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
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
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_alone = True
        except BlockingIOError:
            is_alone = False
        yield is_alone
