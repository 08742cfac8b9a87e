"""The files of the page: one style, a few scripts, the icons; named by their content, so that they are fetched once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "static"
STYLE = "page.css"
_FIRST = "base.css"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    content: bytes
    content_type: str
    version: str
    """Changes with the content."""


@cache
def assets() -> Mapping[str, Asset]:
    """Return all files by name; the styles are one."""
    styles = sorted(FOLDER.glob("*.css"), key=lambda path: (path.name != _FIRST, path.name))
    found = {STYLE: b"\n".join(path.read_bytes() for path in styles)}
    found |= {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in _TYPES.keys() - {".css"}}
    return {
        name: Asset(content, _TYPES[Path(name).suffix], sha256(content).hexdigest()[:12])
        for name, content in found.items()
    }


def asset(name: str) -> str:
    """Return the path of a file."""
    return f"/static/{assets()[name].version}/{name}"


@cache
def edition() -> str:
    """Return what changes with any of the files: a page that is open then loads itself anew."""
    return sha256("".join(one.version for one in assets().values()).encode()).hexdigest()[:12]


def asset_routes() -> list[web.AbstractRouteDef]:
    """Return what is answered under `/static`, and the manifest by which the page can be installed."""

    async def file(request: web.Request) -> web.Response:
        found = assets().get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        is_this = found.version == request.match_info["version"]
        headers = {
            "Cache-Control": FOR_EVER if is_this else "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
        }
        response = web.Response(body=found.content, content_type=found.content_type, charset=None, headers=headers)
        if found.content_type.startswith("text/"):
            response.charset = "utf-8"
        return response

    async def manifest(_request: web.Request) -> web.Response:
        return web.Response(text=json.dumps(_manifest()), content_type="application/manifest+json")

    return [web.get("/static/{version}/{name}", file), web.get("/manifest.webmanifest", manifest)]


def _manifest() -> Mapping[str, object]:
    return {
        "id": "/",
        "name": "duurloop",
        "short_name": "duurloop",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf8f3",
        "theme_color": "#23694b",
        "icons": [
            {"src": asset("icon.svg"), "type": "image/svg+xml", "sizes": "any"},
            {"src": asset("icon-192.png"), "type": "image/png", "sizes": "192x192"},
            {"src": asset("icon-512.png"), "type": "image/png", "sizes": "512x512"},
            {"src": asset("icon-maskable-512.png"), "type": "image/png", "sizes": "512x512", "purpose": "maskable"},
        ],
    }
