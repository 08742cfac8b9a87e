"""Slips in what is typed, which click finds: told in the language of the terminal."""

from pathlib import Path

import click
import pytest

from config.language import catalogue
from daemon.cli.click_words import SENTENCES
from tests.terminal import Say

DUTCH = catalogue("nl").gettext


@pytest.fixture
def dutch(say: Say, monkeypatch: pytest.MonkeyPatch) -> Say:
    monkeypatch.setenv("LANG", "nl_NL.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    return say


@pytest.mark.parametrize(
    ("typed", "sentence", "parts"),
    [
        (("--foo",), "No such option {name!r}.", {"name": "--foo"}),
        (("begin",), "No such command {name!r}.", {"name": "begin"}),
        (("restore",), "Missing argument", {}),
        (("pause",), "Missing option", {}),
        (("--state", "x"), "Missing command.", {}),
        (("status", "--json=3"), "Option {name!r} does not take a value.", {"name": "--json"}),
        (("doctor", "--seconds", "99"), "{value} is not in the range {range}.", {"value": 99.0, "range": "1<=x<=60"}),
        (("doctor", "--seconds", "x"), "{value!r} is not a valid {number_type}.", {"value": "x"}),
    ],
)
def test_a_slip_is_told_in_dutch(dutch: Say, typed: tuple[str, ...], sentence: str, parts: dict[str, object]) -> None:
    said = dutch(*typed)
    assert said.code == 2
    last = said.err.splitlines()[-1]
    assert last.startswith(DUTCH("Error: {message}").format(message=""))
    assert DUTCH(sentence).format(**{"number_type": "float range"} | parts) in last


@pytest.mark.parametrize(
    ("typed", "one", "many", "parts"),
    [
        (
            ("status", "--jsn"),
            *("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
            {"possibilities": "'--json'", "possibility": "'--json'"},
        ),
        (
            ("zone", "--set"),
            *("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
            {"name": "--set", "nargs": 1},
        ),
        (
            ("status", "extra"),
            *("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
            {"args": "extra"},
        ),
    ],
)
def test_what_has_two_forms_is_told_in_dutch_too(
    dutch: Say, typed: tuple[str, ...], one: str, many: str, parts: dict[str, object]
) -> None:
    assert catalogue("nl").ngettext(one, many, 1).format(**parts) in dutch(*typed).err.splitlines()[-1]


def test_it_is_told_where_help_is(dutch: Say) -> None:
    told = DUTCH("Try '{command} {option}' for help.").format(command="duurloop status", option="--help")
    assert told in dutch("status", "--jsn").err.splitlines()


def test_at_an_english_terminal_click_is_left_alone(dutch: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    dutch("status", "--jsn")
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert dutch("status", "--jsn").err.splitlines()[-1] == "Error: No such option '--jsn'. Did you mean '--json'?"


def test_the_sentences_are_those_of_the_click_that_is_installed() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in Path(click.__file__).parent.glob("*.py"))
    assert [sentence for sentence in SENTENCES if f'"{sentence}"' not in said] == []
