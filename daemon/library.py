"""The library: runs that were recorded elsewhere are judged, find their place, and are answered.

An answer is for a run that is news: ended within the last two days, not known yet, and not the session of a
strap that is still open (its end has an answer of its own).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from daemon.clock import Clock
from daemon.domain.run import Run, Source
from daemon.domain.takes import Take, are_one_run, take_of
from daemon.domain.wording import Text
from daemon.household import Runner
from daemon.letters import WORTH_TELLING_S, Scribe
from daemon.store import Brought, Fact, Kind, LetterWritten, Place, Placed, Store
from daemon.yardstick import Yardstick

NEWS = timedelta(hours=48)
AHEAD = timedelta(days=1)
"""So far a device may be ahead, if only for a time zone that was not set."""
_KEYS = {Place.NEW: "{run}", Place.WHOLE: "{run}:whole"}
"""What is worth an answer; a run of which the strap heard the doorstep alone gets one of its own."""

log = structlog.get_logger()


class Library:
    """One runner's shelf for what comes from elsewhere."""

    def __init__(
        self, runner: Runner, store: Store, clock: Clock, sports: frozenset[str], letters_kept: Callable[[], None]
    ) -> None:
        self.runner = runner
        self.yardstick = Yardstick(runner.name, runner.zones, runner.timezone, sports)
        self._store = store
        self._clock = clock
        self._letters_kept = letters_kept
        self._scribe = Scribe(runner, clock)

    async def receive(self, brought: Brought, *also: Fact) -> Placed:
        """Keep a judged run, with its answer if it is news; `also` becomes durable with it. Raises `StoreError`."""
        is_news = self._is_news(brought.run) and not await self._is_open_session(take_of(brought.run))

        def write(placed: Placed) -> list[Fact]:
            key = _KEYS.get(placed.place)
            letters = self._scribe.after(brought.run, key.format(run=placed.run)) if is_news and key else []
            return [*also, *(LetterWritten(letter) for letter in letters)]

        placed = await self._store.bring(brought, write)
        self._letters_kept()
        log.info(
            "run_brought",
            runner=self.runner.name,
            run=placed.run,
            source=brought.run.sources[0].value,
            place=placed.place.value,
        )
        return placed

    async def tell(self, kind: Kind, key: str, text: Text) -> None:
        """Write to the runner. Raises `StoreError`."""
        await self._store.commit([LetterWritten(letter) for letter in self._scribe.write(kind, key, lambda _: text)])
        self._letters_kept()

    async def _is_open_session(self, take: Take) -> bool:
        now = self._clock.now()
        sessions = await self._store.open_sessions()
        return any(
            are_one_run(take, _as_take(session.id, session.started_at, now))
            for session in sessions
            if session.runner == self.runner.name
        )

    def _is_news(self, run: Run) -> bool:
        ended_at = run.started_at + timedelta(seconds=run.duration_s)
        # a device whose clock is ahead has a run that is still to come; nobody is waiting for word of that
        return -AHEAD <= self._clock.now() - ended_at <= NEWS and run.duration_s >= WORTH_TELLING_S


def _as_take(session: str, started_at: datetime, now: datetime) -> Take:
    return Take(session, session, Source.STRAP, started_at, max(0.0, (now - started_at).total_seconds()), 0.0)
