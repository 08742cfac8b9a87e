"""Whether the house may hold a runner's strap just now.

Most straps allow one Bluetooth link: if the house grabs it while its runner walks to the door, the watch
gets nothing. So a strap is held always, or only when armed, and in either case let go at once on request.
"""

import asyncio
from enum import Enum

from daemon.domain.heart_rate import Instant


class Connect(Enum):
    """When the house connects to a strap."""

    ALWAYS = "always"
    ARMED = "armed"


class StrapPermit:
    """The port `Permit`, as arm, release and the end of a session change it."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._armed = connect is Connect.ALWAYS
        self.released_until: Instant | None = None
        self._granted, self._withdrawn = asyncio.Event(), asyncio.Event()
        self._tell()

    @property
    def granted(self) -> bool:
        """Tell whether connecting is allowed at this moment."""
        return self._granted.is_set()

    async def wait_granted(self) -> None:
        """Wait until connecting is allowed."""
        await self._granted.wait()

    async def wait_withdrawn(self) -> None:
        """Wait until connecting is not allowed."""
        await self._withdrawn.wait()

    def renew(self, connect: Connect, *, is_running: bool) -> None:
        """Go by new settings; what was released stays so."""
        if connect is not self._connect:
            self._connect = connect
            self._armed = connect is Connect.ALWAYS or is_running
            self._tell()

    def arm(self) -> None:
        """Allow it, whatever was released before."""
        self._armed, self.released_until = True, None
        self._tell()

    def release(self, until: Instant) -> None:
        """Let go at once, until then; a strap that waits for `arm` waits for it afterwards too."""
        self._armed, self.released_until = self._connect is Connect.ALWAYS, until
        self._tell()

    def disarm(self) -> None:
        """Let an armed strap go back to waiting: the run is over."""
        if self._connect is Connect.ARMED:
            self._armed = False
            self._tell()

    def refresh(self, now: Instant) -> None:
        """Let a release end when its time has come."""
        if self.released_until is not None and now >= self.released_until:
            self.released_until = None
            self._tell()

    def _tell(self) -> None:
        allowed = self._armed and self.released_until is None
        (self._granted.set if allowed else self._granted.clear)()
        (self._withdrawn.clear if allowed else self._withdrawn.set)()
