"""`pause` and `resume`: rest for illness or a holiday, without loss."""

import asyncio
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import click

from connectors.sqlite_store import SqliteStore
from daemon.cli.common import json_option, load_settings, print_json, runner_option, words
from daemon.cli.database import wake, writable
from daemon.cli.speech import terminal_language
from daemon.domain.calendar import day_of
from daemon.domain.wording import weekday_meant
from daemon.from_settings import runner_meant
from daemon.household import Runner
from daemon.remote import RefusedError
from daemon.resting import begin_pause, check_last_day, end_pause, reason_from, wish_text
from daemon.store import Pause

_SPAN = re.compile(r"(\d{1,3})\s*([dw])")
_SPAN_DAYS = {"d": 1, "w": 7}


def _reason(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    try:
        return reason_from(text or "")
    except RefusedError as error:
        raise click.BadParameter(error.told(words)) from error


@click.command()
@click.option("--until", metavar="DATE", required=True, help="The last day of it: 2026-12-24, fri, 3d or 2w.")
@click.option("--why", metavar="illness|holiday|TEXT", callback=_reason, help="For yourself; it stays at home.")
@runner_option
@json_option
@click.pass_context
def pause(ctx: click.Context, *, until: str, why: str | None, runner: str | None, as_json: bool) -> None:
    """Rest: no reminders until then, and nothing is lost. Said once more it moves the end."""
    whose, now = runner_meant(load_settings(ctx), runner), datetime.now(UTC)
    last = _last_day(until, day_of(now, whose.timezone))
    before, kept = asyncio.run(_pause(ctx, whose, last, why, now))
    wake(ctx)
    if as_json:
        print_json({"type": "pause", "runner": whose.name, "until": last.isoformat(), "why": kept})
        return
    if before:
        click.echo(words("The pause now lasts up to and including {until}.").format(until=last))
    else:
        click.echo(wish_text(kept, terminal_language()))
        click.echo(words("I don't remind you up to and including {until}. Nothing is lost.").format(until=last))
    click.echo(words("Back sooner? duurloop resume"))


@click.command()
@runner_option
@json_option
@click.pass_context
def resume(ctx: click.Context, *, runner: str | None, as_json: bool) -> None:
    """End a pause before its time."""
    whose = runner_meant(load_settings(ctx), runner)
    before = asyncio.run(_resume(ctx, whose, datetime.now(UTC)))
    wake(ctx)
    if as_json:
        print_json({"type": "pause", "runner": whose.name, "until": None, "why": None})
    elif before:
        click.echo(words("Good to have you back. Everything goes on as agreed; begin gently."))
    else:
        click.echo(words("There is no pause just now. Everything goes on as agreed."))


def _last_day(text: str, today: date) -> date:
    """Read the last day of a pause, seen from today. Raises `click.BadParameter`."""
    last = _day_named(text.strip().casefold(), today)
    if last is None:
        raise _not(words("'{text}' is no day I know; 2026-12-24 is one, and so are fri, 3d and 2w").format(text=text))
    try:
        check_last_day(last, today)
    except RefusedError as error:
        raise _not(error.told(words)) from error
    return last


def _day_named(text: str, today: date) -> date | None:
    if span := _SPAN.fullmatch(text):
        return today + timedelta(days=int(span[1]) * _SPAN_DAYS[span[2]])
    weekday = weekday_meant(text, terminal_language())
    if weekday is not None:  # today's own name means a week from now
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    with suppress(ValueError):
        return date.fromisoformat(text)
    return None


def _not(why: str) -> click.BadParameter:
    return click.BadParameter(why, param_hint="--until")


async def _pause(
    ctx: click.Context, runner: Runner, last: date, why: str | None, now: datetime
) -> tuple[Pause | None, str | None]:
    async with writable(ctx) as database:
        return await begin_pause(SqliteStore(database), runner, last, why, now)


async def _resume(ctx: click.Context, runner: Runner, now: datetime) -> Pause | None:
    async with writable(ctx) as database:
        return await end_pause(SqliteStore(database), runner, now)
