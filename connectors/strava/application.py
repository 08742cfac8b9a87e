"""The application registered at Strava: who asks, where, and with how much patience."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from daemon.strava.port import wanted_scopes


@dataclass(frozen=True, slots=True)
class Application:
    """What each request needs to know; the addresses come without a slash at their end."""

    client_id: str
    client_secret: str = field(repr=False)
    oauth_url: str
    """Its pages are below `/oauth/`."""
    api_url: str
    now: Callable[[], datetime]
    """The wall clock, aware and in UTC, for answers that do not tell the time."""
    connect_s: float
    read_s: float
    """How long the far end may be silent."""

    def authorization_url(self, redirect_uri: str, state: str, *, uploads: bool = False) -> str:
        """Return where the athlete is asked; stravalib would do the same, but loading it takes a second."""
        asked = {
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "approval_prompt": "auto",
            "scope": ",".join(scope.value for scope in wanted_scopes(uploads=uploads)),
            "state": state,
        }
        return f"{self.oauth_url}/oauth/authorize?{urlencode(asked)}"
