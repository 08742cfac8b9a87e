"""Looking at the list: its first page each time, the whole of it once a day.

On the first page nearly everything is found that has changed; what changes or goes deeper in the past, the walk
over all pages finds. Nothing is believed to be gone before it was missed twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from daemon.clock import Clock
from daemon.domain.activity import HIDDEN, Activity, Known, Page, compare
from daemon.domain.heart_rate import Instant
from daemon.domain.quota import Purpose
from daemon.store import ActivityRead, Store
from daemon.strava.book import Account, Book
from daemon.strava.keys import Keys
from daemon.strava.link import Link, Walk
from daemon.strava.port import Strava, UnreachableError

LONGEST_WALK = 500
"""Pages: a hundred thousand activities."""
NOTED = timedelta(hours=1)
"""A look that found nothing new is noted at most that often."""
WALK_EVERY = timedelta(hours=23)
"""What is gone at Strava has to be gone here two days later, and is to be gone after one."""
PAGE_SIZE = 200
PAGES_FOR_A_DAY = 50
MOST_PAGES = 40
NEVER = datetime.max.replace(tzinfo=UTC)

log = structlog.get_logger()


class Looker:
    """Reads lists, and notes what they tell."""

    def __init__(
        self,
        strava: Strava,
        keys: Keys,
        book: Book,
        store: Store,
        clock: Clock,
        poll_s: float,
        reach: Callable[[], datetime],
    ) -> None:
        self._strava = strava
        self._keys = keys
        self._book = book
        self._store = store
        self._clock = clock
        self._poll_s = poll_s
        self._reach = reach

    async def look(self, link: Link) -> None:
        """Look at the first page."""
        page = await self._keys.ask(link, Purpose.NEWS, lambda tokens: self._strava.activities(tokens, 1))
        known = await self._book.known(link.runner)
        is_walk_new = link.walk is None and self._is_walk_due(link.account)
        if is_walk_new:
            link.walk = Walk(frozenset(one.activity.id for one in known if one.is_missing))
        if link.walk:
            link.walk.ids |= page.ids
        link.again &= {one.activity.id for one in known} - page.ids  # of what is on the page its mark tells enough
        await self._note(link, known, page, page.since)
        if link.walk and is_walk_new:
            await self._end_walk_if_done(link, link.walk, page)
        now = self._clock.monotonic()
        link.looked_at, link.look_at = now, Instant(now + self._pause_s(link))
        link.has_read = False
        log.debug("strava_looked", runner=link.runner, listed=page.length, unread=len(link.unread))

    async def walk_on(self, link: Link, walk: Walk) -> None:
        """Look at the next page of the whole list."""
        page = await self._keys.ask(link, Purpose.BACKFILL, lambda tokens: self._strava.activities(tokens, walk.page))
        if walk.page > LONGEST_WALK:  # somebody in between gives the same page for ever
            raise UnreachableError("Strava's list has no end")
        known = await self._book.known(link.runner)
        await self._note(link, known, page, NEVER)
        walk.page += 1
        walk.ids |= page.ids
        await self._end_walk_if_done(link, walk, page)

    async def _end_walk_if_done(self, link: Link, walk: Walk, page: Page) -> None:
        """End a walk at the end of the list, or where all is older than anything that is held."""
        known = await self._book.known(link.runner)
        reach = min([self._reach(), *(one.activity.started_at for one in known)]) - HIDDEN
        if page.since is not None and page.since >= reach:
            return
        # one look must not miss the same activity twice: on its page, and as the end of the walk
        doubted = [replace(one, is_missing=one.activity.id in walk.suspects) for one in known]
        changes = compare(doubted, (), walk.ids, None, self._reach())
        if changes.missing or changes.gone:
            await self._book.note_look(link.runner, changes, self._clock.now())
            link.list_unread(await self._book.known(link.runner))
        # what is missing must be missed by another walk
        await self._book.note_walk(link.runner, None if changes.missing else self._clock.now())
        link.walk = None

    async def _note(self, link: Link, known: list[Known], page: Page, since: datetime | None) -> None:
        changes = compare(known, page.activities, page.ids, since, self._reach())
        now, looked_at = self._clock.now(), link.account.looked_at
        if any((changes.found, changes.renamed, changes.missing, changes.back, changes.gone)) or (
            looked_at is None or not timedelta(0) <= now - looked_at < NOTED
        ):
            await self._book.note_look(link.runner, changes, now)
            link.account = replace(link.account, looked_at=now)
        there = {one.activity.id for one in known}
        for activity in changes.found:
            link.stuck.pop(activity.id, None)
        unwanted = [one for one in changes.found if not link.library.yardstick.wants(one.sport)]
        await self._pass_over(link, unwanted, there)
        link.list_unread(await self._book.known(link.runner))

    async def _pass_over(self, link: Link, unwanted: Sequence[Activity], there: set[int]) -> None:
        """Leave other sports alone; what was a run before it was called a ride goes."""
        for activity in unwanted:
            if activity.id in there:
                await self._book.drop(link.runner, activity.id)
        await self._store.commit([ActivityRead(link.runner, one.id) for one in unwanted if one.id not in there])

    def _is_walk_due(self, account: Account) -> bool:
        if account.walked_at is None:
            return True
        return not timedelta(0) <= self._clock.now() - account.walked_at < WALK_EVERY

    def _pause_s(self, link: Link) -> float:
        """Look a little less often where walks take many pages: a day stays within its hundred requests."""
        return self._poll_s / (1 - min(link.held // PAGE_SIZE, MOST_PAGES) / PAGES_FOR_A_DAY)
