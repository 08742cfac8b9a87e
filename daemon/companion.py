"""One runner's company: plan, answers to runs, library, weeks and diary, put together from what a household shares."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from daemon.afterwards import Afterwards, FeelLink
from daemon.clock import Clock
from daemon.diary import Diary, Sources, Step
from daemon.domain.calendar import day_of
from daemon.domain.wording import suggestion_text
from daemon.domain.zone_care import LOOKS_BACK, OCCASION, SELDOM, is_due, zone_suggestion
from daemon.domain.zones import zone_on
from daemon.household import Plans, Runner
from daemon.library import Library
from daemon.planning import Planner
from daemon.remote import RefusedError
from daemon.store import OccasionPassed, Outlet, Store
from daemon.strava.book import Account
from daemon.weekly.gathering import Weeks
from daemon.weekly.writing import PngOf, Suggested, WeekWriter
from daemon.zoning import zones_for


class Accounts(Protocol):
    """Who knows whose runs come by Strava (the book)."""

    async def accounts(self) -> list[Account]:
        """Return the links there are."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all companions of a household have in common."""

    store: Store
    clock: Clock
    plans: Plans
    png_of: PngOf
    accounts: Accounts | None = None
    """None where nothing can be linked."""
    keep: timedelta = timedelta(days=7)
    """How long runs stay that came by Strava's API."""
    sports: frozenset[str] = field(default_factory=frozenset)
    """Wanted beyond runs and walks."""
    group: tuple[str, ...] = ()
    """Who said yes to having their runs added up."""
    feel_link: FeelLink = lambda _: None
    letters_kept: Callable[[], None] = lambda: None
    outlets: Callable[[str], frozenset[Outlet]] = lambda _: frozenset()
    """Returns where a runner's sessions go besides."""


class Companion:
    """What goes along with one runner over the weeks."""

    def __init__(self, runner: Runner, shared: Shared) -> None:
        self.runner = runner
        self._shared = shared
        store, clock = shared.store, shared.clock
        self.planner = Planner(runner, store, shared.plans)
        self.afterwards = Afterwards(self.planner, clock, shared.feel_link, shared.outlets(runner.name))
        self.library = Library(self.afterwards, store, clock, shared.sports, shared.letters_kept)
        self.weeks = Weeks(runner, store, self.planner.place, self._is_linked, shared.keep, shared.group)
        self.writer = WeekWriter(self.weeks, clock, shared.png_of, self._suggest)
        self._zones = runner.zones

    def diary(self, is_running: Callable[[], bool]) -> Diary:
        """Return the diary; `is_running` tells whether a session is open."""
        sources = Sources(is_running, self._tonight, self.writer.letters)
        return Diary(self.runner, self._shared.store, self._shared.clock, sources, self._shared.letters_kept)

    async def refresh(self) -> Runner:
        """Look again at the zones, which may be set elsewhere; return the runner with them. Raises `StoreError`."""
        self._zones = await zones_for(self.runner, self._shared.store)
        self.library.yardstick = replace(self.library.yardstick, zones=self._zones)
        return replace(self.runner, zones=self._zones)

    async def _tonight(self) -> Step:
        try:
            standing = await self.planner.standing(self._shared.clock.now())
        except RefusedError:
            return None, None, None  # a plan's file that is gone is no reason to say nothing
        return (standing.step_name, standing.course, standing.proposal) if standing else (None, None, None)

    async def _is_linked(self, runner: str) -> bool:
        accounts = await self._shared.accounts.accounts() if self._shared.accounts else []
        return any(account.runner == runner for account in accounts)

    async def _suggest(self, now: datetime) -> Suggested | None:
        """Say once a month at most that the zone may not fit."""
        name, store, today = self.runner.name, self._shared.store, day_of(now, self.runner.timezone)
        said = (await store.occasions(name)).get(OCCASION)
        if not is_due(day_of(said.at, self.runner.timezone) if said else None, today):
            return None
        if any(now - one.at < SELDOM for one in await store.zones_set(name)):
            return None
        suggestion = zone_suggestion(await store.runs(name, now - LOOKS_BACK), zone_on(today, self._zones))
        if suggestion is None:
            return None
        passed = OccasionPassed(name, OCCASION, today.isoformat(), now)
        language = self.runner.language
        return Suggested(lambda figures: suggestion_text(suggestion, language, figures=figures), (passed,))
