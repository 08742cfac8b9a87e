"""`duurloop run`: the service."""

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.cli.common import Exit, load_settings, state_folder
from daemon.clock import SystemClock
from daemon.logs import LogFormat, configure
from daemon.redaction import redactor
from daemon.wiring import Surroundings, parts_of, serve, stopped_by_signals

if TYPE_CHECKING:  # pydantic is slow to load and --help does without
    from config.settings import Settings


@click.command()
@click.option("--fault-page", is_flag=True, help="Settings that cannot be used: show why on the page, and wait.")
@click.pass_context
def run(ctx: click.Context, *, fault_page: bool) -> None:
    """Run the service; systemd starts this. Ends on SIGTERM or Ctrl-C."""
    at_once = None if fault_page else load_settings(ctx)

    async def begin() -> bool:
        async with stopped_by_signals() as stop:
            around = Surroundings(state_folder(ctx), SystemClock())
            settings = at_once or await _settings_in_time(ctx, around, stop)
            if settings is None:
                return False
            configure(LogFormat(settings.log.format), settings.log.level, redactor(settings.secrets()))
            await serve(lambda beat: parts_of(settings, around.clock, around.chance, beat), around, stop)
            return True

    if not asyncio.run(begin()):
        ctx.exit(Exit.CONFIGURATION)


async def _settings_in_time(ctx: click.Context, around: Surroundings, stop: asyncio.Event) -> "Settings | None":
    from config.loader import find_settings  # noqa: PLC0415 - as above
    from daemon.cli.mending import Mending  # noqa: PLC0415

    configure(LogFormat.AUTO, "info", redactor(()))
    told = ctx.obj["config"]
    find = partial(find_settings, Path(told) if told else None, os.environ, Path.home())
    return await Mending(find, lambda: load_settings(ctx), os.environ, around.clock, around.notifier).settings(stop)
