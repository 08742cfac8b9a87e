"""The database: whole, ours, with room to grow, and with a copy to go back to."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from connectors.sqlite import MIGRATIONS, asides_of, scripts
from connectors.sqlite_checks import Look, look_into
from connectors.sqlite_copies import Copies
from daemon.doctor.finding import Area, Finding, Link, sentence
from daemon.service_manager import ServiceManager
from daemon.state_folder import DATABASE_NAME

MB = 1_000_000
LITTLE_BYTES, TOO_LITTLE_BYTES = 200 * MB, 20 * MB
LARGE_LOG_BYTES = 64 * MB
CHECK_S = 6.0
"""So long the whole of a database is looked at."""
LONG_UNCOPIED = timedelta(days=3)
"""A run is in the copy of the next night; after this something is in the way."""

_area = Area(Link.DATABASE)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was seen of the database and its folder."""

    folder: Path
    looked_at: datetime
    is_there: bool = False
    trouble: str | None = None
    """`damaged`, `forbidden`, `foreign`, `unreadable`."""
    is_whole: bool | None = None
    """None where there was no time to see all of it."""
    version: int = 0
    known: int = 0
    size_bytes: int = 0
    log_bytes: int = 0
    free_bytes: int = 10 * LITTLE_BYTES
    is_readonly: bool = False
    is_open: bool = False
    """Others may read it."""
    is_strange: bool = False
    """File and folder belong to different users."""
    copied_at: datetime | None = None
    last_run_at: datetime | None = None
    """When the last run began that a copy would have; None if there is none."""
    asides: int = 0


def look_at_database(folder: Path, copies: Path | None, now: datetime) -> Kept:
    """Look at everything, and change nothing."""
    path = folder / DATABASE_NAME
    known = len(scripts(MIGRATIONS))
    try:
        is_there = path.exists() and path.stat().st_size > 0
        disk = os.statvfs(next(one for one in (folder, *folder.parents) if one.exists()))
    except PermissionError:
        return Kept(folder, now, is_there=True, trouble="forbidden", known=known)
    free, readonly = disk.f_bavail * disk.f_frsize, bool(disk.f_flag & os.ST_RDONLY)
    if not is_there:
        return Kept(folder, now, known=known, free_bytes=free, is_readonly=readonly)
    look = look_into(path, CHECK_S) if os.access(path, os.R_OK) else Look("forbidden", version=known)
    log = path.with_name(f"{path.name}-wal")
    about = Copies(path, copies)
    copied_at = max((copy.made_at for copy in about.listed()), default=None) if look.trouble != "forbidden" else None
    return Kept(
        folder=folder,
        looked_at=now,
        is_there=True,
        trouble=look.trouble,
        is_whole=look.is_whole,
        version=look.version,
        known=known,
        size_bytes=path.stat().st_size,
        log_bytes=log.stat().st_size if log.exists() else 0,
        free_bytes=free,
        is_readonly=readonly,
        is_open=bool(stat.S_IMODE(path.stat().st_mode) & 0o077) and bool(folder.stat().st_mode & 0o005),
        is_strange=path.stat().st_uid != folder.stat().st_uid,
        copied_at=copied_at,
        last_run_at=look.last_run_at,
        asides=len(asides_of(path)),
    )


def judge_database(kept: Kept, manager: ServiceManager) -> list[Finding]:
    """Say how it is with what is kept."""
    findings = [*_disk(kept)]
    if not kept.is_there:
        return [_area.ok("integrity", sentence("There is no database yet; the first start makes it.")), *findings]
    if kept.trouble == "forbidden":
        reason = sentence("This user may not look into the state folder {folder}.", folder=kept.folder)
        return [_area.unknown("integrity", reason, sentence("Look as root: sudo duurloop doctor"))]
    return [*_integrity(kept, manager), *_rights(kept), *findings, *_copies(kept)]


def _integrity(kept: Kept, manager: ServiceManager) -> Iterator[Finding]:
    if kept.trouble == "damaged":
        yield _area.fault(
            "integrity",
            sentence("The database is damaged."),
            sentence(
                "Start the service, which puts the last good copy in its place: {control} restart duurloop",
                control=manager.control,
            )
            if kept.copied_at
            else sentence("Put a copy of yours in its place: duurloop restore FILE"),
        )
    elif kept.trouble == "foreign":
        yield _area.fault(
            "integrity",
            sentence("{folder} holds the database of some other program.", folder=kept.folder),
            sentence("Say another state folder: duurloop --state DIR run"),
        )
    elif kept.trouble:
        yield _area.fault(
            "integrity",
            sentence("The database cannot be read."),
            sentence("See what its disk says: sudo dmesg | tail, and df -h {folder}", folder=kept.folder),
        )
    elif kept.version > kept.known:
        yield _area.fault(
            "version",
            sentence("The database was made by a newer duurloop than this one."),
            sentence("Bring duurloop up to date: see duurloop --version, and upgrade as you installed it"),
        )
    else:
        if kept.version < kept.known:
            yield _area.ok(
                "version", sentence("The database is of an earlier duurloop; the next start brings it up to date.")
            )
        size = f"{kept.size_bytes / MB:.1f}"
        yield (
            _area.ok("integrity", sentence("The database is whole ({size} MB).", size=size))
            if kept.is_whole
            else _area.ok(
                "integrity", sentence("The database is well as far as it was looked at ({size} MB).", size=size)
            )
        )
    if kept.asides:
        yield _area.warning(
            "aside",
            sentence("An earlier database was set aside, for it was damaged or replaced."),
            sentence("When all is as it should be, remove it: ls {folder} shows it", folder=kept.folder),
        )
    if kept.log_bytes > LARGE_LOG_BYTES:
        yield _area.warning(
            "log",
            sentence("The database's log has grown to {size} MB.", size=round(kept.log_bytes / MB)),
            sentence("Start the service anew, which empties it: {control} restart duurloop", control=manager.control),
        )


def _rights(kept: Kept) -> Iterator[Finding]:
    if kept.is_open:
        yield _area.warning(
            "rights",
            sentence("Others on this machine may read the database."),
            sentence("Close it: sudo chmod -R go-rwx {folder}", folder=kept.folder),
        )
    if kept.is_strange:
        yield _area.fault(
            "owner",
            sentence("The database belongs to another user than its folder, so the service may not write to it."),
            sentence("Give it back: sudo chown -R --reference={folder} {folder}", folder=kept.folder),
        )


def _disk(kept: Kept) -> Iterator[Finding]:
    free = round(kept.free_bytes / MB)
    if kept.is_readonly:
        yield _area.fault(
            "disk",
            sentence("The disk of {folder} can only be read.", folder=kept.folder),
            sentence(
                "See why with sudo dmesg | tail, then: sudo mount -o remount,rw $(findmnt -no TARGET -T {folder})",
                folder=kept.folder,
            ),
        )
    elif kept.free_bytes < TOO_LITTLE_BYTES:
        yield _area.fault(
            "disk",
            sentence("The disk is full: {free} MB are free.", free=free),
            sentence("Make room, for example: sudo apt clean && sudo journalctl --vacuum-size=100M"),
        )
    elif kept.free_bytes < LITTLE_BYTES:
        yield _area.warning(
            "disk",
            sentence("The disk is nearly full: {free} MB are free.", free=free),
            sentence("Make room, for example: sudo apt clean && sudo journalctl --vacuum-size=100M"),
        )
    else:
        yield _area.ok("disk", sentence("The disk has room: {free} MB are free.", free=free))


def _copies(kept: Kept) -> Iterator[Finding]:
    copied_at, last_run_at = kept.copied_at, kept.last_run_at
    if copied_at is None and last_run_at is None:
        yield _area.ok("copies", sentence("There is no copy of the database yet, and no run in it to lose."))
    elif copied_at is None:
        yield _area.warning(
            "copies",
            sentence("There is no copy of the database yet; a running service makes one a day."),
            sentence("Make one now, on another disk: duurloop backup FILE"),
        )
    elif last_run_at and copied_at < last_run_at < kept.looked_at - LONG_UNCOPIED:
        yield _area.warning(
            "copies",
            sentence("The last copy is of {day}, and there are runs that are not in it.", day=_day(copied_at)),
            sentence("See what keeps copies from being made: duurloop status, or make one now: duurloop backup FILE"),
        )
    else:
        yield _area.ok("copies", sentence("The last copy is of {day}.", day=_day(copied_at)))


def _day(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
