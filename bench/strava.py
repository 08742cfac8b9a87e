"""How many requests Strava is asked, with its own limits: a first verdict, a full import, an idle day, a new run.

Our own small Strava answers over HTTP and time is jumped; the counts are exact on any machine.
"""

import asyncio
import logging
import sys
import tempfile
import time
from datetime import timedelta
from math import ceil
from pathlib import Path

import structlog
from table import Row, show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fakes import EVENING
from tests.strava_house import DAY_S, DECADE, WEEK, house_at
from tests.strava_server import fill

QUARTER_S, HOUR_S = 900.0, 3600.0
LONGEST_S = 5 * DAY_S
SIZES = ((500, 320),)


async def import_everything(folder: Path, count: int, heard: int) -> list[Row]:
    """Link an athlete with so many activities, and let time pass until all are here."""
    async with house_at(folder, DECADE) as house:
        activities = fill(
            house.athlete, count=count, until=EVENING - timedelta(hours=1), heart_rate_share=heard / count
        )
        rides = sum("Ride" in one.sport_type for one in activities)
        streams = sum(one.has_heartrate and "Ride" not in one.sport_type for one in activities)
        await house.link()
        began, real = house.clock.monotonic(), time.perf_counter()
        while house.clock.monotonic() - began < LONGEST_S:
            await house.go_on(QUARTER_S)
            link = house.follower.links["Els"]
            if link.walk is None and not link.unread:
                break
        took_h = (house.clock.monotonic() - began) / HOUR_S
        requests = house.strava.requests
        looks = sum(request.query.get("page") == "1" for request in requests.lists())
        cost = len(requests.counted()) - (looks - 1)  # what an idle house would have asked in that time, too
        runs = len(await house.store.runs())
        house.strava.requests.clear()
        await house.go_on(DAY_S)
        idle = len(requests.counted())
        budget = ceil(count / 200) + 1 + streams
        return [
            Row(f"full import, {count} activities", f"{cost}", f"<= {budget}", f"two for every one: {2 * count}"),
            Row("  runs here afterwards", f"{runs}", "", f"listed: {count - rides}"),
            Row(
                "  within Strava's limits, hours", f"{took_h:.1f}", "", f"worked for {time.perf_counter() - real:.0f} s"
            ),
            Row("  refused by Strava (429)", f"{sum(r.status == 429 for r in requests)}", "0"),
            Row("  an idle day afterwards, looking every 15 min", f"{idle}", "<= 100"),
        ]


async def first_and_new(folder: Path) -> list[Row]:
    """Link, wait for the first verdict; later one new run."""
    async with house_at(folder, WEEK) as house:
        fill(house.athlete, count=300, until=EVENING - timedelta(hours=1))
        house.athlete.add_run(EVENING - timedelta(minutes=50), 40, bpm=128)
        await house.link()
        while not await house.store.runs():
            await house.follower.go_on()
        first = len(house.strava.requests.counted())
        await house.go_on(QUARTER_S)
        house.strava.requests.clear()
        house.athlete.add_run(house.clock.now() - timedelta(minutes=45), 40, bpm=128)
        await house.go_on(QUARTER_S)
        new = len(house.strava.requests.counted())
        return [
            Row("first verdict after linking", f"{first}", "<= 2", "others: 2 or 3"),
            Row("a new run, the look included", f"{new}", "<= 2", "others: 2 and more"),
        ]


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as place:
        for number, work in enumerate((first_and_new, *((lambda f, s=s: import_everything(f, *s)) for s in SIZES))):
            folder = Path(place) / str(number)
            folder.mkdir()
            rows += asyncio.run(work(folder))
    show("requests to Strava", rows, ["counted as Strava counts them; token requests do not count"])


if __name__ == "__main__":
    main()
