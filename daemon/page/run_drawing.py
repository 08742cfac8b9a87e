"""The picture of a run as SVG: the heart rate over the calm zone, and below it what the plan had in mind.

Two shapes of the same: a narrow one whose words can still be read on a phone, and a wide one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor

from daemon.domain.curve import Curve, Point
from daemon.domain.plan import Leg, StepKind
from daemon.domain.wording import Language
from daemon.domain.zones import TargetZone
from daemon.svg import STYLE, at, ground, picture, rule, text


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a drawing is."""

    width: int
    height: int


NARROW, WIDE = Shape(400, 300), Shape(760, 340)
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 46, 44, 38
"""Room beside the curve: heart rates to the left, the zone's edges to the right, minutes below."""
_LEGEND = 130
_STRIP, _STRIP_ROOM = 12, 44
_MOST_LEVELS, _LEVELS = 5, (5, 10, 20, 40)
"""Beats between the lines behind the curve."""
_ROOM_FOR_A_MOMENT = 44
_MINUTES = (1, 2, 5, 10, 15, 20, 30, 60)
_HOURS = (1, 2, 3, 6, 12, 24, 48, 96, 168)
_LONG_S, _MINUTE_S, _HOUR_S = 4 * 3600, 60, 3600
"""From here on the time is told in hours."""
_LINE = 17
_DOT = 2.5
_RUN_STYLE = """
.dl text { font-size: 15px }
.dl .line { stroke-width: 2 }
.dl .edge { stroke: #3d9a92; stroke-dasharray: 6 5 }
.dl .walked { fill: none; stroke: #24524e; stroke-width: 1.5 }
.dl .ran { fill: #24524e }
@media (prefers-color-scheme: dark) {
.dl .edge { stroke: #4baba2 }
.dl .walked { stroke: #cfe6e2 }
.dl .ran { fill: #cfe6e2 }
}
"""


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where a moment and a heart rate lie in the drawing."""

    shape: Shape
    duration_s: float
    low: int
    high: int
    bottom: float

    @property
    def right(self) -> float:
        return self.shape.width - _RIGHT

    def x(self, at_s: float) -> float:
        return _LEFT + (self.right - _LEFT) * min(1.0, max(0.0, at_s / self.duration_s))

    def y(self, bpm: float) -> float:
        return self.bottom - (self.bottom - _TOP) * (bpm - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a drawing of a run shows."""

    curve: Curve
    target: TargetZone | None
    duration_s: float
    legs: Sequence[Leg] = ()
    """As the plan has them; none where that is not known."""
    told: str = ""
    """The same in a sentence."""


def run_drawing(drawn: Drawn, language: Language, shape: Shape = NARROW) -> str:
    """Return the SVG, the same for the same run."""
    plot, title = _plot(drawn, shape), language.say("Heart rate")
    parts = [
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(drawn.told)}</desc>",
        f"<style>{STYLE}{_RUN_STYLE}</style>",
        ground(shape.width, shape.height),
        text(16, 27, language.say("beats per minute"), "soft"),
        *_levels(plot),
        *(_zone(drawn.target, plot, language) if drawn.target else ()),
        *_minutes(plot, language),
        *_strip(drawn.legs, plot, language),
    ]
    if drawn.curve:
        parts.extend(_line(stretch, plot) for stretch in drawn.curve)
    else:
        middle = (plot.x(0) + plot.right) / 2
        parts.append(text(middle, (_TOP + plot.bottom) / 2, language.say("No heart rate came with it."), "mid halo"))
    return picture(shape.width, shape.height, *parts)


def _plot(drawn: Drawn, shape: Shape) -> _Plot:
    values = [point.bpm for stretch in drawn.curve for point in stretch]
    edges = [drawn.target.low, drawn.target.high] if drawn.target else []
    shown = [*values, *edges] or [60, 160]
    low, high = 10 * floor((min(shown) - 5) / 10), 10 * ceil((max(shown) + 5) / 10)
    bottom = shape.height - _BOTTOM - (_STRIP_ROOM if drawn.legs else 0)
    return _Plot(shape, max(1.0, drawn.duration_s), low, high, bottom)


def _levels(plot: _Plot) -> Iterator[str]:
    span = plot.high - plot.low
    step = next((step for step in _LEVELS if span / step <= _MOST_LEVELS), _LEVELS[-1])
    for bpm in range(step * ceil(plot.low / step), plot.high + 1, step):
        yield rule(_LEFT, plot.y(bpm), plot.right, "grid")
        yield text(_LEFT - 8, plot.y(bpm) + 5, str(bpm), "soft end")
    yield rule(_LEFT, plot.bottom, plot.right, "base")


def _zone(target: TargetZone, plot: _Plot, language: Language) -> Iterator[str]:
    """Lay the zone behind the curve: a band between two broken lines, with its edges, and name it."""
    top, bottom = plot.y(target.high), plot.y(target.low)
    yield (
        f'<rect class="calm-band" x="{_LEFT}" y="{at(top)}"'
        f' width="{at(plot.right - _LEFT)}" height="{at(bottom - top)}"/>'
    )
    yield rule(_LEFT, top, plot.right, "edge")
    yield rule(_LEFT, bottom, plot.right, "edge")
    yield text(plot.right + 6, top + 5, str(target.high), "strong")
    if bottom - top >= _LINE:
        yield text(plot.right + 6, bottom + 5, str(target.low), "strong")
    left = plot.shape.width - _LEGEND
    yield f'<rect class="calm-band" x="{left}" y="15" width="16" height="14" rx="3"/>'
    yield rule(left, 15, left + 16, "edge")
    yield rule(left, 29, left + 16, "edge")
    yield text(left + 23, 27, language.say("calm zone"), "soft")


def _minutes(plot: _Plot, language: Language) -> Iterator[str]:
    is_long = plot.duration_s > _LONG_S
    unit_s, steps = (_HOUR_S, _HOURS) if is_long else (_MINUTE_S, _MINUTES)
    most = (plot.right - _LEFT) // _ROOM_FOR_A_MOMENT
    step = next((step for step in steps if plot.duration_s / (step * unit_s) <= most), steps[-1])
    y = plot.bottom + (24 if plot.bottom == plot.shape.height - _BOTTOM else 38)
    for number in range(0, floor(plot.duration_s / unit_s) + 1, step):
        yield text(plot.x(number * unit_s), y, str(number), "soft mid")
    word = language.say("hrs") if is_long else language.say("min")
    yield text(plot.shape.width - 10, y, word, "soft end")


def _strip(legs: Sequence[Leg], plot: _Plot, language: Language) -> Iterator[str]:
    """Lay the plan's step along the time: full where there was to be running, open where walking."""
    top = plot.bottom + 6
    for leg in legs:
        left, right = plot.x(leg.starts_s), plot.x(leg.ends_s)
        if right - left > 1:
            yield _block(left, top, right - left - 1, leg.kind)
    if not legs:
        return
    y = plot.shape.height - 14
    yield text(_LEFT, y, language.say("the plan"), "soft")
    for number, (kind, word) in enumerate(
        ((StepKind.RUN, language.say("running")), (StepKind.WALK, language.say("walking")))
    ):
        x = _LEFT + 96 + 118 * number
        yield _block(x, y - _STRIP + 1, 16, kind)
        yield text(x + 23, y, word, "soft")


def _block(left: float, top: float, width: float, kind: StepKind) -> str:
    is_run = kind is StepKind.RUN
    inset = 0.0 if is_run else 0.75  # half of its line
    return (
        f'<rect class="{"ran" if is_run else "walked"}" x="{at(left + inset)}" y="{at(top + inset)}"'
        f' width="{at(max(1.0, width - 2 * inset))}" height="{at(_STRIP - 2 * inset)}" rx="2"/>'
    )


def _line(stretch: Sequence[Point], plot: _Plot) -> str:
    spots = [(at(plot.x(point.at_s)), at(plot.y(point.bpm))) for point in stretch]
    if len(spots) == 1:
        return f'<circle class="dot" cx="{spots[0][0]}" cy="{spots[0][1]}" r="{_DOT}"/>'
    points = " ".join(f"{x},{y}" for x, y in spots)
    return f'<polyline class="line" points="{points}"/>'
