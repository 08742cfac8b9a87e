"""`duurloop doctor`: the whole chain, link by link."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.cli.common import Exit, json_option, load_settings, print_json, state_folder, words

if TYPE_CHECKING:  # what examines is loaded when it does: --help does without
    from config.faults import Fault
    from config.settings import Settings
    from daemon.doctor.finding import Finding, Level

SIGNS = {"ok": "✓", "unknown": "?", "warning": "!", "fault": "✗"}
PLAIN_SIGNS = {"ok": "+", "unknown": "?", "warning": "!", "fault": "x"}


@click.command()
@click.option("--send", is_flag=True, help="Send a test message to every channel, and time it.")
@click.option(
    "--seconds",
    type=click.FloatRange(1, 60),
    metavar="NUMBER",
    default=8,
    show_default=True,
    help="How long to listen for straps.",
)
@json_option
@click.pass_context
def doctor(ctx: click.Context, *, send: bool, seconds: float, as_json: bool) -> None:
    """Examine every link of the chain: ok, warning or fault, with the reason and what to do.

    Put your strap on first. Exit code 0: no fault (there may be warnings), 1: a fault, 78: the settings cannot be
    used; the other links are examined all the same.
    """
    from daemon.doctor.examining import examined  # noqa: PLC0415 - as above
    from daemon.doctor.finding import Level, ordered, worst  # noqa: PLC0415
    from daemon.doctor.rounds import House, round_of  # noqa: PLC0415
    from daemon.logs import only_errors  # noqa: PLC0415

    settings, faults = _settings(ctx)
    house = House(state_folder(ctx), _file(ctx), settings, faults, seconds=seconds, send=send)
    with only_errors():
        findings = ordered(examined(round_of(house)))
    if as_json:
        print_json(_report(findings))
    else:
        for line in _lines(findings):
            click.echo(line)
    if settings is None:
        ctx.exit(Exit.CONFIGURATION)
    ctx.exit(Exit.FAILURE if worst(findings) is Level.FAULT else Exit.WELL)


def _settings(ctx: click.Context) -> "tuple[Settings | None, Sequence[Fault]]":
    from config.faults import SettingsError  # noqa: PLC0415 - as above

    try:
        return load_settings(ctx), ()
    except SettingsError as error:
        return None, error.faults


def _file(ctx: click.Context) -> Path:
    import os  # noqa: PLC0415 - as above

    from config.loader import find_settings  # noqa: PLC0415

    told = ctx.obj["config"]
    return find_settings(Path(told) if told else None, os.environ, Path.home())


# -- telling ---------------------------------------------------------------------------------------


def _report(findings: "Sequence[Finding]") -> dict[str, Any]:
    from daemon.doctor.finding import Level  # noqa: PLC0415 - as above

    return {
        "type": "doctor",
        "ok": not any(finding.level is Level.FAULT for finding in findings),
        "findings": [
            {
                "link": finding.link.value,
                "name": finding.name,
                "level": finding.level.name.lower(),
                "reason": finding.reason.said(words),
                "remedy": finding.remedy.said(words) if finding.remedy else None,
            }
            for finding in findings
        ],
        "counts": {level.name.lower(): _count(findings, level) for level in Level},
    }


def _count(findings: "Sequence[Finding]", level: "Level") -> int:
    return sum(finding.level is level for finding in findings)


def _lines(findings: "Sequence[Finding]") -> Iterator[str]:
    titles, levels = _titles(), _levels()
    signs = SIGNS if _takes(SIGNS) else PLAIN_SIGNS
    width = max(map(len, levels.values()))
    link = None
    for finding in findings:
        if finding.link is not link:
            if link is not None:
                yield ""
            link = finding.link
            yield titles[link.value]
        level = finding.level.name.lower()
        yield f"  {signs[level]} {levels[level]:<{width}}  {finding.reason.said(words)}"
        if finding.remedy:
            yield f"    {'':<{width}}  {finding.remedy.said(words)}"
    yield ""
    yield _summary(findings)


def _takes(signs: dict[str, str]) -> bool:
    """Tell whether this terminal can show them."""
    try:
        "".join(signs.values()).encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _titles() -> dict[str, str]:
    return {
        "program": words("Program"),
        "settings": words("Settings"),
        "database": words("What is kept"),
        "clock": words("Clock"),
        "bluetooth": words("Bluetooth"),
        "strap": words("Strap"),
        "strava": words("Strava"),
        "channel": words("Messages"),
        "page": words("Page"),
        "service": words("Service"),
    }


def _levels() -> dict[str, str]:
    return {
        "ok": words("ok"),
        "unknown": words("unknown"),
        "warning": words("warning"),
        "fault": words("fault"),
    }


def _summary(findings: "Sequence[Finding]") -> str:
    from daemon.doctor.finding import Level  # noqa: PLC0415 - as above

    faults, warnings = _count(findings, Level.FAULT), _count(findings, Level.WARNING)
    if faults:
        told = words("Faults: {faults}, warnings: {warnings}. Begin with the first fault: others may come of it.")
        return told.format(faults=faults, warnings=warnings)
    if warnings:
        return words("No fault; warnings: {warnings}.").format(warnings=warnings)
    return words("All is well.")
