"""The README says what is there."""

import re
from pathlib import Path

import pytest

from config.loader import load
from daemon.cli import COMMANDS

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
HOUSE = Path(__file__).parent.parent


def test_the_two_commands_stand_on_the_first_screen() -> None:
    first_screen = "\n".join(README.splitlines()[:24])
    assert "make demo" in first_screen
    assert "make test" in first_screen


def test_every_command_that_it_names_exists() -> None:
    named = set(re.findall(r"\bduurloop(?: --config \S+)? ([a-z]+)\b", README)) - {"duurloop"}
    assert named <= set(COMMANDS)


def test_its_smallest_settings_load(tmp_path: Path) -> None:
    (settings,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    path = tmp_path / "duurloop.toml"
    path.write_text(settings, encoding="utf-8")
    assert load(path, {}).runners[0].plan == "rustig-12"


@pytest.mark.skipif(not (HOUSE / "daemon").is_dir(), reason="the tests run against the wheel")
def test_every_file_that_it_names_exists() -> None:
    named = re.findall(r"`((?:daemon|connectors|config|systemd|tests|bench)/[\w./-]*)`", README)
    assert [path for path in named if not (HOUSE / path).exists()] == []
    assert len(named) > 8


def test_the_makefile_knows_both_commands() -> None:
    makefile = (HOUSE / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^demo:", makefile, flags=re.MULTILINE)
    assert re.search(r"^test:", makefile, flags=re.MULTILINE)
