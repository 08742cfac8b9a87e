"""The one door to Strava: nothing goes through that the quota does not allow."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from daemon.clock import Clock
from daemon.domain.quota import Purpose, Quota, Reading, Use
from daemon.strava.port import Answer, QuotaError, StravaError

T = TypeVar("T")


class GateClosedError(Exception):
    """Nothing was asked: Strava allows no more for now. `wait_s` tells for how long."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"Strava's request limit is used up: it goes on by itself in {wait_s / 60:.0f} min")
        self.wait_s = wait_s


class Gate:
    """Lets requests to Strava through as far as the quota goes, and keeps account of them."""

    def __init__(self, clock: Clock, quota: Quota = Quota()) -> None:  # noqa: B008 - it is frozen
        self._clock = clock
        # The wall clock is read once: a jump of it must neither open a closed window nor prolong one.
        self._started_at = clock.now() - timedelta(seconds=clock.monotonic())
        self.quota = quota.resumed(self._now())
        self.is_dirty = False
        """Set when `quota` is worth keeping; its owner keeps it and takes the mark off."""

    def wait_s(self, purpose: Purpose) -> float:
        """Return how long a request has to wait, in seconds; 0 if it may go now."""
        return self.quota.wait_s(purpose, self._now())

    def uses(self) -> tuple[Use, Use]:
        """Return the reads of this quarter of an hour and of this day."""
        return self.quota.uses(self._now())

    async def ask(self, purpose: Purpose, request: Callable[[], Awaitable[Answer[T]]]) -> T:
        """Make a request that may go now, and return what came; raises `GateClosedError` if it may not."""
        if wait_s := self.wait_s(purpose):
            raise GateClosedError(wait_s)
        self.quota = self.quota.sent()
        reading, refused = None, False
        try:
            answer = await request()
            reading = answer.reading
        except StravaError as error:
            reading, refused = error.reading, isinstance(error, QuotaError)
            raise
        finally:
            self._settle(reading, refused=refused)
        return answer.value

    def _settle(self, reading: Reading | None, *, refused: bool) -> None:
        settle = self.quota.refused if refused else self.quota.answered
        self.quota = settle(reading, self._now())
        self.is_dirty |= self.quota.is_worth_keeping(self._now())

    def _now(self) -> datetime:
        return self._started_at + timedelta(seconds=self._clock.monotonic())
