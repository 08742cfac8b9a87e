"""Tables of numbers: RR intervals or heart rates, as apps export them for a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from statistics import median_low

from connectors.activity_files.beats import Beat, is_plausible, points_of
from connectors.activity_files.content import Content, RefusalError
from connectors.activity_files.moments import Clock, clock_of, written_time
from connectors.activity_files.points import Point
from connectors.activity_files.tracks import Track, check_room, recordings_of
from connectors.activity_files.values import beats_per_minute, number, on_clock, rr_word
from daemon.domain.marking import _
from daemon.domain.recording import Recording

_LONGEST_LINE = 10_000
_HEADER_WITHIN = 10
"""Lines: some apps put a summary of the activity above the table."""
_NO_TABLE = _("is no FIT, TCX or GPX file, and no column in it is named rr or heart rate; export it as one of these")
_NO_BEATS = _("is a list of numbers that are no RR intervals; one a line is expected, in milliseconds or seconds")
_TIME = re.compile(r"(phone)?(date)?time(stamp)?s?(ms)?|ts?(ms)?|s|sec|seconds|elapsed(time)?(m?s)?")
_SINCE_START = re.compile(r"sincestart(m?s)?")
_HEART_RATE = re.compile(r"(hr|heartrate|pulse)(bpm)?|bpm")
_RR = re.compile(r"rri?(intervals?)?(m?s)?")
_UNIT = re.compile(r"[(\[].*?[)\]]")
_NO_LETTER = re.compile(r"[^a-z0-9]")
_MILLISECONDS = re.compile(r"(^|[^a-z])ms\b|milli")
_BETWEEN_BEATS = re.compile(r"[\s|/]+")
_SECONDS_BELOW = 10.0
"""RR intervals that are all smaller are seconds."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where in a row what stands."""

    separator: str
    time: int | None
    time_in_ms: bool
    bpm: int | None
    rr: int | None


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the table, not yet judged."""

    time: float | None
    bpm: str
    rr: tuple[float, ...]


def is_text(content: Content) -> bool:
    """Tell whether the content can be text."""
    return content.is_utf16 or b"\0" not in content.head()


def read_table(content: Content) -> tuple[Recording, ...]:
    """Read a table with a header, or a bare list of RR intervals."""
    lines = _lines(content)
    top = list(islice(lines, _HEADER_WITHIN))
    if top and _figure(top[0]) is not None:
        return _recording(_from_list(chain(top, lines)), None, content)
    for index, line in enumerate(top, start=1):
        if columns := _columns(line):
            rows = list(_rows(columns, chain(top[index:], lines)))
            clock = clock_of([row.time for row in rows if row.time is not None], in_ms=columns.time_in_ms)
            return _recording(_from_rows(rows, clock), clock, content)
    raise RefusalError(_NO_TABLE)


def _recording(points: list[Point], clock: Clock | None, content: Content) -> tuple[Recording, ...]:
    """Make the recording; without times of day it ended when its file was written."""
    if points and (clock is None or not clock.is_absolute):
        shift_s = (on_clock(round(content.modified_s)) or 0.0) - max(point.at_s for point in points)
        for point in points:
            point.at_s += shift_s
    return recordings_of([Track(points=points)])


def _lines(content: Content) -> Iterator[str]:
    """Return the lines that say something, none of them so long that it is no table."""
    text = io.TextIOWrapper(content.stream, "utf-16" if content.is_utf16 else "utf-8", errors="replace")
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise RefusalError(_NO_TABLE)
        if line.strip():
            yield line


def _columns(line: str) -> _Columns | None:
    """Read a header; None if the line is not one that helps."""
    separator = max(",;\t", key=line.count)
    titles = next(csv.reader([line.lower()], delimiter=separator), [])
    time = _find(titles, _TIME)
    if time is None:
        time = _find(titles, _SINCE_START)
    bpm, rr = _find(titles, _HEART_RATE), _find(titles, _RR)
    if rr is None and (bpm is None or time is None):
        return None
    in_ms = time is not None and _MILLISECONDS.search(titles[time].replace("_", " ")) is not None
    return _Columns(separator, time, in_ms, bpm, rr)


def _find(titles: Sequence[str], wanted: re.Pattern[str]) -> int | None:
    names = (_NO_LETTER.sub("", _UNIT.sub("", title)) for title in titles)
    return next((index for index, name in enumerate(names) if wanted.fullmatch(name)), None)


def _rows(columns: _Columns, lines: Iterable[str]) -> Iterator[_Row]:
    try:
        for count, cells in enumerate(csv.reader(lines, delimiter=columns.separator), start=1):
            check_room(count)
            yield _row(columns, cells)
    except csv.Error as error:
        raise RefusalError("damaged: a row in it cannot be taken apart; export it again") from error


def _row(columns: _Columns, cells: Sequence[str]) -> _Row:
    def cell(index: int | None) -> str:
        text = cells[index].strip() if index is not None and index < len(cells) else ""
        return text if columns.separator == "," else text.replace(",", ".")

    rr = (number(word) for word in _BETWEEN_BEATS.split(cell(columns.rr)))
    return _Row(written_time(cell(columns.time)), cell(columns.bpm), tuple(word for word in rr if word is not None))


def _from_rows(rows: Sequence[_Row], clock: Clock) -> list[Point]:
    """Take the heart rate where the table has one for its times; else count it from the beats."""
    scale = _scale([word for row in rows for word in row.rr])
    if any(row.bpm for row in rows) and (points := list(_told(rows, clock, scale))):
        return points
    beats = [Beat(word, clock.seconds(row.time)) for row in rows for word in _words(row.rr, scale)]
    start_s = next((beat.arrived_s for beat in beats if beat.arrived_s is not None), 0.0)
    return points_of(beats, start_s)


def _told(rows: Iterable[_Row], clock: Clock, scale: float) -> Iterator[Point]:
    for row in rows:
        if (at_s := clock.seconds(row.time)) is not None:
            bpm = beats_per_minute(row.bpm) if row.bpm else None
            yield Point(at_s, bpm, rr_words=_words(row.rr, scale))


def _from_list(lines: Iterable[str]) -> list[Point]:
    figures = []
    for count, line in enumerate(lines, start=1):
        check_room(count)
        figure = _figure(line)
        if figure is None:
            raise RefusalError(_NO_BEATS)
        figures.append(figure)
    words = _words(figures, _scale(figures))
    if not words or not is_plausible(median_low(words)):
        raise RefusalError(_NO_BEATS)
    return points_of(map(Beat, words), 0.0)


def _figure(line: str) -> float | None:
    """Return the number that stands alone on its line; some write it with a comma."""
    return number(line.strip(" \t\r\n;,").replace(",", "."))


def _scale(intervals: Sequence[float]) -> float:
    """Return what makes milliseconds of the intervals."""
    return 1000.0 if intervals and max(intervals) < _SECONDS_BELOW else 1.0


def _words(intervals: Iterable[float], scale: float) -> list[int]:
    return [word for interval in intervals if (word := rr_word(interval * scale)) is not None]
