"""When the house speaks up by itself: on the agreed days, on Sundays, and when it had better be silent.

An occasion is an agreed day or a week that is to be summed up. It is looked at once, when its moment has come, and
either something is said or it passes without a word; the last one of each kind is remembered, in the same breath in
which the words are kept, so that neither a restart nor a clock that is put back brings it about again.

Days are the runner's local days. `Life` is what is known of the runner, `Memory` what was said and let go.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum, auto
from typing import TypeAlias

from daemon.domain.calendar import day_of, last_occurrence, moment_of, occurrences_after
from daemon.domain.week import IsoWeek
from daemon.domain.wording import Opening

WORTH_REMINDING = timedelta(hours=2)
"""So long after the agreed time a reminder still is one; then the evening has taken its own course."""
WORTH_SUMMING_UP = timedelta(hours=36)
"""A Sunday evening can wait until Tuesday morning for a server that was off."""
AWAY_DAYS = 14
"""After so many days without a run less is asked, once."""
REMEMBERED_WEEKS = 4
"""Without agreed days a Sunday is written to whoever ran in as many weeks."""
_FIRST_DAYS = 7
"""Whoever ran by themselves for longer than this needs no introduction."""
_FRIDAY = 4
_AHEAD = timedelta(days=2)
"""What is remembered of later days was kept while the clock was wrong: no zone is further ahead of another."""
_FURTHEST_DAYS = 400
"""As far as an appointment is looked for: beyond the longest pause."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """When the runner wants to be spoken to. Local time."""

    days: frozenset[int] = frozenset()
    """Days for a run, 0 for Monday; empty for a runner who agreed to none."""
    at: time = time(18, 30)
    week_day: int = 6
    week_at: time = time(19)

    def __str__(self) -> str:
        days = ",".join(map(str, sorted(self.days)))
        return f"{days} {self.at:%H:%M} {self.week_day} {self.week_at:%H:%M}"

    def since(self, remembered: str, today: date) -> date:
        """Return the day from which it holds, read from what `remembered_since` wrote; today if it is a new one."""
        day, _, agreed = remembered.partition(" ")
        since = date.fromisoformat(day) if agreed == str(self) else today
        return since if since <= today + _AHEAD else today

    def remembered_since(self, day: date) -> str:
        """Return how it is remembered that this is agreed from `day` on."""
        return f"{day} {self}"


@dataclass(frozen=True, slots=True)
class Rest:
    """A pause for illness or a holiday, with both its days; none at all if it ended on the day that it began."""

    first: date
    last: date

    @classmethod
    def of(cls, since: datetime, until: date, ended_at: datetime | None, zone: tzinfo) -> "Rest":
        """Return the days of a pause; the one on which the runner is back before its end is none of them."""
        ends = [until, *([day_of(ended_at, zone) - timedelta(days=1)] if ended_at else [])]
        return cls(day_of(since, zone), min(ends))

    def holds(self, day: date) -> bool:
        """Tell whether `day` lies in it."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a runner. Days that are still to come say nothing."""

    since: date
    """The day on which this agreement was first known."""
    runs: frozenset[date] = frozenset()
    """Days with a run that counts, of the last weeks at least."""
    sign: date | None = None
    """The last day on which the runner was heard of otherwise."""
    rests: tuple[Rest, ...] = ()
    is_running: bool = False
    """A session is going on just now."""

    @property
    def last_run(self) -> date | None:
        """Return the day of the last run."""
        return max(self.runs, default=None)

    @property
    def rested_until(self) -> date | None:
        """Return the last day of the last pause."""
        return max((rest.last for rest in self.rests if rest.first <= rest.last), default=None)

    @property
    def gap_since(self) -> date:
        """Return the day after which the days are without a run that could have been: the gap begins."""
        return max(filter(None, (self.since, self.last_run, self.rested_until)))

    @property
    def quiet_since(self) -> date:
        """Return the day on which the runner was heard of last, in whatever way."""
        return max(self.gap_since, self.sign or self.gap_since)

    def rests_on(self, day: date) -> bool:
        """Tell whether `day` lies in a pause."""
        return any(rest.holds(day) for rest in self.rests)

    def known_on(self, today: date, memory: "Memory") -> "Life":
        """Return this with what is remembered, and without what only a clock that was wrong can know."""
        runs = (*self.runs, *filter(None, (memory.run,)))
        signs = (day for day in (self.sign, memory.sign) if day and day <= today + _AHEAD)
        return replace(
            self,
            runs=frozenset(day for day in runs if day <= today),
            sign=max((min(sign, today) for sign in signs), default=None),
            rests=tuple(rest for rest in self.rests if rest.first <= today),
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """The last occasion of each kind."""

    reminder: date | None = None
    """The last agreed day that was looked at, with or without a word."""
    said: date | None = None
    """The last one with a reminder."""
    missed: date | None = None
    """The last one whose reminder spoke of a missed one."""
    smallest: date | None = None
    """When the smallest step was offered."""
    run: date | None = None
    """The last day with a run that counts: what came by Strava's API is gone after a week, and its runner is not."""
    sign: date | None = None
    """The last day on which the runner said something that leaves no other trace of its time."""
    week: IsoWeek | None = None
    """The last week that was looked at."""

    @classmethod
    def of(cls, occurrences: Mapping[str, str]) -> "Memory":
        """Read what was remembered, by kind; what other kinds there are is not ours."""
        days = {name: date.fromisoformat(occurrences[name]) for name in _DAYS if name in occurrences}
        return cls(**days, week=IsoWeek.parse(occurrences[WEEK]) if WEEK in occurrences else None)

    def believed_on(self, today: date) -> "Memory":
        """Return this without what was kept while the clock was wrong; else it would bring about silence for years."""
        latest = today + _AHEAD
        wrong = [name for name in _DAYS if (day := getattr(self, name)) is not None and day > latest]
        week = self.week if self.week is None or self.week <= IsoWeek.of(latest) else None
        return replace(self, **dict.fromkeys(wrong, None), week=week)


REMINDER, SAID, MISSED, SMALLEST, RUN, SIGN, WEEK = "reminder", "said", "missed", "smallest", "run", "sign", "week"
"""What is remembered, by the names of `Memory`'s fields."""
_DAYS = tuple(part.name for part in fields(Memory) if part.name != WEEK)


@dataclass(frozen=True, slots=True)
class Reminder:
    """Say what is on tonight."""

    day: date
    opening: Opening

    @property
    def passed(self) -> dict[str, str]:
        """Return what is to be remembered, by kind."""
        day = self.day.isoformat()
        missed = {MISSED: day} if self.opening is Opening.MISSED else {}
        return {REMINDER: day, SAID: day, **missed}


@dataclass(frozen=True, slots=True)
class SmallestStep:
    """Offer the smallest step there is, and then be silent."""

    day: date

    @property
    def passed(self) -> dict[str, str]:
        """Return what is to be remembered, by kind."""
        return {REMINDER: self.day.isoformat(), SMALLEST: self.day.isoformat()}


@dataclass(frozen=True, slots=True)
class Sunday:
    """Sum up a week."""

    week: IsoWeek

    @property
    def passed(self) -> dict[str, str]:
        """Return what is to be remembered, by kind."""
        return {WEEK: str(self.week)}


@dataclass(frozen=True, slots=True)
class Silent:
    """Let an occasion pass without a word."""

    kind: str
    occurrence: str

    @property
    def passed(self) -> dict[str, str]:
        """Return what is to be remembered, by kind."""
        return {self.kind: self.occurrence}


Due: TypeAlias = Reminder | SmallestStep | Sunday | Silent


class Planned(Enum):
    """What an appointment is for."""

    REMINDER = auto()
    SMALLEST_STEP = auto()


@dataclass(frozen=True, slots=True)
class Appointment:
    """The next time that the house means to speak up by itself."""

    planned: Planned
    at: datetime


def due(agreement: Agreement, life: Life, memory: Memory, now: datetime, zone: tzinfo) -> tuple[Due, ...]:
    """Return what is to be done now; each is to be remembered, by what it says has `passed`."""
    today = day_of(now, zone)
    memory = memory.believed_on(today)
    life = life.known_on(today, memory)
    agreed = _agreed_day(agreement, life, memory, now, zone)
    if isinstance(agreed, SmallestStep):  # after which nothing is said, not even in the same breath
        memory = replace(memory, smallest=agreed.day)
    return tuple(one for one in (agreed, _week(agreement, life, memory, now, zone)) if one is not None)


def last_run_to_remember(life: Life, memory: Memory, now: datetime, zone: tzinfo) -> date | None:
    """Return the day of the last run, if it is not remembered yet."""
    today = day_of(now, zone)
    known = memory.believed_on(today).run
    last = life.known_on(today, Memory()).last_run
    return last if last is not None and (known is None or known < last) else None


def next_look(agreement: Agreement, now: datetime, zone: tzinfo) -> datetime:
    """Return when something may be due next."""
    kinds = ((agreement.days, agreement.at), (frozenset({agreement.week_day}), agreement.week_at))
    nearest = ((next(occurrences_after(now, days, at, zone), None), at) for days, at in kinds)
    return min(moment_of(day, at, zone) for day, at in nearest if day is not None)


def next_appointment(
    agreement: Agreement, life: Life, memory: Memory, now: datetime, zone: tzinfo
) -> Appointment | None:
    """Return the next reminder, if nothing else happens; None where there is to be none."""
    today = day_of(now, zone)
    memory = memory.believed_on(today)
    life = replace(life.known_on(today, memory), is_running=False)
    for day in occurrences_after(now, agreement.days, agreement.at, zone):
        if (day - today).days > _FURTHEST_DAYS:
            break
        moment = moment_of(day, agreement.at, zone)
        match _agreed_day(agreement, life, memory, moment, zone):
            case Reminder():
                return Appointment(Planned.REMINDER, moment)
            case SmallestStep():
                return Appointment(Planned.SMALLEST_STEP, moment)
            case _:
                continue
    return None


def summed_up_on(day: date) -> IsoWeek:
    """Return the week that a summary on `day` is about: the one of which most days lie before it.

    On a Friday or later that is the week that ends, earlier the one before it.
    """
    week = IsoWeek.of(day)
    return week if day.weekday() >= _FRIDAY else week.before()


# -- agreed days -------------------------------------------------------------------------------------


def _agreed_day(agreement: Agreement, life: Life, memory: Memory, now: datetime, zone: tzinfo) -> Due | None:
    day = last_occurrence(now, agreement.days, agreement.at, zone)
    if day is None or day < life.since or (memory.reminder is not None and day <= memory.reminder):
        return None
    is_late = now - moment_of(day, agreement.at, zone) >= WORTH_REMINDING
    is_resting = life.rests_on(day) or life.rests_on(day_of(now, zone))
    if is_late or is_resting or life.is_running or _has_done(day, agreement, life) or _is_silent(life, memory):
        return Silent(REMINDER, day.isoformat())
    if (day - life.quiet_since).days >= AWAY_DAYS:
        return SmallestStep(day)
    return Reminder(day, _opening(day, agreement, life, memory))


def _has_done(day: date, agreement: Agreement, life: Life) -> bool:
    """Tell whether what was run is a reason to say nothing on `day`."""
    if life.last_run is not None and life.last_run >= day:
        return True
    before = day - timedelta(days=1)
    if before in life.runs and before.weekday() not in agreement.days:
        return True  # a day of rest comes first
    return sum(one in life.runs for one in IsoWeek.of(day).days) >= len(agreement.days)


def _is_silent(life: Life, memory: Memory) -> bool:
    """Tell whether the smallest step was offered, and nothing was heard since."""
    return memory.smallest is not None and memory.smallest > life.quiet_since


def _opening(day: date, agreement: Agreement, life: Life, memory: Memory) -> Opening:
    if _is_back(life, memory):
        return Opening.BACK
    if memory.said is None and (day - life.since).days <= _FIRST_DAYS:
        return Opening.FIRST
    return Opening.MISSED if _has_missed(day, agreement, life, memory) else Opening.PLAIN


def _is_back(life: Life, memory: Memory) -> bool:
    """Tell whether nothing was run or said since the last pause."""
    ended = life.rested_until
    return ended is not None and all(day is None or day <= ended for day in (life.last_run, memory.said))


def _has_missed(day: date, agreement: Agreement, life: Life, memory: Memory) -> bool:
    """Tell whether an agreed day passed without a run on it or since, and not a word was lost on it yet."""
    since = life.gap_since
    if memory.missed is not None and memory.missed > since:
        return False
    gap = (since + timedelta(days=number) for number in range(1, (day - since).days))
    return any(one.weekday() in agreement.days and not _has_done(one, agreement, life) for one in gap)


# -- weeks -------------------------------------------------------------------------------------------


def _week(agreement: Agreement, life: Life, memory: Memory, now: datetime, zone: tzinfo) -> Due | None:
    day = last_occurrence(now, {agreement.week_day}, agreement.week_at, zone)
    if day is None or day < life.since:
        return None
    week = summed_up_on(day)
    if memory.week is not None and week <= memory.week:
        return None
    if now - moment_of(day, agreement.week_at, zone) > WORTH_SUMMING_UP:
        return Silent(WEEK, str(week))
    if life.is_running:
        return None  # the run that is going on belongs to the week: it is summed up when that is done
    is_wanted = _is_wanted(week, agreement, life, memory, day_of(now, zone))
    return Sunday(week) if is_wanted else Silent(WEEK, str(week))


def _is_wanted(week: IsoWeek, agreement: Agreement, life: Life, memory: Memory, today: date) -> bool:
    """Tell whether there is something to say of a week, if only a kind word on an empty one."""
    if life.runs.intersection(week.days):
        return True
    if life.rests_on(today) or all(life.rests_on(day) for day in week.days):
        return False
    if not agreement.days:
        first = week.before(REMEMBERED_WEEKS - 1).days[0]
        return any(first <= day <= week.days[-1] for day in life.runs)
    return life.since <= week.days[0] and not _is_silent(life, memory)
