"""Strava's webhook: an event is a hint to look at an activity, and nothing more.

Events are not signed, so anybody may send one; all that it can bring about is a look, and not often.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from daemon.strava.book import Book
from daemon.strava.port import Strava

MEMO = "strava webhook"
WEBHOOK = "strava_webhook"
"""The name of its routes: whoever lets people in knows them by it."""
LONGEST_ID = 2**63

log = structlog.get_logger()


class Listener(Protocol):
    """Who wants to know (the follower)."""

    def hear_of(self, athlete: int, activity: int | None) -> None:
        """Look at an activity of which something was heard; None stands for the link itself."""


class Webhook:
    """The callback that Strava was given, and the subscription to it."""

    def __init__(self, callback_url: str, book: Book, listener: Listener) -> None:
        self.callback_url = callback_url
        self._book = book
        self._listener = listener
        self._verify_token = ""
        self._subscription: int | None = None
        self._is_subscribed = False

    async def recall(self) -> None:
        """Find back what was agreed before a restart; another address wants another subscription."""
        kept = _object(await self._book.memo(MEMO) or "")
        self._subscription = _id(kept.get("subscription"))
        self._is_subscribed = kept.get("callback_url") == self.callback_url
        self._verify_token = str(kept.get("verify_token")) if self._is_subscribed else secrets.token_urlsafe(24)

    async def subscribe(self, strava: Strava) -> None:
        """Ask Strava for events, unless it was asked before. Raises `StravaError`, `StoreError`."""
        if self._is_subscribed:
            return
        if self._subscription is not None:  # an application has one: that of the address before makes room
            await strava.unsubscribe(self._subscription)
            await self._book.keep_memo(MEMO, None)
        self._subscription = await strava.subscribe(self.callback_url, self._verify_token)
        agreed = {
            "callback_url": self.callback_url,
            "verify_token": self._verify_token,
            "subscription": self._subscription,
        }
        await self._book.keep_memo(MEMO, json.dumps(agreed))
        self._is_subscribed = True
        log.info("strava_webhook_subscribed")

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return what is answered at the callback's path."""
        path = urlsplit(self.callback_url).path or "/"
        return [
            web.get(path, self._verify, name=WEBHOOK, allow_head=False),
            web.post(path, self._hear, name=WEBHOOK),
        ]

    async def _verify(self, request: web.Request) -> web.Response:
        """Show Strava that the address is ours."""
        asked = request.query
        token = asked.get("hub.verify_token", "").encode()
        is_ours = hmac.compare_digest(token, self._verify_token.encode())
        if asked.get("hub.mode") != "subscribe" or not is_ours:
            return web.Response(status=403)
        return web.json_response({"hub.challenge": asked.get("hub.challenge", "")})

    async def _hear(self, request: web.Request) -> web.Response:
        """Take an event in; whatever it says, the answer is the same, and comes at once."""
        event = _object(await request.read())
        owner, subscription = _id(event.get("owner_id")), event.get("subscription_id")
        if owner is not None and subscription == self._subscription:
            about_activity = event.get("object_type") == "activity"
            self._listener.hear_of(owner, _id(event.get("object_id")) if about_activity else None)
        return web.Response()


def _object(text: str | bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _id(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < LONGEST_ID else None
