"""A week as JSON: the contract that other programs rely on.

Its sums are those over the runs that `duurloop runs --json` lists: what is published of each, added up.
"""

from collections.abc import Mapping
from typing import Any

from daemon.domain.effort import Verdict
from daemon.domain.week import DayBar, Mood, Place, Totals, Trend, Usual, Week


def week_report(week: Week, runner: str) -> dict[str, Any]:
    """Return a runner's week as the contract has it."""
    first, *_, last = week.week.days
    return {
        "type": "week",
        "week": str(week.week),
        "runner": runner,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "is_over": week.is_over,
        "is_whole": week.is_whole,
        "paused": week.paused,
        "agreed": week.agreed or None,
        **_totals_report(week.totals),
        "days": [_day_report(bar) for bar in week.bars],
        "last_week": _totals_report(week.last) if week.last else None,
        "usual": _usual_report(week.usual) if week.usual else None,
        "feeling": _mood_report(week.mood) if week.mood else None,
        "longest_calm_s": _round(week.longest_calm_s),
        "drift": _trend_report(week.drift, "pct"),
        "recovery": _trend_report(week.recovery, "bpm"),
        "runs_in_four_weeks": week.runs_in_four_weeks,
        "plan": _plan_report(week.place) if week.place else None,
    }


def _totals_report(totals: Totals) -> dict[str, Any]:
    verdicts = dict(totals.verdicts)
    return {
        "runs": totals.runs,
        "duration_s": totals.duration_s,
        "distance_m": totals.distance_m,
        "zone": {
            "below_s": totals.below_s,
            "inside_s": totals.inside_s,
            "above_s": totals.above_s,
            "unknown_s": totals.unknown_s,
        },
        "calm_pct": _round(totals.calm_pct),
        "verdicts": {verdict.value: verdicts.get(verdict, 0) for verdict in Verdict},
    }


def _day_report(bar: DayBar) -> dict[str, Any]:
    seconds: Mapping[Verdict, float] = dict(bar.seconds)
    return {"date": bar.day.isoformat(), **{f"{verdict.value}_s": seconds.get(verdict, 0.0) for verdict in Verdict}}


def _usual_report(usual: Usual) -> dict[str, Any]:
    return {
        "weeks": usual.weeks,
        "runs": usual.runs,
        "duration_s": _round(usual.duration_s),
        "calm_pct": _round(usual.calm_pct),
    }


def _mood_report(mood: Mood) -> dict[str, Any]:
    return {
        "before": _round(mood.before),
        "after": _round(mood.after),
        "better": mood.lift.better,
        "of": mood.lift.of,
    }


def _trend_report(trend: Trend | None, unit: str) -> dict[str, Any] | None:
    return None if trend is None else {f"now_{unit}": _round(trend.now), f"earlier_{unit}": _round(trend.earlier)}


def _plan_report(place: Place) -> dict[str, Any]:
    return {
        "id": place.plan,
        "name": place.plan_name,
        "step": place.proposal.step,
        "steps": place.steps,
        "move": place.proposal.move.value,
        "why": place.proposal.why.value,
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1) + 0.0  # no -0.0
