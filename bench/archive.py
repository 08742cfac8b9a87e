"""Bringing in an archive of ten years; beside it fitdecode alone, on the same files and one core."""

import gzip
import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import fitdecode
from machine import MB, describe, memory_of
from table import Row, show

from connectors.activity_files import read_stream
from daemon.crew import cores
from tests.activity_builders import (
    FIT_START,
    RUNNING,
    START,
    FitField,
    fit_file,
    fit_message,
    fit_session,
    gpx_file,
    gpx_point,
    gpx_track,
    tcx_activity,
    tcx_file,
    tcx_point,
)
from tests.archive_builders import Activity, english, listing

ACTIVITIES, VALUES, EVERY_S = 1500, 600, 5
"""Fifty minutes, a value every five seconds, as a watch saves it by itself: shorter files would flatter nobody."""
FORMS = ("fit.gz", "tcx.gz", "fit.gz", "gpx")
SAMPLE = 15
"""Every so-manieth file is read bare, and the time scaled."""
LOOK_S = 0.5
DUURLOOP = Path(sys.executable).with_name("duurloop")
SETTINGS = '[[runners]]\nname = "Els"\nzone = "118-136"\n'
_UINT8, _UINT16, _UINT32 = 0x02, 0x84, 0x86


# -- what is brought in ----------------------------------------------------------------------------------


def heart(chance: random.Random) -> list[int]:
    """Return a heart that wanders around 141 bpm."""
    bpm, found = 141.0, []
    for _ in range(VALUES):
        bpm += 0.2 * (141 - bpm) + chance.gauss(0, 2)
        found.append(round(bpm))
    return found


def as_fit(day: int, values: list[int]) -> bytes:
    """Return a run as a watch of 2015 keeps it: 18 fields a record, a third of them empty, one definition for all."""
    records = [_record(FIT_START + day * 86_400 + EVERY_S * at, at, bpm) for at, bpm in enumerate(values)]
    packed = [b"\0" + b"".join(field.packed for field in record) for record in records]
    definition = fit_message(20, *records[0]).removesuffix(packed[0])
    return fit_file(definition, *packed, fit_session(day * 86_400, RUNNING))


def _record(at_s: int, at: int, bpm: int) -> list[FitField]:
    words = {253: at_s, 0: 703_406_056 + 200 * at, 1: 68_359_583 + 300 * at, 5: 1250 * at}
    halves = {14: 0xFFFF, 15: 0xFFFF, 2: 2500 + at % 7, 6: 2500, 7: 0xFFFF, 39: 1042, 40: 0xFFFF, 41: 2510, 30: 0xFFFF}
    octets = {3: bpm, 4: 80 + at % 5, 12: 0xFF, 13: 23, 53: 0xFF}
    return [
        FitField(number, kind, (value,))
        for kind, fields in ((_UINT32, words), (_UINT16, halves), (_UINT8, octets))
        for number, value in fields.items()
    ]


def as_tcx(day: int, values: list[int]) -> bytes:
    """Return a run as Garmin Connect exports it."""
    points = (
        tcx_point(_clock(day, at), bpm, distance=f"{12.5 * at:.1f}", speed="2.500") for at, bpm in enumerate(values)
    )
    return b" " * 10 + tcx_file(tcx_activity(points))


def as_gpx(day: int, values: list[int]) -> bytes:
    """Return a run as a phone records it."""
    points = (
        gpx_point(_clock(day, at), (52 + at * 1e-4, 5 + 1e-5 * at), extensions=f"<hr>{bpm}</hr>")
        for at, bpm in enumerate(values)
    )
    return gpx_file(gpx_track(points))


def _clock(day: int, at: int) -> str:
    return (START + timedelta(days=day, seconds=EVERY_S * at)).isoformat().replace("+00:00", "Z")


MAKERS: dict[str, Callable[[int, list[int]], bytes]] = {"fit": as_fit, "tcx": as_tcx, "gpx": as_gpx}


def contents() -> Iterator[tuple[str, bytes]]:
    """Return the files of the archive with their names."""
    chance = random.Random(7)  # noqa: S311
    for number in range(ACTIVITIES):
        form = FORMS[number % len(FORMS)]
        content = MAKERS[form.split(".")[0]](number - ACTIVITIES, heart(chance))
        yield f"activities/{number}.{form}", gzip.compress(content, 6) if form.endswith("gz") else content


def write_archive(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write what Strava sends."""
    rows = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(files):
            archive.writestr(name, content)
            rows.append(Activity(number, name, english(number - ACTIVITIES), f"Run {number}"))
        archive.writestr("activities.csv", listing(rows))


# -- how long it takes, and what of it -------------------------------------------------------------------


class Brought:
    """One import, as it was seen from outside."""

    def __init__(self, archive: Path, folder: Path) -> None:
        settings = folder / "duurloop.toml"
        settings.write_text(SETTINGS, encoding="utf-8")
        command = [DUURLOOP, "--config", settings, "--state", folder / "state", "import", "--json", archive]
        self.most_mb, self.most_pss_mb, self._over = 0.0, 0.0, threading.Event()
        before, began = _cpu_s(), time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own command
            watcher = threading.Thread(target=self._watch, args=(process.pid,))
            watcher.start()
            out, _ = process.communicate()
            self._over.set()
            watcher.join()
        self.wall_s, self.cpu_s = time.monotonic() - began, _cpu_s() - before
        self.counts = json.loads(out.splitlines()[-1])

    def _watch(self, pid: int) -> None:
        while not self._over.wait(LOOK_S):
            seen = []
            for one in (pid, *_children(pid)):
                with suppress(OSError, KeyError):  # it has ended since
                    seen.append(memory_of(one))
            self.most_mb = max(self.most_mb, sum(one.rss_mb for one in seen))
            self.most_pss_mb = max(self.most_pss_mb, sum(one.pss_mb for one in seen))


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        threads = Path(f"/proc/{pid}/task").iterdir()
        return [int(child) for thread in threads for child in (thread / "children").read_text("ascii").split()]
    return []


def _cpu_s() -> float:
    """Return the processor time of all that has ended; the processes of a process are in its own."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bare_s(files: Sequence[tuple[str, bytes]], form: str, read: Callable[[bytes], None]) -> float:
    """Return the processor time to read all files of a form, from some of them; every core reads, as in an import.

    Two threads of one core hinder each other: what a core needs alone is no measure for what two need together.
    """
    own = [content for name, content in files if f".{form}" in name]
    some = own[::SAMPLE]
    with ProcessPoolExecutor(cores()) as pool:
        times = list(pool.map(partial(_seconds, read), some))
    return sum(times) * len(own) / len(some)


def _seconds(read: Callable[[bytes], None], content: bytes) -> float:
    began = time.process_time()
    read(content)
    return time.process_time() - began


def with_fitdecode(content: bytes) -> None:
    """Read a file as fitdecode does by itself."""
    with fitdecode.FitReader(gzip.decompress(content)) as frames:
        for _ in frames:
            pass


def with_our_readers(content: bytes) -> None:
    """Read a file as far as a recording."""
    read_stream(io.BytesIO(content), packed_bytes=len(content), modified_s=0.0)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="duurloop-bench-") as name:
        folder, files = Path(name), list(contents())
        archive = folder / "export.zip"
        write_archive(archive, files)
        alone = bare_s(files, "fit", with_fitdecode)
        fit = bare_s(files, "fit", with_our_readers)
        xml = sum(bare_s(files, form, with_our_readers) for form in ("tcx", "gpx"))
        first = Brought(archive, folder)
        second = Brought(archive, folder)
    if (first.counts["imported"], second.counts["duplicate"]) != (ACTIVITIES, ACTIVITIES):
        raise RuntimeError(f"not all came in: {first.counts}, {second.counts}")
    used = cores()
    show(
        f"An archive of {ACTIVITIES:,} runs ({archive_size(files) / MB:.0f} MB), {used} cores",
        [
            Row(
                "all of it, core-seconds",
                f"{first.cpu_s:.0f} s, {first.cpu_s / (alone + xml):.2f} x",
                "<= 1.3 x",
                f"fitdecode bare {alone:.0f} s, and the readers of TCX and GPX {xml:.0f} s",
            ),
            Row("FIT as far as recordings", f"{fit:.0f} s", "", f"fitdecode bare {alone:.0f} s"),
            Row("from beginning to end", f"{first.wall_s:.0f} s", "", f"a core would take {first.cpu_s:.0f} s"),
            Row("cores at work", f"{first.cpu_s / first.wall_s:.2f}", f"{used}"),
            Row("memory at most, all processes", f"{first.most_mb:.0f} MB (PSS {first.most_pss_mb:.0f})", "<= 200 MB"),
            Row("once more, nothing new", f"{second.wall_s:.1f} s"),
        ],
        [f"Half of it FIT, the rest TCX and GPX; {VALUES} values each. Seen on: {describe()}"],
    )


def archive_size(files: list[tuple[str, bytes]]) -> int:
    """Return the bytes of all files."""
    return sum(len(content) for _, content in files)


if __name__ == "__main__":
    main()
