"""What the plan proposes, from the runs that are kept: strap, file and Strava alike."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from daemon.afterwards import discreet, facts_of
from daemon.domain.feeling import Feeling
from daemon.domain.habit import Agreement
from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.progress import Move, Proposal, Why
from daemon.domain.run import Run, Source
from daemon.domain.wording import LongRun, Onward, Waits
from daemon.feeling import keep_feeling
from daemon.household import Plan, Runner
from daemon.planning import Planner
from daemon.remote import RefusedError
from daemon.store import (
    Brought,
    FeelingSaid,
    LetterWritten,
    OccasionPassed,
    RunKept,
    SessionOpened,
    StepChosen,
    StepRun,
)
from tests.fakes import EASY, EVENING, judged_run, letter, no_plans, plan_of, runner, sample
from tests.memory_store import MemoryStore


def courses(kind: StepKind = StepKind.RUN, runs: int = 2, plan: str = "rustig-12") -> tuple[Course, ...]:
    """Make a plan of three steps of ten minutes."""
    return tuple(Course.of([Step(kind, 600.0)], PlanRef(plan, number), runs, f"Week {number}") for number in (1, 2, 3))


ELS = replace(runner("Els"), plan=plan_of(*courses()))
OTHER = plan_of(*courses(plan="start-9"), identity="start-9")
SAMPLES = tuple(sample(float(second)) for second in range(0, 601, 5))


def run_at(days: float, plan: PlanRef | None = None, sport: str = "run", minutes: float = 10) -> Run:
    began = EVENING + timedelta(days=days)
    samples = tuple(sample(float(second)) for second in range(0, round(60 * minutes) + 1, 5))
    return replace(judged_run(f"r{days}", samples, began), plan=plan, sport=sport)


async def house_with(*runs: Run, source: Source = Source.STRAP) -> MemoryStore:
    store = MemoryStore()
    for run in runs:
        if source is Source.STRAP:
            await store.commit([SessionOpened(run.id, "Els", run.started_at, EASY), RunKept(run.id, run, SAMPLES)])
        else:
            await store.bring(Brought(replace(run, sources=(source,)), SAMPLES, run.id), lambda _: [])
    return store


def on(day: float) -> datetime:
    return EVENING + timedelta(days=day)


def plans(plan: str, language: str) -> Plan:
    return OTHER if plan == OTHER.id else no_plans(plan, language)


async def proposed(who: Runner, store: MemoryStore, now: datetime) -> Proposal | None:
    standing = await Planner(who, store, plans).standing(now)
    return standing.proposal if standing else None


class TestProposal:
    async def test_a_plan_begins_with_its_first_step(self) -> None:
        assert await proposed(ELS, MemoryStore(), EVENING) == Proposal(Move.SAME, 1, Why.BEGIN)

    async def test_a_step_that_is_meant_for_one_run_is_done_with_one(self) -> None:
        quick = replace(ELS, plan=plan_of(*courses(runs=1)))
        assert await proposed(quick, await house_with(run_at(0)), on(2)) == Proposal(Move.NEXT, 2, Why.READY)

    @pytest.mark.parametrize(("days", "move"), [({1, 3}, Move.NEXT), ({1, 3, 6}, Move.SAME)])
    async def test_whoever_runs_three_times_a_week_does_a_step_for_two_or_three_runs_three_times(
        self, days: set[int], move: Move
    ) -> None:
        steps = tuple(replace(course, most_runs=3) for course in courses())
        often = replace(ELS, plan=plan_of(*steps), agreement=Agreement(frozenset(days)))
        proposal = await proposed(often, await house_with(run_at(0), run_at(2)), on(4))
        assert proposal is not None
        assert proposal.move is move

    async def test_without_a_plan_there_is_no_proposal(self) -> None:
        assert await proposed(runner("Els"), MemoryStore(), EVENING) is None

    @pytest.mark.parametrize("source", list(Source))
    async def test_runs_count_wherever_they_were_recorded(self, source: Source) -> None:
        store = await house_with(run_at(0), run_at(2), source=source)
        assert await proposed(ELS, store, on(4)) == Proposal(Move.NEXT, 2, Why.READY)

    async def test_a_run_that_was_started_as_a_step_is_that_step(self) -> None:
        store = await house_with(run_at(0, PlanRef("rustig-12", 2)))
        assert await proposed(ELS, store, on(2)) == Proposal(Move.SAME, 2, Why.MORE)

    async def test_what_was_run_along_another_plan_or_is_no_run_says_nothing(self) -> None:
        store = await house_with(run_at(0, PlanRef("start-9", 5)), run_at(1, sport="walk"), source=Source.FILE)
        assert await proposed(ELS, store, on(2)) == Proposal(Move.SAME, 1, Why.BEGIN)

    async def test_walks_count_for_a_plan_of_walks_and_runs_do_not(self) -> None:
        walker = replace(ELS, plan=plan_of(*courses(StepKind.WALK, runs=1)))
        walk = await house_with(run_at(0, sport="walk"), source=Source.FILE)
        assert await proposed(walker, walk, on(1)) == Proposal(Move.NEXT, 2, Why.READY)
        run = await house_with(run_at(0), source=Source.FILE)
        assert await proposed(walker, run, on(1)) == Proposal(Move.SAME, 1, Why.BEGIN)

    async def test_what_only_the_strap_heard_may_have_been_a_walk(self) -> None:
        walker = replace(ELS, plan=plan_of(*courses(StepKind.WALK, runs=1)))
        assert await proposed(walker, await house_with(run_at(0)), on(1)) == Proposal(Move.NEXT, 2, Why.READY)

    async def test_another_runners_runs_say_nothing(self) -> None:
        store = await house_with(run_at(0, PlanRef("rustig-12", 3)))
        assert await proposed(replace(ELS, name="Jan"), store, on(2)) == Proposal(Move.SAME, 1, Why.BEGIN)

    async def test_what_the_runner_says_of_a_run_counts(self) -> None:
        store = await house_with(run_at(0), run_at(2))
        await store.commit([FeelingSaid("Els", "r2", Feeling(effort=9), on(3))])
        assert await proposed(ELS, store, on(4)) == Proposal(Move.SAME, 1, Why.HEAVY)


class TestTheDiary:
    async def test_runs_that_had_to_go_are_still_steps_that_were_run(self) -> None:
        store = MemoryStore()
        ref = PlanRef("rustig-12", 1)
        await store.commit([StepRun("Els", "gone1", on(0), ref, 1), StepRun("Els", "gone2", on(2), ref, 2)])
        assert await proposed(ELS, store, on(9)) == Proposal(Move.NEXT, 2, Why.ALONG)

    async def test_a_run_after_those_that_went_goes_on_where_they_led(self) -> None:
        store = await house_with(run_at(9, minutes=10))
        ref = PlanRef("rustig-12", 1)
        await store.commit([StepRun("Els", "gone1", on(0), ref, 1), StepRun("Els", "gone2", on(2), ref, 2)])
        assert await proposed(ELS, store, on(10)) == Proposal(Move.SAME, 2, Why.MORE)

    async def test_what_a_run_was_told_to_be_it_stays(self) -> None:
        store = await house_with(run_at(0), source=Source.FILE)
        await store.commit([StepRun("Els", "r0", on(0), PlanRef("rustig-12", 3), 3)])
        assert await proposed(ELS, store, on(1)) == Proposal(Move.SAME, 3, Why.LAST)

    async def test_what_was_said_of_a_run_that_had_to_go_still_counts(self) -> None:
        store = await house_with(run_at(0), run_at(2), source=Source.STRAVA_API)
        await store.commit([StepRun("Els", "r2", on(2), PlanRef("rustig-12", 1), 2)])
        await keep_feeling(store, Planner(ELS, store, plans), "r2", Feeling(effort=9), on(3))
        assert [line.then for line in await store.step_runs("Els", on(0))] == [1]

    async def test_a_run_of_next_year_is_none_yet(self) -> None:
        store = await house_with(run_at(0), run_at(365))
        assert await proposed(ELS, store, on(1)) == Proposal(Move.SAME, 1, Why.MORE)


class TestChoice:
    @pytest.mark.parametrize(
        ("runs", "move", "step"),
        [
            ((0, 1), Move.NEXT, 2),
            ((0, 1), Move.SAME, 1),
            ((0, 1), Move.EASIER, None),
            ((0,), Move.NEXT, 2),
            ((), Move.EASIER, None),
        ],
    )
    async def test_it_is_one_step_from_the_one_at_hand(
        self, runs: tuple[float, ...], move: Move, step: int | None
    ) -> None:
        store = await house_with(*map(run_at, runs))
        chosen = await Planner(ELS, store, plans).choose(move, on(2))
        assert chosen == (step and StepChosen("Els", PlanRef("rustig-12", step), on(2)))

    async def test_it_holds_until_the_next_run(self) -> None:
        store = await house_with(run_at(0))
        await store.commit([StepChosen("Els", PlanRef("rustig-12", 3), on(1))])
        assert await proposed(ELS, store, on(2)) == Proposal(Move.SAME, 3, Why.CHOSEN)

    async def test_a_run_from_elsewhere_is_the_step_that_was_chosen(self) -> None:
        store = await house_with(run_at(0), run_at(4), source=Source.FILE)
        await store.commit([StepChosen("Els", PlanRef("rustig-12", 2), on(3))])
        assert await proposed(ELS, store, on(5)) == Proposal(Move.SAME, 2, Why.MORE)

    async def test_one_along_another_plan_is_none(self) -> None:
        store = MemoryStore()
        await store.commit([StepChosen("Els", PlanRef("start-9", 3), EVENING)])
        assert await proposed(ELS, store, on(1)) == Proposal(Move.SAME, 1, Why.BEGIN)


class TestAnotherPlan:
    async def used(self, who: Runner, store: MemoryStore, plan: str, now: datetime) -> None:
        await store.commit([await Planner(who, store, plans).use(plan, now)])

    @pytest.mark.parametrize("who", [ELS, runner("Els")], ids=["over the settings'", "without one in the settings"])
    async def test_it_is_followed_from_its_beginning(self, who: Runner) -> None:
        store = await house_with(run_at(0), run_at(2))
        await self.used(who, store, "start-9", on(3))
        standing = await Planner(who, store, plans).standing(on(3))
        assert standing is not None
        assert (standing.plan.id, standing.proposal.why) == ("start-9", Why.CHOSEN)

    async def test_a_choice_along_it_stays_with_it(self) -> None:
        store = MemoryStore()
        await self.used(ELS, store, "start-9", on(0))
        chosen = await Planner(ELS, store, plans).choose(Move.NEXT, on(1))
        assert chosen == StepChosen("Els", PlanRef("start-9", 2), on(1), "rustig-12")

    async def test_back_on_the_settings_plan_the_runner_is_where_they_were(self) -> None:
        store = await house_with(run_at(0, PlanRef("rustig-12", 2)))
        await self.used(ELS, store, "start-9", on(1))
        await self.used(ELS, store, "rustig-12", on(2))
        assert await proposed(ELS, store, on(2)) == Proposal(Move.SAME, 2, Why.CHOSEN)

    async def test_it_is_forgotten_when_the_settings_name_another(self) -> None:
        store = MemoryStore()
        await self.used(ELS, store, "start-9", on(0))
        changed = replace(ELS, plan=plan_of(*courses(plan="mine"), identity="mine"))
        standing = await Planner(changed, store, plans).standing(on(1))
        assert standing is not None
        assert standing.plan.id == "mine"

    async def test_a_file_of_ones_own_belongs_into_the_settings(self) -> None:
        with pytest.raises(RefusedError, match="belongs into the settings"):
            await Planner(ELS, MemoryStore(), lambda *_: OTHER).use("mine.toml", EVENING)

    async def test_one_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(RefusedError):
            await Planner(ELS, MemoryStore(), plans).use("marathon", EVENING)


class TestAfterARun:
    async def test_a_run_along_the_plan_leads_on_and_is_a_line_of_the_diary(self) -> None:
        store = await house_with(run_at(0))
        sequel = await Planner(ELS, store, plans).after(run_at(2), on(2.1))
        assert sequel.outlook == Onward(Proposal(Move.NEXT, 2, Why.READY), "Week 2")
        assert sequel.facts == (StepRun("Els", "r2", on(2), PlanRef("rustig-12", 1), 2),)

    async def test_one_that_is_kept_already_counts_once(self) -> None:
        store = await house_with(run_at(0), run_at(2), source=Source.STRAVA_API)
        await store.commit([StepRun("Els", "r2", on(2), PlanRef("rustig-12", 1), 2)])
        again = replace(run_at(2), id="the file of it", sources=(Source.FILE,))
        sequel = await Planner(ELS, store, plans).after(again, on(2.1))
        assert sequel.outlook == Onward(Proposal(Move.NEXT, 2, Why.READY), "Week 2")

    async def test_the_plan_waits_for_whoever_ran_something_else(self) -> None:
        sequel = await Planner(ELS, MemoryStore(), plans).after(run_at(0, minutes=40), on(0.1))
        assert (sequel.outlook, sequel.facts) == (Waits("Week 1"), ())

    async def test_what_comes_weeks_late_is_no_news(self) -> None:
        sequel = await Planner(ELS, MemoryStore(), plans).after(run_at(0), on(15))
        assert (sequel.outlook, sequel.facts) == (None, ())


def test_how_it_felt_is_no_reason_where_figures_are_not_wanted() -> None:
    heavy = Onward(Proposal(Move.SAME, 1, Why.HEAVY), "Week 1")
    assert discreet(heavy) == Onward(Proposal(Move.SAME, 1, Why.MORE), "Week 1")
    assert discreet(Waits("Week 1")) == Waits("Week 1")
    assert discreet(None) is None


class TestLongRuns:
    free = runner("Els")

    @pytest.mark.parametrize(
        ("before", "minutes", "is_long"),
        [((30, 25), 40, True), ((30, 25), 32, False), ((30,), 40, False), ((), 60, False), ((10, 10), 15, False)],
    )
    async def test_outside_a_plan_one_much_longer_than_those_of_a_month_is_worth_a_word(
        self, before: tuple[float, ...], minutes: float, *, is_long: bool
    ) -> None:
        store = await house_with(*(run_at(-2 * number - 1, minutes=m) for number, m in enumerate(before)))
        sequel = await Planner(self.free, store, plans).after(run_at(0, minutes=minutes), on(0.1))
        assert (sequel.outlook == LongRun()) is is_long

    async def test_that_is_said_once_a_week(self) -> None:
        store = await house_with(run_at(-3, minutes=30), run_at(-2, minutes=30))
        await store.commit([OccasionPassed("Els", "long_run", "2026-11-20", on(-6))])
        sequel = await Planner(self.free, store, plans).after(run_at(0, minutes=60), on(0.1))
        assert sequel.outlook is None

    async def test_a_ride_is_no_long_run_and_hides_none(self) -> None:
        rides = [run_at(-3, minutes=30, sport="ride"), run_at(-2, minutes=200, sport="ride")]
        store = await house_with(*rides, run_at(-5, minutes=30), run_at(-4, minutes=30), source=Source.FILE)
        planner = Planner(self.free, store, plans)
        assert (await planner.after(run_at(0, minutes=300, sport="ride"), on(0.3))).outlook is None
        assert (await planner.after(run_at(0, minutes=60), on(0.1))).outlook == LongRun()

    async def test_without_a_letter_nothing_was_said(self) -> None:
        store = await house_with(run_at(-3, minutes=30), run_at(-2, minutes=30))
        run = run_at(0, minutes=60)
        sequel = await Planner(self.free, store, plans).after(run, on(0.1))
        assert facts_of(sequel, []) == []
        assert [type(fact) for fact in facts_of(sequel, [letter("after:r0")])] == [OccasionPassed, LetterWritten]

    async def test_never_along_a_plan(self) -> None:
        store = await house_with(run_at(-3, minutes=30))
        sequel = await Planner(ELS, store, plans).after(run_at(0, minutes=60), on(0.1))
        assert sequel.outlook == Waits("Week 1")
