"""How the values of a settings file are written: a zone, an hour, an address; and what each becomes."""

import ipaddress
import re
from datetime import time
from enum import IntEnum
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from config.toml_file import refuse

LOWEST_BPM: Final = 60
HIGHEST_BPM: Final = 220
"""Zone edges outside these are slips of the pen; nobody runs there."""
LONGEST_NAME: Final = 40
"""A name is said in messages on a phone."""
HIGHEST_PORT: Final = 65535

_BOUNDS: Final = re.compile(r"(\d{1,3})\s*[-–]\s*(\d{1,3})")  # noqa: RUF001  # an en dash, as many phones write it
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})")
_BLUETOOTH: Final = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")
_LIKE_BLUETOOTH: Final = re.compile(r"[0-9A-Fa-f]{1,2}([:-][0-9A-Fa-f]{0,2}){3,}")
_ADAPTER: Final = re.compile(r"hci\d{1,3}")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+")
_PLAIN_PATH: Final = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
PAGES: Final = frozenset(
    {
        *("enter", "events", "feel", "healthz", "help", "live", "manifest.webmanifest", "metrics"),
        *("plan", "privacy", "runs", "static", "status", "week"),
    }
)
"""What the paths of the house's own pages begin with."""


class Bounds(NamedTuple):
    """The two edges of a zone in beats per minute, both inside."""

    low: int
    high: int


class Weekday(IntEnum):
    """A day of the week, numbered as `datetime.weekday()` does."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


class WeekMoment(NamedTuple):
    """A moment that comes back every week."""

    day: Weekday
    at: time


class QuietHours(NamedTuple):
    """The hours in which nothing is said; they may lie across midnight."""

    start: time
    end: time


class Listen(NamedTuple):
    """Where the page is to be found."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return _is_loopback(self.host)


def name(value: object) -> str:
    """Read a name: one line that can be said in a message."""
    cleaned = value.strip() if isinstance(value, str) else ""
    # a name of dots alone means something else in an address
    if not cleaned.isprintable() or not cleaned.strip(".") or len(cleaned) > LONGEST_NAME:
        raise refuse("name_form")
    return cleaned


def bounds(value: object) -> Bounds:
    """Read `118-136`."""
    if isinstance(value, Bounds):
        return value
    found = _BOUNDS.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise refuse("zone_form")
    edges = Bounds(int(found[1]), int(found[2]))
    if not all(LOWEST_BPM <= edge <= HIGHEST_BPM for edge in edges):
        raise refuse("zone_limits", low=LOWEST_BPM, high=HIGHEST_BPM)
    if edges.low >= edges.high:
        raise refuse("zone_order")
    return edges


def weekday(value: object) -> Weekday:
    """Read `tue`."""
    day = Weekday.__members__.get(value.strip().upper()) if isinstance(value, str) else None
    if day is None:
        raise refuse("day_form")
    return day


def time_of_day(value: object) -> time | None:
    """Read `18:30`, in quotes or as TOML's own time."""
    if value is None:
        return None
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0)
    at = _time_in(value) if isinstance(value, str) else None
    if at is None:
        raise refuse("time_form")
    return at


def week_moment(value: object) -> WeekMoment:
    """Read `sun 19:00`."""
    day, _, hour = value.strip().partition(" ") if isinstance(value, str) else ("", "", "")
    at = _time_in(hour)
    if at is None or day.upper() not in Weekday.__members__:
        raise refuse("week_form")
    return WeekMoment(Weekday[day.upper()], at)


def quiet_hours(value: object) -> QuietHours:
    """Read `22:00-07:00`."""
    first, _, last = value.partition("-") if isinstance(value, str) else ("", "", "")
    start, end = _time_in(first), _time_in(last)
    if start is None or end is None:
        raise refuse("quiet_form")
    if start == end:
        raise refuse("quiet_empty")
    return QuietHours(start, end)


def timezone(value: object) -> str:
    """Read `Europe/Amsterdam`, and see that this machine knows it."""
    if not isinstance(value, str) or not value:
        raise refuse("timezone")
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise refuse("timezone") from None
    return value


def listen(value: object) -> Listen | None:
    """Read `host:port`; nothing stands for no page."""
    if value == "":
        return None
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host.replace(":", " ")
    if not _is_host(host) or not port.isascii() or not port.isdigit() or int(port) > HIGHEST_PORT:
        raise refuse("listen_form")
    return Listen(host, int(port))


def web_address(value: str) -> str:
    """Read the base address of a web service; plain http is allowed on this machine alone."""
    parts = _base(value)
    if parts is None:
        raise refuse("url_form")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise refuse("url_plain")
    return value.rstrip("/")


def house_address(value: str) -> str:
    """Read the address of this very house; within its walls plain http is what there is."""
    if _base(value) is None:
        raise refuse("address_form")
    return value.rstrip("/")


def is_free_path(value: str) -> bool:
    """Tell whether an address leads to a plain path that none of the house's own pages has."""
    path = urlsplit(value).path
    return _PLAIN_PATH.fullmatch(path) is not None and path.split("/")[1] not in PAGES


def bluetooth_address(value: str) -> str:
    """Read a Bluetooth address."""
    address = value.strip().upper().replace("-", ":")
    if _BLUETOOTH.fullmatch(address) is None:
        raise refuse("strap_address")
    return address


def looks_like_an_address(value: str) -> bool:
    """Tell whether somebody meant to write a Bluetooth address, rightly or not."""
    return _LIKE_BLUETOOTH.fullmatch(value.strip()) is not None


def adapter(value: str) -> str:
    """Read `hci0`: bleak knows adapters by no other name."""
    if _ADAPTER.fullmatch(value) is None:
        raise refuse("adapter_form")
    return value


def _time_in(text: str) -> time | None:
    found = _TIME.fullmatch(text.strip())
    try:
        return time(int(found[1]), int(found[2])) if found else None
    except ValueError:
        return None


def _base(value: str) -> SplitResult | None:
    """Take apart an address that others are built on; None if it is none."""
    parts = _split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not _is_host(parts.hostname or ""):
        return None
    return None if parts.username is not None or parts.query or parts.fragment else parts


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port  # the port is only looked at when it is asked for
    except ValueError:
        return None
    return parts


def _is_host(host: str) -> bool:
    return _HOST.fullmatch(host) is not None or _ip(host) is not None


def _is_loopback(host: str) -> bool:
    address = _ip(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
