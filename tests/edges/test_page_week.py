"""The pages of the weeks, over real HTTP."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from config.language import catalogue
from daemon.domain.effort import Verdict
from daemon.domain.run import Source
from daemon.domain.week import Together
from daemon.domain.wording import ENGLISH, Language
from daemon.page.week import WeekSeen, week_body, week_routes
from daemon.weekly.words import week_alt_text
from tests.fakes import ELS, runner
from tests.memory_store import MemoryStore
from tests.small_house import HOSTILE, SmallHouse, a_run, is_harmless
from tests.week_builders import FULL, KINDS

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext, "nl")
JAN = runner("Jan")
TUESDAY = a_run("2026-11-17 18:30", 32, name="Along the river")
STRAVAS = a_run("2026-11-19 18:30", 41, source=Source.STRAVA_API, verdict=Verdict.HARD)
BEFORE = a_run("2026-11-11 18:30", 20)


@pytest.fixture
async def alone() -> AsyncIterator[SmallHouse]:
    """The house of Els alone, on Saturday of week 47."""
    async with SmallHouse(week_routes).open() as house:
        for run in (TUESDAY, STRAVAS, BEFORE):
            await house.keep(run)
        yield house


@pytest.fixture
async def two() -> AsyncIterator[SmallHouse]:
    """The house of Els and Jan, who both look at the same screen."""
    async with SmallHouse(week_routes, (ELS, JAN)).open() as house:
        yield house


async def test_it_shows_the_week_that_is_going_on(alone: SmallHouse) -> None:
    page = await alone.look("/week")
    assert page.status == 200
    assert "Week 47 16 to 22 November 2026" in page.words
    assert "2 runs" in page.words
    assert "Tuesday 18:30 32 minutes, calm Along the river" in page.words
    assert "Thursday 18:30 41 minutes, strong" in page.words
    assert 'href="/runs/run-20261117"' in page.text


async def test_its_picture_is_the_drawing_of_the_mail_and_said_in_words(alone: SmallHouse) -> None:
    page = await alone.look("/week/2026-W47")
    picture = re.search(r'<img class="week-drawing" src="([^"]+)" width="480" height="562" alt="([^"]+)"', page.text)
    assert picture
    assert "Week 47, 16 to 22 November 2026: 2 runs, 73 minutes." in picture[2]
    drawing = await alone.look(picture[1])
    assert (drawing.status, drawing.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert drawing.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert ET.fromstring(drawing.text).tag.endswith("svg")  # noqa: S314


async def test_weeks_lead_to_each_other_and_none_beyond_the_one_that_is_going_on(alone: SmallHouse) -> None:
    now, before = await alone.look("/week"), await alone.look("/week/2026-W46")
    ways = re.compile(r'rel="(prev|next)" href="([^"]+)"')
    assert ways.findall(now.text) == [("prev", "/week/2026-W46")]
    assert ways.findall(before.text) == [("prev", "/week/2026-W45"), ("next", "/week/2026-W47")]
    assert "Wednesday 18:30 20 minutes, calm" in before.words


async def test_a_week_without_runs_is_kind(alone: SmallHouse) -> None:
    page = await alone.look("/week/2020-W07")
    assert page.status == 200
    assert "No runs this week. Rest is part of it, too." in page.words


@pytest.mark.parametrize(
    "key", ["2026-W54", "W46", "2026-46", "0000-W00", "..%2F..%2Fetc", "%00", "2999-W01", "2026-W48"]
)
async def test_a_week_that_is_none_or_still_to_come_is_not_found(alone: SmallHouse, key: str) -> None:
    for path in (f"/week/{key}", f"/week/{key}.svg"):
        page = await alone.look(path)
        assert page.status == 404
        assert "week" in page.words


async def test_days_are_those_of_the_runners_own_time_zone() -> None:
    far = replace(ELS, timezone=ZoneInfo("Pacific/Auckland"))
    async with SmallHouse(week_routes, (far,)).open() as house:
        await house.keep(a_run("2026-11-22 18:30"))  # Monday morning there
        await house.clock.pass_time(86_400)
        assert "Monday 07:30" in (await house.look("/week/2026-W48")).words


async def test_what_came_by_strava_alone_is_not_shown_where_several_are_seen(two: SmallHouse) -> None:
    for run in (TUESDAY, STRAVAS, BEFORE):
        await two.keep(run)
    page = await two.look("/week", runner="Els")
    assert "41 minutes" not in page.text
    assert "1 run, 32 minutes" in page.words
    assert "shown to their own runner only" in page.words
    drawing = await two.look("/week/2026-W47.svg", runner="Els")
    assert "41 minutes" not in drawing.text
    assert "shown to their own runner" not in (await two.look("/week/2026-W46", runner="Els")).words


async def test_a_week_of_which_nothing_may_be_shown_is_not_called_an_empty_one(two: SmallHouse) -> None:
    await two.keep(STRAVAS)
    page = await two.look("/week", runner="Els")
    assert "No runs" not in page.words
    assert "week-drawing" not in page.text
    assert "shown to their own runner only" in page.words


async def test_links_stay_with_the_runner_whose_week_it_is(two: SmallHouse) -> None:
    await two.keep(replace(TUESDAY, runner="Jan"))
    page = await two.look("/week", runner="Jan")
    assert 'href="/week/2026-W46?runner=Jan"' in page.text
    assert 'src="/week/2026-W47.svg?runner=Jan"' in page.text
    assert 'href="/runs/run-20261117?runner=Jan"' in page.text
    assert (await two.look("/week", runner="Kees")).status == 404


async def test_a_store_that_does_not_answer_is_told_kindly(alone: SmallHouse) -> None:
    assert isinstance(alone.store, MemoryStore)
    await alone.look("/week")
    alone.store.trouble = "disk gone"
    assert (await alone.look("/week")).status == 503


def test_names_are_words_and_nothing_else() -> None:
    seen = WeekSeen(replace(ELS, name=HOSTILE), FULL, None, [replace(TUESDAY, name=HOSTILE, id=HOSTILE)])
    plan = replace(FULL.place, plan_name=HOSTILE, step_name=HOSTILE) if FULL.place else None
    assert is_harmless(week_body(replace(seen, week=replace(FULL, place=plan)), ENGLISH))


def test_what_a_group_ran_is_told_where_there_is_one() -> None:
    seen = WeekSeen(ELS, FULL, Together(5, 150), [TUESDAY])
    assert "Together: 5 runs, 150 minutes." in week_body(seen, ENGLISH)


@pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_week_has_a_page_with_all_its_words(kind: str, language: Language) -> None:
    seen = WeekSeen(ELS, KINDS[kind], None, [TUESDAY])
    body = week_body(seen, language)
    alt = re.search(r'alt="([^"]*)"', body)
    assert alt
    assert alt[1] == week_alt_text(KINDS[kind], language, figures=True)
    assert all(line.replace(" %", "&nbsp;%") in body for line in seen.text(language).body.splitlines())
