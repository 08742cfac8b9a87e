"""Reminders, the smallest step, and a course in short."""

import re

import pytest

from config.language import catalogue
from daemon.domain.plan import Block, Course, Edge, HeartLed, Part, Step, StepKind
from daemon.domain.wording import (
    ENGLISH,
    Language,
    Opening,
    Tonight,
    course_text,
    reminder_text,
    smallest_step_text,
)
from daemon.domain.wording.habit import LONGEST_REMINDER

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext)
WARM, RUN, WALK, COOL = (
    Step(StepKind.WARM_UP, 300),
    Step(StepKind.RUN, 60),
    Step(StepKind.WALK, 120),
    Step(StepKind.COOL_DOWN, 300),
)
FIRST_WEEK = Course.of([WARM, Block(7, (RUN, WALK)), RUN, COOL])
UNEVEN = Course.of([WARM, *(Step(kind, 7.0 * n) for n in range(1, 30) for kind in (StepKind.RUN, StepKind.WALK))])


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        pytest.param([Step(StepKind.WALK, 1200)], "20 minutes walking", id="one thing"),
        pytest.param([WARM, Step(StepKind.WALK, 600), COOL], "20 minutes walking", id="a walk is a walk"),
        pytest.param(
            [WARM, Block(8, (RUN, WALK)), COOL],
            "5 minutes walking, 8 times 1 minute running and 2 minutes walking, 5 minutes walking; 34 minutes in all",
            id="what is repeated is said once",
        ),
        pytest.param(
            [WARM, Block(2, (RUN, Step(StepKind.WALK, 180, HeartLed(Edge.LOW, 60)))), COOL],
            "5 minutes walking, 2 times 1 minute running and walking until your heart has come down "
            "(at most 3 minutes), 5 minutes walking; 18 minutes at most",
            id="the heart leads",
        ),
        pytest.param(
            [Block(2, (RUN, WALK, Step(StepKind.RUN, 180), Step(StepKind.RECOVERY, 180)))],
            "2 times 1 minute running, 2 minutes walking, 3 minutes running and 3 minutes very easily; "
            "18 minutes in all",
            id="a longer block",
        ),
    ],
)
def test_a_course_is_said_in_one_line(parts: list[Part], words: str) -> None:
    assert course_text(Course.of(parts), ENGLISH) == words


@pytest.mark.parametrize(
    ("hour", "title"),
    [(7, "For this morning"), (12, "For this afternoon"), (17, "For this afternoon"), (18, "For tonight")],
)
def test_a_reminder_knows_the_time_of_day(hour: int, title: str) -> None:
    assert reminder_text(Tonight(Opening.PLAIN, hour, None, None), ENGLISH).title == title


def test_a_reminder_names_the_step_and_what_it_asks_for() -> None:
    body = reminder_text(Tonight(Opening.PLAIN, 18, "Week 1: single minutes", FIRST_WEEK), ENGLISH).body
    opening, step = body.splitlines()
    assert opening == "This is one of the days you chose."
    assert step == f"Week 1, single minutes: {course_text(FIRST_WEEK, ENGLISH)}."


def test_without_a_plan_it_is_a_calm_half_hour() -> None:
    assert "half hour" in reminder_text(Tonight(Opening.PLAIN, 18, None, None), ENGLISH).body


@pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])
@pytest.mark.parametrize("opening", list(Opening))
@pytest.mark.parametrize("course", [None, FIRST_WEEK, UNEVEN, Course.of([])], ids=["none", "week 1", "uneven", "empty"])
@pytest.mark.parametrize(
    "name", [None, "Week 10: a long stretch and a short one", "x" * 400], ids=["", "named", "long"]
)
def test_a_reminder_is_never_longer_than_a_phone_shows(
    language: Language, opening: Opening, course: Course | None, name: str | None
) -> None:
    for turn in range(8):
        text = reminder_text(Tonight(opening, 18, name, course), language, turn)
        assert 0 < len(text.title) + len(text.body) <= LONGEST_REMINDER


def test_a_course_too_long_to_tell_is_told_by_its_length() -> None:
    body = reminder_text(Tonight(Opening.PLAIN, 18, "All sorts", UNEVEN), ENGLISH).body
    assert "All sorts: 107 minutes in all." in body


@pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])
@pytest.mark.parametrize("opening", [Opening.PLAIN, Opening.MISSED, Opening.BACK])
def test_within_a_week_and_a_day_no_sentence_of_a_reminder_comes_twice(opening: Opening, language: Language) -> None:
    bodies = [reminder_text(Tonight(opening, 18, None, None), language, turn).body for turn in range(3, 11)]
    sentences = [sentence for body in bodies for sentence in re.split(r"(?<=[.?])\s", body)]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])
def test_after_a_day_without_a_run_nobody_is_reproached(language: Language) -> None:
    for turn in range(8):
        body = reminder_text(Tonight(Opening.MISSED, 18, None, None), language, turn).body.lower()
        assert not re.search(r"miss|again|skip|gemist|weer|overgeslagen|niet gelopen|helaas", body)


def test_the_smallest_step_says_that_it_is_quiet_from_then_on() -> None:
    body = smallest_step_text(ENGLISH).body
    assert "ten minutes outside" in body
    assert "I keep quiet" in body
