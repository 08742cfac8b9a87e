"""Weeks to draw and to write about, without the runs that they would be made of."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from daemon.domain.effort import Verdict
from daemon.domain.feeling import Lift
from daemon.domain.progress import Move, Proposal, Why
from daemon.domain.week import DayBar, IsoWeek, Mood, Place, Totals, Trend, Usual, Week, WeekShare

MONDAY, TUESDAY, THURSDAY, SUNDAY = 0, 1, 3, 6
TWELVE = (70.0, 75.0, None, 82.0, 78.0, 85.0, 88.0, None, 84.0, 90.0, 86.0, 88.0)


def a_week(
    days: Mapping[int, Sequence[tuple[Verdict, float]]],
    shares: Sequence[float | None] = TWELVE,
    key: IsoWeek = IsoWeek(2026, 47),  # noqa: B008 a value
) -> Week:
    """Return a week with so many minutes of each verdict on some days, 0 for Monday, and a line; nothing else."""
    parts = [part for day in days.values() for part in day]
    return Week(
        week=key,
        totals=Totals(runs=len(parts), duration_s=60 * sum(minutes for _, minutes in parts)),
        agreed=0,
        bars=tuple(
            DayBar(day, tuple((verdict, 60 * minutes) for verdict, minutes in days.get(number, ())))
            for number, day in enumerate(key.days)
        ),
        last=None,
        usual=None,
        line=tuple(WeekShare(key.before(back), 3600.0, shares[-1 - back]) for back in range(len(shares))[::-1]),
        mood=None,
        longest_calm_s=None,
        drift=None,
        recovery=None,
        runs_in_four_weeks=None,
        place=None,
    )


THREE_RUNS = a_week({TUESDAY: [(Verdict.CALM, 32)], THURSDAY: [(Verdict.LIVELY, 30)], SUNDAY: [(Verdict.CALM, 34)]})
EMPTY = a_week({})
FULL = replace(
    THREE_RUNS,
    totals=replace(THREE_RUNS.totals, below_s=600.0, inside_s=3600.0, above_s=600.0),
    agreed=3,
    last=Totals(2, 3600.0, 8000.0, 600.0, 2400.0, 600.0),
    usual=Usual(4, 2.5, 4200.0, 84.0),
    mood=Mood(3.0, 4.2, Lift(9, 11)),
    longest_calm_s=2040.0,
    recovery=Trend(24.0, 21.0),
    drift=Trend(3.1, 4.0),
    runs_in_four_weeks=9,
    place=Place("rustig-12", "Calm in twelve weeks", 36, "Week 3: two minutes", Proposal(Move.NEXT, 7, Why.READY)),
)
"""A week of which there is everything to say."""
KINDS = {
    "three runs": THREE_RUNS,
    "everything": FULL,
    "empty": EMPTY,
    "paused": replace(EMPTY, paused=True),
    "not over": replace(EMPTY, is_over=False),
    "not kept": replace(EMPTY, is_whole=False),
    "no line": a_week({}, [None] * 12),
    "the first": a_week({MONDAY: [(Verdict.CALM, 24)]}, [91.0], IsoWeek(2026, 53)),
    "not judged": a_week({MONDAY: [(Verdict.UNJUDGED, 24)]}, [None] * 12, IsoWeek(2027, 1)),
    "long days": a_week({MONDAY: [(Verdict.CALM, 400)], SUNDAY: [(Verdict.HARD, 1)]}, [0.0, 100.0, None, 12.0]),
    "all in a day": a_week({SUNDAY: [(verdict, 15) for verdict in Verdict]}, [55.0, 60.0, 80.0]),
}
"""One of each kind."""
