"""Signs of life: the watchdog is fed only while every worker goes round."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from daemon.clock import Clock
from daemon.domain.heart_rate import Instant

Beat: TypeAlias = Callable[[str], None]
"""Takes a worker's sign of life, by the worker's name."""


class Pulses:
    """When each worker last went round."""

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._beats: dict[str, Instant] = {}

    def expect(self, workers: Iterable[str]) -> None:
        """Expect to hear of these, who begin now, and of nobody else until they have been heard."""
        self._beats = dict.fromkeys(workers, self._clock.monotonic())

    def beat(self, worker: str) -> None:
        """Note that `worker` is alive."""
        self._beats[worker] = self._clock.monotonic()

    def late(self) -> list[str]:
        """Return the workers that have not been heard of for too long."""
        now = self._clock.monotonic()
        return [worker for worker, at in self._beats.items() if now - at > self._limit_s]
