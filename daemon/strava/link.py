"""A runner's link as the service follows it: what is due next, and what has failed."""

from dataclasses import dataclass, field

from daemon.domain.activity import Activity, Known
from daemon.domain.heart_rate import Instant
from daemon.handing.handovers import Handover
from daemon.library import Library
from daemon.store import Brought
from daemon.strava.book import Account, State

STUCK_S = 300.0
"""First pause for an activity that alone gives trouble; doubled each time."""
STUCK_DOUBLINGS = 6
"""Up to five hours."""


@dataclass(slots=True)
class Walk:
    """The whole list, page by page."""

    suspects: frozenset[int]
    """What was missing before it began."""
    page: int = 2
    """To be read next; the first one every look reads."""
    ids: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Link:
    """One account, and what is going on with it."""

    account: Account
    library: Library
    look_at: Instant
    """When the next look is due."""
    looked_at: Instant | None = None
    walk: Walk | None = None
    held: int = 0
    """How many activities are known."""
    unread: list[Known] = field(default_factory=list)
    """Newest first."""
    unkept: tuple[Activity, Brought] | None = None
    """What was read last, while the database does not take it."""
    again: set[int] = field(default_factory=set)
    """Activities of which something was heard; they are read once more."""
    uploads: list[Handover] = field(default_factory=list)
    """Own sessions that are to go there, the oldest first."""
    has_read: bool = False
    """Since the last look."""
    answers: int = 0
    served: int = 0
    """Its turn when it was served last."""
    failures: int = 0
    """In a row."""
    failing_since: Instant | None = None
    retry_at: Instant | None = None
    """Nothing is asked before."""
    stuck: dict[int, tuple[int, Instant]] = field(default_factory=dict)
    """Activities that could not be read: how often, and when they are tried again."""
    renewed_at: Instant | None = None
    is_doubted: bool = False
    """The access token was refused; fresh ones decide."""

    @property
    def runner(self) -> str:
        """Whose it is."""
        return self.account.runner

    @property
    def is_well(self) -> bool:
        """Tell whether anything is to be had here."""
        return self.account.state in (State.WELL, State.TROUBLE, State.QUOTA)

    def list_unread(self, known: list[Known]) -> None:
        """Take in what is held, and what is to be read of it; what the lists miss would only be asked for in vain."""
        self.held = len(known)
        self.unread = [
            one for one in known if (not one.is_read or one.activity.id in self.again) and not one.is_missing
        ]
        there = {one.activity.id for one in known}
        self.stuck = {number: tries for number, tries in self.stuck.items() if number in there}

    def next_unread(self, now: Instant) -> Known | None:
        """Return the newest activity that may be tried."""
        return next((one for one in self.unread if self._may_be_tried(one.activity.id, now)), None)

    def done_with(self, activity: int) -> None:
        """Take an activity off the list."""
        self.unread = [one for one in self.unread if one.activity.id != activity]
        self.again.discard(activity)
        self.stuck.pop(activity, None)

    def put_off(self, activity: int, now: Instant, doublings: int = STUCK_DOUBLINGS) -> int:
        """Try an activity again later; return how often it has been tried."""
        tries, _ = self.stuck.get(activity, (0, now))
        self.stuck[activity] = tries + 1, Instant(now + STUCK_S * 2.0 ** min(tries, doublings))
        return tries + 1

    def retries(self) -> list[Instant]:
        """Return when activities that could not be read are tried again."""
        waiting = {one.activity.id for one in self.unread}
        return [at for number, (_, at) in self.stuck.items() if number in waiting]

    def _may_be_tried(self, activity: int, now: Instant) -> bool:
        return activity not in self.stuck or self.stuck[activity][1] <= now
