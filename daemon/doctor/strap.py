"""A runner's strap: seen, reachable, worn, with a battery that lasts; and who else may hold it."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from connectors.bluetooth_radio import USUAL, BluetoothRadio, RadioError, Sighting, WantedStrap
from connectors.strap_visit import Visit, visit
from daemon.clock import SystemClock
from daemon.doctor.finding import Area, Finding, Link, sentence
from daemon.domain.heart_rate import SensorContact
from daemon.standing import WEAK_PCT

CONNECT_S = 6.0
"""Shorter than the service's: whoever waits for the doctor has put the strap on, beside the machine."""
NEAR = 0.6
"""How alike two names are for one to be a slip of the pen for the other."""

_ADDRESS = re.compile(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")

_area = Area(Link.STRAP)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A strap of the settings."""

    runner: str
    pointer: str
    """Its address, its name, or a part of the name."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was heard of a strap while looking."""

    around: tuple[tuple[str, str], ...] = ()
    """Every strap in reach: name and address."""
    address: str | None = None
    """Of the one that is wanted, if it was seen."""
    is_held_here: bool = False
    """BlueZ of this machine has the link, for somebody else."""
    visit: Visit | None = None
    trouble: str | None = None
    """What kept the radio from looking at all."""


# -- without a service -----------------------------------------------------------------------------


def look_for(wanted: Sequence[Wanted], seconds: float, adapter: str | None) -> dict[str, Seen]:
    """Look for the straps, and visit those that are there."""
    timings = replace(USUAL, connect_s=CONNECT_S)
    radio = BluetoothRadio(SystemClock(), adapter=adapter, timings=timings)
    return asyncio.run(looked_for(radio, wanted, seconds))


async def looked_for(radio: BluetoothRadio, wanted: Sequence[Wanted], seconds: float) -> dict[str, Seen]:
    """Return what is seen of each, by its pointer."""
    try:
        sightings = await radio.heard(seconds)
    except RadioError as error:
        return {one.pointer: Seen(trouble=error.trouble.value) for one in wanted}
    around = tuple((sighting.name or "?", sighting.address) for sighting in sightings)
    return {one.pointer: await _seen(radio, one, sightings, around) for one in wanted}


async def _seen(
    radio: BluetoothRadio, wanted: Wanted, sightings: Iterable[Sighting], around: tuple[tuple[str, str], ...]
) -> Seen:
    found = WantedStrap(wanted.pointer).pick(sightings, settled=True)
    if found is None:
        return Seen(around)
    if found.kept:
        return Seen(around, found.address, is_held_here=True)
    return Seen(around, found.address, visit=await visit(radio, found))


def judge_look(wanted: Wanted, seen: Seen) -> list[Finding]:
    """Say how it is with a strap that was looked for."""
    if seen.trouble:
        reason = sentence("{runner}'s strap could not be looked for: the radio does not work.", runner=wanted.runner)
        return [_area.unknown("seen", reason)]
    if seen.address is None:
        return [_not_seen(wanted, seen.around)]
    if seen.is_held_here:
        return [_held_here(wanted, seen.address)]
    visited = seen.visit
    if visited is None or not visited.is_reached:
        return [_out_of_hand(wanted, seen.address)]
    return [*_reached(wanted, visited)]


def _reached(wanted: Wanted, visited: Visit) -> Iterator[Finding]:
    yield _area.ok("seen", sentence("{runner}'s strap is in reach, and can be connected to.", runner=wanted.runner))
    if not visited.speaks:
        yield _area.warning(
            "contact",
            sentence("{runner}'s strap is connected to, and says nothing.", runner=wanted.runner),
            sentence("Take it off for half a minute and put it on again, with wet electrodes; then: duurloop doctor"),
        )
    elif visited.contact is SensorContact.LOST:
        yield _feels_no_skin(wanted.runner)
    elif visited.contact is SensorContact.GOOD:
        yield _feels_skin(wanted.runner)
    else:
        reason = sentence("{runner}'s strap speaks; whether it feels skin it does not tell.", runner=wanted.runner)
        yield _area.ok("contact", reason)
    yield from _battery(wanted.runner, visited.battery_pct)


def _feels_skin(runner: str) -> Finding:
    return _area.ok("contact", sentence("{runner}'s strap feels skin.", runner=runner))


def _feels_no_skin(runner: str) -> Finding:
    return _area.warning(
        "contact",
        sentence("{runner}'s strap feels no skin.", runner=runner),
        sentence("Wet the electrodes, pull the strap a little tighter, then: duurloop doctor"),
    )


def _battery(runner: str, battery_pct: int | None) -> Iterator[Finding]:
    if battery_pct is None:
        return
    if battery_pct <= WEAK_PCT:
        yield _area.warning(
            "battery",
            sentence("The battery of {runner}'s strap is at {battery} %.", runner=runner, battery=battery_pct),
            sentence("Put a new one in (mostly a CR2025 or CR2032), then see it with: duurloop scan"),
        )
    else:
        reason = sentence("The battery of {runner}'s strap is at {battery} %.", runner=runner, battery=battery_pct)
        yield _area.ok("battery", reason)


def _not_seen(wanted: Wanted, around: Sequence[tuple[str, str]]) -> Finding:
    known = {name: address for name, address in around if name != "?"}
    likely = _nearest(wanted.pointer, known)
    if likely:
        return _area.fault(
            "name",
            sentence(
                "No strap is called {pointer}; {likely} ({address}) is in reach.",
                pointer=wanted.pointer,
                likely=likely,
                address=known[likely],
            ),
            sentence(
                'If that is yours, write strap = "{address}" in the settings, then: duurloop check',
                address=known[likely],
            ),
        )
    if around:
        there = ", ".join(f"{name} ({address})" for name, address in around)
        return _area.warning(
            "seen",
            sentence(
                "{runner}'s strap ({pointer}) was not seen, others were: {there}.",
                runner=wanted.runner,
                pointer=wanted.pointer,
                there=there,
            ),
            sentence("If yours is among them, put its address at strap in the settings, then: duurloop check"),
        )
    return _area.warning(
        "seen",
        sentence(
            "{runner}'s strap was not seen: not worn, dry, out of reach, or held by a watch or phone (then it keeps "
            "silent).",
            runner=wanted.runner,
        ),
        sentence(
            "Put it on with wet electrodes, end the strap's apps on phone and watch, come close, then: duurloop scan"
        ),
    )


def _nearest(pointer: str, names: Iterable[str]) -> str | None:
    folded = {name.casefold(): name for name in names}
    alike = get_close_matches(pointer.casefold(), folded, n=1, cutoff=NEAR)
    return folded[alike[0]] if alike else None


def _held_here(wanted: Wanted, address: str) -> Finding:
    return _area.fault(
        "held",
        sentence("{runner}'s strap is connected to this machine already, for another program.", runner=wanted.runner),
        sentence(
            "End that program (Home Assistant, another duurloop), or let go: bluetoothctl disconnect {address}",
            address=address,
        ),
    )


def _out_of_hand(wanted: Wanted, address: str) -> Finding:
    return _area.fault(
        "connect",
        sentence(
            "{runner}'s strap is seen, but cannot be connected to: another device holds it, or it wants to be paired.",
            runner=wanted.runner,
        ),
        sentence(
            "End the strap's apps on phone and watch; if that does not help, pair it once: bluetoothctl pair {address}",
            address=address,
        ),
    )


# -- beside a running service ----------------------------------------------------------------------


def judge_followed(runner: Mapping[str, Any], pointer: str) -> list[Finding]:
    """Say how it is with a strap that a running service follows; `runner` is an entry of its status."""
    name, strap = runner["name"], runner["strap"]
    if strap["radio"]:
        reason = sentence("The service cannot look for {runner}'s strap: the radio does not work.", runner=name)
        remedy = sentence("Mend what is said under Bluetooth; the service then goes on by itself (duurloop status).")
        return [_area.fault("seen", reason, remedy)]
    if strap["connected"]:
        reason = sentence("{runner}'s strap is connected, and the service listens to it.", runner=name)
        return [_area.ok("seen", reason), *_contact(name, strap.get("contact")), *_battery(name, strap["battery_pct"])]
    if strap["released_for_s"] is not None:
        return [_area.ok("seen", sentence("{runner}'s strap is released, as was asked.", runner=name))]
    if not strap["allowed"]:
        reason = sentence("{runner}'s strap is looked for when it is asked for: duurloop arm", runner=name)
        return [_area.ok("seen", reason)]
    if strap.get("last_failure"):
        return [_out_of_hand(Wanted(name, pointer), pointer if _ADDRESS.fullmatch(pointer) else "ADDRESS")]
    return [_not_seen(Wanted(name, pointer), ())]


def _contact(runner: str, contact: str | None) -> Iterator[Finding]:
    if contact == "lost":
        yield _feels_no_skin(runner)
    elif contact == "good":
        yield _feels_skin(runner)


def judge_unasked(wanted: Wanted) -> list[Finding]:
    """Say that a service follows it which does not tell: another search would be in its way."""
    reason = sentence("{runner}'s strap: the service, which looks for it, could not be asked.", runner=wanted.runner)
    return [_area.unknown("seen", reason)]


def judge_unlooked(names: Sequence[str]) -> list[Finding]:
    """Say that runners have no strap in the settings."""
    return [_area.ok("seen", sentence("{runner} has no strap in the settings.", runner=name)) for name in names]
