"""The state of a link: told once, and well again when its trouble is over."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.strava.book import State
from tests.fakes import runner
from tests.scenarios.strava.activities import few
from tests.strava_house import DAY_S, ELS, HOUR_S, QUARTER_S, House, ago, house_at
from tests.strava_server import UNAVAILABLE

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


class TestStates:
    async def test_an_inactive_application_is_told_once_and_probed_once_an_hour(self, house: House) -> None:
        activities = few(house)
        house.strava.active = False
        await house.link()
        await house.go_on(DAY_S)
        assert await house.state() is State.INACTIVE
        assert len(house.asked) <= 25
        assert house.follower.is_done(house.link_of())
        assert [key for key in await house.keys_of_letters() if "inactive" in key] == ["Els:strava:inactive:2026-W47"]
        house.strava.active = True
        await house.go_on(HOUR_S)
        await house.check(activities)
        assert await house.state() is State.WELL

    async def test_a_revoked_link_is_told_once_and_made_again_by_linking(self, house: House) -> None:
        activities = few(house)
        await house.link()
        await house.go_on()
        house.strava.revoke(house.athlete)
        house.strava.requests.clear()
        await house.go_on(DAY_S)
        assert await house.state() is State.REVOKED
        assert len(house.asked) <= 25
        assert len(house.strava.requests.tokens()) <= 25
        assert [key for key in await house.keys_of_letters() if "strava" in key] == ["Els:strava:revoked:2026-W47"]
        await house.link()
        await house.go_on()
        await house.check(activities)
        assert await house.state() is State.WELL

    async def test_a_missing_scope_is_told_once(self, house: House) -> None:
        few(house)
        await house.link(scopes=frozenset({"read"}))
        await house.go_on(3 * HOUR_S)
        assert await house.state() is State.SCOPE
        assert len(house.asked) <= 4
        assert len(await house.keys_of_letters()) == 1

    async def test_a_wrong_secret_is_told_once_and_mended(self, house: House) -> None:
        activities = few(house)
        await house.link()
        house.clock.jump(5.9 * HOUR_S)
        secret, house.strava.client_secret = house.strava.client_secret, "another"
        await house.go_on(3 * HOUR_S)
        assert await house.state() is State.APPLICATION
        assert len(house.strava.requests.tokens()) <= 4
        assert len(await house.keys_of_letters()) == 1
        house.strava.client_secret = secret
        await house.go_on(HOUR_S)
        await house.check(activities)

    async def test_a_day_of_trouble_is_told_and_over_when_it_is_over(self, house: House) -> None:
        activities = few(house)
        fault = house.strava.faults.add("", UNAVAILABLE, times=None)
        await house.link()
        await house.go_on(HOUR_S)
        assert await house.state() is State.WELL
        assert house.follower.is_done(house.link_of())
        await house.go_on(DAY_S)
        assert await house.state() is State.TROUBLE
        assert len(house.asked) <= 200
        fault.lift()
        await house.go_on(HOUR_S)
        await house.check(activities)
        assert await house.state() is State.WELL

    async def test_a_used_up_day_is_told_and_nothing_is_asked_until_midnight(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, begin=datetime(2026, 11, 21, 12, 5, tzinfo=UTC)) as house:
            await house.link()
            await house.go_on(HOUR_S)
            activity = house.athlete.add_run(house.clock.now() - timedelta(hours=1), 6, bpm=128)
            house.strava.used_elsewhere(1000)
            await house.go_on(2 * QUARTER_S)
            house.strava.requests.clear()
            await house.go_on(9 * HOUR_S)
            assert house.asked == []
            assert await house.state() is State.QUOTA
            assert house.follower.is_done(house.link_of())
            assert [key for key in await house.keys_of_letters() if "quota" in key] == ["Els:strava:quota:2026-W47"]
            await house.go_on(2 * HOUR_S)
            await house.check([activity])
            assert await house.state() is State.WELL

    async def test_one_runner_s_trouble_is_not_the_other_s(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, runners=(ELS, runner("Jan"))) as house:
            jan = house.strava.add_athlete("Jan")
            run = jan.add_run(ago(hours=3), 6, bpm=128)
            await house.link()
            await house.link(jan, "Jan")
            house.strava.revoke(house.athlete)
            await house.go_on(HOUR_S)
            assert await house.state() is State.REVOKED
            assert await house.state("Jan") is State.WELL
            await house.check([run], "Jan")

    async def test_who_waits_is_done_when_all_is_here(self, house: House) -> None:
        few(house)
        await house.link()
        await house.follower.go_on()
        assert not house.follower.is_done(house.link_of())
        await house.go_on()
        assert house.follower.is_done(house.link_of())
        house.follower.look_now()
        assert not house.follower.is_done(house.link_of())
        await house.go_on()
        assert house.follower.is_done(house.link_of())
