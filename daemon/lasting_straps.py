"""Straps whose links outlast those who listen to them: new settings are no reason to let go of a strap.

The one who reads a strap's events may leave and another come. What the strap says in between waits for the next one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from daemon.domain.strap import StrapEvent
from daemon.ports import HeartRateSource, Permit
from daemon.strap_events import StrapEvents

T = TypeVar("T")

PATIENCE_S = 1.0
"""Letting go of a strap may take so long: all of the service is to end within three seconds. BlueZ goes on alone."""


class LastingStrap:
    """The port `HeartRateSource`; leaving its context keeps the link, `close` lets go of it."""

    def __init__(self, source: HeartRateSource) -> None:
        self._source = source
        self._said = StrapEvents()
        self._holding: asyncio.Task[None] | None = None

    @property
    def last_failure(self) -> str | None:
        """Why the strap could not be connected to when it was seen last."""
        return self._source.last_failure

    @asynccontextmanager
    async def events(self, permit: Permit) -> AsyncIterator[AsyncIterator[StrapEvent]]:
        """Hand over what the strap says, without end. The first permit holds for as long as the strap is held."""
        if self._holding is None:
            self._holding = asyncio.create_task(self._hold(permit), name="hold a strap")
            self._holding.add_done_callback(self._said.end)
        yield self._said

    async def close(self, patience_s: float = PATIENCE_S) -> None:
        """Let go of the strap; insist when that takes too long."""
        while self._holding and not self._holding.done():
            self._holding.cancel()
            await asyncio.wait({self._holding}, timeout=patience_s)

    async def _hold(self, permit: Permit) -> None:
        async with self._source.events(permit) as events:
            async for event in events:
                self._said.tell(event)


class LastingStraps:
    """All straps of a house, and the radios that they share."""

    def __init__(self) -> None:
        self._straps: dict[tuple[str, ...], LastingStrap] = {}
        self._radios: dict[str | None, Any] = {}

    def radio(self, adapter: str | None, make: Callable[[], T]) -> T:
        """Return the radio at an adapter: two would be in each other's way."""
        if adapter not in self._radios:
            self._radios[adapter] = make()
        radio: T = self._radios[adapter]
        return radio

    def strap(self, key: tuple[str, ...], make: Callable[[], HeartRateSource]) -> LastingStrap:
        """Return the strap that `key` tells from all others, held already or new."""
        if key not in self._straps:
            self._straps[key] = LastingStrap(make())
        return self._straps[key]

    async def close(self, but: Collection[HeartRateSource] = ()) -> None:
        """Let go of all straps, or of those that are not wanted any more."""
        gone = {key: strap for key, strap in self._straps.items() if strap not in but}
        for key in gone:
            del self._straps[key]
        await asyncio.gather(*(strap.close() for strap in gone.values()))
