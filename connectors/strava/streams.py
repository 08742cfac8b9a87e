"""The streams of an activity, made into a recording in the same way as the points of a file."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.activity_files.content import RefusalError
from connectors.activity_files.points import Point
from connectors.activity_files.tracks import Track, check_room, recordings_of
from connectors.activity_files.values import beats_per_minute, distance_m, number, on_clock, speed_mps
from connectors.strava.failures import NONSENSE
from daemon.domain.activity import Activity
from daemon.domain.recording import Recording
from daemon.strava.port import GoneError, UnreachableError

KEYS = ("time", "heartrate", "distance", "velocity_smooth", "moving")
"""Not the places: they are the most private of all, and a coach has no use for them."""


def recording_of(activity: Activity, body: object) -> Recording:
    """Return the recording; `GoneError` where there is none to expect, however often one asks."""
    streams = _streams_in(body)
    if "time" not in streams:
        raise GoneError("the activity has no times: nothing of it can be placed")
    try:
        check_room(len(streams["time"]))
    except RefusalError:
        raise GoneError("the activity has more points than any run") from None
    track = Track(activity.sport, activity.name, activity.distance_m, list(_points(activity, streams)))
    for recording in recordings_of([track]):
        return recording
    raise GoneError("the activity has no times: nothing of it can be placed")


def _streams_in(body: object) -> dict[str, list[Any]]:
    """Return those of our streams that hold something, whether they came by their type or in a row."""
    by_type = {str(one.get("type")): one for one in body if isinstance(one, dict)} if isinstance(body, list) else body
    if not isinstance(by_type, dict) or (body and not by_type.keys() & set(KEYS)):
        raise UnreachableError(NONSENSE)
    found = ((key, _data(by_type.get(key))) for key in KEYS)
    return {key: data for key, data in found if data}


def _data(stream: object) -> list[Any]:
    data = stream.get("data") if isinstance(stream, dict) else None
    return data if isinstance(data, list) else []


def _points(activity: Activity, streams: Mapping[str, list[Any]]) -> Iterator[Point]:
    """Read the streams side by side, as far as the shortest goes."""
    start_s = activity.started_at.timestamp()
    for row in zip(*streams.values(), strict=False):
        fields = dict(zip(streams, row, strict=True))
        since_s = number(fields["time"])
        at_s = None if since_s is None else on_clock(start_s + since_s)
        if at_s is not None:
            yield Point(
                at_s,
                beats_per_minute(fields["heartrate"]) if "heartrate" in fields else None,
                _speed_mps(fields),
                distance_m(fields.get("distance")),
            )


def _speed_mps(fields: Mapping[str, Any]) -> float | None:
    """Return the speed; the smoothed one lags behind a runner who has stopped."""
    if "velocity_smooth" not in fields:
        return None
    return 0.0 if fields.get("moving") is False else speed_mps(fields["velocity_smooth"])
