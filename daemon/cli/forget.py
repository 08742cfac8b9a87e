"""`duurloop forget`: all data of a runner, gone for good."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import suppress

import click

from config.settings import Settings
from connectors.sqlite_copies import Copies
from connectors.sqlite_forget import SqliteTraces
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon.cli.common import Exit, Failure, load_settings, state_folder, words
from daemon.cli.database import readable, wake
from daemon.cli.strava import revoke
from daemon.clock import SystemClock
from daemon.keeping.copies import CopyError
from daemon.keeping.forgetting import Traces, refuse_running
from daemon.remote import NoAnswerError, NotRunningError, RefusedError, ask
from daemon.state_folder import DATABASE_NAME
from daemon.strava.book import Account
from daemon.wiring import strava_of


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def forget(ctx: click.Context, *, name: str, yes: bool) -> None:
    """Erase all data of the runner NAME, from the database and from its copies; also of one who left the settings."""
    settings = load_settings(ctx)
    links = asyncio.run(_links(ctx))
    traces = SqliteTraces(state_folder(ctx) / DATABASE_NAME, _copies(ctx, settings))
    known = traces.runners() if links is not None else set()
    if links is None or not known:
        raise Failure("nothing is kept in {state} yet: there is nobody to forget", state=str(state_folder(ctx)))
    runner = _meant(known, name)
    _refuse_running(ctx, runner)
    if not yes:
        _confirm(runner, asyncio.run(_runs(ctx, runner)))
    others = (known | {one.name for one in settings.runners}) - {runner}
    troubles = [asyncio.run(_end_access(settings, link)) for link in links if link.runner == runner]
    troubles.append(_erase(traces, runner, others))
    _tell_service(ctx, runner)
    click.echo(words("All that the database held of {name} is gone.").format(name=runner))
    troubles.append(_erase_from_copies(traces, runner, others))
    for line in _remains(settings, runner):
        click.echo(line)
    for trouble in filter(None, troubles):
        click.echo(f"duurloop: {trouble}", err=True)
    ctx.exit(Exit.FAILURE if any(troubles) else Exit.WELL)


async def _links(ctx: click.Context) -> list[Account] | None:
    """Return the links to Strava; None if there is no database yet."""
    async with readable(ctx) as database:
        return await SqliteBook(database).accounts() if database else None


async def _runs(ctx: click.Context, runner: str) -> int:
    async with readable(ctx) as database:
        return len(await SqliteStore(database).runs(runner)) if database else 0


def _meant(known: Collection[str], name: str) -> str:
    alike = sorted(one for one in known if one.casefold() == name.casefold())
    if name in alike:
        return name
    if len(alike) != 1:  # not a guess, of what cannot be undone
        raise Failure("nothing is kept of {name}, only of {known}", name=name, known=", ".join(sorted(known)))
    return alike[0]


def _copies(ctx: click.Context, settings: Settings) -> Copies:
    return Copies(state_folder(ctx) / DATABASE_NAME, settings.backup.folder)


def _refuse_running(ctx: click.Context, runner: str) -> None:
    with suppress(NotRunningError):
        refuse_running(ask(state_folder(ctx), "status"), runner)


def _confirm(runner: str, runs: int) -> None:
    told = words(
        "This erases all of {name}: runs ({runs}), feelings, plan, zones, messages, the link to Strava. It cannot be "
        "undone; duurloop export takes it all along first."
    )
    click.echo(told.format(name=runner, runs=runs), err=True)
    if click.prompt(words("Type the name to go on"), err=True).strip() != runner:
        raise Failure("that is another name: nothing has changed")


async def _end_access(settings: Settings, link: Account) -> str | None:
    """End the access at Strava; return what went wrong, which keeps nobody from being forgotten here."""
    trouble = await revoke(strava_of(settings, SystemClock()) if settings.strava.client_id else None, link)
    if trouble is None:
        return None
    told = words("Strava itself could not be told ({reason}): end the access at https://www.strava.com/settings/apps")
    return told.format(reason=words(trouble))


def _erase(traces: Traces, runner: str, others: Collection[str]) -> str | None:
    if traces.erase(runner, others):
        return None
    return words("the database was in use, so some bytes may be left in its files until duurloop is started anew")


def _erase_from_copies(traces: Traces, runner: str, others: Collection[str]) -> str | None:
    """Erase from the copies, tell it, and return what went wrong."""
    try:
        count = traces.erase_from_copies(runner, others)
    except CopyError as error:
        why = error.told(words)
        return words("{name} is still in copies of the database ({why}). Mend that, and say the same once more").format(
            name=runner, why=why
        )
    if count:
        click.echo(
            words("The copies of the database, {count} of them, hold nothing of it any more.").format(count=count)
        )
    return None


def _tell_service(ctx: click.Context, runner: str) -> None:
    """Let a running service see what has changed."""
    wake(ctx)
    with suppress(NotRunningError, NoAnswerError, RefusedError):
        ask(state_folder(ctx), "strava_look", runner=runner)


def _remains(settings: Settings, runner: str) -> Iterator[str]:
    """Tell what is out of reach."""
    yield words("What I cannot reach, if you have any of it:")
    yield words("- messages that were sent; and uploads to Strava")
    yield words(
        "- copies made with duurloop backup, or in a folder that stood under [backup] before; and folders made with "
        "duurloop export"
    )
    yield words("- names in systemd's journal, which drops its oldest lines by itself")
    if settings.export.folder:
        yield words("- FIT files in {folder}").format(folder=settings.export.folder)
    if settings.inbox.folder:
        yield words("- files in {folder}: what still lies there would be brought in anew").format(
            folder=settings.inbox.folder
        )
    if any(one.name == runner for one in settings.runners):
        yield words("- {name} in the settings: take the [[runners]] table out, or all begins anew").format(name=runner)
