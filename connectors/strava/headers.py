"""What the headers of an answer tell of the quota."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from daemon.domain.quota import Reading, Use

_PAIR = re.compile(r"\s*(\d{1,9})\s*,\s*(\d{1,9})\s*", re.ASCII)


def reading_of(headers: Mapping[str, str], now: Callable[[], datetime]) -> Reading | None:
    """Return limits and usage, or None if they are not all there."""
    reads, overall = _uses(headers, "X-ReadRateLimit"), _uses(headers, "X-RateLimit")
    if reads is None or overall is None:
        return None
    return Reading(_date(headers.get("Date", "")) or now(), *reads, *overall)


def _uses(headers: Mapping[str, str], name: str) -> tuple[Use, Use] | None:
    limits = _PAIR.fullmatch(headers.get(f"{name}-Limit", ""))
    usages = _PAIR.fullmatch(headers.get(f"{name}-Usage", ""))
    if limits is None or usages is None:
        return None
    return Use(int(limits[1]), int(usages[1])), Use(int(limits[2]), int(usages[2]))


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
