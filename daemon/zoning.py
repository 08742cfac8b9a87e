"""A runner's zones: those of the settings, and those that were set over them with `duurloop zone`."""

from dataclasses import replace
from datetime import datetime

from daemon.domain.zones import TargetZone, text_on, zones_in_force
from daemon.household import Runner
from daemon.store import Store, ZoneSet


async def zones_for(runner: Runner, store: Store) -> tuple[TargetZone, ...]:
    """Return all zones that count for a runner who is as the settings say. Raises `StoreError`."""
    return zones_in_force(runner.zones, [(one.zone, one.instead_of) for one in await store.zones_set(runner.name)])


def zone_set(runner: Runner, zone: TargetZone, now: datetime) -> ZoneSet:
    """Return a zone as set by the runner, from today on."""
    today = now.astimezone(runner.timezone).date()
    dated = replace(zone, set_by=runner.name, valid_from=today)
    return ZoneSet(runner.name, dated, instead_of=text_on(today, runner.zones), at=now)
