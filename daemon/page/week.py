"""The pages of the weeks: what the weekly message says, its drawing, and what is behind it.

The figures are here, for the page is the runner's own. What came by Strava's API alone is shown to its own runner:
whoever sees several runners sees their weeks without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from aiohttp import web

from daemon.domain.calendar import day_of
from daemon.domain.run import Run
from daemon.domain.week import IsoWeek, Together, Week, is_own
from daemon.domain.wording import Language, Text, day_word, verdict_text, week_text
from daemon.domain.wording.text import in_minutes
from daemon.household import Runner
from daemon.page.frame import UnansweredError, chosen, page, runner_links, svg, viewer_of, web_query
from daemon.page.house import House
from daemon.page.run_body import mark, name_of, run_path
from daemon.weekly.drawing import HEIGHT, WIDTH, week_drawing
from daemon.weekly.facts import week_facts
from daemon.weekly.words import no_runs, week_alt_text, week_dates, week_title

PATH = "/week"


@dataclass(frozen=True, slots=True)
class WeekSeen:
    """One week as it is shown to somebody."""

    runner: Runner
    week: Week
    together: Together | None
    runs: Sequence[Run]
    """Those of the week that they may see, the first one first."""
    turn: int = 0
    is_last: bool = False
    """It is the one that is going on."""
    is_cut: bool = False
    """Some of its runs are not for their eyes."""

    @property
    def is_told(self) -> bool:
        """Tell whether something can be said of it: of what is left out, not even that it was nothing."""
        return bool(self.runs) or not self.is_cut

    def text(self, language: Language) -> Text:
        """Return its words."""
        return week_text(self.week, language, figures=True, turn=self.turn, together=self.together)


def week_routes(house: House) -> list[web.AbstractRouteDef]:
    """Return what is answered under `/week`."""
    desk = _Desk(house)
    return [
        web.get(PATH, desk.show_current),
        web.get(PATH + "/{key}.svg", desk.draw),
        web.get(PATH + "/{key}", desk.show),
    ]


class _Desk:
    """Answers for the weeks."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def show_current(self, request: web.Request) -> web.Response:
        """Show the week that is going on."""
        return await self._page(request, self._current(request))

    async def show(self, request: web.Request) -> web.Response:
        """Show a week."""
        return await self._page(request, self._key(request))

    async def draw(self, request: web.Request) -> web.Response:
        """Return its drawing."""
        seen = await self._seen(request, self._key(request))
        return svg(week_drawing(seen.week, viewer_of(request).language, figures=True))

    async def _page(self, request: web.Request, key: IsoWeek) -> web.Response:
        seen, viewer = await self._seen(request, key), viewer_of(request)
        query = "" if viewer.is_alone else f"?{web_query(runner=seen.runner.name)}"
        body = runner_links(request, request.path) + week_body(seen, viewer.language, query)
        return page(request, week_title(key, viewer.language), body, here=PATH)

    def _current(self, request: web.Request) -> IsoWeek:
        return IsoWeek.of(day_of(self._house.clock.now(), chosen(request, self._house).runner.timezone))

    def _key(self, request: web.Request) -> IsoWeek:
        try:
            key = IsoWeek.parse(request.match_info["key"])
        except ValueError:
            raise UnansweredError(404, "No calendar has this week. One is written as 2026-W46.") from None
        if key > self._current(request):
            raise UnansweredError(404, "This week is still to come.")
        return key

    async def _seen(self, request: web.Request, key: IsoWeek) -> WeekSeen:
        companion, now = chosen(request, self._house), self._house.clock.now()
        runner, weeks = companion.runner, replace(companion.weeks, own_only=not viewer_of(request).is_alone)
        zone = runner.timezone
        all_runs = await self._house.store.runs(runner.name, key.begins(zone), until=key.ends(zone))
        runs = [run for run in reversed(all_runs) if is_own(run) or not weeks.own_only]
        return WeekSeen(
            runner=runner,
            week=await weeks.week(key, now),
            together=await weeks.together(key),
            runs=runs,
            turn=runner.turn(day_of(now, zone)),
            is_last=key == self._current(request),
            is_cut=len(runs) < len(all_runs),
        )


# -- what is shown -----------------------------------------------------------------------------------


def week_body(seen: WeekSeen, language: Language, query: str = "") -> str:
    """Return the page's HTML; `query` stands behind every address that is about this runner, escaped already."""
    key = seen.week.week
    parts = [f'<h1>{escape(week_title(key, language))}</h1><p class="quiet">{escape(week_dates(key, language))}</p>']
    if seen.is_told:
        parts += [_lines(seen, language), _picture(seen.week, language, query), _facts(seen.week, language)]
        parts.append(_runs(seen, language, query))
    parts += [_what_is_missing(seen, language), _other_weeks(seen, language, query)]
    return "".join(parts)


def _lines(seen: WeekSeen, language: Language) -> str:
    lines = "".join(f"<p>{_html(line)}</p>" for line in seen.text(language).body.splitlines())
    return f'<div class="card week-words">{lines}</div>'


def _picture(week: Week, language: Language, query: str) -> str:
    alt = escape(week_alt_text(week, language, figures=True))
    return (
        f'<p><img class="week-drawing" src="{PATH}/{week.week}.svg{query}" width="{WIDTH}" height="{HEIGHT}"'
        f' alt="{alt}"></p>'
    )


def _facts(week: Week, language: Language) -> str:
    facts = "".join(
        f"<dt>{escape(name)}</dt><dd>{_html(value)}</dd>" for name, value in week_facts(week, language, figures=True)
    )
    return f'<dl class="facts">{facts}</dl>' if facts else ""


def _runs(seen: WeekSeen, language: Language, query: str) -> str:
    title = escape(language.say("The runs of this week"))
    if not seen.runs:
        return f'<h2>{title}</h2><p class="quiet">{escape(no_runs(seen.week, language))}</p>'
    items = "".join(_run(run, seen.runner, language, query) for run in seen.runs)
    return f'<h2>{title}</h2><ul class="week-runs">{items}</ul>'


def _run(run: Run, runner: Runner, language: Language, query: str) -> str:
    began = run.started_at.astimezone(runner.timezone)
    when = f"{day_word(began.date(), language)} {began:%H:%M}"
    told = f"{in_minutes(run.duration_s, language)}, {verdict_text(run.judgement.verdict, language)}"
    parts = [mark(run.judgement.verdict), f"<b>{escape(when)}</b>", f"<span>{escape(told)}</span>", name_of(run)]
    return f'<li><a href="{run_path(run)}{query}">{" ".join(parts)}</a></li>'


def _what_is_missing(seen: WeekSeen, language: Language) -> str:
    if seen.is_cut:
        line = language.say("Runs that came by Strava are shown to their own runner only, and are left out here.")
    elif not seen.week.is_whole:
        line = language.say("Runs that came by Strava stay for some days only: some of this week may be gone.")
    else:
        return ""
    return f'<p class="quiet">{escape(line)}</p>'


def _other_weeks(seen: WeekSeen, language: Language, query: str) -> str:
    key = seen.week.week
    ways = [(key.before(), language.say("The week before"), "prev")]
    if not seen.is_last:
        ways.append((key.before(-1), language.say("The week after"), "next"))
    links = "".join(
        f'<a class="button" rel="{rel}" href="{PATH}/{week}{query}">{escape(word)}</a>' for week, word, rel in ways
    )
    label = escape(language.say("Other weeks"))
    return f'<nav class="week-ways" aria-label="{label}">{links}</nav>'


def _html(words: str) -> str:
    """Escape, and keep a number and its percent sign on one line."""
    return escape(words).replace(" %", "&nbsp;%")
