"""TCX, Garmin's XML of an activity and its laps; many treadmills and apps write it too."""

from xml.sax.xmlreader import AttributesImpl

from connectors.activity_files.points import Point
from connectors.activity_files.tracks import Track, Tracks
from connectors.activity_files.values import beats_per_minute, distance_m, moment_s, name_of, speed_mps, sport_of
from daemon.domain.recording import Recording

_TOLD = {("HeartRateBpm", "Value"): "heart rate"}
_TOLD_ANYWHERE = {"Time", "DistanceMeters", "Speed"}


class TcxDocument:
    """Hears a TrainingCenterDatabase: a recording for each Activity in it."""

    def __init__(self) -> None:
        self._tracks = Tracks()
        self._track: Track | None = None
        self._laps_m: float | None = None
        self._told: dict[str, str] | None = None
        """What the present Trackpoint says; None between them."""

    def opened(self, name: str, attributes: AttributesImpl) -> None:
        """Hear that an element begins."""
        if name == "Activity":
            self._track = self._tracks.begin(sport_of(attributes.get("Sport", "")))
            self._laps_m = None
        elif name == "Trackpoint":
            self._told = {}

    def closed(self, name: str, parent: str, text: str) -> None:
        """Hear that an element ends, with its text."""
        if self._track is None:
            return  # a course or a workout
        if name == "Trackpoint":
            self._add_point(self._track, self._told or {})
            self._told = None
        elif self._told is not None:
            self._hear(self._told, name, parent, text)
        else:
            self._hear_of_activity(self._track, name, parent, text)

    def recordings(self) -> tuple[Recording, ...]:
        """Return what was heard."""
        return self._tracks.recordings()

    def _hear(self, told: dict[str, str], name: str, parent: str, text: str) -> None:
        if name in _TOLD_ANYWHERE:
            told[name] = text
        elif (parent, name) in _TOLD:
            told[_TOLD[parent, name]] = text

    def _hear_of_activity(self, track: Track, name: str, parent: str, text: str) -> None:
        if name == "Activity":
            track.distance_m = self._laps_m if track.distance_m is None else track.distance_m
            self._track = None
        elif (parent, name) == ("Activity", "Notes"):
            track.name = name_of(text)
        elif (parent, name) == ("Lap", "DistanceMeters") and (metres := distance_m(text)) is not None:
            self._laps_m = (self._laps_m or 0.0) + metres

    def _add_point(self, track: Track, told: dict[str, str]) -> None:
        at_s = moment_s(told.get("Time", ""))
        if at_s is None:
            return
        bpm = beats_per_minute(told["heart rate"]) if "heart rate" in told else None
        metres = distance_m(told.get("DistanceMeters"))
        track.distance_m = track.distance_m if metres is None else metres
        self._tracks.add(track, Point(at_s, bpm, speed_mps(told.get("Speed")), metres))
