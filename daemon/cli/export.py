"""`duurloop export`: all own data, as files that anything can read."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path, PurePath

import click

from config.language import LANGUAGES
from connectors.fit_writer import fit_of
from connectors.sqlite import Database
from connectors.sqlite_holdings import SqliteHoldings
from connectors.sqlite_store import SqliteStore
from daemon.cli.common import Failure, json_option, print_json, runner_option, state_folder, words
from daemon.cli.database import readable
from daemon.cli.house_time import house_timezone
from daemon.commands import chosen
from daemon.from_settings import language
from daemon.keeping.export_folder import ExportFolder, folder_names
from daemon.keeping.export_words import readme
from daemon.keeping.exporting import Exported, Exporter

INTERRUPTED = 130
README = PurePath("README.txt")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@runner_option
@json_option
@click.pass_context
def export(ctx: click.Context, *, folder: Path, runner: str | None, as_json: bool) -> None:
    """Write everything of yours into DIR: each session as FIT with every heartbeat, the rest as JSON and CSV.

    DIR is new or empty, or holds an earlier export, which is brought up to date. Works beside a running service.
    """
    try:
        target, done = asyncio.run(_export(ctx, ExportFolder(folder), runner, as_json=as_json))
    except KeyboardInterrupt:
        click.echo(err=True)  # below the terminal's ^C
        click.echo(words("Interrupted. What is done is kept; the same command goes on from there."), err=True)
        ctx.exit(INTERRUPTED)
    if as_json:
        print_json(
            {"type": "export", "folder": click.format_filename(folder), "runners": [_report(one) for one in done]}
        )
        return
    for one in done:
        for line in _lines(one):
            click.echo(line)
    click.echo(
        words("{count} files are in {folder}; README.txt tells what is what.").format(
            count=target.written, folder=click.format_filename(folder)
        )
    )


async def _export(
    ctx: click.Context, target: ExportFolder, wanted: str | None, *, as_json: bool
) -> tuple[ExportFolder, list[Exported]]:
    async with readable(ctx) as database:
        holdings = SqliteHoldings(database) if database else None
        known = await holdings.runners() if holdings else []
        if database is None or holdings is None or not known:
            raise Failure("nothing is kept in {state} yet: there is nothing to export", state=str(state_folder(ctx)))
        names = [chosen(known, wanted)] if wanted else known
        target.prepare()
        target.put(README, readme(map(language, LANGUAGES)).encode())
        folders = folder_names(known)  # of all: an export of one runner does not land in another one's folder
        with _progress(await _size(holdings, names), is_shown=not as_json) as advance:
            exporter = _exporter(ctx, target, database, holdings)
            return target, [await exporter.export(name, folders[name], advance) for name in names]


def _exporter(ctx: click.Context, target: ExportFolder, database: Database, holdings: SqliteHoldings) -> Exporter:
    software = f"duurloop {version('duurloop')}"
    return Exporter(target, SqliteStore(database), holdings, partial(fit_of, software=software), house_timezone(ctx))


async def _size(holdings: SqliteHoldings, names: Sequence[str]) -> int:
    return sum([len(await holdings.takes(name)) for name in names])


@contextmanager
def _progress(length: int, *, is_shown: bool) -> Iterator[Callable[[], None]]:
    """Show how far it is to whoever waits at a terminal."""
    if not (is_shown and sys.stderr.isatty()):
        yield lambda: None
        return
    with click.progressbar(length=length, label=words("Writing"), file=sys.stderr) as bar:
        yield lambda: bar.update(1)


def _report(done: Exported) -> dict[str, object]:
    return {
        "name": done.runner,
        "folder": done.folder,
        "runs": done.runs,
        "sessions": done.sessions,
        "brought_in": done.brought_in,
        "left_out": {"strava_api": done.lent},
    }


def _lines(done: Exported) -> Iterator[str]:
    told = words("{name}: runs: {runs}. Sessions as FIT: {sessions}. Files that were brought in: {brought_in}.")
    yield told.format(name=done.runner, runs=done.runs, sessions=done.sessions, brought_in=done.brought_in)
    if done.lent:
        told = words(
            "{name}: left out are runs that came by Strava's interface alone: {count}. They are lent for some days; "
            "Strava itself gives you all of yours"
        )
        yield told.format(name=done.runner, count=done.lent)
