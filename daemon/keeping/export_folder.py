"""The folder into which everything is exported: ours alone, for nobody else's eyes, and no half file in it."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePath

from daemon.telling import TellingError
from daemon.whole_file import plain_name, put_whole

MARKER = ".duurloop-export"
"""Tells an earlier export from a folder in which something else lives."""
OWNER_ALONE = 0o600


class ExportError(TellingError):
    """The folder cannot be used, or takes nothing more."""


class ExportFolder:
    """A folder for an export. Nothing that is in it already is ever deleted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = 0
        """How many files were written; they stay, whatever comes after."""

    def prepare(self) -> None:
        """Make it if need be, and mark it. Raises `ExportError`, `PermissionError`."""
        try:
            if not self.path.exists():
                self.path.mkdir(mode=0o700, parents=True)
                _belong_like(self.path, self.path.parent)
            there = {entry.name for entry in self.path.iterdir()}
        except (FileExistsError, NotADirectoryError) as error:
            raise ExportError("{folder} is no folder: say another one", folder=str(self.path)) from error
        except PermissionError:
            raise
        except OSError as error:
            raise self._unusable(error) from error
        if there and MARKER not in there:
            raise ExportError(
                "{folder} has something else in it already: say a new folder, or that of an earlier export",
                folder=str(self.path),
            )
        if MARKER not in there:
            self._put(self.path / MARKER, b"")

    def put(self, place: PurePath, content: bytes) -> None:
        """Write a file whole or not at all, in place of an earlier one. Raises `ExportError`."""
        self._put(self.path / place, content)
        self.written += 1

    def _put(self, target: Path, content: bytes) -> None:
        try:
            self._make_folders(target.parent)
            put_whole(target, content, OWNER_ALONE, lambda file: _belong_like(file, target.parent))
        except OSError as error:
            raise self._unusable(error) from error

    def _make_folders(self, folder: Path) -> None:
        if folder != self.path:
            self._make_folders(folder.parent)
            if not folder.is_dir():
                folder.mkdir(mode=0o700)
                _belong_like(folder, folder.parent)

    def _unusable(self, error: OSError) -> ExportError:
        why = error.strerror or "input/output error"
        if self.written:
            return ExportError(
                "{folder} cannot take any more ({why}). The {count} files in it are whole; the same command goes on",
                folder=str(self.path),
                why=why,
                count=self.written,
            )
        return ExportError("{folder} cannot be written to ({why}): name another folder", folder=str(self.path), why=why)


def folder_names(runners: Iterable[str]) -> dict[str, str]:
    """Return for each runner the name of a folder: fit for any disk, no way out of it, and no other runner's."""
    names: dict[str, str] = {}
    taken = set[str]()
    for runner in runners:
        name = first = plain_name(runner)
        number = 1
        while name.casefold() in taken:  # some disks do not tell capital letters from small ones
            number += 1
            name = f"{first} {number}"
        taken.add(name.casefold())
        names[runner] = name
    return names


def _belong_like(path: Path | int, folder: Path) -> None:
    """Give something to whom the folder around it belongs, if we may: root exports for a person."""
    if os.geteuid() == 0:
        owner = folder.stat()
        with suppress(PermissionError):  # a disk of the network, or a root with few rights
            os.chown(path, owner.st_uid, owner.st_gid)
