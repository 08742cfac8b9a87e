from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.effort import Evidence, Verdict, judge
from daemon.domain.feeling import Feeling
from daemon.domain.progress import Choice, Move, Outing, Proposal, Remembered, Stage, Why, along, is_like, propose
from daemon.domain.run import Run, Source

TUESDAY = datetime(2026, 11, 17, 18, 30, tzinfo=UTC)
STAGES = tuple(Stage(runs=2, for_s=1800.0) for _ in range(5))
CALM, LIVELY, HARD, UNJUDGED = Verdict.CALM, Verdict.LIVELY, Verdict.HARD, Verdict.UNJUDGED


def outing(step: int, day: float, verdict: Verdict = CALM, **more: float) -> Outing:
    return Outing(step, TUESDAY + timedelta(days=day), verdict, **more)  # type: ignore[arg-type]


def after(*outings: Outing, days: float = 2, choice: Choice | None = None) -> Proposal:
    last = max([*(one.at for one in outings), *([choice.at] if choice else []), TUESDAY])
    return propose(STAGES, outings, choice, last + timedelta(days=days))


def test_a_plan_begins_at_its_beginning() -> None:
    assert propose(STAGES, [], None, TUESDAY) == Proposal(Move.SAME, 1, Why.BEGIN)


@pytest.mark.parametrize(
    ("outings", "expected"),
    [
        ((outing(1, 0),), Proposal(Move.SAME, 1, Why.MORE)),
        ((outing(1, 0), outing(1, 2)), Proposal(Move.NEXT, 2, Why.READY)),
        ((outing(1, 0), outing(1, 2, UNJUDGED)), Proposal(Move.NEXT, 2, Why.READY)),
        ((outing(1, 0), outing(1, 2, LIVELY)), Proposal(Move.SAME, 1, Why.LIVELY)),
        ((outing(2, 0), outing(2, 2, HARD)), Proposal(Move.SAME, 2, Why.HARD)),
        ((outing(2, 0, HARD), outing(2, 2, HARD)), Proposal(Move.EASIER, 1, Why.HARD_AGAIN)),
        ((outing(1, 0, HARD), outing(1, 2, HARD)), Proposal(Move.SAME, 1, Why.HARD_AGAIN)),
        ((outing(1, 0), outing(1, 2, done=0.5)), Proposal(Move.SAME, 1, Why.CUT_SHORT)),
        ((outing(1, 0), outing(1, 2, effort=9)), Proposal(Move.SAME, 1, Why.HEAVY)),
        ((outing(1, 0), outing(1, 2, better=-1)), Proposal(Move.SAME, 1, Why.HEAVY)),
        ((outing(1, 0), outing(1, 2, better=0)), Proposal(Move.NEXT, 2, Why.READY)),
        ((outing(5, 0), outing(5, 2)), Proposal(Move.SAME, 5, Why.LAST)),
        ((outing(5, 0),), Proposal(Move.SAME, 5, Why.LAST)),
        ((outing(9, 0), outing(9, 2)), Proposal(Move.SAME, 5, Why.LAST)),
        ((outing(1, 0, HARD), outing(1, 2)), Proposal(Move.SAME, 1, Why.MORE)),
        ((outing(1, 0, HARD), outing(1, 2), outing(1, 4)), Proposal(Move.NEXT, 2, Why.READY)),
    ],
)
def test_what_happened_says_what_comes_next(outings: tuple[Outing, ...], expected: Proposal) -> None:
    assert after(*outings) == expected


@pytest.mark.parametrize(("days", "step"), [(10, 5), (11, 3), (23, 3), (24, 2), (38, 1), (365, 1)], ids=str)
def test_after_a_break_it_steps_back_further_the_longer_it_was(days: float, step: int) -> None:
    assert after(outing(4, 0), outing(4, 2), days=days).step == step


@pytest.mark.parametrize("days", [10.0, 11.0, 24.0, 38.0])
@pytest.mark.parametrize("hours", [-18.0, 0.0, 5.4])
def test_what_is_proposed_does_not_change_within_a_day(days: float, hours: float) -> None:
    outings = (outing(4, 0), outing(4, 2))
    assert after(*outings, days=days + hours / 24) == after(*outings, days=days)


def test_what_the_runner_chooses_holds() -> None:
    choice = Choice(4, TUESDAY + timedelta(days=3))
    assert after(outing(1, 0), choice=choice) == Proposal(Move.SAME, 4, Why.CHOSEN)


def test_a_choice_has_been_followed_with_the_next_run() -> None:
    choice = Choice(4, TUESDAY - timedelta(days=3))
    assert after(outing(4, 0), choice=choice).why is Why.MORE


@pytest.mark.parametrize(("minutes", "like"), [(23, False), (24, True), (30, True), (45, True), (46, False)])
def test_a_run_from_elsewhere_is_the_step_when_it_lasted_about_as_long(minutes: int, *, like: bool) -> None:
    assert is_like(minutes * 60.0, STAGES[0]) is like


OUTINGS = st.lists(
    st.builds(
        Outing,
        step=st.integers(1, 5),
        at=st.integers(0, 200).map(lambda day: TUESDAY + timedelta(days=day)),
        verdict=st.sampled_from(Verdict),
        done=st.floats(0, 1),
        effort=st.none() | st.integers(1, 10),
        better=st.none() | st.integers(-4, 4),
    ),
    max_size=8,
).map(lambda outings: sorted(outings, key=lambda one: one.at))


@given(OUTINGS, st.integers(0, 400))
def test_it_never_proposes_more_than_one_step_up(outings: list[Outing], days: int) -> None:
    last = outings[-1] if outings else None
    proposal = propose(STAGES, outings, None, (last.at if last else TUESDAY) + timedelta(days=days))
    assert 1 <= proposal.step <= (last.step + 1 if last else 1)
    assert (proposal.move is Move.NEXT) == (last is not None and proposal.step == last.step + 1)
    if last and days > 10:
        assert proposal.step < max(2, last.step)


JUDGED = judge(Evidence([], 1800.0), None)


@given(
    st.lists(
        st.tuples(st.floats(0.5, 30), st.sampled_from(Verdict), st.booleans(), st.none() | st.integers(1, 10)),
        max_size=14,
    )
)
def test_from_one_run_to_the_next_it_never_leaps_also_when_runs_have_gone(
    evenings: list[tuple[float, Verdict, bool, int | None]],
) -> None:
    runs: list[Run] = []
    diary: dict[str, Remembered] = {}
    at, before = TUESDAY, 0
    for number, (days, verdict, stays, effort) in enumerate(evenings):
        at += timedelta(days=days)
        judgement = replace(JUDGED, verdict=verdict)
        run = Run(str(number), "Els", (Source.FILE,), "run", None, at, 1800.0, None, None, judgement)
        run = replace(run, feeling=Feeling(effort=effort))
        outings = along([*runs, run], "p", STAGES, diary)
        assert len(outings) == number + 1
        step, then = outings[-1].step, propose(STAGES, outings, None, at).step
        assert 1 <= step <= before + 1
        assert then <= step + 1
        diary[run.id], before = Remembered(at, step, then), step
        runs += [run] if stays else []
