"""A run and what was said in it as JSON: the contract that other programs rely on.

snake_case, units in names, RFC 3339 times with offset, null for unknown.
"""

from datetime import tzinfo
from typing import Any

from daemon.domain.effort import Judgement
from daemon.domain.feeling import Feeling
from daemon.domain.plan import Course
from daemon.domain.run import Run
from daemon.domain.session import Announce, Speak
from daemon.domain.zones import TargetZone

DONE = "done"
"""The kind of the cue that ends a course."""


def run_report(run: Run, timezone: tzinfo | None = None) -> dict[str, Any]:
    """Return a run as the contract has it."""
    judged = run.judgement
    heart, rr = judged.heart_rate, judged.rr
    return {
        "type": "run",
        "id": run.id,
        "runner": run.runner,
        "sources": [source.value for source in run.sources],
        "sport": run.sport,
        "name": run.name,
        "started_at": run.started_at.astimezone(timezone).isoformat(timespec="seconds"),
        "duration_s": _round(run.duration_s),
        "distance_m": _round(run.distance_m),
        "heart_rate": {
            "samples": heart.samples,
            "mean_bpm": _round(heart.mean_bpm, 2),
            "max_bpm": heart.max_bpm,
            "min_bpm": heart.min_bpm,
            "coverage_pct": _round(heart.coverage_pct),
        },
        "zone": _zone_report(run.target, judged) if run.target else None,
        "calm_pct": _round(judged.calm_pct),
        "verdict": judged.verdict.value,
        "reason": judged.reason.value if judged.reason else None,
        "drift_pct": _round(judged.drift_pct),
        "recovery_60s_bpm": judged.recovery_60s_bpm,
        "longest_calm_s": _round(judged.longest_calm_s),
        "rr": {"beats": rr.beats, "artefact_pct": _round(rr.artefact_pct, 2), "rmssd_ms": _round(rr.rmssd_ms)},
        "feeling": _feeling_report(run.feeling or Feeling()),
        "plan": {"id": run.plan.plan if run.plan else None, "step": run.plan.step if run.plan else None},
    }


def legs_report(course: Course) -> list[dict[str, Any]]:
    """Return what a course asks for; `least_s` only where the heart leads."""
    return [
        {"kind": leg.kind.value, "for_s": leg.for_s, **({"least_s": leg.least_s} if leg.lead else {})}
        for leg in course.legs
    ]


def nudge_report(spoken: Speak, t_s: float) -> dict[str, Any]:
    """Return a nudge as `replay` prints it."""
    return {"type": "nudge", "t_s": _round(t_s), "kind": spoken.nudge.message.value, "bpm": spoken.nudge.bpm}


def cue_report(announced: Announce, t_s: float) -> dict[str, Any]:
    """Return a cue as `replay` prints it; where the heart leads, `for_s` is the most and the least stands beside it."""
    kind = announced.kind.value if announced.kind else DONE
    cue = {"type": "cue", "t_s": _round(t_s), "kind": kind, "for_s": round(announced.for_s)}
    return cue if announced.least_s is None else {**cue, "least_s": round(announced.least_s)}


def _feeling_report(feeling: Feeling) -> dict[str, Any]:
    return {"before": feeling.before, "after": feeling.after, "effort": feeling.effort, "note": feeling.note}


def _zone_report(target: TargetZone, judged: Judgement) -> dict[str, Any]:
    time = judged.time_in_zone
    return {
        "low_bpm": target.low,
        "high_bpm": target.high,
        "origin": target.origin.value,
        "below_s": _round(time.below_s if time else None),
        "inside_s": _round(time.inside_s if time else None),
        "above_s": _round(time.above_s if time else None),
        "unknown_s": _round(time.unknown_s if time else None),
    }


def _round(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits) + 0.0  # no -0.0
