"""`duurloop run`: the service."""

import asyncio
import os
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog

from daemon.cli.common import Exit, load_settings, state_folder
from daemon.clock import SystemClock
from daemon.logs import LogFormat, configure
from daemon.parts import Parts
from daemon.pulse import Beat
from daemon.redaction import redactor
from daemon.service_manager import manager_of
from daemon.serving import Orders, Surroundings, serve, signals
from daemon.wiring import parts_of

if TYPE_CHECKING:  # pydantic is slow to load and --help does without
    from config.settings import Settings

HANDED = "CREDENTIALS_DIRECTORY"

log = structlog.get_logger()


@click.command()
@click.option("--fault-page", is_flag=True, help="Settings that cannot be used: show why on the page, and wait.")
@click.pass_context
def run(ctx: click.Context, *, fault_page: bool) -> None:
    """Run the service; systemd starts this. Ends on SIGTERM or Ctrl-C; under systemd SIGHUP reloads the settings."""
    around = Surroundings(state_folder(ctx), SystemClock())
    if around.notifier.is_heard:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # one that comes too early: the settings are yet to be read
    at_once = None if fault_page else load_settings(ctx)

    async def begin() -> bool:
        async with signals(reloads=around.notifier.is_heard) as orders:
            settings = at_once or await _settings_in_time(ctx, around, orders)
            if settings is None:
                return False
            await serve(_Maker(ctx, around, settings).parts, around, orders.stop, orders.reload)
            return True

    if not asyncio.run(begin()):
        ctx.exit(Exit.CONFIGURATION)


async def _settings_in_time(ctx: click.Context, around: Surroundings, orders: Orders) -> "Settings | None":
    from config.loader import find_settings  # noqa: PLC0415 - as above
    from daemon.cli.mending import Mending  # noqa: PLC0415

    configure(LogFormat.AUTO, "info", redactor(()))
    told = ctx.obj["config"]
    find = partial(find_settings, Path(told) if told else None, os.environ, Path.home())
    restart = manager_of(around.state).systemctl("restart")
    mending = Mending(find, lambda: load_settings(ctx), os.environ, around.clock, around.notifier, restart)
    return await mending.settings(orders.stop, orders.reload)


class _Maker:
    """Makes the parts of the service: of the settings at hand, and of the file's whenever it is asked again."""

    def __init__(self, ctx: click.Context, around: Surroundings, settings: "Settings") -> None:
        self._ctx = ctx
        self._around = around
        self._at_hand: Settings | None = settings
        self._secrets: set[str] = set()
        """Of all settings that ever were in force: what they began may still be under way."""

    def parts(self, beat: Beat) -> Parts:
        """Make them. Raises `SettingsError`, `TellingError`."""
        if self._at_hand is None and HANDED in os.environ:
            # systemd hands them over at a start only; RefreshOnReload= would change that, from version 260 on
            restart = manager_of(self._around.state).systemctl("restart")
            log.info("secrets_are_those_of_the_start", remedy=f"{restart} takes changed ones up")
        settings, self._at_hand = self._at_hand or load_settings(self._ctx), None
        around = self._around
        parts = parts_of(settings, around.clock, around.chance, beat, around.straps)
        self._secrets |= set(settings.secrets())
        configure(LogFormat(settings.log.format), settings.log.level, redactor(self._secrets))
        return parts
