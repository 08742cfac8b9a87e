"""The pages of the runs, over real HTTP."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import fromstring
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from config.language import catalogue
from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.companion import Companion, Shared
from daemon.domain.effort import Evidence, judge
from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import Bpm, HeartRateSample
from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.recording import SpeedSample
from daemon.domain.run import Run, Source
from daemon.domain.wording import Language
from daemon.household import Runner
from daemon.page.access import COOKIE, Access
from daemon.page.feed import Feed
from daemon.page.frame import svg
from daemon.page.house import House
from daemon.page.keys import PAGE_SECRET, link_token
from daemon.page.runs import ON_A_PAGE, runs_routes
from daemon.page.server import answering
from daemon.page.terms import Door
from daemon.report import run_report
from daemon.store import Brought, FeelingSaid, RunKept, SessionOpened, Store
from tests.fakes import EASY, ELS, EVENING, FakeClock, judged_run, no_picture, no_plans, plan_of, sample
from tests.memory_store import MemoryStore

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

NL = catalogue("nl")
DUTCH = Language(NL.gettext, NL.ngettext, "nl")
JAN = replace(ELS, name="Jan")
RUN = "20261121-183000-0badcafe"
STEP = PlanRef("rustig-12", 2)
PLAN = plan_of(
    Course.of([Step(StepKind.RUN, 600.0)], PlanRef("rustig-12", 1), name="Week 1: ten minutes"),
    Course.of([Step(StepKind.WALK, 300.0), Step(StepKind.RUN, 600.0)], STEP, name="Week 2: walk & run"),
)
CALM = tuple(sample(float(second), 110 + second // 60) for second in range(901))
ATTACKS = {
    "a script": "<script>alert(1)</script>",
    "a way out of an attribute": '"><img src=x onerror=alert(1)>',
    "quotes": "'\"`&lt;",
    "an entity": "&#60;script&#62;",
    "right to left": "\u202egnp.exe\u202d\u2067abc",
    "a brace": "{0} {runner.zones} {",
    "very long": "x" * 2000,
}


@dataclass
class Visit:
    """A house with a page, and who looks at it."""

    base: str
    store: Store
    secret: bytes

    async def get(self, path: str, whose: str | None = None) -> "Answered":
        return await self.ask("GET", path, whose)

    async def ask(
        self, method: str, path: str, whose: str | None = None, fields: Sequence[tuple[str, str]] = ()
    ) -> "Answered":
        """Ask with the key of one runner, or else with that of the household."""
        cookies = {COOKIE: link_token(self.secret, whose)}
        data = aiohttp.FormData(fields) if fields else None
        async with (
            aiohttp.ClientSession(cookies=cookies, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
            session.request(method, self.base + path, data=data, allow_redirects=False) as answer,
        ):
            return Answered(answer.status, dict(answer.headers), await answer.text())

    async def tap(self, run: str, *fields: tuple[str, str], whose: str | None = None) -> "Answered":
        page = await self.get(f"/runs/{run}", whose)
        (token,) = re.findall(r'name="token" value="([^"]*)"', page.text)
        return await self.ask("POST", f"/runs/{run}/feel", whose, [("token", token), *fields])

    async def keep(self, run: Run, samples: Sequence[HeartRateSample] = CALM) -> Run:
        """Keep a run, whatever source it has."""
        if run.sources == (Source.STRAP,):
            opened = SessionOpened(run.id, run.runner or "", run.started_at, run.target)
            await self.store.commit([opened, RunKept(run.id, run, tuple(samples))])
        else:
            await self.store.bring(Brought(run, tuple(samples), run.id), lambda _: [])
        return run


@dataclass(frozen=True)
class Answered:
    status: int
    headers: "dict[str, str]"
    text: str

    @property
    def words(self) -> str:
        """Return what is read, without its tags."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.text)).split())

    @property
    def figures(self) -> "dict[str, object]":
        """Return the exact values by where they stand in the report; words as they are, numbers as numbers."""
        found = re.findall(r'<data data-of="([^"]*)" value="([^"]*)">', self.text)
        return {path: _exact(unescape(value)) for path, value in found}

    @property
    def links(self) -> list[str]:
        return [unescape(link) for link in re.findall(r'href="(/runs[^"]*)"', self.text)]


def _exact(value: str) -> object:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def leaves(report: "dict[str, Any]", before: str = "") -> "Iterator[tuple[str, object]]":
    """Return the numbers of a report by where they stand."""
    for key, value in report.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{before}{key}.")
        elif isinstance(value, int | float):
            yield f"{before}{key}", value


@asynccontextmanager
async def house_of(store: Store, runners: Sequence[Runner]) -> AsyncIterator[Visit]:
    clock = FakeClock(EVENING + timedelta(hours=1))
    shared = Shared(store, clock, no_plans, no_picture)
    companions = {runner.name: Companion(runner, shared) for runner in runners}
    house = House(companions, {}, store, clock, {}, Feed({}, clock))
    access = Access({runner.name: runner for runner in runners}, store, Door(is_open=False))

    async with answering("127.0.0.1", 0, runs_routes(house), middlewares=[access.middleware]) as port:
        yield Visit(f"http://127.0.0.1:{port}", store, await store.secret(PAGE_SECRET))


@pytest.fixture
async def visit() -> AsyncIterator[Visit]:
    """Return a house of two, who have each a page of their own; Els is along a plan."""
    async with house_of(MemoryStore(), [replace(ELS, plan=PLAN), JAN]) as visit:
        yield visit


def a_run(run_id: str = RUN, **parts: object) -> Run:
    return replace(judged_run(run_id, CALM), **parts)  # type: ignore[arg-type]


# -- all runs ----------------------------------------------------------------------------------------


async def test_runs_are_listed_by_month_the_newest_first(visit: Visit) -> None:
    for month, day in ((10, 30), (11, 3), (11, 21)):
        await visit.keep(a_run(f"run-{month}-{day}", started_at=datetime(2026, month, day, 18, tzinfo=UTC)))
    page = await visit.get("/runs")
    assert page.status == 200
    assert [link for link in page.links if "run-" in link] == ["/runs/run-11-21", "/runs/run-11-3", "/runs/run-10-30"]
    assert re.findall(r"<h2>(.*?)</h2>", page.text) == ["November 2026", "October 2026"]


async def test_a_run_tells_its_day_length_verdict_feeling_and_source(visit: Visit) -> None:
    await visit.keep(a_run(distance_m=5240.0, name="Along the river"))
    await visit.store.commit([FeelingSaid(ELS.name, RUN, Feeling(after=4), EVENING)])
    page = await visit.get("/runs")
    assert "Sat 21 15 minutes , 5.2 km calm Along the river · felt good · your strap" in page.words


async def test_the_day_is_that_of_the_runners_place() -> None:
    auckland = replace(ELS, timezone=ZoneInfo("Pacific/Auckland"))
    async with house_of(MemoryStore(), [auckland]) as visit:
        await visit.keep(a_run(started_at=datetime(2026, 11, 30, 12, tzinfo=UTC)))
        page = await visit.get("/runs")
        assert "December 2026 Tue 1" in page.words
        assert "Tuesday 1 December" in (await visit.get(f"/runs/{RUN}")).words


async def test_a_house_speaks_its_runners_language() -> None:
    async with house_of(MemoryStore(), [replace(ELS, language=DUTCH)]) as visit:
        await visit.keep(a_run())
        page = await visit.get("/runs")
        assert '<html lang="nl">' in page.text
        assert "november 2026" in page.words
        assert "zaterdag 21 november" in (await visit.get(f"/runs/{RUN}")).words


async def test_older_runs_are_a_page_further_and_none_is_left_out(tmp_path: Path) -> None:
    async with open_database(tmp_path / "runs.sqlite") as database, house_of(SqliteStore(database), [ELS]) as visit:
        kept = [
            await visit.keep(a_run(f"run-{number}", started_at=EVENING - timedelta(days=number)))
            for number in range(ON_A_PAGE + 2)
        ]
        first = await visit.get("/runs")
        (older,) = [link for link in first.links if "before=" in link]
        second = await visit.get(older)
        listed = [link for page in (first, second) for link in page.links if link.startswith("/runs/")]
        assert listed == [f"/runs/{run.id}" for run in kept]
        assert "Older runs" not in second.words
        assert "Newest runs" in second.words


@pytest.mark.parametrize(
    "query",
    ["before=", "before=yesterday", "before=0001-01-01T00:00:00%2B14:00", "before=%00%ff", "before=9999-12-31"],
    ids=["nothing", "a word", "before all time", "no text", "the end of time"],
)
async def test_rubbish_in_the_address_shows_the_newest_runs(visit: Visit, query: str) -> None:
    await visit.keep(a_run())
    page = await visit.get(f"/runs?{query}")
    assert (page.status, f"/runs/{RUN}" in page.links) == (200, True)


async def test_nothing_yet_tells_how_runs_get_here(visit: Visit) -> None:
    page = await visit.get("/runs")
    assert "No runs yet. There is no hurry" in page.words
    assert "duurloop import" in page.words


async def test_each_runner_has_a_list_of_their_own(visit: Visit) -> None:
    await visit.keep(a_run("of-els"))
    await visit.keep(a_run("of-jan", runner="Jan", started_at=EVENING - timedelta(days=1)))
    assert [link for link in (await visit.get("/runs?runner=Jan")).links if "/of-" in link] == ["/runs/of-jan"]
    assert [link for link in (await visit.get("/runs", "Els")).links if "/of-" in link] == ["/runs/of-els"]
    assert (await visit.get("/runs?runner=Jan", "Els")).status == 404


async def test_what_only_stravas_api_knows_is_for_its_own_runner(visit: Visit) -> None:
    await visit.keep(a_run("by-api", sources=(Source.STRAVA_API,)))
    await visit.keep(a_run("own", started_at=EVENING - timedelta(days=1)))
    shared, alone = await visit.get("/runs"), await visit.get("/runs", "Els")
    assert [link for link in shared.links if link.startswith("/runs/")] == ["/runs/own"]
    assert "What is known from Strava alone stands on Els 's own page." in shared.words
    assert [link for link in alone.links if link.startswith("/runs/")] == ["/runs/by-api", "/runs/own"]
    assert "own page" not in alone.words
    for path in ("/runs/by-api", "/runs/by-api.svg"):
        assert ((await visit.get(path)).status, (await visit.get(path, "Els")).status) == (404, 200)


async def test_a_page_is_full_of_what_may_be_seen_and_its_end_tells_nothing_of_the_rest(visit: Visit) -> None:
    for number in range(2 * ON_A_PAGE + 4):
        source = (Source.STRAVA_API, Source.FILE)[number % 2]
        started_at = EVENING - timedelta(days=number)
        await visit.keep(a_run(f"run-{number}", sources=(source,), started_at=started_at))
    first = await visit.get("/runs?runner=Els")
    (older,) = [link for link in first.links if "before=" in link]
    second = await visit.get(older)
    listed = [[link for link in page.links if link.startswith("/runs/")] for page in (first, second)]
    own = [f"/runs/run-{number}" for number in range(1, 2 * ON_A_PAGE + 4, 2)]
    assert listed == [own[:ON_A_PAGE], own[ON_A_PAGE:]]
    assert (EVENING - timedelta(days=2 * ON_A_PAGE - 1)).strftime("before=%Y-%m-%d") in older  # of one that is shown


async def test_where_all_is_by_strava_others_are_not_told_that_there_is_nothing(visit: Visit) -> None:
    await visit.keep(a_run("by-api", sources=(Source.STRAVA_API,)))
    page = await visit.get("/runs?runner=Els")
    assert ("No runs yet" in page.words, "own page" in page.words) == (False, True)


# -- one run -----------------------------------------------------------------------------------------


def everything() -> tuple[Run, tuple[HeartRateSample, ...]]:
    """Return a long and even run with a clean stop, of which there is every figure."""
    samples = tuple(
        sample(float(second), 116 + second // 150 - (second > 3000) * (second - 3000) // 4) for second in range(3101)
    )
    speeds = [SpeedSample(one.at, 2.5 if one.at <= 3000 else 0.5) for one in samples]
    judged = judge(Evidence(samples, 3101.0, speeds), EASY)
    said = Feeling(before=2, after=4, effort=3, note="Mild")
    return replace(judged_run(RUN, samples), judgement=judged, distance_m=7512.5, feeling=said, plan=STEP), samples


async def test_every_figure_is_the_one_that_show_prints(visit: Visit) -> None:
    run, samples = everything()
    await visit.keep(run, samples)
    page = await visit.get(f"/runs/{RUN}")
    report = run_report(run, UTC)
    wanted = {path: value for path, value in leaves(report) if not path.startswith("feeling.")}
    assert {path for path, value in wanted.items() if value} - page.figures.keys() == set()
    assert {path: value for path, value in page.figures.items() if path in wanted} == {
        path: value for path, value in wanted.items() if path in page.figures
    }
    assert (page.figures["verdict"], page.figures["plan.id"]) == ("calm", "rustig-12")
    assert {"drift_pct", "recovery_60s_bpm", "calm_pct", "rr.rmssd_ms"} <= page.figures.keys()


async def test_figures_are_told_in_words_and_sources_too(visit: Visit) -> None:
    run, samples = everything()
    await visit.keep(run, samples)
    words = (await visit.get(f"/runs/{RUN}")).words
    assert "Saturday 21 November" in words
    assert "7.5 km" in words
    assert "Twelve calm weeks , step 2 : Week 2, walk & run" in words
    assert "Told by your strap" in words
    assert "Your calm zone of that day: 118 to 136 beats." in words


async def test_a_chart_tells_the_run_in_a_sentence(visit: Visit) -> None:
    await visit.keep(a_run())
    page = await visit.get(f"/runs/{RUN}")
    (alt,) = re.findall(r'<img [^>]*alt="([^"]*)"', page.text)
    assert alt.startswith("Heart rate over 15 minutes: from 110 to 125, 117 on average. The calm zone is 118 to 136.")


async def test_what_is_not_known_is_not_told(visit: Visit) -> None:
    bare = a_run(target=None, judgement=judge(Evidence((), 901.0), None), sources=(Source.FILE,))
    await visit.keep(bare, ())
    page = await visit.get(f"/runs/{RUN}")
    assert "There was no heart rate to go by" in page.words
    assert set(page.figures) == {"verdict", "duration_s"}
    assert "<img" not in page.text
    assert "None" not in page.words


async def test_a_medicine_that_changes_the_heart_leaves_no_word_on_recovery() -> None:
    async with house_of(MemoryStore(), [replace(ELS, medication=True)]) as visit:
        run, samples = everything()
        await visit.keep(run, samples)
        page = await visit.get(f"/runs/{RUN}")
        assert "came down in the first minute" not in page.words


async def test_its_picture_shows_the_heart_and_can_do_nothing(visit: Visit) -> None:
    await visit.keep(a_run())
    narrow, wide = await visit.get(f"/runs/{RUN}.svg"), await visit.get(f"/runs/{RUN}.svg?wide")
    for answer, width in ((narrow, "400"), (wide, "760")):
        picture = fromstring(answer.text)  # noqa: S314 our own
        assert picture.get("width") == width
        assert picture.find(".//{http://www.w3.org/2000/svg}polyline") is not None
    assert narrow.headers["Content-Type"].startswith("image/svg+xml")
    assert narrow.headers["Content-Security-Policy"] == svg("").headers["Content-Security-Policy"]


async def test_a_value_that_was_not_believed_is_not_drawn(visit: Visit) -> None:
    spiked = tuple(replace(one, bpm=Bpm(215)) if 400 <= one.at <= 402 else one for one in CALM)
    await visit.keep(a_run(judgement=judge(Evidence(spiked, 901.0), EASY)), spiked)
    assert "200" not in re.findall(r">(\d+)</text>", (await visit.get(f"/runs/{RUN}.svg")).text)


async def test_what_a_recording_means_is_drawn_where_a_strap_heard_a_part_of_it_too(visit: Visit) -> None:
    watch = tuple(replace(sample(float(second), 120), rr_words=()) for second in range(601))  # one number all the way
    judged = judge(Evidence(watch, 601.0, recorded=True), EASY)
    await visit.keep(judged_run("strap", CALM[:200]), CALM[:200])
    await visit.keep(a_run("watch", sources=(Source.FILE,), judgement=judged, duration_s=601.0), watch)
    run = await visit.store.run("watch")
    assert run is not None
    assert run.sources == (Source.STRAP, Source.FILE)
    (line,) = re.findall(r'points="([^"]*)"', (await visit.get("/runs/watch.svg")).text)
    assert len(line.split()) > 500


@pytest.mark.parametrize(
    ("parts", "is_laid"),
    [
        pytest.param({"plan": STEP}, True, id="a step from the start on"),
        pytest.param({"plan": STEP, "duration_s": 400.0}, False, id="cut short"),
        pytest.param({"plan": STEP, "duration_s": 1500.0}, False, id="much longer"),
        pytest.param({"plan": STEP, "sources": (Source.FILE,)}, False, id="recorded elsewhere"),
        pytest.param({"plan": PlanRef("rustig-12", 9)}, False, id="a step that the plan has no more"),
        pytest.param({"plan": PlanRef("gone", 1)}, False, id="a plan that is gone"),
        pytest.param({}, False, id="no plan"),
    ],
)
async def test_the_plans_step_is_laid_along_a_run_that_went_so(
    visit: Visit, parts: "dict[str, Any]", *, is_laid: bool
) -> None:
    await visit.keep(a_run(**parts))
    assert ("the plan" in (await visit.get(f"/runs/{RUN}.svg")).text) is is_laid
    assert (await visit.get(f"/runs/{RUN}")).status == 200


@pytest.mark.parametrize(
    "wanted",
    ["nobody", "..%2f..%2fetc%2fpasswd", "%00", "%ff%fe", "%ed%a0%80", "a" * 3000, "%F0%9F%8C%BF", "' OR 1=1 --"],
    ids=["unknown", "a path", "nothing", "no text", "half a letter", "too long", "a leaf", "sql"],
)
async def test_what_is_no_run_is_not_here(tmp_path: Path, wanted: str) -> None:
    async with open_database(tmp_path / "runs.sqlite") as database, house_of(SqliteStore(database), [ELS]) as visit:
        for path in (f"/runs/{wanted}", f"/runs/{wanted}.svg"):
            assert (await visit.get(path)).status in {400, 404}


async def test_somebody_elses_run_is_as_unknown_as_none(visit: Visit) -> None:
    await visit.keep(a_run("of-jan", runner="Jan"))
    await visit.keep(a_run("of-a-stranger", runner="Piet"))
    unknown = await visit.get("/runs/nobody", "Els")
    for path in ("/runs/of-jan", "/runs/of-jan.svg", "/runs/of-a-stranger"):
        answer = await visit.get(path, "Els")
        assert (answer.status, answer.text) == (404, unknown.text)
    assert (await visit.get("/runs/of-jan", "Jan")).status == 200


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_no_name_and_no_note_gets_out_of_its_place(attack: str) -> None:
    async with house_of(MemoryStore(), [replace(ELS, name=attack), JAN]) as visit:
        run = a_run(runner=attack, name=attack, plan=PlanRef(attack, 1), sources=(Source.FILE,))
        await visit.keep(run)
        await visit.keep(
            replace(run, id="by-api", sources=(Source.STRAVA_API,), started_at=EVENING - timedelta(days=1))
        )
        await visit.store.commit([FeelingSaid(attack, RUN, Feeling(note=attack[:500]), EVENING)])
        for path in ("/runs", f"/runs?runner={quote(attack)}", f"/runs/{RUN}"):
            page = await visit.get(path)
            assert page.status == 200
            seen = Tags()
            seen.feed(page.text)
            assert seen.opened == []
            assert not {"script", "style"} & seen.tags
            assert not [name for name in seen.attributes if name.startswith("on") or name == "style"]
            assert not re.search(r"<img [^>]*src=x", page.text)
        assert (await visit.get(f"/runs/{RUN}.svg")).status == 200


class Tags(HTMLParser):
    """Reads a page as a browser does: which tags, which attributes, and whether all are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in {"meta", "input", "link", "img", "source"}:
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


# -- how it felt -------------------------------------------------------------------------------------


async def feeling(visit: Visit) -> Feeling | None:
    run = await visit.store.run(RUN)
    return run.feeling if run else None


async def test_a_tap_is_kept_and_thanked_for_where_the_buttons_are(visit: Visit) -> None:
    await visit.keep(a_run())
    answer = await visit.tap(RUN, ("after", "4"), ("note", ""))
    assert (answer.status, answer.headers["Location"]) == (303, f"/runs/{RUN}?kept#feeling")
    assert await feeling(visit) == Feeling(after=4)
    page = await visit.get(f"/runs/{RUN}?kept")
    assert "Thank you, it is kept." in page.words
    assert '<button name="after" value="4" aria-pressed="true">' in page.text


async def test_what_was_said_is_shown_and_may_be_said_anew(visit: Visit) -> None:
    await visit.keep(a_run())
    await visit.tap(RUN, ("effort", "3"), ("note", "Mild & still"))
    assert ">Mild &amp; still</textarea>" in (await visit.get(f"/runs/{RUN}")).text
    await visit.tap(RUN, ("effort", "4"), ("note", "Mild & still"))
    assert await feeling(visit) == Feeling(effort=4, note="Mild & still")


async def test_an_empty_form_says_nothing(visit: Visit) -> None:
    await visit.keep(a_run())
    answer = await visit.tap(RUN, ("note", " "))
    assert (answer.status, answer.headers["Location"]) == (303, f"/runs/{RUN}#feeling")
    assert await feeling(visit) is None


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([("after", "6")], 400),
        ([("effort", "0")], 400),
        ([("after", "4"), ("note", "x" * 501)], 400),
        ([("note", "a\x07b")], 400),
        ([("note", "x" * 9000)], 413),
    ],
    ids=["six", "nothing", "a long note", "a bell", "a flood"],
)
async def test_what_no_button_says_is_not_kept(visit: Visit, fields: list[tuple[str, str]], status: int) -> None:
    await visit.keep(a_run())
    assert (await visit.tap(RUN, *fields)).status == status
    assert await feeling(visit) is None


async def test_without_the_forms_own_token_nothing_is_kept(visit: Visit) -> None:
    await visit.keep(a_run())
    assert (await visit.ask("POST", f"/runs/{RUN}/feel", None, [("after", "4")])).status == 403
    assert await feeling(visit) is None


async def test_nobody_says_how_somebody_elses_run_felt(visit: Visit) -> None:
    await visit.keep(a_run())
    await visit.keep(a_run("of-jan", runner="Jan"))
    page = await visit.get("/runs/of-jan", "Jan")
    (token,) = re.findall(r'name="token" value="([^"]*)"', page.text)
    answer = await visit.ask("POST", f"/runs/{RUN}/feel", "Jan", [("token", token), ("after", "1")])
    assert answer.status == 404
    assert await feeling(visit) is None


async def test_a_database_that_does_not_answer_is_said() -> None:
    store = MemoryStore()
    async with house_of(store, [ELS]) as visit:
        store.trouble = "disk I/O error"
        for path in ("/runs", f"/runs/{RUN}", f"/runs/{RUN}.svg"):
            page = await visit.get(path)
            assert (page.status, "disk" in page.text) == (503, False)
