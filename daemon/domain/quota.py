"""How many requests a service still allows, and when it allows the next.

Windows are fixed: quarter hours and days of UTC by the server's clock, which is known from its answers. The local clock
given here never jumps, and need not be right. Instants within are seconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Final

QUARTER_S: Final = 15 * 60
DAY_S: Final = 24 * 60 * 60
GRACE_S: Final = 2
"""A window counts a moment beyond its edge: the server's seconds are cut off, and its counters may turn late."""
SLOWEST_ANSWER_S: Final = 60
"""An answer is given up on well before. What seems older is not late: the idea of the server's clock was wrong."""
SAFETY: Final = 2
"""Never used: one for an answer lost around an edge, one for another program. A 429 would close the whole window."""
PARTS: Final = ("number", "limit", "used", "overall_limit", "overall_used", "lost", "closed")
"""What is kept of a window."""


class Purpose(Enum):
    """What a request is for: old runs leave a tenth of each window to new ones."""

    NEWS = auto()
    BACKFILL = auto()
    UPLOAD = auto()
    """Counts with all requests, but not with the reads."""


@dataclass(frozen=True, slots=True)
class Use:
    """Requests of one window: allowed, and used so far."""

    limit: int
    used: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the headers of an answer tell."""

    at: datetime
    """The server's clock; aware, in UTC."""
    short: Use
    """This quarter of an hour; reads."""
    day: Use
    """Since midnight UTC; reads."""
    overall_short: Use
    """The same for all requests, whoever makes them."""
    overall_day: Use


@dataclass(frozen=True, slots=True)
class Window:
    """What is known of one window: the most that was read of it, and what was sent without a word since."""

    length_s: int
    reads: Use
    overall: Use
    number: int = 0
    """Windows of this length since 1970."""
    lost: int = 0
    lost_at_s: float = 0.0
    is_closed: bool = False
    """A request was refused in it."""
    is_told: bool = False
    """The server has said that this window is on; else only the clock has."""

    @property
    def begins_s(self) -> int:
        """The server's time at which it begins."""
        return self.number * self.length_s

    def turned(self, now_s: float) -> "Window":
        """Return this window, or a clean one if it is over."""
        number = int(now_s // self.length_s)
        if number <= self.number:
            return self
        return Window(self.length_s, replace(self.reads, used=0), replace(self.overall, used=0), number)

    def told(self, at_s: float, reads: Use, overall: Use) -> "Window":
        """Return the window after a reading, which may come late or show that the clock was mistaken."""
        number = int(at_s // self.length_s)
        if number == self.number:
            lost = 0 if at_s > self.lost_at_s else self.lost  # a reading older than the loss does not contain it
            reads, overall = _most(self.reads, reads), _most(self.overall, overall)
            return replace(self, reads=reads, overall=overall, lost=lost, is_told=True)
        if number < self.number and self.is_told and at_s >= self.begins_s - SLOWEST_ANSWER_S:
            return self
        is_closed = self.is_closed and (number < self.number or not self.is_told)
        return Window(self.length_s, reads, overall, number, is_closed=is_closed, is_told=True)

    def unanswered(self, now_s: float) -> "Window":
        """Return the window after a request of which nothing is known: it probably counts."""
        return replace(self, lost=self.lost + 1, lost_at_s=now_s)

    def use(self, in_flight: int) -> Use:
        """Return the reads, with those that no reading contains yet."""
        return replace(self.reads, used=self.reads.used + self.lost + in_flight)

    def wait_s(self, purpose: Purpose, now_s: float, in_flight: int) -> float:
        """Return how long this window forbids one more request."""
        window = self.turned(now_s - GRACE_S)
        under_way = window.lost + in_flight
        uses = (window.overall,) if purpose is Purpose.UPLOAD else (window.reads, window.overall)
        if not window.is_closed and all(use.used + under_way < _allowed(use.limit, purpose) for use in uses):
            return 0.0
        return min(window.begins_s + self.length_s - now_s, self.length_s) + GRACE_S


@dataclass(frozen=True, slots=True)
class Quota:
    """What is known of the two windows, of the requests under way, and of the server's clock."""

    short: Window = Window(QUARTER_S, Use(100, 0), Use(200, 0))
    day: Window = Window(DAY_S, Use(1000, 0), Use(2000, 0))
    in_flight: int = 0
    skew_s: float | None = None
    """The server's clock minus the local one; None before the first reading."""

    def after(self, reading: Reading, local_now: datetime) -> "Quota":
        """Take in what the headers of an answer say; figures of one window never go down."""
        at_s = reading.at.timestamp()
        short = self.short.told(at_s, reading.short, reading.overall_short)
        day = self.day.told(at_s, reading.day, reading.overall_day)
        return replace(self, short=short, day=day, skew_s=at_s - local_now.timestamp())

    def sent(self) -> "Quota":
        """Note that a request goes out."""
        return replace(self, in_flight=self.in_flight + 1)

    def answered(self, reading: Reading | None, local_now: datetime) -> "Quota":
        """Note that a request came to its end, with or without a word about the quota."""
        quota = replace(self._turned(local_now), in_flight=self.in_flight - 1)
        if reading is not None:
            return quota.after(reading, local_now)
        now_s = self._server_s(local_now)
        return replace(quota, short=quota.short.unanswered(now_s), day=quota.day.unanswered(now_s))

    def refused(self, reading: Reading | None, local_now: datetime) -> "Quota":
        """Note a 429: the window in which it happened is closed; the day is if its figures say so."""
        quota = self.answered(reading, local_now)
        at_s = self._server_s(local_now) if reading is None else reading.at.timestamp()
        if reading is not None and at_s < quota.short.begins_s:
            return quota  # it comes late, of a window that is over
        return replace(quota, short=replace(quota.short.turned(at_s), is_closed=True))

    def resumed(self, local_now: datetime) -> "Quota":
        """Go on after a restart: the server's clock has not gone back, whatever became of ours."""
        begins_s = max(self.short.begins_s, self.day.begins_s)
        behind_s = begins_s - self._server_s(local_now)
        return self if behind_s <= 0 else replace(self, skew_s=(self.skew_s or 0) + behind_s)

    def wait_s(self, purpose: Purpose, local_now: datetime) -> float:
        """Return how long a request has to wait, in seconds; 0 if it may go now."""
        now_s = self._server_s(local_now)
        return max(window.wait_s(purpose, now_s, self.in_flight) for window in (self.short, self.day))

    def uses(self, local_now: datetime) -> tuple[Use, Use]:
        """Return the reads of this quarter of an hour and of this day, with those under way."""
        quota = self._turned(local_now)
        return quota.short.use(self.in_flight), quota.day.use(self.in_flight)

    def is_worth_keeping(self, local_now: datetime) -> bool:
        """Tell whether forgetting this would matter: something was refused, or half of a window is used."""
        uses = self.uses(local_now)
        return self._turned(local_now).short.is_closed or any(2 * use.used >= use.limit for use in uses)

    def to_record(self) -> dict[str, int | str | None]:
        """Return plain figures to keep; requests under way will have been lost."""
        record: dict[str, int | str | None] = {"skew_s": None if self.skew_s is None else int(self.skew_s // 1)}
        for name, window in (("short", self.short), ("day", self.day)):
            reads, overall, lost = window.reads, window.overall, window.lost + self.in_flight
            figures = (reads.limit, reads.used, overall.limit, overall.used, lost, int(window.is_closed))
            record |= zip((f"{name}_{part}" for part in PARTS), (window.number, *figures), strict=True)
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> "Quota":
        """Return what `to_record` kept; a fresh quota from anything else."""
        try:
            skew_s = None if record["skew_s"] is None else _figure(record["skew_s"], least=-(2**53))
            return cls(_window(record, "short", QUARTER_S), _window(record, "day", DAY_S), skew_s=skew_s)
        except (KeyError, TypeError, ValueError):
            return cls()

    def _server_s(self, local_now: datetime) -> float:
        return round(local_now.timestamp() + (self.skew_s or 0), 3)  # finer would leave a microsecond to wait for

    def _turned(self, local_now: datetime) -> "Quota":
        now_s = self._server_s(local_now) - GRACE_S
        return replace(self, short=self.short.turned(now_s), day=self.day.turned(now_s))


def _allowed(limit: int, purpose: Purpose) -> int:
    kept = SAFETY if purpose is not Purpose.BACKFILL else max(SAFETY, -(-limit // 10))
    return max(1, limit - kept)  # one is always tried: only an answer tells that a limit has grown


def _most(known: Use, told: Use) -> Use:
    return replace(told, used=max(known.used, told.used))  # answers overtake each other, and servers count apart


def _window(record: Mapping[str, object], name: str, length_s: int) -> Window:
    number, limit, used, all_limit, all_used, lost, closed = (_figure(record[f"{name}_{part}"]) for part in PARTS)
    return Window(length_s, Use(limit, used), Use(all_limit, all_used), number, lost, is_closed=bool(closed))


def _figure(value: object, least: int = 0) -> int:
    if not isinstance(value, int) or not least <= value <= 2**53:
        raise ValueError(value)
    return value
