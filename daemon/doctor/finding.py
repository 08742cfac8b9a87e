"""What is found: a link of the chain, how it is, the reason in words, and one thing to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

from daemon.telling import Sentence


class Link(Enum):
    """The links of the chain, in the order in which they are told."""

    PROGRAM = "program"
    SETTINGS = "settings"
    DATABASE = "database"
    CLOCK = "clock"
    BLUETOOTH = "bluetooth"
    STRAP = "strap"
    STRAVA = "strava"
    CHANNEL = "channel"
    PAGE = "page"
    SERVICE = "service"


class Level(IntEnum):
    """How bad it is."""

    OK = 0
    UNKNOWN = 1
    """It could not be examined."""
    WARNING = 2
    """Worth a word; the chain holds."""
    FAULT = 3


def sentence(text: str, **parts: Any) -> Sentence:  # noqa: ANN401 - whatever a sentence may hold
    """Make a sentence; the catalogues find it by this name."""
    return Sentence(text, parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    link: Link
    name: str
    """Of what was looked at, for programs."""
    level: Level
    reason: Sentence
    remedy: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """Writes down what is found of one link."""

    link: Link

    def ok(self, name: str, reason: Sentence) -> Finding:
        """Tell that it is well."""
        return Finding(self.link, name, Level.OK, reason)

    def unknown(self, name: str, reason: Sentence, remedy: Sentence | None = None) -> Finding:
        """Tell that it could not be examined."""
        return Finding(self.link, name, Level.UNKNOWN, reason, remedy)

    def warning(self, name: str, reason: Sentence, remedy: Sentence) -> Finding:
        """Tell what is worth a word."""
        return Finding(self.link, name, Level.WARNING, reason, remedy)

    def fault(self, name: str, reason: Sentence, remedy: Sentence) -> Finding:
        """Tell what breaks the chain."""
        return Finding(self.link, name, Level.FAULT, reason, remedy)


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst of them."""
    return max((finding.level for finding in findings), default=Level.OK)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return them by link, as found within each."""
    order = list(Link)
    return sorted(findings, key=lambda finding: order.index(finding.link))
