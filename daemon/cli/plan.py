"""`plan`: where the runner is, what comes next, and the runner's own choice."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import click

from connectors.sqlite_store import SqliteStore
from daemon.cli.common import Failure, json_option, load_settings, print_json, runner_option, words
from daemon.cli.database import readable, writable
from daemon.cli.speech import course_lines, terminal_language
from daemon.commands import chosen
from daemon.domain.plan import Course
from daemon.domain.progress import Move, Proposal, propose
from daemon.domain.wording import Language, proposal_text
from daemon.household import Runner
from daemon.planning import chosen_by, plan_of, proposal_for, stages_of
from daemon.wiring import runners_of

MOVES = {"next": Move.NEXT, "same": Move.SAME, "easier": Move.EASIER}


@click.command()
@click.argument("choice", type=click.Choice(list(MOVES)), required=False, metavar="[next|same|easier]")
@runner_option
@json_option
@click.pass_context
def plan(ctx: click.Context, *, choice: str | None, runner: str | None, as_json: bool) -> None:
    """Show your step and what the plan proposes; or choose yourself: next, same or easier."""
    settings = load_settings(ctx)
    name = chosen([one.name for one in settings.runners], runner)
    whose = next(one for one in runners_of(settings) if one.name == name)
    if plan_of(whose) is None:
        raise Failure("{runner} runs without a plan: set plan = ... in the settings", runner=name)
    proposal = asyncio.run(_choose(ctx, whose, MOVES[choice]) if choice else _look(ctx, whose))
    if as_json:
        print_json(_report(whose, proposal))
        return
    for line in _lines(whose, proposal, terminal_language()):
        click.echo(line)


async def _look(ctx: click.Context, runner: Runner) -> Proposal:
    async with readable(ctx) as database:
        proposal = await proposal_for(runner, SqliteStore(database), datetime.now(UTC)) if database else None
    return proposal or propose(stages_of(runner), (), None, datetime.now(UTC))


async def _choose(ctx: click.Context, runner: Runner, move: Move) -> Proposal:
    now = datetime.now(UTC)
    async with writable(ctx) as database:
        store = SqliteStore(database)
        before = await proposal_for(runner, store, now) or propose(stages_of(runner), (), None, now)
        choice = chosen_by(runner, before, move, now)
        if choice is None:
            raise Failure("the plan has no such step: it has {steps}", steps=len(runner.courses))
        await store.commit([choice])
        return await proposal_for(runner, store, now) or before


def _report(runner: Runner, proposal: Proposal) -> dict[str, Any]:
    return {
        "type": "plan",
        "runner": runner.name,
        "plan": {"id": plan_of(runner), "step": proposal.step, "steps": len(runner.courses)},
        "move": proposal.move.value,
        "why": proposal.why.value,
        "legs": [{"kind": leg.kind.value, "for_s": leg.for_s} for leg in _course(runner, proposal).legs],
    }


def _lines(runner: Runner, proposal: Proposal, language: Language) -> list[str]:
    step = words("{id}, step {step} of {steps}").format(
        id=plan_of(runner), step=proposal.step, steps=len(runner.courses)
    )
    legs = [(leg.kind, leg.for_s) for leg in _course(runner, proposal).legs]
    return [step, proposal_text(proposal, language), "", *(f"  {line}" for line in course_lines(legs, language))]


def _course(runner: Runner, proposal: Proposal) -> Course:
    return runner.courses[proposal.step - 1]
