"""How a run felt, in the runner's own words and numbers; it stays at home."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import timedelta

FEELINGS, EFFORTS = range(1, 6), range(1, 11)
"""Feeling: 1 low to 5 good. Effort: 1 very light to 10 as hard as can be (Borg CR10, for a whole session: Foster)."""
LONGEST_NOTE = 500
BEFORE_A_RUN = timedelta(hours=6)
"""A feeling that was told before a run belongs to the run that begins within this time."""


@dataclass(frozen=True, slots=True)
class Feeling:
    """What a runner said of one run; None where nothing was said. Raises ValueError outside the scales."""

    before: int | None = None
    after: int | None = None
    effort: int | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        for value, scale in ((self.before, FEELINGS), (self.after, FEELINGS), (self.effort, EFFORTS)):
            if value is not None and value not in scale:
                raise ValueError(f"a number from {scale[0]} to {scale[-1]} is wanted")
        if self.note is not None and len(self.note) > LONGEST_NOTE:
            raise ValueError(f"a note has at most {LONGEST_NOTE} characters")

    @property
    def better(self) -> int | None:
        """Return feeling after minus feeling before, if both were told."""
        return None if self.before is None or self.after is None else self.after - self.before

    def with_more(self, said: "Feeling") -> "Feeling":
        """Return this with what was said later; what was not said again stays."""
        later = {part.name: getattr(said, part.name) for part in fields(said)}
        return replace(self, **{name: value for name, value in later.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Lift:
    """After how many runs the runner felt better than before."""

    better: int
    of: int
    """Runs of which both feelings were told."""


def lift_of(feelings: Iterable[Feeling | None]) -> Lift:
    """Count the runs after which the runner felt better."""
    changes = [one.better for one in feelings if one is not None and one.better is not None]
    return Lift(sum(change > 0 for change in changes), len(changes))
