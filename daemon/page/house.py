"""What the pages show, and whom they may ask: the house as the service hands it over. It knows nothing of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass

from daemon.clock import Clock
from daemon.companion import Companion
from daemon.control import Handler
from daemon.following import Followed
from daemon.handing.handovers import Handovers
from daemon.page.feed import Feed
from daemon.store import Store


@dataclass(frozen=True, slots=True)
class House:
    """Everything a page is made of."""

    companions: Mapping[str, Companion]
    """By runner's name, as the settings have them."""
    followed: Mapping[str, Followed]
    store: Store
    clock: Clock
    commands: Mapping[str, Handler]
    """What the control socket answers, too: a button does what a command does."""
    feed: Feed
    handovers: Handovers | None = None
    """What went out, and where it is."""
