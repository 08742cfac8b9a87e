"""A machine on which duurloop cannot live hears so at once, and why."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.cli import ground
from daemon.cli.ground import unfit

WIDE, NARROW = 2**63 - 1, 2**31 - 1


def test_a_64_bit_linux_with_a_recent_python_will_do() -> None:
    assert unfit("linux", WIDE, (3, 11)) == ""
    assert unfit("linux", WIDE, (3, 14)) == ""


@pytest.mark.parametrize(
    ("system", "largest_size", "version", "reason"),
    [
        ("linux", NARROW, (3, 11), "64-bit"),
        ("linux", WIDE, (3, 9), "3.11 or newer"),
        ("darwin", WIDE, (3, 13), "Linux"),
    ],
    ids=["32 bits", "old Python", "another system"],
)
def test_another_machine_is_told_why(system: str, largest_size: int, version: tuple[int, int], reason: str) -> None:
    assert reason in unfit(system, largest_size, version)


def test_an_old_python_can_read_the_question() -> None:
    source = Path(ground.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    assert "from __future__" not in source


def test_asked_as_a_script_it_says_nothing_where_all_is_well() -> None:
    asked = subprocess.run([sys.executable, ground.__file__], capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "", "")
