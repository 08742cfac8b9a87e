"""The files of databases: put in their place whole or not at all, given to whom they should belong, and held."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def settle(fresh: Path, target: Path) -> None:
    """Put a finished file in the place of another so that a power cut leaves one of the two."""
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    fresh.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def belong_like(path: Path, other: Path) -> None:
    """Give a file to whom the folder of another belongs, if we may: root makes copies for the service, too."""
    owner = other.parent.stat()
    if os.geteuid() == 0:
        with suppress(PermissionError):  # a disk of the network, or a root with few rights
            os.chown(path, owner.st_uid, owner.st_gid)


@contextmanager
def held(path: Path, how: int) -> Iterator[bool]:
    """Hold a file or a folder; tell whether nobody else does. A kill lets go of it."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield _is_free(handle, how)
    finally:
        os.close(handle)


def _is_free(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how)
    except BlockingIOError:
        return False
    except OSError:  # a disk that knows no such thing
        return True
    return True
