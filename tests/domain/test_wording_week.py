"""A week in words: at most five lines, and kind whatever the week was."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from config.language import catalogue
from daemon.domain.feeling import Lift
from daemon.domain.progress import Move, Proposal, Why
from daemon.domain.week import IsoWeek, Mood, Place, Together, Totals, Trend, Usual, Week
from daemon.domain.wording import ENGLISH, Language, together_text, week_text

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext)
LANGUAGES = pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])
PLACE = Place("rustig-12", "Twelve calm weeks", 12, "Week 2: a minute and a half", Proposal(Move.SAME, 2, Why.MORE))
WEEK = Week(
    week=IsoWeek(2026, 47),
    totals=Totals(3, 5400.0, inside_s=4500.0, above_s=500.0),
    agreed=3,
    bars=(),
    last=Totals(2, 3600.0, inside_s=2000.0, above_s=1600.0),
    usual=Usual(4, 2.5, 5000.0, 88.0),
    line=(),
    mood=Mood(2.5, 4.0, Lift(9, 11)),
    longest_calm_s=1440.0,
    drift=Trend(4.2, 6.0),
    recovery=Trend(31.0, 28.0),
    runs_in_four_weeks=10,
    place=PLACE,
)
WHY = "This step is meant to be done a few times; that is how it settles."
EMPTY = replace(WEEK, totals=Totals(), mood=None, longest_calm_s=None, drift=None, recovery=None)


def lines(week: Week, *, figures: bool = False, turn: int = 0, together: Together | None = None) -> list[str]:
    return week_text(week, ENGLISH, figures=figures, turn=turn, together=together).body.splitlines()


def weeks() -> Iterator[Week]:
    totals = (WEEK.totals, Totals(1, 1800.0), Totals(2, 3600.0, above_s=3000.0, inside_s=600.0), Totals())
    pasts = ((WEEK.last, WEEK.usual), (WEEK.last, None), (None, None))
    for total, (last, usual), place, paused, is_over in product(
        totals, pasts, (PLACE, None), (True, False), (True, False)
    ):
        yield replace(
            WEEK if total.runs else EMPTY,
            totals=total, last=last, usual=usual, place=place, paused=paused, is_over=is_over,
        )  # fmt: skip


@LANGUAGES
@pytest.mark.parametrize("figures", [False, True], ids=["without figures", "with figures"])
@pytest.mark.parametrize("together", [None, Together(7, 210)], ids=["alone", "together"])
@pytest.mark.parametrize("suggestion", [None, "A ready sentence."], ids=["", "suggested"])
def test_a_week_is_one_to_five_different_lines(
    language: Language, together: Together | None, suggestion: str | None, *, figures: bool
) -> None:
    for week, turn in product(weeks(), range(4)):
        text = week_text(week, language, figures=figures, turn=turn, together=together, suggestion=suggestion)
        said = text.body.splitlines()
        assert 1 <= len(said) <= 5
        assert len(set(said)) == len(said)
        assert len(text.body) < 900
        assert not re.search(r"[!{}]", text.title + text.body)
        assert suggestion is None or suggestion in said


def test_the_most_worthy_stands_first() -> None:
    assert lines(WEEK) == [
        "3 runs, as agreed, 90 minutes. About as much as usual.",
        "Calm for the most part. Much the same as in other weeks.",
        "Your longest calm stretch: 24 minutes.",
        "Twelve calm weeks, step 2 of 12. Next: Week 2, a minute and a half.",
    ]


def test_figures_are_told_only_to_whoever_asked_for_them() -> None:
    without = "\n".join(line for turn in range(6) for line in lines(WEEK, turn=turn))
    assert not re.search(r"%|felt|beats", without)
    asked = "\n".join(line for turn in range(6) for line in lines(WEEK, figures=True, turn=turn))
    assert "Calm share: 90 %." in asked
    assert "After 9 of your 11 runs you felt better than before." in asked
    assert "comes down 31 beats; before, 28." in asked
    assert "rises 4 % along the way; before, 6 %." in asked


@pytest.mark.parametrize(
    ("seconds", "beside"),
    [
        (5900, "About as much as usual."),
        (7000, "A bit more than usual."),
        (9000, "Quite a bit more than usual."),
        (3000, "A bit less than usual."),
        (1500, "Quite a bit less than usual."),
    ],
)
def test_more_or_less_is_said_and_not_judged(seconds: float, beside: str) -> None:
    week = replace(WEEK, totals=replace(WEEK.totals, duration_s=seconds))
    assert lines(week)[0].endswith(beside)


@pytest.mark.parametrize(
    ("changed", "beside"),
    [
        pytest.param({"usual": None}, "A bit more than last week.", id="only the last week is known"),
        pytest.param({"usual": None, "last": None}, "That is a good beginning.", id="no week before"),
        pytest.param({"is_over": False}, "90 minutes.", id="it is not over"),
        pytest.param({"paused": True}, "There was rest in it as well, and it belongs there.", id="some rest in it"),
    ],
)
def test_a_week_lies_beside_what_is_known(changed: dict[str, Any], beside: str) -> None:
    assert lines(replace(WEEK, **changed))[0].endswith(beside)


@pytest.mark.parametrize(
    ("runs", "agreed", "said"),
    [(2, 3, "2 of 3 runs, "), (3, 3, "3 runs, as agreed, "), (4, 3, "4 runs, "), (1, 0, "1 run, ")],
)
def test_runs_are_set_against_what_was_agreed(runs: int, agreed: int, said: str) -> None:
    week = replace(WEEK, totals=replace(WEEK.totals, runs=runs), agreed=agreed)
    assert lines(week)[0].startswith(said)


def test_without_heart_rate_nothing_is_said_of_calm() -> None:
    assert lines(replace(WEEK, totals=Totals(2, 3600.0), longest_calm_s=None))[1] == "In the last four weeks: 10 runs."


def test_a_lift_that_was_none_is_not_shown() -> None:
    week = replace(WEEK, mood=Mood(3.0, 2.0, Lift(2, 11)))
    assert not [line for turn in range(6) for line in lines(week, figures=True, turn=turn) if "felt better" in line]


def test_an_empty_week_is_kind_and_says_where_the_next_begins() -> None:
    assert lines(EMPTY) == [
        "No runs this week; that can happen.",
        "In the last four weeks: 10 runs.",
        f"Twelve calm weeks, step 2 of 12. Next week begins at: Week 2, a minute and a half. {WHY}",
    ]


def test_a_week_of_rest_was_what_was_needed() -> None:
    assert lines(replace(EMPTY, paused=True, runs_in_four_weeks=None)) == [
        "Rest was what was needed this week.",
        "The plan waits for you: Week 2, a minute and a half.",
    ]


def test_a_drift_below_nought_is_kept_for_the_page() -> None:
    week = replace(WEEK, drift=Trend(-2.0, 3.0), recovery=None)
    assert not [line for turn in range(6) for line in lines(week, figures=True, turn=turn) if "rises" in line]


def test_a_week_of_which_some_may_be_gone_is_not_set_against_anything() -> None:
    said = lines(replace(WEEK, totals=replace(WEEK.totals, runs=2), is_whole=False))
    assert said[:2] == ["2 runs, 90 minutes.", "Calm for the most part."]
    assert lines(replace(EMPTY, is_whole=False))[0] == "Nothing is kept of this week any more."


def test_a_plan_of_one_step_counts_no_steps() -> None:
    place = replace(PLACE, steps=1, proposal=Proposal(Move.SAME, 1, Why.LAST))
    assert lines(replace(WEEK, place=place))[-1] == "Next: Week 2, a minute and a half."


def test_a_week_with_runs_leaves_the_reason_to_the_messages_after_them() -> None:
    assert WHY not in "\n".join(lines(WEEK))
    assert lines(EMPTY)[-1].endswith(WHY)


def test_with_a_group_its_line_comes_last_and_none_is_lost_but_the_least() -> None:
    said = lines(WEEK, figures=True, together=Together(7, 210))
    assert said[-1] == "Together: 7 runs, 210 minutes." == together_text(Together(7, 210), ENGLISH)
    assert said[-2].startswith("Twelve calm weeks")
    assert len(said) == 5


def test_a_run_that_may_still_come_is_not_missed_yet() -> None:
    two = replace(WEEK, totals=replace(WEEK.totals, runs=2), is_to_come=True)
    assert lines(two)[0] == "2 runs, 90 minutes so far."
    assert lines(replace(EMPTY, is_to_come=True))[0] == "No runs yet this week, and nothing has to be."
    assert lines(replace(WEEK, is_to_come=True))[0] == "3 runs, as agreed, 90 minutes."


@LANGUAGES
@pytest.mark.parametrize("seconds", [1500, 3500, 5000, 6500, 9000])
@pytest.mark.parametrize("calm_pct", [70.0, 90.0, 99.0])
def test_two_sundays_in_a_row_are_not_told_in_the_same_words(
    seconds: float, calm_pct: float, language: Language
) -> None:
    week = replace(
        WEEK,
        totals=Totals(3, seconds, inside_s=0.9 * seconds, above_s=0.1 * seconds),
        usual=Usual(4, 2.5, 5000.0, calm_pct),
        runs_in_four_weeks=None,
        longest_calm_s=None,
        place=None,
    )
    first, second = (
        re.split(r"(?<=[.])\s", week_text(week, language, figures=False, turn=turn).body) for turn in (738_000, 738_007)
    )
    assert len(first) == 4
    assert set(first[1:]).isdisjoint(second[1:])


def test_an_empty_week_says_how_it_felt_only_with_figures() -> None:
    heavy = replace(EMPTY, place=replace(PLACE, proposal=Proposal(Move.SAME, 2, Why.HEAVY)))
    assert lines(heavy, figures=True)[-1].endswith("It felt heavy. Stay at this step until it feels lighter.")
    for turn in range(8):
        assert lines(heavy, turn=turn)[-1] == (
            "Twelve calm weeks, step 2 of 12. Next week begins at: Week 2, a minute and a half."
        )


@pytest.mark.parametrize("turn", range(4))
def test_a_week_that_is_still_empty_is_in_no_hurry(turn: int) -> None:
    said = lines(replace(EMPTY, is_over=False), turn=turn)[0]
    assert re.search(r"nothing has to be|may stay like that|no hurry|is fine", said)


def test_a_week_of_long_ago_has_its_number_and_looks_at_nothing_ahead() -> None:
    text = week_text(replace(EMPTY, is_recent=False, place=None, runs_in_four_weeks=None), ENGLISH, figures=False)
    assert (text.title, len(text.body.splitlines())) == ("Week 47", 1)
