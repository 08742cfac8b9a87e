"""A file that is no TOML, or that cannot be read at all, is one fault on the likely line."""

import os
from pathlib import Path

import pytest

from config.toml_file import LARGEST_FILE_BYTES
from tests.edges.settings.loading import ELS, Write, faults

GRAMMAR_FAULTS = {
    "an open list": ('[[runners]]\ndays = ["tue"\ntime = "18:30"\n', "2: runners[1].days: not closed"),
    "an open list at the end": ("a = 1\nb = [1,\n", "2: b: not closed"),
    "an open quote": ('a = 1\nname = "Els\n', "2: name: not closed"),
    "an open single quote": ("name = 'Els", "1: name: not closed"),
    "an open long text": ('a = """\nb = 1\nc = 2\n', "1: a: not closed"),
    "an open long single-quoted text": ("a = '''\nb = 1\n", "1: a: not closed"),
    "an open header": ("a = 1\n[[runners]\n", "2: runners[1]: not closed"),
    "an open inline table": ("a = { b = 1, c = 2\nd = 1\n", "1: a"),
    "an open quote in a key": ('a = 1\n"b = 1\n', "2: -: not closed"),
    "no quotes": ("name = Els\n", "1: name: not a value; words want quotes"),
    "no value": ("name =\n", "1: name: not a value"),
    "no equals sign": ("a = 1\nname\nb = 1\n", "2: -: expected KEY = VALUE"),
    "no equals sign at the end": ("a = 1\nname", "2: -: expected KEY = VALUE"),
    "no key": ("a = 1\n= 1\n", "2: -: expected KEY = VALUE"),
    "twice": ("a = 1\nb = 1\na = 2\n", "3: a: stands twice"),
    "twice at the end": ("a = 1\na = 2", "2: a: stands twice"),
    "a table twice": ("[page]\n[log]\n[page]\n", "3: page: this table stands twice; more than one runner"),
    "two on a line": ("a = 1 b = 2\n", "1: a: something is left over after the value"),
    "backslash": ('a = "C:\\days"\n', "1: a: a backslash inside double quotes must be doubled"),
    "a number beyond all bounds": (f"a = {'1' * 5000}", "1: a: not valid TOML"),
    "brackets without end": ("a = " + "[" * 50_000, "1: a"),
    "not UTF-8": (b"a = 1\nb = '\xff'\n".decode("latin-1"), "2: -: not UTF-8 text"),
}


@pytest.mark.parametrize(("text", "said"), GRAMMAR_FAULTS.values(), ids=GRAMMAR_FAULTS)
def test_what_is_no_toml_is_one_fault_on_the_likely_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "duurloop.toml"
    path.write_bytes(text.encode("latin-1"))
    (fault,) = faults(path)
    assert fault.startswith(said)


def test_a_file_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    path = tmp_path / "duurloop.toml"
    assert faults(path) == ["1: -: there is no such file; duurloop setup makes one"]


def test_a_folder_is_one_fault(tmp_path: Path) -> None:
    assert faults(tmp_path) == ["1: -: this is a folder, not a file"]


def test_a_file_that_is_far_too_large_is_one_fault(write: Write) -> None:
    assert faults(write("#" * (LARGEST_FILE_BYTES + 1))) == ["1: -: larger than 512 kB; this is no settings file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_fault(write: Write) -> None:
    path = write(ELS)
    path.chmod(0o000)
    assert faults(path) == ["1: -: this user may not read it"]
