"""When nothing can be kept, no letter can: then the runners are told past the outbox, once a day."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from daemon.clock import Clock
from daemon.domain.heart_rate import Instant
from daemon.domain.wording import full_text
from daemon.household import Runner
from daemon.outbox import Outbox
from daemon.ports import DeliveryError
from daemon.recorder import Recorder
from daemon.store import Kind

LOOK_S = 60.0
PATIENCE_S = 120.0
"""Trouble of a minute or two is nobody's business."""
AGAIN_S = 86_400.0

log = structlog.get_logger()


class LastResort:
    """Looks whether the recorder gets anything kept."""

    def __init__(self, runners: Sequence[Runner], recorder: Recorder, outbox: Outbox, clock: Clock) -> None:
        self._runners = runners
        self._recorder = recorder
        self._outbox = outbox
        self._clock = clock
        self._since: Instant | None = None
        self._told_at: Instant | None = None

    async def run(self, beat: Callable[[], None]) -> None:
        """Look for ever."""
        async with asyncio.TaskGroup() as group:
            while True:
                beat()
                if self._is_due():
                    self._told_at = self._clock.monotonic()
                    for runner in self._runners:
                        group.create_task(self._tell(runner), name=f"tell {runner.name}")
                await self._clock.sleep(LOOK_S)

    def _is_due(self) -> bool:
        now = self._clock.monotonic()
        if self._recorder.trouble is None:
            self._since = None
            return False
        self._since = self._since if self._since is not None else now
        was_told = self._told_at is not None and now - self._told_at < AGAIN_S
        return now - self._since >= PATIENCE_S and not was_told

    async def _tell(self, runner: Runner) -> None:
        """Try one channel after the other, until one has taken it."""
        for channel in runner.channels:
            if Kind.SERVICE not in channel.kinds:
                continue
            try:
                await self._outbox.say_now(channel.id, full_text(runner.language))
            except DeliveryError as error:
                log.warning("not_told_of_the_disk", channel=channel.id, reason=error.reason)
            else:
                log.info("told_of_the_disk", channel=channel.id)
                return
