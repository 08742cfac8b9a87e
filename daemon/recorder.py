"""Makes facts durable: at once what cannot wait, and samples in batches of two fifths of a second.

One commit a sample would cost twenty times the work for nothing; a second between commits just misses
"at most one second is lost". When nothing happens nothing is written.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from daemon.clock import Clock, wait_for
from daemon.domain.heart_rate import Instant
from daemon.finishing import to_the_end
from daemon.store import Fact, FactRefusedError, HandoverDue, LetterWritten, SampleKept, Store, StoreError

BATCH_S = 0.4
"""With the commit itself the oldest sample that is not durable stays well under a second old."""
RETRY_S = 5.0
AT_ONCE = 1000
"""So many notes go together; after hours of a full disk there are more, and no attempt is to take them all."""
MOST_SAMPLES = 40_000
"""So many samples wait for room on the disk: eleven hours of one strap, in some ten megabytes. A run is kept whole also
without them, for its session has them all; they matter only to a session that finds back after a restart."""

Then: TypeAlias = Callable[[], Awaitable[Sequence[Fact]]]
"""Says what is to be kept besides, from what is kept so far. May raise `StoreError`."""


@dataclass(frozen=True, slots=True)
class Note:
    """Facts that were noted in one breath, and are kept together or not at all."""

    facts: tuple[Fact, ...]
    then: Then | None = None


log = structlog.get_logger()


class Recorder:
    """Takes facts from everybody and commits them in the order in which they came."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.letters_kept: Callable[[], None] = lambda: None
        """Called when there is something to send."""
        self._notes: list[Note] = []
        self._any = asyncio.Event()
        self._urgent = asyncio.Event()
        self._turn = asyncio.Lock()
        self._committing_since: Instant | None = None
        self.trouble: str | None = None
        """Why facts wait in memory, if they do."""

    def note(self, *facts: Fact, urgent: bool = False, then: Then | None = None) -> None:
        """Keep these, together, and what `then` makes of them when their turn has come."""
        if not facts:
            return
        self._notes.append(Note(facts, then))
        self._any.set()
        if urgent:
            self._urgent.set()

    async def run(self) -> None:
        """Commit for ever."""
        while True:
            await self._any.wait()
            await wait_for(self._urgent, self._clock, BATCH_S)
            if not await self.flush():
                await self._clock.sleep(RETRY_S)

    async def flush(self) -> bool:
        """Commit what there is; tell whether it worked. What could not be kept stays and is tried again.

        Cancelled in the middle it still learns how the commit ended: facts are neither lost nor kept twice.
        """
        return await to_the_end(self._flush())

    async def _flush(self) -> bool:
        async with self._turn:
            notes, self._notes = self._notes, []
            self._any.clear()
            self._urgent.clear()
            if not notes:
                return True
            self._committing_since = self._clock.monotonic()
            letters = False
            try:
                notes[:] = [await _whole(note) for note in notes]
                letters = any(isinstance(fact, LetterWritten | HandoverDue) for note in notes for fact in note.facts)
                await self._commit(notes)
            except StoreError as error:
                self._put_back(notes, str(error))
                return False
            finally:
                self._committing_since = None
        if self.trouble:
            log.info("store_recovered")
            self.trouble = None
        if letters:
            self.letters_kept()
        return True

    async def _commit(self, notes: list[Note]) -> None:
        """Commit, and take out of `notes` what is kept or never can be; the rest is in it when the store fails.

        One fact that contradicts what is kept must not take all later ones along. Then each note goes alone,
        still whole: a message is never kept without the fact that it speaks of.
        """
        while notes:
            together = notes[:AT_ONCE]
            try:
                await self._store.commit([fact for note in together for fact in note.facts])
            except FactRefusedError:
                for note in together:
                    await self._commit_alone(note)
                    notes.pop(0)
            else:
                del notes[:AT_ONCE]

    async def _commit_alone(self, note: Note) -> None:
        try:
            await self._store.commit(note.facts)
        except FactRefusedError as refused:
            kinds = sorted({type(fact).__name__ for fact in note.facts})
            log.error("note_refused", kinds=kinds, reason=str(refused))  # noqa: TRY400 - the reason is in it

    def hangs(self, limit_s: float) -> bool:
        """Tell whether a commit has been under way for longer than `limit_s`."""
        since = self._committing_since
        return since is not None and self._clock.monotonic() - since > limit_s

    def _put_back(self, notes: list[Note], trouble: str) -> None:
        self._notes[:0] = notes
        self._notes, gone = thinned(self._notes, MOST_SAMPLES)
        if gone:
            log.warning("samples_let_go", samples=gone)
        self._any.set()
        if self.trouble is None:
            log.error("store_failed", reason=trouble, notes=len(notes))
        self.trouble = trouble


def thinned(notes: list[Note], most: int) -> tuple[list[Note], int]:
    """Return the notes with the latest `most` samples of them, and how many are gone."""
    gone = max(0, sum(_is_sample(note) for note in notes) - most)
    kept, left = [], gone
    for note in notes:
        if left and _is_sample(note):
            left -= 1
        else:
            kept.append(note)
    return kept, gone


def _is_sample(note: Note) -> bool:
    return all(isinstance(fact, SampleKept) for fact in note.facts)


async def _whole(note: Note) -> Note:
    """Return a note with its sequel; one that is put back keeps what it was, and is not asked again.

    A sequel with a bug in it costs the answer, not the run: that would come back at every start, bug and all.
    """
    if note.then is None:
        return note
    try:
        return Note((*note.facts, *(await note.then())))
    except StoreError:
        raise
    except Exception:
        log.exception("sequel_failed")
        return Note(note.facts)
