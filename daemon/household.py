"""Who lives here: runners, what they agreed to, and where their messages go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

from daemon.domain.habit import Agreement
from daemon.domain.plan import Course
from daemon.domain.session import Terms
from daemon.domain.wording import Language
from daemon.domain.zones import TargetZone, zone_on
from daemon.store import Kind


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to one person."""

    id: str
    """Unique in the household: runner and channel name."""
    name: str
    kinds: frozenset[Kind]
    figures: bool
    is_mailbox: bool = False
    """Shows pages with pictures in them."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of day to another, over midnight if need be."""

    begin: time
    end: time

    def end_after(self, moment: datetime) -> datetime | None:
        """Return when the quiet that `moment` lies in ends; None outside quiet hours. Local time."""
        now = moment.timetz().replace(tzinfo=None)
        overnight = self.begin > self.end
        quiet = (now >= self.begin or now < self.end) if overnight else self.begin <= now < self.end
        if not quiet:
            return None
        day = moment.date() + timedelta(days=1) if overnight and now >= self.begin else moment.date()
        return datetime.combine(day, self.end, moment.tzinfo)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan in a runner's language."""

    id: str
    name: str
    courses: tuple[Course, ...]
    """Its steps, the first at index 0; there is at least one."""


Plans: TypeAlias = Callable[[str, str], Plan]
"""Returns any plan by its id, in a language (`nl`, `en`); raises `RefusedError` for one that is not there."""


@dataclass(frozen=True, slots=True)
class Runner:
    """The person: a name, a language, a zone, a plan, channels."""

    name: str
    language: Language
    zones: tuple[TargetZone, ...]
    channels: tuple[Channel, ...]
    timezone: tzinfo
    quiet: QuietHours | None = None
    wants_pick_up: bool = False
    wants_hello: bool = False
    """A word when the strap is heard."""
    plan: Plan | None = None
    """That of the settings; None for a runner without one."""
    agreement: Agreement | None = None
    """The agreed days and hours."""
    medication: bool = False
    """Whether it changes the heart rate: then no formula, and no word on recovery."""

    def turn(self, day: date) -> int:
        """Return which variant of what recurs is said on a day; two in one house do not hear the same."""
        return day.toordinal() + sum(self.name.encode())

    def terms(self, day: date) -> Terms:
        """Return what holds on `day`."""
        return Terms(zone_on(day, self.zones), wants_pick_up=self.wants_pick_up)
