"""The live page: a card for each runner, whole without a script, and kept alive by one.

A card is made here, once, for what there is to do (`glance.key_of`); while that stays the same the script only puts new
values into its slots. The values come from `glance`, for both, so that neither shows what the other would not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from aiohttp import web

from daemon.domain.calendar import day_of
from daemon.domain.run import Run
from daemon.domain.session import leg_on
from daemon.domain.week import is_own
from daemon.domain.wording import Language, course_text, day_word, verdict_text
from daemon.domain.wording.text import in_minutes
from daemon.following import Followed
from daemon.page.assets import assets
from daemon.page.frame import UnansweredError, Viewer, form, page, svg, viewer_of, web_query
from daemon.page.glance import line_of
from daemon.page.house import House
from daemon.page.run_drawing import Drawn, run_drawing
from daemon.planning import Standing
from daemon.remote import RefusedError
from daemon.report import run_report

AGAIN_S = 10
"""Without a script the page loads itself anew this often."""
MAIN = ' class="main"'
SCRIPTS = ("uPlot.js", "live.js")
LONGEST_LEG = 4
UNKNOWN = "–"  # noqa: RUF001 - what stands where there is no value

_COMMANDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "start": ("start", {}),
    "free": ("start", {"free": True}),
    "stop": ("stop", {}),
    "skip": ("skip", {}),
    "hold": ("hold", {}),
    "go_on": ("go_on", {}),
    "release": ("release", {}),
    "arm": ("arm", {}),
}
"""What the buttons ask for: a command, and what goes with it."""


def live_routes(house: House) -> list[web.AbstractRouteDef]:
    """Return what is answered at `/` and under `/live`."""
    desk = _Desk(house)
    return [
        web.get("/", desk.show),
        web.get("/live/{runner}/card", desk.card),
        web.get("/live/{runner}/curve.svg", desk.curve),
        web.post("/live/{runner}/{what}", desk.do),
    ]


@dataclass(frozen=True, slots=True)
class _Around:
    """What there is to say of a runner beside the moment."""

    standing: Standing | None
    last: Run | None
    today: date


class _Desk:
    def __init__(self, house: House) -> None:
        self._house = house

    async def show(self, request: web.Request) -> web.Response:
        """Show everybody, or the one that was asked for."""
        viewer = viewer_of(request)
        wanted = request.query.get("runner")
        if wanted is not None and wanted not in viewer.names:
            raise UnansweredError(404, "There is nothing here.")
        names = [wanted] if wanted else list(viewer.names)
        cards = [await self._card(request, name, is_alone=len(names) == 1) for name in names]
        body = _stage(names, cards, viewer, query=f"?{web_query(runner=wanted)}" if wanted else "")
        title = names[0] if len(names) == 1 else "duurloop"
        return page(request, title, body, here="/", scripts=SCRIPTS, again_s=AGAIN_S)

    async def card(self, request: web.Request) -> web.Response:
        """Show one card alone: the script puts it in the place of one that does not fit any more."""
        name = _named(request)
        html = await self._card(request, name, is_alone="big" in request.query)
        return web.Response(text=html, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def curve(self, request: web.Request) -> web.Response:
        """Draw the run so far, for whoever has no script to do it."""
        coach = self._house.followed[_named(request)].coach
        session, language = coach.session, coach.runner.language
        from_s = coach.coached_from_s or 0.0
        line = line_of(coach, from_s)
        lasted_s = line[-1][-1].at_s if line else 0.0
        course = session.course if coach.is_open else None
        drawn = Drawn(
            line,
            session.terms.target,
            max(course.for_s if course else 0.0, lasted_s, 300.0),
            course.legs if course else (),
            language.say("Heart rate of this run"),
        )
        return svg(run_drawing(drawn, language))

    async def do(self, request: web.Request) -> web.StreamResponse:
        """Do what a button says."""
        name, what = _named(request), request.match_info["what"]
        if what not in _COMMANDS:
            raise web.HTTPNotFound
        command, parts = _COMMANDS[what]
        leg = str((await request.post()).get("leg", ""))
        # a finger that taps twice skips what it saw, and not what came after it
        seen = {"leg": int(leg)} if leg.isascii() and leg.isdecimal() and len(leg) <= LONGEST_LEG else {}
        await self._house.commands[command]({"runner": name, **parts, **seen})
        self._house.feed.stir(name)
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response({"done": what})
        raise web.HTTPSeeOther((request.query.get("back") == "all" and "/") or f"/?{web_query(runner=name)}")

    async def _card(self, request: web.Request, name: str, *, is_alone: bool) -> str:
        followed = self._house.followed[name]
        glance = self._house.feed.glance(name)
        around = await self._look_around(viewer_of(request), followed)
        return _card(request, followed, glance, around, is_alone=is_alone)

    async def _look_around(self, viewer: Viewer, followed: Followed) -> _Around:
        name, now = followed.name, self._house.clock.now()
        try:
            standing = await self._house.companions[name].planner.standing(now)
        except RefusedError:
            standing = None  # a plan's file that is gone: the page of the plan tells it
        last = next(iter(await self._house.store.runs(name, limit=1)), None)
        may_see = last is not None and (viewer.is_alone or is_own(last))
        return _Around(standing, last if may_see else None, day_of(now, followed.coach.runner.timezone))


def _named(request: web.Request) -> str:
    name = request.match_info["runner"]
    if name not in viewer_of(request).names:
        raise UnansweredError(404, "There is nothing here.")
    return name


# -- the page ------------------------------------------------------------------------------------------


def _stage(names: Sequence[str], cards: Sequence[str], viewer: Viewer, *, query: str) -> str:
    say = viewer.language.say
    told = {
        "events": f"/events{query}",
        "version": assets()["live.js"].version,
        "lost": say("No connection to the house. I keep trying."),
        "silent": say("No news for {seconds} seconds"),
        "again": say("Tap once more to stop"),
        "failed": say("That did not reach the house. Please try again."),
        "awake": say("The screen stays on."),
        "asleep": say("This browser lets the screen go dark: it keeps it on only over https, or on the server itself."),
        "chart": say("Heart rate of this run"),
    }
    data = "".join(f' data-{name}="{escape(words)}"' for name, words in told.items())
    all_of_them, live = escape(say("Everybody")), escape(say("Live"))
    is_one_of_several = len(names) == 1 and not viewer.is_alone
    everybody = f'<nav class="chips"><a href="/">{all_of_them}</a></nav>' if is_one_of_several else ""
    kind = "one" if len(names) == 1 else "several"
    heading = "" if len(names) == 1 else f'<h1 class="visually-hidden">{live}</h1>'
    return (
        f'<div id="live" class="{kind}"{data}>{everybody}'
        f'<p id="connection" role="status" hidden></p>{heading}<div class="cards">{"".join(cards)}</div>'
        f'<p id="polite" class="visually-hidden" role="status"></p>{_switches(viewer.language)}</div>'
    )


def _switches(language: Language) -> str:
    """Return what only a script can do; it shows them."""
    say = language.say
    switches = {"sound": say("Sound"), "speech": say("Speech"), "vibration": say("Vibration")}
    buttons = "".join(
        f'<button type="button" data-switch="{name}" aria-pressed="false" hidden>{escape(word)}</button>'
        for name, word in switches.items()
    )
    return f'<div class="switches" hidden>{buttons}<p id="screen" class="quiet"></p></div>'


def _card(
    request: web.Request, followed: Followed, glance: Mapping[str, Any], around: _Around, *, is_alone: bool
) -> str:
    language = followed.coach.runner.language
    is_open = followed.coach.is_open
    inner = _heart(glance, language, is_open=is_open)
    if is_open:
        inner += _run_part(glance, language) + _chart(followed.name, language)
    else:
        inner += _tonight(around, language) + _last(around, followed, language)
    heading = "h1" if is_alone else "h2"
    link = f'<a href="/?{web_query(runner=followed.name)}">{escape(followed.name)}</a>'
    name = escape(followed.name) if is_alone else link
    return (
        f'<article class="card runner {"big" if is_alone else "small"}" lang="{language.code}"'
        f' data-runner="{escape(followed.name)}" data-key="{escape(glance["key"])}" data-state="{glance["state"]}"'
        f' data-session="{escape(glance["session"] or "")}">'
        f"<{heading}>{name}</{heading}>{inner}"
        f'<p class="said" data-slot="said"></p>{_buttons(request, followed, around, is_alone=is_alone)}</article>'
    )


def _heart(glance: Mapping[str, Any], language: Language, *, is_open: bool) -> str:
    bpm = UNKNOWN if glance["bpm"] is None else str(glance["bpm"])
    unit = escape(language.say("beats per minute"))
    figure = (
        f'<p class="bpm"><span class="figure" data-slot="bpm">{bpm}</span> <span class="unit">{unit}</span></p>'
        if is_open
        else ""
    )
    words = (
        f'<p class="state"><strong data-slot="word">{escape(glance["word"])}</strong> '
        f'<span class="line" data-slot="line">{escape(glance["line"])}</span></p>'
    )
    limit = _slot("limit", glance["limit"], "p") if glance["limit"] else ""
    return f'<div class="now">{figure}{words}{_gauge(glance, language) if is_open else ""}{limit}</div>'


def _slot(name: str, words: str, tag: str) -> str:
    return f'<{tag} data-slot="{name}">{escape(words)}</{tag}>'


def _gauge(glance: Mapping[str, Any], language: Language) -> str:
    """Draw where the heart lies against the zone; numbers and words say the same."""
    gauge = glance["gauge"]
    if gauge is None:
        return ""
    width, at, label = round(gauge["high"] - gauge["low"], 1), gauge.get("at"), escape(language.say("The calm zone"))
    shown = f'transform="translate({at} 0)"' if at is not None else 'visibility="hidden"'
    return (
        f'<svg class="gauge" viewBox="-3 0 106 14" role="img" aria-label="{label}">'
        '<rect class="track" x="0" y="5" width="100" height="5" rx="2.5"/>'
        f'<rect class="band" x="{gauge["low"]}" y="4" width="{width}" height="7" rx="1.5"/>'
        f'<path class="marker" d="M-2.4 0h4.8L0 4.2zM-.7 3h1.4v10h-1.4z" {shown}/></svg>'
    )


def _run_part(glance: Mapping[str, Any], language: Language) -> str:
    say = language.say
    course = ""
    if glance["leg"] is not None:
        course = (
            '<div class="course">'
            f'<p class="on"><strong data-slot="on">{escape(glance["on"])}</strong> '
            f'<span class="figure" data-slot="on_left">{escape(glance["on_left"])}</span></p>'
            f"{_slot('next', glance['next'], 'p')}{_legs(glance['legs'], glance['done_s'], language)}</div>"
        )
    facts = [
        (say("Time"), "elapsed", glance["elapsed"]),
        *([(say("To go"), "left", glance["left"])] if glance["leg"] is not None else []),
        (say("Calm so far"), "calm", glance["calm"] or UNKNOWN),
    ]
    listed = "".join(
        f'<div><dt>{escape(name)}</dt><dd class="figure" data-slot="{slot}">{escape(value)}</dd></div>'
        for name, slot, value in facts
    )
    return f'<div class="way">{course}<dl class="run">{listed}</dl></div>'


def _legs(legs: Sequence[tuple[str, float]], done_s: float, language: Language) -> str:
    """Draw the course from left to right: running is tall, walking is low, and what is done is filled."""
    whole = sum(for_s for _, for_s in legs) or 1.0
    parts, at = [], 0.0
    for kind, for_s in legs:
        tall = kind == "run"
        parts.append(
            f'<rect class="{escape(kind)}" x="{100 * at / whole:.2f}" y="{0 if tall else 4}"'
            f' width="{max(0.2, 100 * for_s / whole - 0.4):.2f}" height="{8 if tall else 4}"/>'
        )
        at += for_s
    label = escape(language.say("The course; tall parts are running"))
    return (
        f'<svg class="legs" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'{"".join(parts)}<rect class="done" x="0" y="9" width="{100 * done_s / whole:.2f}" height="1"/></svg>'
    )


def _chart(name: str, language: Language) -> str:
    """Leave room for the curve: the script draws it, and without one it is a picture."""
    picture = f"/live/{escape(quote(name))}/curve.svg"
    alt = escape(language.say("Heart rate of this run"))
    return f'<div class="chart" data-chart><noscript><img src="{picture}" alt="{alt}"></noscript></div>'


def _tonight(around: _Around, language: Language) -> str:
    if around.standing is None:
        return ""
    step, title = escape(around.standing.step_name), escape(language.say("Your next run"))
    course = course_text(around.standing.course, language)
    return (
        f'<p class="next"><strong>{title}</strong> <span>{step}</span></p>'
        f'<p class="quiet">{escape(course[:1].upper() + course[1:])}</p>'
    )


def _last(around: _Around, followed: Followed, language: Language) -> str:
    run = around.last
    if run is None:
        return ""
    zone = followed.coach.runner.timezone
    told = run_report(run, zone)
    day = _day(run.started_at.astimezone(zone), around.today, language)
    verdict, minutes = verdict_text(run.judgement.verdict, language), in_minutes(run.duration_s, language)
    share = told["calm_pct"]
    is_calm, title = escape(language.say("calm")), escape(language.say("Last run"))
    calm = f', <data value="{share}">{round(share)} %</data> {is_calm}' if share is not None else ""
    return (
        f'<p class="last">{title}: <a href="/runs/{escape(run.id)}">{escape(day)}, '
        f'<data value="{told["duration_s"]}">{escape(minutes)}</data>, '
        f'<data value="{told["verdict"]}">{escape(verdict)}</data></a>{calm}</p>'
    )


def _day(began: datetime, today: date, language: Language) -> str:
    days = (today - began.date()).days
    if days <= 0:
        return language.say("today")
    if days == 1:
        return language.say("yesterday")
    return day_word(began.date(), language) if days < 7 else f"{began:%d-%m-%Y}"  # noqa: PLR2004 - a week


# -- what can be done ------------------------------------------------------------------------------------


def _buttons(request: web.Request, followed: Followed, around: _Around, *, is_alone: bool) -> str:
    language = followed.coach.runner.language
    back = "" if is_alone else "?back=all"
    leg = f'<input type="hidden" name="leg" value="{followed.coach.session.leg}">'
    buttons = "".join(
        form(
            request,
            f"/live/{quote(followed.name)}/{what}{back}",
            f"{leg if what == 'skip' else ''}<button{MAIN if is_main else ''}>{escape(word)}</button>",
            classes=f"do {what}",
        )
        for what, word, is_main in _offers(followed, around, language)
    )
    return f'<div class="buttons">{buttons}</div>' if buttons else ""


def _offers(followed: Followed, around: _Around, language: Language) -> list[tuple[str, str, bool]]:
    """Return what a runner may do now: its name, the word on the button, and whether it is the first choice."""
    say, coach, permit = language.say, followed.coach, followed.permit
    if followed.source is None:
        return []
    offers: list[tuple[str, str, bool]] = []
    session = coach.session
    if coach.is_open and session.started_at is not None:
        if session.held_at is not None:
            offers.append(("go_on", say("Go on"), True))
        else:
            offers.append(("hold", say("Pause"), False))
        if leg_on(session) is not None:
            offers.append(("skip", say("Skip this part"), False))
    elif around.standing is None:
        offers.append(("free", say("Start"), True))
    else:
        offers += [("start", say("Start"), True), ("free", say("Run freely"), False)]
    if coach.is_open:
        is_done = session.course is not None and session.leg >= len(session.course.legs)
        offers.append(("stop", say("Stop"), is_done))
    if permit.released_until is not None or not permit.granted:
        offers.append(("arm", say("Listen to my strap"), False))
    else:
        offers.append(("release", say("I'm going outside"), False))
    return offers
