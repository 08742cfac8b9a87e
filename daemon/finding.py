"""From paths on the command line to the files that are to be read."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connectors.activity_files import ActivityFileError, RefusalError, explained
from connectors.strava_archive import Archive, is_archive, open_archive
from connectors.strava_archive.storage import LIST
from daemon.domain.marking import _
from daemon.importing import ACTIVITIES, ARCHIVE, TABLES, Harvest
from daemon.reading import Hint, Job, refused

_AWAY = ("__MACOSX",)
"""Folders that hold copies of names, and no content."""
_NOTHING = _("holds no activities (FIT, TCX, GPX, or tables of beats); check the path")


@dataclass(slots=True)
class Found:
    """What there is to read."""

    jobs: list[Job] = field(default_factory=list)
    """Within each path the newest first: a run of today gets its message first."""
    refused: list[tuple[Job, Harvest]] = field(default_factory=list)
    """What cannot even be looked into."""
    archives: list[tuple[Path, Archive]] = field(default_factory=list)


def find(paths: Sequence[Path]) -> Found:
    """Look at what the paths hold: files, folders with all below them, archives."""
    found = Found()
    for path in paths:
        if path.is_dir():
            _find_below(path, found)
        elif is_archive(path):
            _open(path, found, Hint.NAMED)
        else:
            found.jobs.append(Job(path))
    return found


def _find_below(root: Path, found: Found) -> None:
    files: list[tuple[float, Job]] = []
    before = _size(found)
    folders = [root]
    while folders:
        folder = folders.pop()
        hint = Hint.NAMED if folder == root else Hint.FOUND
        try:
            with explained(folder):
                if (folder / LIST).is_file():
                    _open(folder, found, hint)
                    continue
                for entry in _entries(folder):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    else:
                        _sort_in(entry, found, files)
        except ActivityFileError as error:
            _refuse(folder, found, hint, error)
    found.jobs += [job for _, job in sorted(files, key=lambda file: file[0], reverse=True)]
    if _size(found) == before:
        _refuse(root, found, Hint.NAMED, ActivityFileError(root, RefusalError(_NOTHING)))


def _sort_in(entry: "os.DirEntry[str]", found: Found, files: list[tuple[float, Job]]) -> None:
    """See by its name what a file may be; most are nothing to us."""
    path, name = Path(entry.path), entry.name.lower()
    bare = name.removesuffix(".gz")
    if bare.endswith((*ACTIVITIES, *TABLES)):
        hint = Hint.FOUND if bare.endswith(ACTIVITIES) else Hint.GUESSED
        files.append((_modified_s(entry), Job(path, hint=hint)))
    elif name.endswith(ARCHIVE) and is_archive(path):
        _open(path, found, Hint.GUESSED)


def _open(path: Path, found: Found, hint: Hint) -> None:
    try:
        archive = open_archive(path)
    except ActivityFileError as error:
        _refuse(path, found, hint, error)
    else:
        found.archives.append((path, archive))
        found.jobs += [Job(path, entry, Hint.FOUND) for entry in archive.entries]


def _refuse(path: Path, found: Found, hint: Hint, error: ActivityFileError) -> None:
    job = Job(path, hint=hint)
    found.refused.append((job, refused(job, error)))


def _size(found: Found) -> int:
    return len(found.jobs) + len(found.refused) + len(found.archives)


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if not entry.name.startswith(".") and entry.name not in _AWAY)


def _modified_s(entry: "os.DirEntry[str]") -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0
