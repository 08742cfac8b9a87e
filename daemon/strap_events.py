"""What a strap says, in order, from whoever hears it to whoever listens."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from daemon.domain.strap import StrapEvent


class StrapEvents(AsyncIterator[StrapEvent]):
    """What was told, in order. A wait for the next event may be given up, and begun again by somebody else."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[StrapEvent | None] = asyncio.Queue()
        self._bug: BaseException | None = None

    def tell(self, event: StrapEvent) -> None:
        """Add an event."""
        self._queue.put_nowait(event)

    def end(self, keeper: asyncio.Task[Any]) -> None:
        """Hand on what ended the task that tells; an expected failure never does."""
        self._bug = None if keeper.cancelled() else keeper.exception()
        self._queue.put_nowait(None)

    async def __anext__(self) -> StrapEvent:
        event = await self._queue.get()
        if event is not None:
            return event
        self._queue.put_nowait(None)
        raise self._bug or StopAsyncIteration
