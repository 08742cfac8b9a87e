"""Strava on bad days: whatever comes instead of an answer, in the end every run is here, once."""

import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.strava.book import State
from tests.scenarios.strava.activities import LISTS, STREAMS, few, rides
from tests.strava_house import DAY_S, DECADE, ELS, HOUR_S, House, ago, house_at
from tests.strava_server import (
    BAD_GATEWAY,
    BROKEN,
    EMPTY,
    MAINTENANCE,
    MALFORMED,
    TOO_MANY,
    UNAVAILABLE,
    WEATHER,
    Reply,
    Trouble,
    refusal,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

KINDS: dict[str, Reply | Trouble] = {
    "500": BROKEN,
    "502": BAD_GATEWAY,
    "503": UNAVAILABLE,
    "429": TOO_MANY,
    "html": MAINTENANCE,
    "malformed": MALFORMED,
    "empty": EMPTY,
    "401": refusal(401, "Athlete", "access_token", "invalid"),
    "404 of a proxy": Reply(404, "<html>nginx</html>", "text/html"),
    "odd list": Reply(200, [None, 3, "x", [], {}, {"id": "no"}]),
    "odd object": Reply(200, {"message": "hello"}),
    "reset": Trouble.RESET,
    "lost": Trouble.LOST,
    "truncated": Trouble.TRUNCATED,
}


class TestWeather:
    @pytest.mark.parametrize("where", [LISTS, STREAMS])
    @pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
    async def test_whatever_comes_instead_of_an_answer_everything_is_there_in_the_end(
        self, kind: Reply | Trouble, where: str, house: House
    ) -> None:
        activities = few(house)
        house.strava.faults.add(where, kind, times=2)
        await house.link()
        await house.go_on(HOUR_S)
        await house.check(activities)
        assert await house.state() is State.WELL
        assert len(house.strava.requests.streams()) <= 3 + 2

    async def test_slow_answers_are_given_up_on(self, house: House) -> None:
        activities = few(house)
        house.new_follower(read_s=0.2)
        for where in (LISTS, STREAMS):
            house.strava.faults.add(where, Trouble.TRICKLE)
            house.strava.faults.add(where, Trouble.HANG)
        await house.link()
        await house.go_on(HOUR_S)
        house.strava.faults.clear()
        await house.check(activities)

    @pytest.mark.parametrize("seed", range(2))
    async def test_rain_all_day_costs_time_only(self, seed: int, tmp_path: Path) -> None:
        async with house_at(tmp_path, poll_s=HOUR_S) as house:
            house.strava.lenient_rotation = True
            chance = random.Random(seed)  # noqa: S311
            activities = few(house, 6)
            house.strava.faults.rain(0.3, seed=seed, kinds=(*WEATHER, TOO_MANY, KINDS["401"]))
            await house.link()
            for number in range(8):
                await house.go_on(3 * HOUR_S)
                now = house.clock.now()
                match chance.randrange(4):
                    case 0:
                        activities.append(
                            house.athlete.add_run(now - timedelta(hours=1), 6, bpm=130, name=f"Nieuw {number}")
                        )
                    case 1:
                        house.athlete.delete(activities.pop(chance.randrange(len(activities))))
                    case 2:
                        activities[-1].name = f"Anders {number}"
                    case _:
                        activities[0].crop(0, 300 - 10 * number)
            house.strava.faults.clear()
            await house.go_on(DAY_S + 2 * HOUR_S)
            await house.check(activities)
            assert await house.state() is State.WELL
            assert house.strava.leaks == []
            assert {one.line.rsplit("/", 1)[-1] for one in house.strava.requests.counted()} == {"activities", "streams"}

    async def test_short_pages_hide_nothing(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, DECADE) as house:
            house.strava.short_pages = True
            rides(house)
            await house.link()
            await house.go_on()
            assert len(await house.book.known(ELS.name)) == 230
            await house.go_on(HOUR_S)
            assert len(await house.book.known(ELS.name)) == 230

    async def test_malformed_items_do_not_cost_the_page(self, house: House) -> None:
        activities = few(house)
        house.athlete.add_raw(None, ago(hours=1))
        house.athlete.add_raw({"id": 12}, ago(hours=1))
        house.athlete.add_raw({"id": 13, "start_date": "9999-12-31T23:59:59Z", "sport_type": "Run"}, ago(hours=1))
        house.athlete.add_raw(["Run"], ago(hours=30))
        odd = house.athlete.add_run(
            ago(hours=50), 6, bpm=128, name="Nummer 🏃‍♀️", overrides={"max_heartrate": "181.5", "athlete_count": 0}
        )
        house.athlete.add_run(ago(hours=60), 6, bpm=128, sport_type="Quidditch")
        await house.link()
        await house.go_on(HOUR_S)
        await house.check([*activities, odd])

    async def test_a_page_that_nobody_can_read_takes_nothing_away(self, house: House) -> None:
        activities = few(house)
        await house.link()
        await house.go_on()
        house.strava.faults.add(LISTS, KINDS["odd list"], times=10)
        await house.go_on(HOUR_S)
        await house.check(activities)

    async def test_one_list_that_is_empty_by_mistake_takes_nothing_away(self, house: House) -> None:
        activities = few(house)
        await house.link()
        await house.go_on(23 * HOUR_S - 60)
        house.strava.faults.add(LISTS, Reply(200, []))  # just when the whole list is due
        await house.go_on(HOUR_S)
        await house.check(activities)
        assert len(house.strava.requests.streams()) == 3

    async def test_streams_of_any_shape_stop_nothing(self, house: House) -> None:
        odd: list[Sequence[object]] = [[0, 10**8], [5, 3, 1], [0, 0, 0], [0, None, "7"], [-5, 2**70, 1e300], [0.5, 1.5]]
        for number, times in enumerate(odd):
            activity = house.athlete.add_run(ago(hours=3 + number), 6, bpm=128)
            streams = {"time": {"data": times}, "heartrate": {"data": [None, 1e9, "x"]}, "distance": {"data": 7}}
            house.strava.faults.add(f"{activity.id}/streams", Reply(200, streams), times=None)
        good = house.athlete.add_run(ago(hours=30), 6, bpm=128)
        await house.link()
        await house.go_on(DAY_S)
        runs = await house.store.runs()
        assert good.started_at in {run.started_at for run in runs}
        assert await house.state() is State.WELL

    async def test_an_activity_that_never_answers_holds_up_nobody_and_is_seldom_asked_for(self, house: House) -> None:
        activities = few(house)
        stuck = house.athlete.add_run(ago(hours=1), 6, bpm=128)
        fault = house.strava.faults.add(f"{stuck.id}/streams", BROKEN, times=None)
        await house.link()
        await house.go_on(120)
        await house.check(activities)
        assert house.follower.is_done(house.link_of())
        await house.go_on(DAY_S)
        house.strava.requests.clear()
        await house.go_on(DAY_S)
        assert 1 <= len(house.strava.requests.streams()) <= 6
        assert await house.state() is State.WELL
        fault.lift()
        await house.go_on(6 * HOUR_S)
        await house.check([*activities, stuck])

    @pytest.mark.parametrize("kind", [refusal(403), KINDS["401"]], ids=["forbidden", "unauthorized"])
    async def test_an_activity_that_alone_is_refused_does_not_end_the_link(self, kind: Reply, house: House) -> None:
        activities = few(house)
        refused = house.athlete.add_run(ago(hours=1), 6, bpm=128)
        house.strava.faults.add(f"{refused.id}/streams", kind, times=None)
        await house.link()
        await house.go_on(HOUR_S)
        await house.check(activities)
        assert await house.state() is State.WELL
        assert not [key for key in await house.keys_of_letters() if "strava" in key]

    async def test_a_new_run_that_is_still_being_processed_is_asked_for_again(self, house: House) -> None:
        await house.link()
        await house.go_on()
        activity = house.athlete.add_run(ago(hours=1), 6, bpm=128)
        house.strava.faults.add(STREAMS, refusal(404, "Activity", "", "not found"), times=2)
        await house.go_on(HOUR_S)
        await house.check([activity])

    async def test_what_is_listed_and_never_there_is_asked_for_once_a_day_in_the_end(self, house: House) -> None:
        activity = house.athlete.add_run(ago(hours=1), 6, bpm=128)
        house.strava.faults.add(STREAMS, refusal(404, "Activity", "", "not found"), times=None)
        await house.link()
        await house.go_on(DAY_S)
        house.strava.requests.clear()
        await house.go_on(DAY_S)
        assert len(house.strava.requests.streams()) <= 2
        assert [one.activity.id for one in await house.book.known(ELS.name)] == [activity.id]
