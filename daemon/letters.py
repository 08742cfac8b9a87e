"""Who gets to read what, and until when it is worth reading."""

from collections.abc import Callable
from datetime import datetime, timedelta

from daemon.clock import Clock
from daemon.domain.wording import Text
from daemon.household import Channel, Runner
from daemon.store import Kind, Letter

WORTH_UNTIL = {
    Kind.LIVE: timedelta(seconds=60),
    Kind.AFTER: timedelta(hours=12),
    Kind.REMINDER: timedelta(hours=2),
    Kind.WEEK: timedelta(hours=36),
    Kind.SERVICE: timedelta(hours=24),
}
"""A late "ease off" is worse than none; the week can wait for the server to come back."""
WORTH_TELLING_S = 60.0
"""What lasted less than a minute is kept as a run, but nobody gets a message for it unasked."""
CUE_WORTH = timedelta(seconds=10)
"""Ten seconds later the runner has begun the next step, or has not."""


class Scribe:
    """Writes a runner's letters, one for each channel that takes the kind."""

    def __init__(self, runner: Runner, clock: Clock) -> None:
        self._runner = runner
        self._clock = clock

    def write(
        self,
        kind: Kind,
        key: str,
        text: Callable[[Channel], Text],
        *,
        worth: timedelta | None = None,
        skip: str | None = None,
    ) -> list[Letter]:
        """Return the letters; `skip` leaves out one channel, such as the one that is spoken of."""
        now = self._clock.now()
        return [
            Letter(
                key=f"{self._runner.name}:{key}",
                channel=channel.id,
                kind=kind,
                text=text(channel),
                written_at=now,
                expires_at=now + (worth or WORTH_UNTIL[kind]),
                not_before=now if kind is Kind.LIVE else self._after_quiet_hours(now),
            )
            for channel in self._runner.channels
            if kind in channel.kinds and channel.id != skip
        ]

    def _after_quiet_hours(self, now: datetime) -> datetime:
        """Let what is not about this moment wait; live words are for somebody who is running just now."""
        quiet = self._runner.quiet
        return (quiet and quiet.end_after(now.astimezone(self._runner.timezone))) or now
