"""What a runner may ask of the running service: start, skip, hold, go on, stop, arm, release."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from daemon.clock import Clock
from daemon.coach import Coach
from daemon.control import Handler
from daemon.domain.heart_rate import Instant
from daemon.domain.plan import Course
from daemon.domain.session import index_on, leg_on
from daemon.following import Followed
from daemon.household import Plan, Plans, Runner
from daemon.planning import Planner
from daemon.recorder import Recorder
from daemon.remote import Answer, RefusedError
from daemon.report import legs_report, run_report

RELEASE_S = 2 * 3600.0
"""How long a strap is let go of when nobody says how long: a run and the way there and back."""

LONGEST_NUMBER = 4
LONGEST_RELEASE_S = 7 * 86_400.0


class Commands:
    """The commands that change something."""

    def __init__(
        self,
        followed: Mapping[str, Followed],
        planners: Mapping[str, Planner],
        plans: Plans,
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._followed = followed
        self._planners = planners
        self._plans = plans
        self._recorder = recorder
        self._clock = clock

    def handlers(self) -> dict[str, Handler]:
        """Return the commands by name."""
        return {
            "start": self._start,
            "skip": self._skip,
            "hold": self._hold,
            "go_on": self._go_on,
            "stop": self._stop,
            "arm": self._arm,
            "release": self._release,
        }

    async def _start(self, asked: Mapping[str, Any]) -> Answer:
        followed = self._with_strap(asked)
        plan = asked.get("plan")
        course = await self._course(followed.coach.runner, plan and str(plan), free=bool(asked.get("free")))
        followed.permit.arm()
        followed.coach.start(course)
        ref = course.ref if course else None
        return {
            "runner": followed.name,
            "session": followed.coach.session_id,
            "plan": {"id": ref.plan, "step": ref.step} if ref else None,
            "legs": legs_report(course) if course else [],
        }

    async def _course(self, runner: Runner, wanted: str | None, *, free: bool) -> Course | None:
        if free:
            return None
        if wanted is None:
            standing = await self._planners[runner.name].standing(self._clock.now())
            return standing.course if standing else None
        return pick_step(wanted, lambda plan: self._plans(plan, runner.language.code))

    async def _skip(self, asked: Mapping[str, Any]) -> Answer:
        coach = self._in_session(asked).coach
        leg, session = asked.get("leg"), coach.session
        if session.course is None:
            raise RefusedError("this run has no steps to skip: it is a free one")
        # by the clock, as whoever looks is told it: the next one is announced within a second
        if leg is not None and leg != index_on(session, self._clock.monotonic()):
            return _steered(coach)  # what was to end is over already
        if leg is None and leg_on(session) is None:
            raise RefusedError("the last step is done already: there is nothing to skip")
        coach.skip(leg)
        return _steered(coach)

    async def _hold(self, asked: Mapping[str, Any]) -> Answer:
        coach = self._in_session(asked).coach
        if coach.session.held_at is not None:
            raise RefusedError("this run is paused already: go on when you are ready")
        coach.hold()
        return _steered(coach)

    async def _go_on(self, asked: Mapping[str, Any]) -> Answer:
        coach = self._in_session(asked).coach
        if coach.session.held_at is None:
            raise RefusedError("this run is not paused: it is going on")
        coach.go_on()
        return _steered(coach)

    async def _stop(self, asked: Mapping[str, Any]) -> Answer:
        followed = self._in_session(asked)
        run = followed.coach.stop()
        if not await self._recorder.flush():
            raise RefusedError(
                "stopped, but the database takes nothing just now ({trouble}); I keep trying",
                trouble=self._recorder.trouble,
            )
        return {"runner": followed.name, "run": run_report(run, followed.coach.runner.timezone) if run else None}

    async def _arm(self, asked: Mapping[str, Any]) -> Answer:
        followed = self._with_strap(asked)
        followed.permit.arm()
        return {"runner": followed.name}

    async def _release(self, asked: Mapping[str, Any]) -> Answer:
        followed = self._with_strap(asked)
        for_s = _seconds(asked.get("for_s"))
        followed.permit.release(Instant(self._clock.monotonic() + for_s))
        until = (self._clock.now() + timedelta(seconds=for_s)).astimezone(followed.coach.runner.timezone)
        return {"runner": followed.name, "until": until.isoformat(timespec="seconds")}

    def _of(self, asked: Mapping[str, Any]) -> Followed:
        return self._followed[chosen(list(self._followed), asked.get("runner"))]

    def _in_session(self, asked: Mapping[str, Any]) -> Followed:
        followed = self._of(asked)
        if not followed.coach.is_open:
            raise RefusedError("no session is going on: put the strap on, or say duurloop start")
        return followed

    def _with_strap(self, asked: Mapping[str, Any]) -> Followed:
        followed = self._of(asked)
        if followed.source is None:
            raise RefusedError("{name} has no strap in the settings: add strap = ...", name=followed.name)
        return followed


def _steered(coach: Coach) -> Answer:
    return {"runner": coach.runner.name, "session": coach.session_id}


def _seconds(asked: object) -> float:
    if asked is None:
        return RELEASE_S
    if not isinstance(asked, int | float) or not 0 < asked <= LONGEST_RELEASE_S:
        raise RefusedError("a strap is let go of for a time between a second and a week")
    return float(asked)


def chosen(names: Sequence[str], wanted: object) -> str:
    """Return the runner that is meant: the one who was named, or the only one. Raises `RefusedError`."""
    known = ", ".join(names)
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None:
        raise RefusedError("several runners live here: say which with --runner ({known})", known=known)
    for name in names:
        if name.casefold() == str(wanted).casefold():
            return name
    raise RefusedError("no runner named {name} lives here: there is {known}", name=wanted, known=known)


def pick_step(wanted: str, plan_named: Callable[[str], Plan]) -> Course:
    """Return the step that is named as `ID:STEP`; of a plan's name alone the first. Raises `RefusedError`."""
    named, _, step = wanted.rpartition(":") if ":" in wanted else (wanted, "", "1")
    plan = plan_named(named)
    steps = len(plan.courses)
    if not step.isdecimal() or len(step) > LONGEST_NUMBER or not 1 <= int(step) <= steps:
        raise RefusedError("plan {plan} has steps 1 to {steps}: say {plan}:1", plan=plan.id, steps=steps)
    return plan.courses[int(step) - 1]
