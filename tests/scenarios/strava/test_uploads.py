"""Own sessions go to Strava: each once, whatever becomes of the answers, and what comes back is the same run."""

import asyncio
from datetime import datetime, timedelta

import pytest

from connectors.sqlite_handed_out import SqliteHandovers
from daemon.domain.run import Source
from daemon.handing.handovers import Going, Handover, Why
from daemon.store import HandoverDue, Outlet, RunKept, SessionOpened
from daemon.strava.book import State
from daemon.strava.follower import Terms
from daemon.strava.report import LinksReport
from tests.fakes import EASY, eventually, judged_run, sample
from tests.strava_house import DAY_S, ELS, HOUR_S, QUARTER_S, House, ago
from tests.strava_server import ASKED, BROKEN, EMPTY, MAINTENANCE, MALFORMED, TOO_MANY, Trouble, refusal
from tests.strava_wire import Kind

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

POST, STATUS, LISTS = "POST /uploads", "GET /uploads/", "athlete/activities"
MAY_WRITE = ASKED | {"activity:write"}
A_MINUTE_S = 60.0


@pytest.fixture
def house(house: House) -> House:
    """Give the house a runner whose sessions go to Strava."""
    house.uploads = frozenset({ELS.name})
    house.new_follower()
    return house


async def run(house: House, name: str = "own", at: datetime | None = None, minutes: int = 10) -> None:
    """Keep a session of the strap's, which is to go to Strava, as the coach does."""
    began = at or ago(minutes=minutes + 1)
    samples = tuple(sample(float(second), 122 + second // 7 % 6) for second in range(60 * minutes))
    await house.store.commit(
        [
            SessionOpened(name, ELS.name, began, EASY),
            RunKept(name, judged_run(name, samples, began), samples),
            HandoverDue(ELS.name, name, Outlet.STRAVA, house.clock.now()),
        ]
    )


async def told(house: House, name: str = "own") -> Handover:
    (one,) = await house.handovers.of_run(name)
    return one


def posts(house: House) -> int:
    return len(house.strava.requests.like(f"^{POST}$"))


class TestTheWayOfASession:
    async def test_it_is_posted_asked_after_and_known_by_its_number(self, house: House) -> None:
        await house.link(scopes=MAY_WRITE)
        await house.go_on()
        house.strava.requests.clear()
        await run(house)
        await house.go_on(A_MINUTE_S)
        (activity,) = house.athlete.activities.values()
        there = await told(house)
        assert (there.going, there.place, there.why) == (Going.SENT, str(activity.id), None)
        assert house.asked[0] == POST
        assert len(house.asked) <= 3
        (posted,) = house.strava.requests.like(POST)
        assert posted.form == {"data_type": "fit", "external_id": "duurloop-own"}
        assert posted.query == {}
        assert house.strava.leaks == []
        assert (activity.started_at, activity.elapsed_s) == (ago(minutes=11), 599)

    async def test_what_comes_back_is_the_same_run_and_nothing_is_asked_or_told_of_it(self, house: House) -> None:
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(HOUR_S)
        assert len(house.athlete.activities) == 1
        assert await house.sources() == [(Source.STRAP,)]
        assert house.strava.requests.streams() == []
        assert await house.keys_of_letters() == []
        assert (await house.book.held(ELS.name)).unread == 0

    async def test_so_it_is_where_the_strap_was_hardly_heard(self, house: House) -> None:
        await house.link(scopes=MAY_WRITE)
        heard = tuple(sample(float(second), 128) for second in (*range(60), *range(540, 600)))
        await house.store.commit(
            [
                SessionOpened("own", ELS.name, ago(minutes=11), EASY),
                RunKept("own", judged_run("own", heard, ago(minutes=11)), heard),
                HandoverDue(ELS.name, "own", Outlet.STRAVA, house.clock.now()),
            ]
        )
        await house.go_on(HOUR_S)
        assert await house.sources() == [(Source.STRAP,)]
        assert await house.keys_of_letters() == []

    async def test_deleted_there_our_own_stays_and_is_not_brought_back(self, house: House) -> None:
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(HOUR_S)
        house.athlete.activities.clear()
        await house.go_on(2 * DAY_S)
        assert await house.sources() == [(Source.STRAP,)]
        there = await told(house)
        assert (there.going, there.place) == (Going.SENT, None)
        assert posts(house) == 1

    async def test_several_go_one_after_the_other(self, house: House) -> None:
        await house.link(scopes=MAY_WRITE)
        for number in range(5):
            await run(house, f"own-{number}", ago(hours=3 * number + 1))
        await house.go_on(HOUR_S)
        assert len(house.athlete.activities) == posts(house) == 5
        assert await house.handovers.counts() == {(ELS.name, Outlet.STRAVA, Going.SENT): 5}

    async def test_nothing_goes_for_who_does_not_want_it(self, house: House) -> None:
        house.uploads = frozenset({"Jan"})
        house.new_follower()
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(HOUR_S)
        assert posts(house) == 0

    async def test_it_waits_for_a_link(self, house: House) -> None:
        await run(house)
        await house.go_on(DAY_S)
        await house.link(scopes=MAY_WRITE)
        await house.go_on(HOUR_S)
        assert (await told(house)).going is Going.SENT


class TestNothingTwice:
    @pytest.mark.parametrize(
        "trouble",
        [Trouble.LOST, Trouble.TRUNCATED, Trouble.RESET, BROKEN, MAINTENANCE, MALFORMED, EMPTY],
        ids=lambda one: getattr(one, "name", None),
    )
    async def test_after_an_answer_that_was_lost_the_list_is_asked_first(self, trouble: Kind, house: House) -> None:
        house.strava.faults.add(POST, trouble)
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(HOUR_S)
        is_taken = trouble in (Trouble.LOST, Trouble.TRUNCATED)
        assert posts(house) == (1 if is_taken else 2)
        assert len(house.athlete.activities) == 1
        there = await told(house)
        assert (there.going, there.place) == (Going.SENT, str(next(iter(house.athlete.activities))))
        assert [one.error for one in house.strava.uploads.all] == [None]

    async def test_a_service_that_dies_before_it_could_note_the_answer_posts_no_second_time(self, house: House) -> None:
        fault = house.strava.faults.add(POST, Trouble.TRICKLE)  # it has the file; the answer is long in coming
        await house.link(scopes=MAY_WRITE)
        await run(house)
        dying = asyncio.ensure_future(house.go_on())
        await eventually(fault.met.is_set)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        house.strava.faults.clear()
        house.new_follower()
        await house.go_on(HOUR_S)
        assert posts(house) == 1
        assert (await told(house)).going is Going.SENT

    @pytest.mark.parametrize("has_old_words", [False, True], ids=["a link", "its number"])
    async def test_what_strava_calls_a_duplicate_is_there(self, has_old_words: bool, house: House) -> None:  # noqa: FBT001
        house.strava.uploads.has_old_words = has_old_words
        house.strava.uploads.working = timedelta(hours=2)  # the list does not show it yet
        house.strava.faults.add(POST, Trouble.LOST)
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(6 * HOUR_S)
        (activity,) = house.athlete.activities
        there = await told(house)
        assert (there.going, there.place) == (Going.SENT, str(activity))

    async def test_an_upload_that_strava_lost_sight_of_is_looked_for(self, house: House) -> None:
        house.strava.faults.add(STATUS, refusal(404, "Upload", "", "not found"))
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(HOUR_S)
        assert posts(house) == 1
        assert (await told(house)).going is Going.SENT


class TestBadDays:
    async def test_a_file_that_is_not_wanted_is_not_offered_again(self, house: House) -> None:
        house.strava.uploads.refuses = True
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(DAY_S)
        there = await told(house)
        assert (there.going, there.why) == (Going.REFUSED, Why.NOT_WANTED)
        assert posts(house) == 1

    async def test_what_is_worked_on_for_ever_is_given_up_and_seldom_asked_after(self, house: House) -> None:
        house.strava.uploads.working = timedelta(days=30)
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(3 * DAY_S)
        assert (await told(house)).why is Why.NOT_WANTED
        assert len(house.strava.requests.like(STATUS)) <= 130

    async def test_a_429_closes_the_window_and_it_goes_in_the_next(self, house: House) -> None:
        house.strava.faults.add(POST, TOO_MANY)
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(60.0)
        before = len(house.asked)
        assert posts(house) == 1
        await house.go_on(2 * QUARTER_S)
        assert before == house.asked.index(POST) + 1
        assert posts(house) == 2
        assert (await told(house)).going is Going.SENT

    async def test_used_up_reads_do_not_keep_it_from_going(self, house: House) -> None:
        await house.link(scopes=MAY_WRITE)
        await house.go_on()
        house.strava.read_quota.limit = (3, 1000)
        house.strava.used_elsewhere(1)
        house.follower.look_now()
        await house.go_on()
        house.follower.look_now()
        await run(house)
        await house.go_on(1.0)
        assert posts(house) == 1

    async def test_bad_weather_delays_it_and_no_more(self, house: House) -> None:
        house.strava.faults.rain(0.5, match="uploads", seed=3)
        await house.link(scopes=MAY_WRITE)
        for number in range(6):
            await run(house, f"own-{number}", ago(hours=3 * number + 1))
        await house.go_on(2 * DAY_S)
        assert len(house.athlete.activities) == 6
        assert await house.handovers.counts() == {(ELS.name, Outlet.STRAVA, Going.SENT): 6}
        assert await house.state() is State.WELL

    async def test_fresh_tokens_are_asked_for_once_where_the_old_ones_are_refused(self, house: House) -> None:
        house.strava.rotates = True
        await house.link(scopes=MAY_WRITE)
        await house.go_on()
        house.clock.jump(7 * HOUR_S)
        await run(house)
        await house.go_on(HOUR_S)
        assert len(house.strava.requests.tokens()) == 1
        assert (await told(house)).going is Going.SENT

    async def test_without_an_application_that_is_served_it_waits(self, house: House) -> None:
        await house.link(scopes=MAY_WRITE)
        await house.go_on()
        house.strava.active = False
        await run(house)
        await house.go_on(DAY_S)
        assert (await told(house)).going is Going.DUE
        assert await house.state() is State.INACTIVE
        house.strava.active = True
        await house.go_on(2 * HOUR_S)
        assert (await told(house)).going is Going.SENT


class TestNotAllowed:
    async def test_it_is_told_once_nothing_is_tried_and_a_new_link_lets_all_go(self, house: House) -> None:
        await house.link()
        for number in range(3):
            await run(house, f"own-{number}", ago(hours=3 * number + 1))
            await house.go_on(HOUR_S)
        assert posts(house) == 0
        (letter,) = await house.letters()
        assert "duurloop strava link" in letter.text.body
        assert await house.handovers.counts() == {(ELS.name, Outlet.STRAVA, Going.HELD): 3}
        (link,) = await LinksReport(
            house.book, Terms(QUARTER_S, house.keep, house.uploads), house.clock, house.follower
        ).make()
        assert link["missing_scopes"] == ["activity:write"]
        assert link["state"] == "well"
        await house.link(scopes=MAY_WRITE)
        await house.go_on(HOUR_S)
        assert await house.handovers.counts() == {(ELS.name, Outlet.STRAVA, Going.SENT): 3}

    async def test_the_same_where_strava_has_taken_it_back(self, house: House) -> None:
        missing = refusal(401, "AccessToken", "activity:write_permission", "missing")
        house.strava.faults.add(POST, missing, times=None)
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await run(house, "earlier", ago(hours=4))
        await house.go_on(DAY_S)
        await run(house, "later", house.clock.now() - timedelta(hours=1))
        await house.go_on(DAY_S)
        assert posts(house) == 1
        assert await house.handovers.counts() == {(ELS.name, Outlet.STRAVA, Going.HELD): 3}
        assert await house.state() is State.WELL
        assert len(await house.keys_of_letters()) == 1

    async def test_a_401_on_uploads_alone_does_not_end_the_link(self, house: House) -> None:
        house.strava.faults.add(POST, refusal(401, "Athlete", "access_token", "invalid"), times=None)
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(DAY_S)
        assert await house.state() is State.WELL
        assert posts(house) <= 10

    async def test_an_ended_link_drops_what_was_to_go_and_the_number_of_what_went(self, house: House) -> None:
        await house.link(scopes=MAY_WRITE)
        await run(house)
        await house.go_on(HOUR_S)
        house.strava.faults.add(POST, BROKEN, times=None)
        await run(house, "late", ago(hours=9))
        await house.go_on(60.0)
        await house.book.unlink(ELS.name)
        assert await house.handovers.counts() == {(ELS.name, Outlet.STRAVA, Going.SENT): 1}
        assert (await told(house)).place is None


async def test_an_idle_day_writes_nothing(house: House) -> None:
    await house.link(scopes=MAY_WRITE)
    await run(house)
    await house.go_on(HOUR_S)
    (before,) = await house.database.read("SELECT total_changes() AS number")
    for _ in range(int(DAY_S / A_MINUTE_S)):
        await SqliteHandovers(house.database).open(Outlet.STRAVA)
        house.clock.jump(A_MINUTE_S)
        await house.go_on()
    (after,) = await house.database.read("SELECT total_changes() AS number")
    assert after["number"] - before["number"] <= 30  # the hour of each last look, and the tokens; nothing of ours
