"""What is told: sentences with what fills their places, and expected failures, with how a command ends on one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ClassVar, TypeAlias

Words: TypeAlias = Callable[[str], str]
"""Says a sentence of the catalogues in somebody's language."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words of the catalogues with what fills their places; a part may be a sentence again."""

    text: str
    parts: dict[str, Any] = field(default_factory=dict)

    def said(self, words: Words) -> str:
        """Return it in the language of `words`."""
        parts = {name: part.said(words) if isinstance(part, Sentence) else part for name, part in self.parts.items()}
        return words(self.text).format(**parts)

    def __str__(self) -> str:
        return self.said(str)


def plain(text: str) -> Sentence:
    """Make a sentence of words that are said as they come."""
    return Sentence("{text}", {"text": text})


class Exit(IntEnum):
    """How a command ends (sysexits where they fit)."""

    WELL = 0
    FAILURE = 1
    USAGE = 2
    NOT_RUNNING = 3
    UNAVAILABLE = 69
    TRY_LATER = 75
    NO_PERMISSION = 77
    CONFIGURATION = 78


class ExpectedError(Exception):
    """A failure that deserves a line instead of a traceback."""

    ends: ClassVar[Exit] = Exit.FAILURE
    """How a command ends that can do nothing about it."""

    def told(self, words: Words) -> str:
        """Return it in one line, as far as there are words for it."""
        del words
        return str(self)

    def lines(self, words: Words) -> list[str]:
        """Return what a command says of it."""
        return [f"duurloop: {self.told(words)}"]


class TellingError(ExpectedError):
    """One that is kept as a sentence of the catalogues and what fills its places, so that any language can tell it."""

    def __init__(self, sentence: str, **parts: Any) -> None:  # noqa: ANN401 - whatever a sentence may hold
        super().__init__(sentence.format(**parts))
        self.sentence = sentence
        self.parts = parts

    def told(self, words: Words) -> str:
        """Return it in one line, in the language of `words`."""
        return Sentence(self.sentence, self.parts).said(words)
