"""Looks at Strava for every linked runner: one thing at a time, the newest first, never more than is allowed.

A round makes one request at the most and then asks anew what is due: a look at the first page before all
else, then the newest run, then the rest of the list where it has to be read, then older runs. So the first
verdict after linking takes two requests, and whatever is interrupted goes on where it was.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from daemon.backoff import Backoff
from daemon.clock import Clock, wait_for
from daemon.domain.activity import Activity, Page, compare
from daemon.domain.heart_rate import Instant
from daemon.domain.quota import Purpose, Quota
from daemon.domain.recording import Recording
from daemon.domain.run import Source
from daemon.domain.takes import Take, are_one_run
from daemon.library import NEWS, Library
from daemon.store import ActivityRead, FactRefusedError, Kind, Store, StoreError
from daemon.strava.book import Account, Book, State, origin_of
from daemon.strava.gate import Gate, GateClosedError
from daemon.strava.link import Keys, Link, Walk
from daemon.strava.port import (
    Answer,
    ApplicationError,
    GoneError,
    InactiveError,
    RevokedError,
    ScopeError,
    Strava,
    StravaError,
    Tokens,
    UnauthorizedError,
)
from daemon.strava.words import state_text

LONGEST_WAIT_S = 60.0
"""So long a link that another process made or ended may go unnoticed."""
STORE_PAUSE_S = 5.0
PROBE_S = 3600.0
"""How often a link that is not served any more is tried."""
AGAIN = Backoff(20.0, 900.0)
STUCK_S = 300.0
"""First pause for an activity that alone gives trouble; doubled each time."""
PATIENCE = 5
"""Failures in a row after which somebody who waits is told to come back later."""
TROUBLE_AFTER_S = 86_400.0
LASTING_S = 3600.0
"""A closed gate is worth telling of when it stays closed longer than a quarter of an hour can."""
PURGE_S = 86_400.0
NOTED = timedelta(hours=1)
"""A look that found nothing new is noted at most that often."""
OFTEN, SELDOM = timedelta(days=1), timedelta(days=7)
CHEAP_PAGES = 4
"""Reading the whole list again costs no more than this beyond the look: then it is done daily, else weekly."""
PAGE_SIZE = 200
QUOTA_MEMO = "strava quota"

_STATES: dict[type[StravaError], State] = {
    InactiveError: State.INACTIVE,
    RevokedError: State.REVOKED,
    ScopeError: State.SCOPE,
    ApplicationError: State.APPLICATION,
}

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say of Strava."""

    poll_s: float
    keep: timedelta
    """How long anything that came by the API is held, and how far back it reaches."""


Step = Callable[[], Awaitable[None]]


class Follower:
    """Follows all links."""

    def __init__(
        self,
        strava: Strava,
        book: Book,
        store: Store,
        libraries: Mapping[str, Library],
        terms: Terms,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self.links: dict[str, Link] = {}
        self.gate = Gate(clock)
        self._strava = strava
        self._book = book
        self._store = store
        self._libraries = libraries
        self._terms = terms
        self._clock = clock
        self._chance = chance
        self._keys = Keys(strava, book, clock)
        self._stir = asyncio.Event()
        self._purge_at = clock.monotonic()
        self.is_begun = False

    async def run(self, beat: Callable[[], None]) -> None:
        """Follow for ever."""
        while True:
            beat()
            self._stir.clear()
            wait_s = await self.go_on()
            if wait_s > 0:
                await wait_for(self._stir, self._clock, min(wait_s, LONGEST_WAIT_S))

    def look_now(self, runner: str | None = None) -> None:
        """Look at once; a link that is not served is tried as well."""
        for link in self.links.values():
            if runner in (None, link.runner):
                link.look_at = self._clock.monotonic()
                link.retry_at = None
        self._stir.set()

    def hear_of(self, athlete: int, activity: int) -> None:
        """Look at an activity of which something was heard."""
        for link in self.links.values():
            if link.account.athlete == athlete:
                link.again.add(activity)
                link.look_at = self._clock.monotonic()
        self._stir.set()

    async def go_on(self) -> float:
        """Do the next thing that is due; return how long there is nothing to do after it, in seconds."""
        try:
            await self._begin()
            await self._find_links()
            await self._purge()
            for link in self._in_turn():
                await self._mind_quota(link)
                if step := self._due(link):
                    await self._try(link, step)
                    await self._keep_quota()
                    return 0.0
        except StoreError as error:
            log.error("strava_store_failed", reason=str(error))  # noqa: TRY400 - the reason is in it
            return STORE_PAUSE_S
        return self.idle_s()

    def idle_s(self) -> float:
        """Return for how long nothing is due."""
        now = self._clock.monotonic()
        return max(0.0, min((self._next_at(link) for link in self.links.values()), default=now + LONGEST_WAIT_S) - now)

    def is_done(self, link: Link) -> bool:
        """Tell whether all that may be fetched is here, or it makes no sense to wait for it."""
        if not link.is_well or link.failures > PATIENCE:
            return True
        return self._wanted(link, self._clock.monotonic()) is None

    # -- what is due ---------------------------------------------------------------------------------

    async def _begin(self) -> None:
        if self.is_begun:
            return
        kept = await self._book.memo(QUOTA_MEMO)
        if kept:
            self.gate = Gate(self._clock, Quota.from_record(json.loads(kept)))
        self.is_begun = True

    async def _find_links(self) -> None:
        accounts = {account.runner: account for account in await self._book.accounts()}
        for runner in self.links.keys() - accounts.keys():
            del self.links[runner]
        for runner, account in accounts.items():
            there = self.links.get(runner)
            if there and there.account.linked_at == account.linked_at:
                there.account = account
            elif runner in self._libraries:
                self.links[runner] = await self._link(account)

    async def _link(self, account: Account) -> Link:
        link = Link(account, self._libraries[account.runner], self._clock.monotonic())
        await self._list_unread(link)
        return link

    async def _list_unread(self, link: Link) -> None:
        known = await self._book.known(link.runner)
        link.held, link.unread = len(known), [one for one in known if not one.is_read]

    def _in_turn(self) -> list[Link]:
        """Return the links, those first whose look has waited longest."""
        return sorted(self.links.values(), key=lambda link: link.look_at)

    def _due(self, link: Link) -> Step | None:
        now = self._clock.monotonic()
        if link.retry_at is not None and now < link.retry_at:
            return None
        wanted = self._wanted(link, now)
        if wanted is None:
            return None
        purpose, step = wanted
        return None if self.gate.wait_s(purpose) > 0 else step

    def _wanted(self, link: Link, now: Instant) -> tuple[Purpose, Step] | None:
        """Return what comes next for a link, were it allowed."""
        if now >= link.look_at:
            return Purpose.NEWS, partial(self._look, link)
        if not link.is_well:
            return None
        newest = link.next_unread(now)
        if link.walk is not None and (link.has_read or newest is None):
            return Purpose.BACKFILL, partial(self._walk_on, link, link.walk)
        if newest is not None:
            return self._purpose(newest.activity), partial(self._read, link, newest.activity)
        return None

    def _purpose(self, activity: Activity) -> Purpose:
        return Purpose.NEWS if self._clock.now() - activity.started_at <= NEWS else Purpose.BACKFILL

    def _next_at(self, link: Link) -> Instant:
        now = self._clock.monotonic()
        wanted = self._wanted(link, now)
        if wanted:
            moments = [Instant(now + self.gate.wait_s(wanted[0]))]
        else:
            moments = [at for at in link.retries() if at > now] if link.is_well else []
        if link.look_at > now:
            moments.append(link.look_at)
        return max(min(moments), link.retry_at or now)

    async def _mind_quota(self, link: Link) -> None:
        if link.is_well and link.look_at <= self._clock.monotonic() and self.gate.wait_s(Purpose.NEWS) > LASTING_S:
            await self._enter(link, State.QUOTA)

    # -- one step, and what may come of it ------------------------------------------------------------

    async def _try(self, link: Link, step: Step) -> None:
        try:
            await step()
        except GateClosedError:
            return  # it closed in between
        except UnauthorizedError as error:
            await self._doubt(link, error)
        except (InactiveError, RevokedError, ScopeError, ApplicationError) as error:
            await self._enter(link, _STATES[type(error)])
            link.is_doubted = isinstance(error, RevokedError)  # to be probed by asking for tokens, which costs nothing
            link.retry_at = link.look_at = Instant(self._clock.monotonic() + PROBE_S)
        except StravaError as error:
            await self._fail(link, error)
        else:
            link.failures, link.failing_since, link.retry_at, link.is_doubted = 0, None, None, False
            await self._enter(link, State.WELL)

    async def _doubt(self, link: Link, error: UnauthorizedError) -> None:
        """Let fresh tokens decide whether the link has ended."""
        if link.is_doubted:
            await self._enter(link, State.REVOKED)
            link.retry_at = link.look_at = Instant(self._clock.monotonic() + PROBE_S)
        else:
            log.info("strava_token_refused", runner=link.runner, reason=str(error))
            link.is_doubted = True

    async def _fail(self, link: Link, error: StravaError) -> None:
        now = self._clock.monotonic()
        link.failures += 1
        link.failing_since = now if link.failing_since is None else link.failing_since
        link.retry_at = Instant(now + AGAIN.pause_s(link.failures, self._chance))
        log.warning("strava_failed", runner=link.runner, reason=str(error), failures=link.failures)
        if now - link.failing_since >= TROUBLE_AFTER_S:
            await self._enter(link, State.TROUBLE)

    async def _enter(self, link: Link, state: State) -> None:
        """Keep how it is with a link, and tell the runner once."""
        if link.account.state is state:
            return
        since = self._clock.now()
        link.account = replace(link.account, state=state, since=since)
        await self._book.note_state(link.runner, state, since)
        log.info("strava_state", runner=link.runner, state=state.value)
        if state is not State.WELL:
            text = state_text(state, link.library.runner.language)
            await link.library.tell(Kind.SERVICE, f"strava:{state.value}:{since:%G-W%V}", text)

    async def _ask(self, link: Link, purpose: Purpose, request: Callable[[Tokens], Awaitable[Answer[T]]]) -> T:
        fresh = await self._keys.fresh(link.account, link.renewed_at, anyway=link.is_doubted)
        if fresh:
            link.account = replace(link.account, tokens=fresh)
            link.renewed_at = self._clock.monotonic()
        return await self.gate.ask(purpose, lambda: request(link.account.tokens))

    async def _look(self, link: Link) -> None:
        """Look at the first page, where nearly everything is found that has changed."""
        page = await self._ask(link, Purpose.NEWS, lambda tokens: self._strava.activities(tokens, 1))
        now = self._clock.now()
        link.look_at = Instant(self._clock.monotonic() + self._terms.poll_s)
        link.has_read = False
        since = min((one.started_at for one in page.activities), default=None)
        await self._note(link, page, page.ids, since)
        if self._is_walk_due(link.account, now):
            link.walk = Walk(ids=set(page.ids))
            await self._end_walk_if_done(link, link.walk, page)
        for heard in link.again & {one.activity.id for one in await self._book.known(link.runner)} - page.ids:
            await self._read_again(link, heard)
        link.again.clear()
        log.debug("strava_looked", runner=link.runner, listed=page.length, unread=len(link.unread))

    async def _walk_on(self, link: Link, walk: Walk) -> None:
        page = await self._ask(link, Purpose.BACKFILL, lambda tokens: self._strava.activities(tokens, walk.page))
        walk.page += 1
        walk.ids |= page.ids
        await self._note(link, page, page.ids, datetime.max.replace(tzinfo=UTC))
        await self._end_walk_if_done(link, walk, page)

    async def _end_walk_if_done(self, link: Link, walk: Walk, page: Page) -> None:
        """End a walk at the end of the list, or where all is older than anything that is held."""
        known = await self._book.known(link.runner)
        reach = min([self._reach(), *(one.activity.started_at for one in known)])
        oldest = min((one.started_at for one in page.activities), default=None)
        if page.length and (oldest is None or oldest >= reach):
            return
        link.walk = None
        changes = compare(known, (), walk.ids, None, self._reach())
        if changes.missing or changes.gone:
            await self._book.note_look(link.runner, changes, self._clock.now())
        # what is missing from the whole list must be missed twice; it is not on the page of the next look
        await self._book.note_walk(link.runner, None if changes.missing else self._clock.now())

    async def _note(self, link: Link, page: Page, ids: frozenset[int], since: datetime | None) -> None:
        known = await self._book.known(link.runner)
        changes = compare(known, page.activities, ids, since, self._reach())
        now, looked_at = self._clock.now(), link.account.looked_at
        if any((changes.found, changes.renamed, changes.missing, changes.back, changes.gone)) or (
            looked_at is None or not timedelta(0) <= now - looked_at < NOTED
        ):
            await self._book.note_look(link.runner, changes, now)
            link.account = replace(link.account, looked_at=now)
        there = {one.activity.id for one in known}
        for activity in changes.found:
            link.stuck.pop(activity.id, None)
        await self._pass_over(
            link, [one for one in changes.found if not link.library.yardstick.wants(one.sport)], there
        )
        await self._list_unread(link)

    async def _pass_over(self, link: Link, unwanted: Sequence[Activity], there: set[int]) -> None:
        """Leave other sports alone; what was a run before it was called a ride goes."""
        for activity in unwanted:
            if activity.id in there:
                await self._book.drop(link.runner, activity.id)
        await self._store.commit([ActivityRead(link.runner, one.id) for one in unwanted if one.id not in there])

    async def _read(self, link: Link, activity: Activity) -> None:
        """Bring one run in, with a request only if it has a heart rate and nothing better is here."""
        link.has_read = True
        if await self._has_own(link, activity):
            await self._store.commit([ActivityRead(link.runner, activity.id)])
        elif activity.has_heart_rate:
            await self._fetch(link, activity)
        else:
            await self._bring(link, activity, _without_heart_rate(activity))
        link.unread = [one for one in link.unread if one.activity.id != activity.id]

    async def _read_again(self, link: Link, heard: int) -> None:
        for known in await self._book.known(link.runner):
            if known.activity.id == heard and known.is_read and known.activity.has_heart_rate:
                await self._fetch(link, known.activity)

    async def _fetch(self, link: Link, activity: Activity) -> None:
        purpose = self._purpose(activity)
        try:
            recording = await self._ask(link, purpose, lambda tokens: self._strava.recording(tokens, activity))
        except GoneError:
            await self._book.drop(link.runner, activity.id)
            return
        except StravaError as error:
            if isinstance(error, UnauthorizedError | InactiveError | RevokedError | ScopeError | ApplicationError):
                raise
            link.put_off(activity.id, STUCK_S, self._clock.monotonic())
            raise
        await self._bring(link, activity, recording)

    async def _bring(self, link: Link, activity: Activity, recording: Recording) -> None:
        judge = link.library.yardstick.judge
        brought = await asyncio.to_thread(
            judge, recording, Source.STRAVA_API, origin_of(activity.id), start_hidden=activity.start_hidden
        )
        try:
            await link.library.receive(brought, ActivityRead(link.runner, activity.id))
        except FactRefusedError:
            log.info("strava_activity_went_meanwhile", runner=link.runner)

    async def _has_own(self, link: Link, activity: Activity) -> bool:
        """Tell whether an own take is here that Strava's would not outdo: then nothing is asked of it."""
        wanted = _as_take(activity)
        day = timedelta(days=1)
        runs = await self._store.runs(link.runner, wanted.started_at - day, until=wanted.ends_at + day)
        return any(
            run.sources[0] is not Source.STRAVA_API
            and are_one_run(wanted, Take(run.id, run.id, run.sources[0], run.started_at, run.duration_s, 0.0))
            and run.judgement.heart_rate.coverage_pct / 100 * run.duration_s >= activity.elapsed_s / 2
            for run in runs
        )

    # -- housekeeping --------------------------------------------------------------------------------

    def _reach(self) -> datetime:
        return self._clock.now() - self._terms.keep

    def _is_walk_due(self, account: Account, now: datetime) -> bool:
        if account.walked_at is None:
            return True
        pause = OFTEN if self.links[account.runner].held // PAGE_SIZE < CHEAP_PAGES else SELDOM
        return not timedelta(0) <= now - account.walked_at < pause

    async def _purge(self) -> None:
        if self._clock.monotonic() < self._purge_at:
            return
        gone = await self._book.purge(self._reach())
        self._purge_at = Instant(self._clock.monotonic() + PURGE_S)
        if gone:
            log.info("strava_purged", activities=gone)

    async def _keep_quota(self) -> None:
        if self.gate.is_dirty:
            await self._book.keep_memo(QUOTA_MEMO, json.dumps(self.gate.quota.to_record()))
            self.gate.is_dirty = False


def _as_take(activity: Activity) -> Take:
    return Take("", "", Source.STRAVA_API, activity.started_at, activity.elapsed_s, 0.0, activity.start_hidden)


def _without_heart_rate(activity: Activity) -> Recording:
    return Recording(
        started_at=activity.started_at,
        duration_s=activity.elapsed_s,
        sport=activity.sport,
        name=activity.name,
        samples=(),
        distance_m=activity.distance_m,
    )
