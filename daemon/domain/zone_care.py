"""Whether what the runner says of their runs still fits the zone; if not for some time, a talk test is worth it.

Verdict and feeling may differ once: a bad night, a warm day. Five times in a row they say something of the zone.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import Enum

from daemon.domain.effort import Verdict
from daemon.domain.feeling import Feeling
from daemon.domain.run import Run
from daemon.domain.zones import TargetZone

OCCASION = "zone"
"""The kind of occasion that a suggestion is, so that it is not said often."""
SELDOM = timedelta(days=28)
LOOKS_BACK = timedelta(weeks=12)
"""Runs of longer ago say nothing of the runner of today."""

ENOUGH, HARD_ENOUGH = 5, 4
"""Of so many runs, so many hard ones; the others may be lively."""
EASY_TO, HEAVY_FROM = 3, 7
"""Effort, of ten."""
GOOD_FROM = 4
"""Feeling, of five."""


class Suggestion(Enum):
    """What the runs suggest of the zone."""

    TOO_LOW = "too_low"
    """Hard by the zone, and yet they felt easy."""
    TOO_HIGH = "too_high"
    """Calm by the zone, and yet they felt heavy."""


def zone_suggestion(runs: Sequence[Run], zone: TargetZone | None) -> Suggestion | None:
    """Return what the last judged runs suggest of the zone that holds now; None for most.

    `runs` reach back as far as `LOOKS_BACK`, in any order. The runner must have told of each of the last five.
    """
    judged = [run for run in runs if run.judgement.verdict is not Verdict.UNJUDGED and _is_by(run.target, zone)]
    last = sorted(judged, key=lambda run: run.started_at)[-ENOUGH:]
    if len(last) < ENOUGH:
        return None
    verdicts = [run.judgement.verdict for run in last]
    if verdicts.count(Verdict.HARD) >= HARD_ENOUGH and Verdict.CALM not in verdicts:
        return Suggestion.TOO_LOW if all(_felt_easy(run.feeling) for run in last) else None
    if verdicts.count(Verdict.CALM) == ENOUGH and all(_felt_heavy(run.feeling) for run in last):
        return Suggestion.TOO_HIGH
    return None


def is_due(last: date | None, today: date) -> bool:
    """Tell whether a suggestion may be said again, when it was said last on that day."""
    return last is None or today - last >= SELDOM


def _is_by(target: TargetZone | None, zone: TargetZone | None) -> bool:
    return target is not None and zone is not None and (target.low, target.high) == (zone.low, zone.high)


def _felt_easy(feeling: Feeling | None) -> bool:
    """Go by the effort that was told, else by the feeling."""
    if feeling is None:
        return False
    if feeling.effort is not None:
        return feeling.effort <= EASY_TO
    return feeling.after is not None and feeling.after >= GOOD_FROM and (feeling.better or 0) >= 0


def _felt_heavy(feeling: Feeling | None) -> bool:
    return feeling is not None and feeling.effort is not None and feeling.effort >= HEAVY_FROM
