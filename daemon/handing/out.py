"""Hands sessions that the house recorded to a folder, as FIT files for other programs. To Strava its follower does.

What cannot be written stays due, for a folder on another machine comes back. How often it was tried is known in
memory alone: a folder that is away for weeks is no reason to write to our own disk.
"""

import asyncio
import errno
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog

from daemon.aside import in_thread
from daemon.backoff import Backoff
from daemon.clock import Clock, done_within, wait_for
from daemon.domain.heart_rate import Instant
from daemon.domain.marking import _
from daemon.domain.wording import Text
from daemon.handing.fit_folder import place_of, put
from daemon.handing.fit_making import fit_made
from daemon.handing.handovers import Counts, FitOf, Going, Handover, Handovers, Why, uploads_report, waiting
from daemon.household import Runner
from daemon.letters import Scribe
from daemon.store import Kind, LetterWritten, Outlet, Store, StoreError
from daemon.telling import Sentence

T = TypeVar("T")

LONGEST_WAIT_S = 60.0
BEAT_S = 10.0
"""How often life is shown while a disk takes its time."""
AGAIN = Backoff(20.0, 900.0)
STORE_AGAIN_S = 60.0
LASTING_S = 3600.0
"""What is away for so long is worth a word; many a disk sleeps, or is away for an update."""
_MISSING = _("is not there; make the folder, or name another under [export] in the settings")
_NOT_A_FOLDER = _("is no folder; name one under [export] in the settings")
_FORBIDDEN = _("may not be written to by the user of duurloop; change its permissions")
_FULL = _("is on a disk that is full; make room there")
_SILENT = _("does not answer; perhaps the disk is asleep, or another machine is off")
_OTHERWISE = _("cannot be written to ({why}); it is tried again and again")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where the settings want own sessions to go."""

    fit_of: FitOf
    folder: Path | None = None
    uploads: frozenset[str] = frozenset()
    """Runners whose sessions go to Strava."""

    def of(self, runner: str) -> frozenset[Outlet]:
        """Return where a runner's sessions go."""
        wanted = {Outlet.FOLDER: self.folder is not None, Outlet.STRAVA: runner in self.uploads}
        return frozenset(outlet for outlet, is_wanted in wanted.items() if is_wanted)


@dataclass(slots=True)
class _Trouble:
    """Why the folder takes nothing, and since when."""

    why: Sentence
    since: Instant
    next_at: Instant
    failures: int = 1
    is_told: bool = False


class HandingOut:
    """Writes a file for each session that is due."""

    def __init__(
        self,
        outlets: Outlets,
        handovers: Handovers,
        runners: Sequence[Runner],
        store: Store,
        clock: Clock,
        chance: random.Random,
        letters_kept: Callable[[], None],
    ) -> None:
        self._outlets = outlets
        self._handovers = handovers
        self._runners: Mapping[str, Runner] = {runner.name: runner for runner in runners}
        self._store = store
        self._clock = clock
        self._chance = chance
        self._letters_kept = letters_kept
        self._stir = asyncio.Event()
        self._trouble: _Trouble | None = None
        self._hangs = False

    def wake(self) -> None:
        """Look again: a session was kept."""
        self._stir.set()

    async def run(self, beat: Callable[[], None]) -> None:
        """Hand out for ever; `beat` is called as it goes round."""
        is_begun = False
        while True:
            beat()
            self._stir.clear()
            is_begun = is_begun or await self._begin()
            await wait_for(self._stir, self._clock, min(await self.go_on(beat), LONGEST_WAIT_S))

    async def go_on(self, beat: Callable[[], None] = lambda: None) -> float:
        """Write what is due; return how long there is nothing to do after it, in seconds."""
        folder, now = self._outlets.folder, self._clock.monotonic()
        if folder is None:
            return LONGEST_WAIT_S
        if self._trouble and now < self._trouble.next_at:
            return self._trouble.next_at - now
        try:
            for one in await self._due():
                await self._hand(folder, one, beat)
        except OSError as error:
            return await self._suffer(_why(error))
        except StoreError as error:
            log.error("handing_out_failed", reason=str(error))  # noqa: TRY400 - the reason is in it
            return STORE_AGAIN_S
        return LONGEST_WAIT_S

    async def report(self) -> dict[str, Any]:
        """Return how things stand, for `status`. Raises `StoreError`."""
        counts = await self._handovers.counts()
        return {
            "folder": self._folder_report(counts) if self._outlets.folder else None,
            "strava": [uploads_report(runner, counts) for runner in sorted(self._outlets.uploads)],
        }

    def _folder_report(self, counts: Counts) -> dict[str, Any]:
        why = Sentence(_SILENT) if self._hangs else self._trouble.why if self._trouble else None
        return {
            "path": str(self._outlets.folder),
            "ok": why is None,
            "reason": why and str(why),
            "sentence": why and why.text,
            "parts": why.parts if why else {},
            "waiting": waiting(counts, Outlet.FOLDER),
        }

    async def _begin(self) -> bool:
        """Forget what was to go where nobody wants it to go any more; tell whether the database took that."""
        try:
            for runner, outlet, going in await self._handovers.counts():
                if going in (Going.DUE, Going.HELD) and outlet not in self._outlets.of(runner):
                    await self._handovers.drop(runner, outlet)
                    log.info("handovers_dropped", runner=runner, outlet=outlet.value)
        except StoreError as error:
            log.error("handing_out_failed", reason=str(error))  # noqa: TRY400 - the reason is in it
            return False
        return True

    async def _due(self) -> list[Handover]:
        """Return what is to be written now; who left the settings may come back to them."""
        return [one for one in await self._handovers.open(Outlet.FOLDER) if one.runner in self._runners]

    async def _hand(self, folder: Path, handover: Handover, beat: Callable[[], None]) -> None:
        recorded = await self._handovers.recorded(handover)
        making = asyncio.ensure_future(fit_made(self._outlets.fit_of, recorded)) if recorded else None
        content = await self._wait_out(making, beat) if making else None
        if recorded is None or content is None:
            log.warning("session_stays_here", runner=handover.runner, run=handover.run)
            await self._keep(handover, Going.REFUSED, None)
            return
        place = place_of(recorded.run, self._runners[handover.runner], is_alone=len(self._runners) == 1)
        await self._wait_out(in_thread(partial(put, folder, place, content), "fit folder"), beat)
        if self._trouble:
            log.info("folder_well")
            self._trouble = None
        await self._keep(handover, Going.SENT, str(place))
        log.info("session_handed_out", runner=handover.runner, run=handover.run)

    async def _wait_out(self, work: "asyncio.Future[T]", beat: Callable[[], None]) -> T:
        """Wait for a disk however long it takes: what is under way may still succeed."""
        since, is_told = self._clock.monotonic(), False
        try:
            while not await done_within(work, self._clock, BEAT_S):
                beat()
                self._hangs = True
                if self._clock.monotonic() - since >= LASTING_S and not is_told:
                    is_told = await self._tell(Sentence(_SILENT))
            return work.result()
        finally:
            self._hangs = False
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _keep(self, handover: Handover, going: Going, place: str | None) -> None:
        why = Why.NOT_WANTED if going is Going.REFUSED else None
        await self._handovers.note(replace(handover, going=going, place=place, why=why, changed_at=self._clock.now()))

    async def _suffer(self, why: Sentence) -> float:
        now, before = self._clock.monotonic(), self._trouble
        failures = before.failures + 1 if before else 1
        pause_s = AGAIN.pause_s(failures, self._chance)
        since, is_told = (before.since, before.is_told) if before else (now, False)
        self._trouble = _Trouble(why, since, Instant(now + pause_s), failures, is_told)
        if before is None or before.why != why:
            log.warning("folder_in_trouble", reason=str(why))
        if now - since >= LASTING_S and not is_told:
            self._trouble.is_told = await self._tell(why)
        return pause_s

    async def _tell(self, why: Sentence) -> bool:
        """Write to those whose sessions wait; tell whether the database took it."""
        try:
            waiting = {one.runner for one in await self._due()}
            letters = [letter for name in sorted(waiting) for letter in self._letters(self._runners[name], why)]
            await self._store.commit([LetterWritten(letter) for letter in letters])
        except StoreError as error:
            log.error("handing_out_failed", reason=str(error))  # noqa: TRY400 - the reason is in it
            return False
        self._letters_kept()
        return True

    def _letters(self, runner: Runner, why: Sentence) -> list[Any]:
        say = runner.language.say
        told = say(_("The folder for your sessions, {folder}, {trouble}. They wait, and go by themselves."))
        trouble = why.said(say)
        text = Text(say(_("Your sessions as files")), told.format(folder=self._outlets.folder, trouble=trouble))
        return Scribe(runner, self._clock).write(Kind.SERVICE, f"folder:{self._clock.now():%G-W%V}", lambda _: text)


def _why(error: OSError) -> Sentence:
    match error:
        case FileNotFoundError():
            return Sentence(_MISSING)
        case NotADirectoryError() | FileExistsError():
            return Sentence(_NOT_A_FOLDER)
        case PermissionError():
            return Sentence(_FORBIDDEN)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Sentence(_FULL)
        case OSError(errno=errno.EROFS):
            return Sentence(_FORBIDDEN)
        case _:
            return Sentence(_OTHERWISE, {"why": error.strerror or "input/output error"})
