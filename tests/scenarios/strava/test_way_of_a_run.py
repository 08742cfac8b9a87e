"""The whole way of a run from Strava: what it costs, what becomes of it, and how it goes again."""

import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.domain.effort import Verdict
from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant
from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.recording import Recording
from daemon.domain.run import Source
from daemon.parts import Parts, Shelves
from daemon.pulse import Pulses
from daemon.service import Service
from daemon.store import FeelingSaid, RunKept, SessionOpened
from daemon.strava.book import State
from daemon.strava.follower import Terms
from daemon.strava.report import LinksReport
from tests.fakes import EASY, EVENING, eventually, judged_run, no_picture, no_plans, plan_of, runner, running, sample
from tests.strava_house import DAY_S, DECADE, ELS, HOUR_S, QUARTER_S, House, ago, house_at, left_in
from tests.strava_server import TOO_MANY, Activity

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

STREAMS, LISTS = "streams", "athlete/activities"
TEN_MINUTES = Course.of([Step(StepKind.RUN, 600.0)], PlanRef("rustig-12", 1))
ON_A_PLAN = replace(ELS, plan=plan_of(TEN_MINUTES))


def many(house: House, count: int) -> list[Activity]:
    """Add rides, which cost nothing, and a few runs among them."""
    return [
        house.athlete.add_run(
            ago(hours=9 * number + 2),
            6,
            bpm=128 if number % 2 else None,
            sport_type="Run" if number % 50 < 2 else "Ride",
        )
        for number in range(count)
    ]


def is_run(activity: Activity) -> bool:
    return "Ride" not in activity.sport_type


class TestRequests:
    async def test_the_first_verdict_takes_two(self, house: House) -> None:
        house.athlete.add_run(ago(hours=2), 40, bpm=128, name="Rustige duurloop 🏃")
        house.athlete.add_run(ago(days=1, hours=2), 40, bpm=150)
        await house.link()
        await house.follower.go_on()
        await house.follower.go_on()
        (run,) = await house.store.runs()
        assert (run.name, run.judgement.verdict) == ("Rustige duurloop 🏃", Verdict.CALM)
        assert run.sources == (Source.STRAVA_API,)
        assert len(house.asked) == 2

    @pytest.mark.parametrize("count", [0, 199, 200, 201, 400])
    async def test_a_full_import_takes_the_pages_one_more_and_a_stream_for_each_run(
        self, count: int, tmp_path: Path
    ) -> None:
        async with house_at(tmp_path, DECADE) as house:
            house.plenty()
            activities = many(house, count)
            heard = [one for one in activities if one.has_heartrate and is_run(one)]
            await house.link()
            await house.go_on()
            assert len(await house.store.runs()) == len([one for one in activities if is_run(one)])
            assert len(house.asked) <= -(-count // 200) + 1 + len(heard)
            assert sorted({one.path for one in house.strava.requests.streams()}) == [
                f"/activities/{one.id}/streams" for one in heard
            ]
            assert house.asked == [one for one in house.asked if one.endswith((LISTS, STREAMS))]
            assert house.strava.leaks == []

    async def test_an_idle_day_is_cheap(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, DECADE) as house:
            many(house, 60)
            await house.link()
            await house.go_on(HOUR_S)
            house.strava.requests.clear()
            await house.go_on(DAY_S)
            assert len(house.asked) <= 100

    async def test_so_it_is_where_the_whole_list_has_many_pages(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, DECADE) as house:
            many(house, 1010)
            await house.link()
            await house.go_on()
            walk = len(house.strava.requests.lists()) - 1
            await house.go_on(2 * QUARTER_S)
            link = house.link_of()
            pause_s = link.look_at - (link.looked_at or 0.0)
            assert DAY_S / pause_s + 2 * walk <= 100

    async def test_an_import_over_several_windows_reads_nothing_twice(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, DECADE) as house:
            house.strava.read_quota.limit = (10, 1000)
            runs = [house.athlete.add_run(ago(days=number + 3), 6, bpm=125) for number in range(25)]
            for number in range(205):
                house.athlete.add_run(ago(days=number + 30), 6, sport_type="Ride")
            await house.link()
            await house.go_on(2 * HOUR_S)
            await house.check(runs)
            assert len(house.strava.requests.streams()) == 25
            assert len(house.strava.requests.lists()) <= 3 + 8
            assert [one for one in house.strava.requests if one.status == 429] == []

    async def test_a_new_run_takes_two_and_is_answered(self, house: House) -> None:
        await house.link()
        await house.go_on(HOUR_S)
        house.strava.requests.clear()
        house.athlete.add_run(house.clock.now() - timedelta(minutes=45), 40, bpm=128)
        await house.go_on(QUARTER_S)
        assert len(house.asked) == 2
        assert [one.key for one in await house.letters()] == [f"Els:after:{(await house.store.runs())[0].id}"]

    @pytest.mark.parametrize("skew", [timedelta(minutes=-7), timedelta(minutes=4, seconds=13)])
    async def test_after_a_429_nothing_is_asked_until_the_window_of_strava_s_clock_turns(
        self, skew: timedelta, house: House
    ) -> None:
        house.strava.skew = skew
        for number in range(5):
            house.athlete.add_run(ago(days=number, hours=2), 6, bpm=128)
        house.strava.faults.add(STREAMS, TOO_MANY)
        await house.link()
        await house.go_on(HOUR_S)
        refused = next(place for place, one in enumerate(house.strava.requests) if one.status == 429)
        before, after = house.strava.requests[refused], house.strava.requests[refused + 1]
        assert int(before.at.timestamp()) // 900 < int(after.at.timestamp()) // 900
        assert len(await house.store.runs()) == 5

    async def test_an_open_window_survives_a_restart_and_so_does_a_closed_one(self, house: House) -> None:
        house.athlete.add_run(ago(hours=2), 6, bpm=128)
        house.strava.faults.add(LISTS, TOO_MANY)
        await house.link()
        await house.go_on()
        assert len(house.asked) == 1
        house.new_follower()
        await house.go_on(60)
        assert len(house.asked) == 1

    async def test_two_runners_take_turns(self, tmp_path: Path) -> None:
        jan = runner("Jan")
        async with house_at(tmp_path, runners=(ELS, jan)) as house:
            house.strava.read_quota.limit = (14, 1000)
            other = house.strava.add_athlete("Jan")
            for number in range(20):
                house.athlete.add_run(ago(days=3, hours=number), 6, bpm=128)
                other.add_run(ago(days=3, hours=number), 6, bpm=128)
            newest = other.add_run(ago(hours=1), 6, bpm=128)
            await house.link()
            await house.link(other, "Jan")
            await house.go_on()
            els, jans = await house.store.runs("Els"), await house.store.runs("Jan")
            assert newest.started_at in {run.started_at for run in jans}
            assert abs(len(els) - len(jans)) <= 2
            assert len(els) >= 4
            await house.go_on(2 * HOUR_S)
            assert (len(await house.store.runs("Els")), len(await house.store.runs("Jan"))) == (20, 21)


class TestWhatIsKept:
    async def test_nothing_is_fetched_from_beyond_what_may_be_kept(self, house: House) -> None:
        house.athlete.add_run(ago(days=6), 6, bpm=128)
        house.athlete.add_run(ago(days=8), 6, bpm=128)
        await house.link()
        await house.go_on()
        assert len(await house.store.runs()) == 1
        assert await house.post.waiting() == 0  # older than two days: kept in silence

    async def test_what_is_older_than_may_be_kept_leaves_every_file(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, poll_s=6 * HOUR_S) as house:
            activities = [
                house.athlete.add_run(ago(hours=2 + 3 * number), 6, bpm=128, name=f"Rondje {number} langs de Vecht")
                for number in range(20)
            ]
            await house.link()
            await house.go_on()
            assert len(await house.store.runs()) == 20
            assert b"Vecht" in left_in(tmp_path)
            await house.go_on(7 * DAY_S)
            assert await house.store.runs() == []
            assert await house.book.known(ELS.name) == []
            left = left_in(tmp_path)
            assert b"Vecht" not in left
            assert [one.id for one in activities if str(one.id).encode() in left] == []
            assert await house.keys_of_letters() == []
            assert (await house.account()).state is State.WELL
            assert len(house.strava.requests.streams()) == 20

    async def test_a_wall_clock_that_jumps_eight_days_takes_what_came_before(self, tmp_path: Path) -> None:
        async with house_at(tmp_path) as house:
            house.athlete.add_run(ago(hours=2), 6, bpm=128, name="Langs de Vecht")
            await house.link()
            await house.go_on()
            house.clock.set_wall(EVENING + timedelta(days=8))
            await house.go_on(2 * HOUR_S)
            assert b"Vecht" not in left_in(tmp_path)

    async def test_a_reader_in_the_way_only_delays_that(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, poll_s=6 * HOUR_S) as house:
            activity = house.athlete.add_run(ago(hours=2), 6, bpm=128, name="Langs de Vecht")
            await house.link()
            await house.go_on()
            await house.database.scrub()
            await house.database.read("PRAGMA busy_timeout = 20")
            with closing(sqlite3.connect(tmp_path / "duurloop.db", isolation_level=None)) as reader:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM take").fetchall()
                house.athlete.delete(activity)
                await house.go_on(DAY_S / 2)
                assert await house.store.runs() == []
            await house.go_on(2 * HOUR_S)
            assert b"Vecht" not in left_in(tmp_path)

    async def test_a_deletion_in_the_middle_leaves_nothing_between_its_neighbours(self, tmp_path: Path) -> None:
        async with house_at(tmp_path) as house:
            activities = [
                house.athlete.add_run(ago(hours=2 + 2 * number), 6, bpm=128, name=f"Nummer {number:03}")
                for number in range(30)
            ]
            await house.link()
            await house.go_on()
            gone = activities[5:25:3]
            for activity in gone:
                house.athlete.delete(activity)
            await house.go_on(HOUR_S)
            left = left_in(tmp_path)
            assert [one.name for one in gone if one.name.encode() in left] == []
            await house.check([one for one in activities if one not in gone])

    async def test_runs_of_strap_and_files_stay(self, house: House) -> None:
        await _kept_strap_run(house, ago(days=3))
        house.athlete.add_run(ago(hours=2), 6, bpm=128)
        await house.link()
        await house.go_on()
        assert len(await house.store.runs()) == 2
        await house.book.unlink(ELS.name)
        await house.go_on(8 * DAY_S)
        assert await house.sources() == [(Source.STRAP,)]
        assert len(await house.store.samples("strap")) == 600

    async def test_unlinking_takes_tokens_and_data_at_once(self, tmp_path: Path) -> None:
        async with house_at(tmp_path) as house:
            house.athlete.add_run(ago(hours=2), 6, bpm=128, name="Langs de Vecht")
            account = await house.link()
            await house.go_on()
            await house.book.unlink(ELS.name)
            left = left_in(tmp_path)
            for secret in (account.tokens.access, account.tokens.refresh, "Vecht", "after:"):
                assert secret.encode() not in left
            house.strava.requests.clear()
            await house.go_on(HOUR_S)
            assert house.asked == []

    async def test_what_stays_of_a_run_that_went_does_not_tell_its_hour(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, runners=(ON_A_PLAN,)) as house:
            began = ago(minutes=20)
            house.athlete.add_run(began, 10, bpm=128)
            await house.link()
            await house.go_on()
            (run,) = await house.store.runs()
            await house.store.commit([FeelingSaid(ELS.name, run.id, Feeling(after=4), EVENING + timedelta(days=1))])
            assert await house.sent() == 1
            await house.book.unlink(ELS.name)
            kept = {
                table: await house.database.read(f"SELECT * FROM {table}")  # noqa: S608 - a test's own
                for table in ("step_run", "feeling", "letter")
            }
            left = left_in(tmp_path)
        assert {table: len(rows) for table, rows in kept.items()} == {"step_run": 1, "feeling": 1, "letter": 1}
        told = str([[tuple(row) for row in rows] for rows in kept.values()])
        for zone in (UTC, ELS.timezone):
            local = began.astimezone(zone)
            assert f"{local:%Y-%m-%dT%H}" not in told
            assert f"{local:%Y%m%d-%H}".encode() not in left

    async def test_a_run_that_went_and_comes_back_is_the_one_it_was(self, tmp_path: Path) -> None:
        async with house_at(tmp_path, runners=(ON_A_PLAN,)) as house:
            house.athlete.add_run(ago(hours=2), 10, bpm=128)
            await house.link()
            await house.go_on()
            (run,) = await house.store.runs()
            await house.store.commit([FeelingSaid(ELS.name, run.id, Feeling(after=4), house.clock.now())])
            assert await house.sent() == 1
            await house.book.unlink(ELS.name)
            assert await house.store.runs() == []
            house.clock.jump(60)
            await house.link()
            await house.go_on()
            (again,) = await house.store.runs()
            assert (again.id, again.feeling) == (run.id, Feeling(after=4))
            assert len(await house.store.step_runs(ELS.name, ago(days=3))) == 1
            assert await house.letters() == []

    async def test_what_an_own_run_covers_is_not_asked_for(self, house: House) -> None:
        await _kept_strap_run(house, ago(hours=2))
        house.athlete.add_run(ago(hours=2) + timedelta(seconds=20), 9, bpm=128)
        await house.link()
        await house.go_on(HOUR_S)
        assert house.strava.requests.streams() == []
        assert await house.sources() == [(Source.STRAP,)]

    async def test_a_file_of_the_same_run_takes_its_place(self, tmp_path: Path) -> None:
        async with house_at(tmp_path) as house:
            house.athlete.add_run(ago(hours=2), 10, bpm=150, name="Langs de Vecht")
            await house.link()
            await house.go_on()
            samples = tuple(sample(float(second), 125) for second in range(600))
            recording = Recording(ago(hours=2), 600.0, "run", "Rondje", samples)
            library = house.library()
            await library.receive(library.yardstick.judge(recording, Source.FILE, "digest"))
            (run,) = await house.store.runs()
            assert (run.sources, run.name, run.judgement.verdict) == ((Source.FILE,), "Rondje", Verdict.CALM)
            house.strava.requests.clear()
            await house.go_on(DAY_S)
            assert house.strava.requests.streams() == []
            assert await house.sources() == [(Source.FILE,)]

    async def test_linked_to_another_athlete_nothing_of_the_first_stays(self, tmp_path: Path) -> None:
        async with house_at(tmp_path) as house:
            house.athlete.add_run(ago(hours=2), 6, bpm=128, name="Langs de Vecht")
            await house.link()
            await house.go_on()
            other = house.strava.add_athlete("Ineke")
            theirs = other.add_run(ago(hours=5), 6, bpm=128, name="Langs de Rijn")
            house.clock.jump(60)
            await house.link(other)
            assert b"Vecht" not in left_in(tmp_path)
            await house.go_on()
            await house.check([theirs])

    async def test_linked_again_to_the_same_athlete_nothing_is_read_again(self, house: House) -> None:
        activity = house.athlete.add_run(ago(hours=2), 6, bpm=128)
        await house.link()
        await house.go_on()
        house.clock.jump(60)
        await house.link()
        await house.go_on()
        assert len(house.strava.requests.streams()) == 1
        await house.check([activity])


class TestTimes:
    @pytest.mark.parametrize(
        "started_at",
        [
            datetime(2026, 10, 25, 0, 57, tzinfo=UTC),
            datetime(2026, 3, 29, 0, 57, tzinfo=UTC),
            datetime(2026, 6, 30, 21, 57, tzinfo=UTC),
            datetime(2026, 12, 31, 22, 57, tzinfo=UTC),
        ],
        ids=["autumn", "spring", "midnight", "new year"],
    )
    async def test_a_run_over_a_change_of_clock_or_day_is_as_long_as_it_was(
        self, started_at: datetime, tmp_path: Path
    ) -> None:
        async with house_at(tmp_path, begin=started_at + timedelta(hours=5)) as house:
            activity = house.athlete.add_run(started_at, 10, bpm=128, pauses=[(200, 300)])
            await house.link()
            await house.go_on()
            await house.check([activity])
            (run,) = await house.store.runs()
            assert (run.started_at, run.duration_s) == (started_at, 601.0)

    async def test_a_hidden_start_is_its_day_and_stays_one_run(self, house: House) -> None:
        house.athlete.add_run(ago(hours=2), 6, bpm=128, hidden_start=True)
        await house.link()
        await house.go_on(2 * HOUR_S)
        (run,) = await house.store.runs()
        assert run.started_at == datetime(2026, 11, 21, tzinfo=ZoneInfo("Europe/Amsterdam"))
        assert len(house.strava.requests.streams()) == 1

    async def test_hidden_starts_on_the_edge_of_a_page_take_nothing_away(self, tmp_path: Path) -> None:
        auckland = ZoneInfo("Pacific/Auckland")
        async with house_at(tmp_path, DECADE) as house:
            house.plenty()
            for number in range(1, 216):
                house.athlete.add_run(
                    ago(hours=8 * number), 6, zone=auckland, hidden_start=number % 2 == 0, sport_type="Ride"
                )
            await house.link()
            await house.go_on()
            for _ in range(6):  # another place for the edge each time
                house.athlete.add_run(house.clock.now() - timedelta(minutes=10), 6, zone=auckland)
                await house.go_on(2 * QUARTER_S)
                assert [one for one in await house.book.known(ELS.name) if one.is_missing] == []
            assert len(await house.book.known(ELS.name)) == 221


def _kept(at: datetime) -> tuple[SessionOpened, RunKept]:
    samples: tuple[HeartRateSample, ...] = tuple(
        HeartRateSample(Instant(float(second)), Bpm(122 + second // 7 % 6), sample(0).contact) for second in range(600)
    )
    return SessionOpened("strap", ELS.name, at, EASY), RunKept("strap", judged_run("strap", samples, at), samples)


async def _kept_strap_run(house: House, at: datetime) -> None:
    await house.store.commit(_kept(at))


async def test_a_verdict_is_what_the_server_s_own_data_give(house: House) -> None:
    house.athlete.add_run(ago(hours=2), 40, bpm=128)
    house.athlete.add_run(ago(hours=20), 40, bpm=160)
    await house.link()
    await house.go_on()
    verdicts = [run.judgement.verdict for run in await house.store.runs()]
    assert verdicts[0] is Verdict.CALM
    assert verdicts[1] is not Verdict.CALM


async def test_a_link_that_was_made_a_moment_ago_is_busy_until_all_is_here(house: House) -> None:
    house.athlete.add_run(ago(hours=2), 6, bpm=128)
    report = LinksReport(house.book, Terms(QUARTER_S, house.keep), house.clock, house.follower)
    await house.link()
    (before,) = await report.make()
    await house.go_on()
    (after,) = await report.make()
    assert (before["busy"], before["held"]["activities"]) == (True, 0)
    assert (after["busy"], after["held"]["activities"], after["state"]) == (False, 1, "well")


async def test_what_may_not_be_kept_goes_also_when_the_settings_have_no_application_any_more(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        house.athlete.add_run(ago(hours=2), 6, bpm=128)
        await house.link()
        await house.go_on()
        house.clock.jump(8 * DAY_S)
        parts = Parts((ELS,), {}, {}, {}, no_plans, no_picture)
        shelves = Shelves(house.store, house.post, house.book)
        service = Service(parts, shelves, house.clock, random.Random(1), Pulses(house.clock, 120.0))  # noqa: S311
        assert "strava" not in service.workers()
        async with running(service.workers()["keeper"]()):
            await eventually(lambda: takes_in(tmp_path / "duurloop.db") == 0)


def takes_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT count(*) FROM take").fetchone()[0])
