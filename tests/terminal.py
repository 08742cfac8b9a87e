"""`duurloop` as it is typed: arguments in, what it said and its exit code out."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from daemon.cli import main


class Said(NamedTuple):
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.out)


Say = Callable[..., Said]

_BROWSER = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()"


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """Run `duurloop` with some arguments, at an English terminal of a user who has nothing yet."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES", "DUURLOOP_CONFIG", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str | Path) -> Said:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    return run


def typing_with(settings: str, say: Say, folder: Path) -> Say:
    """Return what says it with these settings; they and the state lie in the folder."""
    file = folder / "duurloop.toml"
    file.write_text(settings, encoding="utf-8")

    def run(*arguments: str) -> Said:
        return say("--config", file, "--state", folder / "state", *arguments)

    return run


def zone_at_midday() -> str:
    """Name a time zone in which it is noon: a test that speaks of today must not meet midnight on its way."""
    east = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-east:+}"  # the sign is that of POSIX, in which west is positive


def have_browser(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have a browser that goes wherever it is sent."""
    script = folder / "browser.py"
    script.write_text(_BROWSER, encoding="utf-8")
    monkeypatch.setenv("BROWSER", f"{sys.executable} {script} %s")
