"""What an athlete has on Strava, and the requests that tell of it."""

from typing import Any

from tests.strava_house import House, ago
from tests.strava_server import Activity

LISTS, STREAMS, TOKENS = "GET /athlete/activities", "streams", "POST /oauth/token"


def few(house: House, count: int = 4) -> list[Activity]:
    """Add some runs: calm, not calm, with a pause, without a heart rate."""
    variants: tuple[dict[str, Any], ...] = ({"bpm": 128}, {"bpm": 155}, {"bpm": 128, "pauses": [(100, 200)]}, {})
    return [
        house.athlete.add_run(ago(hours=2 + 20 * number), 6, name=f"Nummer {number}", **variants[number % 4])
        for number in range(count)
    ]


def rides(house: House) -> list[Activity]:
    """Add more than a page of what costs nothing."""
    return [house.athlete.add_run(ago(hours=9 * number + 2), 6, sport_type="Ride") for number in range(230)]
