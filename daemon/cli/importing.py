"""`duurloop import`: files of runs, folders of them, a Strava archive."""

import asyncio
import os
import sys
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from config.settings import Settings
from connectors.activity_files.content import printable
from connectors.sqlite_store import SqliteStore
from connectors.strava_archive import Archive
from daemon.cli.common import Exit, json_option, load_settings, print_json, runner_option, words
from daemon.cli.database import wake, writable
from daemon.clock import SystemClock
from daemon.crew import harvests
from daemon.finding import Found, find
from daemon.from_settings import runner_meant
from daemon.household import Runner
from daemon.importing import Outcome, Told, keep
from daemon.logs import only_errors
from daemon.reading import Hint, Job
from daemon.telling import Sentence
from daemon.wiring import companion_of

INTERRUPTED = 130
HANDFUL = 5
"""So many files are told one by one."""
MOST_LINES, MOST_ALIKE, MOST_NAMES = 30, 3, 5


def _no_empty_path(_ctx: click.Context, _parameter: click.Parameter, paths: tuple[str, ...]) -> tuple[Path, ...]:
    """Refuse an empty word, a script's unset variable: as a path it would be the folder we are in, and all below."""
    if "" in paths:
        raise click.BadParameter(words("is no possible path; check it"))
    return tuple(Path(path) for path in paths)


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(), callback=_no_empty_path)
@runner_option
@json_option
@click.pass_context
def import_(ctx: click.Context, *, paths: tuple[Path, ...], runner: str | None, as_json: bool) -> None:
    """Bring in runs from files (FIT, TCX, GPX, RR/CSV), folders, or the archive that Strava sends.

    What was brought in before is known again; nothing in PATH is changed.
    """
    settings = load_settings(ctx)
    whose = runner_meant(settings, runner)
    found = find(paths)
    try:
        with only_errors(), _report(found, as_json=as_json) as report:
            asyncio.run(_bring(ctx, settings, whose, report))
    except KeyboardInterrupt:
        click.echo(err=True)  # below the terminal's ^C
        click.echo(words("Interrupted. What is done is kept; the same command goes on from there."), err=True)
        ctx.exit(INTERRUPTED)
    report.end()
    ctx.exit(report.exit)


async def _bring(ctx: click.Context, settings: Settings, runner: Runner, report: "_Report") -> None:
    found = report.found
    async with writable(ctx) as database:
        store, clock = SqliteStore(database), SystemClock()
        library = (await companion_of(settings, runner, database, clock)).library
        for job, harvest in found.refused:
            report.take(job, await keep(harvest, library, store, clock.now()))
        seen = await store.seen_files(runner.name)
        news = 0
        async with harvests(found.jobs, library.yardstick, seen) as read:
            async for job, harvest in read:
                told = await keep(harvest, library, store, clock.now())
                report.take(job, told)
                news += told.outcome is Outcome.IMPORTED
                if news == 1 and told.outcome is Outcome.IMPORTED:  # the newest come first
                    await asyncio.to_thread(wake, ctx)
        if news > 1:
            await asyncio.to_thread(wake, ctx)


# -- what is told --------------------------------------------------------------------------------------


class _Report(ABC):
    """Counts what became of the files, and tells it at the end."""

    def __init__(self, found: Found, advance: Callable[[], None]) -> None:
        self.found = found
        self.counts: Counter[Outcome] = Counter()
        self._advance = advance
        self._named_failed = False

    @property
    def exit(self) -> Exit:
        """A damaged file in a folder is no failure, unless there is nothing else."""
        only_failed = self.counts.total() == self.counts[Outcome.FAILED] > 0
        return Exit.FAILURE if self._named_failed or only_failed else Exit.WELL

    def take(self, job: Job, told: Told) -> None:
        """Take in what became of a file."""
        if told.outcome is Outcome.FAILED and job.hint is Hint.GUESSED:
            told = replace(told, outcome=Outcome.SKIPPED)
        self._named_failed |= told.outcome is Outcome.FAILED and job.hint is Hint.NAMED
        self.counts[told.outcome] += 1
        self._show(job, told)
        self._advance()

    @abstractmethod
    def end(self) -> None:
        """Tell what it came to."""

    @abstractmethod
    def _show(self, job: Job, told: Told) -> None: ...


class _Lines(_Report):
    """For programs: a line of JSON for each file as it is done, for each archive, and for all of it."""

    def end(self) -> None:
        """Print the last lines."""
        for path, archive in self.found.archives:
            report = {"missing": archive.missing, "refused": archive.refused, "by_hand": archive.by_hand}
            print_json({"type": "archive", "path": _as_text(path), **report, "note": archive.note})
        print_json({"type": "import", **{outcome.value: self.counts[outcome] for outcome in Outcome}})

    def _show(self, job: Job, told: Told) -> None:
        reason = str(told.reason) if told.reason else None
        parts = {"path": _as_text(job.whole_path), "outcome": told.outcome.value, "runs": told.runs, "reason": reason}
        print_json({"type": "file", **parts})


class _Words(_Report):
    """For people: a handful of files one by one; of more the figures, and why some gave no run."""

    def __init__(self, found: Found, advance: Callable[[], None]) -> None:
        super().__init__(found, advance)
        self._is_handful = _total(found) <= HANDFUL
        self._without: dict[Outcome, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        """Files by the reason, for each outcome that has one."""

    def end(self) -> None:
        """Print what is to be known."""
        for path, archive in self.found.archives:
            for line in _about(archive):
                click.echo(f"{printable(path.name)}: {line}")
        for outcome in (Outcome.SKIPPED, Outcome.FAILED):
            lines = [
                line for reason, names in self._without[outcome].items() for line in _because(reason, names, outcome)
            ]
            hidden = len(lines) - MOST_LINES
            for line in [
                *lines[:MOST_LINES],
                *([words("and {count} more").format(count=hidden)] if hidden > 0 else []),
            ]:
                click.echo(line, err=outcome is Outcome.FAILED)
        if self._is_handful and not self.found.archives:
            return
        told = words(
            "{imported} imported, {updated} updated, {duplicate} known already, {skipped} skipped, {failed} failed"
        )
        click.echo(told.format(**{outcome.value: self.counts[outcome] for outcome in Outcome}))

    def _show(self, job: Job, told: Told) -> None:
        name = printable(job.name)
        if told.reason:
            self._without[told.outcome][_said(told.reason)].append(name)
        elif self._is_handful:
            click.echo(f"{name}: {_became(told)}")


@contextmanager
def _report(found: Found, *, as_json: bool) -> Iterator[_Report]:
    """Give what is to be told to, with a progress bar for who waits at a terminal."""
    shows_bar = _total(found) > HANDFUL and sys.stderr.isatty() and not (as_json and sys.stdout.isatty())
    kind = _Lines if as_json else _Words
    if not shows_bar:
        yield kind(found, lambda: None)
        return
    with click.progressbar(length=_total(found), label=words("Reading"), file=sys.stderr) as bar:
        yield kind(found, lambda: bar.update(1))


def _total(found: Found) -> int:
    return len(found.jobs) + len(found.refused)


def _became(told: Told) -> str:
    runs = ", ".join(told.runs)
    match told.outcome:
        case Outcome.IMPORTED:
            return words("imported as {runs}").format(runs=runs)
        case Outcome.UPDATED:
            return words("updated {runs}, of which it knows more").format(runs=runs)
        case _:
            return words("known already")


def _said(reason: Sentence) -> str:
    return printable(reason.said(words))


def _because(reason: str, names: Sequence[str], outcome: Outcome) -> list[str]:
    """Say it of each file; years of rides are skipped in one line, but which file is damaged is worth knowing."""
    if outcome is Outcome.SKIPPED and len(names) > MOST_ALIKE:
        return [words("{count} files: {reason}").format(count=len(names), reason=reason)]
    return [f"{name}: {reason}" for name in names]


def _about(archive: Archive) -> Iterator[str]:
    if archive.note:
        yield words(archive.note)
    if archive.missing:
        yield words("listed, but not in it ({count}): {files}").format(
            count=len(archive.missing), files=_names(archive.missing)
        )
    if archive.refused:
        yield words("listed under names that no export has, and left alone ({count}): {files}").format(
            count=len(archive.refused), files=_names(archive.refused)
        )
    if archive.by_hand:
        yield words("entered by hand, so without a file: {count}").format(count=archive.by_hand)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")


def _as_text(path: Path) -> str:
    """Return a path as JSON can hold it."""
    return os.fsencode(path).decode("utf-8", "replace")
