"""How long to wait before trying again: longer each time, and never all at once."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling pauses with full jitter in their upper half."""

    first_s: float
    longest_s: float

    def pause_s(self, failures: int, chance: random.Random) -> float:
        """Return the pause after so many failures in a row, at least one."""
        longest = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return longest * (0.5 + chance.random() / 2)
