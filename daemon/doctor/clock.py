"""The clock and the time zone: reminders, weeks and the age of tokens hang on them."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.clock import EARLIEST
from daemon.doctor.examining import Shell, shown
from daemon.doctor.finding import Area, Finding, Link, sentence

LATEST = datetime(2080, 1, 1, tzinfo=UTC)
SLACK = timedelta(days=1)

_area = Area(Link.CLOCK)


@dataclass(frozen=True, slots=True)
class Time:
    """What was seen of it."""

    now: datetime
    is_synchronised: bool | None
    """None where nobody can tell."""
    zone: str | None
    """The machine's."""
    named: str | None
    """That of the settings."""
    has_agreed_times: bool = False
    newest: datetime | None = None
    """When a file of ours was written last."""
    has_battery: bool = True
    """Whether the machine keeps time while it is off."""


def look_at_time(
    now: datetime, named: str | None, files: tuple[Path, ...], shell: Shell, *, agreed: bool, root: Path = Path("/")
) -> Time:
    """Look at the machine's clock."""
    told = shown(shell, ["timedatectl", "show"])
    written = [moment for file in files if (moment := _written(file))]
    synchronised = told.get("NTPSynchronized")
    return Time(
        now=now,
        is_synchronised=None if synchronised is None else synchronised == "yes",
        zone=os.environ.get("TZ", "").lstrip(":") or told.get("Timezone") or _linked_zone(root),
        named=named,
        has_agreed_times=agreed,
        newest=max(written, default=None),
        has_battery=any(root.glob("sys/class/rtc/rtc*")),
    )


def _written(file: Path) -> datetime | None:
    with suppress(OSError):
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return None


def _linked_zone(root: Path) -> str | None:
    return str((root / "etc/localtime").resolve()).partition("/zoneinfo/")[2] or None


def judge_time(time: Time) -> list[Finding]:
    """Say how it is with the time."""
    return [*_clock(time), *_zone(time)]


def _clock(time: Time) -> Iterator[Finding]:
    behind = time.newest is not None and time.newest - time.now > SLACK
    if not EARLIEST <= time.now <= LATEST or behind:
        yield _area.fault(
            "clock",
            sentence("The clock is wrong: it says {day}.", day=f"{time.now:%Y-%m-%d}"),
            sentence("Let it be set over the network: sudo timedatectl set-ntp true"),
        )
    elif time.is_synchronised is None:
        reason = sentence("The clock is plausible; whether it is set over the network could not be seen.")
        yield _area.unknown("clock", reason)
    elif not time.is_synchronised:
        yield _area.warning(
            "clock",
            sentence("The clock is not set over the network; it will drift.")
            if time.has_battery
            else sentence("The clock is not set over the network, and this machine forgets the time while it is off."),
            sentence("Let it be set: sudo timedatectl set-ntp true"),
        )
    else:
        yield _area.ok("clock", sentence("The clock is set over the network."))


def _zone(time: Time) -> Iterator[Finding]:
    if time.named:
        yield _area.ok("zone", sentence("Days and times are those of {zone}.", zone=time.named))
    elif (time.zone or "UTC") in {"UTC", "Etc/UTC", "Universal", "Etc/Universal"} and time.has_agreed_times:
        yield _area.warning(
            "zone",
            sentence("This machine goes by UTC, so agreed times may be hours off."),
            sentence(
                'Say where you live: sudo timedatectl set-timezone Europe/Amsterdam, or timezone = "…" in the settings'
            ),
        )
    else:
        yield _area.ok("zone", sentence("Days and times are those of {zone}.", zone=time.zone or "UTC"))
