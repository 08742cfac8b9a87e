"""A week of one runner: what was run against what was agreed, and how it lies among the weeks before."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from math import fsum
from statistics import fmean, median

from daemon.domain.calendar import day_of, moment_of
from daemon.domain.effort import Verdict
from daemon.domain.feeling import Lift
from daemon.domain.progress import Proposal
from daemon.domain.run import Run, Source
from daemon.domain.takes import Take, gather

RECENT = timedelta(days=7)
"""So long after its end a week is still news."""
LINE_WEEKS = 12
"""So far back the line over the weeks goes, this week included; nothing older is looked at."""
USUAL_WEEKS, USUAL_FROM = 4, 2
"""What is usual is seen over so many weeks before this one, as soon as so many of them had runs."""
TREND_WEEKS, TREND_FROM = 4, 3
"""A trend sets so many weeks against as many before them, and wants so many values on either side."""
COMPANY = 2
"""Fewer runners than this are not together."""

NOTHING_SAID = Lift(better=0, of=0)

_ISO = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_YEARS = range(1970, 3000)


@dataclass(frozen=True, slots=True, order=True)
class IsoWeek:
    """A week of the ISO calendar, Monday to Sunday."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "IsoWeek":
        """Return the week that `day` lies in."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @classmethod
    def parse(cls, text: str) -> "IsoWeek":
        """Read `2026-W46`; raises ValueError for a week that no calendar has."""
        found = _ISO.fullmatch(text.strip().upper())
        if found is None or int(found[1]) not in _YEARS:
            raise ValueError("a week is written as 2026-W46")
        date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02}"

    @property
    def days(self) -> tuple[date, ...]:
        """Return its seven days, from Monday on."""
        monday = date.fromisocalendar(self.year, self.number, 1)
        return tuple(monday + timedelta(days=number) for number in range(7))

    def begins(self, zone: tzinfo) -> datetime:
        """Return its first moment in `zone`, in UTC."""
        return moment_of(self.days[0], time.min, zone)

    def ends(self, zone: tzinfo) -> datetime:
        """Return the first moment after it in `zone`, in UTC."""
        return self.before(-1).begins(zone)

    def before(self, weeks: int = 1) -> "IsoWeek":
        """Return the week so many weeks earlier."""
        return IsoWeek.of(self.days[0] - timedelta(weeks=weeks))


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over some runs. Seconds are counted in tenths, as they are published, so that sums agree to the digit."""

    runs: int = 0
    duration_s: float = 0.0
    distance_m: float = 0.0
    below_s: float = 0.0
    inside_s: float = 0.0
    above_s: float = 0.0
    unknown_s: float = 0.0
    """Of runs without a zone: nothing at all."""
    verdicts: tuple[tuple[Verdict, int], ...] = ()
    """How many runs of each; those that there are."""

    @property
    def calm_pct(self) -> float | None:
        """Return the share of the known time that was not above the zone."""
        known = self.below_s + self.inside_s + self.above_s
        return 100 * (self.below_s + self.inside_s) / known if known else None


@dataclass(frozen=True, slots=True)
class DayBar:
    """What one day holds, by how calm its runs were: seconds for each verdict that there is."""

    day: date
    seconds: tuple[tuple[Verdict, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Usual:
    """Medians over the last four weeks before this one, as far as there were runs in them."""

    weeks: int
    runs: float
    duration_s: float
    calm_pct: float | None


@dataclass(frozen=True, slots=True)
class WeekShare:
    """One point of the line over the weeks."""

    week: IsoWeek
    duration_s: float
    calm_pct: float | None
    """None without runs that could be judged: the line has a gap there."""


@dataclass(frozen=True, slots=True)
class Mood:
    """How the runner said to feel around the runs of the week."""

    before: float | None
    """Mean of 1 to 5."""
    after: float | None
    lift: Lift
    """Over the last four weeks."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A figure's median now and before, only where enough runs met its conditions; the runner's own, no norm."""

    now: float
    earlier: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where the runner is on a plan."""

    plan: str
    plan_name: str
    """In the runner's language, as is the step's."""
    steps: int
    step_name: str
    """Of what is proposed."""
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Week:
    """Everything that a weekly summary may speak of."""

    week: IsoWeek
    totals: Totals
    agreed: int
    """How many runs a week the runner agreed to; 0 for none."""
    bars: tuple[DayBar, ...]
    """Seven, from Monday on."""
    last: Totals | None
    """The week before; None if there was no run in it."""
    usual: Usual | None
    """None with fewer than two weeks to go by."""
    line: tuple[WeekShare, ...]
    """The last twelve weeks with this one, oldest first; where runs may be gone, of own recordings if there are any."""
    mood: Mood | None
    """None where nothing was said of how it felt."""
    longest_calm_s: float | None
    """The longest stretch that was not above the zone."""
    drift: Trend | None
    """In percent."""
    recovery: Trend | None
    """In bpm."""
    runs_in_four_weeks: int | None
    """None where some of what is known lives too shortly to count so far back."""
    place: Place | None
    paused: bool = False
    """Some of its days were a pause for illness or holiday."""
    is_over: bool = True
    """Its end has come, or the hour at which the runner has it summed up."""
    is_recent: bool = True
    """It ended a week ago at most, if it is over."""
    is_to_come: bool = False
    """A run is agreed for the day on which it is seen, and may still come."""
    is_whole: bool = True
    """False where runs that came by Strava's API may have left it by now: what is not there may have been."""


@dataclass(frozen=True, slots=True)
class Together:
    """What the runners of a group did in a week, added up: nobody's part is told."""

    runs: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a week is seen with besides its runs."""

    zone: tzinfo
    """The days are the runner's own."""
    now: datetime
    closes_at: datetime | None = None
    """When it is summed up; None for its very end."""
    agreed: int = 0
    is_agreed_today: bool = False
    place: Place | None = None
    lift: Lift = NOTHING_SAID
    paused: bool = False
    medication: bool = False
    """Something else slows the heart: its recovery says nothing."""
    linked: bool = False
    """Runs come by Strava's API, and leave again."""
    keep: timedelta = timedelta(days=7)
    """How long these may stay."""


def week_of(key: IsoWeek, runs: Iterable[Run], seen: Circumstances) -> Week:
    """Return a runner's week; `runs` reach back `LINE_WEEKS` and may hold more.

    Runs that came by Strava's API alone leave after some days, and a week that has lost some looks like a lesser
    one. So a linked runner's week is set beside another only if both are surely whole; line and trends, which reach
    back further, rest on the runner's own recordings, or are not told.
    """
    past = _Past.of(key, runs, seen)
    this, recent, today = past.runs(), past.comparable(2 * TREND_WEEKS), day_of(seen.now, seen.zone)
    return Week(
        week=key,
        totals=totals_of(this),
        agreed=seen.agreed,
        bars=tuple(_bar(day, (run for run in this if _is_on(day, run, seen.zone))) for day in key.days),
        last=totals_of(past.runs(1)) if past.bears(1) else None,
        usual=_usual([totals_of(past.runs(back)) for back in range(1, USUAL_WEEKS + 1) if past.bears(back)]),
        line=tuple(reversed([_share(key.before(back), of) for back, of in enumerate(past.comparable(LINE_WEEKS))])),
        mood=_mood(this, seen.lift),
        longest_calm_s=max(_known(run.judgement.longest_calm_s for run in this), default=None),
        drift=_trend(recent, lambda run: run.judgement.drift_pct),
        recovery=None if seen.medication else _trend(recent, lambda run: run.judgement.recovery_60s_bpm),
        runs_in_four_weeks=past.count(USUAL_WEEKS),
        place=seen.place,
        paused=seen.paused,
        is_recent=seen.now < key.ends(seen.zone) + RECENT,
        is_over=seen.now >= (seen.closes_at or key.ends(seen.zone)),
        is_to_come=seen.is_agreed_today
        and today in key.days
        and not any(_is_on(today, run, seen.zone) for run in this),
        is_whole=past.is_whole(),
    )


def _is_on(day: date, run: Run, zone: tzinfo) -> bool:
    return day_of(run.started_at, zone) == day


def together(takes_by_runner: Mapping[str, Iterable[Take]], key: IsoWeek, zone: tzinfo) -> Together | None:
    """Add up the week of a group, from own takes alone and by what these tell; None unless two of them ran."""
    told = [
        [one.best.duration_s for one in gather(list(takes)) if IsoWeek.of(day_of(one.best.started_at, zone)) == key]
        for takes in takes_by_runner.values()
    ]
    ran = [durations for durations in told if durations]
    if len(ran) < COMPANY:
        return None
    return Together(sum(map(len, ran)), round(fsum(fsum(durations) for durations in ran) / 60))


def totals_of(runs: Sequence[Run]) -> Totals:
    """Add up what is published of each run."""
    times = [run.judgement.time_in_zone for run in runs if run.target and run.judgement.time_in_zone]
    verdicts = [run.judgement.verdict for run in runs]
    return Totals(
        runs=len(runs),
        duration_s=_sum(run.duration_s for run in runs),
        distance_m=_sum(_known(run.distance_m for run in runs)),
        below_s=_sum(time.below_s for time in times),
        inside_s=_sum(time.inside_s for time in times),
        above_s=_sum(time.above_s for time in times),
        unknown_s=_sum(time.unknown_s for time in times),
        verdicts=tuple((verdict, verdicts.count(verdict)) for verdict in Verdict if verdict in verdicts),
    )


def is_own(run: Run) -> bool:
    """Tell whether a run stays, for it did not come by Strava's API alone."""
    return any(source is not Source.STRAVA_API for source in run.sources)


@dataclass(frozen=True, slots=True)
class _Past:
    """A runner's runs by week, seen from one of them."""

    key: IsoWeek
    by_week: Mapping[IsoWeek, Sequence[Run]]
    zone: tzinfo
    sure_from: datetime | None
    """Before this some may be gone; None where none ever go."""

    @classmethod
    def of(cls, key: IsoWeek, runs: Iterable[Run], seen: Circumstances) -> "_Past":
        by_week: dict[IsoWeek, list[Run]] = defaultdict(list)
        for run in runs:
            by_week[IsoWeek.of(day_of(run.started_at, seen.zone))].append(run)
        some_go = seen.linked or not all(is_own(run) for week in by_week.values() for run in week)
        return cls(key, by_week, seen.zone, seen.now - seen.keep if some_go else None)

    def runs(self, back: int = 0) -> Sequence[Run]:
        """Return the runs of the week so many weeks ago."""
        return self.by_week.get(self.key.before(back), ())

    def is_whole(self, back: int = 0) -> bool:
        """Tell whether that week has surely lost nothing."""
        return self.sure_from is None or self.key.before(back).begins(self.zone) >= self.sure_from

    def bears(self, back: int) -> bool:
        """Tell whether this week may be set beside that one, which had runs."""
        return bool(self.runs(back)) and self.is_whole() and self.is_whole(back)

    def count(self, weeks: int) -> int | None:
        """Return how many runs there were in so many weeks, if that is sure."""
        whole = self.is_whole(weeks - 1)
        return sum(len(self.runs(back)) for back in range(weeks)) if whole else None

    def comparable(self, weeks: int) -> list[Sequence[Run]]:
        """Return the runs of so many weeks, newest first, so that they may be set beside each other.

        Where some may be gone these are the own recordings of all weeks alike; for a runner who has none, the weeks
        that are whole.
        """
        found = [self.runs(back) for back in range(weeks)]
        if self.is_whole(weeks - 1):
            return found
        own = [[run for run in week if is_own(run)] for week in found]
        return list(own) if any(own) else [week if self.is_whole(back) else () for back, week in enumerate(found)]


def _bar(day: date, runs: Iterable[Run]) -> DayBar:
    seconds: dict[Verdict, list[float]] = defaultdict(list)
    for run in runs:
        seconds[run.judgement.verdict].append(run.duration_s)
    return DayBar(day, tuple((verdict, _sum(seconds[verdict])) for verdict in Verdict if verdict in seconds))


def _usual(weeks: Sequence[Totals]) -> Usual | None:
    if len(weeks) < USUAL_FROM:
        return None
    shares = _known(week.calm_pct for week in weeks)
    return Usual(
        weeks=len(weeks),
        runs=median(week.runs for week in weeks),
        duration_s=median(week.duration_s for week in weeks),
        calm_pct=median(shares) if shares else None,
    )


def _share(key: IsoWeek, runs: Sequence[Run]) -> WeekShare:
    totals = totals_of(runs)
    return WeekShare(key, totals.duration_s, totals.calm_pct)


def _mood(runs: Iterable[Run], lift: Lift) -> Mood | None:
    felt = [run.feeling for run in runs if run.feeling]
    before, after = _mean(one.before for one in felt), _mean(one.after for one in felt)
    return None if before is None and after is None and not lift.of else Mood(before, after, lift)


def _trend(weeks: Sequence[Sequence[Run]], figure: Callable[[Run], float | None]) -> Trend | None:
    now, earlier = (
        _known(figure(run) for week in part for run in week) for part in (weeks[:TREND_WEEKS], weeks[TREND_WEEKS:])
    )
    return Trend(median(now), median(earlier)) if min(len(now), len(earlier)) >= TREND_FROM else None


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return fmean(known) if known else None


def _sum(values: Iterable[float]) -> float:
    """Add up what was rounded already, as it is published."""
    return round(fsum(round(value, 1) for value in values), 1)
