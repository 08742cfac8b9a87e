"""`plan`: where the runner is, what comes next, the runner's own choice, and another plan."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import click

from config.settings import Settings
from connectors.sqlite_store import SqliteStore
from daemon.cli.common import Failure, json_option, load_settings, print_json, runner_option, words
from daemon.cli.database import readable, wake, writable
from daemon.cli.speech import terminal_language
from daemon.domain.progress import Move, propose
from daemon.domain.wording import Language, course_lines, proposal_text, verdict_text
from daemon.from_settings import plans_of, runner_meant
from daemon.household import Runner
from daemon.planning import Planner, Standing, stages_of
from daemon.report import legs_report

MOVES = {"next": Move.NEXT, "same": Move.SAME, "easier": Move.EASIER}
USE = "use"
LATELY = 6
"""So many runs along the plan are shown."""


@click.command()
@click.argument("choice", type=click.Choice([*MOVES, USE]), required=False, metavar="[next|same|easier|use]")
@click.argument("plan_id", metavar="[PLAN]", required=False)
@runner_option
@json_option
@click.pass_context
def plan(ctx: click.Context, *, choice: str | None, plan_id: str | None, runner: str | None, as_json: bool) -> None:
    """Show your step and what the plan proposes. Choose yourself: next, same or easier; or use another PLAN."""
    if (choice == USE) != (plan_id is not None):
        raise click.UsageError(words("say which plan: duurloop plan use rustig-12"))
    settings = load_settings(ctx)
    whose = runner_meant(settings, runner, terminal_language().code)
    planner = _PlannerMaker(whose, settings)
    if plan_id is not None:
        standing = asyncio.run(_use(ctx, planner, plan_id))
    else:
        standing = asyncio.run(_choose(ctx, planner, MOVES[choice]) if choice else _look(ctx, planner))
    if choice:
        wake(ctx)
    if standing is None:
        raise Failure("{runner} runs without a plan: duurloop plan use rustig-12 begins one", runner=whose.name)
    if as_json:
        print_json(_report(whose, standing))
        return
    for line in _lines(standing, terminal_language()):
        click.echo(line)


class _PlannerMaker:
    """Makes a runner's planner, once there is a store."""

    def __init__(self, runner: Runner, settings: Settings) -> None:
        self.runner = runner
        self._plans = plans_of(settings)

    def on(self, store: SqliteStore) -> Planner:
        return Planner(self.runner, store, self._plans)


async def _look(ctx: click.Context, maker: _PlannerMaker) -> Standing | None:
    now = datetime.now(UTC)
    async with readable(ctx) as database:
        if database:
            return await maker.on(SqliteStore(database)).standing(now)
    own = maker.runner.plan
    return Standing(own, (), propose(stages_of(own), (), None, now)) if own else None


async def _choose(ctx: click.Context, maker: _PlannerMaker, move: Move) -> Standing | None:
    now = datetime.now(UTC)
    async with writable(ctx) as database:
        store = SqliteStore(database)
        planner = maker.on(store)
        standing = await planner.standing(now)
        choice = await planner.choose(move, now)
        if standing and choice is None:
            raise _no_such_step(standing)
        if choice:
            await store.commit([choice])
        return await planner.standing(now)


def _no_such_step(standing: Standing) -> Failure:
    if standing.proposal.step > 1:
        return Failure("this is the plan's last step: you may stay here for as long as it pleases you")
    return Failure("this is the plan's first step, there is none before it: walking part of it is fine, too")


async def _use(ctx: click.Context, maker: _PlannerMaker, plan_id: str) -> Standing | None:
    now = datetime.now(UTC)
    async with writable(ctx) as database:
        store = SqliteStore(database)
        planner = maker.on(store)
        await store.commit([await planner.use(plan_id, now)])
        return await planner.standing(now)


def _report(runner: Runner, standing: Standing) -> dict[str, Any]:
    plan, proposal = standing.plan, standing.proposal
    return {
        "type": "plan",
        "runner": runner.name,
        "plan": {
            "id": plan.id,
            "name": plan.name,
            "step": proposal.step,
            "steps": len(plan.courses),
            "step_name": standing.step_name,
        },
        "move": proposal.move.value,
        "why": proposal.why.value,
        "legs": legs_report(standing.course),
        "history": [
            {
                "started_at": outing.at.astimezone(standing.zone).isoformat(timespec="seconds"),
                "step": outing.step,
                "verdict": outing.verdict.value,
            }
            for outing in standing.outings
        ],
    }


def _lines(standing: Standing, language: Language) -> list[str]:
    plan, proposal = standing.plan, standing.proposal
    step = words("{plan} ({id}), step {step} of {steps}. {name}").format(
        plan=plan.name, id=plan.id, step=proposal.step, steps=len(plan.courses), name=standing.step_name
    )
    parts = [(leg.kind, leg.for_s, leg.least_s) for leg in standing.course.legs]
    asked = (f"  {line}" for line in course_lines(parts, language))
    return [step, proposal_text(proposal, language), "", *asked, *_history(standing, language)]


def _history(standing: Standing, language: Language) -> list[str]:
    """Say which steps were run lately, and how calmly."""
    if not standing.outings:
        return []
    said = (
        (outing.at.astimezone(standing.zone), words("step {step}").format(step=outing.step), outing.verdict)
        for outing in standing.outings[-LATELY:]
    )
    lines = (f"  {at:%Y-%m-%d}  {step}, {verdict_text(verdict, language)}" for at, step, verdict in said)
    return ["", words("Lately:"), *lines]
