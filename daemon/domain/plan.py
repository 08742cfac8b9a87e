"""The intended course of a run: walk, run, walk, and which part is on at a given moment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from math import nextafter
from typing import TypeAlias

from daemon.domain.heart_rate import Bpm
from daemon.domain.zones import TargetZone


class StepKind(Enum):
    """What the runner does in a step."""

    WARM_UP = "warm_up"
    RUN = "run"
    WALK = "walk"
    RECOVERY = "recovery"
    COOL_DOWN = "cool_down"
    PAUSE = "pause"
    """Nobody plans it: the runner stood still for a while."""


class Edge(Enum):
    """An edge of the runner's own zone: a plan for everybody can name no other heart rate."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class HeartLed:
    """Lets the heart end a step: as soon as it has come down to `until`, but not before `least_s`."""

    until: Bpm | Edge
    least_s: float

    def goal(self, target: TargetZone | None) -> Bpm | None:
        """Return the heart rate to come down to; None for an edge of a zone that nobody set."""
        if not isinstance(self.until, Edge):
            return self.until
        if target is None:
            return None
        return target.low if self.until is Edge.LOW else target.high


MAY_BE_LED = frozenset({StepKind.WALK, StepKind.RECOVERY})
"""Only here does a heart come down; the other kinds last as long as they are meant to."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of a single kind."""

    kind: StepKind
    for_s: float
    """How long it lasts; at most, if the heart leads."""
    lead: HeartLed | None = None

    def __post_init__(self) -> None:
        if self.kind is StepKind.PAUSE:
            raise ValueError("a pause is no step: it comes as it comes")
        if not self.for_s > 0:
            raise ValueError("a step lasts longer than no time at all")
        if self.lead and self.kind not in MAY_BE_LED:
            raise ValueError("only a walk or a recovery waits for the heart")
        if self.lead and not 0 < self.lead.least_s < self.for_s:
            raise ValueError("a step that the heart leads lasts at least some time, and at most longer than that")


@dataclass(frozen=True, slots=True)
class Block:
    """Steps that are done several times over, as in 8 x (1 minute run, 2 minutes walk)."""

    repeats: int
    parts: "tuple[Part, ...]"

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise ValueError("a block is done at least once")


Part: TypeAlias = Step | Block

SLIVER_S = 0.001
"""Nobody runs for less than that: what is left of a leg then is but how numbers are rounded."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A step laid out in time: it is on from `starts_s`, for `for_s` seconds, or less if the heart leads."""

    kind: StepKind
    starts_s: float
    for_s: float
    lead: HeartLed | None = None

    @property
    def ends_s(self) -> float:
        """When the next leg begins."""
        return self.starts_s + self.for_s

    @property
    def least_s(self) -> float:
        """How long it lasts at least."""
        return self.lead.least_s if self.lead else self.for_s


@dataclass(frozen=True, slots=True)
class PlanRef:
    """Which step of which plan a run was."""

    plan: str
    step: int


@dataclass(frozen=True, slots=True)
class Course:
    """The legs of one run in order, without gaps; seconds count from the start."""

    legs: tuple[Leg, ...]
    ref: PlanRef | None = None
    runs: int = 1
    """How many runs it is meant for before the plan goes on, at least."""
    name: str | None = None
    """What it is called in the runner's language."""
    most_runs: int = 1
    """How many runs it is meant for, if the runner goes as often as that in a week."""

    @classmethod
    def of(cls, parts: Iterable[Part], ref: PlanRef | None = None, runs: int = 1, name: str | None = None) -> "Course":
        """Lay out steps and blocks one after the other."""
        return cls(tuple(_lay_out(_unroll(parts), 0.0)), ref, runs, name)

    def cut(self, index: int, at_s: float) -> "Course":
        """Let a leg end at `at_s`, while it is on; all later ones begin that much earlier."""
        before, ending, later = self.legs[:index], self.legs[index], self.legs[index + 1 :]
        ended = _between(ending.kind, ending.starts_s, at_s)
        return replace(self, legs=(*before, ended, *_lay_out(later, ended.ends_s)))

    def paused(self, index: int, from_s: float, to_s: float) -> "Course":
        """Let a leg that is on at `from_s` stand still until `to_s`: what is left of it, and all later ones, wait.

        It becomes the part that was done, unless it had only just begun, the pause, and what is left, if anything is.
        """
        before, standing, later = self.legs[:index], self.legs[index], self.legs[index + 1 :]
        done = (_between(standing.kind, standing.starts_s, from_s),) if from_s > standing.starts_s else ()
        pause = _between(StepKind.PAUSE, done[0].ends_s if done else standing.starts_s, to_s)
        left_s = standing.ends_s - from_s
        left = (replace(standing, for_s=left_s, lead=_led_on(standing, from_s)),) if left_s >= SLIVER_S else ()
        return replace(self, legs=(*before, *done, pause, *_lay_out((*left, *later), pause.ends_s)))

    @property
    def for_s(self) -> float:
        """How long the whole course takes; at most, where the heart leads."""
        return self.legs[-1].ends_s if self.legs else 0.0

    @property
    def least_s(self) -> float:
        """How long the whole course takes if the heart comes down at once wherever it leads."""
        return self.for_s - sum(leg.for_s - leg.least_s for leg in self.legs)

    def has(self, kind: StepKind) -> bool:
        """Tell whether any leg is of this kind."""
        return any(leg.kind is kind for leg in self.legs)

    def index_at(self, elapsed_s: float) -> int:
        """Return the index of the leg that is on; the number of legs when the course is over."""
        for index, leg in enumerate(self.legs):
            if elapsed_s < leg.ends_s:
                return index
        return len(self.legs)

    @property
    def end_of_running_s(self) -> float | None:
        """When the last run ends in favour of a quiet step; None if nothing follows it."""
        runs = [leg.ends_s for leg in self.legs if leg.kind is StepKind.RUN]
        return runs[-1] if runs and runs[-1] < self.for_s else None


def _lay_out(steps: Iterable[Step | Leg], clock: float) -> Iterator[Leg]:
    for step in steps:
        leg = Leg(step.kind, clock, step.for_s, step.lead)
        yield leg
        clock = leg.ends_s


def _between(kind: StepKind, starts_s: float, ends_s: float) -> Leg:
    """Return a leg that is over at `ends_s`; the heart does not lead it any more."""
    for_s = ends_s - starts_s
    if starts_s + for_s > ends_s:
        for_s = nextafter(for_s, 0)  # the sum may be a hair too large, and the leg still be on at its end
    return Leg(kind, starts_s, for_s)


def _led_on(leg: Leg, from_s: float) -> HeartLed | None:
    """Return how the heart leads what is left of a leg at `from_s`: of its least, too, only the rest has to pass."""
    if leg.lead is None:
        return None
    return replace(leg.lead, least_s=max(0.0, leg.lead.least_s - (from_s - leg.starts_s)))


def _unroll(parts: Iterable[Part]) -> Iterator[Step]:
    for part in parts:
        match part:
            case Step():
                yield part
            case Block():
                for _ in range(part.repeats):
                    yield from _unroll(part.parts)
