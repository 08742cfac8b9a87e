"""What there is to look up about one's health: complete, plain, and nothing that a program may not say."""

import re

import pytest

from config.language import catalogue
from daemon.domain.wording import ENGLISH, Language
from daemon.domain.wording.care import Section, answer, help_page, introduction, questions, where_help_is

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext)
LANGUAGES = pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])


def everything(language: Language) -> list[str]:
    sections: tuple[Section, ...] = help_page(language)
    return [
        introduction(language),
        *questions(language),
        *(answer(language, any_yes=yes) for yes in (True, False)),
        *(text for section in sections for text in (section.title, *section.lines)),
    ]


@pytest.mark.parametrize(
    "theme",
    ["under guidance", "exert", "while you were resting", "dizzy", "joints", "blood pressure", "pregnant", "else"],
)
def test_every_theme_is_asked_once(theme: str) -> None:
    assert len([question for question in questions(ENGLISH) if theme in question]) == 1


@LANGUAGES
def test_every_question_can_be_answered_by_yes_or_no(language: Language) -> None:
    assert all(question.endswith("?") for question in questions(language))


def test_one_yes_sends_to_the_doctor_and_no_answer_is_kept() -> None:
    assert "doctor before you begin" in answer(ENGLISH, any_yes=True)
    assert "doctor" not in answer(ENGLISH, any_yes=False)
    assert all("nothing is kept" in answer(ENGLISH, any_yes=yes) for yes in (True, False))


@LANGUAGES
def test_the_most_urgent_stands_first(language: Language) -> None:
    assert "112" in help_page(language)[0].lines[0]


@LANGUAGES
def test_help_is_named_in_the_netherlands_and_elsewhere(language: Language) -> None:
    here, elsewhere = where_help_is(language)
    assert all(number in " ".join(here.lines) for number in ("112", "113", "0800-0113", "huisarts"))
    assert "findahelpline.com" in " ".join(elsewhere.lines)


@LANGUAGES
def test_nothing_is_promised_and_nobody_is_shouted_at(language: Language) -> None:
    for text in everything(language):
        assert text
        assert not re.search(r"!|\b(safe|healthy|cure|diagnos\w+|veilig|gezond|geneest)\b", text.lower())
