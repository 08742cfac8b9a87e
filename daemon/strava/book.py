"""What is kept of the links to Strava: accounts, what was listed, and small things that outlive a restart."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from daemon.domain.activity import Changes, Known
from daemon.strava.port import Scope, Tokens


class State(Enum):
    """How it is with a link; all but the first last until something is done or time has passed."""

    WELL = "well"
    INACTIVE = "inactive"
    """Strava does not serve the application: its owner has no subscription."""
    REVOKED = "revoked"
    """The athlete, or Strava, ended the link."""
    SCOPE = "scope"
    """Reading activities was not allowed."""
    APPLICATION = "application"
    """The client id or its secret in the settings is wrong."""
    TROUBLE = "trouble"
    """No sensible answer for a good while."""
    QUOTA = "quota"
    """The application's requests of the day are used up, also those for new runs."""


@dataclass(frozen=True, slots=True)
class Account:
    """A runner's link."""

    runner: str
    athlete: int | None
    tokens: Tokens
    scopes: frozenset[Scope]
    linked_at: datetime
    state: State
    since: datetime
    looked_at: datetime | None = None
    """When the list was last looked at, to the hour: a look that finds nothing writes nothing."""
    walked_at: datetime | None = None
    """When the list was last read to its end."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of a runner's Strava data."""

    activities: int
    unread: int
    oldest: datetime | None
    """When the oldest of it was fetched."""
    newest: datetime | None


class Book(Protocol):
    """Each method is a transaction, durable when it returns; every one may raise `StoreError`."""

    async def accounts(self) -> list[Account]:
        """Return all links."""

    async def link(self, account: Account) -> None:
        """Keep a link, in place of an earlier one of the same runner."""

    async def renew(self, runner: str, old: Tokens, fresh: Tokens) -> None:
        """Keep fresh tokens in place of the old ones, if these are still there: the link may have been made anew."""

    async def note_state(self, runner: str, state: State, since: datetime) -> None:
        """Keep how it is with a link."""

    async def known(self, runner: str) -> list[Known]:
        """Return the activities that are held or wait to be read, newest first."""

    async def note_look(self, runner: str, changes: Changes, at: datetime) -> None:
        """Keep what a look found out; what is gone goes, with all that was made of it."""

    async def note_walk(self, runner: str, at: datetime | None) -> None:
        """Keep when the whole list was read; None asks for it to be read again."""

    async def drop(self, runner: str, activity: int, *, is_read: bool = True) -> None:
        """Forget what was made of an activity, but not that it is known; it is read again if not `is_read`."""

    async def purge(self, fetched_before: datetime) -> int:
        """Forget all that was fetched before, and all that was made of it; return how many activities went."""

    async def unlink(self, runner: str) -> None:
        """Forget the link, all that came by it and all that was made of that alone."""

    async def held(self, runner: str) -> Held:
        """Return how much is held, and since when."""

    async def memo(self, key: str) -> str | None:
        """Return a small thing that was kept."""

    async def keep_memo(self, key: str, value: str | None) -> None:
        """Keep a small thing; None forgets it."""


def origin_of(activity: int) -> str:
    """Return what names a take that was made of an activity."""
    return f"strava:{activity}"
