"""Athletes who change their minds: what is renamed, cropped, hidden or deleted is so here, too."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.scenarios.strava.activities import few, rides
from tests.strava_house import DAY_S, DECADE, ELS, HOUR_S, House, ago, house_at, left_in

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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
