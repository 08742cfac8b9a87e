"""By which clock a command tells when something was."""

from datetime import tzinfo

import click

from config.faults import SettingsError
from daemon.cli.common import load_settings
from daemon.from_settings import system_timezone, timezone_of


def house_timezone(ctx: click.Context) -> tzinfo:
    """Return the house's time zone, as the week has it; without settings that can be read the machine's."""
    try:
        return timezone_of(load_settings(ctx))
    except SettingsError:
        return system_timezone()
