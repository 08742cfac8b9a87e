"""Pieces of a settings file, and what is said of one that is at fault."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import config
from config.faults import SettingsError
from config.loader import load

EXAMPLE = Path(config.__file__).parent / "duurloop.example.toml"
ELS = '[[runners]]\nname = "Els"\nzone = "118-136"\n'
PHONE = '[[runners.channels]]\nname = "phone"\n'
SECRET = "tk_9f8e7d6c5b4a"  # noqa: S105  # the planted one

Write = Callable[[str], Path]


def faults(path: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return what is said of a file, without the file's name."""
    with pytest.raises(SettingsError) as caught:
        load(path, environ or {})
    assert all(str(fault).startswith(f"{fault.file}:{fault.line}: {fault.key}: ") for fault in caught.value.faults)
    assert str(caught.value) == "\n".join(map(str, caught.value.faults))
    return [f"{fault.line}: {fault.key}: {fault.reason}" for fault in caught.value.faults]


def credential(folder: Path, name: str, content: str | bytes, mode: int = 0o600) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
