"""The heart rate of an open session as a line, kept thin as it grows: a page that opens gets it at once.

A session may last a day, and fifty pages may come back in the same second: thinning it then would hold up a heartbeat.
"""

from collections.abc import Sequence

from daemon.domain.effort import HOLD_S, LAST_HOLD_S

MOST_POINTS = 1200
"""More than a tablet has pixels for; beyond it each point stands for twice the time."""


class Line:
    """Believed heart rates, a mean for each stretch of `width_s` seconds; a gap where none came for ten seconds."""

    def __init__(self, session: str | None) -> None:
        self.session = session
        self.width_s = 1.0
        self._points: list[_Point] = []
        self._last_s = 0.0

    def add(self, at_s: float, bpm: float) -> None:
        """Take one value in; they come in order."""
        if self._points and at_s - self._last_s > HOLD_S:
            self._points.append(_Point(self._last_s + LAST_HOLD_S, None))
        self._last_s = at_s
        self._put(_Point(at_s, bpm))
        if len(self._points) > MOST_POINTS:
            self._thin_out()

    def _put(self, point: "_Point") -> None:
        last = self._points[-1] if self._points else None
        if last and point.at_s // self.width_s == last.at_s // self.width_s and last.takes(point):
            return
        self._points.append(point)

    def _thin_out(self) -> None:
        self.width_s *= 2
        points, self._points = self._points, []
        for point in points:
            self._put(point)

    @property
    def at_s(self) -> Sequence[float]:
        """Return when each point is, in seconds since the session opened."""
        return [round(point.at_s, 1) for point in self._points]

    @property
    def bpm(self) -> Sequence[int | None]:
        """Return how high each point is; None for a gap."""
        return [None if point.bpm is None else round(point.bpm) for point in self._points]


class _Point:
    """The mean of some values; or a gap, which has none."""

    __slots__ = ("at_s", "bpm", "values")

    def __init__(self, at_s: float, bpm: float | None) -> None:
        self.at_s, self.bpm, self.values = at_s, bpm, 1

    def takes(self, other: "_Point") -> bool:
        """Take the other's values in, too, if neither is a gap."""
        if self.bpm is None or other.bpm is None:
            return False
        self.values += other.values
        share = other.values / self.values
        self.at_s += (other.at_s - self.at_s) * share
        self.bpm += (other.bpm - self.bpm) * share
        return True
