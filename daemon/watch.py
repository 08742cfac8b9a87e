"""Feeds systemd's watchdog for as long as every worker goes round, and says how things stand."""

from collections.abc import Callable, Sequence
from typing import NoReturn

import structlog

from connectors.systemd import Notifier
from daemon.clock import Clock

WATCH_S = 5.0
"""How often life is looked at where systemd does not say how often it wants to hear of it."""
STANDSTILL_S = 20.0
"""Whoever is called so much too late was not alone: the machine stood still, or slept."""

log = structlog.get_logger()


class Watch:
    """Looks at the workers, each of which might hang."""

    def __init__(
        self, late: Callable[[], Sequence[str]], in_words: Callable[[], str], notifier: Notifier, clock: Clock
    ) -> None:
        self._late = late
        self._in_words = in_words
        self._notifier = notifier
        self._clock = clock

    async def run(self) -> NoReturn:
        """Look for ever."""
        pause, told = self._notifier.watchdog_s / 3 or WATCH_S, ""
        looked_at = self._clock.monotonic()
        while True:
            stood_still = self._clock.monotonic() - looked_at > pause + STANDSTILL_S
            looked_at = self._clock.monotonic()
            # after a standstill everybody is late; who hangs is seen in the next round
            if stood_still or not (late := self._late()):
                self._notifier.alive()
            else:
                log.error("workers_hang", workers=late)
            if (state := self._in_words()) != told:
                self._notifier.status(state)
                told = state
            await self._clock.sleep(pause)
