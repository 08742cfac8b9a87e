"""What devices write in a field, and what is made of it: a value of the trade, or nothing."""

import math
import re
from datetime import UTC, datetime

from daemon.domain.heart_rate import Bpm

FIRST_S = 0.0
LAST_S = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
"""Between these a clock can be wrong but still be a clock."""
_LARGEST_WORD = 65_535
_FASTEST_MPS = 1_000.0
_FARTHEST_M = 1e8
_LONGEST_NAME = 120
_WITHIN = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPORTS = (
    (re.compile(r"run(s|ning)?\b|\bjog"), "run"),
    (re.compile(r"\b(walk|hik)"), "walk"),
    (re.compile(r"\be? ?(cycl|bik)|ride\b"), "ride"),
)


def number(value: object) -> float | None:
    """Return a finite number, or None for all that is not one; of several, the first."""
    if isinstance(value, tuple):
        return next((found for part in value if (found := number(part)) is not None), None)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def beats_per_minute(value: object) -> Bpm:
    """Return what the field says, 0 where it says nothing that can be a heart rate; plausibility is judged later."""
    found = number(value)
    return Bpm(round(found)) if found is not None and 0 <= found <= _LARGEST_WORD else Bpm(0)


def rr_word(milliseconds: float) -> int | None:
    """Return an RR interval in whole milliseconds, or None if no word can hold it."""
    return round(milliseconds) if 1 <= milliseconds <= _LARGEST_WORD else None


def speed_mps(value: object) -> float | None:
    """Return a speed in metres per second, or None."""
    found = number(value)
    return found if found is not None and 0 <= found < _FASTEST_MPS else None


def distance_m(value: object) -> float | None:
    """Return a distance in metres, or None."""
    found = number(value)
    return found if found is not None and 0 <= found < _FARTHEST_M else None


def moment_s(text: str) -> float | None:
    """Return an ISO 8601 time in seconds since 1970; without a zone it is taken for UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return on_clock(aware.timestamp())


def on_clock(seconds: float) -> float | None:
    """Return the time if it can be one, else None."""
    return seconds if FIRST_S <= seconds < LAST_S else None


def name_of(text: str) -> str | None:
    """Return a name on one line, or None where there is none or it is a story."""
    name = " ".join(text.split())
    return name if 0 < len(name) <= _LONGEST_NAME else None


def sport_of(word: str) -> str:
    """Return `run`, `walk` or `ride`, else the file's own word; a file that names none is a run."""
    name = name_of(word.lower())
    if name is None:
        return "run"
    spaced = name.replace("_", " ").replace("-", " ")
    return next((sport for pattern, sport in _SPORTS if pattern.search(spaced)), name)


def sport_named(word: str) -> str:
    """Return a sport by Strava's name for it: `TrailRun` is a run, `NordicSki` a nordic ski."""
    return sport_of(_WITHIN.sub(" ", word))
