"""Three lines after a run: whatever happened, they fit together, in both languages."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

import pytest

from config.language import catalogue
from daemon.domain.effort import Evidence, Judgement, Reason, Verdict, judge
from daemon.domain.progress import Move, Proposal, Why
from daemon.domain.wording import (
    ENGLISH,
    Language,
    LongRun,
    Onward,
    Outlook,
    Waits,
    proposal_text,
    summary_text,
)
from tests.builders import EASY, beats

JUDGED = judge(Evidence(beats((0, 128), until=1799), 1800), EASY)
DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext)
LANGUAGES = pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])
STEP = "Week 2: a minute and a half"
PHONE = 900

OUTLOOKS: list[Outlook | None] = [
    None,
    Waits(STEP),
    LongRun(),
    *(Onward(Proposal(move, step, why), STEP) for why, move, step in product(Why, Move, (1, 2))),
]


def judgements() -> Iterator[Judgement]:
    for verdict in (Verdict.CALM, Verdict.LIVELY, Verdict.HARD):
        yield replace(JUDGED, verdict=verdict)
    for reason in (*Reason, None):
        yield replace(JUDGED, verdict=Verdict.UNJUDGED, reason=reason)


def bodies(language: Language, turn: int) -> Iterator[str]:
    ways = product(judgements(), (600.0, 5400.0), OUTLOOKS, (True, False), (True, False))
    for judgement, seconds, outlook, figures, rest in ways:
        yield summary_text(judgement, seconds, language, figures=figures, turn=turn, outlook=outlook, rest=rest).body


def third_line(outlook: Outlook | None, verdict: Verdict = Verdict.CALM, *, rest: bool = True) -> str:
    judgement = replace(JUDGED, verdict=verdict)
    return summary_text(judgement, 1800, ENGLISH, figures=False, outlook=outlook, rest=rest).body.splitlines()[2]


@LANGUAGES
@pytest.mark.parametrize("turn", range(8))
def test_whatever_happened_it_is_three_different_lines_that_fit_a_phone(language: Language, turn: int) -> None:
    for body in bodies(language, turn):
        lines = body.splitlines()
        assert len(set(lines)) == len(lines) == 3
        assert len(body) < PHONE
        assert "!" not in body
        assert "{" not in body


@LANGUAGES
def test_without_figures_no_number_of_the_heart_is_said(language: Language) -> None:
    for judgement, outlook in product(judgements(), OUTLOOKS):
        body = summary_text(judgement, 1800, language, figures=False, outlook=outlook).body
        assert not re.search(r"\d\d|%", body)


Say = Callable[[int, Language], str]


def said_after(judgement: Judgement, minutes: int, outlook: Outlook | None = None) -> Say:
    def say(turn: int, language: Language) -> str:
        return summary_text(judgement, 60 * minutes, language, figures=False, turn=turn, outlook=outlook).body

    return say


RECURRING: list[tuple[str, Say]] = [
    *(
        (f"{verdict.value}, {minutes} minutes", said_after(replace(JUDGED, verdict=verdict), minutes))
        for verdict, minutes in product((Verdict.CALM, Verdict.LIVELY, Verdict.HARD), (10, 40))
    ),
    *((reason.value, said_after(replace(JUDGED, verdict=Verdict.UNJUDGED, reason=reason), 10)) for reason in Reason),
    *((f"onward: {why.value}", said_after(JUDGED, 30, Onward(Proposal(Move.SAME, 2, why), STEP))) for why in Why),
    *(
        (f"onward at step one: {why.value}", said_after(JUDGED, 30, Onward(Proposal(Move.SAME, 1, why), STEP)))
        for why in (Why.HARD_AGAIN, Why.AWAY, Why.LAST)
    ),
    (
        "strong at step one, and a day of rest",
        said_after(replace(JUDGED, verdict=Verdict.HARD), 30, Onward(Proposal(Move.SAME, 1, Why.HARD_AGAIN), STEP)),
    ),
    ("beside the plan", said_after(JUDGED, 30, Waits(STEP))),
]


@LANGUAGES
@pytest.mark.parametrize("say", [pytest.param(say, id=name) for name, say in RECURRING])
def test_within_a_week_and_a_day_no_sentence_comes_twice(say: Say, language: Language) -> None:
    lines = [line for turn in range(738_000, 738_008) for line in say(turn, language).splitlines()]
    assert len(set(lines)) == len(lines)
    sentences = [sentence for line in lines for sentence in re.split(r"(?<=[.?]) ", line)]
    but_the_step = [sentence for sentence in sentences if "minute and a half" not in sentence]
    assert len(set(but_the_step)) == len(but_the_step)


# -- what comes next -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proposal", "begins"),
    [
        (Proposal(Move.NEXT, 2, Why.READY), "Next time: Week 2, a minute and a half. You have done the step before"),
        (Proposal(Move.SAME, 2, Why.MORE), "Next time again: Week 2, a minute and a half. This step"),
        (Proposal(Move.EASIER, 2, Why.AWAY), "Next time: Week 2, a minute and a half. It has been a while. A smaller"),
        (Proposal(Move.SAME, 1, Why.AWAY), "Next time: Week 2, a minute and a half. It has been a while. Here you"),
    ],
)
def test_a_run_along_a_plan_hears_which_step_comes_and_why(proposal: Proposal, begins: str) -> None:
    assert third_line(Onward(proposal, STEP)).startswith(begins)


@pytest.mark.parametrize("why", [Why.HARD_AGAIN, Why.AWAY])
@pytest.mark.parametrize("turn", range(8))
def test_at_the_first_step_nobody_is_sent_a_step_back(why: Why, turn: int) -> None:
    assert "back is" not in (said := proposal_text(Proposal(Move.SAME, 1, why), ENGLISH, turn))
    assert "smaller step" not in said
    assert said != proposal_text(Proposal(Move.EASIER, 1, why), ENGLISH, turn)


def test_a_plan_of_one_step_does_not_end_with_every_run() -> None:
    said = {proposal_text(Proposal(Move.SAME, 1, Why.LAST), ENGLISH, turn) for turn in range(8)}
    assert not [text for text in said if "end of the plan" in text or "complete" in text]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_nobody_is_called_calm_who_was_not_heard(verdict: Verdict) -> None:
    # the step after an unjudged run may come just as well
    for turn in range(8):
        assert "calm" not in proposal_text(Proposal(Move.NEXT, 2, Why.READY), ENGLISH, turn), verdict


@pytest.mark.parametrize("turn", range(8))
@pytest.mark.parametrize("why", [Why.HEAVY, Why.CUT_SHORT])
def test_who_found_it_heavy_or_stopped_is_not_praised_for_ease_or_length(why: Why, turn: int) -> None:
    outlook = Onward(Proposal(Move.SAME, 2, why), STEP)
    praised = summary_text(JUDGED, 2400, ENGLISH, figures=False, turn=turn, outlook=outlook).body.splitlines()[1]
    short = summary_text(replace(JUDGED, verdict=Verdict.HARD), 600, ENGLISH, figures=False, turn=turn)
    assert praised == short.body.splitlines()[1]


def test_a_run_outside_the_plan_leaves_the_plan_where_it_was() -> None:
    assert third_line(Waits(STEP)) == "Your plan waits where it was: Week 2, a minute and a half."


def test_a_run_much_longer_than_usual_is_followed_by_shorter_ones() -> None:
    assert "a little shorter" in third_line(LongRun())


@pytest.mark.parametrize(
    ("outlook", "verdict", "advised"),
    [
        pytest.param(None, Verdict.CALM, True, id="after a calm one"),
        pytest.param(None, Verdict.LIVELY, False, id="not after a lively one"),
        pytest.param(LongRun(), Verdict.LIVELY, True, id="after a very long one"),
        pytest.param(Onward(Proposal(Move.SAME, 2, Why.HARD), STEP), Verdict.HARD, True, id="after a strong one"),
        pytest.param(Onward(Proposal(Move.NEXT, 2, Why.READY), STEP), Verdict.CALM, False, id="not along a plan"),
    ],
)
def test_a_day_of_rest_is_advised_only_where_no_run_is_agreed_for_the_next_day(
    outlook: Outlook | None, verdict: Verdict, *, advised: bool
) -> None:
    assert ("day of rest" in third_line(outlook, verdict)) is advised
    assert "day of rest" not in third_line(outlook, verdict, rest=False)
