"""The README says on its first screen what a newcomer needs, and stays short. The rest is in `test_documents`."""

import re
from pathlib import Path

from config.loader import load

HOUSE = Path(__file__).parent.parent
README = (HOUSE / "README.md").read_text(encoding="utf-8")
FIRST_SCREEN = "\n".join(README.splitlines()[:24])


def test_the_two_commands_stand_on_the_first_screen() -> None:
    assert "make demo" in FIRST_SCREEN
    assert "make test" in FIRST_SCREEN


def test_what_it_does_and_cannot_do_stands_there_too_and_the_picture_first() -> None:
    assert FIRST_SCREEN.index("<img") < FIRST_SCREEN.index("**What it can't do.**")
    assert "not a medical device" in FIRST_SCREEN


def test_it_can_be_read_in_one_go() -> None:
    assert len(README.splitlines()) <= 205


def test_its_smallest_settings_load(tmp_path: Path) -> None:
    (settings,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    path = tmp_path / "duurloop.toml"
    path.write_text(settings, encoding="utf-8")
    assert load(path, {}).runners[0].plan == "rustig-12"


def test_the_makefile_knows_both_commands() -> None:
    makefile = (HOUSE / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^demo:", makefile, flags=re.MULTILINE)
    assert re.search(r"^test:", makefile, flags=re.MULTILINE)
