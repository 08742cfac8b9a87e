"""The settings: faults and warnings as `duurloop check` has them, and the folders that they name."""

import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.faults import Fault
from daemon.doctor.finding import Area, Finding, Link, sentence
from daemon.doctor.service import Unit
from daemon.installation.layout import is_hidden
from daemon.telling import plain

_area = Area(Link.SETTINGS)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that the settings name."""

    key: str
    """Its table in the settings."""
    path: Path
    is_there: bool
    may_read: bool
    may_write: bool
    is_hidden: bool = False
    """The system's service does not see it, for it lies in somebody's home."""
    is_closed: bool = False
    """The system's service may not write there."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was seen of the settings."""

    file: str
    faults: Sequence[Fault] = ()
    warnings: Sequence[str] = ()
    folders: Sequence[Folder] = ()
    is_forbidden: bool = False
    """It is this user who may not read them."""
    is_missing: bool = False
    """There are none."""
    user: str | None = None
    """Whose service is to reach the folders."""


def folders_of(paths: dict[str, Path | None], unit: Unit | None, state: Path) -> list[Folder]:
    """Look at the folders as the service would."""
    return [_looked_at(key, path, unit, state) for key, path in paths.items() if path]


def _looked_at(key: str, path: Path, unit: Unit | None, state: Path) -> Folder:
    user = service_user(unit)
    told = unit.told if unit and unit.is_installed and not unit.is_users else {}
    opened = [Path(part.lstrip("-+").partition(":")[0]) for part in _listed(told, "ReadWritePaths", "BindPaths")]
    is_open = any(path.is_relative_to(place) for place in (*opened, state))
    return Folder(
        key,
        path,
        is_there=_may(user, path, 0),
        may_read=_may(user, path, os.R_OK | os.X_OK),
        may_write=_may(user, path, os.W_OK | os.X_OK),
        is_hidden=told.get("ProtectHome") in {"yes", "tmpfs"} and not is_open and is_hidden(path),
        is_closed=told.get("ProtectSystem") == "strict" and not is_open,
    )


def _listed(told: dict[str, str] | object, *keys: str) -> Iterator[str]:
    if isinstance(told, dict):
        for key in keys:
            yield from str(told.get(key, "")).split()


def service_user(unit: Unit | None) -> str | None:
    """Return the user of the system's service, None where it is whoever asks."""
    if unit is None or not unit.is_installed or unit.is_users:
        return None
    return unit.told.get("User") or None


def _may(user: str | None, path: Path, want: int) -> bool:
    """Tell whether a user may do this with a folder; by the modes, where it is not ourselves."""
    if user is None or user == _own_name():
        return os.access(path, want)
    try:
        entry = pwd.getpwnam(user)
        groups = set(os.getgrouplist(user, entry.pw_gid))
        on_the_way = all(_grants(parent.stat(), entry.pw_uid, groups, os.X_OK) for parent in path.absolute().parents)
        return on_the_way and _grants(path.stat(), entry.pw_uid, groups, want)
    except (KeyError, OSError):
        return False


def _grants(of: os.stat_result, uid: int, groups: set[int], want: int) -> bool:
    shift = 6 if of.st_uid == uid else 3 if of.st_gid in groups else 0
    return stat.S_IMODE(of.st_mode) >> shift & want == want


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def judge_settings(told: Told) -> list[Finding]:
    """Say how it is with the settings."""
    found = [*_file(told)]
    for warning in told.warnings:
        remedy = sentence("If that is not meant so, change it, then: duurloop check")
        found.append(_area.warning("file", plain(warning), remedy))
    return [*found, *(_folder(folder, told.user) for folder in told.folders)]


def _file(told: Told) -> Iterator[Finding]:
    if told.is_forbidden:
        reason = sentence("This user may not read the settings or their secrets ({file}).", file=told.file)
        yield _area.fault("file", reason, sentence("Look as root: sudo duurloop doctor"))
        return
    if told.is_missing:
        reason = sentence("There are no settings yet ({file}).", file=told.file)
        yield _area.fault("file", reason, sentence("Make them: duurloop setup"))
        return
    for fault in told.faults:
        remedy = sentence("Correct it in {file}, line {line}, then: duurloop check", file=fault.file, line=fault.line)
        yield _area.fault("file", plain(str(fault)), remedy)
    if not told.faults:
        yield _area.ok("file", sentence("The settings in {file} are fine.", file=told.file))


def _folder(folder: Folder, user: str | None) -> Finding:
    name = f"folder_{folder.key}"
    parts = {"folder": folder.path, "key": folder.key}
    whose = user or "$USER"
    if folder.is_hidden:
        return _area.fault(
            name,
            sentence("The folder {folder} ([{key}]) lies in a home, which the service does not see.", **parts),
            sentence(
                "Open it to the service: sudo duurloop setup --refresh, or name a folder elsewhere in the settings."
            ),
        )
    if not folder.is_there:
        return _area.fault(
            name,
            sentence("The folder {folder} ([{key}]) is not there, or the service may not come near it.", **parts),
            sentence("Make it: sudo install -d -o {user} {folder}", user=whose, folder=folder.path),
        )
    if not folder.may_read:
        return _area.fault(
            name,
            sentence("The service may not read the folder {folder} ([{key}]).", **parts),
            sentence("Let it: sudo chown -R {user} {folder}", user=whose, folder=folder.path),
        )
    if folder.key != "import" and (not folder.may_write or folder.is_closed):
        return _area.fault(
            name,
            sentence("The service may not write into the folder {folder} ([{key}]).", **parts),
            sentence("Open it to the service: sudo duurloop setup --refresh")
            if folder.may_write
            else sentence("Let it: sudo chown -R {user} {folder}", user=whose, folder=folder.path),
        )
    return _area.ok(name, sentence("The folder {folder} ([{key}]) can be used.", **parts))
