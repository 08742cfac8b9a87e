"""Clocks that jump, and windows that turn."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.strava.book import State
from tests.scenarios.strava.activities import few
from tests.strava_house import HOUR_S, House, house_at

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


class TestClocks:
    @pytest.mark.parametrize("years", [-3, 3])
    async def test_a_wall_clock_that_is_years_off_floods_nobody_and_all_is_well_when_it_is_right_again(
        self, years: int, house: House
    ) -> None:
        activities = few(house)
        await house.link()
        await house.go_on()
        off = timedelta(days=365 * years)
        house.wall_jumps(off)
        house.strava.requests.clear()
        await house.go_on(6 * HOUR_S)
        assert len(house.strava.requests) <= 60
        house.wall_jumps(-off)
        await house.go_on(2 * HOUR_S)
        await house.check(activities)
        assert await house.state() is State.WELL

    @pytest.mark.parametrize(
        "begin", [datetime(2026, 11, 21, 23, 44, tzinfo=UTC), datetime(2026, 11, 21, 18, 14, tzinfo=UTC)]
    )
    async def test_a_window_turns_at_the_quarter_and_at_midnight(self, begin: datetime, tmp_path: Path) -> None:
        async with house_at(tmp_path, begin=begin) as house:
            house.strava.read_quota.limit = (8, 1000)
            activities = [house.athlete.add_run(begin - timedelta(hours=9 * n + 2), 6, bpm=128) for n in range(14)]
            await house.link()
            await house.go_on(HOUR_S)
            await house.check(activities)
            assert {one.status for one in house.strava.requests} == {200}
