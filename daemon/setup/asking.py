"""Asking somebody at a terminal: a question, what Enter means, what `?` explains, and a kind word for a slip."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from daemon.domain.marking import _
from daemon.domain.wording import Language
from daemon.telling import TellingError

T = TypeVar("T")

QUIT, HELP, NOTHING = "q", "?", "-"
_YES: Final = frozenset({"y", "yes", "j", "ja"})
_NO: Final = frozenset({"n", "no", "nee"})


class LeftError(Exception):
    """Whoever was asked has left; nothing follows from it."""


class PuzzledError(TellingError, ValueError):
    """An answer that was not understood; the sentence says what would be."""


def yes_or_no(typed: str) -> bool:
    """Read a yes or a no in either language: a server often speaks English where its owner does not."""
    said = typed.strip().casefold()
    if said not in _YES | _NO:
        raise PuzzledError(_("yes or no, please."))
    return said in _YES


class Put(Protocol):
    """Shows a question and returns what was typed; raises `EOFError` when nothing more can come."""

    def __call__(self, question: str, *, hidden: bool = False) -> str:
        """Ask; `hidden` keeps what is typed out of sight."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several things to choose from."""

    key: str
    """What is typed."""
    text: str


class Asker:
    """Asks in one language, until an answer is understood. `q` leaves at every question: `LeftError`."""

    def __init__(self, put: Put, say: Callable[[str], None], language: Language) -> None:
        self._put = put
        self._say = say
        self.language = language

    def words(self, sentence: str) -> str:
        """Return a sentence of the catalogues in this language."""
        return self.language.say(sentence)

    def tell(self, *lines: str) -> None:
        """Say something."""
        for line in lines:
            self._say(line)

    def hint(self, *lines: str) -> None:
        """Say something that belongs to what was said before."""
        self.tell(*(f"  {line}" for line in lines))

    def head(self, title: str) -> None:
        """Begin a subject."""
        self.tell("", f"-- {title}")

    def ask(self, question: str, read: Callable[[str], T], *, default: str = "", explained: str = "") -> T:
        """Return what `read` makes of the answer; it raises `PuzzledError` for one that it cannot take."""
        shown = f"{question} [{default}]" if default else question
        while True:
            typed = self._typed(shown)
            if typed == HELP:
                self.hint(explained or self.words("Enter keeps what stands in brackets; q leaves."))
                continue
            try:
                return read(typed or default)
            except PuzzledError as puzzled:
                self.hint(puzzled.told(self.words))

    def ask_hidden(self, question: str, *, explained: str = "") -> str:
        """Return what was typed out of sight; nothing for nothing."""
        while (typed := self._typed(question, hidden=True)) == HELP:
            self.hint(explained or self.words("Type or paste it; nothing shows. Enter for none; q leaves."))
        return typed

    def agree(self, question: str, *, default: bool, explained: str = "") -> bool:
        """Ask for yes or no."""
        expected = self.words("yes") if default else self.words("no")
        return self.ask(question, yes_or_no, default=expected, explained=explained)

    def choose(self, question: str, choices: Sequence[Choice], *, default: str = "", explained: str = "") -> str:
        """Let one of several be chosen; return its key."""
        for choice in choices:
            self.tell(f"  {choice.key:>2}  {choice.text}")
        keys = {choice.key for choice in choices}

        def read(typed: str) -> str:
            if typed.casefold() not in keys:
                raise PuzzledError(_("One of these, please: {keys}"), keys=", ".join(choice.key for choice in choices))
            return typed.casefold()

        return self.ask(question, read, default=default, explained=explained)

    def _typed(self, question: str, *, hidden: bool = False) -> str:
        try:
            typed = self._put(f"{question}: ", hidden=hidden).strip()
        except EOFError:
            raise LeftError from None
        if typed.casefold() == QUIT:
            raise LeftError
        return typed
