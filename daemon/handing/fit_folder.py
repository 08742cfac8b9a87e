"""A folder of FIT files: how they are called, and how one gets there whole or not at all."""

from contextlib import suppress
from pathlib import Path, PurePath

from daemon.domain.run import Run
from daemon.household import Runner
from daemon.whole_file import plain_name, put_whole

MODE = 0o644
"""They are there for other programs; who may enter the folder is up to the folder."""


def place_of(run: Run, runner: Runner, *, is_alone: bool) -> PurePath:
    """Return where below the folder a run belongs: in a folder of its runner's name, unless there is one runner."""
    began = run.started_at.astimezone(runner.timezone)
    name = PurePath(f"{began:%Y-%m-%dT%H%M}-{plain_name(run.id)}.fit")
    return name if is_alone else plain_name(runner.name) / name


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
    put_whole(target, content, MODE)


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
