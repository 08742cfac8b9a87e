"""The diary over days and weeks: what is written, what is remembered with it, and what a restart makes of that."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from daemon.diary import LONGEST_S, STORE_PAUSE_S, Diary, Sources, Step
from daemon.domain.calendar import moment_of
from daemon.domain.habit import Agreement, Appointment, Planned
from daemon.domain.plan import Course, PlanRef, StepKind
from daemon.domain.plan import Step as Stretch
from daemon.domain.progress import Move, Proposal, Why
from daemon.domain.run import Source
from daemon.domain.week import IsoWeek
from daemon.domain.wording import ENGLISH, proposal_text
from daemon.household import QuietHours, Runner
from daemon.signs import sign_of_life
from daemon.store import Brought, Fact, Kind, LetterWritten, OccasionPassed, Paused, Resumed, StepRun
from tests.fakes import PHONE, FakeClock, judged_run, letter, runner, running, sample
from tests.memory_store import MemoryStore

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAY = date(2026, 11, 2)
AGREED = Agreement(frozenset({1, 3, 6}))
ELS = replace(runner("Els"), timezone=AMSTERDAM, agreement=AGREED)
COURSE = Course.of([Stretch(StepKind.WALK, 300.0), Stretch(StepKind.RUN, 600.0)], PlanRef("rustig-12", 1))


def at(number: int, hour: int = 18, minute: int = 30) -> datetime:
    return moment_of(MONDAY + timedelta(days=number), time(hour, minute), AMSTERDAM)


class Home:
    """A store, a clock, and a diary over them that can be begun anew."""

    def __init__(self, who: Runner = ELS, now: datetime | None = None) -> None:
        self.clock = FakeClock(now or at(0, 12))
        self.store = MemoryStore()
        self.runner = who
        self.is_running = False
        self.proposal: Proposal | None = None
        self.letters_kept = 0
        self.diary = self.begin()

    def begin(self) -> Diary:
        sources = Sources(lambda: self.is_running, self._tonight, self._week_letters)
        self.diary = Diary(self.runner, self.store, self.clock, sources, self._note)
        return self.diary

    async def live_until(self, end: datetime) -> None:
        """Look whenever the diary said that it must, with a restart each time."""
        following = await self.begin().look()
        while following <= end:
            self.clock.set_wall(following)
            following = await self.begin().look()
        self.clock.set_wall(end)

    async def run(self, began: datetime, minutes: float = 30, sport: str = "run") -> None:
        run = replace(judged_run(f"r{began}", (), began), duration_s=minutes * 60, sport=sport, sources=(Source.FILE,))
        await self.store.bring(Brought(run, (sample(0.0),), run.id), lambda _: [])

    @property
    def keys(self) -> list[str]:
        """Return the letters' keys, without the runner's name."""
        return [one.key.partition(":")[2] for one in self.store.letters()]

    def _note(self) -> None:
        self.letters_kept += 1

    async def _tonight(self) -> Step:
        return "Week 1", COURSE, self.proposal

    async def _week_letters(self, week: IsoWeek) -> Sequence[Fact]:
        return [LetterWritten(letter(f"Els:week:{week}", kind=Kind.WEEK, at=self.clock.now()))]


async def test_the_reminder_is_kept_in_one_breath_with_the_memory_of_it() -> None:
    home = Home(now=at(1))
    await home.diary.look()
    (kept,) = home.store.commits
    (written,) = (fact.letter for fact in kept if isinstance(fact, LetterWritten))
    assert (written.key, written.channel, written.kind) == ("Els:reminder:2026-11-03", PHONE.id, Kind.REMINDER)
    assert (written.written_at, written.expires_at) == (at(1), at(1, 20))
    assert OccasionPassed("Els", "reminder", "2026-11-03", at(1)) in kept
    assert home.letters_kept == 1


async def test_while_the_clock_is_not_set_nothing_is_said_and_nothing_of_all_the_years_afterwards() -> None:
    home = Home(now=datetime(1970, 1, 6, 18, 30, tzinfo=AMSTERDAM))
    async with running(home.diary.run()):
        await home.clock.pass_time(7200)
        assert home.store.commits == []
        home.clock.set_wall(at(1, 18, 25))
        await home.clock.pass_time(600)
    assert home.keys == ["reminder:2026-11-03"]


async def test_it_says_what_is_on_tonight() -> None:
    home = Home(now=at(1))
    await home.diary.look()
    (text,) = (one.text for one in home.store.letters())
    assert text.title == "For tonight"
    assert "Week 1" in text.body


async def test_where_the_step_went_back_meanwhile_it_says_why() -> None:
    home = Home()
    home.proposal = Proposal(Move.EASIER, 1, Why.AWAY)
    await home.live_until(at(1, 19))
    await home.run(at(1, 20))
    await home.live_until(at(3, 19))
    first, second = (one.text.body.splitlines()[0] for one in home.store.letters())
    reason = [proposal_text(home.proposal, ENGLISH, home.runner.turn(at(day).date())) for day in (1, 3)]
    assert (first == reason[0], second) == (False, reason[1])


async def test_nothing_is_written_while_nothing_is_due() -> None:
    home = Home()
    assert await home.diary.look() == at(1)
    written = len(home.store.commits)
    home.clock.set_wall(at(1, 18, 29))
    assert await home.begin().look() == at(1)
    assert (home.keys, len(home.store.commits), home.letters_kept) == ([], written, 0)


async def test_a_restart_at_the_agreed_minute_says_nothing_twice() -> None:
    home = Home(now=at(1))
    for _ in range(3):
        await home.begin().look()
    assert home.keys == ["reminder:2026-11-03"]


async def test_weeks_of_a_runner_who_stops_end_in_silence_and_a_sign_ends_that() -> None:
    home = Home()
    await home.live_until(at(60))
    assert home.keys == [
        "reminder:2026-11-03",
        "reminder:2026-11-05",
        "reminder:2026-11-08",
        "week:2026-W45",
        "reminder:2026-11-10",
        "reminder:2026-11-12",
        "reminder:2026-11-15",
        "week:2026-W46",
        "smallest:2026-11-17",
    ]
    await home.store.commit([sign_of_life(ELS, home.clock.now())])
    await home.live_until(at(63))
    assert home.keys[9:] == ["reminder:2027-01-03", "week:2026-W53"]


@pytest.mark.parametrize(("minutes", "sport"), [(5, "run"), (45, "ride")])
async def test_what_is_no_run_that_counts_is_a_sign_of_life(minutes: float, sport: str) -> None:
    home = Home()
    await home.live_until(at(22, 20))
    await home.run(at(22), minutes, sport)
    assert home.keys[-1] == "smallest:2026-11-17"
    await home.live_until(at(24))
    assert home.keys[-1] == "reminder:2026-11-26"


async def test_a_day_with_a_run_has_no_reminder_wherever_it_was_recorded() -> None:
    home = Home()
    await home.live_until(at(1, 12))
    await home.run(at(1, 8))
    await home.live_until(at(1, 23))
    assert home.keys == []


async def test_the_plan_s_line_of_a_run_that_had_to_go_counts_as_the_run() -> None:
    home = Home(now=at(1))
    await home.store.commit([StepRun("Els", "gone", at(1, 8), PlanRef("rustig-12", 1), 1)])
    await home.diary.look()
    assert home.keys == []


async def test_a_run_that_was_forgotten_after_a_week_is_remembered_as_a_day() -> None:
    home = Home()
    await home.run(at(0, 8))
    await home.diary.look()
    later = Home(now=at(13))
    await later.store.commit(
        [fact for facts in home.store.commits for fact in facts if isinstance(fact, OccasionPassed)]
    )
    await later.store.commit([OccasionPassed("Els", "agreed", AGREED.remembered_since(MONDAY - timedelta(90)), at(0))])
    await later.diary.look()
    assert later.keys == ["reminder:2026-11-15"]  # thirteen days, not ninety


async def test_a_pause_of_another_command_holds_and_ends() -> None:
    home = Home(now=at(1, 12))
    await home.store.commit([Paused("Els", at(1, 12), date(2026, 11, 30), "illness")])
    await home.live_until(at(7))
    assert home.keys == []
    assert await home.diary.next_appointment() == Appointment(Planned.REMINDER, at(29))
    await home.store.commit([Resumed("Els", at(8, 9))])
    await home.live_until(at(8, 20))
    assert home.keys == ["reminder:2026-11-10"]


async def test_a_new_agreement_holds_from_the_day_it_is_known() -> None:
    home = Home()
    await home.live_until(at(2))
    home.runner = replace(ELS, agreement=replace(AGREED, days=frozenset({0, 3})))
    await home.live_until(at(4))
    assert home.keys == ["reminder:2026-11-03", "reminder:2026-11-05"]
    occasions = await home.store.occasions("Els")
    assert "missed" not in occasions  # Monday was not agreed then


async def test_without_an_agreement_only_the_week_of_a_run_is_written() -> None:
    home = Home(replace(ELS, agreement=None))
    await home.run(at(2))
    await home.live_until(at(6, 20))
    assert home.keys == ["week:2026-W45"]
    assert await home.diary.next_appointment() is None


async def test_a_week_waits_for_the_run_that_is_going_on() -> None:
    home = Home()
    await home.run(at(2))
    await home.live_until(at(6, 18))
    home.is_running = True
    async with running(home.diary.run()):
        await home.clock.pass_time(2 * 3600)
        assert [key for key in home.keys if "week" in key] == []
        home.is_running = False
        await home.clock.pass_time(LONGEST_S)
    assert home.keys[-1] == "week:2026-W45"


async def test_a_reminder_that_quiet_hours_hold_back_too_long_goes_out_of_date() -> None:
    early = replace(ELS, agreement=replace(AGREED, at=time(5)), quiet=QuietHours(time(22), time(8)))
    home = Home(early, at(1, 5))
    await home.diary.look()
    (held,) = home.store.letters()
    assert held.not_before > held.expires_at


# -- going on by itself ------------------------------------------------------------------------------


async def test_it_looks_at_the_agreed_minute_and_shows_life_before() -> None:
    home, beats = Home(), list[datetime]()
    home.clock.set_wall(at(1, 12, 0))
    async with running(home.diary.run(lambda: beats.append(home.clock.now()))):
        await home.clock.pass_time(6.5 * 3600 - 1)
        assert home.keys == []
        await home.clock.pass_time(1)
        assert home.keys == ["reminder:2026-11-03"]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(beats)]
    assert max(gaps) <= 60


async def test_a_clock_that_is_put_forward_is_noticed_within_a_minute() -> None:
    home = Home(now=at(1, 18, 1))
    async with running(home.diary.run()):
        home.clock.set_wall(at(1, 18, 31))
        await home.clock.pass_time(60)
    assert home.keys == ["reminder:2026-11-03"]


async def test_a_clock_that_is_put_back_brings_no_second_evening() -> None:
    home = Home(now=at(1))
    async with running(home.diary.run()):
        home.clock.set_wall(at(1, 17, 30))
        await home.clock.pass_time(2 * 3600)
    assert home.keys == ["reminder:2026-11-03"]


async def test_trouble_with_the_store_is_lived_through() -> None:
    home = Home(now=at(1, 18, 29))
    async with running(home.diary.run()):
        home.store.trouble = "disk full"
        await home.clock.pass_time(600)
        assert home.keys == []
        home.store.trouble = None
        await home.clock.pass_time(STORE_PAUSE_S)
    assert home.keys == ["reminder:2026-11-03"]


async def test_whoever_is_back_need_not_wait_until_it_looks_by_itself() -> None:
    home = Home(now=at(1, 18, 20))
    await home.store.commit([Paused("Els", at(0, 12), date(2026, 11, 30))])
    async with running(home.diary.run()):
        await home.clock.pass_time(1)
        await home.store.commit([Resumed("Els", home.clock.now())])
        home.diary.wake()
        await home.clock.pass_time(1)
        assert await home.diary.next_appointment() == Appointment(Planned.REMINDER, at(1))


def test_a_sign_of_life_is_of_the_runner_s_own_day() -> None:
    late = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    assert sign_of_life(ELS, late) == OccasionPassed("Els", "sign", "2026-11-03", late)
