"""Where a runner is on their plan, and what it proposes: worked out from the runs themselves, whenever asked."""

from datetime import datetime, timedelta

from daemon.domain.plan import PlanRef, StepKind
from daemon.domain.progress import Choice, Move, Proposal, Stage, along, propose
from daemon.household import Runner
from daemon.store import StepChosen, Store

LOOKS_BACK = timedelta(days=400)
"""A step that was run longer ago than that says nothing any more."""


def plan_of(runner: Runner) -> str | None:
    """Return the id of the runner's plan."""
    ref = runner.courses[0].ref if runner.courses else None
    return ref.plan if ref else None


def stages_of(runner: Runner) -> tuple[Stage, ...]:
    """Return the steps of the runner's plan as far as progress goes."""
    return tuple(
        Stage(course.runs, course.for_s, "run" if course.has(StepKind.RUN) else "walk") for course in runner.courses
    )


async def proposal_for(runner: Runner, store: Store, now: datetime) -> Proposal | None:
    """Return what the plan proposes, None without a plan. Raises `StoreError`."""
    plan, stages = plan_of(runner), stages_of(runner)
    if plan is None:
        return None
    runs = await store.runs(runner.name, now - LOOKS_BACK)
    chosen = await store.chosen_step(runner.name)
    choice = Choice(chosen.step.step, chosen.at) if chosen and chosen.step.plan == plan else None
    return propose(stages, along(reversed(runs), plan, stages), choice, now)


def chosen_by(runner: Runner, proposal: Proposal, move: Move, now: datetime) -> StepChosen | None:
    """Return the runner's own choice, seen from what was proposed; None where the plan has no such step.

    Next is one up from the step at hand, also where the plan would rather stay; it never leaps.
    """
    plan = plan_of(runner)
    at_hand = proposal.step - 1 if proposal.move is Move.NEXT else proposal.step
    step = {Move.NEXT: at_hand + 1, Move.SAME: at_hand, Move.EASIER: at_hand - 1}[move]
    if plan is None or not 1 <= step <= len(runner.courses):
        return None
    return StepChosen(runner.name, PlanRef(plan, step), now)
