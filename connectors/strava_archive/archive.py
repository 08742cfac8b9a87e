"""The activities of an archive, newest first, each to be read by itself."""

import hashlib
import os
import re
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from connectors.activity_files import RefusalError, explained, read_stream
from connectors.activity_files.content import printable
from connectors.activity_files.values import name_of
from connectors.strava_archive.dates import dates_of
from connectors.strava_archive.listing import Row, is_activity, rows_of
from connectors.strava_archive.sports import sport_called
from connectors.strava_archive.storage import Storage, key_of, storage_of
from daemon.domain.marking import _
from daemon.domain.recording import Recording

_LOOSE = re.compile(r"(?!__macosx/)([^/]+/)*(?!\._)[^/]+\.(fit|gpx|tcx)(\.gz)?", re.DOTALL)
_DIGITS = re.compile(r"\d{1,20}")
_LONGEST_TOLD = 80
_WITHOUT_LIST = _("has no readable list of activities: the files are taken without their names on Strava")
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive, and what the list says of it."""

    file: str
    """As it is listed: `activities/123.fit.gz`."""
    activity: str
    """Strava's number of the activity, in digits; empty where the list has none."""
    name: str | None
    sport: str | None
    """None where the list's word is not known: then the file's own counts."""
    listed_at: datetime | None
    """When it began, as the list has it, in UTC."""
    size_bytes: int
    """As it lies in the archive."""
    fingerprint: str
    """Stays the same as long as the file does, but is another one in a zip than in a folder."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds."""

    entries: tuple[Entry, ...]
    """The newest first."""
    missing: tuple[str, ...]
    """Listed, but not there."""
    refused: tuple[str, ...]
    """Listed under a name that no export gives, and left alone."""
    by_hand: int
    """Activities without a file."""
    note: str | None
    """A key of the catalogues: what the runner should know of it."""


def open_archive(path: Path) -> Archive:
    """Look at what an archive holds, or raise one `ActivityFileError`."""
    close_archives()  # the folder may be another by now
    with explained(path), closing(storage_of(path)) as storage:
        rows = rows_of(storage)
        listed = _listed(storage, rows)
        entries = [*listed, *_unlisted(storage, listed, has_list=bool(rows))]
        if not entries and not rows:
            raise RefusalError("holds no activities; give the zip that Strava made, or the folder it was unpacked into")
        files = list(dict.fromkeys(row.file for row in rows if row.file))
        return Archive(
            tuple(sorted(entries, key=_age, reverse=True)),
            missing=tuple(
                printable(file) for file in files if is_activity(file) and key_of(file) not in storage.names()
            ),
            refused=tuple(printable(file[:_LONGEST_TOLD]) for file in files if not is_activity(file)),
            by_hand=sum(row.file is None for row in rows),
            note=None if rows else _WITHOUT_LIST,
        )


def read_entry(path: Path, entry: Entry) -> tuple[Recording, ...]:
    """Read the activities of one entry, or raise `ActivityFileError`; the archive stays open for the next one."""
    with explained(path / entry.file), _kept(path, _stamp(path)).open(entry.file) as opened:
        recordings = read_stream(opened.stream, packed_bytes=opened.size_bytes, modified_s=opened.modified_s)
        return tuple(_as_listed(entry, recording, among=recordings) for recording in recordings)


def digest_of(path: Path, entry: Entry) -> str:
    """Return the SHA-256 of the file as it lies in the archive, the same as of a copy elsewhere."""
    with explained(path / entry.file), _kept(path, _stamp(path)).open(entry.file) as opened:
        return hashlib.file_digest(opened.stream, "sha256").hexdigest()


def close_archives() -> None:
    """Let go of the archive that was read last in this process."""
    _kept.cache_clear()


@lru_cache(maxsize=1)
def _kept(path: Path, stamp: tuple[int, ...]) -> Storage:  # noqa: ARG001 - another stamp, another archive
    """Keep one archive open: to read a zip's table of contents takes as long as a short run."""
    return storage_of(path)


def _stamp(path: Path) -> tuple[int, ...]:
    status = path.stat()
    # A forked process would share its parent's place in the file: each opens the archive for itself.
    return os.getpid(), status.st_size, status.st_mtime_ns


def _listed(storage: Storage, rows: list[Row]) -> list[Entry]:
    """Return an entry for each file that is listed and there; of two rows for one file the first counts."""
    there = storage.names()
    dates = dates_of([row.date for row in rows])
    entries: dict[str, Entry] = {}
    for row, date in zip(rows, dates, strict=True):
        if row.file and is_activity(row.file) and (key := key_of(row.file)) in there and key not in entries:
            bare = _unnamed(storage, row.file)
            entries[key] = replace(
                bare, activity=row.activity, name=name_of(row.name), sport=sport_called(row.type), listed_at=date
            )
    return list(entries.values())


def _unlisted(storage: Storage, listed: list[Entry], *, has_list: bool) -> list[Entry]:
    """Return the entries that a list cut short has left out; without a list, whatever may be an activity."""
    known = {key_of(entry.file) for entry in listed}
    is_wanted = is_activity if has_list else _LOOSE.fullmatch
    return [_unnamed(storage, name) for name in storage.names() if name not in known and is_wanted(name)]


def _unnamed(storage: Storage, file: str) -> Entry:
    return Entry(
        file,
        activity="",
        name=None,
        sport=None,
        listed_at=None,
        size_bytes=storage.size_bytes(file),
        fingerprint=storage.fingerprint(file),
    )


def _age(entry: Entry) -> tuple[datetime, int]:
    """Order by date; where that cannot be read, by number: the numbers grow with the time of upload."""
    digits = _DIGITS.search(entry.activity or entry.file.rpartition("/")[2])
    return entry.listed_at or _BEFORE_ALL, int(digits.group()) if digits else 0


def _as_listed(entry: Entry, recording: Recording, among: tuple[Recording, ...]) -> Recording:
    """Give a recording its name and sport on Strava; a file of several sports knows better which part is which."""
    is_of_one_sport = len({other.sport for other in among}) == 1
    return replace(
        recording,
        name=entry.name or recording.name,
        sport=entry.sport if entry.sport and is_of_one_sport else recording.sport,
    )
