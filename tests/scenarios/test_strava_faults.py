"""Strava on bad days, athletes who change their minds, clocks that jump: in the end every run is here, once."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon.domain.activity import Changes
from daemon.domain.effort import Verdict
from daemon.store import Brought, Fact, Placed, StoreError
from daemon.strava.book import State
from daemon.strava.port import Tokens
from tests.fakes import EVENING, eventually, runner
from tests.strava_house import DAY_S, DECADE, ELS, HOUR_S, QUARTER_S, House, ago, house_at, left_in
from tests.strava_server import (
    BAD_GATEWAY,
    BROKEN,
    EMPTY,
    MAINTENANCE,
    MALFORMED,
    TOO_MANY,
    UNAVAILABLE,
    WEATHER,
    Activity,
    Reply,
    Trouble,
    refusal,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

LISTS, STREAMS, TOKENS = "GET /athlete/activities", "streams", "POST /oauth/token"
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


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_at(tmp_path) as house:
        yield house


def few(house: House, count: int = 4) -> list[Activity]:
    """Add some runs: calm, not calm, with a pause, without a heart rate."""
    variants: tuple[dict[str, Any], ...] = ({"bpm": 128}, {"bpm": 155}, {"bpm": 128, "pauses": [(100, 200)]}, {})
    return [
        house.athlete.add_run(ago(hours=2 + 20 * number), 6, name=f"Nummer {number}", **variants[number % 4])
        for number in range(count)
    ]


def rides(house: House) -> list[Activity]:
    """Add more than a page of what costs nothing."""
    return [house.athlete.add_run(ago(hours=9 * number + 2), 6, sport_type="Ride") for number in range(230)]


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


class TestChanges:
    async def test_a_new_name_is_taken_over_without_another_request(self, house: House) -> None:
        activities = few(house)
        await house.link()
        await house.go_on()
        activities[0].name = "Langs de Amstel"
        await house.go_on(HOUR_S)
        await house.check(activities)
        assert len(house.strava.requests.streams()) == 3

    async def test_a_crop_is_judged_anew_and_not_answered_twice(self, house: House) -> None:
        activities = few(house)
        await house.link()
        await house.go_on()
        before = await house.keys_of_letters()
        activities[0].crop(60, 300)
        await house.go_on(HOUR_S)
        await house.check(activities)
        assert await house.keys_of_letters() == before

    async def test_a_run_that_becomes_a_ride_goes_and_comes_back_as_a_run(self, house: House) -> None:
        activities = few(house)
        await house.link()
        await house.go_on()
        activities[0].sport_type = "Ride"
        await house.go_on(HOUR_S)
        await house.check(activities[1:])
        activities[0].sport_type = "Run"
        await house.go_on(HOUR_S)
        await house.check(activities)

    async def test_a_heart_rate_that_is_taken_out_goes_and_one_that_is_added_counts(self, house: House) -> None:
        activities = few(house)
        await house.link()
        await house.go_on()
        (activities[0].bpm, activities[3].bpm) = (None, 128)
        activities[0].has_heartrate, activities[3].has_heartrate = False, True
        await house.go_on(HOUR_S)
        await house.check(activities)

    @pytest.mark.parametrize("which", [0, 2, -1], ids=["newest", "middle", "oldest"])
    async def test_what_is_deleted_goes_within_an_hour(self, which: int, tmp_path: Path) -> None:
        async with house_at(tmp_path) as house:
            activities = few(house, 5)
            await house.link()
            await house.go_on()
            gone = activities.pop(which)
            house.athlete.delete(gone)
            await house.go_on(HOUR_S if which != -1 else DAY_S + HOUR_S)
            await house.check(activities)
            assert gone.name.encode() not in left_in(tmp_path)

    async def test_what_is_deleted_deep_in_the_past_goes_within_a_day(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, DECADE, poll_s=HOUR_S) as house:
            activities = rides(house)
            await house.link()
            await house.go_on()
            for gone in (activities.pop(215), activities.pop(100)):
                house.athlete.delete(gone)
            await house.go_on(DAY_S + HOUR_S)
            assert {one.activity.id for one in await house.book.known(ELS.name)} == {one.id for one in activities}

    async def test_deletions_while_the_list_is_read_hide_nothing_for_longer_than_a_day(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, DECADE, poll_s=HOUR_S) as house:
            activities = rides(house)
            await house.link()
            for _ in range(2):
                await house.follower.go_on()  # the first page, and the first run
            for number in (3, 0):
                house.athlete.delete(activities.pop(number))
            await house.go_on(DAY_S)
            assert {one.activity.id for one in await house.book.known(ELS.name)} == {one.id for one in activities}

    async def test_deleted_while_it_is_waiting_it_is_asked_for_in_vain_at_most_once(self, house: House) -> None:
        activities = few(house)
        await house.link()
        await house.follower.go_on()
        for activity in activities[1:3]:
            house.athlete.delete(activity)
        await house.go_on(HOUR_S)
        await house.check([activities[0], activities[3]])
        assert len(house.strava.requests.streams()) <= 5

    async def test_what_only_its_owner_may_see_goes_and_comes_back(self, house: House) -> None:
        activities = few(house)
        await house.link(scopes=frozenset({"read", "activity:read"}))
        await house.go_on()
        activities[1].visibility = "only_me"
        await house.go_on(HOUR_S)
        await house.check([activities[0], *activities[2:]])
        activities[1].visibility = "everyone"
        await house.go_on(HOUR_S)
        await house.check(activities)

    async def test_what_was_hidden_only_while_it_was_asked_for_is_read_later(self, house: House) -> None:
        activities = few(house)
        await house.link(scopes=frozenset({"read", "activity:read"}))
        await house.follower.go_on()
        activities[2].visibility = "only_me"
        await house.go_on(60)
        activities[2].visibility = "everyone"
        await house.go_on(HOUR_S)
        await house.check(activities)

    async def test_late_uploads_are_found_wherever_they_belong(self, house: House) -> None:
        activities = few(house)
        late = house.athlete.add_run(ago(hours=90), 6, bpm=128, uploaded_later=timedelta(hours=95))
        await house.link()
        await house.go_on(HOUR_S)
        await house.check(activities)
        await house.go_on(6 * HOUR_S)
        await house.check([*activities, late])

    async def test_an_event_brings_a_look_and_a_reading_of_what_is_deeper(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, DECADE) as house:
            rides(house)
            deep = house.athlete.add_run(ago(days=80), 6, bpm=128)
            await house.link()
            await house.go_on(120)
            house.strava.requests.clear()
            house.athlete.delete(deep)
            house.follower.hear_of(house.athlete.id, deep.id)
            house.follower.hear_of(house.athlete.id, 99)
            house.follower.hear_of(house.athlete.id, None)
            await house.go_on(60)
            assert len(house.asked) == 2
            assert deep.started_at not in {run.started_at for run in await house.store.runs()}

    async def test_events_without_end_do_not_use_up_the_quota(self, house: House) -> None:
        await house.link()
        await house.go_on()
        for number in range(600):
            house.follower.hear_of(house.athlete.id, number)
            await house.go_on(1)
        assert len(house.asked) <= 12

    async def test_an_event_of_somebody_else_is_nothing_to_us(self, house: House) -> None:
        await house.link()
        await house.go_on()
        house.follower.hear_of(1, 2)
        await house.go_on(300)
        assert len(house.asked) == 1


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


class TestEnding:
    @pytest.mark.parametrize("where", [LISTS, STREAMS, TOKENS])
    async def test_the_service_stops_within_two_seconds_whatever_hangs(self, where: str, house: House) -> None:
        few(house)
        await house.link()
        if where == TOKENS:
            house.clock.jump(5.9 * HOUR_S)
        fault = house.strava.faults.add(where, Trouble.HANG)
        house.new_follower(read_s=30)
        task = asyncio.create_task(house.follower.run(lambda: None))
        await eventually(fault.met.is_set)
        began = time.monotonic()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert time.monotonic() - began < 2
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

    async def test_a_verdict_is_what_the_server_s_own_data_give(self, house: House) -> None:
        house.athlete.add_run(ago(hours=2), 40, bpm=128)
        house.athlete.add_run(ago(hours=20), 40, bpm=160)
        await house.link()
        await house.go_on()
        verdicts = [run.judgement.verdict for run in await house.store.runs()]
        assert verdicts[0] is Verdict.CALM
        assert verdicts[1] is not Verdict.CALM
