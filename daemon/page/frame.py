"""What all pages have in common: one small document, without a script, that needs nothing from elsewhere."""

from base64 import b64encode
from hashlib import sha256
from html import escape

from aiohttp import web

from daemon.domain.wording import Language

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2a26;--paper:#faf8f3;--quiet:#5d6b66;--line:#c9d2cd;--leaf:#2f7d5b;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e8ece9;--paper:#161b19;--quiet:#9fada7;--line:#3a4642;--leaf:#6fc29b;
--on:#10201a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:30rem;padding:1.5rem 1rem 3rem;background:var(--paper);color:var(--ink);
font:1.125rem/1.5 system-ui,sans-serif}
h1{font-size:1.4rem;line-height:1.3;margin:0 0 .25rem}
h2{font-size:1.1rem;margin:1.5rem 0 .25rem}
ul{margin:.25rem 0 0;padding-left:1.2rem}
li{margin:.25rem 0}
p{margin:.25rem 0 0;color:var(--quiet)}
.thanks{color:var(--leaf);font-weight:600}
fieldset{border:0;margin:1.5rem 0 0;padding:0;min-width:0}
legend{padding:0;font-weight:600;margin-bottom:.5rem}
.row{display:grid;grid-template-columns:repeat(5,1fr);gap:.4rem}
button,textarea{font:inherit;color:inherit;background:none;border:2px solid var(--line);border-radius:.75rem}
button{min-height:3rem;padding:.4rem .1rem;cursor:pointer;overflow-wrap:anywhere}
.row.three{grid-template-columns:repeat(3,1fr)}
.row.big button{min-height:5rem}
button b{display:block;font-size:1.3rem}
button small{display:block;font-size:.75rem;line-height:1.2}
button:focus-visible,textarea:focus-visible{outline:3px solid var(--leaf);outline-offset:2px}
button[aria-pressed=true],button.send{background:var(--leaf);border-color:var(--leaf);color:var(--on)}
textarea{width:100%;padding:.6rem;min-height:5rem}
button.send{width:100%;margin-top:.5rem}
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def framed(language: Language, title: str, body: str, status: int = 200) -> web.Response:
    """Return a page; `body` is HTML already, the title is not."""
    page = (
        f'<!doctype html><html lang="{escape(language.code)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    return web.Response(text=page, status=status, content_type="text/html", headers=_HEADERS)
