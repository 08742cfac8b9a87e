"""Where the files of an archive lie, in a zip or in a folder; nothing is ever unpacked to disk."""

import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast
from weakref import finalize

from connectors.activity_files import RefusalError

LIST = "activities.csv"
FOLDER = "activities"
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_TRICKS = re.compile(r"/|[a-z]:|(.*/)?\.\.(/|$)", re.IGNORECASE | re.DOTALL)
"""Ways out of an archive: from the root, from a drive, upwards."""
_LARGEST_CONTENTS = 20_000_000
"""Bytes of a zip's table of contents: 150,000 files; all of it has to be in memory."""
_ENCRYPTED = 0x1
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""The others take memory as the archive pleases, and no export uses them."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, struct.error)
# Altered bytes make zipfile stumble in many ways, not all of them its own.
_STUMBLES = (*_DAMAGE, ArithmeticError, AssertionError, LookupError, RuntimeError, ValueError)


class DamagedError(RefusalError):
    """A file of an archive does not unpack, or not to its end."""

    def __init__(self) -> None:
        super().__init__(
            "damaged in the archive: it does not unpack (cut short or altered); download the archive again"
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """One file of an archive, open."""

    stream: io.BufferedIOBase
    size_bytes: int
    modified_s: float
    """Seconds since 1970."""


class Storage(Protocol):
    """The files of an archive by their names in it; capitals do not count, and a backslash is a slash."""

    def names(self) -> Collection[str]:
        """Return the names of all files that can be asked for."""

    def size_bytes(self, name: str) -> int:
        """Return how long a file is, as it lies there; `KeyError` if there is none."""

    def fingerprint(self, name: str) -> str:
        """Return what stays the same as long as the file does."""

    def open(self, name: str) -> AbstractContextManager[Opened]:
        """Open a file. Raises `RefusalError` and `OSError`, also while it is read."""

    def close(self) -> None:
        """Let go of what is open."""


def is_archive(path: Path) -> bool:
    """Tell whether this is a zip, or a folder that has Strava's list of activities in it or in its one sub-folder."""
    try:
        return _root_of(path) is not None if path.is_dir() else path.is_file() and _has_zip_mark(path)
    except (OSError, ValueError):
        return False  # whoever opens it says why


def storage_of(path: Path) -> Storage:
    """Open an archive. Raises `RefusalError` and `OSError`."""
    if path.is_dir():
        return _Folder(_root_of(path) or path)
    if path.is_file() and _has_zip_mark(path):
        return _Zip(path)
    try:
        path.stat()
    except ValueError as error:  # a zero byte in it
        raise RefusalError("is no possible path; check it") from error
    raise RefusalError("is no archive; give the zip that Strava made, or the folder it was unpacked into")


def key_of(name: str) -> str:
    """Return what all spellings of a name have in common."""
    return name.replace("\\", "/").removeprefix("./").casefold()


def _has_zip_mark(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in _ZIP_MARKS


class _Zip:
    def __init__(self, path: Path) -> None:
        self._file = _Careful(path)
        self._let_go = finalize(self, self._file.close)
        self._modified_s = os.fstat(self._file.fileno()).st_mtime
        try:
            self._zip = zipfile.ZipFile(self._file)
            infos = {key_of(info.filename): info for info in self._zip.infolist() if not info.is_dir()}
        except _STUMBLES as error:
            raise RefusalError("damaged: it is no whole zip (cut short or altered); download it again") from error
        above = _above_list(infos)
        self._infos = {key.removeprefix(above): info for key, info in infos.items() if not _TRICKS.match(key)}

    def names(self) -> Collection[str]:
        return self._infos.keys()

    def size_bytes(self, name: str) -> int:
        return self._infos[key_of(name)].file_size

    def fingerprint(self, name: str) -> str:
        info = self._infos[key_of(name)]
        return f"{info.CRC:08x}-{info.file_size}"

    @contextmanager
    def open(self, name: str) -> Iterator[Opened]:
        info = self._infos.get(key_of(name))
        if info is None:
            raise _gone()
        if info.flag_bits & _ENCRYPTED:
            raise RefusalError("is encrypted; unpack the archive and give the folder")
        if info.compress_type not in _PACKINGS:
            raise RefusalError("is packed in a way that no export uses; unpack the archive and give the folder")
        try:
            stream = cast("io.BufferedIOBase", self._zip.open(info))
        except _STUMBLES as error:
            raise DamagedError from error
        with stream:
            try:
                yield Opened(stream, info.file_size, self._modified_s)
            except _DAMAGE as error:
                raise DamagedError from error

    def close(self) -> None:
        self._let_go()


class _Careful(io.FileIO):
    """A zip that is never read in large pieces: its table of contents would be taken whole, however long."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = max(0, os.fstat(self.fileno()).st_size - self.tell())
        if size > _LARGEST_CONTENTS:
            raise RefusalError("holds more files than any export; give the folder it was unpacked into")
        return super().read(size)


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = {key_of(path.relative_to(root).as_posix()): path for path in self._found()}

    def names(self) -> Collection[str]:
        return self._files.keys()

    def size_bytes(self, name: str) -> int:
        return self._files[key_of(name)].stat().st_size

    def fingerprint(self, name: str) -> str:
        status = self._files[key_of(name)].stat()
        return f"{status.st_mtime_ns:x}-{status.st_size}"

    @contextmanager
    def open(self, name: str) -> Iterator[Opened]:
        path = self._files.get(key_of(name))
        if path is None:
            raise _gone()
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            yield Opened(stream, status.st_size, status.st_mtime)

    def close(self) -> None:
        pass

    def _found(self) -> Iterator[Path]:
        """Find the ordinary files; a link is followed only where it stays inside."""
        for folder in (self._root, self._root / FOLDER):
            if not folder.is_dir() or not self._is_inside(folder):
                continue
            with os.scandir(folder) as entries:
                for entry in entries:
                    path = folder / entry.name
                    if path.is_file() and self._is_inside(path) if entry.is_symlink() else entry.is_file():
                        yield path

    def _is_inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._root.resolve())


def _root_of(folder: Path) -> Path | None:
    """Return where the list lies: here, or in the only sub-folder that has one."""
    if (folder / LIST).is_file():
        return folder
    with os.scandir(folder) as entries:
        below = [folder / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    roots = [path for path in below if (path / LIST).is_file()]
    return roots[0] if len(roots) == 1 else None


def _above_list(keys: Iterable[str]) -> str:
    """Return the folder in a zip in which the list lies, with its slash; empty where it lies on top, or nowhere."""
    above = sorted({key.removesuffix(LIST) for key in keys if key == LIST or key.endswith(f"/{LIST}")}, key=len)
    within = [folder for folder in above if folder.count("/") <= 1]
    if not within or within[0] == "":
        return ""
    if len(within) > 1:
        raise RefusalError("holds several exports; unpack it and give one of the folders")
    return within[0]


def _gone() -> RefusalError:
    return RefusalError("is not in the archive any more; give the archive again")
