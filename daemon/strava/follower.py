"""Looks at Strava for every linked runner: one thing at a time, the newest first, never more than is allowed.

A round makes one request at the most and then asks anew what is due: looks and new runs before all else, then the
rest of a list where it has to be read, then older runs; links in turn. So the first verdict after linking takes
two requests, and whatever is interrupted goes on where it was.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from daemon.backoff import Backoff
from daemon.clock import Clock, wait_for
from daemon.domain.heart_rate import Instant
from daemon.domain.quota import Purpose, Quota
from daemon.library import Library
from daemon.store import Kind, Store, StoreError
from daemon.strava.book import Account, Book, State
from daemon.strava.bringing import Bringer
from daemon.strava.gate import Gate, GateClosedError
from daemon.strava.keys import Keys, LinkChangedError
from daemon.strava.link import Link
from daemon.strava.looking import Looker
from daemon.strava.port import (
    ApplicationError,
    InactiveError,
    RevokedError,
    ScopeError,
    Strava,
    StravaError,
    UnauthorizedError,
)
from daemon.strava.uploading import Outgoing, Uploader
from daemon.strava.words import state_text

LONGEST_WAIT_S = 60.0
"""So long a link that another process made or ended may go unnoticed."""
STORE_AGAIN = Backoff(5.0, 900.0)
"""What cannot be kept must not be fetched again and again."""
PROBE_S = 3600.0
"""How often a link that is not served any more is tried."""
AGAIN = Backoff(20.0, 900.0)
PATIENCE = 5
"""Failures in a row after which somebody who waits is told to come back later."""
TROUBLE_AFTER_S = 86_400.0
LASTING_S = 3600.0
"""A closed gate is worth telling of when it stays closed longer than a quarter of an hour can."""
MOST_HEARD = 100
HEARSAY_S = 60.0
"""So long after a look no event brings about another one."""
PURGE_EVERY = timedelta(hours=1)
QUOTA_MEMO = "strava quota"

_STATES: dict[type[StravaError], State] = {
    InactiveError: State.INACTIVE,
    RevokedError: State.REVOKED,
    ScopeError: State.SCOPE,
    ApplicationError: State.APPLICATION,
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say of Strava."""

    poll_s: float
    keep: timedelta
    """How long anything that came by the API is held, and how far back it reaches."""
    uploads: frozenset[str] = frozenset()
    """Runners whose own sessions go there."""


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
        outgoing: Outgoing | None = None,
    ) -> None:
        self.links: dict[str, Link] = {}
        self.is_begun = False
        self._book = book
        self._libraries = libraries
        self._keep = terms.keep
        self._clock = clock
        self._chance = chance
        self._keys = Keys(strava, book, clock)
        self._looker = Looker(strava, self._keys, book, store, clock, terms.poll_s, self._reach)
        self._bringer = Bringer(strava, self._keys, book, store, clock)
        self._uploader = Uploader(strava, self._keys, outgoing, terms.uploads, clock, chance) if outgoing else None
        self._stir = asyncio.Event()
        self._purge_at = clock.monotonic()
        self._turn = 0
        self._refusals = 0
        """Of the database, in a row."""

    @property
    def gate(self) -> Gate:
        """Return the door through which all requests go."""
        return self._keys.gate

    async def run(self, beat: Callable[[], None]) -> None:
        """Follow for ever."""
        while True:
            beat()
            self._stir.clear()
            wait_s = await self.go_on()
            if wait_s > 0:
                await wait_for(self._stir, self._clock, min(wait_s, LONGEST_WAIT_S))

    def wake(self) -> None:
        """See what there is to do: a session may have been kept."""
        self._stir.set()

    def look_now(self, runner: str | None = None) -> None:
        """Look at once; a link that is not served is tried as well."""
        for link in self.links.values():
            if runner in (None, link.runner):
                link.look_at = self._clock.monotonic()
                link.retry_at, link.failures = None, 0
        self._stir.set()

    def hear_of(self, athlete: int, activity: int | None) -> None:
        """Look at an activity of which something was heard, None for the link itself; anybody may say so: not often."""
        now = self._clock.monotonic()
        for link in self.links.values():
            if link.account.athlete == athlete:
                if activity is not None and len(link.again) < MOST_HEARD:
                    link.again.add(activity)
                soonest = now if link.looked_at is None else max(now, link.looked_at + HEARSAY_S)
                link.look_at = min(link.look_at, Instant(soonest))
        self._stir.set()

    async def go_on(self) -> float:
        """Do the next thing that is due; return how long there is nothing to do after it, in seconds."""
        try:
            await self._begin()
            await self._find_links()
            if self._uploader:
                await self._uploader.find(self.links.values())
            await self._purge()
            for link in self.links.values():
                await self._mind_quota(link)
            if next_step := self._next_step():
                await self._try(*next_step)
                await self._keep_quota()
        except StoreError as error:
            self._refusals += 1
            log.error("strava_store_failed", reason=str(error))  # noqa: TRY400 - the reason is in it
            return STORE_AGAIN.pause_s(self._refusals, self._chance)
        self._refusals = 0
        return 0.0 if next_step else self.idle_s()

    def follows(self, runner: str) -> bool:
        """Tell whether a link of this runner's is followed, as soon as it is seen."""
        return runner in self._libraries

    def idle_s(self) -> float:
        """Return for how long nothing is due."""
        now = self._clock.monotonic()
        return max(0.0, min([self._purge_at, *(self._next_at(link) for link in self.links.values())]) - now)

    def is_done(self, link: Link) -> bool:
        """Tell whether all that may be fetched is here, or it makes no sense to wait for it."""
        wanted = self._wanted(link, self._clock.monotonic())
        if wanted is None or link.failures > PATIENCE:
            return True
        return self.gate.wait_s(wanted[0]) > LASTING_S

    # -- what is due ---------------------------------------------------------------------------------

    async def _begin(self) -> None:
        if self._refusals:
            await self._keep_quota(anyway=True)  # before anything is asked: would the database take it?
        if not self.is_begun:
            if kept := await self._book.memo(QUOTA_MEMO):
                self._keys.resume(_quota_in(kept))
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
        link.list_unread(await self._book.known(link.runner))
        return link

    def _next_step(self) -> tuple[Link, Step] | None:
        """Return what comes next: looks and new runs first, and of these what waited longest for its turn."""
        now = self._clock.monotonic()
        due = [
            (wanted[0] is Purpose.BACKFILL, link.served, link.runner, link, wanted[1])
            for link in self.links.values()
            if (link.retry_at is None or now >= link.retry_at)
            and (wanted := self._wanted(link, now))
            and not self.gate.wait_s(wanted[0])
        ]
        return min(due, key=lambda one: one[:3])[3:] if due else None

    def _wanted(self, link: Link, now: Instant) -> tuple[Purpose, Step] | None:
        """Return what comes next for a link, were it allowed."""
        upload = self._upload(link)
        is_read_open = upload is None or upload[0] is not Purpose.UPLOAD or not self.gate.wait_s(Purpose.NEWS)
        if now >= link.look_at and is_read_open:
            return Purpose.NEWS, partial(self._looker.look, link)
        if upload or not link.is_well:
            return upload
        newest = link.next_unread(now)
        purpose = self._bringer.purpose_of(newest.activity) if newest else Purpose.BACKFILL
        if link.walk and (newest is None or (link.has_read and purpose is Purpose.BACKFILL)):
            return Purpose.BACKFILL, partial(self._looker.walk_on, link, link.walk)
        return (purpose, partial(self._bringer.read, link, newest)) if newest else None

    def _upload(self, link: Link) -> tuple[Purpose, Step] | None:
        """Return what an own session on its way wants next; used-up reads do not keep one from being posted."""
        if self._uploader is None or not link.is_well or (one := self._uploader.next_of(link)) is None:
            return None
        return self._uploader.purpose_of(one), partial(self._uploader.go_on, link, one)

    def _next_at(self, link: Link) -> Instant:
        now = self._clock.monotonic()
        wanted = self._wanted(link, now)
        if wanted:
            moments = [Instant(now + self.gate.wait_s(wanted[0]))]
        else:
            moments = [at for at in link.retries() if at > now] if link.is_well else []
        if self._uploader and link.is_well and (upload_at := self._uploader.next_at(link)) and upload_at > now:
            moments.append(upload_at)
        if link.look_at > now:
            moments.append(link.look_at)
        return max(min(moments), link.retry_at or now)

    async def _mind_quota(self, link: Link) -> None:
        if link.is_well and link.look_at <= self._clock.monotonic() and self.gate.wait_s(Purpose.NEWS) > LASTING_S:
            await self._enter(link, State.QUOTA)

    # -- one step, and what may come of it ------------------------------------------------------------

    async def _try(self, link: Link, step: Step) -> None:
        self._turn += 1
        link.served, answers = self._turn, link.answers
        try:
            await step()
        except (GateClosedError, LinkChangedError):
            return  # it closed in between; or what came is not wanted any more
        except StravaError as error:
            if await self._keys.is_current(link):
                await self._suffer(link, error)
            return
        if link.answers != answers:
            link.failures, link.failing_since, link.retry_at, link.is_doubted = 0, None, None, False
            await self._enter(link, State.WELL)

    async def _suffer(self, link: Link, error: StravaError) -> None:
        match error:
            case UnauthorizedError() if not link.is_doubted:
                log.info("strava_token_refused", runner=link.runner, reason=str(error))
                link.is_doubted = True  # fresh tokens decide whether the link has ended
            case UnauthorizedError():
                await self._rest(link, State.REVOKED)
            case InactiveError() | RevokedError() | ScopeError() | ApplicationError():
                # whether a link has ended is probed by asking for tokens, which costs nothing
                link.is_doubted = isinstance(error, RevokedError)
                await self._rest(link, _STATES[type(error)])
            case _:
                await self._fail(link, error)

    async def _rest(self, link: Link, state: State) -> None:
        link.retry_at = link.look_at = Instant(self._clock.monotonic() + PROBE_S)
        await self._enter(link, state)

    async def _fail(self, link: Link, error: StravaError) -> None:
        now = self._clock.monotonic()
        link.failures += 1
        link.failing_since = now if link.failing_since is None else link.failing_since
        link.retry_at = Instant(now + AGAIN.pause_s(link.failures, self._chance))
        log.warning("strava_failed", runner=link.runner, reason=str(error), failures=link.failures)
        if now - link.failing_since >= TROUBLE_AFTER_S and link.is_well:
            await self._enter(link, State.TROUBLE)

    async def _enter(self, link: Link, state: State) -> None:
        """Keep how it is with a link, and tell the runner once."""
        if link.account.state is state:
            return
        since = self._clock.now()
        log.info("strava_state", runner=link.runner, state=state.value)
        if state is not State.WELL:  # told first: what is said twice for a kill in between has the same key
            text = state_text(state, link.library.runner.language)
            await link.library.tell(Kind.SERVICE, f"strava:{state.value}:{since:%G-W%V}", text)
        await self._book.note_state(link.runner, state, since)
        link.account = replace(link.account, state=state, since=since)

    # -- housekeeping --------------------------------------------------------------------------------

    def _reach(self) -> datetime:
        """Return from when on things may be here; what would be too old before the next purge goes with this one."""
        return self._clock.now() - self._keep + PURGE_EVERY

    async def _purge(self) -> None:
        if self._clock.monotonic() < self._purge_at:
            return
        gone = await self._book.purge(self._reach())
        self._purge_at = Instant(self._clock.monotonic() + PURGE_EVERY.total_seconds())
        if gone:
            log.info("strava_purged", activities=gone)
            for link in self.links.values():
                link.list_unread(await self._book.known(link.runner))

    async def _keep_quota(self, *, anyway: bool = False) -> None:
        if self.gate.is_dirty or anyway:
            await self._book.keep_memo(QUOTA_MEMO, json.dumps(self.gate.quota.to_record()))
            self.gate.is_dirty = False


def _quota_in(kept: str) -> Quota:
    try:
        return Quota.from_record(json.loads(kept))
    except ValueError:
        return Quota()
