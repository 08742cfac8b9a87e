"""What all pages have in common: one frame, headers that let nothing in from elsewhere, and who is looking.

There is no script in a page and no style: both stand in files of ours, so that whatever a name or a note holds can be
neither. A page is whole without its scripts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from aiohttp import web

from daemon.companion import Companion
from daemon.domain.wording import Language
from daemon.page.assets import asset
from daemon.page.house import House
from daemon.telling import TellingError

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # with no-referrer a form would be sent with the origin "null"
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
PAGE_HEADERS = {
    **SAFE_HEADERS,
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}
_PICTURE = {**SAFE_HEADERS, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking."""

    names: tuple[str, ...]
    """The runners whom they may see; never empty."""
    language: Language
    cookie: str
    """The key they hold; empty where none is needed."""
    form_token: str
    """What their forms bring back."""

    @property
    def is_alone(self) -> bool:
        """Tell whether they see one runner only: then it is that runner."""
        return len(self.names) == 1


VIEWER = web.RequestKey("viewer", Viewer)
TOKEN_FIELD = "token"  # noqa: S105 - where it stands in our forms
FORM = "application/x-www-form-urlencoded"


class UnansweredError(TellingError):
    """A request that gets a kind line instead of what it asked for."""

    def __init__(self, status: int, sentence: str, /, **parts: object) -> None:
        super().__init__(sentence, **parts)
        self.status = status


def viewer_of(request: web.Request) -> Viewer:
    """Return who is looking; there is one wherever a key was asked for."""
    return request[VIEWER]


def chosen(request: web.Request, house: House) -> Companion:
    """Return the runner whom a page is about: the one that was asked for, else the first whom the viewer may see."""
    viewer = viewer_of(request)
    wanted = request.query.get("runner", viewer.names[0])
    if wanted not in viewer.names:
        raise UnansweredError(404, "There is nothing here.")
    return house.companions[wanted]


def runner_links(request: web.Request, here: str) -> str:
    """Return the choice among several runners as links; nothing for a viewer of one."""
    viewer = viewer_of(request)
    if viewer.is_alone:
        return ""
    wanted = request.query.get("runner", viewer.names[0])
    links = "".join(
        f'<a href="{escape(here)}?{web_query(runner=name)}"{_current(name == wanted)}>{escape(name)}</a>'
        for name in viewer.names
    )
    label = escape(viewer.language.say("Whose page"))
    return f'<nav class="chips" aria-label="{label}">{links}</nav>'


def web_query(**parts: str) -> str:
    """Return parts as they stand behind a question mark in an attribute."""
    return escape(urlencode(parts))


def form(request: web.Request, action: str, inner: str, *, classes: str = "") -> str:
    """Return a form that our own pages alone can send; `inner` is HTML already."""
    return (
        f'<form method="post" action="{escape(action)}" class="{escape(classes)}" autocomplete="off">'
        f'<input type="hidden" name="{TOKEN_FIELD}" value="{escape(viewer_of(request).form_token)}">{inner}</form>'
    )


async def posted(request: web.Request) -> Mapping[str, str]:
    """Return what a form says; of a field that stands there twice, the last. Raises `UnansweredError`."""
    if request.content_type != FORM:
        raise UnansweredError(400, "I did not understand that.")
    try:
        return {name: str(value) for name, value in (await request.post()).items()}
    except (ValueError, LookupError):
        raise UnansweredError(400, "I did not understand that.") from None


def page(
    request: web.Request,
    title: str,
    body: str,
    *,
    here: str = "",
    scripts: Sequence[str] = (),
    again_s: int | None = None,
    kind: str = "",
) -> web.Response:
    """Return a page with the way to all others; `body` is HTML already, the title is not.

    Without scripts it loads itself anew every `again_s` seconds. `kind` is for the style: how wide it is.
    """
    language = viewer_of(request).language
    query = f"?{web_query(runner=request.query['runner'])}" if "runner" in request.query else ""
    links = "".join(
        f'<a href="{path}{query}"{_current(path == here)}>{escape(word)}</a>' for path, word in _ways(language)
    )
    again = f'<noscript><meta http-equiv="refresh" content="{again_s}"></noscript>' if again_s else ""
    linked = "".join(f'<script src="{asset(name)}" defer></script>' for name in scripts)
    skip, label = escape(language.say("To the page itself")), escape(language.say("Pages"))
    ways = f'<nav class="ways" aria-label="{label}">{links}</nav>'
    top = f'<a class="skip-link" href="#main">{skip}</a><header>{ways}</header>'
    return _document(language, title, body, head=again + linked, top=top, kind=kind)


def framed(language: Language, title: str, body: str, status: int = 200) -> web.Response:
    """Return a page that stands alone, for whoever may see no other; `body` is HTML already, the title is not."""
    return _document(language, title, body, status=status)


def kind_line(line: str, language: Language) -> str:
    """Return the body of a page that has one line to say."""
    back = escape(language.say("Back"))
    return f'<h1>duurloop</h1><p>{escape(line)}</p><p><a class="button" href="/">{back}</a></p>'


def svg(drawing: str) -> web.Response:
    """Return a drawing that has a style of its own; it is shown as a picture, and can do nothing."""
    return web.Response(text=drawing, content_type="image/svg+xml", headers=_PICTURE)


def _document(
    language: Language, title: str, body: str, *, head: str = "", top: str = "", kind: str = "", status: int = 200
) -> web.Response:
    html = (
        f'<!doctype html><html lang="{escape(language.code)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        '<meta name="theme-color" media="(prefers-color-scheme: light)" content="#faf8f3">'
        '<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#161b19">'
        f'<link rel="stylesheet" href="{asset("page.css")}">'
        f'<link rel="icon" type="image/svg+xml" href="{asset("icon.svg")}">'
        f'<link rel="apple-touch-icon" href="{asset("icon-180.png")}">'
        f'<link rel="manifest" href="/manifest.webmanifest">{head}</head>'
        f'<body>{top}<main id="main" class="{kind}">{body}</main></body></html>'
    )
    return web.Response(text=html, status=status, content_type="text/html", headers=PAGE_HEADERS)


def _ways(language: Language) -> tuple[tuple[str, str], ...]:
    return (
        ("/", language.say("Live")),
        ("/runs", language.say("Runs")),
        ("/week", language.say("Week")),
        ("/plan", language.say("Plan")),
        ("/status", language.say("Status")),
        ("/help", language.say("Help")),
    )


def _current(is_it: bool) -> str:  # noqa: FBT001 - an attribute or none
    return ' aria-current="page"' if is_it else ""
