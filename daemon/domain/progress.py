"""What a plan proposes after a run: the next step, the same one, or an easier one, and why.

A plan is not holy: a step may be repeated at will, and after a break or a hard run less is the right answer.
It never proposes more than one step up from the run before; the runner overrules it whenever they like.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum

from daemon.domain.calendar import day_of
from daemon.domain.effort import Verdict
from daemon.domain.feeling import Feeling
from daemon.domain.run import Run, Source

LONG_FROM_S, LONG_BY, LONGEST_OF, LONG_AFTER = 1200.0, 1.1, timedelta(days=30), 2
"""A run of at least twenty minutes, a tenth longer than any of the thirty days before, is worth a word.

Of these there are two at least: one alone does not tell what somebody is used to.

Garmin-RUNSAFE (Frandsen 2025, 588,071 runs): longer than the longest of the last 30 days by 10 % and more went with
more injuries, the weekly sum did not. Not for who follows a plan: plans know what they do.
"""
BREAK = timedelta(days=10)
"""After a longer break the plan steps back."""
FURTHER_BREAK = timedelta(days=14)
"""Each of these beyond it is another step back: after six weeks nobody begins where they were."""
DONE_FROM = 0.7
"""Share of a course that counts as having done it."""
HEAVY_FROM = 8
"""Effort, of ten: so much for a calm run says that the step asks too much."""
LIKE_FROM, LIKE_TO = 0.8, 1.5
"""A run recorded elsewhere is taken for the step at hand when it lasted about as long as that."""


class Move(Enum):
    """Which way it goes."""

    NEXT = "next"
    SAME = "same"
    EASIER = "easier"


class Why(Enum):
    """Why it goes that way; each is a sentence in `daemon.domain.wording`."""

    BEGIN = "begin"
    """Nothing of the plan has been run yet."""
    CHOSEN = "chosen"
    """The runner said so."""
    READY = "ready"
    """Run as often as it is meant to be, and calmly."""
    MORE = "more"
    """It went well; the step is meant for more runs, and another one comes after it."""
    LIVELY = "lively"
    """Somewhat above the zone: once more makes it calmer."""
    HARD = "hard"
    HARD_AGAIN = "hard_again"
    """The second hard one in a row."""
    HEAVY = "heavy"
    """The runner said that it was heavy, or felt worse for it."""
    CUT_SHORT = "cut_short"
    AWAY = "away"
    """More than ten days without a run."""
    ALONG = "along"
    """Nothing is kept of the last run but the step, and what was proposed after it."""
    LAST = "last"
    """The plan's last step went well: it may stay like this."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a plan, as far as progress goes."""

    runs: int
    """How many runs it is meant for, at least."""
    for_s: float
    sport: str = "run"
    """`walk` for a step without any running."""
    least_s: float | None = None
    """How short it may become where the heart leads; None: no shorter."""


@dataclass(frozen=True, slots=True)
class Outing:
    """One run along the plan."""

    step: int
    """From 1."""
    at: datetime
    verdict: Verdict
    done: float = 1.0
    """Share of the course."""
    effort: int | None = None
    """1 to 10, if the runner said."""
    better: int | None = None
    """Feeling after minus feeling before, if the runner said."""
    then: int | None = None
    """The step that was proposed after it, where nothing else is kept of it any more."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A line of the runner's diary: on that day it was this step."""

    at: datetime
    step: int
    then: int
    """The step that was proposed after it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A step that the runner chose."""

    step: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to run next."""

    move: Move
    step: int
    why: Why


def propose(
    stages: Sequence[Stage], outings: Sequence[Outing], choice: Choice | None, now: datetime, zone: tzinfo = UTC
) -> Proposal:
    """Return what comes next, after all `outings` of this plan (oldest first) and the runner's last choice.

    A break is counted in the days of `zone`: else what is proposed might change between the reminder and the run.
    """
    if choice and (not outings or choice.at > outings[-1].at):
        return _after_break(Proposal(Move.SAME, _within(choice.step, stages), Why.CHOSEN), choice.at, now, zone)
    if not outings:
        return Proposal(Move.SAME, 1, Why.BEGIN)
    last = outings[-1]
    return _after_break(_from(stages, outings, _within(last.step, stages)), last.at, now, zone)


def along(
    runs: Iterable[Run],
    plan: str,
    stages: Sequence[Stage],
    remembered: Mapping[str, Remembered] | None = None,
    choice: Choice | None = None,
    zone: tzinfo = UTC,
) -> list[Outing]:
    """Return the runs along a plan, of all `runs` (oldest first) and those `remembered`, by the id of the run.

    A run that was started as a step is one. Any other is taken for the step that was next or that the runner chose,
    wherever it was recorded, if it lasted about as long. What was told to the runner once stays: it is the step
    remembered.
    Breaks are counted in the days of `zone`.
    """
    diary = dict(remembered or {})
    kept = [(run.started_at, run, diary.pop(run.id, None)) for run in runs]
    gone = [(line.at, None, line) for line in diary.values()]
    outings: list[Outing] = []
    for at, run, line in sorted([*kept, *gone], key=lambda one: one[0]):
        outing: Outing | None
        if run is None:
            outing = _as_remembered(line) if line else None
        elif run.plan or line:
            outing = _as_told(run, plan, stages, line)
        else:
            chosen = choice if choice and choice.at <= at else None
            outing = _as_it_seems(run, stages, propose(stages, outings, chosen, at, zone).step)
        if outing:
            outings.append(outing)
    return outings


def _as_remembered(line: Remembered) -> Outing:
    return Outing(line.step, line.at, Verdict.UNJUDGED, then=line.then)


def _as_told(run: Run, plan: str, stages: Sequence[Stage], known: Remembered | None) -> Outing | None:
    if run.plan:
        return _ran(run, stages, run.plan.step) if run.plan.plan == plan else None
    return _ran(run, stages, known.step, done=1.0) if known else None


def _as_it_seems(run: Run, stages: Sequence[Stage], step: int) -> Outing | None:
    stage = stages[step - 1]
    # a strap alone cannot tell a walk from a run
    is_it = run.sport == stage.sport or set(run.sources) == {Source.STRAP}
    return _ran(run, stages, step, done=1.0) if is_it and is_like(run.duration_s, stage) else None


def _ran(run: Run, stages: Sequence[Stage], step: int, done: float | None = None) -> Outing:
    step, felt = _within(step, stages), run.feeling or Feeling()
    return Outing(
        step,
        run.started_at,
        run.judgement.verdict,
        min(1.0, run.duration_s / _least_s(stages[step - 1])) if done is None else done,
        effort=felt.effort,
        better=felt.better,
    )


def is_like(duration_s: float, stage: Stage) -> bool:
    """Tell whether a run recorded elsewhere can have been this stage."""
    return LIKE_FROM * _least_s(stage) <= duration_s <= LIKE_TO * stage.for_s


def _least_s(stage: Stage) -> float:
    return stage.for_s if stage.least_s is None else stage.least_s


def is_long(run: Run, runs: Iterable[Run]) -> bool:
    """Tell whether a run was clearly longer than every other one of the thirty days before it."""
    since = run.started_at - LONGEST_OF
    before = [
        one.duration_s for one in runs if one.sport == run.sport == "run" and since <= one.started_at < run.started_at
    ]
    return len(before) >= LONG_AFTER and run.duration_s >= max(LONG_FROM_S, LONG_BY * max(before))


def _from(stages: Sequence[Stage], outings: Sequence[Outing], step: int) -> Proposal:
    last = outings[-1]
    if last.then is not None:
        return _as_proposed(step, min(last.then, step + 1, len(stages)))
    if last.verdict is Verdict.HARD:
        again = len(outings) > 1 and outings[-2].verdict is Verdict.HARD and outings[-2].step >= last.step
        return _easier(step, Why.HARD_AGAIN) if again else Proposal(Move.SAME, step, Why.HARD)
    if why := _why_stay(stages, outings, step):
        return Proposal(Move.SAME, step, why)
    return Proposal(Move.NEXT, step + 1, Why.READY)


def _as_proposed(step: int, then: int) -> Proposal:
    move = Move.NEXT if then > step else Move.EASIER if then < step else Move.SAME
    return Proposal(move, max(1, then), Why.ALONG)


def _why_stay(stages: Sequence[Stage], outings: Sequence[Outing], step: int) -> Why | None:
    last = outings[-1]
    reasons = {
        Why.CUT_SHORT: last.done < DONE_FROM,
        Why.HEAVY: _was_heavy(last),
        Why.MORE: step < len(stages) and _times(outings, step) < stages[step - 1].runs,
        Why.LIVELY: last.verdict is Verdict.LIVELY,
        Why.LAST: step == len(stages),
    }
    return next((why for why, holds in reasons.items() if holds), None)


def _was_heavy(outing: Outing) -> bool:
    return (outing.effort is not None and outing.effort >= HEAVY_FROM) or (
        outing.better is not None and outing.better < 0
    )


def _times(outings: Sequence[Outing], step: int) -> int:
    """Return how often in a row the step was done; a hard one does not make ready for more."""
    times = 0
    for outing in reversed(outings):
        if outing.step != step:
            break
        times += outing.done >= DONE_FROM and outing.verdict is not Verdict.HARD
    return times


def _after_break(proposal: Proposal, since: datetime, now: datetime, zone: tzinfo) -> Proposal:
    """Step back after a break; what came before it does not say how it will go now."""
    away = day_of(now, zone) - day_of(since, zone)
    if away <= BREAK:
        return proposal
    back = 1 + (away - BREAK) // FURTHER_BREAK
    from_step = proposal.step - 1 if proposal.move is Move.NEXT else proposal.step
    return Proposal(Move.EASIER if from_step > 1 else Move.SAME, max(1, from_step - back), Why.AWAY)


def _easier(step: int, why: Why) -> Proposal:
    return Proposal(Move.EASIER if step > 1 else Move.SAME, max(1, step - 1), why)


def _within(step: int, stages: Sequence[Stage]) -> int:
    return min(max(1, step), len(stages))  # a plan may have become shorter since
