"""The stream of events that keeps an open page alive (SSE), one for all runners that its viewer may see."""

import asyncio
import json

from aiohttp import web

from daemon.page.access import Access
from daemon.page.assets import edition
from daemon.page.feed import Watch
from daemon.page.frame import SAFE_HEADERS, UnansweredError, viewer_of
from daemon.page.house import House
from daemon.store import StoreError

MOST_STREAMS = 128
"""More pages than any house has screens; beyond it somebody's script is stuck."""
REVIEW_S = 15.0
"""So often it is looked at whether the key still holds."""
STUCK_S = 20.0
"""A page that takes nothing for so long is gone."""
_HEADERS = {**SAFE_HEADERS, "X-Accel-Buffering": "no"}
"""A proxy is to hand on every event at once."""


def event_routes(house: House, access: Access) -> list[web.AbstractRouteDef]:
    """Return what is answered at `/events`."""

    async def events(request: web.Request) -> web.StreamResponse:
        feed = house.feed
        if feed.streams >= MOST_STREAMS:
            raise UnansweredError(503, "Too many pages are open already.")
        names = _names(request)
        response = web.StreamResponse(headers=_HEADERS)
        response.content_type, response.charset = "text/event-stream", "utf-8"
        # a stream never ends by itself, so its connection cannot be used for anything else
        response.force_close()
        with feed.watching(names, _since(request)) as watch:
            await response.prepare(request)
            hello = json.dumps({"version": edition(), "runners": names})
            await response.write(f"retry: 2000\nevent: hello\ndata: {hello}\n\n".encode())
            await _tell(request, response, watch, house, access)
        return response

    return [web.get("/events", events, allow_head=False)]


async def _tell(request: web.Request, response: web.StreamResponse, watch: Watch, house: House, access: Access) -> None:
    """Hand on what there is until the service ends, the page goes, or its key does not hold any more."""
    reviewed_at = house.clock.monotonic()
    while told := await watch.news():
        now = house.clock.monotonic()
        if now - reviewed_at >= REVIEW_S:
            reviewed_at = now
            if not await _still_holds(request, access):
                return
        try:
            async with asyncio.timeout(STUCK_S):
                await response.write(told)
        except ConnectionError:
            return
        except TimeoutError:
            if request.transport:
                request.transport.abort()  # a farewell would wait for the same deaf ear
            return


async def _still_holds(request: web.Request, access: Access) -> bool:
    """Tell whether the key still opens; a database that is ill just now takes nobody's heart rate off the screen."""
    try:
        return await access.viewer(request) is not None
    except StoreError:
        return True


def _names(request: web.Request) -> tuple[str, ...]:
    viewer = viewer_of(request)
    wanted = request.query.get("runner")
    if wanted is None:
        return viewer.names
    if wanted not in viewer.names:
        raise UnansweredError(404, "There is nothing here.")
    return (wanted,)


def _since(request: web.Request) -> int | None:
    """Return the last event that a page had; it says so in a header, or in the address when it began anew."""
    told = request.headers.get("Last-Event-ID") or request.query.get("since", "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 20 else None  # noqa: PLR2004 - milliseconds
