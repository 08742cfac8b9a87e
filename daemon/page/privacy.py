"""`/privacy`: what is kept, for how long, who sees it, and how to have it erased, by what this household has set.

No path of the server is in it: who looks from a phone has no use for one, and whoever administers the server knows.
"""

from html import escape

from aiohttp import web

from daemon.domain.wording import Language
from daemon.domain.wording.care import Section
from daemon.domain.wording.privacy import NO_DEVICE, PROMISE, Seen, Way, privacy_page
from daemon.page.frame import Viewer, page, viewer_of
from daemon.page.house import House
from daemon.page.terms import Terms

PATH = "/privacy"


def privacy_routes(house: House, terms: Terms) -> list[web.AbstractRouteDef]:
    """Return what is answered at `/privacy`: only to who may see the runners whom it tells of."""

    async def show(request: web.Request) -> web.Response:
        viewer = viewer_of(request)
        body = privacy_body(seen_by(viewer, house, terms), viewer.language)
        return page(request, viewer.language.say("Privacy"), body, here=PATH)

    return [web.get(PATH, show)]


def seen_by(viewer: Viewer, house: House, terms: Terms) -> Seen:
    """Return what the page tells this viewer of: their runners, and where messages to these go."""
    ways = tuple(
        Way(
            channel.name if viewer.is_alone else f"{name}, {channel.name}",
            [kind.value for kind in channel.kinds],
            channel.figures,
        )
        for name in viewer.names
        for channel in house.companions[name].runner.channels
    )
    return Seen(viewer.names, ways, terms.keeping, is_open=terms.door.is_open)


def privacy_body(seen: Seen, language: Language) -> str:
    """Return the page: the promise, then what it means here."""
    cards = "".join(_card(section) for section in privacy_page(seen, language))
    last = f"<p>{escape(language.say(NO_DEVICE))}</p>"
    return f"<h1>{escape(language.say('Privacy'))}</h1><p>{escape(language.say(PROMISE))}</p>{cards}{last}"


def privacy_link(language: Language) -> str:
    """Return the way to it, for the foot of a page."""
    title = language.say("What is kept, and who sees it")
    return f'<p class="standing"><a href="{PATH}">{escape(title)}</a></p>'


def _card(section: Section) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in section.lines)
    return f'<section class="card"><h2>{escape(section.title)}</h2><ul>{lines}</ul></section>'
