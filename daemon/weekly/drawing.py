"""The picture of a week as SVG: a bar for each day by how calm it was, below it the line over the weeks.

It stands on ground of its own, for a mail may be read on white or on black. The light colours are those of the
PNG, which knows no other; a browser that shows the SVG itself and likes it dark takes the others. The three
colours stay apart for people who do not tell red from green, by lightness alone, too; none of them is red.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from daemon.domain.effort import CALM_PCT, LIVELY_PCT, Verdict
from daemon.domain.week import DayBar, Week, WeekShare
from daemon.domain.wording import short_day, verdict_text
from daemon.domain.wording.text import Language, _
from daemon.weekly.words import (
    in_percent,
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

_FONT = "'Duurloop Sans', system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
_CLASSES = {Verdict.CALM: "calm", Verdict.LIVELY: "lively", Verdict.HARD: "hard", Verdict.UNJUDGED: "open"}
_STYLE = f"""
.dl text {{ font-family: {_FONT}; font-size: 16px; fill: #24302e }}
.dl .head {{ font-size: 24px; font-weight: 600 }}
.dl .strong {{ font-weight: 600 }}
.dl .soft {{ fill: #5b6865 }}
.dl .small {{ font-size: 14px }}
.dl .mid {{ text-anchor: middle }}
.dl .end {{ text-anchor: end }}
.dl .ground {{ fill: #faf9f5 }}
.dl .grid {{ stroke: #e3e3dc }}
.dl .base {{ stroke: #aeb7b3 }}
.dl .calm {{ fill: #3d9a92 }}
.dl .lively {{ fill: #e2b04a }}
.dl .hard {{ fill: #6b3f7c }}
.dl .open {{ fill: #faf9f5; stroke: #84908c; stroke-width: 1.5 }}
.dl .calm-band {{ fill: #dcedea }}
.dl .lively-band {{ fill: #f7eed9 }}
.dl .hard-band {{ fill: #eee7f0 }}
.dl .line {{ fill: none; stroke: #24524e; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }}
.dl .dot {{ fill: #24524e; stroke: #faf9f5; stroke-width: 2 }}
.dl .halo {{ paint-order: stroke; stroke: #faf9f5; stroke-width: 4; stroke-linejoin: round }}
@media (prefers-color-scheme: dark) {{
.dl text {{ fill: #e9edeb }}
.dl .soft {{ fill: #a5b1ae }}
.dl .ground {{ fill: #1d2423 }}
.dl .grid {{ stroke: #34403e }}
.dl .base {{ stroke: #65726f }}
.dl .calm {{ fill: #4baba2 }}
.dl .hard {{ fill: #8d5fa3 }}
.dl .open {{ fill: #1d2423; stroke: #8d9995 }}
.dl .calm-band {{ fill: #24413d }}
.dl .lively-band {{ fill: #423a26 }}
.dl .hard-band {{ fill: #382c3d }}
.dl .line {{ stroke: #cfe6e2 }}
.dl .dot {{ fill: #cfe6e2; stroke: #1d2423 }}
.dl .halo {{ stroke: #1d2423 }}
}}
"""


def week_drawing(week: Week, language: Language, *, figures: bool) -> str:
    """Return the SVG, the same for the same week; the calm share stands in it in percent only with `figures`."""
    parts = [
        f"<title>{escape(week_title(week.week, language))}</title>",
        f"<desc>{escape(week_alt_text(week, language, figures=figures))}</desc>",
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="14"/>',
        *_heading(week, language),
        *_bars(week, language),
        *_weeks(week.line, language, figures=figures),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dl" role="img" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
    )


def _heading(week: Week, language: Language) -> Iterator[str]:
    yield _text(_EDGE, 50, week_title(week.week, language), "head")
    yield _text(_EDGE, 76, week_dates(week.week, language), "soft")
    if week.totals.runs:
        yield _text(_RIGHT, 50, sum_of(week.totals, language), "strong end")


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
        yield _text(WIDTH / 2, (_BARS_TOP + _BARS_BOTTOM) / 2, no_runs(week, language), "soft mid")
    for number, bar in enumerate(week.bars):
        centre = _LEFT + slot * (number + 0.5)
        yield from _bar(bar, centre, (_BARS_BOTTOM - _BARS_TOP) / (60 * top))
        yield _text(centre, _BARS_BOTTOM + 24, short_day(bar.day, language), "mid")
    yield _rule(_LEFT, _BARS_BOTTOM, _RIGHT, "base")


def _minute_lines(top: int, step: int, language: Language) -> Iterator[str]:
    for minutes in range(step, top + 1, step):
        y = _BARS_BOTTOM - (_BARS_BOTTOM - _BARS_TOP) * minutes / top
        yield _rule(_LEFT, y, _RIGHT, "grid")
        yield _text(_LEFT - 12, y + 5, str(minutes), "soft small end")
    yield _text(_LEFT - 12, _BARS_BOTTOM + 5, language.say(_("min")), "soft small end")


def _legend(bars: Sequence[DayBar], language: Language) -> Iterator[str]:
    """Name the colours; they stand in columns, for how wide a word is only its reader's font knows."""
    there = {verdict for bar in bars for verdict, _lasted in bar.seconds}
    named = [verdict for verdict in _CLASSES if verdict in there or verdict is not Verdict.UNJUDGED]
    for number, verdict in enumerate(named):
        x = _EDGE + 90 * number
        yield f'<rect class="{_CLASSES[verdict]}" x="{x}" y="100" width="13" height="13" rx="3"/>'
        yield _text(x + 20, 111, verdict_text(verdict, language), "small")


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
        yield _text(centre, bottom - 8, str(minutes_of(_seconds(bar))), "strong mid halo")


def _column(left: float, top: float, bottom: float, corner: float) -> str:
    """Outline a part of a bar, with corners that are round at the top."""
    right, below = left + _BAR, top + corner
    arc = f"{_at(corner)} {_at(corner)} 0 0 1"
    return (
        f"M{_at(left)} {_at(bottom)}V{_at(below)}A{arc} {_at(left + corner)} {_at(top)}"
        f"H{_at(right - corner)}A{arc} {_at(right)} {_at(below)}V{_at(bottom)}Z"
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
    yield _text(_EDGE, _LINE_TOP - 24, line_title(language), "strong")
    yield from _bands(right, floor, language)
    if figures and shares:
        yield from _percents(line[-1].calm_pct, floor, language)
    if not shares:
        yield _text((_LEFT + right) / 2, (_LINE_TOP + _LINE_BOTTOM) / 2 + 5, no_line(language), "mid")
    yield from _path(spots)
    yield _text(_LEFT - 12, _LINE_BOTTOM + 24, language.say(_("week")), "soft small end")
    for point, (x, _y) in zip(line, spots, strict=True):
        weight = "strong" if point is line[-1] else "soft"
        yield _text(x, _LINE_BOTTOM + 24, str(point.week.number), f"{weight} small mid")


def _bands(right: float, floor: float, language: Language) -> Iterator[str]:
    """Lay the ground on which the line says calm, lively or strong."""
    for high, low in ((_FULL_PCT, CALM_PCT), (CALM_PCT, LIVELY_PCT), (LIVELY_PCT, floor)):
        verdict, top, bottom = share_verdict(low), _level(high, floor), _level(low, floor)
        yield (
            f'<rect class="{_CLASSES[verdict]}-band" x="{_LEFT}" y="{_at(top)}"'
            f' width="{_at(right - _LEFT)}" height="{_at(bottom - top)}"/>'
        )
        yield _text(_LEFT - 12, (top + bottom) / 2 + 5, verdict_text(verdict, language), "soft small end")


def _percents(now: float | None, floor: float, language: Language) -> Iterator[str]:
    """Write this week's share beside its end of the line, and the borders of the bands where that leaves room."""
    if now is not None:
        yield _text(_RIGHT, _level(now, floor) + 5, in_percent(now, language), "strong small end")
    for border in (CALM_PCT, LIVELY_PCT):
        if now is None or abs(_level(now, floor) - _level(border, floor)) >= _LINE_HEIGHT:
            yield _text(_RIGHT, _level(border, floor) + 5, in_percent(border, language), "soft small end")


def _path(spots: Sequence[tuple[float, float | None]]) -> Iterator[str]:
    """Join the weeks that follow each other; where one is missing, the line does not pretend."""
    for is_known, group in groupby(spots, key=lambda spot: spot[1] is not None):
        points = " ".join(f"{_at(x)},{_at(y)}" for x, y in group if y is not None)
        if is_known and " " in points:
            yield f'<polyline class="line" points="{points}"/>'
    for x, y in spots:
        if y is not None:
            radius = 7 if (x, y) == spots[-1] else 5
            yield f'<circle class="dot" cx="{_at(x)}" cy="{_at(y)}" r="{radius}"/>'


def _height(share: float | None, floor: float) -> float | None:
    return None if share is None else _level(share, floor)


def _level(share: float, floor: float) -> float:
    return _LINE_TOP + (_LINE_BOTTOM - _LINE_TOP) * (_FULL_PCT - share) / (_FULL_PCT - floor)


# -- its parts -------------------------------------------------------------------------------------------


def _text(x: float, y: float, words: str, classes: str) -> str:
    return f'<text class="{classes}" x="{_at(x)}" y="{_at(y)}">{escape(words)}</text>'


def _rule(left: float, y: float, right: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{_at(left)}" y1="{_at(y)}" x2="{_at(right)}" y2="{_at(y)}"/>'


def _at(value: float) -> str:
    """Write a coordinate: a tenth of a pixel is enough, and says the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
