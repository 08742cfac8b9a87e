"""The help page: when to stop, how to tell that it is calm, what the numbers mean. It needs no key: nobody is in it."""

from html import escape

from aiohttp import web

from daemon.domain.wording import ENGLISH, Language
from daemon.domain.wording.care import Section, help_page
from daemon.domain.wording.guide import guide_page
from daemon.page.frame import VIEWER, framed, page
from daemon.page.house import House
from daemon.page.privacy import privacy_link

PATH = "/help"


def help_routes(house: House) -> list[web.AbstractRouteDef]:
    """Return what is answered at `/help`: in the viewer's language, to a stranger in that of the house."""
    runners = [companion.runner for companion in house.companions.values()]
    own = runners[0].language if runners else ENGLISH

    async def show(request: web.Request) -> web.Response:
        if VIEWER in request:
            language = request[VIEWER].language
            body = help_body(language) + privacy_link(language)  # it names runners: not for strangers
            return page(request, language.say("Help"), body, here=PATH)
        return framed(own, own.say("Help"), help_body(own))

    return [web.get(PATH, show)]


def help_body(language: Language) -> str:
    """Return the page: what is urgent, then where to find what, then all of it."""
    urgent, *rest = help_page(language)
    guide = zip(("talk", "numbers", "strap", "page"), guide_page(language), strict=True)
    care = ((f"care-{number}", section) for number, section in enumerate(rest, 1))
    sections = (*guide, *care)
    links = "".join(f'<li><a href="#{anchor}">{escape(one.title)}</a></li>' for anchor, one in sections)
    here = language.say("On this page")
    contents = f'<nav class="contents" aria-label="{escape(here)}"><ul>{links}</ul></nav>'
    cards = "".join(_section(*one) for one in sections)
    return f"<h1>{escape(language.say('Help'))}</h1>{_section('stop', urgent)}{contents}{cards}"


def _section(anchor: str, section: Section) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in section.lines)
    return f'<section class="card" id="{anchor}"><h2>{escape(section.title)}</h2><ul>{lines}</ul></section>'
