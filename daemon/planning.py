"""Where a runner is on their plan, and what it proposes: worked out from the runs themselves, whenever asked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from daemon.domain.plan import Course, PlanRef, StepKind
from daemon.domain.progress import Choice, Move, Outing, Proposal, Remembered, Stage, along, is_long, propose
from daemon.domain.run import Run
from daemon.domain.takes import are_one_run, take_of
from daemon.domain.week import Place
from daemon.domain.wording import LongRun, Onward, Outlook, Waits
from daemon.household import Plan, Plans, Runner
from daemon.remote import RefusedError
from daemon.store import Fact, OccasionPassed, StepChosen, StepRun, Store

LOOKS_BACK = timedelta(days=400)
"""A step that was run longer ago than that says nothing any more."""
AHEAD = timedelta(days=1)
"""What is dated further ahead was recorded under a wrong clock, and is no run of the plan yet."""
REMEMBERED = timedelta(days=14)
"""A run that comes in later than that is no news, and nothing follows from it."""
LONG_RUN, LONG_RUN_EVERY = "long_run", timedelta(days=7)
"""The word on a long run is said once a week at most."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a runner is on a plan."""

    plan: Plan
    outings: tuple[Outing, ...]
    proposal: Proposal
    instead_of: str | None = None
    """The settings' plan ("" for none), if the runner chose another one."""
    zone: tzinfo = UTC
    """In which the runner's days are."""

    @property
    def course(self) -> Course:
        """The step that is proposed."""
        return self.plan.courses[self.proposal.step - 1]

    @property
    def step_name(self) -> str:
        """What that step is called."""
        return self.name_of(self.proposal.step)

    def name_of(self, step: int) -> str:
        """Return what a step is called, from 1."""
        return self.plan.courses[step - 1].name or self.plan.name

    def step_by(self, move: Move) -> int | None:
        """Return the step to which a move leads from the one at hand; None where the plan has no such step."""
        proposal = self.proposal
        at_hand = proposal.step - 1 if proposal.move is Move.NEXT else proposal.step
        step = {Move.NEXT: at_hand + 1, Move.SAME: at_hand, Move.EASIER: at_hand - 1}[move]
        return step if 1 <= step <= len(self.plan.courses) else None


@dataclass(frozen=True, slots=True)
class Sequel:
    """What follows from a run."""

    outlook: Outlook | None
    facts: tuple[Fact, ...] = ()

    def of(self, run: Run) -> "Sequel":
        """Return this for a run that has found its id."""
        named = (replace(fact, run=run.id) if isinstance(fact, StepRun) else fact for fact in self.facts)
        return replace(self, facts=tuple(named))


class Planner:
    """One runner's way along a plan."""

    def __init__(self, runner: Runner, store: Store, plans: Plans) -> None:
        self.runner = runner
        self._store = store
        self._plans = plans

    async def standing(self, now: datetime) -> Standing | None:
        """Return where the runner is; None without a plan. Raises `StoreError`, `RefusedError`."""
        return await self._standing(now, await self._runs(now))

    async def place(self, now: datetime) -> Place | None:
        """Return where the runner is, as the week tells it. Raises `StoreError`, `RefusedError`."""
        standing = await self.standing(now)
        if standing is None:
            return None
        plan = standing.plan
        return Place(plan.id, plan.name, len(plan.courses), standing.step_name, standing.proposal)

    def plan_named(self, plan_id: str) -> Plan:
        """Return a plan by its id, in the runner's language. Raises `RefusedError`."""
        own = self.runner.plan
        return own if own and own.id == plan_id else self._plans(plan_id, self.runner.language.code)

    async def choose(self, move: Move, now: datetime) -> StepChosen | None:
        """Return the runner's own choice, seen from what is proposed; None where the plan has no such step.

        Next is one up from the step at hand, also where the plan would rather stay; it never leaps.
        Raises `StoreError`, `RefusedError`.
        """
        standing = await self.standing(now)
        step = standing.step_by(move) if standing else None
        if standing is None or step is None:
            return None
        return StepChosen(self.runner.name, PlanRef(standing.plan.id, step), now, standing.instead_of)

    async def use(self, plan_id: str, now: datetime) -> StepChosen:
        """Return the choice of another plan, at the step where the runner is on it.

        Raises `StoreError`, `RefusedError`.
        """
        own = self.runner.plan
        plan = self.plan_named(plan_id)
        if plan.id != plan_id:
            raise RefusedError('a plan of your own belongs into the settings: plan = "{path}"', path=plan_id)
        instead_of = None if plan is own else own.id if own else ""
        outings = await self._outings(plan, await self._runs(now), None, now)
        step = propose(self._stages(plan), outings, None, now, self.runner.timezone).step
        return StepChosen(self.runner.name, PlanRef(plan.id, step), now, instead_of)

    async def after(self, run: Run, now: datetime) -> Sequel:
        """Return what follows from a run that is not kept yet. Raises `StoreError`, `RefusedError`."""
        if now - run.started_at > REMEMBERED:
            return Sequel(None)
        known = await self._runs(now)
        again = frozenset(one.id for one in known if _is_again(one, run))
        before = [one for one in known if one.id not in again]
        runs = sorted([*before, run], key=lambda one: one.started_at, reverse=True)
        standing = await self._standing(now, runs, again)
        if standing is None:
            return await self._free(run, before, now)
        ran = next((one for one in standing.outings if one.at == run.started_at), None)
        if ran is None:
            return Sequel(Waits(standing.step_name))
        line = StepRun(
            self.runner.name, run.id, run.started_at, PlanRef(standing.plan.id, ran.step), standing.proposal.step
        )
        return Sequel(Onward(standing.proposal, standing.step_name), (line,))

    async def retold(self, run_id: str, now: datetime) -> StepRun | None:
        """Return the line of the diary anew, when the runner has said how the last run along the plan felt.

        The proposal may be another now, and it stays when the run has to go. Raises `StoreError`, `RefusedError`.
        """
        standing = await self.standing(now)
        if standing is None or not standing.outings:
            return None
        lines = await self._store.step_runs(self.runner.name, standing.outings[-1].at)
        line = next((one for one in lines if one.run == run_id and one.step.plan == standing.plan.id), None)
        return replace(line, then=standing.proposal.step) if line else None

    async def _free(self, run: Run, before: Sequence[Run], now: datetime) -> Sequel:
        if not is_long(run, before):
            return Sequel(None)
        said = (await self._store.occasions(self.runner.name)).get(LONG_RUN)
        if said and now - said.at < LONG_RUN_EVERY:
            return Sequel(None)
        day = run.started_at.astimezone(self.runner.timezone).date().isoformat()
        return Sequel(LongRun(), (OccasionPassed(self.runner.name, LONG_RUN, day, now),))

    def _stages(self, plan: Plan) -> tuple[Stage, ...]:
        agreement = self.runner.agreement
        return stages_of(plan, len(agreement.days) if agreement else 0)

    async def _runs(self, now: datetime) -> list[Run]:
        return await self._store.runs(self.runner.name, now - LOOKS_BACK, until=now + AHEAD)

    async def _standing(
        self, now: datetime, runs: Sequence[Run], again: Collection[str] = frozenset()
    ) -> Standing | None:
        """Return where the runner is, going by these runs; of those that come `again` the diary does not count."""
        chosen = await self._store.chosen_step(self.runner.name)
        plan, instead_of = self._plan(chosen)
        if plan is None:
            return None
        choice = Choice(chosen.step.step, chosen.at) if chosen and chosen.step.plan == plan.id else None
        outings = await self._outings(plan, runs, choice, now, again)
        proposal = propose(self._stages(plan), outings, choice, now, self.runner.timezone)
        return Standing(plan, tuple(outings), proposal, instead_of, self.runner.timezone)

    def _plan(self, chosen: StepChosen | None) -> tuple[Plan | None, str | None]:
        """Return the settings' plan, or the one that was chosen over it; and over which, if so."""
        own = self.runner.plan
        own_id = own.id if own else ""
        if chosen is None or chosen.instead_of != own_id or chosen.step.plan == own_id:
            return own, None
        return self._plans(chosen.step.plan, self.runner.language.code), chosen.instead_of

    async def _outings(
        self,
        plan: Plan,
        runs: Sequence[Run],
        choice: Choice | None,
        now: datetime,
        again: Collection[str] = frozenset(),
    ) -> list[Outing]:
        lines = await self._store.step_runs(self.runner.name, now - LOOKS_BACK)
        remembered = {
            line.run: Remembered(line.at, line.step.step, line.then)
            for line in lines
            if line.step.plan == plan.id and line.run not in again and line.at <= now + AHEAD
        }
        return along(reversed(runs), plan.id, self._stages(plan), remembered, choice, self.runner.timezone)


def stages_of(plan: Plan, a_week: int = 0) -> tuple[Stage, ...]:
    """Return the steps of a plan as far as progress goes, for so many agreed runs `a_week`."""
    return tuple(
        Stage(
            max(course.runs, min(course.most_runs, a_week)),
            course.for_s,
            "run" if course.has(StepKind.RUN) else "walk",
            course.least_s,
        )
        for course in plan.courses
    )


def _is_again(one: Run, run: Run) -> bool:
    """Tell whether a run that is kept is the one that has come."""
    if one.id == run.id:
        return True
    takes = (take_of(_alone(other)) for other in (one, run))
    return are_one_run(*takes)


def _alone(run: Run) -> Run:
    return run if len(run.sources) == 1 else replace(run, sources=run.sources[:1])
