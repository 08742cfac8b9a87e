"""How it is with the links to Strava, as `status` and `strava status` tell it."""

from datetime import datetime, timedelta
from typing import Any

from daemon.clock import Clock
from daemon.domain.quota import Purpose, Use
from daemon.handing.handovers import Handovers, uploads_report
from daemon.strava.book import Account, Book, State
from daemon.strava.follower import Follower, Terms
from daemon.strava.link import Link
from daemon.strava.port import Scope, missing_scopes

NEEDS_RUNNER = frozenset({State.INACTIVE, State.REVOKED, State.SCOPE, State.APPLICATION})


class LinksReport:
    """Looks at every link, and changes nothing; `follower` is None where no service runs."""

    def __init__(
        self,
        book: Book,
        terms: Terms,
        clock: Clock,
        follower: Follower | None = None,
        handovers: Handovers | None = None,
    ) -> None:
        self._book = book
        self._terms = terms
        self._clock = clock
        self._follower = follower
        self._handovers = handovers

    async def make(self) -> list[dict[str, Any]]:
        """Return one entry for each link."""
        return [await self._entry(account) for account in await self._book.accounts()]

    async def _entry(self, account: Account) -> dict[str, Any]:
        held = await self._book.held(account.runner)
        link = self._follower.links.get(account.runner) if self._follower else None
        looked_at = link.account.looked_at if link else account.looked_at
        return {
            "runner": account.runner,
            "state": account.state.value,
            "since": _local(account.since),
            "needs_you": account.state in NEEDS_RUNNER,
            "linked_at": _local(account.linked_at),
            "scopes": sorted(scope.value for scope in account.scopes),
            "missing_scopes": [scope.value for scope in self._missing(account)],
            "last_look_at": _local(looked_at),
            "held": {
                "activities": held.activities,
                "unread": held.unread,
                "keep_days": self._terms.keep.days,
                "until": _local(held.newest and held.newest + self._terms.keep),
                "first_goes_at": _local(held.oldest and held.oldest + self._terms.keep),
            },
            "uploads": await self._uploads(account.runner),
            **self._now(account.runner, link),
        }

    async def _uploads(self, runner: str) -> dict[str, Any] | None:
        """Return how many own sessions wait to go there; None where they are not to."""
        if self._handovers is None or runner not in self._terms.uploads:
            return None
        return uploads_report(runner, await self._handovers.counts())

    def _missing(self, account: Account) -> tuple[Scope, ...]:
        return missing_scopes(account.scopes, uploads=account.runner in self._terms.uploads)

    def _now(self, runner: str, link: Link | None) -> dict[str, Any]:
        if link is None or self._follower is None:
            is_new = self._follower is not None and self._follower.follows(runner)  # made a moment ago
            return {"busy": is_new, "next_look_at": None, "waits_s": 0, "quota": None}
        ahead_s = link.look_at - self._clock.monotonic()
        quarter, day = self._follower.gate.uses()
        waits_for = Purpose.BACKFILL if link.unread else Purpose.NEWS
        return {
            "busy": not self._follower.is_done(link),
            "next_look_at": _local(self._clock.now() + timedelta(seconds=max(0.0, ahead_s))),
            "waits_s": round(self._follower.gate.wait_s(waits_for)),
            "quota": {"quarter_hour": _use(quarter), "day": _use(day)},
        }


def _use(use: Use) -> dict[str, int]:
    return {"used": use.used, "limit": use.limit}


def _local(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone().isoformat(timespec="seconds")
