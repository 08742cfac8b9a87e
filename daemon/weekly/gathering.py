"""A runner's weeks, gathered from what is kept: three months are read, however many years there are."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import TypeAlias

from daemon.domain.calendar import day_of, moment_of
from daemon.domain.feeling import Lift, lift_of
from daemon.domain.habit import Agreement, Rest, summed_up_on
from daemon.domain.progress import Why
from daemon.domain.run import Run
from daemon.domain.week import (
    LINE_WEEKS,
    USUAL_WEEKS,
    Circumstances,
    IsoWeek,
    Place,
    Together,
    Week,
    is_own,
    together,
    week_of,
)
from daemon.household import Runner
from daemon.remote import RefusedError
from daemon.store import Pause, Store

PROPOSED_FOR = timedelta(days=7)
"""So long after its end a week still says what comes next; for an older one the weeks after it have said it."""

Places: TypeAlias = Callable[[datetime], Awaitable[Place | None]]
"""Tells where the runner is on their plan at a moment. May raise `RefusedError`: a plan's file may be gone."""
Linked: TypeAlias = Callable[[str], Awaitable[bool]]
"""Tells whether a runner's runs come by Strava's API."""


@dataclass(frozen=True, slots=True)
class Weeks:
    """One runner's weeks. Both questions may raise `StoreError`."""

    runner: Runner
    store: Store
    place: Places
    linked: Linked
    keep: timedelta
    """How long runs stay that came by Strava's API."""
    group: tuple[str, ...] = ()
    """Who said yes to having their runs added up."""
    own_only: bool = False
    """Leave out what came by Strava's API alone: it may be shown to its own runner, and to nobody else."""

    async def week(self, key: IsoWeek, now: datetime) -> Week:
        """Return a week as it is seen at `now`."""
        runner, zone = self.runner, self.runner.timezone
        agreement = runner.agreement or Agreement()
        begin, end = key.before(LINE_WEEKS - 1).begins(zone), key.ends(zone)
        seen = Circumstances(
            zone=zone,
            now=now,
            closes_at=_closes_at(key, agreement, zone),
            agreed=len(agreement.days),
            is_agreed_today=day_of(now, zone).weekday() in agreement.days,
            place=await self._place(now) if now < end + PROPOSED_FOR else None,
            lift=await self._lift(key),
            paused=any(self._touches(pause, key) for pause in await self.store.pauses(runner.name)),
            medication=runner.medication,
            linked=await self.linked(runner.name),
            keep=self.keep,
        )
        return self._seen(key, await self.store.runs(runner.name, begin, until=end), seen)

    async def together(self, key: IsoWeek) -> Together | None:
        """Return what the runner's group did in a week; None for a runner who is in none."""
        if self.runner.name not in self.group:
            return None
        zone = self.runner.timezone
        begin, end = key.begins(zone), key.ends(zone)
        return together({name: await self.store.own_takes(name, begin, end) for name in self.group}, key, zone)

    def _seen(self, key: IsoWeek, runs: Sequence[Run], seen: Circumstances) -> Week:
        week, own = week_of(key, runs, seen), [run for run in runs if is_own(run)]
        if not self.own_only or len(own) == len(runs):
            return week
        # as if all of the others had gone already
        told = week_of(key, own, replace(seen, linked=True, keep=timedelta(), place=_unreasoned(seen.place)))
        return replace(told, is_whole=week.is_whole and told.totals == week.totals)

    async def _place(self, now: datetime) -> Place | None:
        try:
            return await self.place(now)
        except RefusedError:
            return None  # the week has more to tell

    async def _lift(self, key: IsoWeek) -> Lift:
        """Count over four weeks; what was said stays also where its run had to go."""
        name, zone = self.runner.name, self.runner.timezone
        said = await self.store.feelings(name, key.before(USUAL_WEEKS - 1).begins(zone))
        later = await self.store.feelings(name, key.ends(zone))
        return lift_of(said[: len(said) - len(later)])

    def _touches(self, pause: Pause, key: IsoWeek) -> bool:
        """Tell whether some of the week was a pause; the day on which the runner is back is none of it."""
        rest = Rest.of(pause.since, pause.until, pause.ended_at, self.runner.timezone)
        return any(rest.holds(day) for day in key.days)


def _unreasoned(place: Place | None) -> Place | None:
    """Keep the step, which is the runner's own diary, and not why: that may follow from what is left out."""
    return place and replace(place, proposal=replace(place.proposal, why=Why.ALONG))


def _closes_at(key: IsoWeek, agreement: Agreement, zone: tzinfo) -> datetime:
    """Return the agreed hour at which the week is summed up, or its end if that comes first."""
    day = key.days[agreement.week_day]
    return moment_of(day, agreement.week_at, zone) if summed_up_on(day) == key else key.ends(zone)
