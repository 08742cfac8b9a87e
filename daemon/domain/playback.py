"""Events of the past with the seconds between them, as the live loop would have ticked them."""

from collections.abc import Iterable, Iterator

from daemon.domain.heart_rate import Instant
from daemon.domain.session import OVER_AFTER_S, Event, Ticked
from daemon.domain.strap import RadioChanged

TICK_S = 1.0


def with_ticks(events: Iterable[Event], until: Instant | None = None) -> Iterator[Event]:
    """Yield `events` in order, and a tick for every second in which nothing happened, up to `until`.

    A silence is ticked for as long as a session outlasts it, and no longer.
    """
    last: Instant | None = None
    for event in events:
        if isinstance(event, RadioChanged):
            continue
        yield from _ticks(last, event.at)
        yield event
        last = event.at
    if until is not None:
        yield from _ticks(last, until)


def _ticks(since: Instant | None, until: Instant) -> Iterator[Ticked]:
    if since is None:
        return
    # once the silence has ended the session, further ticks say nothing; a gap may last for days
    for second in range(1, int(min(until - since, OVER_AFTER_S) / TICK_S) + 1):
        at = Instant(since + second * TICK_S)
        if at < until:
            yield Ticked(at)
