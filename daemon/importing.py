"""Files become runs: what a reader made of each is kept, once, and told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from daemon.domain.marking import _
from daemon.household import Runner
from daemon.store import Brought, Fact, FileSeen, Place, Placed, Store
from daemon.telling import Sentence

ACTIVITIES, TABLES, ARCHIVE = (".fit", ".tcx", ".gpx"), (".csv", ".rr", ".txt"), ".zip"
MAY_HOLD_RUNS = (*ACTIVITIES, *TABLES, ARCHIVE)
"""How the names end of files that are worth a look, where nobody named them one by one."""
SKIPPED = _("holds no run or walk, but: {sports}; to have these too, name them under sports in [strava]")


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a reader made of one file."""

    name: str
    """As it is shown."""
    digest: str
    """Of its content; empty if it could not be read at all."""
    runs: tuple[Brought, ...] = ()
    skipped: tuple[str, ...] = ()
    """Sports in it that are not wanted."""
    refusal: Sentence | None = None
    is_seen: bool = False
    """A file with this content was brought in before, and was not read again."""


class Outcome(Enum):
    """What became of a file."""

    IMPORTED = "imported"
    UPDATED = "updated"
    """The run was known, and is told by this file from now on."""
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one file."""

    name: str
    outcome: Outcome
    runs: tuple[str, ...] = ()
    reason: Sentence | None = None


class Shelf(Protocol):
    """Where one runner's runs find their place: a `Library`, which is too heavy for whoever only reads."""

    @property
    def runner(self) -> Runner:
        """Return whose it is."""

    async def receive(self, brought: Brought, *also: Fact) -> Placed:
        """Keep a run; `also` becomes durable with it."""


async def keep(harvest: Harvest, shelf: Shelf, store: Store, now: datetime) -> Told:
    """Keep what a file held, and remember the file. Raises `StoreError`."""
    if harvest.refusal:
        return Told(harvest.name, Outcome.FAILED, reason=harvest.refusal)
    if harvest.is_seen:
        return Told(harvest.name, Outcome.DUPLICATE)
    seen = FileSeen(shelf.runner.name, harvest.digest, harvest.skipped, now)
    if not harvest.runs:
        await store.commit([seen])
        reason = Sentence(SKIPPED, {"sports": ", ".join(harvest.skipped)})
        return Told(harvest.name, Outcome.SKIPPED, reason=reason)
    # remembered with its last run: cut short before that, it is read once more and nothing is kept twice
    placed = [await shelf.receive(brought) for brought in harvest.runs[:-1]]
    placed.append(await shelf.receive(harvest.runs[-1], seen))
    return Told(harvest.name, _outcome(placed), tuple(dict.fromkeys(one.run for one in placed)))


def _outcome(placed: Sequence[Placed]) -> Outcome:
    places = {one.place for one in placed}
    if Place.NEW in places:
        return Outcome.IMPORTED
    return Outcome.UPDATED if places & {Place.BETTER, Place.WHOLE} else Outcome.DUPLICATE
