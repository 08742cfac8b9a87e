"""The help page: when to stop, when to ask a doctor, where help is to be found. It needs nobody's data."""

from html import escape

from aiohttp import web

from daemon.domain.wording import Language
from daemon.domain.wording.care import Section, help_page
from daemon.page.frame import framed

PATH = "/help"


def help_routes(language: Language) -> list[web.AbstractRouteDef]:
    """Return what is answered at `/help`, in the house's language."""

    async def show(_request: web.Request) -> web.Response:
        return framed(language, language.say("Taking care"), _body(language))

    return [web.get(PATH, show)]


def _body(language: Language) -> str:
    title = escape(language.say("Taking care"))
    return f"<h1>{title}</h1>" + "".join(map(_section, help_page(language)))


def _section(section: Section) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in section.lines)
    return f"<section><h2>{escape(section.title)}</h2><ul>{lines}</ul></section>"
