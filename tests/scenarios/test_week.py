"""The week, gathered from what is kept and written to whoever wants it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.sqlite import open_database
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from daemon.domain.feeling import Feeling, Lift
from daemon.domain.habit import Agreement
from daemon.domain.progress import Move, Proposal, Why
from daemon.domain.run import Run, Source
from daemon.domain.week import IsoWeek, Place, Together
from daemon.household import Channel, QuietHours, Runner
from daemon.ports import PictureError
from daemon.remote import RefusedError
from daemon.report import run_report
from daemon.store import (
    Brought,
    Fact,
    FeelingSaid,
    Kind,
    LetterWritten,
    OccasionPassed,
    Paused,
    Resumed,
    RunKept,
    Store,
)
from daemon.weekly.gathering import Weeks
from daemon.weekly.report import week_report
from daemon.weekly.writing import Suggested, WeekWriter
from tests.fakes import ELS, MAIL, PHONE, FakeClock, judged_run, sample
from tests.memory_store import MemoryStore

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
W47 = IsoWeek(2026, 47)
MONDAY = datetime(2026, 11, 16, 18, 30, tzinfo=AMSTERDAM)
SUNDAY_EVENING = datetime(2026, 11, 22, 19, 0, tzinfo=AMSTERDAM)
KEEP = timedelta(days=7)
ANNA = replace(ELS, timezone=AMSTERDAM)
PLACE = Place("rustig-12", "Rustig", 24, "Step 5", Proposal(Move.SAME, 5, Why.MORE))


@pytest.fixture(params=["sqlite", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    async with open_database(tmp_path / "duurloop.db") as database:
        yield SqliteStore(database)


def run_at(days: float, minutes: int = 10, runner: str = "Els", bpm: int = 128) -> Run:
    """Make a run so many days after Monday of week 47."""
    samples = [sample(float(second), bpm) for second in range(0, 60 * minutes, 5)]
    run = judged_run(f"{runner}{days}", samples, MONDAY + timedelta(days=days))
    return replace(run, runner=runner, duration_s=60.0 * minutes)


def kept(*runs: Run) -> list[Fact]:
    return [RunKept(run.id, run, ()) for run in runs]


def weeks_of(
    store: Store, runner: Runner = ANNA, *, linked: bool = False, keep: timedelta = KEEP, group: tuple[str, ...] = ()
) -> Weeks:
    async def place(_now: datetime) -> Place | None:
        return PLACE

    async def is_linked(_runner: str) -> bool:
        return linked

    return Weeks(runner, store, place, is_linked, keep, group)


# -- gathering -------------------------------------------------------------------------------------------


async def test_nothing_kept_is_an_empty_week(store: Store) -> None:
    week = await weeks_of(store).week(W47, SUNDAY_EVENING)
    assert (week.totals.runs, week.agreed, week.paused, week.mood, week.is_whole) == (0, 0, False, None, True)


async def test_a_week_holds_the_runner_s_own_runs_and_what_was_agreed(store: Store) -> None:
    await store.commit(kept(run_at(0), run_at(6.2), run_at(7), run_at(-7), run_at(1, runner="Jan")))
    runner = replace(ANNA, agreement=Agreement(frozenset({1, 3, 6})))
    week = await weeks_of(store, runner).week(W47, SUNDAY_EVENING)
    assert (week.totals.runs, week.agreed, week.runs_in_four_weeks) == (2, 3, 3)


async def test_what_comes_next_is_told_by_a_young_week_and_not_by_an_old_one(store: Store) -> None:
    weeks, end = weeks_of(store), W47.ends(AMSTERDAM)
    assert (await weeks.week(W47, end + timedelta(days=6))).place == PLACE
    assert (await weeks.week(W47, end + timedelta(days=7))).place is None


async def test_a_plan_that_is_gone_is_no_reason_to_say_nothing(store: Store) -> None:
    async def gone(_now: datetime) -> Place | None:
        raise RefusedError("no such plan")

    week = await replace(weeks_of(store), place=gone).week(W47, SUNDAY_EVENING)
    assert week.place is None


async def test_programs_learn_where_the_plan_is(store: Store) -> None:
    report = week_report(await weeks_of(store).week(W47, SUNDAY_EVENING), "Els")
    assert report["plan"] == {
        "id": "rustig-12",
        "name": "Rustig",
        "step": 5,
        "steps": 24,
        "move": "same",
        "why": "more",
    }


@pytest.mark.parametrize(
    ("agreed", "over_at"),
    [
        (None, SUNDAY_EVENING),
        (Agreement(week_day=6, week_at=time(9)), datetime(2026, 11, 22, 9, tzinfo=AMSTERDAM)),
        (Agreement(week_day=4, week_at=time(18)), datetime(2026, 11, 20, 18, tzinfo=AMSTERDAM)),
        (Agreement(week_day=0, week_at=time(7)), datetime(2026, 11, 23, 0, tzinfo=AMSTERDAM)),
    ],
    ids=["as usual", "Sunday morning", "Friday", "Monday"],
)
async def test_a_week_is_over_at_the_hour_that_was_agreed_for_it(
    store: Store, agreed: Agreement | None, over_at: datetime
) -> None:
    weeks = weeks_of(store, replace(ANNA, agreement=agreed))
    assert (await weeks.week(W47, over_at)).is_over
    assert not (await weeks.week(W47, over_at - timedelta(seconds=1))).is_over


@pytest.mark.parametrize(
    ("since", "until", "back", "paused"),
    [
        (date(2026, 11, 18), date(2026, 11, 30), None, True),
        (date(2026, 11, 1), date(2026, 11, 16), None, True),
        (date(2026, 11, 22), date(2026, 11, 30), None, True),
        (date(2026, 11, 1), date(2026, 11, 15), None, False),
        (date(2026, 11, 23), date(2026, 11, 30), None, False),
        (date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 16), False),
        (date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 17), True),
        (date(2026, 11, 18), date(2026, 11, 30), date(2026, 11, 18), False),
        (date(2026, 11, 1), date(2026, 11, 5), date(2026, 11, 20), False),
    ],
)
async def test_a_pause_on_some_of_its_days_makes_it_a_paused_week(
    store: Store, since: date, until: date, back: date | None, *, paused: bool
) -> None:
    def noon(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 12, tzinfo=AMSTERDAM)

    facts: list[Fact] = [Paused("Els", noon(since), until)]
    await store.commit([*facts, Resumed("Els", noon(back))] if back else facts)
    assert (await weeks_of(store).week(W47, SUNDAY_EVENING)).paused is paused


async def test_runs_after_which_it_felt_better_are_counted_over_four_weeks_also_when_they_are_gone(
    store: Store,
) -> None:
    await store.commit(kept(run_at(0), run_at(-20)))
    said = [("Els0", 0), ("Els-20", -20), ("gone", -8), ("old", -30), ("later", 8)]
    await store.commit(
        [FeelingSaid("Els", run, Feeling(before=2, after=4), MONDAY + timedelta(days=days)) for run, days in said]
    )
    mood = (await weeks_of(store).week(W47, SUNDAY_EVENING)).mood
    assert mood is not None
    assert (mood.before, mood.after, mood.lift) == (2, 4, Lift(3, 3))


async def test_a_runner_by_strava_is_told_of_this_week_and_not_of_what_has_left(store: Store) -> None:
    for run in (run_at(0), run_at(-7), run_at(-14)):
        await store.bring(Brought(replace(run, sources=(Source.STRAVA_API,)), (), run.id), lambda _: [])
    week = await weeks_of(store, linked=True).week(W47, SUNDAY_EVENING)
    assert (week.totals.runs, week.last, week.usual, week.runs_in_four_weeks) == (1, None, None, None)
    gone = await weeks_of(store, linked=True).week(W47.before(), SUNDAY_EVENING)
    assert not gone.is_whole


async def test_a_group_is_told_to_those_in_it(store: Store) -> None:
    await store.commit(kept(run_at(0, 30), run_at(2, 30), run_at(3, 45, runner="Jan"), run_at(4, 60, runner="Kim")))
    assert await weeks_of(store, group=("Els", "Jan")).together(W47) == Together(3, 105)
    assert await weeks_of(store, group=("Jan", "Kim")).together(W47) is None
    assert await weeks_of(store).together(W47) is None


async def test_others_are_told_the_step_and_not_why_where_that_may_follow_from_a_run_by_strava(store: Store) -> None:
    await store.commit(kept(run_at(1)))
    weeks = replace(weeks_of(store), own_only=True)
    assert (await weeks.week(W47, SUNDAY_EVENING)).place == PLACE
    await store.bring(Brought(replace(run_at(0), sources=(Source.STRAVA_API,)), (), "strava:1"), lambda _: [])
    place = (await weeks.week(W47, SUNDAY_EVENING)).place
    assert place == replace(PLACE, proposal=Proposal(Move.SAME, 5, Why.ALONG))


# -- five years ------------------------------------------------------------------------------------------


def five_years() -> list[Run]:
    """Make 780 runs at odd moments and of odd lengths, also around midnight and New Year."""
    models = [run_at(0, 3, bpm=bpm) for bpm in (110, 118, 128, 140, 150)]
    return [
        replace(
            models[number % len(models)],
            id=f"r{number}",
            started_at=MONDAY - timedelta(days=number * 365 * 5 / 780, hours=(number * 7) % 24, minutes=number % 60),
            duration_s=180 + number * 1.37,
            distance_m=number * 13.37 if number % 3 else None,
            target=models[0].target if number % 11 else None,
        )
        for number in range(780)
    ]


async def test_every_week_of_five_years_is_the_sum_of_its_runs(tmp_path: Path) -> None:
    runs = five_years()
    async with open_database(tmp_path / "duurloop.db") as database:
        store = SqliteStore(database)
        await store.commit(kept(*runs))
        published = [run_report(run, AMSTERDAM) for run in await store.runs("Els")]
        weeks, key = weeks_of(store), W47
        seen = 0
        while key >= W47.before(5 * 53):
            week = week_report(await weeks.week(key, SUNDAY_EVENING), "Els")
            mine = [one for one in published if week["from"] <= one["started_at"][:10] <= week["to"]]
            assert week["runs"] == len(mine) == sum(week["verdicts"].values())
            assert week["duration_s"] == round(sum(one["duration_s"] for one in mine), 1)
            assert week["distance_m"] == round(sum(one["distance_m"] or 0 for one in mine), 1)
            for part, seconds in week["zone"].items():
                assert seconds == round(sum(one["zone"][part] for one in mine if one["zone"]), 1)
            seen += len(mine)
            key = key.before()
    assert len(published) == len(runs) == seen


# -- letters ---------------------------------------------------------------------------------------------


class Painter:
    """Makes a picture of nothing, and counts."""

    def __init__(self) -> None:
        self.drawn: list[str] = []

    def __call__(self, svg: str) -> bytes:
        self.drawn.append(svg)
        return b"\x89PNG"


def writer(store: Store, painter: Painter, *channels: Channel, runner: Runner = ANNA) -> WeekWriter:
    return WeekWriter(weeks_of(store, replace(runner, channels=channels)), FakeClock(SUNDAY_EVENING), painter)


async def letters(writing: WeekWriter, *, again: bool = False) -> Sequence[LetterWritten]:
    return [fact for fact in await writing.letters(W47, again=again) if isinstance(fact, LetterWritten)]


async def test_every_channel_that_takes_the_week_gets_it_with_a_picture_for_a_mailbox() -> None:
    deaf = Channel("els/watch", "watch", frozenset({Kind.LIVE}), figures=True)
    painter = Painter()
    old = replace(MAIL, id="els/old", figures=False)
    written = await letters(writer(MemoryStore(), painter, PHONE, MAIL, deaf, old))
    assert {one.letter.channel for one in written} == {"els/phone", "els/mail", "els/old"}
    assert {one.letter.key for one in written} == {"Els:week:2026-W47"}
    pictures = {one.letter.channel: mail.picture for one in written if (mail := one.letter.text.mail)}
    assert pictures == {"els/mail": b"\x89PNG", "els/old": b"\x89PNG"}
    assert all(one.letter.expires_at == SUNDAY_EVENING + timedelta(hours=36) for one in written)
    assert len(painter.drawn) == 2  # with figures and without


async def test_without_such_a_channel_nothing_is_written_or_drawn() -> None:
    painter = Painter()
    assert await letters(writer(MemoryStore(), painter, replace(PHONE, kinds=frozenset({Kind.AFTER})))) == []
    assert painter.drawn == []


async def test_the_same_week_is_kept_once_unless_it_is_sent_again(tmp_path: Path) -> None:
    async with open_database(tmp_path / "duurloop.db") as database:
        store, post = SqliteStore(database), SqlitePost(database)
        writing = writer(store, Painter(), PHONE)
        for again, waiting in ((False, 1), (False, 1), (True, 2)):
            await store.commit(await writing.letters(W47, again=again))
            assert await post.waiting() == waiting


async def test_a_week_waits_for_the_end_of_quiet_hours() -> None:
    sleeper = replace(ANNA, quiet=QuietHours(SUNDAY_EVENING.time(), SUNDAY_EVENING.replace(hour=7).time()))
    (one,) = await letters(writer(MemoryStore(), Painter(), PHONE, runner=sleeper))
    assert one.letter.not_before == datetime(2026, 11, 23, 7, tzinfo=AMSTERDAM)


async def test_what_may_be_gone_is_not_held_against_the_runner() -> None:
    runner = replace(ANNA, agreement=Agreement(frozenset({1, 3, 6})), channels=(MAIL,))
    store, late = MemoryStore(), SUNDAY_EVENING + timedelta(hours=30)
    writing = WeekWriter(weeks_of(store, runner, linked=True), FakeClock(late), Painter())
    assert "Nothing is kept of this week any more." in (await letters(writing))[0].letter.text.body
    await store.commit(kept(run_at(2, 30)))
    text = (await letters(writing))[0].letter.text
    assert text.body.startswith("1 run, 30 minutes.\n")
    assert text.mail is not None
    assert "agreed" not in text.mail.html


async def test_of_a_run_that_the_strap_heard_at_the_doorstep_others_learn_the_doorstep_only(store: Store) -> None:
    await store.commit(kept(run_at(0, 5), run_at(3, 45, runner="Jan")))
    hour = replace(run_at(0, 60), id="api", sources=(Source.STRAVA_API,))
    await store.bring(Brought(hour, (), "strava:1"), lambda _: [])
    assert await weeks_of(store, group=("Els", "Jan")).together(W47) == Together(2, 50)


async def test_without_a_picture_the_words_go_all_the_same() -> None:
    def broken(_svg: str) -> bytes:
        raise PictureError("no font")

    weeks = weeks_of(MemoryStore(), replace(ANNA, channels=(MAIL,)))
    (letter,) = await letters(WeekWriter(weeks, FakeClock(SUNDAY_EVENING), broken))
    assert letter.letter.text.mail is None
    assert letter.letter.text.body


async def test_what_was_said_of_how_it_felt_goes_only_where_figures_are_wanted() -> None:
    async def suggest(_now: datetime) -> Suggested | None:
        return Suggested(lambda figures: "It felt easy." if figures else "A talk test is worth it.")

    weeks = weeks_of(MemoryStore(), replace(ANNA, channels=(PHONE, MAIL)))
    written = await letters(WeekWriter(weeks, FakeClock(SUNDAY_EVENING), Painter(), suggest))
    said = {one.letter.channel: "It felt easy." in one.letter.text.body for one in written}
    assert said == {"els/phone": False, "els/mail": True}


async def test_what_else_is_worth_a_sentence_is_said_and_remembered_with_it() -> None:
    async def suggest(_now: datetime) -> Suggested | None:
        return Suggested(lambda figures: "It felt easy." if figures else "A talk test is worth it.", (passed,))

    passed = OccasionPassed("Els", "zone", "2026-11-22", SUNDAY_EVENING)
    writing = WeekWriter(weeks_of(MemoryStore()), FakeClock(SUNDAY_EVENING), Painter(), suggest)
    letter, fact = await writing.letters(W47)
    assert isinstance(letter, LetterWritten)
    assert "A talk test is worth it." in letter.letter.text.body
    assert fact == passed
