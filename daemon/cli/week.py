"""`week`: how a week went, at the terminal, as JSON, as a page, as a picture, or as Sunday's letters once more."""

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from config.settings import Settings
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon.cli.common import Failure, json_option, load_settings, print_json, runner_option, state_folder, words
from daemon.cli.database import readable, writable
from daemon.cli.speech import terminal_language
from daemon.cli.week_words import week_lines
from daemon.clock import SystemClock
from daemon.domain.calendar import day_of
from daemon.domain.week import Circumstances, IsoWeek, Together, Week, week_of
from daemon.domain.wording import PICTURE, Language, Text, week_text
from daemon.from_settings import runner_meant
from daemon.household import Runner
from daemon.remote import NoAnswerError, NotRunningError, RefusedError, ask
from daemon.store import Letter, LetterWritten
from daemon.weekly.drawing import week_drawing
from daemon.weekly.mail import week_mail
from daemon.weekly.report import week_report
from daemon.weekly.words import week_dates, week_title
from daemon.wiring import companion_of, weeks_of

STDOUT = "-"


def _week_named(_ctx: click.Context, _parameter: click.Parameter, name: str | None) -> IsoWeek | None:
    try:
        return None if name is None else IsoWeek.parse(name)
    except ValueError:
        raise click.BadParameter(words("no calendar has the week {week}; 2026-W46 is one").format(week=name)) from None


@dataclass(frozen=True, slots=True)
class _Seen:
    """A week as it is seen at a moment."""

    runner: Runner
    week: Week
    group: Together | None
    now: datetime

    def text(self, language: Language) -> Text:
        """Return its words, with the figures: this is the runner's own terminal."""
        turn = self.runner.turn(day_of(self.now, self.runner.timezone))
        return week_text(self.week, language, figures=True, turn=turn, together=self.group)

    def png(self) -> bytes:
        """Return its picture."""
        from connectors.picture import png_of  # noqa: PLC0415 - only where there is to be a picture

        return png_of(week_drawing(self.week, self.runner.language, figures=True))

    def html(self) -> str:
        """Return it as a mailbox would show it, the picture included."""
        language = self.runner.language
        mail = week_mail(self.text(language), self.week, language, figures=True, picture=self.png())
        return mail.html.replace(f"cid:{PICTURE}", f"data:image/png;base64,{b64encode(mail.picture).decode()}")


@click.command()
@click.argument("key", metavar="[2026-W46]", required=False, callback=_week_named)
@click.option("--html", metavar="FILE", help="Write it as a page for a browser, with the picture in it; - for stdout.")
@click.option("--png", metavar="FILE", help="Write the picture; - for stdout.")
@click.option("--send", is_flag=True, help="Send it to the channels that take the week, also if that was done before.")
@runner_option
@json_option
@click.pass_context
def week(
    ctx: click.Context,
    *,
    key: IsoWeek | None,
    html: str | None,
    png: str | None,
    send: bool,
    runner: str | None,
    as_json: bool,
) -> None:
    """Show how a week went: the one that you name, else the one that is going on."""
    if (html == STDOUT) + (png == STDOUT) + as_json > 1:
        raise click.UsageError(words("only one of --json, --html - and --png - fits on stdout"))
    settings, now = load_settings(ctx), datetime.now(UTC)
    whose = runner_meant(settings, runner)
    this_week = IsoWeek.of(day_of(now, whose.timezone))
    key = key or this_week
    if key > this_week:
        raise click.UsageError(words("{week} is still to come").format(week=key))
    is_for_people = not as_json and html is png is None
    reader = runner_meant(settings, runner, terminal_language().code) if is_for_people else whose
    seen = asyncio.run(_look(ctx, settings, reader, key, now))
    if html is not None:
        _write(html, seen.html().encode())
    if png is not None:
        _write(png, seen.png())
    letters = asyncio.run(_send(ctx, settings, whose, key)) if send else []
    if as_json:
        print_json(week_report(seen.week, whose.name))
    elif is_for_people and not send:
        for line in _lines(seen):
            click.echo(line)
    for line in _sent_lines(ctx, whose, letters):
        click.echo(line, err=STDOUT in (html, png) or as_json)


async def _look(ctx: click.Context, settings: Settings, runner: Runner, key: IsoWeek, now: datetime) -> _Seen:
    async with readable(ctx) as database:
        if database is None:
            agreed = len(runner.agreement.days) if runner.agreement else 0
            return _Seen(runner, week_of(key, (), Circumstances(runner.timezone, now, agreed=agreed)), None, now)
        weeks = weeks_of(settings, runner, SqliteStore(database), SqliteBook(database))
        return _Seen(runner, await weeks.week(key, now), await weeks.together(key), now)


async def _send(ctx: click.Context, settings: Settings, runner: Runner, key: IsoWeek) -> list[Letter]:
    """Put the letters into the outbox, and let a running service know."""
    async with writable(ctx) as database:
        companion = await companion_of(settings, runner, database, SystemClock())
        facts = await companion.writer.letters(key, again=True)
        if not facts:
            raise Failure(
                'no channel of {runner} takes the week: add "week" to the for = [...] of one', runner=runner.name
            )
        await SqliteStore(database).commit(facts)
    return [fact.letter for fact in facts if isinstance(fact, LetterWritten)]


def _sent_lines(ctx: click.Context, runner: Runner, letters: Sequence[Letter]) -> list[str]:
    if not letters:
        return []
    names = {channel.id: channel.name for channel in runner.channels}
    to = ", ".join(names[letter.channel] for letter in letters)
    try:
        ask(state_folder(ctx), "wake")
    except NotRunningError:
        return [words("Ready for {channels}. It goes when the service runs: duurloop run").format(channels=to)]
    except (NoAnswerError, RefusedError):
        pass  # within half a minute it looks by itself
    if any(letter.not_before > letter.written_at for letter in letters):
        return [words("It goes to {channels} after your quiet hours.").format(channels=to)]
    return [words("On its way to {channels}.").format(channels=to)]


def _lines(seen: _Seen) -> list[str]:
    language, text = terminal_language(), seen.text(terminal_language())
    whole = language.say("Runs that came by Strava stay for some days only: some of this week may be gone.")
    return [
        f"{week_title(seen.week.week, language)}, {week_dates(seen.week.week, language)}",
        "",
        *text.body.splitlines(),
        *(["", *numbers] if (numbers := week_lines(seen.week, language)) else []),
        *([] if seen.week.is_whole else ["", whole]),
    ]


def _write(path: str, content: bytes) -> None:
    if path == STDOUT:
        click.echo(content, nl=False)
        return
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise Failure("{path} cannot be written: {why}", path=path, why=error.strerror) from error
