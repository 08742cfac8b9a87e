"""The page of the plan: what may be shown of it, and what the runner may choose instead.

It does what `duurloop plan`, `pause` and `resume` do. Where somebody sees several runners, what is told of one leaves
out the runs that came by Strava's API alone, and why the plan proposes what it does where that follows from them; the
step itself is the runner's own diary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from urllib.parse import urlencode

import structlog
from aiohttp import web

from daemon.companion import Companion
from daemon.domain.calendar import day_of
from daemon.domain.progress import Move, Outing
from daemon.domain.run import Run
from daemon.domain.week import is_own
from daemon.domain.zones import zone_on
from daemon.household import Plan
from daemon.page.frame import UnansweredError, chosen, form, page, posted, runner_links, viewer_of
from daemon.page.house import House
from daemon.page.plan_view import PATH, PlanSeen, Said, Went, plan_body
from daemon.planning import Standing
from daemon.remote import RefusedError
from daemon.resting import begin_pause, check_last_day, current_pause, end_pause, reason_from
from daemon.zoning import zones_for

LATELY = 12
"""So many outings along the plan are looked back on."""

log = structlog.get_logger()


def plan_routes(house: House, plan_ids: Sequence[str]) -> list[web.AbstractRouteDef]:
    """Return what is answered under `/plan`; `plan_ids` are the plans that there are for everybody."""
    desk = _Desk(house, plan_ids)
    return [
        web.get(PATH, desk.show),
        web.post(PATH, desk.move),
        web.post(PATH + "/use", desk.use),
        web.post(PATH + "/pause", desk.pause),
        web.post(PATH + "/resume", desk.resume),
    ]


class _Desk:
    """Answers for the plans."""

    def __init__(self, house: House, plan_ids: Sequence[str]) -> None:
        self._house = house
        self._plan_ids = plan_ids
        self._plans: dict[str, Sequence[Plan]] = {}
        """By runner: files are read once."""

    async def show(self, request: web.Request) -> web.Response:
        """Show where a runner is."""
        viewer, companion = viewer_of(request), chosen(request, self._house)
        seen = await self._seen(companion, is_own=viewer.is_alone)
        query = "" if viewer.is_alone else "?" + urlencode({"runner": companion.runner.name})
        body = plan_body(replace(seen, query=query, said=_said(request)), viewer.language, partial(form, request))
        return page(request, viewer.language.say("Plan"), runner_links(request, PATH) + body, here=PATH)

    async def move(self, request: web.Request) -> web.StreamResponse:
        """Keep the runner's own choice of a step."""
        companion = chosen(request, self._house)
        try:
            move = Move(await _field(request, "move"))
        except ValueError:
            raise UnansweredError(400, "I did not understand that.") from None
        choice = await companion.planner.choose(move, self._house.clock.now())
        if choice is None:
            raise UnansweredError(409, "The plan has no such step.")
        await self._house.store.commit([choice])
        log.info("step_chosen", runner=companion.runner.name)
        return await self._back(request, companion, Said.STEP)

    async def use(self, request: web.Request) -> web.StreamResponse:
        """Begin another plan, or go on with it."""
        companion, plan_id = chosen(request, self._house), await _field(request, "plan")
        if plan_id not in {plan.id for plan in self._plans_for(companion)}:  # a path from outside is none of them
            raise UnansweredError(404, "There is no such plan.")
        await self._house.store.commit([await companion.planner.use(plan_id, self._house.clock.now())])
        log.info("plan_chosen", runner=companion.runner.name)
        return await self._back(request, companion, Said.PLAN)

    async def pause(self, request: web.Request) -> web.StreamResponse:
        """Let the runner rest up to and including a day."""
        companion, now = chosen(request, self._house), self._house.clock.now()
        runner = companion.runner
        try:
            last = date.fromisoformat(await _field(request, "until"))
        except ValueError:
            raise UnansweredError(400, "I did not understand that.") from None
        check_last_day(last, day_of(now, runner.timezone))
        why = reason_from(await _field(request, "words") or await _field(request, "why"))
        await begin_pause(self._house.store, runner, last, why, now)
        return await self._back(request, companion, Said.PAUSE)

    async def resume(self, request: web.Request) -> web.StreamResponse:
        """End the runner's pause."""
        companion = chosen(request, self._house)
        await end_pause(self._house.store, companion.runner, self._house.clock.now())
        return await self._back(request, companion, Said.BACK)

    async def _back(self, request: web.Request, companion: Companion, said: Said) -> web.StreamResponse:
        """Let the service look again, as after a command, and show the page with what was said."""
        await self._house.commands["wake"]({})
        parts = {} if viewer_of(request).is_alone else {"runner": companion.runner.name}
        raise web.HTTPSeeOther(f"{PATH}?{urlencode({**parts, 'said': said.value})}")

    # -- what is known -------------------------------------------------------------------------------

    async def _seen(self, companion: Companion, *, is_own: bool) -> PlanSeen:
        runner, now, store = companion.runner, self._house.clock.now(), self._house.store
        today = day_of(now, runner.timezone)
        seen = PlanSeen(
            runner=runner,
            today=today,
            pause=await current_pause(store, runner, now),
            zone=zone_on(today, await zones_for(runner, store)),
            appointment=await companion.diary(lambda: False).next_appointment(),
            plans=self._plans_for(companion),
            is_own=is_own,
        )
        try:
            standing = await companion.planner.standing(now)
        except RefusedError as error:
            return replace(seen, trouble=error)
        return await self._on_the_way(seen, standing) if standing else seen

    async def _on_the_way(self, seen: PlanSeen, standing: Standing) -> PlanSeen:
        lately = standing.outings[-LATELY:]
        kept = await self._house.store.runs(seen.runner.name, lately[0].at) if lately else []
        runs = {run.started_at: run for run in kept if seen.is_own or is_own(run)}
        # of a run that had to go the step alone is left, and that, too, is for nobody but its runner
        shown = tuple(outing for outing in lately if seen.is_own or outing.at in runs)
        return replace(
            seen,
            standing=standing,
            way=[_went(outing, standing, runs) for outing in reversed(shown)],
            # the reason may follow from the last one, or from the last two
            says_why=shown[-2:] == lately[-2:],
        )

    def _plans_for(self, companion: Companion) -> Sequence[Plan]:
        """Return the plans that a runner may choose from: those for everybody, and that of their settings."""
        runner = companion.runner
        if runner.name not in self._plans:
            own = [runner.plan.id] if runner.plan else []
            ids = dict.fromkeys([*own, *self._plan_ids])
            self._plans[runner.name] = [companion.planner.plan_named(plan_id) for plan_id in ids]
        return self._plans[runner.name]


def _went(outing: Outing, standing: Standing, runs: Mapping[datetime, Run]) -> Went:
    step = min(outing.step, len(standing.plan.courses))  # a plan may have become shorter since
    return Went(day_of(outing.at, standing.zone), standing.name_of(step), outing, runs.get(outing.at))


def _said(request: web.Request) -> Said | None:
    try:
        return Said(request.query.get("said"))
    except ValueError:
        return None


async def _field(request: web.Request, name: str) -> str:
    return (await posted(request)).get(name, "").strip()
