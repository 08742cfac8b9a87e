"""From ten years of runs to the picture of a week; beside it matplotlib, drawing the same bars and the same line."""

import asyncio
import importlib
import io
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from machine import KB, describe
from table import Row, show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connectors.picture import png_of
from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.domain.effort import Verdict
from daemon.domain.week import IsoWeek, Place, Week
from daemon.domain.wording import ENGLISH
from daemon.weekly.drawing import week_drawing
from daemon.weekly.gathering import Weeks
from tests.fakes import ELS

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
KEY = IsoWeek.of(NOW.date())
YEARS, RUNS, TIMES = 10, 1500, 20
COLUMNS = (
    "(id, run, is_best, source, runner, started_at, ends_at, start_hidden, duration_s, heard_s, sport, distance_m,"
    " zone_low, zone_high, zone_origin, samples, mean_bpm, max_bpm, min_bpm, coverage_pct,"
    " below_s, inside_s, above_s, unknown_s, calm_pct, verdict, beats)"
)
PLACES = ", ".join("?" * COLUMNS.count(",")) + ", ?"


def fill(path: Path) -> None:
    """Keep ten years of runs, as they are kept when they have been judged."""
    chance = random.Random(7)  # noqa: S311
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(
            f"INSERT INTO take {COLUMNS} VALUES ({PLACES})",  # noqa: S608 - constants
            (_run(number, chance) for number in range(RUNS)),
        )


def _run(number: int, chance: random.Random) -> tuple[object, ...]:
    began = NOW - timedelta(days=YEARS * 365 * number / RUNS, hours=2)
    lasts, calm = 60 * chance.randint(25, 75), chance.uniform(50, 100)
    verdict = Verdict.CALM if calm >= 80 else Verdict.LIVELY if calm >= 60 else Verdict.HARD
    return (
        *(f"run {number}", f"run {number}", 1, "file", ELS.name),
        *(_stamp(began), _stamp(began + timedelta(seconds=lasts)), 0, lasts, lasts, "run", 2.5 * lasts),
        *(118, 136, "own", lasts, 131.0, 152, 90, 99.0),
        *(0.0, lasts * calm / 100, lasts * (1 - calm / 100), 0.0, calm, verdict.value, 0),
    )


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


async def nowhere(_now: datetime) -> Place | None:
    return None


async def not_linked(_runner: str) -> bool:
    return False


async def ours(path: Path) -> tuple[list[float], list[float], Week, bytes]:
    """Return how long the whole took each time, how long gathering alone, and the last week and picture."""
    async with open_database(path) as database:
        weeks = Weeks(ELS, SqliteStore(database), nowhere, not_linked, keep=timedelta(days=7))
        whole, gathering = list[float](), list[float]()
        for _ in range(TIMES):
            began = time.perf_counter()
            week = await weeks.week(KEY, NOW)
            gathering.append(1000 * (time.perf_counter() - began))
            picture = png_of(week_drawing(week, ENGLISH, figures=True))
            whole.append(1000 * (time.perf_counter() - began))
        return whole, gathering, week, picture


def with_matplotlib(week: Week) -> bytes:
    """Draw the same bars, bands and line, of the same size."""
    backend = importlib.import_module("matplotlib")
    backend.use("Agg")
    plots = importlib.import_module("matplotlib.pyplot")
    figure, (days, weeks) = plots.subplots(2, 1, figsize=(4.8, 5.62), dpi=200, height_ratios=(1.6, 1))
    bottoms = [0.0] * len(week.bars)
    for verdict, colour in zip(Verdict, ("#3d9a92", "#e2b04a", "#6b3f7c", "#84908c"), strict=True):
        heights = [dict(bar.seconds).get(verdict, 0.0) / 60 for bar in week.bars]
        days.bar(range(len(heights)), heights, bottom=bottoms, color=colour, label=verdict.value)
        bottoms = [low + high for low, high in zip(bottoms, heights, strict=True)]
    for place, minutes in enumerate(bottoms):
        days.text(place, minutes + 1, f"{minutes:.0f}", ha="center")
    days.set_title(f"Week {week.week.number}")
    days.set_xticks(range(7), ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
    days.legend()
    for low, high, colour in ((80, 100, "#dcedea"), (60, 80, "#f7eed9"), (40, 60, "#eee7f0")):
        weeks.axhspan(low, high, color=colour)
    shares = [float("nan") if point.calm_pct is None else point.calm_pct for point in week.line]
    weeks.plot(range(len(shares)), shares, marker="o", color="#24524e")
    weeks.set_xticks(range(len(shares)), [str(point.week.number) for point in week.line])
    target = io.BytesIO()
    figure.savefig(target, format="png")
    plots.close(figure)
    return target.getvalue()


def milliseconds(draw: Callable[[Week], bytes], week: Week) -> list[float]:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        draw(week)
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def peer(week: Week) -> tuple[str, str]:
    """Return what matplotlib takes the first time and afterwards, if it is here."""
    try:
        taken = milliseconds(with_matplotlib, week)
    except ModuleNotFoundError:
        return "matplotlib: not installed", "matplotlib: not installed"
    return f"matplotlib {taken[0]:.0f} ms, the picture alone", f"matplotlib {median(taken[1:]):.0f} ms"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="duurloop-bench-") as folder:
        path = Path(folder) / "duurloop.db"

        async def make() -> None:
            async with open_database(path):
                pass

        asyncio.run(make())
        fill(path)
        whole, gathering, week, picture = asyncio.run(ours(path))
    drawing = milliseconds(lambda seen: png_of(week_drawing(seen, ENGLISH, figures=True)), week)
    if not week.totals.runs or any(point.calm_pct is None for point in week.line):
        raise RuntimeError("the weeks are not all there")
    first, later = peer(week)
    show(
        f"The picture of a week, of {RUNS:,} runs in {YEARS} years ({week.totals.runs} in the week)",
        [
            Row("from the database to the PNG, first time", f"{whole[0]:.0f} ms", "<= 250 ms", first),
            Row("  afterwards", f"{median(whole[1:]):.0f} ms", "<= 250 ms"),
            Row("  of it gathering the week", f"{median(gathering[1:]):.1f} ms"),
            Row("  of it the picture", f"{median(drawing):.0f} ms", "", later),
            Row("the PNG", f"{len(picture) / KB:.0f} kB"),
        ],
        [f"Seen on: {describe()}"],
    )


if __name__ == "__main__":
    main()
