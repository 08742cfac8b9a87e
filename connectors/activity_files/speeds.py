"""How fast the runner went: as the device says, else from the distance it counted, else from where it was."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from connectors.activity_files.points import Place, Point

_LONGEST_STEP_S = 30.0
"""Over a longer silence the runner may have stood still: no speed is better than a wrong one."""
_SMOOTHING_S = 10.0
"""One fix wanders by metres; over ten seconds of running that is a tenth of the way."""
_EARTH_RADIUS_M = 6_371_008.8


def speeds_of(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Return times and speeds by the best way that gives any; the points are in order of time."""
    ways = (_told, _from_distance, _from_places)
    return next((speeds for way in ways if (speeds := list(way(points)))), [])


def _told(points: Sequence[Point]) -> Iterator[tuple[float, float]]:
    return ((point.at_s, point.speed_mps) for point in points if point.speed_mps is not None)


def _from_distance(points: Sequence[Point]) -> Iterator[tuple[float, float]]:
    counted = [(point.at_s, point.distance_m) for point in points if point.distance_m is not None]
    for (before_s, from_m), (at_s, to_m) in pairwise(counted):
        if 0 < at_s - before_s <= _LONGEST_STEP_S and to_m >= from_m:
            yield at_s, (to_m - from_m) / (at_s - before_s)


def _from_places(points: Sequence[Point]) -> Iterator[tuple[float, float]]:
    """Take the straight line over the last ten seconds: noise does not add up along it."""
    known = [(point.at_s, point.place) for point in points if point.place is not None]
    back = 0
    for index, (at_s, place) in enumerate(known):
        while back < index and known[back + 1][0] <= at_s - _SMOOTHING_S:
            back += 1
        since_s = at_s - known[back][0]
        if _SMOOTHING_S <= since_s <= _LONGEST_STEP_S:
            yield at_s, metres_between(known[back][1], place) / since_s


def metres_between(here: Place, there: Place) -> float:
    """Return the great-circle distance (haversine)."""
    latitude, longitude = map(math.radians, here)
    other_latitude, other_longitude = map(math.radians, there)
    chord = (
        math.sin((other_latitude - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(other_latitude) * math.sin((other_longitude - longitude) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))
