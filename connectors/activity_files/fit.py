"""FIT, the binary format of most watches (decoded by fitdecode)."""

import struct
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.activity_files.content import Content, RefusalError
from connectors.activity_files.points import Point
from connectors.activity_files.tracks import Track, check_room, recordings_of
from connectors.activity_files.values import (
    beats_per_minute,
    distance_m,
    number,
    on_clock,
    rr_word,
    speed_mps,
    sport_of,
)
from daemon.domain.marking import _
from daemon.domain.recording import Recording

_MARK = b".FIT"
_MARK_AT = 8
_EPOCH_S = 631_065_600
"""FIT counts from 31 December 1989."""
_POWER_ON = 0x10000000
"""Smaller time stamps count from when the device was switched on."""
_MOST_MESSAGES = 2_000_000
_MOST_BEATS = 2_000_000

# Altered bytes make fitdecode stumble in many ways, not all of them its own.
_STUMBLES = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError, struct.error)
_DAMAGE = {
    "FitCRCError": _("damaged: the checksum does not match (file cut short or altered); export it again"),
    "FitEOFError": _("damaged: it ends in the middle of a message (file cut short); export it again"),
    "FitHeaderError": _("damaged: its header makes no sense; export it again"),
}
_ALTERED = _("damaged: a message in it makes no sense (file altered); export it again")


@dataclass(frozen=True, slots=True)
class _Session:
    start_s: float
    sport: str | None
    distance_m: float | None


@dataclass(slots=True)
class _Log:
    """What the messages have told so far."""

    points: list[Point] = field(default_factory=list)
    sessions: list[_Session] = field(default_factory=list)
    sport: str | None = None
    early_words: list[int] = field(default_factory=list)
    """Beats told before the first record."""
    beats: int = 0


def is_fit(content: Content) -> bool:
    """Tell whether the content has FIT's mark in its header."""
    return content.head()[_MARK_AT : _MARK_AT + len(_MARK)] == _MARK


def read_fit(content: Content) -> tuple[Recording, ...]:
    """Read all activities, one for each session."""
    import fitdecode  # noqa: PLC0415 - only who imports a FIT file pays for its tables

    log = _Log()
    try:
        with fitdecode.FitReader(
            content.stream,
            processor=None,  # raw seconds are what we want, and a quarter of the time is saved
            check_crc=fitdecode.CrcCheck.RAISE,
            error_handling=fitdecode.ErrorHandling.IGNORE,  # real devices describe their extra fields sloppily
        ) as frames:
            for count, frame in enumerate(frames):
                _take(log, count, frame)
    except (fitdecode.FitError, *_STUMBLES) as error:
        raise RefusalError(_DAMAGE.get(type(error).__name__, _ALTERED)) from error
    return recordings_of(_tracks(log))


def _take(log: _Log, count: int, frame: Any) -> None:  # noqa: ANN401 - fitdecode has no types
    if count > _MOST_MESSAGES:
        raise RefusalError("too large: over {limit} messages; export that one activity by itself", limit=_MOST_MESSAGES)
    take = _TAKERS.get(getattr(frame, "global_mesg_num", None))
    if take and hasattr(frame, "fields"):  # definitions have the number too
        take(log, _values(frame))


def _values(frame: Any) -> dict[str, Any]:  # noqa: ANN401 - fitdecode has no types
    """Return the fields by name; those a vendor added may not hide the standard ones of the same name."""
    own = (item for item in frame.fields if item.field and not getattr(item.field_def, "is_dev", False))
    return {item.name: item.value for item in own if item.value is not None}


def _clock(value: object) -> float | None:
    """Return seconds since 1970; a count since power-on is no time of day."""
    seconds = number(value)
    return None if seconds is None or seconds < _POWER_ON else on_clock(seconds + _EPOCH_S)


def _take_record(log: _Log, values: dict[str, Any]) -> None:
    at_s = _clock(values.get("timestamp"))
    if at_s is None:
        return
    check_room(len(log.points) + 1)
    bpm = beats_per_minute(values["heart_rate"]) if "heart_rate" in values else None
    speed = speed_mps(values.get("enhanced_speed", values.get("speed")))
    log.points.append(Point(at_s, bpm, speed, distance_m(values.get("distance")), rr_words=log.early_words))
    log.early_words = []


def _take_beats(log: _Log, values: dict[str, Any]) -> None:
    """Give the beats to the last record; they carry no time of their own."""
    times = values.get("time", ())
    seconds = [number(value) for value in (times if isinstance(times, tuple) else (times,))]
    words = [word for value in seconds if value is not None and (word := rr_word(value * 1000)) is not None]
    log.beats += len(words)
    if log.beats > _MOST_BEATS:
        raise RefusalError("too large: over {limit} beats; export that one activity by itself", limit=_MOST_BEATS)
    (log.points[-1].rr_words if log.points else log.early_words).extend(words)


def _take_session(log: _Log, values: dict[str, Any]) -> None:
    start_s = _clock(values.get("start_time"))
    session = _Session(start_s or 0.0, _sport(values), distance_m(values.get("total_distance")))
    check_room(len(log.sessions) + 1)
    log.sessions.append(session)


def _take_sport(log: _Log, values: dict[str, Any]) -> None:
    log.sport = _sport(values) or log.sport


def _sport(values: dict[str, Any]) -> str | None:
    word = values.get("sport")
    return sport_of(word) if isinstance(word, str) else None


def _take_file_id(_: _Log, values: dict[str, Any]) -> None:
    if values.get("type") in {"course", "segment"}:
        raise RefusalError("is a {kind} to follow; choose a recorded activity", kind=values["type"])


# Message numbers of the FIT profile.
_TAKERS: dict[int | None, Callable[[_Log, dict[str, Any]], None]] = {
    0: _take_file_id,
    12: _take_sport,
    18: _take_session,
    20: _take_record,
    78: _take_beats,
}


def _tracks(log: _Log) -> list[Track]:
    """Deal the points out to the sessions by when these began; what comes before the first belongs to it."""
    sessions = sorted(log.sessions, key=lambda session: session.start_s) or [_Session(0.0, None, None)]
    tracks = [Track(session.sport or log.sport or "run", None, session.distance_m) for session in sessions]
    later_starts = [session.start_s for session in sessions[1:]]
    for point in log.points:
        tracks[bisect_right(later_starts, point.at_s)].points.append(point)
    for track in tracks:
        if track.distance_m is None:
            track.distance_m = _last_distance(track)
    return tracks


def _last_distance(track: Track) -> float | None:
    return next((point.distance_m for point in reversed(track.points) if point.distance_m is not None), None)
