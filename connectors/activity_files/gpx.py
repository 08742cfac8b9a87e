"""GPX, the XML of places: heart rate stands in extensions, under many prefixes."""

from xml.sax.xmlreader import AttributesImpl

from connectors.activity_files.points import Place, Point
from connectors.activity_files.speeds import metres_between
from connectors.activity_files.tracks import Track, Tracks
from connectors.activity_files.values import beats_per_minute, moment_s, name_of, number, speed_mps, sport_of
from daemon.domain.recording import Recording

_HEART_RATE = {"hr", "heartrate", "heart_rate", "heartratebpm"}
_TOLD = {"time": "time", "speed": "speed"} | dict.fromkeys(_HEART_RATE, "heart rate")
_STRAVA_TYPES = {"1": "ride", "4": "walk", "9": "run", "10": "walk"}
"""Strava's exports number the sports."""


class GpxDocument:
    """Hears a gpx document: a recording for each trk in it, its segments joined."""

    def __init__(self) -> None:
        self._tracks = Tracks()
        self._track: Track | None = None
        self._told: dict[str, str] | None = None
        """What the present trkpt says; None between them."""
        self._place: Place | None = None
        self._last_place: Place | None = None
        """Of the point before, in the same segment: nobody ran what lies between two segments."""

    def opened(self, name: str, attributes: AttributesImpl) -> None:
        """Hear that an element begins."""
        if name == "trk":
            self._track = self._tracks.begin("run")
        elif name == "trkseg":
            self._last_place = None
        elif name == "trkpt":
            self._told = {}
            self._place = _place(attributes)

    def closed(self, name: str, parent: str, text: str) -> None:
        """Hear that an element ends, with its text."""
        if self._track is None:
            return  # a waypoint or a route
        if name == "trkpt":
            self._add_point(self._track, self._told or {})
            self._told = None
        elif self._told is not None:
            if key := _TOLD.get(name.lower()):
                self._told[key] = text
        elif parent == "trk":
            _hear_of_track(self._track, name, text)
        elif name == "trk":
            self._track = None

    def recordings(self) -> tuple[Recording, ...]:
        """Return what was heard."""
        return self._tracks.recordings()

    def _add_point(self, track: Track, told: dict[str, str]) -> None:
        at_s = moment_s(told.get("time", ""))
        if at_s is None:
            return
        bpm = beats_per_minute(told["heart rate"]) if "heart rate" in told else None
        self._tracks.add(track, Point(at_s, bpm, speed_mps(told.get("speed")), place=self._place))
        self._add_way(track)

    def _add_way(self, track: Track) -> None:
        if self._place is None:
            return
        if self._last_place is not None:
            track.distance_m = (track.distance_m or 0.0) + metres_between(self._last_place, self._place)
        self._last_place = self._place


def _hear_of_track(track: Track, name: str, text: str) -> None:
    if name == "name":
        track.name = name_of(text)
    elif name == "type":
        track.sport = _STRAVA_TYPES.get(text) or sport_of(text)


def _place(attributes: AttributesImpl) -> Place | None:
    latitude, longitude = number(attributes.get("lat")), number(attributes.get("lon"))
    if latitude is None or longitude is None:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None  # noqa: PLR2004 - degrees
