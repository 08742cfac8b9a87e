"""What is a runner's own in the house, as it is taken along: each take by itself, and the words that were said."""

from dataclasses import dataclass
from typing import Protocol

from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.run import Run
from daemon.store import FeelingSaid


@dataclass(frozen=True, slots=True)
class OwnTake:
    """What a strap or a file told of a run, and nothing of what came by Strava's API."""

    id: str
    run: Run
    """With the take's own figures and its one source, under the name of the run that it tells of."""


class Holdings(Protocol):
    """Looks at what is kept. Every method may raise `StoreError`."""

    async def runners(self) -> list[str]:
        """Return everybody of whom anything is kept, also those who have left the settings."""

    async def takes(self, runner: str) -> list[OwnTake]:
        """Return the takes from the strap, from files and from archives, oldest first."""

    async def samples(self, take: str) -> list[HeartRateSample]:
        """Return the samples of a take; instants count from its start, to the second."""

    async def feelings(self, runner: str) -> list[FeelingSaid]:
        """Return all that was said of how it felt, oldest first."""
