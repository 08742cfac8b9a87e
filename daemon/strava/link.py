"""A runner's link as the service follows it: what is due next, what has failed, and fresh tokens in time."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from daemon.clock import Clock
from daemon.domain.activity import Known
from daemon.domain.heart_rate import Instant
from daemon.library import Library
from daemon.strava.book import Account, Book, State
from daemon.strava.port import Strava, Tokens

T = TypeVar("T")

FRESH = timedelta(minutes=10)
"""Tokens are renewed that long before they expire."""
RENEWED_AT_MOST_S = 1800.0
"""A wall clock that is years ahead finds every token expired; it must not renew them for every request."""
PARTING_S = 1.5
"""So long a stopping service waits for fresh tokens: the old ones may be dead already."""


@dataclass(slots=True)
class Walk:
    """The whole list, page by page."""

    page: int = 2
    """To be read next; the first one every look reads."""
    ids: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Link:
    """One account, and what is going on with it."""

    account: Account
    library: Library
    look_at: Instant
    """When the next look is due."""
    walk: Walk | None = None
    held: int = 0
    """How many activities are known."""
    unread: list[Known] = field(default_factory=list)
    """Newest first."""
    again: set[int] = field(default_factory=set)
    """Activities of which something was heard; they are read once more."""
    has_read: bool = False
    """Since the last look."""
    failures: int = 0
    """In a row."""
    failing_since: Instant | None = None
    retry_at: Instant | None = None
    """Nothing is asked before."""
    stuck: dict[int, tuple[int, Instant]] = field(default_factory=dict)
    """Activities that could not be read: how often, and when they are tried again."""
    renewed_at: Instant | None = None
    is_doubted: bool = False
    """The access token was refused; fresh ones decide."""

    @property
    def runner(self) -> str:
        """Whose it is."""
        return self.account.runner

    @property
    def is_well(self) -> bool:
        """Tell whether anything is to be had here."""
        return self.account.state in (State.WELL, State.TROUBLE, State.QUOTA)

    def next_unread(self, now: Instant) -> Known | None:
        """Return the newest activity that may be tried."""
        return next((one for one in self.unread if self._may_be_tried(one.activity.id, now)), None)

    def put_off(self, activity: int, pause_s: float, now: Instant) -> None:
        """Try an activity again later."""
        failures, _ = self.stuck.get(activity, (0, now))
        self.stuck[activity] = failures + 1, Instant(now + pause_s * 2.0 ** min(failures, 6))

    def retries(self) -> list[Instant]:
        """Return when activities that could not be read are tried again."""
        waiting = {one.activity.id for one in self.unread}
        return [at for number, (_, at) in self.stuck.items() if number in waiting]

    def _may_be_tried(self, activity: int, now: Instant) -> bool:
        return activity not in self.stuck or self.stuck[activity][1] <= now


class Keys:
    """Keeps tokens fresh: one renewal at a time for a runner, kept before it is used."""

    def __init__(self, strava: Strava, book: Book, clock: Clock) -> None:
        self._strava = strava
        self._book = book
        self._clock = clock

    async def fresh(self, account: Account, renewed_at: Instant | None, *, anyway: bool) -> Tokens | None:
        """Return renewed tokens, None if those of the account will do. Raises `StravaError`, `StoreError`."""
        expires_soon = account.tokens.expires_at - self._clock.now() < FRESH
        just_renewed = renewed_at is not None and self._clock.monotonic() - renewed_at < RENEWED_AT_MOST_S
        if not anyway and (not expires_soon or just_renewed):
            return None
        return await _nearly_to_the_end(self._renew(account))

    async def _renew(self, account: Account) -> Tokens:
        tokens = await self._strava.refresh(account.tokens)
        await self._book.renew(account.runner, tokens)
        return tokens


async def _nearly_to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Do `work` whole, but let a caller that is cancelled go after a moment."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=PARTING_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
