"""`duurloop status`: how things stand."""

from pathlib import Path
from typing import Any

import click

from daemon.cli.common import Exit, json_option, print_json, state_folder, words
from daemon.remote import NotRunningError, ask
from daemon.service_manager import manager_of


@click.command()
@json_option
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """Say whether the service runs, and how it is with straps, sessions and messages. Exit code 3: not running."""
    state = state_folder(ctx)
    try:
        answer = ask(state, "status")
    except NotRunningError:
        answer = {"type": "status", "running": False, "runners": [], "outbox": None, "strava": None, "inbox": None}
    if as_json:
        print_json(answer)
    else:
        for line in _lines(answer, state):
            click.echo(line)
    ctx.exit(Exit.WELL if answer["running"] else Exit.NOT_RUNNING)


def _lines(answer: dict[str, Any], state: Path) -> list[str]:
    if not answer["running"]:
        is_off = words("duurloop is not running. Start it: duurloop run, or {line}")
        return [is_off.format(line=manager_of(state).systemctl("start"))]
    from daemon.standing import parts  # noqa: PLC0415 - nothing stands where nothing runs

    lines: list[str] = []
    for part in parts(answer, words):
        told = (f"{line.text} ({line.command})" if line.command else line.text for line in part.lines)
        lines += ["", part.title, *(f"  {line}" for line in told)]
    return lines[1:]
