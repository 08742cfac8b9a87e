"""`care`: what to ask oneself before beginning, when to stop, where help is to be found."""

import asyncio
from datetime import UTC, datetime

import click

from config.faults import SettingsError
from connectors.sqlite_store import SqliteStore
from daemon.cli.common import load_settings, runner_option, words
from daemon.cli.database import writable
from daemon.cli.saying import is_yes
from daemon.cli.speech import terminal_language
from daemon.domain.calendar import day_of
from daemon.domain.wording.care import Section, answer, help_page, introduction, questions
from daemon.from_settings import runner_meant
from daemon.household import Runner
from daemon.store import OccasionPassed

SCREENING = "screening"
"""The kind of occasion that is kept: the day, and nothing else."""


@click.command()
@click.option("--screen", is_flag=True, help="Ask the questions that are worth asking before you begin to run.")
@runner_option
@click.pass_context
def care(ctx: click.Context, *, screen: bool, runner: str | None) -> None:
    """Show when to stop, when to ask a doctor and where help is to be found; or ask what to ask before you begin."""
    if screen:
        _screen(ctx, runner)
        return
    for number, section in enumerate(help_page(terminal_language())):
        for line in _lines(section, is_first=number == 0):
            click.echo(line)


def _lines(section: Section, *, is_first: bool) -> list[str]:
    return [*([] if is_first else [""]), section.title, *(f"  {line}" for line in section.lines)]


def _screen(ctx: click.Context, runner: str | None) -> None:
    language = terminal_language()
    whose = _whose(ctx, runner)
    yes, no = words("y"), words("n")
    click.echo(introduction(language))
    said = [is_yes(f"{question} [{yes}/{no}]", suffix=" ") for question in questions(language)]
    click.echo()
    click.echo(answer(language, any_yes=any(said)))
    if whose:
        now = datetime.now(UTC)
        day = day_of(now, whose.timezone).isoformat()
        asyncio.run(_keep(ctx, OccasionPassed(whose.name, SCREENING, day, now)))


def _whose(ctx: click.Context, runner: str | None) -> Runner | None:
    """Return whose day it is; None as long as there are no settings: these questions come before the first of them."""
    try:
        settings = load_settings(ctx)
    except SettingsError:
        if runner is not None:
            raise
        return None
    return runner_meant(settings, runner)


async def _keep(ctx: click.Context, fact: OccasionPassed) -> None:
    async with writable(ctx) as database:
        await SqliteStore(database).commit([fact])
