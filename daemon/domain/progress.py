"""What a plan proposes after a run: the next step, the same one, or an easier one, and why.

A plan is not holy: a step may be repeated at will, and after a break or a hard run less is the right answer.
It never proposes more than one step up from the run before; the runner overrules it whenever they like.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from daemon.domain.effort import Verdict
from daemon.domain.run import Run

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
    """It went well; the step is meant for more runs."""
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


def propose(stages: Sequence[Stage], outings: Sequence[Outing], choice: Choice | None, now: datetime) -> Proposal:
    """Return what comes next, after all `outings` of this plan (oldest first) and the runner's last choice."""
    if choice and (not outings or choice.at > outings[-1].at):
        return _after_break(Proposal(Move.SAME, _within(choice.step, stages), Why.CHOSEN), choice.at, now)
    if not outings:
        return Proposal(Move.SAME, 1, Why.BEGIN)
    last = outings[-1]
    return _after_break(_from(stages, outings, _within(last.step, stages)), last.at, now)


def along(runs: Iterable[Run], plan: str, stages: Sequence[Stage]) -> list[Outing]:
    """Return the runs along a plan, of all `runs` (oldest first).

    A run that was started as a step is one. Any other is taken for the step that was next, wherever it was
    recorded, if it lasted about as long.
    """
    outings: list[Outing] = []
    for run in runs:
        if outing := _outing(run, plan, stages, outings):
            outings.append(outing)
    return outings


def _outing(run: Run, plan: str, stages: Sequence[Stage], before: Sequence[Outing]) -> Outing | None:
    verdict = run.judgement.verdict
    if run.plan and run.plan.plan == plan:
        step = _within(run.plan.step, stages)
        return Outing(step, run.started_at, verdict, min(1.0, run.duration_s / stages[step - 1].for_s))
    if run.plan:
        return None
    step = propose(stages, before, None, run.started_at).step
    stage = stages[step - 1]
    is_it = run.sport == stage.sport and is_like(run.duration_s, stage)
    return Outing(step, run.started_at, verdict) if is_it else None


def is_like(duration_s: float, stage: Stage) -> bool:
    """Tell whether a run recorded elsewhere can have been this stage."""
    return LIKE_FROM * stage.for_s <= duration_s <= LIKE_TO * stage.for_s


def _from(stages: Sequence[Stage], outings: Sequence[Outing], step: int) -> Proposal:
    last = outings[-1]
    if last.verdict is Verdict.HARD:
        again = len(outings) > 1 and outings[-2].verdict is Verdict.HARD and outings[-2].step >= last.step
        return _easier(step, Why.HARD_AGAIN) if again else Proposal(Move.SAME, step, Why.HARD)
    if why := _why_stay(stages, outings, step):
        return Proposal(Move.SAME, step, why)
    return Proposal(Move.NEXT, step + 1, Why.READY)


def _why_stay(stages: Sequence[Stage], outings: Sequence[Outing], step: int) -> Why | None:
    last = outings[-1]
    reasons = {
        Why.CUT_SHORT: last.done < DONE_FROM,
        Why.HEAVY: _was_heavy(last),
        Why.MORE: _times(outings, step) < stages[step - 1].runs,
        Why.LIVELY: last.verdict is Verdict.LIVELY,
        Why.LAST: step == len(stages),
    }
    return next((why for why, holds in reasons.items() if holds), None)


def _was_heavy(outing: Outing) -> bool:
    return (outing.effort is not None and outing.effort >= HEAVY_FROM) or (
        outing.better is not None and outing.better < 0
    )


def _times(outings: Sequence[Outing], step: int) -> int:
    """Return how often in a row the step was done."""
    times = 0
    for outing in reversed(outings):
        if outing.step != step:
            break
        times += outing.done >= DONE_FROM
    return times


def _after_break(proposal: Proposal, since: datetime, now: datetime) -> Proposal:
    """Step back after a break; what came before it does not say how it will go now."""
    away = now - since
    if away <= BREAK:
        return proposal
    back = 1 + (away - BREAK) // FURTHER_BREAK
    from_step = proposal.step - 1 if proposal.move is Move.NEXT else proposal.step
    return Proposal(Move.EASIER if from_step > 1 else Move.SAME, max(1, from_step - back), Why.AWAY)


def _easier(step: int, why: Why) -> Proposal:
    return Proposal(Move.EASIER if step > 1 else Move.SAME, max(1, step - 1), why)


def _within(step: int, stages: Sequence[Stage]) -> int:
    return min(max(1, step), len(stages))  # a plan may have become shorter since
