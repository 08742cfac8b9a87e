"""The library: runs that were recorded elsewhere are judged, find their place, and are answered.

An answer is for a run that is news: ended within the last two days, not known yet, and not the session of a
strap that is still open (its end has an answer of its own).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from daemon.afterwards import Afterwards, facts_of
from daemon.clock import Clock
from daemon.domain.run import Run, Source
from daemon.domain.takes import Take, are_one_run, take_of
from daemon.domain.wording import Text
from daemon.letters import WORTH_TELLING_S, Scribe
from daemon.store import Brought, Fact, Kind, LetterWritten, Place, Placed, Store, key_after
from daemon.yardstick import Yardstick

NEWS = timedelta(hours=48)
AHEAD = timedelta(days=1)
"""So far a device may be ahead, if only for a time zone that was not set."""
ANSWERED = (Place.NEW, Place.WHOLE)
"""What is worth an answer; a run of which the strap heard the doorstep alone gets one of its own."""

log = structlog.get_logger()


class Library:
    """One runner's shelf for what comes from elsewhere."""

    def __init__(
        self,
        afterwards: Afterwards,
        store: Store,
        clock: Clock,
        sports: frozenset[str],
        letters_kept: Callable[[], None],
    ) -> None:
        self.runner = runner = afterwards.runner
        self.yardstick = Yardstick(runner.name, runner.zones, runner.timezone, sports)
        self._store = store
        self._clock = clock
        self._letters_kept = letters_kept
        self._scribe = Scribe(runner, clock)
        self._afterwards = afterwards

    async def receive(self, brought: Brought, *also: Fact) -> Placed:
        """Keep a judged run, with its answer if it is news; `also` becomes durable with it. Raises `StoreError`."""
        is_news = self._is_news(brought.run) and not await self._is_open_session(take_of(brought.run))

        sequel = await self._afterwards.sequel(brought.run)

        def write(placed: Placed) -> list[Fact]:
            if placed.place not in ANSWERED:
                return [*also]
            run = replace(brought.run, id=placed.run)
            key = key_after(run.id, whole=placed.place is Place.WHOLE)
            letters = self._afterwards.letters(run, sequel, key) if is_news else []
            return [*also, *facts_of(sequel.of(run), letters)]

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
