"""What the questions need of the outside, handed in: the radio, the far ends of messages, the machine itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from connectors.bluetooth_radio import NearbyStrap
from daemon.domain.wording import Language
from daemon.domain.zones import TargetZone

Heard = Callable[[NearbyStrap], None]
"""Is told of each strap as soon as it is heard."""


@dataclass(frozen=True, slots=True)
class House:
    """The machine that is being set up, and what is around it."""

    today: date
    hostname: str
    beside: Path
    """The folder of the settings, from which a plan's own file is meant."""
    language_of: Callable[[str], Language]
    hear_straps: Callable[[Heard], Sequence[NearbyStrap]]
    """Listens for a while, and returns who is in reach; raises `RadioError`."""
    battery_of: Callable[[NearbyStrap], int | None]
    radio_words: Callable[[str, Language], str]
    """What to say of the radio's trouble, by its name."""
    talk: Callable[[Language], TargetZone | None]
    """The talk test; None when no zone came of it."""
    check_url: Callable[[str], str | None]
    """Why an address of a channel cannot be used; None if it can."""
    send_trial: Callable[[str, str, str, Language], float] | None
    """Sends a test message to a runner's channel at an address, and returns the seconds; raises `DeliveryError`.

    None where no message shall go out."""
    is_free: Callable[[str, int], bool]
    """Whether a page may be put at a host and a port."""
    topic: Callable[[], str]
    """Returns a name that nobody guesses."""
