"""The housekeeper: a copy of the database a day, at a quiet hour, if anything has changed.

When the last one was made is known from the copies themselves, so nothing is written on days without anything new. A
copy is made by a thread: a session that begins meanwhile does not wait for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import Any, TypeVar

import structlog

from daemon.aside import patiently
from daemon.clock import Clock
from daemon.domain.calendar import day_of, last_occurrence, moment_of
from daemon.domain.wording import Text, no_copies_text, rescued_text
from daemon.household import Runner
from daemon.keeping.copies import Copy, CopyError, DailyCopies, Rescue, SourceDamagedError
from daemon.letters import Scribe
from daemon.store import Fact, Kind, LetterWritten, OccasionPassed, Store, StoreError

QUIET = time(3, 30)
EVERY_DAY = range(7)
SETTLING_S = 300.0
"""A start has enough to do, and the clock may be put right first."""
LOOK_S = 60.0
AGAIN_S = 3600.0
"""After an attempt that failed."""
PATIENCE = timedelta(days=3)
"""So long copies may fail before anybody is told; a disk may just be away."""
RESCUE_WORTH = timedelta(days=7)
FAILING, TOLD = "copies_failing", "copies_told"
"""What is remembered: since which day copies fail, and of which such day was told."""
_SLACK = timedelta(minutes=5)

log = structlog.get_logger()

T = TypeVar("T")


def is_due(last: datetime | None, now: datetime, zone: tzinfo) -> bool:
    """Tell whether the quiet hour has come by since the last copy.

    One that is still to come was made under a wrong clock, or the clock is wrong now: it says nothing about today.
    """
    night = last_occurrence(now, EVERY_DAY, QUIET, zone)
    return last is None or night is None or not moment_of(night, QUIET, zone) <= last <= now + _SLACK


@dataclass(frozen=True, slots=True)
class Duties:
    """Whom the housekeeper works for, and what there is to mind."""

    runners: Sequence[Runner]
    store: Store
    letters_kept: Callable[[], None]
    is_busy: Callable[[], bool]
    """Tells whether a session is open."""
    found_damage: Callable[[], None]
    """Is told when the database itself was found damaged."""


class Housekeeper:
    """Sees to the copies."""

    def __init__(self, copies: DailyCopies, duties: Duties, clock: Clock) -> None:
        self._copies = copies
        self._duties = duties
        self._clock = clock
        self._zone: tzinfo = duties.runners[0].timezone if duties.runners else UTC
        self._last: Copy | None = None
        self._is_elsewhere = False
        self._looked_for: date | None = None
        """The night for which all is done."""
        self._trouble: CopyError | None = None
        self._not_before = clock.monotonic() + SETTLING_S

    def copied_at(self) -> datetime | None:
        """Return when the last copy was made."""
        return self._last.made_at if self._last else None

    def report(self) -> dict[str, Any]:
        """Return how it is with the copies, as `duurloop status --json` has it."""
        trouble = self._trouble
        return {
            "folder": str(self._copies.folder),
            "is_elsewhere": self._is_elsewhere,
            "ok": trouble is None,
            "sentence": trouble and trouble.sentence,
            "parts": {name: str(value) for name, value in trouble.parts.items()} if trouble else {},
        }

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Look for ever; `beat` is called as it goes round."""
        try:
            self._last = await self._aside(self._copies.newest, beat)
        except CopyError as error:
            log.warning("no_look_at_copies", reason=str(error))
        self._is_elsewhere = await self._aside(self._copies.is_elsewhere, beat)
        while True:
            beat()
            await self.look(beat)
            await self._clock.sleep(LOOK_S)

    async def look(self, beat: Callable[[], None] = lambda: None) -> None:
        """Make a copy if it is time."""
        now = self._clock.now()
        night = last_occurrence(now, EVERY_DAY, QUIET, self._zone)
        if self._clock.monotonic() < self._not_before or night == self._looked_for or self._duties.is_busy():
            return
        if self._trouble is None and not is_due(self.copied_at(), now, self._zone):
            return
        try:
            made = await self._aside(partial(self._copies.make, now.astimezone(self._zone)), beat)
            self._is_elsewhere = await self._aside(self._copies.is_elsewhere, beat)
        except SourceDamagedError:
            self._duties.found_damage()
        except CopyError as error:
            await self._failed(error, now)
        else:
            self._looked_for = night
            await self._succeeded(made, now)
        finally:
            self._not_before = self._clock.monotonic() + (AGAIN_S if self._looked_for != night else 0.0)

    async def tell_rescue(self, rescue: Rescue) -> None:
        """Tell the runners what became of a database that was damaged. Raises `StoreError`."""
        now = self._clock.now()
        key = f"rescued:{rescue.found_at:%Y-%m-%dT%H:%M}"
        for runner in self._duties.runners:
            copied_at = rescue.copied_at and rescue.copied_at.astimezone(runner.timezone)
            text = rescued_text(rescue.aside, copied_at, runner.language, today=day_of(now, runner.timezone))
            await self._keep(self._letters(runner, key, text, RESCUE_WORTH))

    async def _aside(self, work: Callable[[], T], beat: Callable[[], None]) -> T:
        return await patiently(work, "copies", self._clock, LOOK_S, beat)

    async def _succeeded(self, made: Copy | None, now: datetime) -> None:
        if made:
            self._last = made
            log.info("copy_made", file=made.path.name, size_bytes=made.size_bytes, runs=made.contents.runs)
        self._trouble = None
        await self._remember(partial(self._over, now))

    async def _failed(self, error: CopyError, now: datetime) -> None:
        if str(error) != str(self._trouble):
            log.error("copy_failed", reason=str(error))
        self._trouble = error
        await self._remember(partial(self._fails, error, now))

    async def _remember(self, facts_of: Callable[[Runner, dict[str, str]], list[Fact]]) -> None:
        """Keep what follows for each runner; the same comes up within the hour if that fails."""
        try:
            for runner in self._duties.runners:
                known = await self._duties.store.occasions(runner.name)
                await self._keep(facts_of(runner, {kind: passed.occurrence for kind, passed in known.items()}))
        except StoreError as error:
            log.warning("copies_not_remembered", reason=str(error))

    async def _keep(self, facts: Sequence[Fact]) -> None:
        if facts:
            await self._duties.store.commit(facts)
            self._duties.letters_kept()

    @staticmethod
    def _over(now: datetime, runner: Runner, known: dict[str, str]) -> list[Fact]:
        return [OccasionPassed(runner.name, FAILING, "", now)] if known.get(FAILING) else []

    def _fails(self, error: CopyError, now: datetime, runner: Runner, known: dict[str, str]) -> list[Fact]:
        """Return what is to be kept of another failure: since when, and after some days a letter, once."""
        today, since = day_of(now, runner.timezone), known.get(FAILING)
        if not since or date.fromisoformat(since) > today:
            return [OccasionPassed(runner.name, FAILING, today.isoformat(), now)]
        if today - date.fromisoformat(since) < PATIENCE or known.get(TOLD) == since:
            return []
        reason = error.told(runner.language.say)
        text = no_copies_text(date.fromisoformat(since), reason, runner.language, today=today)
        return [
            *self._letters(runner, f"copies:{since}", text, PATIENCE),
            OccasionPassed(runner.name, TOLD, since, now),
        ]

    def _letters(self, runner: Runner, key: str, text: Text, worth: timedelta) -> list[Fact]:
        letters = Scribe(runner, self._clock).write(Kind.SERVICE, key, lambda _: text, worth=worth)
        return [LetterWritten(letter) for letter in letters]
