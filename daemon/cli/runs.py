"""`runs` and `show`: what has been run."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

import click

from connectors.sqlite import Database
from connectors.sqlite_handed_out import SqliteHandovers
from connectors.sqlite_store import SqliteStore
from daemon.cli.common import Failure, json_option, print_json, runner_option
from daemon.cli.database import readable
from daemon.cli.house_time import house_timezone
from daemon.cli.speech import run_lines, terminal_language
from daemon.domain.run import Run
from daemon.domain.wording import verdict_text
from daemon.handing.handovers import Handover
from daemon.handing.told import handed_report
from daemon.report import run_report

T = TypeVar("T")


@click.command()
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Only runs from this day on, as 2026-11-01."
)
@runner_option
@json_option
@click.pass_context
def runs(ctx: click.Context, *, since: datetime | None, runner: str | None, as_json: bool) -> None:
    """List the runs, newest first."""
    zone = house_timezone(ctx)
    begin = since.replace(tzinfo=zone).astimezone(UTC) if since else None
    nothing: list[Run] = []
    found = _look(ctx, lambda store: store.runs(runner, begin), nothing)
    if as_json:
        print_json([run_report(run, zone) for run in found])
        return
    for line in _table(found, zone):
        click.echo(line)


@click.command()
@click.argument("run_id", metavar="ID")
@runner_option
@json_option
@click.pass_context
def show(ctx: click.Context, *, run_id: str, runner: str | None, as_json: bool) -> None:
    """Show one run; `last` is the newest, of --runner if there are several."""

    async def find(database: Database) -> tuple[Run | None, list[Handover]]:
        store = SqliteStore(database)
        found = await (_newest(store, runner) if run_id == "last" else store.run(run_id))
        return found, await SqliteHandovers(database).of_run(found.id) if found else []

    nothing: tuple[Run | None, list[Handover]] = (None, [])
    run, handed = _look_into(ctx, find, nothing)
    if run is None and run_id == "last":
        raise Failure("No runs yet. They come by themselves: put the strap on.")
    if run is None:
        raise Failure("no run {run} is kept here: duurloop runs lists them", run=run_id)
    if as_json:
        zone = house_timezone(ctx)
        print_json({**run_report(run, zone), "handed_out": handed_report(handed, zone)})
        return
    for line in run_lines(run, terminal_language(), house_timezone(ctx), handed):
        click.echo(line)


async def _newest(store: SqliteStore, runner: str | None) -> Run | None:
    return next(iter(await store.runs(runner, limit=1)), None)


def _look(ctx: click.Context, question: Callable[[SqliteStore], Awaitable[T]], nothing: T) -> T:
    """Ask the store, beside a running service or without one."""
    return _look_into(ctx, lambda database: question(SqliteStore(database)), nothing)


def _look_into(ctx: click.Context, question: Callable[[Database], Awaitable[T]], nothing: T) -> T:

    async def look() -> T:
        async with readable(ctx) as database:
            return await question(database) if database else nothing

    return asyncio.run(look())


def _table(found: Sequence[Run], zone: tzinfo) -> list[str]:
    language = terminal_language()
    if not found:
        return [language.say("No runs yet. They come by themselves: put the strap on.")]
    verdicts = [verdict_text(run.judgement.verdict, language) for run in found]
    width = max(map(len, verdicts))
    return [
        f"{run.id}  {run.started_at.astimezone(zone):%Y-%m-%d %H:%M}  {run.duration_s / 60:3.0f} min"
        f"  {verdict:<{width}}  {run.runner}"
        for run, verdict in zip(found, verdicts, strict=True)
    ]
