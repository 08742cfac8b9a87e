"""`backup` and `restore`: a checked copy of all that is kept, and the way back."""

import asyncio
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from connectors.sqlite_checks import contents_of
from connectors.sqlite_copies import Copies, drop
from connectors.sqlite_forget import runners_in
from connectors.sqlite_rescue import has_keys, put_back
from connectors.sqlite_rescue import prepare as make_ready
from daemon.cli.common import Failure, json_option, print_json, state_folder, words
from daemon.cli.saying import agree
from daemon.keeping.copies import Contents, Copy, CopyError
from daemon.service_manager import manager_of
from daemon.state_folder import COMMANDS_LOCK_NAME, DATABASE_NAME, LOCK_NAME, AlreadyRunningError, alone, prepare

_MB, _KB = 1_000_000, 1_000


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also in place of a file that is no copy of duurloop's.")
@json_option
@click.pass_context
def backup(ctx: click.Context, *, file: Path, force: bool, as_json: bool) -> None:
    """Make a checked copy of all that is kept, also while duurloop runs. FILE may be a folder."""
    database, now = state_folder(ctx) / DATABASE_NAME, datetime.now().astimezone()
    if not database.exists() or not database.stat().st_size:
        raise Failure("there is nothing to copy yet in {state}", state=str(database.parent))
    target = file / f"duurloop-{now:%Y-%m-%d-%H%M%S}.db" if file.is_dir() else file
    _refuse_to_overwrite(target, database, force=force)
    whole = contents_of(database, is_still=False)
    made = _make(Copies(database), target, now)
    if as_json:
        print_json(
            {
                "type": "backup",
                "file": click.format_filename(target),
                "size_bytes": made.size_bytes,
                "runs": made.contents.runs,
                "made_at": made.made_at.isoformat(timespec="seconds"),
            }
        )
        return
    said = words("Copied to {file} ({size}) and checked. Runs in it: {runs}.")
    click.echo(said.format(file=click.format_filename(target), size=_size(made.size_bytes), runs=made.contents.runs))
    if whole.runs > made.contents.runs:
        click.echo(words("Runs that are here only by Strava's API are left out: they may not be kept for longer."))


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def restore(ctx: click.Context, *, file: Path, yes: bool, as_json: bool) -> None:
    """Put a copy in the place of the database, which is kept beside it. FILE may be a folder: its last good copy."""
    state = prepare(state_folder(ctx))
    with alone(state / LOCK_NAME) as is_alone:
        if not is_alone:
            raise AlreadyRunningError(
                "duurloop is running: stop it first ({line}), then try again",
                line=manager_of(state).systemctl("stop"),
            )
        restored = _restore(_meant(file, state / DATABASE_NAME), state / DATABASE_NAME, yes=yes, asks=not as_json)
    if as_json:
        print_json(
            {
                "type": "restore",
                "file": str(restored.file),
                "runs": restored.now.runs,
                "runs_before": restored.before and restored.before.runs,
                "kept_as": restored.aside and str(restored.aside),
                "brought_back": restored.brought_back,
            }
        )
        return
    click.echo(words("Restored. Runs that are here now: {runs}.").format(runs=restored.now.runs))
    if restored.aside:
        click.echo(words("What was here before is kept as {file}.").format(file=restored.aside))
    if not restored.has_keys:
        click.echo(words("Phones and tablets are let in anew by a new link: duurloop page link"))
    click.echo(words("Start duurloop again: {line}").format(line=manager_of(state).systemctl("start")))


@dataclass(frozen=True, slots=True)
class _Restored:
    """What was done."""

    file: Path
    now: Contents
    before: Contents | None
    """None if there was nothing that could be read."""
    aside: Path | None
    brought_back: Sequence[str]
    """Of whom nothing was kept any more."""
    has_keys: bool
    """Whether links to the page go on working."""


def _restore(file: Path, database: Path, *, yes: bool, asks: bool) -> _Restored:
    fresh, contents = asyncio.run(make_ready(file, database))
    try:
        before, brought_back = _present(database), _brought_back(fresh, database)
        if asks:
            _say_both(file, contents, before)
            _say_back(brought_back)
        if not yes:
            agree(words("Put the copy in the place of what is here now?"), err=not asks)
        with alone(database.with_name(COMMANDS_LOCK_NAME)) as is_alone:
            if not is_alone:
                raise Failure(
                    "the database is in use by another command of duurloop: wait until that is done, and try again"
                )
            aside = put_back(fresh, database, datetime.now().astimezone())
    finally:
        drop(fresh)
    return _Restored(file, contents, before, aside, brought_back, has_keys(database))


def _brought_back(fresh: Path, database: Path) -> list[str]:
    """Return of whom the copy tells and the present database does not, though it tells of others."""
    with suppress(CopyError):
        present = runners_in(database, is_still=False)
        return sorted(runners_in(fresh, is_still=False) - present) if present else []
    return []


def _meant(file: Path, database: Path) -> Path:
    if not file.is_dir():
        return file
    copies = Copies(database, file)
    copy = copies.newest_good()
    if copy is None or copy.path.parent != file:
        copy = copies.newest_good(also_of_others=True)  # on a new machine they all are
        if len({one.contents.house for one in copies.listed(also_of_others=True) if one.path.parent == file}) > 1:
            raise Failure("{folder} holds copies of more than one duurloop: say which file is meant", folder=str(file))
    if copy is None or copy.path.parent != file:
        raise Failure("there is no good copy in {folder}", folder=str(file))
    return copy.path


def _say_both(file: Path, copy: Contents, before: Contents | None) -> None:
    if copy.made_at:
        said = words("{file}: a copy of {when}. Runs in it: {runs}.")
        click.echo(said.format(file=file, when=f"{copy.made_at.astimezone():%Y-%m-%d %H:%M}", runs=copy.runs))
    else:
        click.echo(words("{file}: runs in it: {runs}.").format(file=file, runs=copy.runs))
    if before:
        click.echo(words("Runs that are here now: {runs}.").format(runs=before.runs))
    else:
        click.echo(words("Here is nothing now that can be read."))


def _say_back(runners: Sequence[str]) -> None:
    """Let nobody who was forgotten come back unseen."""
    for name in runners:
        said = words(
            "It brings back {name}, of whom nothing is kept here now. "
            "If that is not meant, say afterwards: duurloop forget {quoted}"
        )
        click.echo(said.format(name=name, quoted=shlex.quote(name)))


def _present(database: Path) -> Contents | None:
    with suppress(CopyError):
        return contents_of(database, is_still=False)
    return None


def _make(copies: Copies, target: Path, now: datetime) -> Copy:
    try:
        return copies.make_at(target, now)
    except CopyError as error:
        if isinstance(cause := error.__cause__, PermissionError):
            raise PermissionError(cause.errno, cause.strerror, click.format_filename(target)) from error
        raise


def _refuse_to_overwrite(target: Path, database: Path, *, force: bool) -> None:
    if target.parent.exists() and target.parent.samefile(database.parent) and target.name.startswith(database.name):
        raise Failure("{file} is the database itself, or belongs to it", file=str(target))
    if not target.exists():
        return
    if target.samefile(database):
        raise Failure("{file} is the database itself", file=str(target))
    if not target.is_file():
        raise Failure("{file} is no file: say another name", file=str(target))
    copied = _present(target)
    if not force and (copied is None or copied.made_at is None):
        raise Failure(
            "{file} is there already and is no copy of duurloop's: say another name, or --force", file=str(target)
        )


def _size(size_bytes: int) -> str:
    return f"{size_bytes / _MB:.1f} MB" if size_bytes >= _MB else f"{-(-size_bytes // _KB)} kB"
