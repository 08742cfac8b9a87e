"""Taking care: the help page, and the questions to ask oneself before beginning."""

import re
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from config.language import catalogue
from daemon.domain.wording import ENGLISH, Language
from daemon.domain.wording.care import help_page, questions
from daemon.domain.wording.guide import guide_page
from daemon.page.help import help_body
from tests.terminal import Say

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext, "nl")
SETTINGS = '[[runners]]\nname = "Els"\nzone = "118-136"\n'


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "duurloop.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    return path


@pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])
def test_the_help_page_has_all_there_is_to_look_up_and_leads_to_each_of_it(language: Language) -> None:
    page, sections = help_body(language), (*help_page(language), *guide_page(language))
    assert "112" in page
    assert page.count("<li>") == sum(1 + len(section.lines) for section in sections) - 1
    ways, places = re.findall(r'href="#([\w-]+)"', page), re.findall(r'id="([\w-]+)"', page)
    assert places == ["stop", *ways]
    assert len(set(places)) == len(sections)


def test_what_is_most_urgent_comes_before_all_else() -> None:
    page = help_body(ENGLISH)
    assert page.index("When to stop at once") < page.index("<nav") < page.index("<h2>What the numbers mean")


def test_at_a_terminal_it_needs_neither_settings_nor_a_database(say: Say) -> None:
    said = say("care")
    assert said.code == 0
    assert said.out.startswith("When to stop at once and get help\n")
    assert "findahelpline.com" in said.out


def test_on_the_first_day_it_asks_and_answers_before_there_are_settings(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("nee\n" * len(questions(ENGLISH))))
    said = say("--state", tmp_path / "state", "care", "--screen")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1].startswith("Then you can begin, calmly.")
    assert not (tmp_path / "state").exists()


def test_whoever_is_named_has_to_be_there(say: Say, settings: Path) -> None:
    assert "Jan" in say("--config", settings, "care", "--screen", "--runner", "Jan").err
    assert say("care", "--screen", "--runner", "Jan").code == 78


@pytest.mark.parametrize(("answers", "advice"), [("n", "Then you can begin, calmly."), ("y", "Talk to your doctor")])
def test_of_the_answers_the_day_alone_is_kept(
    say: Say, settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: str, advice: str
) -> None:
    typed = ["maybe", *[answers] * len(questions(ENGLISH))]
    monkeypatch.setattr("sys.stdin", StringIO("".join(f"{line}\n" for line in typed)))
    said = say("--config", settings, "--state", tmp_path / "state", "care", "--screen")
    assert said.code == 0
    assert "yes or no, please." in said.out
    assert said.out.splitlines()[-1].startswith(advice)
    with closing(sqlite3.connect(tmp_path / "state" / "duurloop.db")) as database:
        ((kind, day, *_),) = database.execute("SELECT kind, occurrence FROM occasion")
    assert (kind, len(day)) == ("screening", len("2026-11-22"))
