"""The page while the settings cannot be used, or are not there yet: people read pages, and not logs.

It stands alone: one document with all that it needs in it, no file beside it and no key, for these need a house that
runs. It looks again by itself until the service is there in its place, and only then loads itself anew: whoever has it
read aloud would else hear its beginning every five seconds. Without scripts that is how it is.
"""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from html import escape
from pathlib import Path

from aiohttp import web

from daemon.domain.wording import Language
from daemon.page.asked import is_asked_here
from daemon.page.server import answering, tls_context

AGAIN_S = 5
"""So often the page looks whether something has changed."""
_STYLE = """
:root{color-scheme:light dark;--ink:#1d2a26;--paper:#faf8f3;--card:#fff;--quiet:#56635e;--line:#c3ccc7}
@media(prefers-color-scheme:dark){:root{--ink:#e8ece9;--paper:#161b19;--card:#1e2523;--quiet:#a5b1ac;--line:#46534e}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:44rem;padding:1.5rem 1rem 3rem;background:var(--paper);color:var(--ink);
font:1.0625rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .5rem}
h2{font-size:1.15rem;margin:1.5rem 0 .25rem}
p{margin:.5rem 0}
li{margin:.5rem 0}
ul{margin:.5rem 0;padding-left:1.2rem}
pre,.card{margin:.75rem 0;padding:1rem;border:1px solid var(--line);border-radius:1rem;background:var(--card)}
pre{white-space:pre-wrap}
.card{list-style:none}
.quiet{color:var(--quiet)}
"""
_SCRIPT = f"""
const shown = `data-of="${{document.documentElement.dataset.of}}"`;
const look = async () => (await fetch(location.href, {{cache: "no-store"}})).text();
setInterval(() => look().then((now) => now.includes(shown) || location.reload(), () => 0), {AGAIN_S * 1000});
"""


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_HEADERS = {
    **_SAFE,
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
_ILL = {"ok": False, "reasons": [{"reason": "settings", "words": "The settings need a look."}]}


@dataclass(frozen=True, slots=True)
class Stuck:
    """Why the service cannot begin."""

    file: str
    """Where the settings are, or belong."""
    faults: tuple[str, ...]
    """As `file:line: key: reason`."""
    is_first_run: bool
    """There is nobody in the settings yet."""
    is_private: bool
    """Nobody reads along but whoever is at this machine: the lines may hold names."""
    restart: str | None = None
    """What starts the program anew, if secrets were handed over at its start, and change with a new one only."""


@dataclass(slots=True)
class Notice:
    """What is shown just now."""

    language: Language
    stuck: Stuck

    def html(self, *, is_asked_here: bool) -> str:
        """Return the page for somebody who asks for it, at this machine or elsewhere."""
        return stuck_page(self.stuck if is_asked_here else replace(self.stuck, is_private=False), self.language)


@asynccontextmanager
async def showing(
    host: str, port: int, notice: Notice, certificate: tuple[Path, Path] | None = None
) -> AsyncIterator[str]:
    """Show the notice for as long as the context is open; give its address. Raises `OSError`."""
    tls = tls_context(*certificate) if certificate else None

    async def show(request: web.Request) -> web.Response:
        html = notice.html(is_asked_here=is_asked_here(request))
        return web.Response(text=html, status=503, content_type="text/html", headers=_HEADERS)

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response(_ILL, status=503, headers=_SAFE)

    async with answering(host, port, [web.get("/", show), web.get("/healthz", healthz)], tls=tls) as bound:
        where = f"[{host}]:{bound}" if ":" in host else f"{host}:{bound}"
        yield f"https://{where}" if tls else f"http://{where}"


# -- the document ----------------------------------------------------------------------------------


def stuck_page(stuck: Stuck, language: Language) -> str:
    """Return the whole document: the way to begin, or what is wrong."""
    if stuck.is_first_run:
        title, body = language.say("Welcome to duurloop"), _welcome(stuck, language)
    else:
        title, body = language.say("The settings need a look"), _faults(stuck, language)
    heading, again = escape(title), escape(language.say("This page looks again by itself."))
    content = sha256(f"{heading}{body}".encode()).hexdigest()
    return (
        f'<!doctype html><html lang="{escape(language.code)}" data-of="{content}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<noscript><meta http-equiv="refresh" content="{AGAIN_S}"></noscript>'
        f"<title>{heading}</title><style>{_STYLE}</style><script>{_SCRIPT}</script></head>"
        f'<body><main><h1>{heading}</h1>{body}<p class="quiet">{again}</p></main></body></html>'
    )


def _faults(stuck: Stuck, language: Language) -> str:
    soon = language.say("duurloop begins as soon as they are right. Nothing is lost meanwhile.")
    if not stuck.is_private:
        number = len(stuck.faults)
        count = language.plural("{n} thing in them cannot be used.", "{n} things in them cannot be used.", number)
        where = language.say("On the server, duurloop check tells what it is.")
        return _paragraphs(f"{count.format(n=number)} {where}", soon)
    heading = escape(language.say("What to do"))
    edit = language.say("Open {file} in an editor. The number behind its name is that of the line.")
    advice = [edit.format(file=stuck.file), language.say("Each setting with its meaning: duurloop check --example")]
    return f"{_paragraphs(soon)}{_lines(stuck)}<h2>{heading}</h2>{_paragraphs(*advice, *_restart(stuck, language))}"


def _restart(stuck: Stuck, language: Language) -> list[str]:
    if stuck.restart is None:
        return []
    return [
        language.say("After a change among the credentials it wants a new start: {line}").format(line=stuck.restart)
    ]


def _lines(stuck: Stuck) -> str:
    return f'<ul class="card">{"".join(f"<li><code>{escape(line)}</code></li>" for line in stuck.faults)}</ul>'


def _welcome(stuck: Stuck, language: Language) -> str:
    needs = "".join(f"<li>{escape(line)}</li>" for line in _needs(language))
    where = language.say("This is enough to begin with. It belongs into {file}:")
    file = stuck.file if stuck.is_private else language.say("the settings file")
    after = (
        language.say("Easier still: duurloop setup asks for all of it, and finds the strap."),
        language.say("Each setting with its meaning: duurloop check --example"),
        language.say("As soon as the file is there, duurloop begins, and this page shows it."),
        language.say("Then put the strap on: within seconds you see your heart here."),
    )
    return (
        _paragraphs(language.say("A patient companion for calm runs. It needs to know three things:"))
        + f"<ul>{needs}</ul>{_paragraphs(where.format(file=file))}<pre><code>{escape(_smallest(language))}</code></pre>"
        + _paragraphs(*after)
    )


def _needs(language: Language) -> tuple[str, ...]:
    return (
        language.say("Who runs: a name."),
        language.say(
            "The calm zone: two heart rates between which you can still talk. A guess will do for now; "
            "duurloop zone --talk-test finds it later."
        ),
        language.say(
            "The strap: its name, as duurloop scan shows it. Leave it out if your runs come from a watch or a phone."
        ),
    )


def _smallest(language: Language) -> str:
    return f'[[runners]]\nname = "Els"\nlanguage = "{language.code}"\nzone = "118-136"\n#strap = "Polar H10 A1B2C3D4"\n'


def _paragraphs(*lines: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)
