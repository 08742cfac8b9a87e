"""What the service asks of the outside, and the failures it knows how to live with.

A connector fits a port by its shape; it inherits nothing. mypy proves the shape where `daemon.wiring`
puts the two together, and `tests/contracts` proves the meaning, for the real thing and for the fake.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Protocol

from daemon.domain.strap import StrapEvent
from daemon.domain.wording import Text


class Permit(Protocol):
    """Whether the house may hold a runner's strap just now (most straps allow one link only)."""

    @property
    def granted(self) -> bool:
        """Tell whether connecting is allowed at this moment."""

    async def wait_granted(self) -> None:
        """Wait until connecting is allowed; returns at once when it is."""

    async def wait_withdrawn(self) -> None:
        """Wait until it is no longer allowed; returns at once when it is not."""


class HeartRateSource(Protocol):
    """A strap, for as long as the service lives."""

    @property
    def last_failure(self) -> str | None:
        """Why the strap could not be connected to when it was seen last; None if it could, or was not seen."""

    def events(self, permit: Permit) -> AbstractAsyncContextManager[AsyncIterator[StrapEvent]]:
        """Open the strap and hand over what it says, without end.

        Finding, losing and finding again happen inside; an absent strap is normal. Leaving the context
        disconnects cleanly. Every `StrapConnected` is followed by a `StrapLost` before the next one.
        """


class Blame(Enum):
    """Who has to do something before a failed delivery can succeed."""

    SETTINGS = "settings"
    """The address, the password, the recipient: trying again soon is useless."""
    WORLD = "world"
    """The network or the far end: try again later."""


class DeliveryError(Exception):
    """A message was not taken; `reason` is one line fit for the runner's eyes, without secrets."""

    def __init__(self, reason: str, blame: Blame = Blame.WORLD) -> None:
        super().__init__(reason)
        self.reason = reason
        self.blame = blame


class PictureError(Exception):
    """There will be no picture; the message says why, in one line."""


class Messenger(Protocol):
    """One recipient on one service."""

    def deliver(self, text: Text) -> None:
        """Send, and return when the far end has taken it. Blocks; called in the channel's own thread.

        Raises `DeliveryError` when it was not taken.
        """
