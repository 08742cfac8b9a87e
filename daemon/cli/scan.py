"""`duurloop scan`: straps in reach."""

import asyncio

import click

from config.faults import SettingsError
from connectors.bluetooth_radio import BluetoothRadio, NearbyStrap
from daemon.cli.common import json_option, load_settings, print_json, words
from daemon.clock import SystemClock


@click.command()
@click.option(
    "--seconds",
    type=click.FloatRange(1, 120),
    metavar="NUMBER",
    default=10,
    show_default=True,
    help="How long to listen.",
)
@click.option("--adapter", metavar="NAME", help="Which adapter, as hci1; else that of the settings.")
@json_option
@click.pass_context
def scan(ctx: click.Context, *, seconds: float, adapter: str | None, as_json: bool) -> None:
    """List heart-rate straps in reach, the loudest first. Put yours on: dry straps sleep.

    Each is visited for a moment to read its battery.
    """
    radio = BluetoothRadio(SystemClock(), adapter=adapter or _usual_adapter(ctx))
    straps = asyncio.run(radio.scan(seconds))
    if as_json:
        print_json([_report(strap) for strap in straps])
        return
    for strap in straps:
        click.echo(_line(strap))
    if not straps:
        click.echo(words("No strap in reach. Put it on, wet the electrodes, and see that no phone or watch holds it."))


def _usual_adapter(ctx: click.Context) -> str | None:
    """Return the adapter of the settings; None, the system's own choice, where they name none or cannot be read."""
    try:
        return load_settings(ctx).bluetooth.adapter
    except SettingsError:
        return None


def _report(strap: NearbyStrap) -> dict[str, object]:
    return {
        "address": strap.address,
        "name": strap.name,
        "battery_pct": strap.battery_pct,
        "rssi_dbm": strap.rssi_dbm,
        "connected": strap.rssi_dbm is None,
    }


def _line(strap: NearbyStrap) -> str:
    loudness = words("connected") if strap.rssi_dbm is None else f"{strap.rssi_dbm} dBm"
    battery = "" if strap.battery_pct is None else words("battery {battery} %").format(battery=strap.battery_pct)
    return f"{strap.address}  {strap.name or '?':<28}  {loudness:>10}  {battery}".rstrip()
