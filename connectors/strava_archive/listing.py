"""The list of activities.csv, read by position and content: its headers are translated, and some occur twice."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from connectors.activity_files import RefusalError
from connectors.activity_files.content import MEGABYTE
from connectors.strava_archive.storage import FOLDER, LIST, DamagedError, Storage

_FILE = re.compile(rf"{FOLDER}/[^/\x00-\x1f]{{1,200}}\.(fit|gpx|tcx)(\.gz)?", re.IGNORECASE)
_MOST_BYTES = 100 * MEGABYTE
_MOST_ROWS = 150_000
"""As many as a zip can have files; each takes up to a kilobyte of memory."""
_MOST_CELLS = 400
_LONGEST_LINE = 200_000
_ID = re.compile(r"\s*[0-9]{1,20}\s*")
_DATE, _NAME, _TYPE = 1, 2, 3
"""Where these stand, counted from the id."""


class _Doubled(csv.excel):
    """A quote in a description is doubled."""


class _Escaped(csv.excel):
    """A quote in a description has a backslash before it."""

    escapechar = "\\"


@dataclass(frozen=True, slots=True)
class Row:
    """What the list says of one activity."""

    activity: str
    date: str
    name: str
    type: str
    file: str | None
    """None for one that was entered by hand."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where in a row what stands, if quotes are read in one way."""

    dialect: type[csv.Dialect]
    file: int
    activity: int
    files: int
    """How many rows name their file where this layout looks for it."""
    strays: int
    """How many rows are not as long as the first."""


def is_activity(name: str) -> bool:
    """Tell whether an export can have an activity under this name."""
    return _FILE.fullmatch(name.replace("\\", "/")) is not None


def rows_of(storage: Storage) -> list[Row]:
    """Return the rows that are whole; none without a list. Raises `RefusalError` for one that is too large."""
    if LIST not in storage.names():
        return []
    if storage.size_bytes(LIST) > _MOST_BYTES:
        raise RefusalError("has an activities.csv that is too large: over {limit} MB", limit=_MOST_BYTES // MEGABYTE)
    layout = _layout(storage, _Doubled)
    if layout and layout.strays:
        layout = max(layout, _layout(storage, _Escaped) or layout, key=lambda layout: (layout.files, -layout.strays))
    if layout is None:
        return []
    return [row for cells in _cells(storage, layout.dialect) if (row := _row(layout, cells))]


def _layout(storage: Storage, dialect: type[csv.Dialect]) -> _Layout | None:
    """Find the column of the files, and the first one that is integers."""
    files: Counter[int] = Counter()
    integers: Counter[int] = Counter()
    length, strays = 0, 0
    for cells in _cells(storage, dialect):
        length = length or len(cells)
        strays += len(cells) != length
        integer = next((index for index, cell in enumerate(cells) if _ID.fullmatch(cell)), None)
        file = _file_in(cells, next(iter(files), 0))
        if file is not None and integer is not None:
            files[file] += 1
            integers[integer] += 1
    if not files:
        return None
    file, count = files.most_common(1)[0]
    return _Layout(dialect, file, integers.most_common(1)[0][0], count, strays)


def _file_in(cells: list[str], guess: int) -> int | None:
    """Return which cell names a file, the last if a description does too; all 94 of every row would take a while."""
    if guess < len(cells) and is_activity(cells[guess]):
        return guess
    return next((index for index in reversed(range(len(cells))) if is_activity(cells[index])), None)


def _row(layout: _Layout, cells: list[str]) -> Row | None:
    """Take a row; None for the header, and for what a cut or a stray quote has left of one."""
    if len(cells) <= max(layout.file, layout.activity) or not _ID.fullmatch(cells[layout.activity]):
        return None
    file = _file_in(cells, layout.file)
    told = cells[layout.activity : layout.activity + 1 + _TYPE] + [""] * _TYPE
    return Row(
        activity=told[0].strip(),
        date=told[_DATE],
        name=told[_NAME],
        type=told[_TYPE],
        file=cells[layout.file if file is None else file] or None,
    )


def _cells(storage: Storage, dialect: type[csv.Dialect]) -> Iterator[list[str]]:
    """Read the rows one by one; where the list is damaged it ends."""
    with (
        suppress(DamagedError),
        storage.open(LIST) as opened,
        io.TextIOWrapper(opened.stream, "utf-8-sig", errors="replace", newline="") as text,  # type: ignore[type-var]
    ):
        rows = csv.reader(_lines(text), dialect)
        for count in range(_MOST_ROWS + 1):
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error:
                continue  # a cell without an end; the reader goes on behind it
            if count == _MOST_ROWS:
                raise RefusalError("has an activities.csv that is too large: over {limit} rows", limit=_MOST_ROWS)
            if cells:
                yield cells[:_MOST_CELLS]


def _lines(text: io.TextIOBase) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        yield line
