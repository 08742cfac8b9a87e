"""What is wanted of a settings file: the keys that somebody answered for, and nothing of the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TypeAlias


class Gone(Enum):
    """Stands in the place of a value for a key that shall not stand there any more."""

    GONE = "gone"


Value: TypeAlias = str | int | bool | list[str] | Gone
Keys: TypeAlias = tuple[str, ...]
"""Names of tables and a key: `("page", "listen")`."""


@dataclass(frozen=True, slots=True)
class ZoneWish:
    """The zone that shall hold."""

    bounds: str
    today: date
    origin: str = "own"
    has_runs: bool = False
    """Whether there are runs already: those keep the zone of their day, and this one holds from today on."""


@dataclass(frozen=True, slots=True)
class ChannelWish:
    """One channel of a runner, found by its name."""

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class RunnerWish:
    """One runner, found by the name; added when there is none of that name."""

    name: str
    values: Mapping[Keys, Value] = field(default_factory=dict)
    """By their keys within the runner: `("plan",)`, `("facts", "born")`."""
    strap: str | Gone | None = None
    """A name or an address; None when nobody asked."""
    connect: str | None = None
    zone: ZoneWish | None = None
    channels: tuple[ChannelWish, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """All that is wanted."""

    house: Mapping[Keys, Value] = field(default_factory=dict)
    runner: RunnerWish | None = None
