"""The picture of a week as SVG: a bar for each day by how calm it was, below it the line over the weeks.

It stands on ground of its own, for a mail may be read on white or on black. The light colours are those of the
PNG, which knows no other; a browser that shows the SVG itself and likes it dark takes the others. The three
colours stay apart for people who do not tell red from green, by lightness alone, too; none of them is red.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from daemon.domain.effort import CALM_PCT, LIVELY_PCT, Verdict
from daemon.domain.marking import _
from daemon.domain.week import DayBar, Week, WeekShare
from daemon.domain.wording import short_day, verdict_text
from daemon.domain.wording.text import Language, in_percent
from daemon.svg import STYLE, at, ground, picture, rule, text
from daemon.weekly.words import (
    line_title,
    minutes_of,
    no_line,
    no_runs,
    share_verdict,
    sum_of,
    week_alt_text,
    week_dates,
    week_title,
)

WIDTH, HEIGHT = 480, 562
"""Narrow, so that its words are still to be read on a phone, where it is made smaller."""
_EDGE, _LEFT, _RIGHT = 24, 80, WIDTH - 24
_BARS_TOP, _BARS_BOTTOM = 138, 298
_LINE_TOP, _LINE_BOTTOM = 404, 506
_BAR, _JOINT, _THINNEST, _CORNER = 32, 2, 4, 5
_FIGURES, _LINE_HEIGHT = 46, 17
"""Room for percents beside the line, and for one of them above the other."""
_WEEKS = 12
"""Places on the line; a runner who has just begun fills them from the right."""
_FULL_PCT, _USUAL_FLOOR_PCT = 100.0, 40.0
_MOST_LINES = 4
_STEPS = (5, 10, 15, 20, 30, 60, 120, 180, 240, 360)
"""Minutes between the lines behind the bars."""

_CLASSES = {Verdict.CALM: "calm", Verdict.LIVELY: "lively", Verdict.HARD: "hard", Verdict.UNJUDGED: "open"}


def week_drawing(week: Week, language: Language, *, figures: bool) -> str:
    """Return the SVG, the same for the same week; the calm share stands in it in percent only with `figures`."""
    parts = [
        f"<title>{escape(week_title(week.week, language))}</title>",
        f"<desc>{escape(week_alt_text(week, language, figures=figures))}</desc>",
        f"<style>{STYLE}</style>",
        ground(WIDTH, HEIGHT),
        *_heading(week, language),
        *_bars(week, language),
        *_weeks(week.line, language, figures=figures),
    ]
    return picture(WIDTH, HEIGHT, *parts)


def _heading(week: Week, language: Language) -> Iterator[str]:
    yield text(_EDGE, 50, week_title(week.week, language), "head")
    yield text(_EDGE, 76, week_dates(week.week, language), "soft")
    if week.totals.runs:
        yield text(_RIGHT, 50, sum_of(week.totals, language), "strong end")


# -- the days --------------------------------------------------------------------------------------------


def _bars(week: Week, language: Language) -> Iterator[str]:
    slot = (_RIGHT - _LEFT) / len(week.bars)
    most = max(minutes_of(_seconds(bar)) for bar in week.bars)
    step = next((step for step in _STEPS if most <= step * _MOST_LINES), _STEPS[-1])
    top = step * max(1, -(-most // step))
    if most:
        yield from _minute_lines(top, step, language)
        yield from _legend(week.bars, language)
    else:
        yield text(WIDTH / 2, (_BARS_TOP + _BARS_BOTTOM) / 2, no_runs(week, language), "soft mid")
    for number, bar in enumerate(week.bars):
        centre = _LEFT + slot * (number + 0.5)
        yield from _bar(bar, centre, (_BARS_BOTTOM - _BARS_TOP) / (60 * top))
        yield text(centre, _BARS_BOTTOM + 24, short_day(bar.day, language), "mid")
    yield rule(_LEFT, _BARS_BOTTOM, _RIGHT, "base")


def _minute_lines(top: int, step: int, language: Language) -> Iterator[str]:
    for minutes in range(step, top + 1, step):
        y = _BARS_BOTTOM - (_BARS_BOTTOM - _BARS_TOP) * minutes / top
        yield rule(_LEFT, y, _RIGHT, "grid")
        yield text(_LEFT - 12, y + 5, str(minutes), "soft small end")
    yield text(_LEFT - 12, _BARS_BOTTOM + 5, language.say(_("min")), "soft small end")


def _legend(bars: Sequence[DayBar], language: Language) -> Iterator[str]:
    """Name the colours; they stand in columns, for how wide a word is only its reader's font knows."""
    there = {verdict for bar in bars for verdict, _lasted in bar.seconds}
    named = [verdict for verdict in _CLASSES if verdict in there or verdict is not Verdict.UNJUDGED]
    for number, verdict in enumerate(named):
        x = _EDGE + 90 * number
        yield f'<rect class="{_CLASSES[verdict]}" x="{x}" y="100" width="13" height="13" rx="3"/>'
        yield text(x + 20, 111, verdict_text(verdict, language), "small")


def _bar(bar: DayBar, centre: float, scale: float) -> Iterator[str]:
    """Stack a day's parts, calm ones first, with what it comes to above them."""
    order = list(_CLASSES)
    parts = sorted((part for part in bar.seconds if part[1] > 0), key=lambda part: order.index(part[0]))
    left, bottom = centre - _BAR / 2, float(_BARS_BOTTOM)
    for number, (verdict, seconds) in enumerate(parts, 1):
        top = bottom - max(seconds * scale, _THINNEST)
        foot = bottom if number == 1 else bottom - _JOINT
        corner = min(_CORNER, foot - top) if number == len(parts) else 0
        yield f'<path class="{_CLASSES[verdict]}" d="{_column(left, top, foot, corner)}"/>'
        bottom = top
    if parts:
        yield text(centre, bottom - 8, str(minutes_of(_seconds(bar))), "strong mid halo")


def _column(left: float, top: float, bottom: float, corner: float) -> str:
    """Outline a part of a bar, with corners that are round at the top."""
    right, below = left + _BAR, top + corner
    arc = f"{at(corner)} {at(corner)} 0 0 1"
    return (
        f"M{at(left)} {at(bottom)}V{at(below)}A{arc} {at(left + corner)} {at(top)}"
        f"H{at(right - corner)}A{arc} {at(right)} {at(below)}V{at(bottom)}Z"
    )


def _seconds(bar: DayBar) -> float:
    return sum(seconds for _verdict, seconds in bar.seconds)


# -- the weeks -------------------------------------------------------------------------------------------


def _weeks(line: Sequence[WeekShare], language: Language, *, figures: bool) -> Iterator[str]:
    shares = [point.calm_pct for point in line if point.calm_pct is not None]
    right = _RIGHT - _FIGURES if figures and shares else _RIGHT
    floor = _USUAL_FLOOR_PCT if min(shares, default=_FULL_PCT) >= _USUAL_FLOOR_PCT else 0.0
    places = max(_WEEKS, len(line))
    slot = (right - _LEFT) / places
    spots = [
        (_LEFT + slot * (places - len(line) + number + 0.5), _height(point.calm_pct, floor))
        for number, point in enumerate(line)
    ]
    yield text(_EDGE, _LINE_TOP - 24, line_title(language), "strong")
    yield from _bands(right, floor, language)
    if figures and shares:
        yield from _percents(line[-1].calm_pct, floor, language)
    if not shares:
        yield text((_LEFT + right) / 2, (_LINE_TOP + _LINE_BOTTOM) / 2 + 5, no_line(language), "mid")
    yield from _path(spots)
    yield text(_LEFT - 12, _LINE_BOTTOM + 24, language.say(_("week")), "soft small end")
    for point, (x, _y) in zip(line, spots, strict=True):
        weight = "strong" if point is line[-1] else "soft"
        yield text(x, _LINE_BOTTOM + 24, str(point.week.number), f"{weight} small mid")


def _bands(right: float, floor: float, language: Language) -> Iterator[str]:
    """Lay the ground on which the line says calm, lively or strong."""
    for high, low in ((_FULL_PCT, CALM_PCT), (CALM_PCT, LIVELY_PCT), (LIVELY_PCT, floor)):
        verdict, top, bottom = share_verdict(low), _level(high, floor), _level(low, floor)
        yield (
            f'<rect class="{_CLASSES[verdict]}-band" x="{_LEFT}" y="{at(top)}"'
            f' width="{at(right - _LEFT)}" height="{at(bottom - top)}"/>'
        )
        yield text(_LEFT - 12, (top + bottom) / 2 + 5, verdict_text(verdict, language), "soft small end")


def _percents(now: float | None, floor: float, language: Language) -> Iterator[str]:
    """Write this week's share beside its end of the line, and the borders of the bands where that leaves room."""
    if now is not None:
        yield text(_RIGHT, _level(now, floor) + 5, in_percent(now, language), "strong small end")
    for border in (CALM_PCT, LIVELY_PCT):
        if now is None or abs(_level(now, floor) - _level(border, floor)) >= _LINE_HEIGHT:
            yield text(_RIGHT, _level(border, floor) + 5, in_percent(border, language), "soft small end")


def _path(spots: Sequence[tuple[float, float | None]]) -> Iterator[str]:
    """Join the weeks that follow each other; where one is missing, the line does not pretend."""
    for is_known, group in groupby(spots, key=lambda spot: spot[1] is not None):
        points = " ".join(f"{at(x)},{at(y)}" for x, y in group if y is not None)
        if is_known and " " in points:
            yield f'<polyline class="line" points="{points}"/>'
    for x, y in spots:
        if y is not None:
            radius = 7 if (x, y) == spots[-1] else 5
            yield f'<circle class="dot" cx="{at(x)}" cy="{at(y)}" r="{radius}"/>'


def _height(share: float | None, floor: float) -> float | None:
    return None if share is None else _level(share, floor)


def _level(share: float, floor: float) -> float:
    return _LINE_TOP + (_LINE_BOTTOM - _LINE_TOP) * (_FULL_PCT - share) / (_FULL_PCT - floor)
