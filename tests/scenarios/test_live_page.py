"""The live page as a browser without scripts sees it, and its stream: what happens is told once, and at once."""

import re
from contextlib import ExitStack
from dataclasses import replace

import aiohttp
import pytest

from daemon.domain.effort import Verdict
from daemon.domain.heart_rate import SensorContact
from daemon.domain.run import Source
from daemon.domain.strap import RadioChanged, RadioTrouble
from daemon.household import Runner
from daemon.page.access import COOKIE
from daemon.page.events import MOST_STREAMS
from daemon.page.keys import PAGE_SECRET, link_token
from daemon.page.terms import Door
from daemon.permit import Connect
from daemon.store import Brought
from tests.fakes import judged_run, runner
from tests.page_house import ELS, PLAN, PageHouse, events, next_of

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

JAN = runner("Jan")
ON_A_PLAN = replace(ELS, plan=PLAN)


async def shown(session: aiohttp.ClientSession, path: str = "/") -> str:
    async with session.get(path) as answer:
        assert answer.status == 200
        return await answer.text()


def slot(page: str, name: str) -> str | None:
    found = re.search(rf'data-slot="{name}">([^<]*)<', page)
    return found.group(1) if found else None


async def press(session: aiohttp.ClientSession, what: str, name: str = "Els") -> tuple[int, str]:
    found = re.search(r'name="token" value="([^"]+)"', await shown(session))
    assert found
    headers = {"Accept": "application/json"}
    async with session.post(f"/live/{name}/{what}", data={"token": found.group(1)}, headers=headers) as answer:
        return answer.status, await answer.text()


class TestWhatStandsThere:
    async def test_a_heart_is_a_figure_with_a_word_and_the_number_to_stay_under(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            await house.wear("Els", 20, 128)
            page = await shown(browser)
        assert (slot(page, "bpm"), slot(page, "word"), slot(page, "limit")) == ("128", "In your zone", "Stay under 136")

    @pytest.mark.parametrize(("bpm", "word"), [(100, "Below your zone"), (128, "In your zone"), (150, "A bit high")])
    async def test_where_it_lies_is_said_in_words(self, bpm: int, word: str) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            await house.wear("Els", 20, bpm)
            assert slot(await shown(browser), "word") == word

    async def test_a_value_of_more_than_five_seconds_ago_is_no_value(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            await house.wear("Els", 20)
            await house.clock.pass_time(4)
            assert slot(await shown(browser), "bpm") == "128"
            await house.clock.pass_time(2)
            page = await shown(browser)
        assert (slot(page, "bpm"), slot(page, "word")) == ("–", "Not heard")  # noqa: RUF001

    async def test_a_strap_that_was_lost_in_a_run_is_away(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            await house.wear("Els", 20)
            await house.take_off("Els")
            await house.clock.pass_time(6)
            assert slot(await shown(browser), "word") == "Strap away"

    async def test_a_strap_that_feels_no_skin_says_so(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            await house.wear("Els", 20)
            await house.beat("Els", 8, contact=SensorContact.LOST)
            page = await shown(browser)
        assert (slot(page, "bpm"), slot(page, "word")) == ("–", "No contact")  # noqa: RUF001

    async def test_without_a_run_there_is_the_plans_next_step_and_no_figure(self) -> None:
        async with PageHouse(runners=(ON_A_PLAN,)).lives() as house, house.browser() as browser:
            page = await shown(browser)
        assert (slot(page, "bpm"), slot(page, "word")) == (None, "No strap in reach")
        assert "Your next run" in page
        assert "/live/Els/start" in page

    async def test_no_bluetooth_is_no_secret(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            house.straps["Els"].say(RadioChanged(house.clock.monotonic(), RadioTrouble.NO_ADAPTER))
            await house.clock.pass_time(0)
            assert slot(await shown(browser), "word") == "No Bluetooth"

    async def test_a_strap_that_waits_to_be_asked_for_can_be(self) -> None:
        async with PageHouse(connect=Connect.ARMED).lives() as house, house.browser() as browser:
            assert slot(await shown(browser), "word") == "Not listening"
            assert (await press(browser, "arm"))[0] == 200
            assert slot(await shown(browser), "word") == "No strap in reach"

    async def test_a_runner_without_a_strap_has_no_buttons(self) -> None:
        async with PageHouse(strapless=frozenset({"Els"})).lives() as house, house.browser() as browser:
            page = await shown(browser)
        assert slot(page, "word") == "No strap"
        assert "<button" not in page.partition("<article")[2].partition("</article>")[0]

    async def test_several_runners_have_a_card_each_and_one_can_be_enlarged(self) -> None:
        async with PageHouse(runners=(ELS, JAN)).lives() as house, house.browser() as browser:
            assert (await shown(browser)).count("<article") == 2
            alone = await shown(browser, "/?runner=Jan")
        assert alone.count("<article") == 1
        assert ">Jan</h1>" in alone

    async def test_the_curve_is_a_picture_for_who_has_no_script(self) -> None:
        async with PageHouse(runners=(ON_A_PLAN,)).lives() as house, house.browser() as browser:
            await house.wear("Els", 5)
            await press(browser, "start")
            await house.beat("Els", 60)
            async with browser.get("/live/Els/curve.svg") as answer:
                assert (answer.status, answer.content_type) == (200, "image/svg+xml")
                assert "<polyline" in await answer.text()


class TestTheLastRun:
    @pytest.mark.parametrize(
        ("source", "runners", "is_shown"),
        [
            (Source.STRAVA_API, (ELS, JAN), False),
            (Source.STRAVA_API, (ELS,), True),
            (Source.FILE, (ELS, JAN), True),
        ],
    )
    async def test_by_strava_alone_is_shown_to_its_own_runner_only(
        self,
        source: Source,
        runners: tuple[Runner, ...],
        is_shown: bool,  # noqa: FBT001 - a case
    ) -> None:
        async with PageHouse(runners=runners).lives() as house, house.browser() as browser:
            run = replace(judged_run("last"), sources=(source,))
            await house.memory.bring(Brought(run, (), "x"), lambda _: [])
            for path in ("/", "/?runner=Els", "/live/Els/card"):
                page = await shown(browser, path)
                assert ("/runs/last" in page, "Last run" in page) == (is_shown, is_shown)

    async def test_its_share_is_not_above_what_its_verdict_says(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            run = judged_run("last")
            run = replace(run, judgement=replace(run.judgement, calm_pct=79.6, verdict=Verdict.LIVELY))
            await house.memory.bring(Brought(run, (), "x"), lambda _: [])
            assert ">79 %</data>" in await shown(browser, "/live/Els/card")

    @pytest.mark.parametrize(
        ("before", "bpm", "word"),
        [(100, 125, "In your zone"), (150, 130, "In your zone"), (128, 138, "In your zone"), (128, 141, "A bit high")],
    )
    async def test_the_word_does_not_contradict_the_figure(self, before: int, bpm: int, word: str) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            await house.wear("Els", 30, before)
            for step in range(6):  # a heart climbs and falls by some beats in a second
                await house.beat("Els", 1, before + (bpm - before) * (step + 1) // 6)
            page = await shown(browser)
        assert (slot(page, "bpm"), slot(page, "word")) == (str(bpm), word)

    async def test_after_a_run_nobody_is_asked_for_the_next_one(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            await house.wear("Els", 30)
            await press(browser, "stop")
            await house.clock.pass_time(1)
            page = await shown(browser)
        assert (slot(page, "word"), slot(page, "limit")) == ("That was your run", None)


class TestAlongACourse:
    async def test_it_shows_what_is_on_what_comes_and_the_time_left(self) -> None:
        async with PageHouse(runners=(ON_A_PLAN,)).lives() as house, house.browser() as browser:
            await house.wear("Els", 5, 100)
            await press(browser, "start")
            await house.beat("Els", 30, 100)
            page = await shown(browser)
        assert slot(page, "on") == "Walk to warm up"
        assert slot(page, "on_left") == "1:30"
        assert slot(page, "next") == "Then: run calmly, 1 minute"
        assert slot(page, "left") == "3:30"
        assert slot(page, "elapsed") == "0:30"

    async def test_a_part_can_be_skipped(self) -> None:
        async with PageHouse(runners=(ON_A_PLAN,)).lives() as house, house.browser() as browser:
            await house.wear("Els", 5, 100)
            await press(browser, "start")
            await house.beat("Els", 10, 100)
            assert (await press(browser, "skip"))[0] == 200
            assert slot(await shown(browser), "on") == "Run calmly"

    async def test_a_pause_stops_the_courses_clock(self) -> None:
        async with PageHouse(runners=(ON_A_PLAN,)).lives() as house, house.browser() as browser:
            await house.wear("Els", 5, 100)
            await press(browser, "start")
            await house.beat("Els", 30, 100)
            await press(browser, "hold")
            await house.beat("Els", 60, 100)
            page = await shown(browser)
            assert (slot(page, "word"), slot(page, "on_left")) == ("Paused", "1:30")
            await press(browser, "go_on")
            await house.beat("Els", 30, 100)
            assert slot(await shown(browser), "on_left") == "1:00"

    async def test_stop_ends_the_run_and_leads_to_it(self) -> None:
        async with PageHouse(runners=(ON_A_PLAN,)).lives() as house, house.browser() as browser:
            await house.wear("Els", 5, 100)
            await press(browser, "start")
            await house.beat("Els", 60, 100)
            await press(browser, "stop")
            await house.clock.pass_time(1)
            (run,) = await house.memory.runs()
            assert f"/runs/{run.id}" in await shown(browser)

    async def test_what_cannot_be_done_is_refused_in_a_line(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            code, line = await press(browser, "stop")
        assert (code, "no session is going on" in line) == (409, True)


class TestTheStream:
    async def test_begins_with_how_everybody_is(self) -> None:
        async with (
            PageHouse(runners=(ELS, JAN)).lives() as house,
            house.browser() as browser,
            browser.get("/events") as answer,
        ):
            told = events(answer)
            assert {(await next_of(told, "look"))["runner"] for _ in range(2)} == {"Els", "Jan"}

    async def test_brings_the_curve_so_far_with_its_gaps(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser:
            await house.wear("Els", 20, 120)
            await house.clock.pass_time(20)
            await house.beat("Els", 5, 120)
            async with browser.get("/events") as answer:
                past = await next_of(events(answer), "past")
        assert past["bpm"] == [120] * 20 + [None] + [120] * 5

    async def test_says_the_zone_of_a_run_that_begins_while_the_page_is_open(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser, browser.get("/events") as answer:
            told = events(answer)
            await next_of(told, "look")
            await house.wear("Els", 2)
            assert (await next_of(told, "look"))["zone"] == [118, 136]

    async def test_tells_each_second_once_on_the_whole_however_often_a_strap_speaks(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser, browser.get("/events") as answer:
            told = events(answer)
            await house.wear("Els", 1)
            for step in range(160):
                await house.say_now("Els", 120 + step % 10)
                await house.clock.pass_time(0.25)
            await house.house.feed.close()
            looks = [one async for one in told if one.name == "look" and one.data["session"]]
        assert 39 <= len(looks) <= 47

    async def test_tells_a_heart_rate_at_once_also_right_after_something_else(self) -> None:
        async with PageHouse(runners=(ON_A_PLAN,)).lives() as house, house.browser() as browser:
            await house.wear("Els", 3, 119)
            await house.clock.pass_time(0.5)
            async with browser.get("/events") as answer:
                await press(browser, "start")
                await house.clock.pass_time(0.5)
                for bpm in range(120, 130):
                    await house.say_now("Els", bpm)
                    await house.clock.pass_time(1)
                await house.house.feed.close()
                looks = [one.data async for one in events(answer) if one.name == "look"]
        ages_s = {look["bpm"]: look["age_s"] for look in reversed(looks)}
        assert [ages_s[bpm] for bpm in range(120, 130)] == [0.0] * 10

    async def test_tells_a_cue_once_with_its_tone(self) -> None:
        async with PageHouse(runners=(ON_A_PLAN,)).lives() as house, house.browser() as browser:
            await house.wear("Els", 3, 100)
            async with browser.get("/events") as answer:
                await press(browser, "start")
                cue = await next_of(events(answer), "notice")
        assert (cue["kind"], cue["tone"], cue["title"]) == ("cue", "down", "Walk to warm up")

    async def test_a_page_that_comes_back_hears_what_it_missed(self) -> None:
        async with PageHouse(runners=(ON_A_PLAN,)).lives() as house, house.browser() as browser:
            await house.wear("Els", 3, 100)
            async with browser.get("/events") as answer:
                await press(browser, "start")
                heard = events(answer)
                last = await anext(one async for one in heard if one.id)
            await house.beat("Els", 130, 100)
            for way in ({"headers": {"Last-Event-ID": last.id}}, {"params": {"since": last.id}}):
                async with browser.get("/events", **way) as answer:  # type: ignore[arg-type]
                    missed = await next_of(events(answer), "notice")
                assert (missed["title"], missed["ago_s"]) == ("Run calmly", 10.0)

    async def test_a_page_that_is_new_is_not_told_old_cues(self) -> None:
        async with PageHouse(runners=(ON_A_PLAN,)).lives() as house, house.browser() as browser:
            await house.wear("Els", 3, 100)
            await press(browser, "start")
            async with browser.get("/events") as answer:
                names = []
                async for one in events(answer):
                    names.append(one.name)
                    if one.name == "look":
                        break
        assert "notice" not in names

    async def test_says_something_while_nothing_happens(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser, browser.get("/events") as answer:
            told = events(answer)
            await next_of(told, "look")
            await house.clock.pass_time(4.1)
            assert (await next_of(told, "look"))["state"] == "absent"

    async def test_ends_at_once_when_the_service_does(self) -> None:
        async with PageHouse().lives() as house, house.browser() as browser, browser.get("/events") as answer:
            await house.house.feed.close()
            names = [one.name async for one in events(answer)]
        assert names[0] == "hello"
        assert house.house.feed.streams == 0

    async def test_a_key_that_was_taken_back_ends_it(self) -> None:
        async with PageHouse(door=Door(is_open=False)).lives() as house:
            cookie = link_token(await house.memory.secret(PAGE_SECRET), None)
            async with house.browser(cookies={COOKIE: cookie}) as browser, browser.get("/events") as answer:
                await house.memory.renew_secret(PAGE_SECRET)
                await house.clock.pass_time(20)
                names = [one.name async for one in events(answer)]
        assert names[0] == "hello"

    async def test_there_are_only_so_many(self) -> None:
        async with PageHouse().lives() as house, house.browser(connector=aiohttp.TCPConnector(limit=0)) as browser:
            feed = house.house.feed
            with ExitStack() as open_ones:
                for _ in range(MOST_STREAMS):
                    open_ones.enter_context(feed.watching(("Els",), None))
                async with browser.get("/events") as answer:
                    assert answer.status == 503
