"""What the settings say of the page, as plain values; and its place, taken before anything of the page is loaded."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from daemon.domain.wording.privacy import Keeping
from daemon.strava.book import Book
from daemon.strava.follower import Follower
from daemon.strava.port import Strava

BACKLOG = 128
"""So many may wait while the page is being loaded."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is to be found."""

    host: str
    port: int
    certificate: tuple[Path, Path] | None = None
    """The certificate's file and its key's, for https."""


@dataclass(frozen=True, slots=True)
class Door:
    """How the page can be reached."""

    is_open: bool
    """Nobody but this machine can reach it: then no key is needed."""
    origins: frozenset[str] = frozenset()
    """Under which addresses the world reaches it besides, as `https://house.example.org`."""
    is_secure: bool = False
    """It is reached by https alone."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say of the page."""

    door: Door
    plan_ids: Sequence[str] = ()
    """The plans that there are for everybody."""
    metrics: bool = True
    keeping: Keeping = field(default_factory=Keeping)


@dataclass(frozen=True, slots=True)
class StravaEvents:
    """Who is asked for events, where they are to come, and who wants to hear of them."""

    strava: Strava
    callback: str
    book: Book
    follower: Follower


def listening_at(host: str, port: int) -> socket.socket:
    """Take a place: who comes before there is an answer waits a moment. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = family is socket.AF_INET6 and socket.has_dualstack_ipv6()  # "::" is for IPv4 as well
    return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
