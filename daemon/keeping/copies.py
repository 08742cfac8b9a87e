"""Copies of the database: what is known of one, and what may be asked of whoever makes them."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Protocol

from daemon.telling import TellingError


class CopyError(TellingError):
    """A copy could not be made, found or used."""


class CopyDamagedError(CopyError):
    """What is to be a database is none, or is none any more."""


class SourceDamagedError(CopyDamagedError):
    """What was to be copied is damaged: the database itself."""


class CopyKind(Enum):
    """How a copy came about."""

    DAILY = "daily"
    """Made by the service; it goes when its turn has come."""
    OWN = "own"
    """Made by somebody with `duurloop backup`; it stays."""
    BEFORE = "before_update"
    """Made before the database was brought up to date."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a database."""

    version: int
    runs: int
    made_at: datetime | None = None
    """When it was copied; None for one that is no copy."""
    number: int = 0
    """Which daily copy it is, counted from the first."""
    digest: str = ""
    """Of what the database held."""
    house: str = ""
    """Which house it is of; empty if that was not noted."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that can be read; whether it is whole was seen when it was made, and is seen again when it is used."""

    path: Path
    kind: CopyKind
    size_bytes: int
    contents: Contents
    made_at: datetime


class DailyCopies(Protocol):
    """Makes the daily copies. Every method blocks, and may raise `CopyError`."""

    @property
    def folder(self) -> Path:
        """Where they lie."""

    def is_elsewhere(self) -> bool:
        """Tell at once whether they lie on another disk than the database; raises nothing."""

    def newest(self) -> Copy | None:
        """Return the copy that was made last, by the service or by hand, whatever its date says."""

    def make(self, now: datetime) -> Copy | None:
        """Make a checked copy and let those go whose turn has come; None if nothing has changed since the last one."""


@dataclass(frozen=True, slots=True)
class Rescue:
    """What was done about a database that was found damaged."""

    found_at: datetime
    aside: str
    """The name under which the damaged one is kept."""
    copied_at: datetime | None
    """When the copy was made that took its place; None where there was none, and all begins anew."""
