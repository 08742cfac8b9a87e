"""`duurloop run`: the service."""

import asyncio

import click

from daemon.cli.common import load_settings, state_folder
from daemon.clock import SystemClock
from daemon.logs import LogFormat, configure
from daemon.redaction import redactor
from daemon.wiring import Surroundings, parts_of, serve, stopped_by_signals


@click.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Run the service; systemd starts this. Ends on SIGTERM or Ctrl-C."""
    settings = load_settings(ctx)
    configure(LogFormat(settings.log.format), settings.log.level, redactor(settings.secrets()))

    async def begin() -> None:
        async with stopped_by_signals() as stop:
            around = Surroundings(state_folder(ctx), SystemClock())
            await serve(lambda beat: parts_of(settings, around.clock, around.chance, beat), around, stop)

    asyncio.run(begin())
