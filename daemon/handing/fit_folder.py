"""A folder of FIT files: how they are called, and how one gets there whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path, PurePath

from daemon.domain.run import Run
from daemon.household import Runner

MODE = 0o644
"""They are there for other programs; who may enter the folder is up to the folder."""


def place_of(run: Run, runner: Runner, *, is_alone: bool) -> PurePath:
    """Return where below the folder a run belongs: in a folder of its runner's name, unless there is one runner."""
    began = run.started_at.astimezone(runner.timezone)
    name = PurePath(f"{began:%Y-%m-%dT%H%M}-{_plain(run.id)}.fit")
    return name if is_alone else _plain(runner.name) / name


def put(folder: Path, place: PurePath, content: bytes) -> None:
    """Put a file there, durable when this returns; one that is there already with this content is left alone.

    `folder` itself is not made: where another disk is not mounted, its place is empty, and not to be filled.
    Raises `OSError`.
    """
    target = folder / place
    if target.parent != folder:
        _make_like(folder, target.parent)
    if _holds(target, content):
        return
    beside = target.with_name(f".{target.name}.part")
    try:
        _write(beside, content)
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    _make_durable(target.parent)


def _plain(name: str) -> str:
    """Return a name that is one on any disk, and no way out of the folder."""
    kept = "".join(letter if letter.isalnum() or letter in " ._-" else "_" for letter in name)
    return kept.strip(" .") or "_"


def _make_like(folder: Path, made: Path) -> None:
    """Make a folder that is as open as the one around it, whatever this service keeps for itself."""
    with suppress(FileExistsError):
        made.mkdir()
        made.chmod(folder.stat().st_mode & 0o7777)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)  # of an attempt that was cut short
    with path.open("xb") as file:
        os.fchmod(file.fileno(), MODE)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _make_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network shares cannot; the file itself is durable
            os.fsync(handle)
    finally:
        os.close(handle)
