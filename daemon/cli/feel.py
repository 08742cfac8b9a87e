"""`feel`: how a run felt; it stays at home."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

import click

from config.settings import Settings
from connectors.sqlite_store import SqliteStore
from daemon.cli.common import json_option, load_settings, print_json, runner_option, words
from daemon.cli.database import readable, writable
from daemon.cli.speech import terminal_language
from daemon.domain.feeling import EFFORTS, FEELINGS, Feeling, Lift
from daemon.domain.run import Run
from daemon.domain.wording import duration, feeling_lines, lift_text
from daemon.feeling import LAST, RECENT, keep_feeling, known_run, lift_for, named_run, note_from, run_meant
from daemon.from_settings import plans_of, runner_meant
from daemon.household import Runner
from daemon.planning import Planner
from daemon.remote import RefusedError
from daemon.report import run_report
from daemon.store import Store

Ask = Callable[[str], str]
"""Puts a question to the person at the terminal; Enter alone is no answer."""


def _note(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """Read a note; an empty one is a slip, such as a script's unset variable."""
    try:
        note = None if text is None else note_from(text)
    except RefusedError as error:
        raise click.BadParameter(error.told(words)) from None
    if text is not None and note is None:
        raise click.BadParameter(words("there is nothing in it"))
    return note


@click.command()
@click.argument("run_id", metavar="[ID]", required=False)
@click.option(
    "--before",
    type=click.IntRange(FEELINGS[0], FEELINGS[-1]),
    metavar="NUMBER",
    help="How you felt before, 1 low to 5 good.",
)
@click.option(
    "--after", type=click.IntRange(FEELINGS[0], FEELINGS[-1]), metavar="NUMBER", help="How you felt after it."
)
@click.option(
    "--effort",
    type=click.IntRange(EFFORTS[0], EFFORTS[-1]),
    metavar="NUMBER",
    help="1 very light to 10 as hard as can be.",
)
@click.option("--note", metavar="TEXT", callback=_note, help="A line of your own.")
@runner_option
@json_option
@click.pass_context
def feel(
    ctx: click.Context,
    *,
    run_id: str | None,
    before: int | None,
    after: int | None,
    effort: int | None,
    note: str | None,
    runner: str | None,
    as_json: bool,
) -> None:
    """Say how a run felt: the last one, or the one with this ID. With --before alone, also before you go.

    Without any option it shows what you said of it. What you say stays on this machine.
    """
    said = Feeling(before, after, effort, note)
    settings = load_settings(ctx)
    if said == Feeling():
        whose, run, lift = asyncio.run(_look(ctx, settings, runner, run_id))
        asked = Feeling() if as_json or not sys.stdin.isatty() else _asked(run, datetime.now(UTC), _ask)
        if asked == Feeling():
            _show(whose, run, lift, as_json=as_json)
            return
        said, run_id = asked, run.id
    told, run_or_none, lift = asyncio.run(_say(ctx, settings, runner, run_id, said))
    _thank(told, run_or_none, said, lift, as_json=as_json)


async def _look(
    ctx: click.Context, settings: Settings, wanted: str | None, run_id: str | None
) -> tuple[Runner, Run, Lift]:
    async with readable(ctx) as database:
        if database is None:
            raise RefusedError("No runs yet. They come by themselves: put the strap on.")
        store = SqliteStore(database)
        whose = await _whose(store, settings, wanted, run_id)
        run = await known_run(store, whose, run_id or LAST)
        return whose, run, await lift_for(store, whose.name)


async def _say(
    ctx: click.Context, settings: Settings, wanted: str | None, run_id: str | None, said: Feeling
) -> tuple[Runner, Run | None, Lift]:
    now = datetime.now(UTC)
    async with writable(ctx) as database:
        store = SqliteStore(database)
        whose = await _whose(store, settings, wanted, run_id)
        run = await run_meant(store, whose, run_id, said, now)
        planner = Planner(whose, store, plans_of(settings))
        await keep_feeling(store, planner, run.id if run else None, said, now)
        return whose, await store.run(run.id) if run else None, await lift_for(store, whose.name)


async def _whose(store: Store, settings: Settings, wanted: str | None, run_id: str | None) -> Runner:
    """Return who speaks: the one who was named, the one whose run it is, or the only one."""
    if wanted is None and len(settings.runners) > 1 and run_id not in (None, LAST):
        wanted = (await named_run(store, run_id or "", None)).runner
    return runner_meant(settings, wanted)


# -- asking, one after the other ---------------------------------------------------------------------


def _ask(question: str) -> str:
    """Ask at the terminal."""
    answer: str = click.prompt(question, default="", show_default=False)
    return answer


def _asked(run: Run, now: datetime, ask: Ask) -> Feeling:
    """Ask for what was not told yet of a recent run."""
    if now - run.started_at > RECENT:
        return Feeling()
    known = run.feeling or Feeling()
    return Feeling(
        before=None if known.before else _number(words("How did you feel before, 1 (low) to 5 (very good)"), 5, ask),
        after=None if known.after else _number(words("And after, 1 (low) to 5 (very good)"), 5, ask),
        effort=None if known.effort else _number(words("How much effort, 1 (very light) to 10 (all I had)"), 10, ask),
        note=None if known.note else _line(words("A line of your own"), ask),
    )


def _number(question: str, highest: int, ask: Ask) -> int | None:
    while answer := ask(question).strip():
        if answer.isascii() and answer.isdecimal() and 1 <= int(answer[:9]) <= highest:
            return int(answer)
        question = words("A number from 1 to {highest}, please; Enter skips").format(highest=highest)
    return None


def _line(question: str, ask: Ask) -> str | None:
    while True:
        try:
            return note_from(ask(question))
        except RefusedError as error:
            question = error.told(words)


# -- telling -----------------------------------------------------------------------------------------


def _thank(runner: Runner, run: Run | None, said: Feeling, lift: Lift, *, as_json: bool) -> None:
    if run is not None:
        if not as_json:
            click.echo(words("Thank you, it is kept."))
        _show(runner, run, lift, as_json=as_json)
    elif as_json:
        print_json({"type": "feeling", "runner": runner.name, "run": None, "feeling": asdict(said)})
    else:
        click.echo(words("Thank you. It is kept for the run that you begin within six hours."))


def _show(runner: Runner, run: Run, lift: Lift, *, as_json: bool) -> None:
    if as_json:
        print_json(run_report(run, runner.timezone))
        return
    for line in _lines(runner, run, lift):
        click.echo(line)


def _lines(runner: Runner, run: Run, lift: Lift) -> list[str]:
    language = terminal_language()
    when = run.started_at.astimezone(runner.timezone)
    told = feeling_lines(run.feeling or Feeling(), language)
    return [
        f"{when:%Y-%m-%d %H:%M}, {duration(run.duration_s, language)}",
        *(f"  {line}" for line in told or [language.say("Nothing said of it yet, and that is fine.")]),
        *filter(None, [lift_text(lift, language)]),
        language.say("To say more: duurloop feel {run} --before 1-5 --after 1-5 --effort 1-10 --note TEXT").format(
            run=run.id
        ),
    ]
