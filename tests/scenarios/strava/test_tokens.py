"""Tokens are renewed in time, and never lost."""

from datetime import timedelta

import pytest

from connectors.sqlite_strava import SqliteBook
from daemon.store import StoreError
from daemon.strava.book import State
from daemon.strava.port import Tokens
from tests.fakes import EVENING
from tests.scenarios.strava.activities import TOKENS, few
from tests.strava_house import DAY_S, ELS, HOUR_S, House
from tests.strava_server import Trouble

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


class RefusingBook(SqliteBook):
    """A book on a disk that is full for so many writes of tokens."""

    def __init__(self, house: House) -> None:
        super().__init__(house.database)
        self.refuses = 0

    async def renew(self, runner: str, old: Tokens, fresh: Tokens) -> None:
        if self.refuses:
            self.refuses -= 1
            raise StoreError("disk is full")
        await super().renew(runner, old, fresh)


class TestTokens:
    async def test_they_are_renewed_in_time_and_kept(self, house: House) -> None:
        house.strava.rotates = True
        await house.link()
        await house.go_on(DAY_S)
        assert {one.status for one in house.strava.requests} == {200}
        assert 4 <= len(house.strava.requests.tokens()) <= 5
        assert await house.state() is State.WELL

    async def test_an_answer_that_is_lost_does_not_end_a_lenient_link(self, house: House) -> None:
        house.strava.lenient_rotation = True
        activities = few(house)
        await house.link()
        house.clock.jump(5.9 * HOUR_S)
        house.strava.faults.add(TOKENS, Trouble.LOST)
        await house.go_on(HOUR_S)
        await house.check(activities)

    async def test_tokens_that_end_in_the_middle_of_a_backfill_are_renewed(self, house: House) -> None:
        activities = few(house)
        await house.link()
        await house.follower.go_on()
        await house.follower.go_on()
        house.strava.skew = timedelta(hours=7)
        await house.go_on(HOUR_S)
        await house.check(activities)

    async def test_a_database_that_refuses_fresh_tokens_does_not_lose_them(self, house: House) -> None:
        house.strava.rotates = True
        activities = few(house)
        await house.link()
        house.clock.jump(5.9 * HOUR_S)
        house.book = book = RefusingBook(house)
        house.new_follower()
        book.refuses = 3
        await house.go_on(HOUR_S)
        assert book.refuses == 0
        assert len(house.strava.requests.tokens()) == 1
        await house.check(activities)

    async def test_the_tokens_of_an_earlier_link_do_not_replace_the_new_ones(self, house: House) -> None:
        old = await house.link()
        house.clock.jump(60)
        new = await house.link(house.strava.add_athlete("Ineke"))
        await house.book.renew(ELS.name, old.tokens, Tokens("late", "late", EVENING))
        assert (await house.account()).tokens.refresh == new.tokens.refresh
