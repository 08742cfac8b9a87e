"""Somebody who holds tokens and asks our Strava, and how it refuses."""

from datetime import UTC, datetime
from typing import Any

import requests

from tests.strava_server import StravaServer, Tokens

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
START = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

INVALID_TOKEN = (401, "Athlete", "access_token", "invalid")
INVALID_REFRESH = (400, "RefreshToken", "refresh_token", "invalid")
NOT_FOUND = (404, "Activity", "", "not found")


class Reader:
    """Asks as somebody who holds tokens."""

    def __init__(self, strava: StravaServer, web: requests.Session, tokens: Tokens) -> None:
        self.strava, self.web, self.tokens = strava, web, tokens

    def ask(self, path: str, **query: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.tokens.access_token}"}
        params = {name: str(value) for name, value in query.items()}
        return self.web.get(self.strava.api_url + path, params=params, headers=headers, timeout=30)

    def ids(self, **query: object) -> list[int]:
        return [item["id"] for item in self.ask("/athlete/activities", **query).json()]

    def streams(self, activity: int, keys: str = "time,heartrate") -> dict[str, Any]:
        streams: dict[str, Any] = self.ask(f"/activities/{activity}/streams", keys=keys, key_by_type="true").json()
        return streams


def error(answer: requests.Response) -> tuple[int, str, str, str]:
    (first,) = answer.json()["errors"]
    return answer.status_code, first["resource"], first["field"], first["code"]
