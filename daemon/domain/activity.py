"""Activities as a training service lists them, and what has changed since the last look."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

ALWAYS_WANTED = frozenset({"run", "walk"})


HIDDEN = timedelta(hours=26)
"""How far the true start of a hidden one, or its place in the list, may be from its `started_at`: a day can have 25."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What a list tells of an activity, before anything of it was read."""

    id: int
    """64 bits."""
    started_at: datetime
    """Aware, in UTC; of a hidden start the first second of its local day."""
    start_hidden: bool
    """The athlete shows the day only."""
    elapsed_s: float
    sport: str
    """`run`, `walk`, `ride`, or the service's own word in lower case."""
    name: str | None
    distance_m: float | None
    has_heart_rate: bool
    mark: str
    """Changes when what was recorded has changed: a crop, a corrected heart rate, another sport."""
    external_id: str | None = None
    """What whoever uploaded it calls it; told by a list, and not kept."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first."""

    activities: tuple[Activity, ...]
    ids: frozenset[int]
    """Of everything on the page that has one, also of what could not be understood."""
    length: int
    """How many items there were; 0 means that the list is at its end."""

    @property
    def since(self) -> datetime | None:
        """From when on this page, and those before it, show everything; None: from the first day on."""
        if not self.length:
            return None
        latest = (one.started_at + HIDDEN if one.start_hidden else one.started_at for one in self.activities)
        return min(latest, default=datetime.max.replace(tzinfo=UTC))  # one that nobody understands proves nothing


@dataclass(frozen=True, slots=True)
class Known:
    """An activity that an earlier look found."""

    activity: Activity
    is_read: bool
    """All that is wanted of it is here."""
    is_missing: bool = False
    """The last look did not find it where it ought to be."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a look found out."""

    found: tuple[Activity, ...]
    """New, or recorded anew: to be read, newest first."""
    renamed: tuple[Activity, ...]
    """The same run under another name."""
    missing: tuple[int, ...]
    """Not there for the first time; one look may err."""
    back: tuple[int, ...]
    """Was missing, and is there after all."""
    gone: tuple[int, ...]
    """Not there for the second time: removed, or hidden from us."""


def compare(
    known: Collection[Known], listed: Sequence[Activity], ids: Collection[int], since: datetime | None, reach: datetime
) -> Changes:
    """Compare what is known with what one look listed.

    `ids` has everything the look saw, readable or not; it saw all that began at `since` or later (None: all
    there is). What is not known and began before `reach` is none of our business.
    """
    by_id = {one.activity.id: one for one in known}
    unseen = [one for one in known if one.activity.id not in ids and (since is None or _after(one, since))]
    return Changes(
        found=_newest_first(one for one in listed if _is_found(one, by_id.get(one.id), reach)),
        renamed=tuple(one for one in listed if _is_renamed(one, by_id.get(one.id))),
        missing=tuple(one.activity.id for one in unseen if not one.is_missing),
        back=tuple(one.activity.id for one in known if one.is_missing and one.activity.id in ids),
        gone=tuple(one.activity.id for one in unseen if one.is_missing),
    )


def is_wanted(sport: str, further: Collection[str]) -> bool:
    """Tell whether an activity of this sport is a run to us: runs, walks, and what the runner listed."""
    return sport in ALWAYS_WANTED or sport in further


def _after(known: Known, since: datetime) -> bool:
    # a page may end between two activities of the same second: the one on its edge proves nothing
    earliest = known.activity.started_at
    return (earliest - HIDDEN if known.activity.start_hidden else earliest) > since


def _is_found(listed: Activity, known: Known | None, reach: datetime) -> bool:
    if known is None:
        return listed.started_at >= reach
    return known.activity.mark != listed.mark


def _is_renamed(listed: Activity, known: Known | None) -> bool:
    return known is not None and known.activity.mark == listed.mark and known.activity.name != listed.name


def _newest_first(activities: Iterable[Activity]) -> tuple[Activity, ...]:
    return tuple(sorted(activities, key=lambda one: (one.started_at, one.id), reverse=True))
