"""What a house says when it is asked how things stand: the answer to `status`, with Els and Jan in it."""

from typing import Any

WORN = {"configured": True, "allowed": True, "released_for_s": None, "connected": True, "name": "Polar H10"}
STRAP = {**WORN, "battery_pct": 80, "location": "chest", "radio": None}
COPIES = {"folder": "/state/backups", "is_elsewhere": False, "ok": True, "sentence": None, "parts": {}}
LINK: dict[str, Any] = {
    "state": "well",
    "missing_scopes": [],
    "last_look_at": "2026-11-22T09:45:00+01:00",
    "held": {"activities": 3, "unread": 0, "until": "2026-11-29T09:45:00+01:00"},
    "uploads": None,
    "quota": None,
}


def runner(name: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401
    told = {"name": name, "strap": STRAP, "session": None, "last_run": None, "paused_until": None}
    return {**told, "next_appointment": None, **parts}


def channel(name: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401
    told = {"name": name, "runner": name.partition("/")[0], "ok": True, "reason": None, "needs_you": False}
    return {**told, **parts}


def house(*runners: dict[str, Any], **parts: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "type": "status",
        "running": True,
        "at": "2026-11-22T10:00:00+01:00",
        "since": "2026-11-20T08:00:00+01:00",
        "runners": list(runners or (runner("Els"), runner("Jan"))),
        "outbox": {"waiting": 0, "channels": [channel("Els/phone"), channel("Jan/mail")]},
        "strava": [{"runner": "Els", **LINK}, {"runner": "Jan", **LINK}],
        "inbox": None,
        "store": {"trouble": None, "copied_at": None},
        "copies": COPIES,
        "late": [],
        **parts,
    }
