"""`duurloop replay`: a recording through the live coach."""

import hashlib
import os
from pathlib import Path

import click

from connectors.activity_files import read_recordings
from daemon.cli.arguments import Zone
from daemon.cli.common import json_option, language_of, load_settings, print_json, words
from daemon.cli.speech import run_lines, terminal_language
from daemon.commands import pick_step
from daemon.domain.plan import Course
from daemon.domain.session import Announce, Speak, Terms
from daemon.domain.wording import Language, cue_text, nudge_text
from daemon.domain.wording.text import clock_text
from daemon.domain.zones import TargetZone, zone_on
from daemon.from_settings import plan_named, system_timezone, zones_of
from daemon.replay import Replayed
from daemon.replay import replay as play
from daemon.report import cue_report, nudge_report, run_report


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--zone", type=Zone(), metavar="LOW-HIGH", help="Calm zone in bpm; else the one in your settings.")
@click.option("--plan", metavar="ID:STEP", help="As if this step had been started with the recording.")
@json_option
@click.pass_context
def replay(ctx: click.Context, *, file: Path, zone: TargetZone | None, plan: str | None, as_json: bool) -> None:
    """Play a FIT, TCX, GPX or RR/CSV recording through the live coach; nothing is kept."""
    recordings = read_recordings(file)
    zones = (zone,) if zone else _own_zones(ctx)
    course = _course(plan) if plan else None
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    for number, recording in enumerate(recordings):
        target = zone_on(recording.started_at.astimezone(system_timezone()).date(), zones)
        identity = f"replay-{digest}" + (f"-{number + 1}" if len(recordings) > 1 else "")
        replayed = play(recording, identity, Terms(target), course)
        (_print_json if as_json else _print_words)(replayed)


def _own_zones(ctx: click.Context) -> tuple[TargetZone, ...]:
    """Return the zones of the only runner there is; none when there are no settings, or several runners."""
    from config.faults import SettingsError  # noqa: PLC0415 - the settings are needed only here

    try:
        settings = load_settings(ctx)
    except SettingsError as error:
        if ctx.obj["config"]:
            raise
        complaint = words("duurloop: no zone to judge by ({reason}): say --zone 118-136")
        click.echo(complaint.format(reason=error.faults[0].reason), err=True)
        return ()
    if len(settings.runners) > 1:
        raise click.UsageError(words("several runners live here: say whose zone with --zone LOW-HIGH"))
    return zones_of(settings.runners[0])


def _course(plan: str) -> Course:
    return pick_step(plan, lambda name: plan_named(name, language_of(os.environ), Path()))


def _print_json(replayed: Replayed) -> None:
    for said in replayed.said:
        print_json(nudge_report(said, said.at) if isinstance(said, Speak) else cue_report(said, said.at))
    print_json(run_report(replayed.run, system_timezone()))


def _print_words(replayed: Replayed) -> None:
    language = terminal_language()
    for said in replayed.said:
        click.echo(f"{clock_text(said.at):>8}  {_words(said, replayed, language)}")
    click.echo()
    for line in run_lines(replayed.run, language, system_timezone()):
        click.echo(line)


def _words(said: Speak | Announce, replayed: Replayed, language: Language) -> str:
    if isinstance(said, Announce):
        return cue_text(said.kind, said.for_s, language, said.least_s).body
    target = replayed.run.target
    return nudge_text(said.nudge, language, (target.low, target.high) if target else None).body
