"""A runner made of arithmetic, with a strap: for the demonstration and for tests.

The heart follows the effort as a real one does, with one time constant of 58 s (Hunt 2015), and breathes a
little. What happens is a script: how hard the runner goes from when on, and when the strap is out of reach.
"""

import math
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from daemon.clock import Clock
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.strap import BodyLocation, LossReason, StrapConnected, StrapEvent, StrapLost
from daemon.ports import Permit

TAU_S = 58.0
RR_WORDS_A_SECOND = 1024


@dataclass(frozen=True, slots=True)
class Script:
    """What the runner does; seconds count from the moment the strap is put on."""

    efforts: Sequence[tuple[float, float]]
    """From when on, towards which heart rate (bpm)."""
    absences: Sequence[tuple[float, float]] = ()
    """From when to when the strap is out of reach."""
    ends_s: float = math.inf
    """When the strap is taken off."""
    resting_bpm: float = 68.0
    name: str = "Simulated H10"
    battery_pct: int = 87


class SimulatedStrap:
    """The port `HeartRateSource` without a radio."""

    last_failure: str | None = None
    """Nothing ever is in its way."""

    def __init__(self, script: Script, clock: Clock, chance: random.Random) -> None:
        self._script = script
        self._clock = clock
        self._chance = chance

    @asynccontextmanager
    async def events(self, permit: Permit) -> AsyncIterator[AsyncIterator[StrapEvent]]:
        """Open the strap and hand over what it says, without end."""
        events = self._play(permit)
        try:
            yield events
        finally:
            await events.aclose()

    async def _play(self, permit: Permit) -> AsyncGenerator[StrapEvent, None]:
        began, heart, connected, beats = self._clock.monotonic(), self._script.resting_bpm, False, 0.0
        second = 0
        while True:
            due = Instant(began + second)
            await self._clock.sleep(due - self._clock.monotonic())
            at = self._clock.monotonic()
            heart += (self._effort(second) - heart) / TAU_S
            here = permit.granted and self._is_here(second)
            if here and not connected:
                yield StrapConnected(at, self._script.name, self._script.battery_pct, BodyLocation.CHEST)
            elif connected and not here:
                yield StrapLost(at, LossReason.LINK_LOST if permit.granted else LossReason.RELEASED)
            connected = here
            if here:
                bpm = round(heart + math.sin(second / 7) + self._chance.uniform(-0.8, 0.8))
                words, beats = self._beats(bpm, beats)
                yield HeartRateSample(at, Bpm(bpm), SensorContact.GOOD, words)
            second += 1

    def _effort(self, second: float) -> float:
        return max((effort for effort in self._script.efforts if effort[0] <= second), default=(0, 68.0))[1]

    def _is_here(self, second: float) -> bool:
        away = any(begin <= second < end for begin, end in self._script.absences)
        return second < self._script.ends_s and not away

    def _beats(self, bpm: int, left_over: float) -> tuple[tuple[int, ...], float]:
        """Return the RR words that end in this second, and the part of a beat that is left over."""
        beats = left_over + bpm / 60
        words = tuple(round(60 / bpm * self._chance.uniform(0.98, 1.02) * RR_WORDS_A_SECOND) for _ in range(int(beats)))
        return words, beats - int(beats)
