"""What stands in a Strava account: athletes, their activities, and these as Strava's API words them.

    run = athlete.add_run(START, minutes=30, bpm=128)
    run.name, run.visibility = "Avondronde", "only_me"
    run.crop(60, 1500)

An activity is only a recipe until somebody asks for it, so that an account may hold thousands.
"""

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HOME = (52.370216, 4.895168)
"""Dam square."""
_WAVE = (0, 1, 2, 1, 0, -1, -2, -1)
"""How a steady heart rate goes up and down, a step every five seconds; its mean is 0."""

Json = dict[str, Any]
HeartRate = float | Sequence[float | None] | None
"""Steady, or one value for each instant of `times`, or none at all."""


@dataclass(kw_only=True, eq=False)
class Activity:
    """One activity; a test may change all of it at any time."""

    id: int
    athlete_id: int
    started_at: datetime
    times: Sequence[int]
    """Seconds from the start of each sample; an hour of pause is a hole of 3600 s."""
    bpm: HeartRate = None
    name: str = "Ochtendloop"
    sport_type: str = "Run"
    distance_m: float = 5000.0
    zone: ZoneInfo = AMSTERDAM
    has_heartrate: bool = False
    """What the summary says; it may be wrong both ways."""
    manual: bool = False
    trainer: bool = False
    visibility: str = "everyone"
    hidden_start: bool = False
    visible_from: datetime | None = None
    """Until then it is not uploaded, or still processed."""
    overrides: Json = field(default_factory=dict)
    """What the summary says instead, whatever the truth: `{"max_heartrate": "181"}`."""

    @property
    def elapsed_s(self) -> int:
        return self.times[-1] if self.times else 0

    @property
    def moving_s(self) -> int:
        """All but the holes of more than ten seconds."""
        if isinstance(self.times, range):
            return self.elapsed_s
        return sum(min(later - earlier, 10) for earlier, later in itertools.pairwise(self.times))

    @property
    def start_date(self) -> datetime:
        """What Strava calls the start: nothing but the day if the athlete hides the hour."""
        if not self.hidden_start:
            return self.started_at.astimezone(UTC)
        return datetime.combine(self.started_at.astimezone(self.zone), datetime.min.time(), UTC) + timedelta(seconds=1)

    def crop(self, from_s: int, to_s: int) -> None:
        """Cut off what lies outside, as athletes do on the site: what is left starts later, at zero."""
        kept = [place for place, at in enumerate(self.times) if from_s <= at <= to_s]
        share, first = len(kept) / len(self.times), self.times[kept[0]]
        if isinstance(self.bpm, Sequence):
            self.bpm = [self.bpm[place] for place in kept]
        self.times = [self.times[place] - first for place in kept]
        self.started_at += timedelta(seconds=first)
        self.distance_m *= share

    def is_visible(self, now: datetime, *, with_private: bool) -> bool:
        processed = self.visible_from is None or self.visible_from <= now
        return processed and (with_private or self.visibility != "only_me")

    # --- as the API words it ------------------------------------------------------------------------------------------

    def summary(self) -> Json:
        local = self.started_at.astimezone(self.zone)
        offset = local.utcoffset() or timedelta()
        winter = datetime(local.year, 1, 1, tzinfo=self.zone).utcoffset() or timedelta()
        speed = self.distance_m / self.moving_s if self.moving_s else 0.0
        outdoors = not (self.manual or self.trainer)
        told: Json = {
            "resource_state": 2,
            "athlete": {"id": self.athlete_id, "resource_state": 1},
            "id": self.id,
            "name": self.name,
            "distance": round(self.distance_m, 1),
            "moving_time": self.moving_s,
            "elapsed_time": self.elapsed_s,
            "total_elevation_gain": 12.4 if outdoors else 0,
            "type": "Run" if self.sport_type == "TrailRun" else self.sport_type,
            "sport_type": self.sport_type,
            "workout_type": 0 if self.sport_type.endswith("Run") else None,
            "device_name": None if self.manual else "Garmin Forerunner 255",
            "start_date": _zulu(self.start_date),
            "start_date_local": _zulu(self.start_date if self.hidden_start else local.replace(tzinfo=UTC)),
            "timezone": f"(GMT{_hours(winter)}) {self.zone.key}",
            "utc_offset": offset.total_seconds(),
            "location_city": None,
            "location_state": None,
            "location_country": None,
            "achievement_count": 0,
            "kudos_count": 3,
            "comment_count": 0,
            "athlete_count": 1,
            "photo_count": 0,
            "total_photo_count": 0,
            "map": {"id": f"a{self.id}", "summary_polyline": "" if not outdoors else _POLYLINE, "resource_state": 2},
            "trainer": self.trainer,
            "commute": False,
            "manual": self.manual,
            "private": self.visibility == "only_me",
            "visibility": self.visibility,
            "flagged": False,
            "gear_id": None,
            "start_latlng": list(HOME) if outdoors else [],
            "end_latlng": list(HOME) if outdoors else [],
            "average_speed": round(speed, 3),
            "max_speed": round(speed * 1.4, 3),
            "has_heartrate": self.has_heartrate,
            "heartrate_opt_out": False,
            "display_hide_heartrate_option": self.has_heartrate,
            "upload_id": None if self.manual else self.id + 1_100_000_000,
            "external_id": None if self.manual else f"garmin_ping_{self.id % 1_000_000_000}",
            "from_accepted_tag": False,
            "pr_count": 0,
        }
        if not self.manual:
            told |= {"upload_id_str": str(told["upload_id"]), "average_cadence": 84.6}
        if outdoors:
            told |= {"elev_high": 3.2, "elev_low": -1.6}
        if self.has_heartrate and (figures := self._mean_and_most()):
            told |= dict(zip(("average_heartrate", "max_heartrate"), figures, strict=True))
            told["suffer_score"] = float(self.moving_s // 60)
        return told | self.overrides

    def _mean_and_most(self) -> tuple[float, float] | None:
        if isinstance(self.bpm, Sequence):
            values = [value for value in self.bpm if value]
            return (round(sum(values) / len(values), 1), float(max(values))) if values else None
        return None if self.bpm is None else (float(self.bpm), float(self.bpm + max(_WAVE)))

    def detail(self) -> Json:
        """Return what the summary has and more, the activity's laps among it."""
        more = {"resource_state": 3, "description": None, "calories": 312.0, "private_note": "", "laps": self.laps()}
        return self.summary() | more

    def laps(self) -> list[Json]:
        lap = {"id": self.id + 5_000_000, "name": "Lap 1", "lap_index": 1, "elapsed_time": self.elapsed_s}
        return [lap | {"distance": self.distance_m, "start_date": _zulu(self.start_date)}]

    def zone_times(self) -> list[Json]:
        return [{"type": "heartrate", "resource_state": 3, "sensor_based": True, "distribution_buckets": []}]

    def heart_rate(self) -> Sequence[float | None]:
        """Return the heart rate at each of `times`, or nothing."""
        if isinstance(self.bpm, Sequence):
            assert len(self.bpm) == len(self.times), f"{len(self.bpm)} heart rates at {len(self.times)} times"
            return self.bpm
        return _Wave(self.bpm, self.times) if self.bpm is not None else ()

    def streams(self, keys: Sequence[str]) -> dict[str, Json]:
        """Return the streams of `keys` that there are; the one they are drawn over comes along unasked."""
        if self.manual or not self.times:
            return {}
        known = dict(self._streams())
        index = "distance" if "distance" in known else "time"
        wanted = [key for key in known if key in keys or key == index]
        more = {"series_type": index, "original_size": len(self.times), "resolution": "high"}
        return {key: {"data": [known[key](at) for at in range(len(self.times))], **more} for key in wanted}

    def _streams(self) -> Iterator[tuple[str, Callable[[int], Any]]]:
        """Name the streams that there are, each with its value at a place."""
        times, speed = self.times, self.distance_m / self.elapsed_s if self.elapsed_s else 0.0
        yield "time", times.__getitem__
        if heart_rate := self.heart_rate():
            yield "heartrate", heart_rate.__getitem__
        if not self.distance_m:
            return
        yield "distance", lambda place: round(speed * times[place], 1)
        yield "velocity_smooth", lambda _: round(speed, 2)
        yield "moving", lambda place: place == 0 or times[place] - times[place - 1] <= 10
        yield "cadence", lambda place: 83 + times[place] % 4
        if not self.trainer:
            yield "latlng", lambda place: [HOME[0] + times[place] * 1e-5, HOME[1]]
            yield "altitude", lambda place: round(math.sin(times[place] / 300), 1)
            yield "grade_smooth", lambda _: 0.1


class _Wave(Sequence[float | None]):
    """A steady heart rate, worked out when it is looked at."""

    def __init__(self, bpm: float, times: Sequence[int]) -> None:
        self._bpm, self._times = bpm, times

    def __len__(self) -> int:
        return len(self._times)

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 a value or a part, as sequences do
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        return self._bpm + _WAVE[self._times[place] // 5 % len(_WAVE)]


@dataclass(frozen=True)
class Raw:
    """An item of the list that is not as it should be, and its place in time."""

    id: int
    start_date: datetime
    item: object

    def summary(self) -> object:
        return self.item


@dataclass(kw_only=True, eq=False)
class Athlete:
    """A runner's account; `ids` hands out the ids of new activities, which grow as Strava's do."""

    id: int
    ids: Iterator[int] = field(repr=False)
    firstname: str = "Mara"
    max_bpm: int = 187
    activities: dict[int, Activity] = field(default_factory=dict, repr=False)
    raws: list[Raw] = field(default_factory=list, repr=False)

    def add_run(
        self,
        started_at: datetime,
        minutes: float = 30,
        *,
        bpm: HeartRate = None,
        times: Sequence[int] | None = None,
        pauses: Sequence[tuple[int, int]] = (),
        smart_recording: bool = False,
        has_heartrate: bool | None = None,
        distance_m: float | None = None,
        uploaded_later: timedelta | None = None,
        **more: Any,  # noqa: ANN401 whatever else an activity has
    ) -> Activity:
        """Add an activity of so many minutes.

        A series as `bpm` gives the heart rate of each of `times`, which are every second unless they are given,
        thinned out by `smart_recording`, or have holes by `pauses` (from, to: seconds from the start).
        """
        assert started_at.tzinfo is not None, "a start needs its time zone"
        if times is None:
            times = range(round(minutes * 60) + 1)
        if smart_recording:
            times = [at for at in times if at % 7 in {0, 3, 4} or at == times[-1]]
        if pauses:
            times = [at for at in times if not any(start < at < end for start, end in pauses)]
        has_series = bpm is not None and not more.get("manual")
        activity = Activity(
            id=next(self.ids),
            athlete_id=self.id,
            started_at=started_at,
            times=times,
            bpm=bpm,
            has_heartrate=has_series if has_heartrate is None else has_heartrate,
            distance_m=times[-1] * 2.6 if distance_m is None else distance_m,
            **more,
        )
        if uploaded_later is not None:
            activity.visible_from = started_at + timedelta(seconds=activity.elapsed_s) + uploaded_later
        self.activities[activity.id] = activity
        return activity

    def add_raw(self, item: object, at: datetime) -> None:
        """Put anything at all into the list, as if it had started then."""
        self.raws.append(Raw(next(self.ids), at, item))

    def delete(self, activity: Activity) -> None:
        del self.activities[activity.id]

    def summary(self) -> Json:
        return {
            "id": self.id,
            "username": None,
            "resource_state": 2,
            "firstname": self.firstname,
            "lastname": "de Boer",
            "city": None,
            "country": None,
            "sex": "F",
            "premium": True,
            "summit": True,
            "created_at": "2019-03-02T10:11:12Z",
            "updated_at": "2026-11-01T08:00:00Z",
            "profile": "avatar/athlete/large.png",
        }

    def detail(self) -> Json:
        return self.summary() | {"resource_state": 3, "weight": 68.0, "ftp": None, "measurement_preference": "meters"}

    def zones(self) -> Json:
        bounds = [0, *(round(self.max_bpm * share) for share in (0.6, 0.7, 0.8, 0.95)), -1]
        zones = [{"min": low, "max": high} for low, high in itertools.pairwise(bounds)]
        return {"heart_rate": {"custom_zones": False, "zones": zones}}


def fill(
    athlete: Athlete, *, count: int, until: datetime, heart_rate_share: float = 0.64, seed: int = 1
) -> list[Activity]:
    """Add years of activities up to `until` and return them, oldest first.

    Exactly `round(count * heart_rate_share)` of them are runs with heart rate; the others are runs without, runs
    typed in by hand, walks, and rides (with heart rate, which is none of a running coach's business).
    """
    chance = random.Random(seed)  # noqa: S311
    runs = round(count * heart_rate_share)
    kinds = [True] * runs + [False] * (count - runs)
    chance.shuffle(kinds)
    gaps = [timedelta(hours=24 * chance.choice((1, 1, 2, 2, 3)), minutes=chance.randint(-90, 90)) for _ in kinds]
    started_at, added = until - sum(gaps, timedelta()), []
    for gap, is_run in zip(gaps, kinds, strict=True):
        made = _run(chance) if is_run else _other(chance)
        added.append(athlete.add_run(started_at, chance.randint(20, 75), **made))
        started_at += gap
    return added


def _run(chance: random.Random) -> Mapping[str, Any]:
    sport, trainer = chance.choice((("Run", False),) * 8 + (("TrailRun", False), ("Run", True)))
    return {"bpm": chance.randint(112, 165), "sport_type": sport, "trainer": trainer}


def _other(chance: random.Random) -> Mapping[str, Any]:
    return chance.choice(
        (
            {},
            {"manual": True, "name": "Looptraining"},
            {"sport_type": "Walk", "name": "Ommetje"},
            {"sport_type": "Ride", "name": "Fietstocht", "bpm": chance.randint(105, 150)},
        )
    )


def _zulu(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _hours(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


_POLYLINE = "o`f~Hq~x\\" + "sBwCkAyFjBqD" * 12
