"""What the plan proposes, from the runs that are kept: strap, file and Strava alike."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.progress import Move, Proposal, Why
from daemon.domain.run import Run, Source
from daemon.planning import chosen_by, plan_of, proposal_for
from daemon.store import Brought, RunKept, SessionOpened, StepChosen
from tests.fakes import EASY, EVENING, MemoryStore, judged_run, runner, sample


def courses(kind: StepKind = StepKind.RUN, runs: int = 2) -> tuple[Course, ...]:
    """Make a plan of three steps of ten minutes."""
    return tuple(Course.of([Step(kind, 600.0)], PlanRef("rustig-12", number), runs) for number in (1, 2, 3))


ELS = replace(runner("Els"), courses=courses())
SAMPLES = tuple(sample(float(second)) for second in range(0, 601, 5))


def run_at(days: float, plan: PlanRef | None = None, sport: str = "run") -> Run:
    began = EVENING + timedelta(days=days)
    return replace(judged_run(f"r{days}", SAMPLES, began), plan=plan, sport=sport)


async def house_with(*runs: Run, source: Source = Source.STRAP) -> MemoryStore:
    store = MemoryStore()
    for run in runs:
        if source is Source.STRAP:
            await store.commit([SessionOpened(run.id, "Els", run.started_at, EASY), RunKept(run.id, run, SAMPLES)])
        else:
            await store.bring(Brought(replace(run, sources=(source,)), SAMPLES, run.id), lambda _: [])
    return store


def on(day: float) -> datetime:
    return EVENING + timedelta(days=day)


async def test_a_plan_begins_with_its_first_step() -> None:
    assert await proposal_for(ELS, MemoryStore(), EVENING) == Proposal(Move.SAME, 1, Why.BEGIN)


async def test_a_step_that_is_meant_for_one_run_is_done_with_one() -> None:
    store = await house_with(run_at(0))
    assert await proposal_for(replace(ELS, courses=courses(runs=1)), store, on(2)) == Proposal(Move.NEXT, 2, Why.READY)


async def test_without_a_plan_there_is_no_proposal() -> None:
    free = runner("Els")
    assert (plan_of(free), await proposal_for(free, MemoryStore(), EVENING)) == (None, None)


@pytest.mark.parametrize("source", list(Source))
async def test_runs_count_for_the_plan_wherever_they_were_recorded(source: Source) -> None:
    store = await house_with(run_at(0), run_at(2), source=source)
    assert await proposal_for(ELS, store, on(4)) == Proposal(Move.NEXT, 2, Why.READY)


async def test_a_run_that_was_started_as_a_step_is_that_step() -> None:
    store = await house_with(run_at(0, PlanRef("rustig-12", 2)))
    assert await proposal_for(ELS, store, on(2)) == Proposal(Move.SAME, 2, Why.MORE)


async def test_what_was_run_along_another_plan_or_is_no_run_says_nothing() -> None:
    store = await house_with(run_at(0, PlanRef("start-9", 5)), run_at(1, sport="walk"))
    assert await proposal_for(ELS, store, on(2)) == Proposal(Move.SAME, 1, Why.BEGIN)


async def test_walks_count_for_a_plan_of_walks_and_runs_do_not() -> None:
    walker = replace(ELS, courses=courses(StepKind.WALK, runs=1))
    assert (await proposal_for(walker, await house_with(run_at(0, sport="walk")), on(1))) == Proposal(
        Move.NEXT, 2, Why.READY
    )
    assert (await proposal_for(walker, await house_with(run_at(0)), on(1))) == Proposal(Move.SAME, 1, Why.BEGIN)


async def test_another_runners_runs_say_nothing() -> None:
    store = await house_with(run_at(0, PlanRef("rustig-12", 3)))
    assert await proposal_for(replace(ELS, name="Jan"), store, on(2)) == Proposal(Move.SAME, 1, Why.BEGIN)


async def test_a_choice_along_another_plan_is_none() -> None:
    store = MemoryStore()
    await store.commit([StepChosen("Els", PlanRef("start-9", 3), EVENING)])
    assert await proposal_for(ELS, store, on(1)) == Proposal(Move.SAME, 1, Why.BEGIN)


@pytest.mark.parametrize(
    ("proposal", "move", "step"),
    [
        (Proposal(Move.NEXT, 2, Why.READY), Move.NEXT, 2),
        (Proposal(Move.NEXT, 3, Why.READY), Move.SAME, 2),
        (Proposal(Move.NEXT, 3, Why.READY), Move.EASIER, 1),
        (Proposal(Move.SAME, 2, Why.HARD), Move.NEXT, 3),
        (Proposal(Move.SAME, 3, Why.LAST), Move.NEXT, None),
        (Proposal(Move.SAME, 1, Why.BEGIN), Move.EASIER, None),
    ],
)
def test_the_runner_s_own_choice_is_one_step_from_the_one_at_hand(
    proposal: Proposal, move: Move, step: int | None
) -> None:
    chosen = chosen_by(ELS, proposal, move, EVENING)
    assert chosen == (step and StepChosen("Els", PlanRef("rustig-12", step), EVENING))
