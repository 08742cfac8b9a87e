"""Archives as Strava sends them, made by hand: in an invented language, so that no table knows a header."""

import csv
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.activity_builders import (
    RUNNING,
    START,
    clock,
    fit_file,
    fit_record,
    fit_session,
    gpx_file,
    gpx_point,
    gpx_track,
    tcx_activity,
    tcx_file,
    tcx_point,
)

HEADER = (
    *("Movado-ID", "Movadodato", "Movadonomo", "Movadospeco", "Movadopriskribo", "Daŭro", "Distanco"),
    *("Plej alta korritmo", "Relativa peno", "Komuto", "Privata noto", "Ilaro", "Dosiernomo"),
    *("Atletopezo", "Daŭro", "Distanco", "Plej alta korritmo", "Relativa peno", "Komuto", "Amaskomunikiloj"),
)
"""Some occur twice: first as people read it, later in seconds and metres."""
FORMS = ("fit.gz", "tcx.gz", "gpx", "fit")


@dataclass(frozen=True)
class Activity:
    """One row of the list."""

    number: int
    file: str = ""
    date: str = "Nov 10, 2026, 6:30:00 PM"
    name: str = "Lake"
    kind: str = "Run"
    description: str = ""

    @property
    def cells(self) -> list[str]:
        told = [str(self.number), self.date, self.name, self.kind, self.description, "1800", "5,00"]
        rest = ["161.0", "12", "false", "", "Shoes", self.file, "70.0", "1800.0", "5000.0", "161.0", "12.0", "0", ""]
        return [*told, *rest]

    @property
    def old_cells(self) -> list[str]:
        """The ten columns of 2019."""
        return [*self.cells[:5], "1800", "5.0", "false", "Shoes", self.file]


def listing(activities: Iterable[Activity], header: Sequence[str] = HEADER) -> str:
    """Return activities.csv."""
    return table([header, *(activity.cells for activity in activities)])


def table(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as Strava writes them: quoted only where it is needed, quotes doubled."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def mixed(count: int) -> dict[str, bytes]:
    """Return an archive's files: so many runs, a day apart, in all forms that Strava keeps."""
    activities = [
        Activity(1000 + day, f"activities/{5000 + day}.{FORMS[day % len(FORMS)]}", english(day), f"Run {day}")
        for day in range(count)
    ]
    runs = {
        activity.file: run_in(FORMS[day % len(FORMS)], heart_rate=120 + day) for day, activity in enumerate(activities)
    }
    return {"activities.csv": listing(activities).encode(), "profile.csv": b"a,b\n1,2\n", **runs}


def english(day: int) -> str:
    """Return when the run of that day began, as an English account has it."""
    when: datetime = START + timedelta(days=day)
    return f"{when:%b} {when.day}, {when.year}, 6:30:00 PM"


def run_in(form: str, *, heart_rate: int = 120) -> bytes:
    """Return a run of two seconds in one of the forms; TCX with the blanks that Strava leaves before it."""
    kind, *packed = form.split(".")
    content = {
        "fit": fit_file(fit_record(0, heart_rate), fit_record(2, heart_rate), fit_session(0, RUNNING)),
        "tcx": b" " * 10 + tcx_file(tcx_activity([tcx_point(clock(at), heart_rate) for at in (0, 2)])),
        "gpx": gpx_file(gpx_track([gpx_point(clock(at), extensions=f"<hr>{heart_rate}</hr>") for at in (0, 2)])),
    }[kind]
    return gzip.compress(content, mtime=0) if packed else content


def write_zip(path: Path, files: Mapping[str, bytes], *, packing: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip."""
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_folder(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write what somebody unpacked."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def crowded_zip(path: Path, files: Mapping[str, bytes], *, flags: int = 0, packing: int = 0) -> Path:
    """Write a zip of very many files, far quicker than zipfile does, or one that zipfile would not write."""
    parts, contents, at = [], [], 0
    for name, held in files.items():
        about = struct.pack(
            "<5H3I2H", 20, flags, packing, 0, 0x21, zlib.crc32(held), len(held), len(held), len(name), 0
        )
        part = b"PK\x03\x04" + about + name.encode() + held
        parts.append(part)
        contents.append(b"PK\x01\x02\x14\x00" + about + struct.pack("<3H2I", 0, 0, 0, 0, at) + name.encode())
        at += len(part)
    listed = b"".join(contents)
    count = min(len(parts), 0xFFFF)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(listed), at, 0)
    path.write_bytes(b"".join((*parts, listed, end)))
    return path
