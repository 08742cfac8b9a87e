"""`/status`: how things stand, in plain words."""

from html import escape

from aiohttp import web

from daemon.domain.wording import Language
from daemon.page.frame import page, viewer_of
from daemon.page.house import House
from daemon.page.privacy import privacy_link
from daemon.remote import Answer
from daemon.standing import Line, Look, Part, parts

PATH = "/status"


def status_routes(house: House) -> list[web.AbstractRouteDef]:
    """Return what is answered at `/status`: what the viewer's runners need to know, and how the house is."""

    async def show(request: web.Request) -> web.Response:
        viewer = viewer_of(request)
        answer = await house.commands["status"]({})
        body = status_body(answer, Look(viewer.names, viewer.is_alone), viewer.language) + privacy_link(viewer.language)
        return page(request, viewer.language.say("How things stand"), body, here=PATH)

    return [web.get(PATH, show)]


def status_body(answer: Answer, look: Look, language: Language) -> str:
    """Return the page: a card for each runner, then the house."""
    cards = "".join(_card(part) for part in parts(answer, language.say, look))
    return f"<h1>{escape(language.say('How things stand'))}</h1>{cards}"


def _card(part: Part) -> str:
    lines = "".join(f"<li>{_line(line)}</li>" for line in part.lines)
    return f'<section class="card standing"><h2>{escape(part.title)}</h2><ul>{lines}</ul></section>'


def _line(line: Line) -> str:
    text = escape(line.text)
    if line.path:
        return f'<a href="{escape(line.path)}">{text}</a>'
    return f"{text} <code>{escape(line.command)}</code>" if line.command else text
