from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.effort import Verdict
from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import Bpm
from daemon.domain.run import Run
from daemon.domain.wording import ENGLISH, suggestion_text
from daemon.domain.zone_care import Suggestion, is_due, zone_suggestion
from daemon.domain.zones import TargetZone
from tests.builders import EASY
from tests.fakes import EVENING, judged_run

CALM, LIVELY, HARD, UNJUDGED = Verdict.CALM, Verdict.LIVELY, Verdict.HARD, Verdict.UNJUDGED
LIGHT, HEAVY = Feeling(effort=3), Feeling(effort=7)
OTHER = TargetZone(Bpm(110), Bpm(128))


def runs(*told: tuple[Verdict, Feeling | None], target: TargetZone | None = EASY) -> list[Run]:
    """Make runs, every other day one, oldest first."""
    plain = judged_run("run")
    return [
        replace(
            plain,
            id=f"run {number}",
            started_at=EVENING + timedelta(days=2 * number),
            target=target,
            judgement=replace(plain.judgement, verdict=verdict),
            feeling=feeling,
        )
        for number, (verdict, feeling) in enumerate(told)
    ]


def suggested(*told: tuple[Verdict, Feeling | None]) -> Suggestion | None:
    return zone_suggestion(runs(*told), EASY)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([(HARD, LIGHT)] * 5, id="five hard ones that were light"),
        pytest.param([(LIVELY, LIGHT), *[(HARD, LIGHT)] * 4], id="one of them lively"),
        pytest.param([(HARD, Feeling(before=3, after=4))] * 5, id="felt better after than before"),
        pytest.param([(HARD, Feeling(after=5))] * 5, id="felt good after"),
        pytest.param([(CALM, None), *[(HARD, LIGHT)] * 5], id="after a calm one of longer ago"),
        pytest.param(
            [*[(HARD, LIGHT)] * 3, (UNJUDGED, None), *[(HARD, LIGHT)] * 2], id="one without heart rate between"
        ),
    ],
)
def test_hard_runs_that_felt_easy_suggest_that_the_zone_is_low(told: list[tuple[Verdict, Feeling | None]]) -> None:
    assert suggested(*told) is Suggestion.TOO_LOW


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([(HARD, LIGHT)] * 4, id="only four"),
        pytest.param([(HARD, LIGHT), (HARD, None), *[(HARD, LIGHT)] * 3], id="one of which nothing was told"),
        pytest.param([(HARD, LIGHT), (HARD, Feeling(effort=4)), *[(HARD, LIGHT)] * 3], id="one that was not light"),
        pytest.param([*[(LIVELY, LIGHT)] * 2, *[(HARD, LIGHT)] * 3], id="two lively ones"),
        pytest.param([*[(HARD, LIGHT)] * 4, (CALM, LIGHT)], id="a calm one"),
        pytest.param([(HARD, Feeling(before=5, after=4))] * 5, id="felt worse than before"),
        pytest.param([(HARD, Feeling(effort=9, after=5))] * 5, id="heavy, and glad of it"),
        pytest.param([(HARD, Feeling(before=5, note="easy"))] * 5, id="told only before"),
        pytest.param([(HARD, HEAVY)] * 5, id="hard and heavy: that fits"),
        pytest.param([(CALM, LIGHT)] * 5, id="calm and light: that fits"),
        pytest.param([(CALM, HEAVY)] * 4, id="only four heavy ones"),
        pytest.param([*[(CALM, HEAVY)] * 4, (CALM, Feeling(effort=6))], id="one that was not heavy"),
        pytest.param([*[(CALM, HEAVY)] * 4, (LIVELY, HEAVY)], id="one that was not calm"),
        pytest.param([], id="no runs"),
    ],
)
def test_anything_less_suggests_nothing(told: list[tuple[Verdict, Feeling | None]]) -> None:
    assert suggested(*told) is None


def test_calm_runs_that_felt_heavy_suggest_that_the_zone_is_high() -> None:
    assert suggested(*[(CALM, HEAVY)] * 5) is Suggestion.TOO_HIGH


def test_runs_under_another_zone_say_nothing_of_this_one() -> None:
    before, since = runs(*[(HARD, LIGHT)] * 3, target=OTHER), runs(*[(HARD, LIGHT)] * 4)
    assert zone_suggestion([*before, *since], EASY) is None
    assert zone_suggestion(runs(*[(HARD, LIGHT)] * 5), None) is None
    assert zone_suggestion(runs(*[(HARD, LIGHT)] * 5, target=None), EASY) is None


@given(st.permutations(range(7)))
def test_it_does_not_matter_in_which_order_they_come(order: list[int]) -> None:
    told = runs((CALM, None), (CALM, HEAVY), *[(HARD, LIGHT)] * 5)
    assert zone_suggestion([told[number] for number in order], EASY) is Suggestion.TOO_LOW


@pytest.mark.parametrize(("days", "due"), [(0, False), (27, False), (28, True), (365, True)])
def test_it_is_said_once_in_four_weeks_at_most(days: int, *, due: bool) -> None:
    said = date(2026, 10, 25)
    assert is_due(said, said + timedelta(days=days)) is due
    assert is_due(None, said)


@pytest.mark.parametrize("suggestion", Suggestion)
@pytest.mark.parametrize("figures", [True, False], ids=["with figures", "without figures"])
def test_it_is_one_line_that_names_the_talk_test_and_no_formula(suggestion: Suggestion, *, figures: bool) -> None:
    said = suggestion_text(suggestion, ENGLISH, figures=figures)
    assert said.endswith("duurloop zone --talk-test")
    assert "\n" not in said


def test_without_figures_neither_feeling_nor_verdict_is_told() -> None:
    (said,) = {suggestion_text(suggestion, ENGLISH, figures=False) for suggestion in Suggestion}
    assert said == "Your zone may not fit you any more; a talk test would show: duurloop zone --talk-test"
