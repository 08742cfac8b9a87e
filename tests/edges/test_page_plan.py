"""The page of the plan, over real HTTP: what it shows, and what its buttons do."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from config.language import catalogue
from daemon.domain.effort import Verdict
from daemon.domain.habit import Agreement, Appointment, Planned
from daemon.domain.heart_rate import Bpm
from daemon.domain.plan import Block, Course, PlanRef, Step, StepKind
from daemon.domain.progress import Move, Outing, Proposal, Why
from daemon.domain.run import Source
from daemon.domain.wording import ENGLISH, Language, proposal_text
from daemon.domain.zones import TargetZone, ZoneOrigin
from daemon.household import Plan, Runner
from daemon.page.plan import plan_routes
from daemon.page.plan_view import PlanSeen, Said, Went, plan_body, size_text
from daemon.planning import Standing
from daemon.remote import RefusedError
from daemon.store import Pause, Paused, StepChosen, StepRun, ZoneSet
from tests.fakes import ELS, EVENING, runner
from tests.memory_store import MemoryStore
from tests.small_house import HOSTILE, Answered, SmallHouse, a_run, is_harmless

web = pytest.mark.allow_hosts(["127.0.0.1"])

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext, "nl")
TODAY = EVENING.date()
JAN = runner("Jan")


def plan(identity: str, name: str, *steps: str, runs: int = 3) -> Plan:
    """Return a plan of such steps, each of half an hour in which a minute is run eight times."""
    parts = (
        Step(StepKind.WARM_UP, 300.0),
        Block(8, (Step(StepKind.RUN, 60.0), Step(StepKind.WALK, 90.0))),
        Step(StepKind.COOL_DOWN, 300.0),
    )
    courses = (Course.of(parts, PlanRef(identity, number), runs, one) for number, one in enumerate(steps, 1))
    return Plan(identity, name, tuple(courses))


CALM = plan("rustig-12", "Twelve calm weeks", "Single minutes", "Two minutes", "Four minutes")
WALK = plan("walk-4", "Four weeks of walking", "Ten minutes", "Twenty minutes")
HALF = plan("continuous", "Calm half hours", "Half an hour")
PLANS = {one.id: one for one in (CALM, WALK, HALF)}
ON_PLAN = replace(ELS, plan=CALM, agreement=Agreement(frozenset({1, 3, 6})))


def house_of(*runners: Runner) -> SmallHouse:
    return SmallHouse(lambda house: plan_routes(house, tuple(PLANS)), runners, PLANS)


@pytest.fixture
async def house() -> AsyncIterator[SmallHouse]:
    """Els's, who is at the second of three steps, on a Saturday evening."""
    async with house_of(ON_PLAN).open() as house:
        for day in (12, 15, 17):
            await house.keep(a_run(f"2026-11-{day} 18:30", plan=PlanRef("rustig-12", 1)))
        yield house


async def pauses(house: SmallHouse) -> list[Pause]:
    return await house.store.pauses("Els")


def buttons(page: Answered) -> list[tuple[str, str]]:
    """Return which steps may be chosen, and whether it is the one that is proposed."""
    return re.findall(r'<button name="move" value="(\w+)" aria-pressed="(\w+)"', page.text)


# -- where the runner is -----------------------------------------------------------------------------


@web
async def test_it_shows_the_step_why_and_the_whole_way(house: SmallHouse) -> None:
    page = await house.look("/plan")
    assert page.status == 200
    assert "Twelve calm weeks Step 2 of 3 Two minutes" in page.words
    assert "8 times:" in page.words
    assert re.findall(r'<li class="(\w+)"(?: aria-current="step")?><span>([^<]+)</span>', page.text) == [
        ("behind", "Single minutes"),
        ("now", "Two minutes"),
        ("ahead", "Four minutes"),
    ]
    assert "Single minutes behind you Two minutes now Four minutes still to come" in page.words
    assert "Tuesday 17 November Single minutes calm" in page.words
    assert 'href="/runs/run-20261117"' in page.text


@web
async def test_it_tells_what_is_agreed_and_the_zone(house: SmallHouse) -> None:
    page = await house.look("/plan")
    assert "Tue, Thu, Sun at 18:30" in page.words
    assert "I speak up next on Sunday 22 November at 18:30" in page.words
    assert "Your calm zone: 118-136 beats per minute (your own numbers)" in page.words
    zone = TargetZone(Bpm(110), Bpm(130), ZoneOrigin.TALK_TEST, "Els", TODAY)
    await house.store.commit([ZoneSet("Els", zone, "118-136", EVENING)])
    assert "110-130 beats per minute (by the talk test)" in (await house.look("/plan")).words


# -- what the buttons do -----------------------------------------------------------------------------


@web
@pytest.mark.parametrize(("move", "step"), [("easier", None), ("same", 1), ("next", 2)])
async def test_the_runner_overrules_the_plan(house: SmallHouse, move: str, step: int | None) -> None:
    assert buttons(await house.look("/plan")) == [("same", "false"), ("next", "true")]
    page = await house.send("/plan", "/plan", move=move)
    chosen = await house.store.chosen_step("Els")
    if step is None:
        assert (page.status, chosen) == (409, None)
        assert "The plan has no such step." in page.words
    else:
        assert page.status == 200
        assert chosen
        assert chosen.step == PlanRef("rustig-12", step)
        assert f"It is kept: {CALM.courses[step - 1].name}." in page.words
        assert house.woken == 1


@web
async def test_looking_changes_nothing(house: SmallHouse) -> None:
    assert isinstance(house.store, MemoryStore)
    before = len(house.store.commits)
    await house.look("/plan", said="step")
    await house.look("/plan", said="anything")
    assert len(house.store.commits) == before


@web
async def test_a_choice_that_does_not_hold_is_not_thanked_for(house: SmallHouse) -> None:
    assert "It is kept" not in (await house.look("/plan", said="step")).words


@web
async def test_another_plan_is_begun_and_the_way_back_is_open(house: SmallHouse) -> None:
    page = await house.send("/plan", "/plan/use", plan="walk-4")
    assert "From now on it is this plan: Four weeks of walking." in page.words
    assert "Step 1 of 2" in page.words
    assert "Twelve calm weeks" in page.words
    back = await house.send("/plan", "/plan/use", plan="rustig-12")
    assert "Step 2 of 3 Two minutes" in back.words


@web
@pytest.mark.parametrize("name", ["../../etc/passwd", "own.toml", "", "unheard-of"])
async def test_no_other_file_is_a_plan(house: SmallHouse, name: str) -> None:
    page = await house.send("/plan", "/plan/use", plan=name)
    assert page.status == 404
    assert await house.store.chosen_step("Els") is None


@web
async def test_without_a_plan_that_is_fine_and_one_may_be_chosen() -> None:
    async with house_of(ELS).open() as house:
        page = await house.look("/plan")
        assert "No plan, and that is fine" in page.words
        assert "Twelve calm weeks About 3 weeks with 3 runs in each. 30 minutes each time at most." in page.words
        assert "Calm half hours Always the same, for as long as it pleases you." in page.words
        assert "No days are agreed" in page.words
        assert "Step 1 of 3" in (await house.send("/plan", "/plan/use", plan="rustig-12")).words


@web
async def test_a_plan_whose_file_is_gone_is_told_and_another_may_be_chosen(house: SmallHouse) -> None:
    await house.store.commit([StepChosen("Els", PlanRef("gone", 1), EVENING, "rustig-12")])
    page = await house.look("/plan")
    assert page.status == 200
    assert "Your plan cannot be read just now: no plan gone" in page.words
    assert "Step 2 of 3" in (await house.send("/plan", "/plan/use", plan="rustig-12")).words


@web
async def test_a_plan_of_one_step_has_no_way_and_nothing_to_overrule() -> None:
    async with house_of(replace(ELS, plan=HALF)).open() as house:
        page = await house.look("/plan")
        assert "Half an hour" in page.words
        assert ("The whole way" in page.words, buttons(page)) == (False, [])


# -- resting -----------------------------------------------------------------------------------------


@web
async def test_the_runner_rests_and_is_back(house: SmallHouse) -> None:
    page = await house.send("/plan", "/plan/pause", until="2026-12-24", why="illness", words="")
    (pause,) = await pauses(house)
    assert (pause.until, pause.why, pause.ended_at) == (date(2026, 12, 24), "illness", None)
    assert page.words.index("Take all the time you need.") < page.words.index("Twelve calm weeks")
    assert "up to and including Thursday 24 December" in page.words
    back = await house.send("/plan", "/plan/resume")
    assert "Good to have you back." in back.words
    assert [one.ended_at for one in await pauses(house)] == [EVENING]
    assert house.woken == 2


@web
async def test_the_end_of_a_pause_moves_and_its_reason_stays(house: SmallHouse) -> None:
    await house.send("/plan", "/plan/pause", until="2026-11-24", why="holiday", words=" a wedding  in Ghent ")
    page = await house.send("/plan", "/plan/pause", until="2026-11-26", why="", words="")
    assert "You wrote: a wedding in Ghent" in page.words
    assert [(one.until.day, one.ended_at) for one in await pauses(house)] == [(24, EVENING), (26, None)]


@web
@pytest.mark.parametrize(
    ("until", "words", "status"),
    [
        ("", "", 400),
        ("tomorrow", "", 400),
        ("2026-11-20", "", 409),
        ("2028-01-01", "", 409),
        ("2026-12-24", "x" * 201, 409),
        ("2026-12-24", "a\x07b", 409),
    ],
    ids=["no day", "no date", "a day that has been", "in years", "a long reason", "a bell"],
)
async def test_a_pause_that_cannot_be_is_not_kept(house: SmallHouse, until: str, words: str, status: int) -> None:
    page = await house.send("/plan", "/plan/pause", until=until, why="", words=words)
    assert page.status == status
    assert await pauses(house) == []


@web
@pytest.mark.parametrize("action", ["/plan", "/plan/use", "/plan/pause"])
async def test_what_is_no_form_of_ours_is_not_understood(house: SmallHouse, action: str) -> None:
    assert isinstance(house.store, MemoryStore)
    before = len(house.store.commits)
    token = re.search(r'name="token" value="([^"]+)"', (await house.look("/plan")).text)
    assert token
    assert (await house.post_json(action, {"token": token[1], "move": "next", "plan": "walk-4"})).status == 400
    assert len(house.store.commits) == before


# -- who is looking ----------------------------------------------------------------------------------


@web
async def test_where_several_are_seen_each_keeps_what_is_nobody_elses_business() -> None:
    els = replace(ON_PLAN, medication=True)
    async with house_of(els, JAN).open() as house:
        await house.keep(a_run("2026-11-10 18:30", plan=PlanRef("rustig-12", 1)))
        strava = a_run("2026-11-17 18:30", 30, source=Source.STRAVA_API, verdict=Verdict.HARD)
        await house.keep(strava)
        await house.store.commit([Paused("Els", EVENING, date(2026, 11, 24), "a broken heart")])
        page = await house.look("/plan", runner="Els")
        assert "You are resting" in page.words
        assert not re.search("broken heart|medication|17 November|strong", page.words)
        assert "Tuesday 10 November" in page.words
        assert 'href="/runs/run-20261110?runner=Els"' in page.text


@web
@pytest.mark.parametrize("is_kept", [True, False], ids=["still kept", "gone after its days"])
async def test_of_a_run_by_strava_alone_others_see_the_step_that_comes_and_neither_its_day_nor_why(
    is_kept: bool,  # noqa: FBT001 - a case
) -> None:
    async with house_of(ON_PLAN, JAN).open() as house:
        for day in (10, 12):
            await house.keep(a_run(f"2026-11-{day} 18:30", plan=PlanRef("rustig-12", 1)))
        strava = a_run("2026-11-17 18:30", source=Source.STRAVA_API)
        if is_kept:
            await house.keep(strava)
        line = StepRun("Els", strava.id, strava.started_at, PlanRef("rustig-12", 1), 2)
        await house.store.commit([line])
        page = await house.look("/plan", runner="Els")
        assert "Step 2 of 3 Two minutes" in page.words
        assert "17 November" not in page.words
        assert "Thursday 12 November" in page.words
        assert all(words not in page.words for words in SAID_AFTER_A_RUN)


SAID_AFTER_A_RUN = [
    line
    for why in set(Why) - {Why.BEGIN, Why.CHOSEN}
    for turn in range(8)
    if (line := proposal_text(Proposal(Move.NEXT, 2, why), ENGLISH, turn))
]


@web
async def test_what_is_chosen_is_kept_for_the_runner_whose_page_it_is() -> None:
    async with house_of(ELS, replace(JAN, plan=CALM)).open() as house:
        page = await house.send("/plan?runner=Jan", "/plan", move="next")
        assert "It is kept: Two minutes." in page.words
        assert await house.store.chosen_step("Els") is None
        assert await house.store.chosen_step("Jan") is not None


# -- what it looks like ------------------------------------------------------------------------------


def seen(standing: Standing | None = None, **more: object) -> PlanSeen:
    return replace(PlanSeen(ELS, TODAY, standing), **more)  # type: ignore[arg-type]


def plain(action: str, inner: str) -> str:
    return f'<form action="{action}">{inner}</form>'


def test_names_notes_and_plans_are_words_and_nothing_else() -> None:
    hostile = plan("x", HOSTILE, HOSTILE, HOSTILE)
    outing = Outing(1, EVENING, Verdict.CALM)
    body = plan_body(
        seen(
            Standing(hostile, (outing,), Proposal(Move.SAME, 1, Why.CHOSEN)),
            runner=replace(ELS, name=HOSTILE),
            way=[Went(TODAY, HOSTILE, outing, a_run("2026-11-17 18:30", id=HOSTILE))],
            pause=Pause(EVENING, TODAY, HOSTILE, None),
            plans=[plan(HOSTILE, HOSTILE, HOSTILE)],
            said=Said.STEP,
        ),
        ENGLISH,
        plain,
    )
    assert is_harmless(body)
    assert is_harmless(plan_body(seen(trouble=RefusedError("{fault}", fault=HOSTILE)), ENGLISH, plain))


@pytest.mark.parametrize("language", [ENGLISH, DUTCH], ids=["en", "nl"])
@pytest.mark.parametrize(("days", "said"), [((), "3"), ((0, 3), "2"), ((0, 1, 2, 3), "4")], ids=["none", "two", "four"])
def test_a_plan_says_how_long_it_takes(days: Sequence[int], said: str, language: Language) -> None:
    assert said in size_text(CALM, Agreement(frozenset(days)), language)


def test_with_medication_talking_is_what_counts() -> None:
    body = plan_body(seen(runner=replace(ELS, medication=True)), ENGLISH, plain)
    assert "go by talking, as long as whole sentences come easily" in body


def test_no_figure_of_the_heart_is_told_but_the_zone() -> None:
    standing = Standing(CALM, (), Proposal(Move.SAME, 1, Why.BEGIN))
    appointment = Appointment(Planned.REMINDER, datetime(2026, 11, 22, 18, 30, tzinfo=UTC))
    assert "bpm" not in plan_body(seen(standing, appointment=appointment), ENGLISH, plain)


@web
async def test_a_store_that_does_not_answer_is_told_kindly(house: SmallHouse) -> None:
    assert isinstance(house.store, MemoryStore)
    await house.look("/plan")
    house.store.trouble = "disk gone"
    assert (await house.look("/plan")).status == 503
