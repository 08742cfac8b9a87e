"""The README says on its first screen what a newcomer needs, and stays short. The rest is in `test_documents`."""

import re
from pathlib import Path

from config.loader import load
from tests.documents import documents

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


def test_setup_is_called_where_the_program_lies_as_only_setup_puts_it_where_a_shell_looks() -> None:
    called = re.findall(r"(?:^\$|&&) (?:sudo )?(\S+) setup(?! --refresh)", README, flags=re.MULTILINE)
    assert len(called) > 2
    assert {program for program in called if "/" not in program} == set()


def test_what_is_installed_is_a_file_at_hand_while_its_name_in_an_index_is_anybodys() -> None:
    shown = [shown.command for document in documents() for shown in document.commands()]
    installed = [re.findall(r" install (?:-U )?(\S+)$", command) for command in shown if "pip" in command]
    installed += re.findall(r"pipx? install (?:-U )?(\S+) &&", README)
    assert installed
    assert all("".join(what).startswith("./") for what in installed)


def test_the_makefile_knows_both_commands() -> None:
    makefile = (HOUSE / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^demo:", makefile, flags=re.MULTILINE)
    assert re.search(r"^test:", makefile, flags=re.MULTILINE)
