"""Small activity files made by hand, so that a test can say what is in them."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 10, 18, 30, tzinfo=UTC)
"""When all of them begin."""

FIT_START = int(START.timestamp()) - 631_065_600
RUNNING, CYCLING, WALKING, HIKING = 1, 2, 11, 17
"""Sports by their FIT numbers."""

_UINT8, _UINT16, _UINT32, _ENUM, _FLOAT32 = 0x02, 0x84, 0x86, 0x00, 0x88
_FORMATS = {_UINT8: "B", _UINT16: "H", _UINT32: "I", _ENUM: "B", _FLOAT32: "f"}


@dataclass(frozen=True)
class FitField:
    """One field of a message: its number in the profile, its base type, its raw values."""

    number: int
    base_type: int
    values: tuple[float, ...]

    @property
    def packed(self) -> bytes:
        return struct.pack(f"<{len(self.values)}{_FORMATS[self.base_type]}", *self.values)


def fit_message(number: int, *fields: FitField) -> bytes:
    """Return a definition and the message it defines."""
    layout = b"".join(bytes((field.number, len(field.packed), field.base_type)) for field in fields)
    definition = struct.pack("<BBBHB", 0x40, 0, 0, number, len(fields)) + layout
    return definition + b"\0" + b"".join(field.packed for field in fields)


def fit_record(
    at_s: int | None,
    heart_rate: int | None = None,
    *,
    speed_mm_s: int | None = None,
    distance_cm: int | None = None,
) -> bytes:
    """Return one record; a field that is None is not in it at all."""
    at = None if at_s is None else FIT_START + at_s
    told = [(253, _UINT32, at), (3, _UINT8, heart_rate), (6, _UINT16, speed_mm_s), (5, _UINT32, distance_cm)]
    return fit_message(20, *(FitField(number, kind, (value,)) for number, kind, value in told if value is not None))


def fit_float_record(at_s: int, heart_rate: float, speed_mps: float) -> bytes:
    """Return a record that has fractions where others have whole numbers."""
    at = FitField(253, _UINT32, (FIT_START + at_s,))
    return fit_message(20, at, FitField(3, _FLOAT32, (heart_rate,)), FitField(6, _FLOAT32, (speed_mps,)))


def fit_array_record(at_s: int, heart_rate: int) -> bytes:
    """Return a record as long as the format allows: every field is an array."""
    at = FitField(253, _UINT32, (FIT_START + at_s,) * 63)
    unknown = (FitField(number, _UINT8, (7,) * 255) for number in range(100, 253))
    return fit_message(20, at, FitField(3, _UINT8, (heart_rate,) * 255), *unknown)


def fit_beats(*milliseconds: int) -> bytes:
    """Return an hrv message, filled up with the word for "nothing" as watches do."""
    words = (*milliseconds, *([0xFFFF] * (5 - len(milliseconds))))
    return fit_message(78, FitField(0, _UINT16, words))


def fit_session(start_s: int, sport: int, distance_cm: int | None = None) -> bytes:
    """Return the summary of one session."""
    fields = [FitField(2, _UINT32, (FIT_START + start_s,)), FitField(5, _ENUM, (sport,))]
    if distance_cm is not None:
        fields.append(FitField(9, _UINT32, (distance_cm,)))
    return fit_message(18, *fields)


def fit_file_id(kind: int) -> bytes:
    """Return what says which kind of file this is: 4 is an activity, 6 a course."""
    return fit_message(0, FitField(0, _ENUM, (kind,)))


def fit_power_on_record(seconds: int, heart_rate: int) -> bytes:
    """Return a record of a device that never learned the date."""
    return fit_message(20, FitField(253, _UINT32, (seconds,)), FitField(3, _UINT8, (heart_rate,)))


def fit_file(*messages: bytes) -> bytes:
    """Return a whole FIT file with the right lengths and checksums."""
    body = b"".join(messages)
    header = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    head = header + struct.pack("<H", _crc(header))
    return head + body + struct.pack("<H", _crc(head + body))


def _crc(content: bytes) -> int:
    crc = 0
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc


def clock(seconds: float) -> str:
    """Return a time as XML has it."""
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def tcx_point(at: str, heart_rate: object = None, *, distance: object = None, speed: object = None) -> str:
    """Return one Trackpoint; what is None is not in it at all."""
    parts = [f"<Time>{at}</Time>"]
    if distance is not None:
        parts.append(f"<DistanceMeters>{distance}</DistanceMeters>")
    if heart_rate is not None:
        parts.append(f"<HeartRateBpm><Value>{heart_rate}</Value></HeartRateBpm>")
    if speed is not None:
        parts.append(f"<Extensions><ns3:TPX><ns3:Speed>{speed}</ns3:Speed></ns3:TPX></Extensions>")
    return f"<Trackpoint>{''.join(parts)}</Trackpoint>"


def tcx_activity(
    points: Iterable[str], *, sport: str = "Running", notes: str = "", laps_m: Sequence[float] = ()
) -> str:
    """Return one Activity: the laps before the last have a distance and no points."""
    laps = "".join(f"<Lap><DistanceMeters>{metres}</DistanceMeters></Lap>" for metres in laps_m)
    track = f"<Lap><Track>{''.join(points)}</Track></Lap>"
    return f'<Activity Sport="{sport}"><Id>1</Id>{laps}{track}<Notes>{notes}</Notes></Activity>'


def tcx_file(*activities: str) -> bytes:
    """Return a whole TCX document."""
    space = "http://www.garmin.com/xmlschemas"
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<TrainingCenterDatabase xmlns="{space}/TrainingCenterDatabase/v2" xmlns:ns3="{space}/ActivityExtension/v2">'
        f"<Activities>{''.join(activities)}</Activities></TrainingCenterDatabase>"
    )
    return text.encode()


def gpx_point(
    at: str | None, place: tuple[float, float] | None = None, *, extensions: str = "", inside: str = ""
) -> str:
    """Return one trkpt, with whatever stands in its extensions or directly inside."""
    where = "" if place is None else f' lat="{place[0]:.7f}" lon="{place[1]:.7f}"'
    time = "" if at is None else f"<time>{at}</time>"
    return f"<trkpt{where}>{time}{inside}<extensions>{extensions}</extensions></trkpt>"


def walked(seconds: Sequence[int], metres_per_second: float) -> list[str]:
    """Return GPX points on the way north."""
    degrees = metres_per_second / 111_195.0
    return [gpx_point(clock(second), (52.0 + second * degrees, 5.0)) for second in seconds]


def gpx_track(*segments: Iterable[str], name: str = "", kind: str = "") -> str:
    """Return one trk of some segments."""
    titles = (f"<name>{name}</name>" if name else "") + (f"<type>{kind}</type>" if kind else "")
    way = "".join(f"<trkseg>{''.join(points)}</trkseg>" for points in segments)
    return f"<trk>{titles}{way}</trk>"


def gpx_file(*tracks: str) -> bytes:
    """Return a whole GPX document."""
    return f'<?xml version="1.0"?>\n<gpx version="1.1" creator="tests">{"".join(tracks)}</gpx>'.encode()
