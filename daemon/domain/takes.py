"""Which takes tell of the same run, and which of them to go by.

A run may come more than once: the strap heard it, the watch recorded it, Strava has it, too. Each is a take.
Takes that overlap for at least half of the shorter one are of one run, which counts once; its figures are
those of the best take.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.domain.run import Run, Source

SAME_FROM = 0.5
"""Overlap in time, as a share of the shorter take."""
HIDDEN_WITHIN = 0.1
"""Of a take with its day only, the duration must be as near as this to be the same run's."""
DOORSTEP = 2.0
"""An own take that heard less than half of what Strava's has was left behind at the door: it does not stand first."""
_DAY = timedelta(days=1)
_OWN_FIRST = {source: number for number, source in enumerate(Source)}


@dataclass(frozen=True, slots=True)
class Take:
    """What one source tells of a run, as far as it matters here."""

    id: str
    run: str
    """The run that it has counted to so far; its own id if it is new."""
    source: Source
    started_at: datetime
    duration_s: float
    heard_s: float
    """Seconds that a believed heart rate covers."""
    start_hidden: bool = False
    """Only the day is known, and `started_at` is its first second."""

    @property
    def ends_at(self) -> datetime:
        """Return when it ended; of a hidden start the end of the day, for it may have been at any time."""
        return self.started_at + (_DAY if self.start_hidden else timedelta(seconds=self.duration_s))


@dataclass(frozen=True, slots=True)
class Told:
    """One run, and the takes that tell of it."""

    run: str
    best: Take
    takes: tuple[Take, ...]
    """All of them, in the order in which they came."""
    superseded: tuple[Take, ...]
    """What came by the API and is not gone by: an own take is here, so it has no business here any more."""


def take_of(run: Run, *, start_hidden: bool = False) -> Take:
    """Return a judged run, which has one source, as a take."""
    (source,) = run.sources
    heard_s = run.judgement.heart_rate.coverage_pct / 100 * run.duration_s
    return Take(run.id, run.id, source, run.started_at, run.duration_s, heard_s, start_hidden)


def gather(takes: Sequence[Take]) -> list[Told]:
    """Return the runs that `takes` tell of; these stand in the order in which they came."""
    groups = _groups(takes)
    claimed: set[str] = set()
    runs = {}
    # whoever gave a run its name keeps it, also when the take that joined two runs goes
    for group in sorted(groups, key=lambda group: not any(take.id == take.run for take in group)):
        run = next((take.run for take in _founders_first(group) if take.run not in claimed), group[0].id)
        claimed.add(run)
        runs[group[0].id] = run
    return [_told(runs[group[0].id], group) for group in groups]


def are_one_run(one: Take, other: Take) -> bool:
    """Tell whether two takes are of one run."""
    if one.start_hidden or other.start_hidden:
        return one.start_hidden != other.start_hidden and _likeness(one, other) is not None
    shorter_s = min(one.duration_s, other.duration_s)
    overlap_s = (min(one.ends_at, other.ends_at) - max(one.started_at, other.started_at)).total_seconds()
    return overlap_s > 0 and overlap_s >= SAME_FROM * shorter_s


def _groups(takes: Sequence[Take]) -> list[list[Take]]:
    """Return the takes in groups that hang together, both in order."""
    group_of = {take.id: [take] for take in takes}
    for one, other in _links(takes):
        first, second = group_of[one.id], group_of[other.id]
        if first is not second:
            first.extend(second)
            group_of.update((take.id, first) for take in second)
    order = {take.id: number for number, take in enumerate(takes)}
    unique = {id(group): group for group in group_of.values()}
    grouped = [sorted(group, key=lambda take: order[take.id]) for group in unique.values()]
    return sorted(grouped, key=lambda group: order[group[0].id])


def _links(takes: Sequence[Take]) -> Iterator[tuple[Take, Take]]:
    timed = [take for take in takes if not take.start_hidden]
    for number, one in enumerate(timed):
        yield from ((one, other) for other in timed[number + 1 :] if are_one_run(one, other))
    for hidden in (take for take in takes if take.start_hidden):
        # of two runs on that day it is one, not both
        alike = [(likeness, other) for other in timed if (likeness := _likeness(hidden, other)) is not None]
        if alike:
            yield hidden, min(alike, key=lambda pair: pair[0])[1]


def _likeness(one: Take, other: Take) -> float | None:
    """Return how far the durations are apart, as a share of the longer, if the day and they agree; else None."""
    hidden, timed = (one, other) if one.start_hidden else (other, one)
    if not hidden.started_at <= timed.started_at < hidden.ends_at:
        return None
    longer_s = max(hidden.duration_s, timed.duration_s, 1.0)
    apart = abs(hidden.duration_s - timed.duration_s) / longer_s
    return apart if apart <= HIDDEN_WITHIN else None


def _founders_first(group: Iterable[Take]) -> list[Take]:
    return sorted(group, key=lambda take: take.id != take.run)


def _told(run: str, group: Sequence[Take]) -> Told:
    best = best_of(group)
    from_api = tuple(take for take in group if take.source is Source.STRAVA_API)
    superseded = () if best.source is Source.STRAVA_API else from_api
    return Told(run, best, tuple(group), superseded)


def best_of(group: Sequence[Take]) -> Take:
    """Return the take to go by: the own one with the most heart rate, and Strava's only where that has hardly any."""
    own = [take for take in group if take.source is not Source.STRAVA_API]
    lent = [take for take in group if take.source is Source.STRAVA_API]
    if not own or not lent:
        return max(group, key=_worth)
    best_own, best_lent = max(own, key=_worth), max(lent, key=_worth)
    return best_lent if best_lent.heard_s > DOORSTEP * best_own.heard_s else best_own


def _worth(take: Take) -> tuple[float, int]:
    return round(take.heard_s), -_OWN_FIRST[take.source]
