"""What is told of damage and of copies: short, kind, and what goes on."""

from datetime import UTC, date, datetime

import pytest

from daemon.domain.wording import ENGLISH, Language, Text, no_copies_text, rescued_text

TODAY = date(2026, 11, 22)
ASIDE = "duurloop.db.damaged-2026-11-22"
SHOUTING = Language(lambda text: f"<{text}>", lambda one, many, number: f"<{one if number == 1 else many}>")


def texts(language: Language) -> list[Text]:
    return [
        rescued_text(ASIDE, datetime(2026, 11, 21, 3, 30, tzinfo=UTC), language, today=TODAY),
        rescued_text(ASIDE, None, language, today=TODAY),
        no_copies_text(date(2026, 11, 18), "the disk is full", language, today=TODAY),
    ]


@pytest.mark.parametrize("text", texts(ENGLISH), ids=["a copy", "none", "no copies"])
def test_it_fits_a_phone_and_says_what_goes_on(text: Text) -> None:
    assert len(text.title) <= 40
    assert len(text.body) <= 240
    assert any(word in text.body for word in ("I went on", "your next run is kept", "goes on as always"))


def test_it_names_the_copy_the_file_and_what_is_in_the_way() -> None:
    copied, anew, none = texts(ENGLISH)
    assert "the copy of Saturday 21 November, 03:30" in copied.body
    assert copied.body.endswith(ASIDE)
    assert anew.body.endswith(ASIDE)
    assert none.body.startswith("Since Wednesday 18 November")
    assert none.body.endswith("What is in the way: the disk is full")


def test_all_of_it_goes_through_the_language() -> None:
    for text in texts(SHOUTING):
        assert text.title.startswith("<")
        assert text.body.startswith("<")
