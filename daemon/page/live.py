"""The live page: a card for each runner, whole without a script, and kept alive by one.

A card is made here, once, for what there is to do (`glance.key_of`); while that stays the same the script only puts new
values into its slots. The values come from `glance`, for both, so that neither shows what the other would not.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from aiohttp import web

from daemon.domain.calendar import day_of
from daemon.domain.week import is_own
from daemon.domain.wording import Language
from daemon.following import Followed
from daemon.page.assets import edition
from daemon.page.card import Around, card
from daemon.page.frame import UnansweredError, Viewer, page, posted, svg, viewer_of, web_query
from daemon.page.glance import line_of
from daemon.page.house import House
from daemon.page.run_drawing import Drawn, run_drawing
from daemon.remote import RefusedError

AGAIN_S = 10
"""Without a script the page loads itself anew this often."""
SCRIPTS = ("uPlot.js", "curve.js", "sound.js", "live.js")
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
        kind = "one" if len(names) == 1 else "several"
        return page(request, title, body, here="/", scripts=SCRIPTS, again_s=AGAIN_S, kind=kind)

    async def card(self, request: web.Request) -> web.Response:
        """Show one card alone: the script puts it in the place of one that does not fit any more."""
        name = _named(request)
        html = await self._card(request, name, is_alone="big" in request.query)
        return web.Response(text=html, content_type="text/html")

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
        leg = (await posted(request)).get("leg", "")
        # a finger that taps twice skips what it saw, and not what came after it
        seen = {"leg": int(leg)} if leg.isascii() and leg.isdecimal() and len(leg) <= LONGEST_LEG else {}
        await self._house.commands[command]({"runner": name, **parts, **seen})
        self._house.feed.stir(name)
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response({"done": what})
        raise web.HTTPSeeOther("/" if request.query.get("back") == "all" else f"/?{web_query(runner=name)}")

    async def _card(self, request: web.Request, name: str, *, is_alone: bool) -> str:
        followed = self._house.followed[name]
        glance = self._house.feed.glance(name)
        around = await self._look_around(viewer_of(request), followed)
        return card(request, followed, glance, around, is_alone=is_alone)

    async def _look_around(self, viewer: Viewer, followed: Followed) -> Around:
        name, now = followed.name, self._house.clock.now()
        today = day_of(now, followed.coach.runner.timezone)
        if followed.coach.session.started_at is not None:
            return Around(None, None, today)  # there is something better to do than to read a year of runs
        try:
            standing = await self._house.companions[name].planner.standing(now)
        except RefusedError:
            standing = None  # a plan's file that is gone: the page of the plan tells it
        kept, own = await self._house.store.runs(name, limit=1), followed.coach.last_run
        # a run that has just ended may not be kept yet, and the card is made only once
        last = max([*kept, *([own] if own else [])], key=lambda run: run.started_at, default=None)
        may_see = last is not None and (viewer.is_alone or is_own(last))
        return Around(standing, last if may_see else None, today)


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
        "version": edition(),
        "runners": ",".join(names),
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
