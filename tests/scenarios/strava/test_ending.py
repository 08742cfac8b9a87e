"""The service stops, or a link ends, in the middle of a request."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.fakes import eventually
from tests.scenarios.strava.activities import LISTS, STREAMS, TOKENS, few
from tests.strava_house import ELS, HOUR_S, House, ago, house_at, left_in
from tests.strava_server import Trouble

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


SOON_S = 20.0
"""It takes no two seconds, of which a busy machine makes several; who waits for an answer waits for a minute."""


class TestEnding:
    @pytest.mark.parametrize("where", [LISTS, STREAMS, TOKENS])
    async def test_the_service_stops_without_waiting_for_whatever_hangs(self, where: str, house: House) -> None:
        few(house)
        await house.link()
        if where == TOKENS:
            house.clock.jump(5.9 * HOUR_S)
        fault = house.strava.faults.add(where, Trouble.HANG)
        house.new_follower(read_s=60)
        task = asyncio.create_task(house.follower.run(lambda: None))
        await eventually(fault.met.is_set)
        began = time.monotonic()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert time.monotonic() - began < SOON_S
        assert await house.book.accounts()

    async def test_a_refresh_that_is_answered_while_the_service_stops_is_kept(self, house: House) -> None:
        house.strava.rotates = True
        activities = few(house)
        await house.link()
        house.clock.jump(5.9 * HOUR_S)
        fault = house.strava.faults.add(TOKENS, Trouble.HANG)
        task = asyncio.create_task(house.follower.run(lambda: None))
        await eventually(fault.met.is_set)
        task.cancel()
        fault.lift()
        await asyncio.gather(task, return_exceptions=True)
        house.new_follower()
        await house.go_on()
        await house.check(activities)

    @pytest.mark.parametrize("again", ["", "linked to another"], ids=["unlinked", "linked"])
    @pytest.mark.parametrize("where", [LISTS, STREAMS])
    async def test_what_comes_for_a_link_that_has_ended_is_not_kept(
        self,
        where: str,
        again: str,
        tmp_path: Path,
    ) -> None:
        async with house_at(tmp_path) as house:
            house.athlete.add_run(ago(hours=2), 6, bpm=128, name="Langs de Vecht")
            await house.link()
            fault = house.strava.faults.add(where, Trouble.HANG)
            task = asyncio.create_task(house.go_on())
            await eventually(fault.met.is_set)
            house.clock.jump(1)
            await house.book.unlink(ELS.name)
            if again:
                await house.link(house.strava.add_athlete("Ineke"))
            fault.lift()
            await task
            assert await house.store.runs() == []
            assert await house.keys_of_letters() == []
            assert b"Vecht" not in left_in(tmp_path)
