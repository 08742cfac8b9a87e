"""An activity while it is being read: points as the device wrote them, until they are a recording."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from statistics import median_low

from connectors.activity_files.content import RefusalError
from connectors.activity_files.points import Point
from connectors.activity_files.speeds import speeds_of
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, RRUnit
from daemon.domain.recording import Recording, SpeedSample

MOST_POINTS = 500_000
"""Five days and nights at one a second."""
MOST_TRACKS = 10_000
_LONGEST_S = 30 * 86_400.0
_NEAR_S = 5.0


@dataclass(slots=True)
class Track:
    """One activity so far."""

    sport: str = "run"
    name: str | None = None
    distance_m: float | None = None
    points: list[Point] = field(default_factory=list)


class Tracks:
    """The activities of one file, and no more of them than a life of running needs."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._points = 0

    def begin(self, sport: str) -> Track:
        """Begin the next activity."""
        if len(self._tracks) >= MOST_TRACKS:
            raise RefusalError("too large: over {limit} activities; export fewer at a time", limit=MOST_TRACKS)
        self._tracks.append(Track(sport))
        return self._tracks[-1]

    def add(self, track: Track, point: Point) -> None:
        """Add the next point of an activity."""
        self._points += 1
        check_room(self._points)
        track.points.append(point)

    def recordings(self) -> tuple[Recording, ...]:
        """Return all activities that have a point."""
        return recordings_of(self._tracks)


def check_room(points: int) -> None:
    """Refuse a file with more points than any activity has."""
    if points > MOST_POINTS:
        raise RefusalError("too large: over {limit} points; export that one activity by itself", limit=MOST_POINTS)


def recordings_of(tracks: Iterable[Track]) -> tuple[Recording, ...]:
    """Return the recordings of all tracks that have a point."""
    return tuple(_recording(track) for track in tracks if track.points)


def _recording(track: Track) -> Recording:
    points = sorted(_of_one_time(track.points), key=attrgetter("at_s"))
    start_s = points[0].at_s
    return Recording(
        started_at=datetime.fromtimestamp(start_s, UTC),
        duration_s=_instant(points[-1].at_s, start_s),
        sport=track.sport,
        name=track.name,
        samples=_samples(points, start_s),
        speeds=tuple(SpeedSample(_instant(at_s, start_s), speed) for at_s, speed in speeds_of(points)),
        distance_m=None if track.distance_m is None else round(track.distance_m, 2),
        rr_unit=RRUnit.MILLISECOND,
    )


def _of_one_time(points: Sequence[Point]) -> list[Point]:
    """Drop what was written before the device knew the date: it would make a run last for years."""
    middle_s = median_low(point.at_s for point in points)
    return [point for point in points if abs(point.at_s - middle_s) <= _LONGEST_S]


def _instant(at_s: float, start_s: float) -> Instant:
    return Instant(round(at_s - start_s, 3))  # a float holds the time since 1970 to a fraction of a microsecond


def _samples(points: Iterable[Point], start_s: float) -> tuple[HeartRateSample, ...]:
    return tuple(
        HeartRateSample(_instant(point.at_s, start_s), point.bpm or Bpm(0), rr_words=tuple(point.rr_words))
        for point in _heard(points)
    )


def _heard(points: Iterable[Point]) -> list[Point]:
    """Keep the points that tell of the heart; beats of one without heart rate go to its neighbour."""
    heard: list[Point] = []
    for point in points:
        if point.bpm is None and point.rr_words and heard and point.at_s - heard[-1].at_s <= _NEAR_S:
            heard[-1].rr_words.extend(point.rr_words)
        elif point.bpm is not None or point.rr_words:
            heard.append(point)
    return heard
