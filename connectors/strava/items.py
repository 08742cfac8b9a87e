"""A page of Strava's list, read item by item: an odd one never costs the page.

stravalib's own models refuse a page for one field that they do not expect, and turn new sports into "Workout".
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

import structlog

from connectors.activity_files.values import distance_m, name_of, number, sport_named
from connectors.strava.failures import NONSENSE
from connectors.strava.keys import id_of
from connectors.strava.starts import start_of
from daemon.domain.activity import Activity, Page
from daemon.strava.port import UnreachableError

log = structlog.get_logger()

_LONGEST_NAME = 120
"""As in a file."""
_LONGEST_S = 1e8


def page_of(body: object) -> Page:
    """Return the activities of a page in their order, and the ids of everything on it."""
    if not isinstance(body, list):
        raise UnreachableError(NONSENSE)
    ids = (id_of(item.get("id")) for item in body if isinstance(item, dict))
    return Page(
        activities=tuple(found for item in body if (found := _understood(item)) is not None),
        ids=frozenset(one for one in ids if one is not None),
        length=len(body),
    )


def _understood(item: object) -> Activity | None:
    try:
        return _activity(item)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other runs are not to suffer
        known = id_of(item.get("id")) if isinstance(item, dict) else None
        log.debug("strava_item_skipped", activity=known, error=type(error).__name__)
        return None


def _activity(item: object) -> Activity:
    if not isinstance(item, dict) or (own_id := id_of(item.get("id"))) is None:
        raise ValueError("no activity")
    started_at, is_hidden = start_of(item)
    kind = _text(item.get("sport_type")) or _text(item.get("type")) or "workout"  # Strava's own word for "whatever"
    has_heart_rate = _has_heart_rate(item)
    figures = [number(item.get(key)) for key in _FIGURES]  # 1800 and 1800.0 are one
    return Activity(
        id=own_id,
        started_at=started_at,
        start_hidden=is_hidden,
        elapsed_s=_elapsed_s(item),
        sport=sport_named(kind),
        name=name_of(_text(item.get("name"))),
        distance_m=distance_m(item.get("distance")),
        has_heart_rate=has_heart_rate,
        external_id=_text(item.get("external_id")) or None,
        mark=_mark(started_at.isoformat(), kind, has_heart_rate, item.get("manual") is True, *figures),
    )


_FIGURES = ("elapsed_time", "moving_time", "distance", "average_heartrate", "max_heartrate")


def _has_heart_rate(item: Mapping[str, Any]) -> bool:
    """Tell whether asking for the heart rate is worth a request; who opted out of it does not want it read."""
    is_without = item.get("manual") is True or item.get("heartrate_opt_out") is True
    return item.get("has_heartrate") is True and not is_without


def _elapsed_s(item: Mapping[str, Any]) -> float:
    told = (number(item.get(key)) for key in ("elapsed_time", "moving_time"))
    return next((seconds for seconds in told if seconds is not None and 0 <= seconds < _LONGEST_S), 0.0)


def _mark(*recorded: object) -> str:
    """Return a short word for what was recorded; names, kudos and visibility are not part of it."""
    return hashlib.blake2b(json.dumps(recorded).encode(), digest_size=8).hexdigest()


def _text(value: object) -> str:
    """Return text on one line, fit to be stored, told and shown; an overlong one is cut."""
    if not isinstance(value, str):
        return ""
    line = " ".join(value[: 4 * _LONGEST_NAME].split())
    # Half a surrogate cannot be written anywhere, and control characters would write to the terminal itself.
    fit = "".join(letter for letter in line if unicodedata.category(letter) not in {"Cc", "Cs"})
    return fit if len(fit) <= _LONGEST_NAME else f"{fit[: _LONGEST_NAME - 1]}…"
