"""The port `Strava`, fulfilled: each request in its own thread, on its own connection, within its time."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from connectors.strava.application import Application
from connectors.strava.lines import Line
from connectors.strava.loading import load
from daemon.aside import in_thread
from daemon.domain.activity import Activity, Page
from daemon.domain.recording import Recording
from daemon.strava.port import Answer, Tokens, UnreachableError, Upload

if TYPE_CHECKING:  # importing stravalib takes a second and 23 MB that a start does not need
    from connectors.strava.desk import Desk

T = TypeVar("T")

CONNECT_S = 5.0
READ_S = 20.0
TOTAL_S = 60.0
"""An answer that comes byte by byte never runs into READ_S."""


class StravaConnector:
    """Strava for one application; fulfils the port `Strava`. Nothing is asked twice."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        oauth_url: str,
        api_url: str,
        now: Callable[[], datetime],
        *,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        total_s: float = TOTAL_S,
    ) -> None:
        self._application = Application(
            client_id, client_secret, oauth_url.rstrip("/"), api_url.rstrip("/"), now, connect_s, read_s
        )
        self._total_s = total_s
        self._under_way: dict[Line, asyncio.Future[Any]] = {}

    def authorization_url(self, redirect_uri: str, state: str, *, uploads: bool = False) -> str:
        """Return the address at which the athlete says yes."""
        return self._application.authorization_url(redirect_uri, state, uploads=uploads)

    async def exchange(self, code: str) -> tuple[Tokens, int | None]:
        """Return the tokens that a code of the redirect stands for, and the athlete's id if it is told."""
        return await self._ask(lambda desk: desk.exchange(code))

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Return fresh tokens; the old refresh token may be dead from now on."""
        return await self._ask(lambda desk: desk.refresh(tokens))

    async def revoke(self, tokens: Tokens) -> None:
        """End the link at Strava; one that has ended already is no failure."""
        await self._ask(lambda desk: desk.revoke(tokens))

    async def activities(self, tokens: Tokens, page: int) -> Answer[Page]:
        """Return one page of the athlete's activities, newest first; `page` counts from 1."""
        return await self._ask(lambda desk: desk.activities(tokens, page))

    async def recording(self, tokens: Tokens, activity: Activity) -> Answer[Recording]:
        """Return an activity as it was recorded."""
        return await self._ask(lambda desk: desk.recording(tokens, activity))

    async def upload(self, tokens: Tokens, fit: bytes, external_id: str) -> Answer[Upload]:
        """Hand over a FIT file."""
        return await self._ask(lambda desk: desk.upload(tokens, fit, external_id))

    async def upload_status(self, tokens: Tokens, upload: int) -> Answer[Upload]:
        """Return what became of a file."""
        return await self._ask(lambda desk: desk.upload_status(tokens, upload))

    async def subscribe(self, callback_url: str, verify_token: str) -> int:
        """Ask for events at `callback_url`; return the subscription's id."""
        return await self._ask(lambda desk: desk.subscribe(callback_url, verify_token))

    async def unsubscribe(self, subscription: int) -> None:
        """Ask for no more events; one that has ended already is no failure."""
        await self._ask(lambda desk: desk.unsubscribe(subscription))

    async def close(self) -> None:
        """Give up what is under way; its threads end by themselves."""
        for line, answer in tuple(self._under_way.items()):
            line.cut()
            if not answer.done():
                answer.set_exception(UnreachableError("the request to Strava was given up"))

    async def _ask(self, question: Callable[["Desk"], T]) -> T:
        line = Line()
        answer = in_thread(lambda: question(self._desk(line)), "strava request")
        self._under_way[line] = answer
        try:
            await asyncio.wait([answer], timeout=self._total_s)
        finally:
            del self._under_way[line]
            if not answer.cancel():
                answer.exception()  # looked at, if only by us: it came at the moment in which nobody waited any more
            line.cut()
        if answer.cancelled():
            raise UnreachableError("Strava does not answer in time")
        return answer.result()

    def _desk(self, line: Line) -> "Desk":
        load()
        from connectors.strava.desk import Desk  # noqa: PLC0415 see above

        return Desk(self._application, line)
