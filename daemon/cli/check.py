"""`duurloop check`: whether the settings are well."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.cli.common import Exit, json_option, load_settings, print_json, words

if TYPE_CHECKING:  # pydantic is slow to load and --help does without
    from config.settings import Settings


@click.command()
@click.option("--example", is_flag=True, help="Print a complete example with every setting explained, and end.")
@json_option
@click.pass_context
def check(ctx: click.Context, *, example: bool, as_json: bool) -> None:
    """Check the settings: says all that is wrong at once, as file:line: key: reason. Exit code 0 or 78."""
    import config  # noqa: PLC0415 - pydantic is slow to load and --help does without
    from config.faults import SettingsError  # noqa: PLC0415
    from config.settings import settings_warnings  # noqa: PLC0415

    if example:
        folder = Path(config.__file__).parent
        click.echo((folder / "duurloop.example.toml").read_text(encoding="utf-8"), nl=False)
        return
    try:
        settings = load_settings(ctx)
    except SettingsError as error:
        if not as_json:
            raise
        faults = [{"file": f.file, "line": f.line, "key": f.key, "reason": f.reason} for f in error.faults]
        print_json({"type": "check", "ok": False, "faults": faults, "warnings": []})
        ctx.exit(Exit.CONFIGURATION)
    unusable = _unusable_channels(settings)
    warnings = [*settings_warnings(settings), *unusable]
    if as_json:
        print_json({"type": "check", "ok": True, "faults": [], "warnings": warnings})
        return
    for warning in warnings:
        click.echo(f"duurloop: {warning}", err=True)
    fine = words("{file}: the settings are fine.") if not unusable else words("{file}: usable; see the lines above.")
    click.echo(fine.format(file=settings.file))


def _unusable_channels(settings: "Settings") -> list[str]:
    from connectors.messenger import check_url  # noqa: PLC0415 - loads Apprise

    return [
        f"{runner.name}'s channel {channel.name}: {fault}"
        for runner in settings.runners
        for channel in runner.channels
        if (fault := check_url(channel.address.get_secret_value()))
    ]
