"""What a full disk cannot keep is not asked for again and again."""

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon.domain.activity import Changes
from daemon.store import Brought, Fact, Placed, StoreError
from tests.scenarios.strava.activities import few
from tests.strava_house import HOUR_S, House

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


class FullStore(SqliteStore):
    """A store that keeps no runs while the disk is full."""

    is_full = False

    async def bring(self, brought: Brought, write: Callable[[Placed], Sequence[Fact]]) -> Placed:
        if self.is_full:
            raise StoreError("disk is full")
        return await super().bring(brought, write)


class FullBook(SqliteBook):
    """A book that keeps nothing while the disk is full."""

    is_full = False

    async def note_look(self, runner: str, changes: Changes, at: datetime) -> None:
        if self.is_full:
            raise StoreError("disk is full")
        await super().note_look(runner, changes, at)

    async def keep_memo(self, key: str, value: str | None) -> None:
        if self.is_full:
            raise StoreError("disk is full")
        await super().keep_memo(key, value)


class TestFullDisks:
    async def test_what_cannot_be_kept_is_not_asked_for_again_and_again(self, house: House) -> None:
        activities = few(house)
        house.store, house.book = store, book = FullStore(house.database), FullBook(house.database)
        house.new_follower()
        store.is_full = book.is_full = True
        await house.link()
        await house.go_on(3 * HOUR_S)
        assert len(house.asked) == 1
        store.is_full = book.is_full = False
        await house.go_on(HOUR_S)
        await house.check(activities)

    async def test_what_was_read_and_does_not_fit_is_not_read_again(self, house: House) -> None:
        activities = few(house)
        house.store = store = FullStore(house.database)
        house.new_follower()
        store.is_full = True
        await house.link()
        await house.go_on(3 * HOUR_S)
        assert len(house.strava.requests.streams()) == 1
        store.is_full = False
        await house.go_on(HOUR_S)
        await house.check(activities)
