"""When an activity began, as far as the athlete shows it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from connectors.activity_files.values import moment_s, number

_HIDDEN = time(0, 0, 1)
"""Since July 2024 Strava gives midnight and one second, in both fields, for a start that is not shown."""
_ZONE = re.compile(r"\(GMT[+-]\d\d:\d\d\) ([\w+-]+(?:/[\w+-]+)*)", re.ASCII)
_FARTHEST_S = 15 * 3600.0


def start_of(item: Mapping[str, Any]) -> tuple[datetime, bool]:
    """Return the start in UTC and whether its hour is hidden; raises `ValueError` where there is no start."""
    start, local = _moment(item.get("start_date")), _moment(item.get("start_date_local"))
    if start is None:
        raise ValueError("no start")
    if local is None or not start.time() == local.time() == _HIDDEN:
        return start, False
    # "Local" wears a false Z; the day it names is the runner's.
    return datetime.combine(local.date(), time(), _zone_of(item)).astimezone(UTC), True


def _moment(value: object) -> datetime | None:
    seconds = moment_s(value) if isinstance(value, str) else None
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _zone_of(item: Mapping[str, Any]) -> tzinfo:
    """Return the zone by its name; the offset before it is that of winter, whatever the season."""
    named = _ZONE.fullmatch(item["timezone"]) if isinstance(item.get("timezone"), str) else None
    if named:
        try:
            return ZoneInfo(named[1])
        except (ValueError, KeyError, OSError):  # unknown here, or the name of a folder
            pass
    offset_s = number(item.get("utc_offset"))
    return timezone(timedelta(seconds=offset_s)) if offset_s and abs(offset_s) <= _FARTHEST_S else UTC
