"""The runs of a runner, month by month, and each of them by itself: what it was, and how it felt."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from html import escape
from itertools import groupby

import structlog
from aiohttp import web

from daemon.aside import in_thread
from daemon.companion import Companion
from daemon.domain.curve import curve_of
from daemon.domain.effort import believed
from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.plan import Leg
from daemon.domain.run import Run, Source
from daemon.domain.week import is_own
from daemon.domain.wording import Language, feeling_word, month_word, short_day, source_text, verdict_text
from daemon.domain.wording.text import in_minutes
from daemon.feeling import keep_feeling
from daemon.handing.handovers import Handover
from daemon.household import Plan, Runner
from daemon.page.feeling_form import NOTHING, feeling_rows, note_box, read_tapped
from daemon.page.frame import (
    UnansweredError,
    Viewer,
    chosen,
    form,
    page,
    runner_links,
    svg,
    viewer_of,
    web_query,
)
from daemon.page.house import House
from daemon.page.run_body import Told, distance, figure, mark, name_of, run_alt_text, run_body, run_path
from daemon.page.run_drawing import NARROW, WIDE, Drawn, Shape, run_drawing
from daemon.remote import RefusedError
from daemon.report import run_report
from daemon.store import Outlet

HERE = "/runs"
ON_A_PAGE = 30
LONGEST_ID = 100
SHORTER_S, LONGER_S = 60.0, 120.0
"""A run that lasted so much less or more than its step went another way than the plan had in mind."""

log = structlog.get_logger()


def runs_routes(house: House) -> list[web.AbstractRouteDef]:
    """Return what is answered under `/runs`."""
    shelf = _Shelf(house)
    return [
        web.get(HERE, shelf.all),
        web.get(HERE + "/{run}.svg", shelf.picture),
        web.get(HERE + "/{run}", shelf.one),
        web.post(HERE + "/{run}/feel", shelf.feel),
    ]


class _Shelf:
    """Answers for the runs that are kept."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._pencil = asyncio.Lock()
        """There is one, however many pages are opened: what is drawn aside still takes turns with the live session."""

    async def all(self, request: web.Request) -> web.Response:
        """Show the runs of one runner, newest first, a page of them."""
        runner, viewer = chosen(request, self._house).runner, viewer_of(request)
        title = viewer.language.say("Runs")
        before = _moment(request.query.get("before", ""))
        found, is_cut = await self._found(viewer, runner, before)
        listed = _Listed(runner, viewer.language, tuple(found[:ON_A_PAGE]))
        body = [f"<h1>{escape(title)}</h1>", runner_links(request, HERE)]
        body.append(_list(listed) if found or is_cut else _nothing(viewer.language, is_end=before is not None))
        if is_cut:
            body.append(_elsewhere(runner, viewer.language))
        oldest = found[ON_A_PAGE - 1].started_at if len(found) > ON_A_PAGE else None
        body.append(_turning(runner, viewer.language, oldest, is_first=before is None))
        return page(request, title, "".join(body), here=HERE)

    async def _found(self, viewer: Viewer, runner: Runner, before: datetime | None) -> tuple[list[Run], bool]:
        """Return runs that the viewer may see, and whether others were passed over.

        One more than is shown, if there is one: it tells that there are older ones.
        """
        found: list[Run] = []
        is_cut = False
        while len(found) <= ON_A_PAGE:
            read = await self._house.store.runs(runner.name, limit=ON_A_PAGE + 1, until=before)
            seen = [run for run in read if _may_see(viewer, run)]
            found += seen
            is_cut = is_cut or len(seen) < len(read)
            if len(read) <= ON_A_PAGE:
                break
            before = read[-1].started_at
        return found, is_cut

    async def one(self, request: web.Request) -> web.Response:
        """Show one run, and the buttons for how it felt."""
        companion, run = await self._meant(request)
        told = replace(self._told(request, companion, run), handed=await self._handed(request, run))
        body = run_body(told) + _feeling_form(request, told) + _way_back(told.runner, told.language)
        return page(request, told.title, body, here=HERE)

    async def picture(self, request: web.Request) -> web.Response:
        """Show the curve of one run; what takes a moment is done aside, for a live session must not wait for it."""
        companion, run = await self._meant(request)
        told = self._told(request, companion, run)
        shape = WIDE if "wide" in request.query else NARROW
        async with self._pencil:
            samples = await self._house.store.samples(run.id)
            return svg(await in_thread(partial(_draw, told, samples, shape), "drawing"))

    async def feel(self, request: web.Request) -> web.Response:
        """Keep what was tapped."""
        companion, run = await self._meant(request)
        tapped = await read_tapped(request)
        if tapped.said != NOTHING:
            house = self._house
            await keep_feeling(house.store, companion.planner, run.id, tapped.said, house.clock.now())
            log.info("feeling_said", runner=companion.runner.name)
        raise web.HTTPSeeOther(f"{run_path(run)}{'?kept' if tapped.said != NOTHING else ''}#feeling")

    async def _meant(self, request: web.Request) -> tuple[Companion, Run]:
        """Return a run that the viewer may see; one of somebody else's is as unknown as one that never was."""
        wanted, viewer = request.match_info["run"], viewer_of(request)
        is_name = wanted.isascii() and wanted.isprintable() and len(wanted) <= LONGEST_ID
        run = await self._house.store.run(wanted) if is_name else None
        if run is None or run.runner not in viewer.names or not _may_see(viewer, run):
            raise UnansweredError(404, "This run is not kept here.")
        return self._house.companions[run.runner], run

    async def _handed(self, request: web.Request, run: Run) -> tuple[Handover, ...]:
        """Return where a run went; what Strava calls it is for its own runner."""
        handovers = await self._house.handovers.of_run(run.id) if self._house.handovers else []
        if viewer_of(request).is_alone:
            return tuple(handovers)
        return tuple(replace(one, place=None) if one.outlet is Outlet.STRAVA else one for one in handovers)

    def _told(self, request: web.Request, companion: Companion, run: Run) -> Told:
        runner, language = companion.runner, viewer_of(request).language
        today = self._house.clock.now().astimezone(runner.timezone).date()
        return Told(run, runner, language, today, _plan_of(companion, run))


def _may_see(viewer: Viewer, run: Run) -> bool:
    """Tell whether a run may be shown: Strava wants what its API alone knows shown to that runner only."""
    return viewer.is_alone or is_own(run)


def _moment(text: str) -> datetime | None:
    """Read from where on to look back; whatever is no moment is none."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# -- one run -----------------------------------------------------------------------------------------


def _plan_of(companion: Companion, run: Run) -> Plan | None:
    if run.plan is None:
        return None
    try:
        plan = companion.planner.plan_named(run.plan.plan)
    except RefusedError:
        return None  # its file is gone
    return plan if 1 <= run.plan.step <= len(plan.courses) else None


def _draw(told: Told, samples: Sequence[HeartRateSample], shape: Shape) -> str:
    run = told.run
    curve = curve_of(_believed(run, samples), run.duration_s)
    drawn = Drawn(curve, run.target, run.duration_s, _legs(told), run_alt_text(told))
    return run_drawing(drawn, told.language, shape)


def _believed(run: Run, samples: Sequence[HeartRateSample]) -> Sequence[HeartRateSample]:
    """Return the samples that the figures of a run were made of; a strap may be heard before its run begins."""
    in_the_run = [sample for sample in samples if sample.at >= 0]
    if len(in_the_run) == run.judgement.heart_rate.samples:
        return in_the_run  # all of them; sifting an hour takes longer than drawing it
    ways = [believed(in_the_run, recorded=recorded) for recorded in _may_be_recorded(run)]
    return min(ways, key=lambda way: abs(len(way) - run.judgement.heart_rate.samples))


def _may_be_recorded(run: Run) -> tuple[bool, ...]:
    """Tell whether the samples come from a recording; where strap and recording tell of a run it may be either."""
    if Source.STRAP not in run.sources:
        return (True,)
    return (False,) if run.sources == (Source.STRAP,) else (False, True)


def _legs(told: Told) -> Sequence[Leg]:
    """Return the plan's step along the time, where a run went as the plan had it in mind.

    It is not kept what was skipped and where the runner stood still, nor when the heart ended a walk. A strap's run
    begins with the start; of any other it is not known when the step began.
    """
    run, plan = told.run, told.plan
    if plan is None or run.plan is None or run.sources != (Source.STRAP,):
        return ()
    course = plan.courses[run.plan.step - 1]
    is_led = any(leg.lead for leg in course.legs)
    went_so = course.for_s - SHORTER_S <= run.duration_s <= course.for_s + LONGER_S
    return course.legs if went_so and not is_led else ()


def _feeling_form(request: web.Request, told: Told) -> str:
    say, known = told.language.say, told.run.feeling or Feeling()
    title, thanks = escape(say("How did it feel?")), escape(say("Thank you, it is kept."))
    hint = escape(say("One tap is enough; the rest is up to you."))
    kept = f'<p class="thanks" role="status">{thanks}</p>' if "kept" in request.query else ""
    inner = feeling_rows(known, told.language) + note_box(told.language, known.note or "")
    return (
        f'<section class="card feeling" id="feeling"><h2>{title}</h2>{kept}<p class="quiet">{hint}</p>'
        f"{form(request, f'{told.path}/feel', inner)}</section>"
    )


def _way_back(runner: Runner, language: Language) -> str:
    path = f"{HERE}?{web_query(runner=runner.name)}"
    word = escape(language.say("All runs"))
    return f'<p><a class="button" href="{path}">{word}</a></p>'


# -- all runs ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Listed:
    """Runs on a page."""

    runner: Runner
    language: Language
    runs: tuple[Run, ...]

    def day(self, run: Run) -> date:
        """Return the day of a run, where its runner lives."""
        return run.started_at.astimezone(self.runner.timezone).date()


def _list(listed: _Listed) -> str:
    months = groupby(listed.runs, key=lambda run: listed.day(run).replace(day=1))
    return "".join(_month(month, replace(listed, runs=tuple(runs))) for month, runs in months)


def _month(month: date, listed: _Listed) -> str:
    language = listed.language
    title = language.say("{month} {year}").format(month=month_word(month, language), year=month.year)
    return f'<h2>{escape(title)}</h2><ul class="runs">{"".join(_row(run, listed) for run in listed.runs)}</ul>'


def _row(run: Run, listed: _Listed) -> str:
    language, report, verdict = listed.language, run_report(run, listed.runner.timezone), run.judgement.verdict
    day = listed.day(run)
    lasted = figure(report, "duration_s", in_minutes(run.duration_s, language))
    what = ", ".join(filter(None, (lasted, distance(report, language))))
    return (
        f'<li><a class="run" href="{escape(run_path(run))}">'
        f'<time class="day" datetime="{day}">{escape(short_day(day, language))} {day.day}</time> '
        f'<span class="what">{what}</span> '
        f'<span class="verdict">{mark(verdict)} {escape(verdict_text(verdict, language))}</span> '
        f'<span class="quiet more">{" · ".join(_more(run, language))}</span></a></li>'
    )


def _more(run: Run, language: Language) -> list[str]:
    sources = ", ".join(source_text(source, language) for source in run.sources)
    felt = ""
    if run.feeling and run.feeling.after:
        felt = language.say("felt {feeling}").format(feeling=feeling_word(run.feeling.after, language))
    return [part for part in (name_of(run), escape(felt), escape(sources)) if part]


def _nothing(language: Language, *, is_end: bool) -> str:
    if is_end:
        line = language.say("Nothing older is kept.")
        return f"<p>{escape(line)}</p>"
    ways = (
        language.say("Put the strap on and go: the house notices by itself."),
        language.say("A file from a watch or a phone: duurloop import, or put it into the watched folder."),
        language.say("Linked with Strava, runs come from there: duurloop strava link."),
    )
    listed = "".join(f"<li>{escape(way)}</li>" for way in ways)
    title = language.say("No runs yet. There is no hurry; this is how they get here:")
    return f'<section class="card"><p>{escape(title)}</p><ul>{listed}</ul></section>'


def _elsewhere(runner: Runner, language: Language) -> str:
    line = language.say("What is known from Strava alone stands on {runner}'s own page.")
    return f'<p class="quiet">{escape(line).format(runner=f"<bdi>{escape(runner.name)}</bdi>")}</p>'


def _turning(runner: Runner, language: Language, oldest: datetime | None, *, is_first: bool) -> str:
    links = []
    if not is_first:
        links.append((web_query(runner=runner.name), language.say("Newest runs")))
    if oldest is not None:
        links.append((web_query(runner=runner.name, before=oldest.isoformat()), language.say("Older runs")))
    buttons = "".join(f'<a class="button" href="{HERE}?{query}">{escape(word)}</a>' for query, word in links)
    return f'<p class="turning">{buttons}</p>' if buttons else ""
