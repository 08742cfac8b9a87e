"""The way to Strava in a runner's name: fresh tokens first, then as far as the quota goes, and only while linked."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from daemon.clock import Clock
from daemon.domain.heart_rate import Instant
from daemon.domain.quota import Purpose, Quota
from daemon.strava.book import Account, Book
from daemon.strava.gate import Gate
from daemon.strava.link import Link
from daemon.strava.port import Answer, Strava, Tokens

T = TypeVar("T")

FRESH = timedelta(minutes=10)
"""Tokens are renewed that long before they expire."""
RENEWED_AT_MOST_S = 1800.0
"""A wall clock that is years ahead finds every token expired; it must not renew them for every request."""
PARTING_S = 1.5
"""So long a stopping service waits for fresh tokens: the old ones may be dead already."""


class LinkChangedError(Exception):
    """What came is of no use: the link was ended, or made anew, while Strava was asked."""


class Keys:
    """Asks in the name of links; one renewal at a time for a runner, kept before it is used."""

    def __init__(self, strava: Strava, book: Book, clock: Clock) -> None:
        self.gate = Gate(clock)
        self._strava = strava
        self._book = book
        self._clock = clock
        self._unkept: dict[str, Tokens] = {}
        """Fresh tokens that the database would not take yet, by the refresh token that they replace."""

    def resume(self, quota: Quota) -> None:
        """Go on with the quota of an earlier life."""
        self.gate = Gate(self._clock, quota)

    async def ask(self, link: Link, purpose: Purpose, request: Callable[[Tokens], Awaitable[Answer[T]]]) -> T:
        """Return what Strava answers. Raises `GateClosedError`, `LinkChangedError`, `StravaError`, `StoreError`."""
        fresh = await self._fresh(link.account, link.renewed_at, anyway=link.is_doubted)
        if fresh:
            link.account = replace(link.account, tokens=fresh)
            link.renewed_at = self._clock.monotonic()
        value = await self.gate.ask(purpose, lambda: request(link.account.tokens))
        if not await self.is_current(link):
            raise LinkChangedError
        link.answers += 1
        return value

    async def is_current(self, link: Link) -> bool:
        """Tell whether the link is still there, and the same."""
        linked_at = {account.runner: account.linked_at for account in await self._book.accounts()}
        return linked_at.get(link.runner) == link.account.linked_at

    async def _fresh(self, account: Account, renewed_at: Instant | None, *, anyway: bool) -> Tokens | None:
        """Return renewed tokens, None if those of the account will do."""
        if unkept := self._unkept.get(account.tokens.refresh):
            await self._keep(account, unkept)
            return unkept
        expires_soon = account.tokens.expires_at - self._clock.now() < FRESH
        just_renewed = renewed_at is not None and self._clock.monotonic() - renewed_at < RENEWED_AT_MOST_S
        if not anyway and (not expires_soon or just_renewed):
            return None
        return await _nearly_to_the_end(self._renew(account))

    async def _renew(self, account: Account) -> Tokens:
        tokens = await self._strava.refresh(account.tokens)
        await self._keep(account, tokens)
        return tokens

    async def _keep(self, account: Account, fresh: Tokens) -> None:
        # before all else remembered: the old ones may be dead, and a full disk is no reason to link again
        self._unkept[account.tokens.refresh] = fresh
        await self._book.renew(account.runner, account.tokens, fresh)
        del self._unkept[account.tokens.refresh]


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
