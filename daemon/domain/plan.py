"""The intended course of a run: walk, run, walk, and which part is on at a given moment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class StepKind(Enum):
    """What the runner does in a step."""

    WARM_UP = "warm_up"
    RUN = "run"
    WALK = "walk"
    RECOVERY = "recovery"
    COOL_DOWN = "cool_down"


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of a single kind."""

    kind: StepKind
    for_s: float

    def __post_init__(self) -> None:
        if not self.for_s > 0:
            raise ValueError("a step lasts longer than no time at all")


@dataclass(frozen=True, slots=True)
class Block:
    """Steps that are done several times over, as in 8 x (1 minute run, 2 minutes walk)."""

    repeats: int
    parts: "tuple[Part, ...]"

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise ValueError("a block is done at least once")


Part: TypeAlias = Step | Block


@dataclass(frozen=True, slots=True)
class Leg:
    """A step laid out in time: it is on from `starts_s`, for `for_s` seconds."""

    kind: StepKind
    starts_s: float
    for_s: float

    @property
    def ends_s(self) -> float:
        """When the next leg begins."""
        return self.starts_s + self.for_s


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

    @classmethod
    def of(cls, parts: Iterable[Part], ref: PlanRef | None = None, runs: int = 1) -> "Course":
        """Lay out steps and blocks one after the other."""
        legs, clock = list[Leg](), 0.0
        for step in _unroll(parts):
            legs.append(Leg(step.kind, clock, step.for_s))
            clock += step.for_s
        return cls(tuple(legs), ref, runs)

    @property
    def for_s(self) -> float:
        """How long the whole course takes."""
        return self.legs[-1].ends_s if self.legs else 0.0

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


def _unroll(parts: Iterable[Part]) -> Iterator[Step]:
    for part in parts:
        match part:
            case Step():
                yield part
            case Block():
                for _ in range(part.repeats):
                    yield from _unroll(part.parts)
