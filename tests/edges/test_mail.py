import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from config.language import catalogue
from daemon.domain.week import Place, Week
from daemon.domain.wording import ENGLISH, Language, Text, week_text
from daemon.weekly.mail import week_mail
from daemon.weekly.words import week_alt_text
from tests.week_builders import EMPTY, FULL, KINDS

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext)
TEXT = Text("Your week", "3 runs, 96 minutes.\nA calm week. 87 % calm.\nNext: two minutes.")


class Page(HTMLParser):
    """Reads a page as a person does: words, one after the other; and as a browser does: what is open is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.open: Counter[str] = Counter()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(dict(attrs))
        elif tag != "meta":
            self.open[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self.open[tag] -= 1

    def handle_data(self, data: str) -> None:
        if not self.open["style"] and data.strip():
            self.words.append(data.replace("\xa0", " ").strip())


def page(week: Week, text: Text = TEXT, *, figures: bool = True) -> Page:
    return Page(week_mail(text, week, ENGLISH, figures=figures, picture=b"PNG").html)


def test_the_lines_of_the_phone_come_first_and_each_by_itself() -> None:
    assert page(FULL).words[:5] == ["Your week", "Your week", *TEXT.body.splitlines()]


def test_the_picture_is_shown_inside_and_told_to_who_does_not_see_it() -> None:
    (image,) = page(FULL).images
    assert image["src"] == "cid:week.png"
    assert image["alt"] == week_alt_text(FULL, ENGLISH, figures=True)
    assert week_mail(TEXT, FULL, ENGLISH, figures=True, picture=b"PNG").picture == b"PNG"


def test_what_is_behind_the_week_is_said_in_words() -> None:
    words = page(FULL).words
    assert words[words.index("Week 47, 16 to 22 November 2026") + 1 : -1] == [
        *("Runs:", "3 of 3 agreed"),
        *("Time:", "96 minutes; 60 minutes the week before; 70 minutes in a usual week"),
        *("Calm:", "87 %; 83 % the week before; 84 % in a usual week"),
        *("Longest calm stretch:", "34 minutes"),
        *("How you felt, from 1 to 5:", "3.0 before running, 4.2 afterwards"),
        *("Felt better afterwards:", "9 of 11 runs, over four weeks"),
        *("Beats that your heart comes down in the first minute:", "24; before, 21"),
        *("Percent that your heart climbs on long, even runs:", "3; before, 4"),
        *("In the last four weeks:", "9 runs"),
        *("Your plan:", "Calm in twelve weeks, step 7 of 36: Week 3, two minutes"),
    ]


def test_without_figures_neither_heart_nor_feelings_are_in_it() -> None:
    mail = page(FULL, Text("Your week", "3 runs."), figures=False)
    assert [word for word in mail.words if word.endswith(":")] == [
        *("Runs:", "Time:", "Longest calm stretch:", "In the last four weeks:", "Your plan:")
    ]
    assert "%" not in " ".join([*mail.words, *(str(image["alt"]) for image in mail.images)])


def test_a_feeling_told_only_once_is_said_alone() -> None:
    week = replace(FULL, mood=FULL.mood and replace(FULL.mood, before=None))
    assert "4.2 afterwards" in page(week).words


@pytest.mark.parametrize("week", [EMPTY, replace(EMPTY, agreed=3), replace(EMPTY, paused=True, agreed=3)])
def test_an_empty_week_is_not_counted_up(week: Week) -> None:
    assert page(week).words[-2:] == [
        TEXT.body.splitlines()[-1],
        "duurloop, at home on your own server. Not a medical device.",
    ]


@pytest.mark.parametrize(
    ("week", "said"),
    [
        pytest.param(replace(FULL, agreed=4), "3 of 4 agreed", id="fewer"),
        pytest.param(replace(FULL, agreed=2), "3", id="more"),
        pytest.param(replace(FULL, agreed=0), "3", id="nothing was agreed"),
        pytest.param(replace(FULL, paused=True), "3", id="a pause"),
        pytest.param(replace(FULL, is_whole=False), "3", id="not all is kept"),
    ],
)
def test_runs_are_set_beside_what_was_agreed_where_that_is_kind(week: Week, said: str) -> None:
    words = page(week).words
    assert words[words.index("Runs:") + 1] == said


def test_a_plan_of_one_step_has_no_further() -> None:
    place = FULL.place
    assert place is not None
    week = replace(FULL, place=replace(place, steps=1, plan_name="Keep on", step_name="Half an hour"))
    assert "Keep on: Half an hour" in page(week).words


@pytest.mark.parametrize("week", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])
def test_every_page_is_closed_as_it_was_opened_and_asks_nothing_of_the_web(week: Week, language: Language) -> None:
    text = week_text(week, language, figures=True)
    html = week_mail(text, week, language, figures=True, picture=b"PNG").html
    assert set(Page(html).open.values()) == {0}
    assert not re.search(r"https?:|url\(|@import|<script", html)


def test_names_cannot_break_the_page() -> None:
    odd = '<b>"&</b>'
    place = Place(odd, odd, 36, odd, FULL.place.proposal) if FULL.place else None
    mail = page(replace(FULL, place=place), Text(odd, odd))
    assert mail.words.count(odd) == 3
    assert f"{odd}, step 7 of 36: {odd}" in mail.words


def test_who_reads_in_the_dark_is_not_blinded() -> None:
    html = week_mail(TEXT, FULL, ENGLISH, figures=True, picture=b"PNG").html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
