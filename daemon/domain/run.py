"""A run as it is kept: what it was, where it came from, how it was judged."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from daemon.domain.effort import Judgement
from daemon.domain.feeling import Feeling
from daemon.domain.plan import PlanRef
from daemon.domain.zones import TargetZone


class Source(Enum):
    """Where the samples of a run came from."""

    STRAP = "strap"
    FILE = "file"
    ARCHIVE = "archive"
    STRAVA_API = "strava_api"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one runner, with the zone of its day."""

    id: str
    runner: str | None
    """None for a recording that was only replayed."""
    sources: tuple[Source, ...]
    sport: str
    name: str | None
    started_at: datetime
    duration_s: float
    distance_m: float | None
    target: TargetZone | None
    judgement: Judgement
    plan: PlanRef | None = None
    feeling: Feeling | None = None
