"""The answer to a request for tokens, read with care: what is lost here is lost for good."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from connectors.activity_files.values import number, on_clock
from connectors.strava.failures import NONSENSE
from daemon.strava.port import Tokens, UnreachableError

_DIGITS = re.compile(r"\d{1,19}", re.ASCII)
_TOKEN = re.compile(r"[!-~]{1,1000}")
"""What fits into a header."""
_SOON = timedelta(hours=1)
"""Tokens without a readable end are worth keeping; this is how soon they are renewed."""


def tokens_in(told: object, now: Callable[[], datetime]) -> Tokens:
    """Return the tokens of an answer."""
    fields = told if isinstance(told, dict) else {}
    access, refresh = fields.get("access_token"), fields.get("refresh_token")
    if not (isinstance(access, str) and isinstance(refresh, str) and all(map(_TOKEN.fullmatch, (access, refresh)))):
        raise UnreachableError(NONSENSE)
    end_s = on_clock(number(fields.get("expires_at")) or -1.0)
    return Tokens(access, refresh, now() + _SOON if end_s is None else datetime.fromtimestamp(end_s, UTC))


def id_of(value: object) -> int | None:
    """Return an id of Strava's, or None for all that is not one."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return id_of(int(value))
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value < 1 << 63 else None


def athlete_in(told: object) -> int | None:
    """Return the id of the athlete that an answer tells of."""
    return id_of(told.get("id")) if isinstance(told, dict) else None
