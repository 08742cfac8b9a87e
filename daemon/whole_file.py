"""Files on any disk: in their place whole or not at all, under a name that is one everywhere."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_LONGEST_BYTES = 60
"""Of the part of a name that somebody chose: some disks take 143 bytes in all."""


def put_whole(target: Path, content: bytes, mode: int, give: Callable[[int], None] = lambda _: None) -> None:
    """Write a file beside its place and move it there; durable when this returns. Raises `OSError`.

    `give` may hand it, as an open file, to somebody else before anybody can see it.
    """
    beside = target.with_name(f".{target.name}.part")
    try:
        beside.unlink(missing_ok=True)  # of an attempt that was cut short
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:  # noqa: PTH123 - it is a handle
            os.fchmod(handle, mode)  # whatever this process keeps for itself
            give(handle)
            file.write(content)
            file.flush()
            os.fsync(handle)
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    _make_durable(target.parent)


def plain_name(name: str) -> str:
    """Return a name that is one on any disk, and no way out of a folder."""
    kept = "".join(letter if letter.isalnum() or letter in " ._-" else "_" for letter in name)
    return kept.strip(" .").encode()[:_LONGEST_BYTES].decode(errors="ignore").strip(" .") or "_"


def _make_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network shares cannot; the file itself is durable
            os.fsync(handle)
    finally:
        os.close(handle)
