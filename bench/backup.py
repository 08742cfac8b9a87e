"""Copies of ten years of runs: what they take, what a live session notices of it, and the way back."""

import asyncio
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from machine import MB, describe
from table import Row, show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from packing import HOUR_S, HOURS, fill, house, made_up

from connectors.sqlite import open_database
from connectors.sqlite_checks import check
from connectors.sqlite_copies import Copies
from connectors.sqlite_rescue import prepare, put_back
from connectors.sqlite_store import SqliteStore
from daemon.store import SampleKept, SessionOpened
from tests.fakes import EASY, ELS, EVENING, sample

NOW = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
COMMITS = 150


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def by_sqlite(database: Path, target: Path) -> None:
    """Copy as SQLite's own backup does: page by page, with all that was deleted."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


async def commits(path: Path, session: str) -> list[float]:
    """Return how long commits of a live session take, each with one sample."""
    times = []
    async with open_database(path) as database:
        store = SqliteStore(database)
        await store.commit([SessionOpened(session, ELS.name, EVENING, EASY)])
        for second in range(COMMITS):
            began = time.perf_counter()
            await store.commit([SampleKept(session, sample(float(second)))])
            times.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(0.005)
    return times


def while_copying(path: Path, target: Path) -> list[float]:
    """Return the same while one copy after the other is made."""
    stop = threading.Event()

    def copy() -> None:
        while not stop.is_set():
            Copies(path).make_at(target, NOW)

    copying = threading.Thread(target=copy)
    copying.start()
    try:
        return asyncio.run(commits(path, "copied"))
    finally:
        stop.set()
        copying.join()


def restored(copy: Path, path: Path) -> None:
    fresh, _ = asyncio.run(prepare(copy, path))
    put_back(fresh, path, NOW)


def main() -> None:
    chance = random.Random(7)  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="duurloop-bench-") as name:
        path, target = Path(name) / "duurloop.db", Path(name) / "copy.db"
        with house(path.parent) as database:
            fill(database, [made_up(HOUR_S, chance) for _ in range(20)])
        copies = Copies(path)
        look = median(milliseconds(lambda: check(path, is_still=False)) for _ in range(5))
        begin = median(milliseconds(lambda: asyncio.run(_opened(path))) for _ in range(5))
        made = milliseconds(lambda: copies.make(NOW))
        nothing_new = milliseconds(lambda: copies.make(NOW))
        peer = milliseconds(lambda: by_sqlite(path, target))
        files = milliseconds(lambda: shutil.copyfile(path, target))
        alone, beside = asyncio.run(commits(path, "alone")), while_copying(path, target)
        newest = copies.newest()
        back = milliseconds(lambda: restored(newest.path, path)) if newest else 0.0
        size = path.stat().st_size
    show(
        f"Copies of {HOURS:,} hours with RR ({size / MB:.0f} MB)",
        [
            Row("a look at a start, whether all is whole", f"{look:.0f} ms", "", f"opening it: {begin:.0f} ms"),
            Row("the copy of a day, checked before and after", f"{made:.0f} ms", "", f"SQLite's backup {peer:.0f} ms"),
            Row("  a day on which nothing changed", f"{nothing_new:.0f} ms, nothing written", "nothing written"),
            Row(
                "a live commit meanwhile, median / longest",
                f"{median(beside):.1f} / {max(beside):.0f} ms",
                "oldest sample <= 1.0 s",
                f"without a copy {median(alone):.1f} / {max(alone):.0f} ms",
            ),
            Row("a copy put back, proven first", f"{back:.0f} ms", "", f"copying the file: {files:.0f} ms"),
        ],
        [describe()],
    )


async def _opened(path: Path) -> None:
    async with open_database(path):
        pass


if __name__ == "__main__":
    main()
