import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from daemon.domain.effort import Evidence, Judgement, Reason, Verdict, judge
from daemon.domain.nudges import Message, Nudge
from daemon.domain.plan import StepKind
from daemon.domain.wording import (
    ENGLISH,
    Language,
    Text,
    battery_text,
    channel_text,
    cue_text,
    duration,
    hello_text,
    nudge_text,
    reason_text,
    summary_text,
    verdict_text,
)
from tests.builders import EASY, PLANNED, beats

EDGES = (118, 136)
JUDGED = judge(Evidence(beats((0, 128), until=1799), 1800), EASY)
WITH_FIGURES = pytest.mark.parametrize("figures", [False, True], ids=["without figures", "with figures"])


def nudges(*, figures: bool) -> Iterator[Text]:
    for message in Message:
        for turn in range(8):
            yield nudge_text(Nudge(message, 149), ENGLISH, EDGES if figures else None, turn)
            yield nudge_text(Nudge(message), ENGLISH, EDGES if figures else None, turn)


def judgements() -> Iterator[Judgement]:
    for verdict in (Verdict.CALM, Verdict.LIVELY, Verdict.HARD):
        yield replace(JUDGED, verdict=verdict)
    for reason in (*Reason, None):
        yield replace(JUDGED, verdict=Verdict.UNJUDGED, reason=reason)
        yield replace(JUDGED, verdict=Verdict.UNJUDGED, reason=reason, calm_pct=None)


def summaries(*, figures: bool) -> Iterator[Text]:
    for judgement in judgements():
        for seconds in (100, 1800, 36_000):
            yield summary_text(judgement, seconds, ENGLISH, figures=figures)


def cues() -> Iterator[Text]:
    for kind in (*PLANNED, None):
        yield cue_text(kind, 90, ENGLISH)
        yield cue_text(kind, 180, ENGLISH, 60)


def everything() -> list[Text]:
    both = (False, True)
    said = [text for figures in both for text in (*nudges(figures=figures), *summaries(figures=figures))]
    return [
        *said,
        *cues(),
        hello_text(ENGLISH),
        battery_text(ENGLISH),
        channel_text("phone", "wrong password", ENGLISH),
    ]


def test_a_text_fits_a_phone() -> None:
    for text in everything():
        assert 0 < len(text.title) <= 40
        assert 0 < len(text.body) <= 240


def test_nobody_is_shouted_at_or_driven_on() -> None:
    for text in everything():
        for part in (text.title, text.body):
            assert "!" not in part
            assert not re.search(r"\b(faster|must|should|fail|bad|slow|danger|alarm)\b", part.lower())


def test_no_placeholder_is_left_over() -> None:
    assert not [text for text in everything() if "{" in text.title + text.body]


def test_without_figures_no_figure_is_said() -> None:
    for text in (*nudges(figures=False), *summaries(figures=False)):
        assert not re.search(r"\d", text.title + text.body)


def test_titles_say_no_figure_even_when_figures_are_wanted() -> None:
    assert not [text for text in everything() if re.search(r"\d", text.title)]


# -- nudges ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "figure"),
    [
        pytest.param(Message.EASE_OFF, "149; 136 is", id="the number to stay under"),
        pytest.param(Message.PICK_UP, "149; your zone begins at 118", id="where the zone begins"),
    ],
)
def test_who_wants_figures_gets_the_one_that_matters(message: Message, figure: str) -> None:
    assert figure in nudge_text(Nudge(message, 149), ENGLISH, EDGES).body


@pytest.mark.parametrize("message", [Message.STRAP_LOST, Message.WET_STRAP, Message.WELL_KEPT])
def test_a_word_about_no_value_has_no_figure(message: Message) -> None:
    assert nudge_text(Nudge(message), ENGLISH, EDGES) == nudge_text(Nudge(message), ENGLISH)


def test_each_message_has_words_of_its_own() -> None:
    assert len({nudge_text(Nudge(message), ENGLISH) for message in Message}) == len(Message)


def test_eight_words_in_one_run_are_eight_different_ones() -> None:
    said = [nudge_text(Nudge(Message.EASE_OFF), ENGLISH, turn=turn).body for turn in range(5, 13)]
    assert len(set(said)) == 8


# -- cues ------------------------------------------------------------------------------------------


def test_each_step_has_words_of_its_own_and_says_how_long() -> None:
    texts = {kind: cue_text(kind, 90, ENGLISH) for kind in PLANNED}
    assert len({text.title for text in texts.values()}) == len(PLANNED)
    assert all("90 seconds" in text.body for text in texts.values())


@pytest.mark.parametrize("kind", [StepKind.WALK, StepKind.RECOVERY])
def test_a_step_that_the_heart_leads_says_from_when_to_when(kind: StepKind) -> None:
    body = cue_text(kind, 180, ENGLISH, 60).body
    assert "until your heart has come down: at least 1 minute, at most 3 minutes" in body


def test_a_course_that_is_done_says_so() -> None:
    assert cue_text(None, 0, ENGLISH).body == "You have done the whole session. You may stop."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        pytest.param(1, "1 second", id="a second"),
        pytest.param(59.6, "1 minute", id="as good as a minute"),
        pytest.param(60, "1 minute", id="a minute"),
        pytest.param(90, "90 seconds", id="a minute and a half"),
        pytest.param(119, "119 seconds", id="just under two minutes"),
        pytest.param(120, "2 minutes", id="two minutes"),
        pytest.param(150, "2½ minutes", id="two and a half"),
        pytest.param(170, "3 minutes", id="nearly three"),
        pytest.param(3600, "60 minutes", id="an hour"),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds, ENGLISH) == words


# -- afterwards ------------------------------------------------------------------------------------


@WITH_FIGURES
def test_a_summary_is_three_lines(*, figures: bool) -> None:
    assert {len(text.body.splitlines()) for text in summaries(figures=figures)} == {3}


def test_a_summary_with_figures_says_how_calm_and_how_long() -> None:
    body = summary_text(replace(JUDGED, calm_pct=84.4), 1800, ENGLISH, figures=True).body
    assert "84 % calm, 30 minutes." in body.splitlines()[0]


def test_what_was_not_judged_has_no_share_to_tell() -> None:
    unjudged = replace(JUDGED, verdict=Verdict.UNJUDGED, reason=Reason.TOO_SHORT, calm_pct=84.4)
    assert "84" not in summary_text(unjudged, 200, ENGLISH, figures=True).body


def test_there_is_a_kind_word_for_a_run_that_was_not_calm() -> None:
    long, short = (summary_text(replace(JUDGED, verdict=Verdict.HARD), s, ENGLISH, figures=False) for s in (1800, 600))
    assert "a good while" in long.body
    assert "You went" in short.body


def test_every_reason_and_every_verdict_has_a_text() -> None:
    assert len({reason_text(reason, ENGLISH) for reason in Reason}) == len(Reason)
    assert {verdict_text(verdict, ENGLISH) for verdict in Verdict} == {"calm", "lively", "strong", "not judged"}


def test_a_channel_that_takes_nothing_is_named_with_what_it_answered() -> None:
    assert "phone" in (body := channel_text("phone", "wrong password", ENGLISH).body)
    assert "wrong password" in body


def test_what_a_channel_answered_is_said_in_the_runners_language() -> None:
    dutch = Language(lambda text: text.replace("timed out", "geen antwoord op tijd"), lambda one, _many, _number: one)
    assert "geen antwoord op tijd" in channel_text("phone", "timed out", dutch).body


# -- languages -------------------------------------------------------------------------------------


def test_everything_said_goes_through_the_language() -> None:
    shouting = Language(lambda text: f"<{text}>", lambda one, many, number: f"<{one if number == 1 else many}>")
    texts = [
        *(nudge_text(Nudge(message, 149), shouting, EDGES) for message in Message),
        *(cue_text(kind, 90, shouting) for kind in (*PLANNED, None)),
        *(summary_text(judgement, 1800, shouting, figures=True) for judgement in judgements()),
        hello_text(shouting),
        battery_text(shouting),
        channel_text("phone", "wrong password", shouting),
    ]
    for text in texts:
        for line in (text.title, *text.body.splitlines()):
            assert line.startswith("<")
            assert line.endswith(">")
    assert duration(90, shouting) == "<90 seconds>"
    assert reason_text(Reason.NO_ZONE, shouting).startswith("<")
    assert verdict_text(Verdict.CALM, shouting) == "<calm>"
