"""What an hour of running weighs at rest, and what a new zone over all of them costs."""

import asyncio
import csv
import json
import random
import sqlite3
import tempfile
import time
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from machine import KB, MB
from table import Row, show

from connectors.activity_files import read_recordings
from connectors.packing import pack_histogram, pack_rr, pack_samples, unpack_samples
from connectors.sqlite import MIGRATIONS, open_readonly
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_takes import stamp
from daemon.domain.effort import believed, hold, time_in_zone
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.held_times import LaidOver, lay_over
from daemon.domain.zones import TargetZone

RECORDINGS = Path(__file__).resolve().parents[2] / "shared/recordings"
BEATS, RUN = "h10_warmup.rr.csv", "treadmill_10km.tcx"
HOUR_S, HOURS, BEATS_AN_HOUR = 3600, 2000, 141 * 60
YEAR_HOURS, UNPACKED = 150, 50
"""Three hours a week; what the peers are measured on before they are scaled up."""
RATE_S = 5.0
ZONE = TargetZone(Bpm(120), Bpm(138))
SINCE, APART = datetime(2016, 11, 22, 18, 30, tzinfo=UTC), timedelta(days=1.8)
"""Two thousand hours, an hour at a time, over ten years."""
RUN_COLUMNS = (
    "(id, run, is_best, source, runner, started_at, ends_at, start_hidden, duration_s, heard_s, sport, samples,"
    " coverage_pct, verdict, beats)"
)


# -- what is packed --------------------------------------------------------------------------------------


def heard_from_strap(path: Path) -> list[HeartRateSample]:
    """Return packets as a strap sent them: at their own moments, with their own RR words.

    In the file the first beat of a packet has the time at which it arrived, and each further one that time and
    the intervals between: a beat that is not exactly one interval after the one before began a new packet.
    """
    packets: list[tuple[float, list[int]]] = []
    expected = None
    with path.open(newline="", encoding="ascii") as lines:
        for line in csv.DictReader(row for row in lines if row.strip()):
            at, rr = int(line["timestamp"]), int(line["rr"])
            if at != expected or not packets:
                packets.append((at / 1000, []))
            packets[-1][1].append(rr)
            expected = at + rr
    samples, recent = [], list[tuple[float, int]]()
    for arrived, intervals in packets:
        recent = [(when, rr) for when, rr in recent if arrived - when < RATE_S] + [(arrived, rr) for rr in intervals]
        bpm = round(60_000 * len(recent) / sum(rr for _, rr in recent))
        words = tuple(round(rr * 1.024) for rr in intervals)
        samples.append(HeartRateSample(Instant(round(arrived - packets[0][0], 3)), Bpm(bpm), SensorContact.GOOD, words))
    return samples


def heard_from_recording(path: Path) -> list[HeartRateSample]:
    """Return a recorded run as a strap would have sent it: moments that wander by some milliseconds."""
    chance = random.Random(7)  # noqa: S311
    (recording,) = read_recordings(path)
    return [
        HeartRateSample(
            Instant(max(0.0, round(sample.at * 1.0001 + chance.gauss(0, 0.02), 3))), sample.bpm, SensorContact.GOOD
        )
        for sample in recording.samples
    ]


def made_up(seconds: int, chance: random.Random) -> list[HeartRateSample]:
    """Return a heart that wanders around 141 bpm, with beats."""
    samples, bpm, left = [], 141.0, 0.0
    for second in range(seconds):
        bpm += 0.05 * (141 - bpm) + chance.gauss(0, 1.2)
        left += bpm / 60
        words = tuple(round(61_440 / bpm + chance.gauss(0, 6)) for _ in range(int(left)))
        left -= int(left)
        at = Instant(max(0.0, round(second * 1.0001 + chance.gauss(0, 0.02), 3)))
        samples.append(HeartRateSample(at, Bpm(round(bpm)), SensorContact.GOOD, words))
    return samples


# -- how the peers keep it -------------------------------------------------------------------------------


def as_rows(samples: Sequence[HeartRateSample], *, rr: bool) -> int:
    """Return how many bytes rows of the table of open sessions take."""
    with tempfile.TemporaryDirectory(prefix="duurloop-bench-") as folder, house(Path(folder)) as database:
        empty = _size(database)
        database.execute("INSERT INTO session (id, runner, started_at) VALUES ('20261122-183000-0badcafe', 'Els', '')")
        database.executemany(
            "INSERT INTO sample VALUES ('20261122-183000-0badcafe', ?, ?, ?, 2, ?)",
            (
                (number, round(one.at * 1000), one.bpm, array("H", one.rr_words).tobytes() if rr else None)
                for number, one in enumerate(samples)
            ),
        )
        return _size(database) - empty


def as_json(samples: Sequence[HeartRateSample]) -> bytes:
    """Return two streams, as sites hand them out."""
    return json.dumps({"time": [round(one.at) for one in samples], "heartrate": [one.bpm for one in samples]}).encode()


def rr_as_json(samples: Sequence[HeartRateSample]) -> bytes:
    """Return one stream of beats."""
    return json.dumps({"rr": [word for one in samples for word in one.rr_words]}).encode()


# -- a new zone ------------------------------------------------------------------------------------------


@contextmanager
def house(folder: Path) -> Iterator[sqlite3.Connection]:
    """Give a database as the service makes it."""
    with closing(sqlite3.connect(folder / "duurloop.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        for number, script in enumerate(sorted(MIGRATIONS.glob("[0-9]*.sql")), start=1):
            database.executescript(script.read_text(encoding="utf-8"))
            database.execute(f"PRAGMA user_version = {number}")
        database.execute("BEGIN")
        yield database
        if database.in_transaction:
            database.execute("COMMIT")


def fill(database: sqlite3.Connection, hours: Sequence[Sequence[HeartRateSample]]) -> None:
    """Keep so many hours, each as a run; the given ones in turn."""
    packed = [(pack_samples(hour), pack_rr(hour), pack_histogram(hold(believed(hour)))) for hour in hours]
    for number in range(HOURS):
        identity = f"run {number}"
        database.execute(
            f"INSERT INTO take {RUN_COLUMNS} VALUES (?1, ?1, 1, 'strap', 'Els', ?2, ?2, 0,"  # noqa: S608 - a constant
            " 3600, 3600, 'run', 3600, 100, 'calm', 0)",
            (identity, stamp(SINCE + number * APART)),
        )
        database.execute(
            "INSERT INTO take_samples (take, samples, rr, histogram) VALUES (?, ?, ?, ?)",
            (identity, *packed[number % len(packed)]),
        )
    database.execute("COMMIT")


async def from_histograms(path: Path, times: int = 5) -> tuple[list[float], LaidOver]:
    """Lay a zone over all hours as `duurloop zone` does over the last weeks; return the milliseconds of each time."""
    taken = []
    async with open_readonly(path) as database:
        store = SqliteStore(database)
        for _ in range(1 + times):
            began = time.perf_counter()
            laid = lay_over(ZONE, await store.held_times("Els", SINCE, SINCE + HOURS * APART))
            taken.append(1000 * (time.perf_counter() - began))
            if laid is None or laid.runs != HOURS:
                raise AssertionError("not all hours were looked at")
    return taken, laid


def from_packed(database: sqlite3.Connection) -> float:
    """Return the calm share of some hours, from their samples."""
    found = database.execute("SELECT samples FROM take_samples LIMIT ?", (UNPACKED,))
    zones = [time_in_zone(hold(unpack_samples(samples)), ZONE, HOUR_S) for (samples,) in found]
    calm = sum(zone.below_s + zone.inside_s for zone in zones)
    return calm / (calm + sum(zone.above_s for zone in zones))


def a_year_of_rows(folder: Path, hours: Sequence[Sequence[HeartRateSample]]) -> sqlite3.Connection:
    """Give a database with one row for each second of a year's runs, and nothing else."""
    database = sqlite3.connect(folder / "rows.db", isolation_level=None)
    database.execute(
        "CREATE TABLE sample (run INTEGER, second INTEGER, bpm INTEGER, PRIMARY KEY (run, second))"
        " STRICT, WITHOUT ROWID"
    )
    database.execute("BEGIN")
    for run in range(YEAR_HOURS):
        hour = hours[run % len(hours)]
        database.executemany(
            "INSERT OR IGNORE INTO sample VALUES (?, ?, ?)", ((run, round(one.at), one.bpm) for one in hour)
        )
    database.execute("COMMIT")
    return database


def from_rows(database: sqlite3.Connection) -> float:
    """Return the calm share of the rows; every row counts as a second."""
    (share,) = database.execute("SELECT avg(bpm <= ?) FROM sample WHERE bpm > 0", (ZONE.high,)).fetchone()
    return float(share)


def milliseconds(work: Callable[[], object], times: int = 5) -> float:
    """Return the median time of some work."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return median(taken)


def _size(database: sqlite3.Connection) -> int:
    pages, page = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * page)


# -- the tables ------------------------------------------------------------------------------------------


def main() -> None:
    chance = random.Random(7)  # noqa: S311
    synthetic = made_up(HOUR_S, chance)
    run = heard_from_recording(RECORDINGS / RUN) if (RECORDINGS / RUN).exists() else None
    beats = heard_from_strap(RECORDINGS / BEATS) if (RECORDINGS / BEATS).exists() else None
    rows = []
    for name, samples in (("a treadmill run", run), ("a strap's packets", beats), ("synthetic", synthetic)):
        if samples:
            an_hour = HOUR_S / samples[-1].at
            text = as_json(samples)
            rows.append(
                Row(
                    f"heart rate, {name}",
                    f"{len(pack_samples(samples)) * an_hour / KB:.2f} kB",
                    "<= 1.3 kB",
                    f"rows {as_rows(samples, rr=False) * an_hour / KB:.0f} kB, JSON {len(text) * an_hour / KB:.0f} kB,"
                    f" its zlib {len(zlib.compress(text, 9)) * an_hour / KB:.1f} kB",
                )
            )
    for name, samples in (("a strap's beats", beats), ("synthetic", synthetic)):
        packed = pack_rr(samples) if samples else None
        if samples and packed:
            number = sum(len(one.rr_words) for one in samples)
            scale, text = BEATS_AN_HOUR / number, rr_as_json(samples)
            rows.append(
                Row(
                    f"RR, {name} ({number:,})",
                    f"{len(packed) * scale / KB:.2f} kB",
                    "<= 8 kB",
                    f"rows {as_rows(samples, rr=True) * scale / KB:.0f} kB, JSON {len(text) * scale / KB:.0f} kB,"
                    f" its zlib {len(zlib.compress(text, 9)) * scale / KB:.1f} kB",
                )
            )
    show(
        "A stored hour",
        rows,
        [
            f"Scaled to an hour, RR to {BEATS_AN_HOUR:,} beats (141 bpm). Rows are those of an open session.",
        ],
    )
    print()
    show(*new_zone([made_up(HOUR_S, chance) for _ in range(20)]))


def new_zone(hours: Sequence[Sequence[HeartRateSample]]) -> tuple[str, list[Row], list[str]]:
    """Lay a new zone over ten years, and over what the peers can do in the time."""
    with tempfile.TemporaryDirectory(prefix="duurloop-bench-") as name:
        folder = Path(name)
        with house(folder) as database:
            fill(database, hours)
        (first_ms, *later_ms), laid = asyncio.run(from_histograms(folder / "duurloop.db"))
        with closing(sqlite3.connect(folder / "duurloop.db")) as database:
            size = _size(database)
            unpacked_ms = milliseconds(lambda: from_packed(database), 3) * HOURS / UNPACKED
        with closing(a_year_of_rows(folder, hours)) as table:
            sql_ms = milliseconds(lambda: from_rows(table)) * HOURS / YEAR_HOURS
            rows_size = _size(table) * HOURS / YEAR_HOURS
    rows = [
        Row(
            "time, from the histograms",
            f"{median(later_ms):.0f} ms",
            "<= 25 ms",
            f"SQL over rows {sql_ms:,.0f} ms, unpacking {unpacked_ms:,.0f} ms",
        ),
        Row("  the first time after opening", f"{first_ms:.0f} ms"),
        Row("the database", f"{size / MB:.0f} MB", "", f"rows without RR {rows_size / MB:.0f} MB"),
    ]
    return (
        f"A new zone over {HOURS:,} stored hours with RR (calm {laid.calm_pct:.0f} %)",
        rows,
        [
            f"SQL was timed on {YEAR_HOURS} hours, unpacking on {UNPACKED}; both grow with hours and are scaled.",
        ],
    )


if __name__ == "__main__":
    main()
