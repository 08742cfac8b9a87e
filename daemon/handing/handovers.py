"""Own sessions on their way to somebody else: what is due, what went, and what will not go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, TypeAlias

from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.run import Run
from daemon.store import Outlet


class Going(Enum):
    """How far a session has come on its way out."""

    DUE = "due"
    SENT = "sent"
    HELD = "held"
    """It waits for its runner to link Strava again."""
    REFUSED = "refused"
    """The far end has seen it and does not want it."""


class Why(Enum):
    """Why a session is not where it is to go."""

    NOT_ALLOWED = "not_allowed"
    """The athlete did not allow uploads."""
    UNREACHABLE = "unreachable"
    """No sensible answer."""
    WORKED_ON = "worked_on"
    """The far end has it, and has not said what became of it."""
    NOT_WANTED = "not_wanted"
    """The far end made no activity of it."""


@dataclass(frozen=True, slots=True)
class Handover:
    """One session for one outlet."""

    runner: str
    run: str
    """The take that the strap gave: never what others tell of the same run."""
    outlet: Outlet
    going: Going
    next_at: datetime
    """Not to be tried before this."""
    changed_at: datetime
    attempts: int = 0
    why: Why | None = None
    is_unsure: bool = False
    """It was sent, and no answer came: it may be there."""
    upload: int | None = None
    """What the far end calls it while it works on it."""
    place: str | None = None
    """Where it is: a file's name, an activity's number; None when it went from there again."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the strap itself gave of a run."""

    run: Run
    samples: Sequence[HeartRateSample]


FitOf = Callable[[Recorded], bytes]
"""Makes a file of a session."""


Counts: TypeAlias = Mapping[tuple[str, Outlet, Going], int]
"""How many there are by runner, outlet and state."""


class Handovers(Protocol):
    """What goes out. Each method is a transaction, durable when it returns; every one may raise `StoreError`."""

    async def open(self, outlet: Outlet) -> list[Handover]:
        """Return what is due or held, the oldest first."""

    async def of_run(self, run: str) -> list[Handover]:
        """Return what became of a run at each outlet, however the run is called by now."""

    async def counts(self) -> dict[tuple[str, Outlet, Going], int]:
        """Return how many there are by runner, outlet and state."""

    async def note(self, handover: Handover) -> None:
        """Keep how far it has come, if it is still there: it may have been forgotten meanwhile."""

    async def drop(self, runner: str, outlet: Outlet) -> None:
        """Forget what is due or held: it does not go any more."""

    async def recorded(self, handover: Handover) -> Recorded | None:
        """Return what is to go, from the strap alone; None if it is not kept any more."""


def waiting(counts: Counts, outlet: Outlet, runner: str | None = None) -> int:
    """Return how many have yet to go to an outlet, of one runner or of all."""
    return sum(
        number
        for (whose, where, going), number in counts.items()
        if where is outlet and runner in (None, whose) and going in (Going.DUE, Going.HELD)
    )


def uploads_report(runner: str, counts: Counts) -> dict[str, Any]:
    """Return how it is with a runner's sessions for Strava, as JSON."""
    return {
        "runner": runner,
        "waiting": waiting(counts, Outlet.STRAVA, runner),
        "needs_you": (runner, Outlet.STRAVA, Going.HELD) in counts,
        "refused": counts.get((runner, Outlet.STRAVA, Going.REFUSED), 0),
    }
