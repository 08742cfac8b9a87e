"""What a run was: time in zone, calm share, verdict, drift, recovery.

One convention for live sessions and files alike: a believed value holds until the next one, at most 10 s;
the last holds 1 s; what no value covers is unknown. Where the conditions for a figure are not met there is
no figure, rather than a wrong one.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from statistics import fmean, median

from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, RRUnit
from daemon.domain.plan import Course, StepKind
from daemon.domain.plausibility import Doubt, sift_all
from daemon.domain.recording import SpeedSample
from daemon.domain.variability import RRSummary, summarise
from daemon.domain.zones import Position, TargetZone

HOLD_S, LAST_HOLD_S = 10.0, 1.0
WARMING_S, WHOLE_RUN_BELOW_S = 300.0, 600.0
"""The first five minutes do not count towards the verdict, unless the run is shorter than ten."""
CALM_PCT, LIVELY_PCT = 80.0, 60.0
JUDGED_FROM_S, COVERED_FROM_PCT = 300.0, 70.0

DRIFT_FROM_S, DRIFT_CUT_S = 2400.0, 600.0
STEADY_WITHIN, STEADY_SHARE = 0.25, 0.90
"""Steady: nine tenths of the speeds within a quarter of their median. A run with walks in it is not."""
STANDING_MPS = 0.5
"""Below this the runner waits at a crossing; drift compares running with running."""

RUNNING_MPS, WALKING_MPS = 2.0, 1.8
RECOVERY_S, RECOVERY_FROM_BPM, RECOVERY_GAP_S = 60.0, 110, 5.0


class Verdict(Enum):
    """How calm a run was; never a mark for the runner."""

    CALM = "calm"
    LIVELY = "lively"
    HARD = "hard"
    UNJUDGED = "unjudged"


class Reason(Enum):
    """Why a run is not judged."""

    NO_HEART_RATE = "no_heart_rate"
    NO_ZONE = "no_zone"
    TOO_SHORT = "too_short"
    TOO_FEW_VALUES = "too_few_values"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a run; instants count from its start."""

    samples: Sequence[HeartRateSample]
    duration_s: float
    speeds: Sequence[SpeedSample] = ()
    rr_unit: RRUnit = RRUnit.SPECIFICATION
    course: Course | None = None
    course_at: Instant | None = None
    """When in the run the course began."""
    recorded: bool = False
    """The samples come from a device's recording, not from a strap."""


@dataclass(frozen=True, slots=True)
class HeldValue:
    """A believed value and for how long it holds."""

    at: Instant
    bpm: Bpm
    for_s: float


@dataclass(frozen=True, slots=True)
class HeartRateFigures:
    """Believed values only; None where there are none."""

    samples: int
    mean_bpm: float | None
    max_bpm: int | None
    min_bpm: int | None
    coverage_pct: float


@dataclass(frozen=True, slots=True)
class TimeInZone:
    """Seconds; together they are the run."""

    below_s: float
    inside_s: float
    above_s: float
    unknown_s: float

    @property
    def calm_pct(self) -> float | None:
        """Return the share of the known time that was not above the zone."""
        known = self.below_s + self.inside_s + self.above_s
        return 100 * (self.below_s + self.inside_s) / known if known else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """All figures of a run."""

    heart_rate: HeartRateFigures
    time_in_zone: TimeInZone | None
    """None without a zone."""
    calm_pct: float | None
    verdict: Verdict
    reason: Reason | None
    drift_pct: float | None
    recovery_60s_bpm: int | None
    rr: RRSummary
    longest_calm_s: float | None = None
    """The longest stretch that was not above the zone, without a gap; None without a zone or a value."""


def judge(evidence: Evidence, target: TargetZone | None) -> Judgement:
    """Judge a run against the zone of its day."""
    sifted = list(zip(evidence.samples, sift_all(evidence.samples, recorded=evidence.recorded), strict=True))
    held = hold([sample for sample, doubt in sifted if doubt is None])
    words = (word for sample, doubt in sifted if doubt is not Doubt.ECHO for word in sample.rr_words)
    figures = _figures(held, evidence.duration_s)
    whole = time_in_zone(held, target, evidence.duration_s) if target else None
    reason = _why_unjudged(figures, target, evidence.duration_s)
    calm = _calm_pct(held, target, evidence.duration_s) if target else None
    return Judgement(
        heart_rate=figures,
        time_in_zone=whole,
        calm_pct=calm,
        verdict=Verdict.UNJUDGED if reason or calm is None else _verdict(calm),
        reason=reason,
        drift_pct=_drift(held, evidence),
        recovery_60s_bpm=_recovery(held, evidence),
        rr=summarise(words, evidence.rr_unit),
        longest_calm_s=longest_calm_s(held, target, evidence.duration_s) if target else None,
    )


def believed(samples: Sequence[HeartRateSample], *, recorded: bool = False) -> list[HeartRateSample]:
    """Return the samples that are believed once all is known."""
    return [
        sample for sample, doubt in zip(samples, sift_all(samples, recorded=recorded), strict=True) if doubt is None
    ]


def hold(samples: Sequence[HeartRateSample]) -> list[HeldValue]:
    """Let each value hold until the next one, at most 10 s, and the last for 1 s."""
    held = [HeldValue(one.at, one.bpm, min(HOLD_S, after.at - one.at)) for one, after in pairwise(samples)]
    held.extend(HeldValue(last.at, last.bpm, LAST_HOLD_S) for last in samples[-1:])
    return held


def time_in_zone(held: Iterable[HeldValue], target: TargetZone, until_s: float, from_s: float = 0.0) -> TimeInZone:
    """Add up the seconds of each position between two moments of a run."""
    seconds = dict.fromkeys(Position, 0.0)
    for value in held:
        overlap = min(value.at + value.for_s, until_s) - max(value.at, from_s)
        if overlap > 0:
            seconds[target.locate(value.bpm)] += overlap
    unknown = max(0.0, until_s - from_s - sum(seconds.values()))
    return TimeInZone(seconds[Position.BELOW], seconds[Position.INSIDE], seconds[Position.ABOVE], unknown)


def longest_calm_s(held: Sequence[HeldValue], target: TargetZone, duration_s: float) -> float | None:
    """Return the longest stretch of a run that was not above the zone; what is unknown ends it."""
    longest = since = ends = 0.0
    for value in held:
        begins = max(0.0, value.at)
        if begins > ends:
            since = begins
        ends = min(value.at + value.for_s, duration_s)
        if target.locate(value.bpm) is Position.ABOVE:
            since = ends
        longest = max(longest, ends - since)
    return longest if held else None


def _figures(held: Sequence[HeldValue], duration_s: float) -> HeartRateFigures:
    values = [value.bpm for value in held]
    known = sum(value.for_s for value in held)
    coverage = min(100.0, 100 * known / duration_s) if duration_s > 0 else 0.0
    if not values:
        return HeartRateFigures(0, None, None, None, 0.0)
    return HeartRateFigures(len(values), fmean(values), max(values), min(values), coverage)


def _why_unjudged(figures: HeartRateFigures, target: TargetZone | None, duration_s: float) -> Reason | None:
    if figures.samples == 0:
        return Reason.NO_HEART_RATE
    if target is None:
        return Reason.NO_ZONE
    if duration_s < JUDGED_FROM_S:
        return Reason.TOO_SHORT
    return Reason.TOO_FEW_VALUES if figures.coverage_pct < COVERED_FROM_PCT else None


def _calm_pct(held: Sequence[HeldValue], target: TargetZone, duration_s: float) -> float | None:
    from_s = 0.0 if duration_s < WHOLE_RUN_BELOW_S else WARMING_S
    return time_in_zone(held, target, duration_s, from_s).calm_pct


def _verdict(calm_pct: float) -> Verdict:
    if calm_pct >= CALM_PCT:
        return Verdict.CALM
    return Verdict.LIVELY if calm_pct >= LIVELY_PCT else Verdict.HARD


def _drift(held: Sequence[HeldValue], evidence: Evidence) -> float | None:
    """Return the decoupling of speed and heart rate, second half against first, in percent.

    100 (r1 - r2) / r1 with r = mean speed / mean heart rate of a half (Friel; halves by sample).
    """
    if evidence.duration_s < DRIFT_FROM_S or not evidence.speeds or _has_walks(evidence.course):
        return None
    pairs = [pair for pair in _with_speed(held, evidence.speeds) if pair[0] >= STANDING_MPS]
    known = 100 * sum(value.for_s for _, value in pairs) / (evidence.duration_s - DRIFT_CUT_S)
    if known < COVERED_FROM_PCT or not _is_steady([speed for speed, _ in pairs]):
        return None
    middle = len(pairs) // 2
    first, second = (
        fmean(speed for speed, _ in half) / fmean(value.bpm for _, value in half)
        for half in (pairs[:middle], pairs[middle:])
    )
    return 100 * (first - second) / first


def _has_walks(course: Course | None) -> bool:
    return course is not None and any(leg.kind in (StepKind.WALK, StepKind.RECOVERY) for leg in course.legs)


def _with_speed(held: Sequence[HeldValue], speeds: Sequence[SpeedSample]) -> Iterable[tuple[float, HeldValue]]:
    instants = [speed.at for speed in speeds]
    for value in held:
        if value.at < DRIFT_CUT_S:
            continue
        index = bisect_right(instants, value.at) - 1
        if index >= 0 and value.at - instants[index] <= HOLD_S:
            yield speeds[index].speed_mps, value


def _is_steady(speeds: Sequence[float]) -> bool:
    middle = median(speeds)
    near = sum(abs(speed - middle) <= STEADY_WITHIN * middle for speed in speeds)
    return near >= STEADY_SHARE * len(speeds)


def _recovery(held: Sequence[HeldValue], evidence: Evidence) -> int | None:
    """Return the fall of the heart rate in the 60 s after the end of running, in bpm.

    Only after a clean stop: above 110 bpm at the end, no gap, and no running afterwards.
    """
    end = _end_of_running(evidence)
    if end is None:
        return None
    around = [value for value in held if end - RECOVERY_GAP_S <= value.at <= end + RECOVERY_S + RECOVERY_GAP_S]
    before = [value.bpm for value in around if value.at <= end]
    after = [value.bpm for value in around if value.at >= end + RECOVERY_S]
    whole = all(later.at - earlier.at <= RECOVERY_GAP_S for earlier, later in pairwise(around))
    if not (before and after and whole) or median(before) <= RECOVERY_FROM_BPM:
        return None
    return round(median(before) - after[0])


def _end_of_running(evidence: Evidence) -> float | None:
    course, began = evidence.course, evidence.course_at
    if course is not None and began is not None:
        end = course.end_of_running_s
        return None if end is None else began + end
    running = [speed.at for speed in evidence.speeds if speed.speed_mps >= RUNNING_MPS]
    if not running:
        return None
    afterwards = [speed for speed in evidence.speeds if speed.at > running[-1] + RECOVERY_GAP_S]
    stopped = bool(afterwards) and all(speed.speed_mps < WALKING_MPS for speed in afterwards)
    return running[-1] if stopped else None
