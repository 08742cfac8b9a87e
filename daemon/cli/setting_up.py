"""Setting up, done: finds out what there is, asks or takes options, checks, shows or lays, and says what comes next."""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from config.faults import TONGUE, SettingsError, words_for
from config.loader import load
from config.toml_draft import UnwritableError
from config.toml_file import read
from daemon.cli.common import Exit, Failure, words
from daemon.cli.saying import say
from daemon.cli.setup_house import house_of, put, try_channels
from daemon.cli.speech import terminal_language
from daemon.domain.wording import Language
from daemon.installation import InstallationError, Layout, Step, perform
from daemon.installation.installing import refresh_steps
from daemon.setup.answers import Answers, Present, language_of_file, language_of_runner, outcome
from daemon.setup.asking import Asker, LeftError
from daemon.setup.given import Around, OptionError, check_channels, given_by, missing
from daemon.setup.habit import read_plan
from daemon.setup.house import House
from daemon.setup.interview import interview
from daemon.setup.laying import Draft, drafted, service_steps, settings_steps, shown, unneeded_secrets
from daemon.setup.summary import next_lines
from daemon.setup.zone import cautious, proposals_for
from daemon.state_folder import DATABASE_NAME


def set_up(ctx: click.Context, options: Mapping[str, Any]) -> None:
    """Do what the options say, asking for what they leave open where there is somebody to ask."""
    TONGUE.set(words)
    asks = not options["is_quiet"] and sys.stdin.isatty() and sys.stdout.isatty()
    asker = Asker(put, click.echo, terminal_language())
    try:
        layout = _layout(ctx, options, asker, asks=asks)
        if options["refresh"]:
            _refresh(layout, is_dry=options["dry_run"])
        else:
            _set_up(ctx, layout, options, asker, asks=asks)
    except LeftError:
        click.echo(asker.words("Nothing has changed."))


def _set_up(ctx: click.Context, layout: Layout, options: Mapping[str, Any], asker: Asker, *, asks: bool) -> None:
    present = _present(layout.settings)
    adapter = present.settings.bluetooth.adapter if present.settings else None
    house = house_of(layout, adapter, wants_trial=options["test"] is not False and not options["dry_run"])
    given = _given(options, house, asker.language, present)
    if _is_talk(options, given, present, asks=asks):
        try:
            answers = interview(asker, house, given, present)
        except KeyboardInterrupt:  # while it listened, or a message was on its way
            click.echo()
            raise LeftError from None
    else:
        answers = _complete(given, present, house, asker.language.code, options)
    _finish(ctx, _Setting(layout, present, options, asker, house, asks=asks), answers)


@dataclass(frozen=True, slots=True)
class _Setting:
    """What one setting up goes by."""

    layout: Layout
    present: Present
    options: Mapping[str, Any]
    asker: Asker
    house: House
    asks: bool


# -- what there is ---------------------------------------------------------------------------------


def _layout(ctx: click.Context, options: Mapping[str, Any], asker: Asker, *, asks: bool) -> Layout:
    """Return where things go: the system's places for root, else a person's own. Raises `LeftError`."""
    is_root = os.geteuid() == 0
    is_users = options["is_users"] or (not is_root and options["service"] is False)
    if not (is_users or is_root or options["dry_run"]):
        alone = words(
            "You are not root, so this sets it up for you alone (for the whole machine: sudo duurloop setup). Go on?"
        )
        is_users = asks and asker.agree(alone, default=True)
        if not is_users:
            click.echo(words("sudo duurloop setup sets it up for the machine, setup --user for you alone."), err=True)
            raise click.exceptions.Exit(Exit.NO_PERMISSION)
    layout = Layout.of_user(Path.home(), os.environ) if is_users else Layout.of_system()
    if told := ctx.obj["config"] or os.environ.get("DUURLOOP_CONFIG"):
        file = Path(told).absolute()
        layout = replace(layout, settings=file, credentials=file.parent / "credentials")
    if ctx.obj["state"]:
        layout = replace(layout, state=Path(ctx.obj["state"]).absolute())
    return layout


def _present(file: Path) -> Present:
    """Return what the settings say; a file that cannot be used stops everything: nobody repairs it unread."""
    try:
        settings = load(file, os.environ)
    except SettingsError as error:
        if not _is_there(file):
            return Present()
        if {fault.reason for fault in error.faults} == {words_for("no_runner")}:
            return Present(_text_of(file))
        _refuse(file)
        raise
    return Present(_text_of(file), settings)


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except PermissionError:
        return True


def _text_of(file: Path) -> str:
    with file.open(encoding="utf-8", newline="") as opened:  # with its line ends as they are
        return opened.read()


def _refuse(file: Path) -> None:
    click.echo(
        words("{file} cannot be changed before these are mended. Nothing has changed.").format(file=file), err=True
    )


def _given(options: Mapping[str, Any], house: House, spoken: Language, present: Present) -> Answers:
    around = Around(house.today, spoken, sys.stdin.readline, os.environ, read_plan=partial(read_plan, house=house))
    if options["zone_origin"] and not options["zone"]:
        raise click.UsageError(words("--zone-origin says where --zone has it from: give both"))
    try:
        given = given_by(options, around)
        check_channels(given, present)
    except OptionError as error:
        raise click.UsageError(f"{error.option}: {error.told(words)}") from error
    return given


# -- who answers -----------------------------------------------------------------------------------


def _is_talk(options: Mapping[str, Any], given: Answers, present: Present, *, asks: bool) -> bool:
    """Tell whether there is something to ask, and somebody: options that change a file want no more."""
    wants_only_service = present.settings is not None and options["service"] is not None
    return asks and (present.settings is None or (given.is_empty and not wants_only_service))


def _complete(answers: Answers, present: Present, house: House, spoken: str, options: Mapping[str, Any]) -> Answers:
    """Return the answers with what follows by itself: whose they are, a cautious zone; or say what is missing."""
    is_about_runner = not replace(answers, **dict.fromkeys(_OF_THE_HOUSE)).is_empty  # type: ignore[arg-type]
    if answers.name is None and present.names:
        if len(present.names) > 1 and is_about_runner:
            raise click.UsageError(words("--name, please: one of {names}").format(names=", ".join(present.names)))
        answers = replace(answers, name=present.names[0]) if is_about_runner else answers
    is_new = present.settings is None or (answers.name is not None and present.runner(answers.name) is None)
    if is_new and answers.zone is None and (found := proposals_for(answers, None, house)):
        zone, origin = cautious(found)
        answers = replace(answers, zone=zone, zone_origin=origin)
    if left := missing(answers, is_new=is_new):
        raise click.UsageError(
            words("missing: {options}. A cautious zone comes with --born alone; --help shows all.").format(
                options=", ".join(left)
            )
        )
    if answers.is_empty and options["service"] is None:
        raise click.UsageError(words("nobody is here to be asked: say by options what shall change (--help)"))
    return replace(answers, language=answers.language or spoken) if is_new else answers


_OF_THE_HOUSE = (
    *("strava_client_id", "strava_secret", "import_folder", "export_folder", "backup_folder", "listen", "address"),
)


# -- doing it --------------------------------------------------------------------------------------


def _finish(ctx: click.Context, setting: _Setting, answers: Answers) -> None:
    layout, present, options, spoken = setting.layout, setting.present, setting.options, setting.asker.language
    draft = _drafted(setting, answers)
    with_service = _wants_service(setting)
    if with_service:
        steps = service_steps(draft, present, layout, is_wanted=bool(options["service"]))
    else:
        steps = settings_steps(draft, layout)
    steps = [*steps, *unneeded_secrets(draft, present, layout)]
    if options["dry_run"]:
        hidden = draft.settings.secrets() | frozenset(draft.secrets.values())
        for line in shown(steps, hidden):
            click.echo(line)
        return
    is_same = not draft.has_changed and not draft.secrets
    if is_same and (not with_service or (layout.is_set_up and not options["service"])):
        if with_service and (not layout.is_system or os.geteuid() == 0):
            _perform(steps, layout)  # an earlier time may have broken off
        click.echo(spoken.say("It is already set up like this. Nothing has changed."))
        return
    if with_service and layout.is_system and os.geteuid() != 0:
        click.echo(words("This installs a service of the whole machine: sudo duurloop setup"), err=True)
        ctx.exit(Exit.NO_PERMISSION)
    runners_own = setting.house.language_of(language_of_runner(answers, present) or spoken.code)
    reached = try_channels(answers, runners_own) if options["test"] and options["channel"] else True
    if present.settings is None:
        _tell_of_port(draft, setting)
    _perform(steps, layout)
    _tell_next(draft, setting, with_service=with_service, is_first=present.settings is None)
    if not reached:
        ctx.exit(Exit.FAILURE)


def _perform(steps: Sequence[Step], layout: Layout) -> None:
    """Do it; if it breaks off half-way, tell what does the rest."""
    try:
        perform(steps, say)
    except (InstallationError, OSError, KeyboardInterrupt):
        if layout.is_set_up:
            line = f"{layout.manager.setup} --service"
            told = words("This stopped half-way. What does the rest, as soon as it can: {line}")
            click.echo(told.format(line=line), err=True)
        raise


def _drafted(setting: _Setting, answers: Answers) -> Draft:
    layout, present = setting.layout, setting.present
    has_runs = answers.zone is not None and asyncio.run(_has_runs(layout.state, answers.name or ""))
    wanted = outcome(answers, present, setting.house.today, has_runs=has_runs)
    code = language_of_file(answers, present) or setting.asker.language.code
    try:
        return drafted(present, wanted, layout.settings, os.environ, setting.house.language_of(code))
    except UnwritableError as error:
        raise Failure(
            "{key} is written in a way that I cannot change without touching more: please change it in {file}",
            key=error.key,
            file=str(layout.settings),
        ) from error


def _wants_service(setting: _Setting) -> bool:
    """Tell whether the service is to be installed, or brought up to date with its settings."""
    if (told := setting.options["service"]) is not None:
        return bool(told)
    if setting.present.settings is not None:
        return setting.layout.is_set_up
    if not setting.asks or setting.options["dry_run"]:
        return True
    if shutil.which("systemctl") is None:
        setting.asker.tell(setting.asker.words("There is no systemd here, so nothing starts by itself."))
        return False
    return setting.asker.agree(
        setting.asker.words("Shall it start with the machine, and now?"),
        default=True,
        explained=setting.asker.words("As a service of systemd. Without, you start it yourself: duurloop run"),
    )


def _tell_of_port(draft: Draft, setting: _Setting) -> None:
    """Say it if somebody else has the page's place, unless that was asked about."""
    listen = draft.settings.page.listen
    if listen and setting.options["listen"] is not None and not setting.house.is_free(listen.host, listen.port):
        told = words("Another program has port {port}: the page waits until it is free, or take another with --listen.")
        click.echo(told.format(port=listen.port), err=True)


def _tell_next(draft: Draft, setting: _Setting, *, with_service: bool, is_first: bool) -> None:
    spoken, layout = setting.asker.language, setting.layout
    click.echo()
    if not is_first:
        click.echo(spoken.say("Done: {file}").format(file=layout.settings))
        return
    click.echo(spoken.say("Done. What comes next:"))
    runs_as = "sudo " if layout.is_system and with_service else ""
    for line in next_lines(draft.settings, layout.settings, spoken, runs_as=runs_as, is_running=with_service):
        click.echo(f"  {line}")


def _refresh(layout: Layout, *, is_dry: bool) -> None:
    """Bring an installation up to date; settings that want mending are no reason to leave it old."""
    if not layout.is_set_up:
        raise Failure("nothing is set up here yet: duurloop setup")
    steps = refresh_steps(layout, _folders_in(layout.settings))
    if is_dry:
        for line in shown(steps, frozenset()):
            click.echo(line)
        return
    perform(steps, say)


def _folders_in(file: Path) -> list[Path] | None:
    """Return the folders that a settings file names, whatever else is in it; None if that cannot be told."""
    try:
        held = read(file).tables
    except SettingsError:
        return None
    tables = (held.get(name) for name in ("import", "export", "backup"))
    named = (table.get("folder") for table in tables if isinstance(table, dict))
    return [file.parent / Path(folder).expanduser() for folder in named if isinstance(folder, str) and folder]


async def _has_runs(state: Path, name: str) -> bool:
    """Tell whether a runner has runs that keep the zone of their day."""
    path = state / DATABASE_NAME
    try:
        if not path.exists() or path.stat().st_size == 0:
            return False
    except PermissionError:
        return True
    from connectors.sqlite import open_readonly  # noqa: PLC0415 - there is none on a first run
    from connectors.sqlite_store import SqliteStore  # noqa: PLC0415

    async with open_readonly(path) as database:
        return bool(await SqliteStore(database).runs(name, limit=1))
