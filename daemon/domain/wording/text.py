"""What words are made of: a text, a language, and which of several variants is said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daemon.domain.marking import _

PICTURE = "week.png"
"""The name of a mail's picture: its page shows it as `cid:` and this."""


@dataclass(frozen=True, slots=True)
class Mail:
    """The same words for a mailbox."""

    html: str
    """Shows the picture by the name `PICTURE`."""
    picture: bytes
    """A PNG."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words for a phone: a short title and a few short lines."""

    title: str
    body: str
    mail: Mail | None = None
    """What a mailbox gets besides."""


@dataclass(frozen=True, slots=True)
class Language:
    """How a language says things: gettext and ngettext of its catalogue."""

    say: Callable[[str], str]
    plural: Callable[[str, str, int], str]
    code: str = "en"
    """`nl` or `en`."""

    def vary(self, variants: Sequence[str], turn: int) -> str:
        """Say one of several sentences that mean the same."""
        return self.say(variants[turn % len(variants)])


ENGLISH = Language(lambda text: text, lambda one, many, number: one if number == 1 else many)
_SHORT_S, _HALF_MINUTE_S = 120, 30


def duration(seconds: float, language: Language) -> str:
    """Say how long: in minutes, by halves where it is a half, and in seconds what is short and uneven."""
    whole = round(seconds)
    if whole < _SHORT_S and whole % 60:
        return language.plural("{n} second", "{n} seconds", whole).format(n=whole)
    minutes, half = whole // 60, whole % 60 == _HALF_MINUTE_S
    if half:
        return language.plural("{n} minute", "{n} minutes", 2).format(n=f"{minutes}½")
    return in_minutes(whole, language)


def in_minutes(seconds: float, language: Language) -> str:
    """Say how long, in whole minutes."""
    minutes = (round(seconds) + _HALF_MINUTE_S) // 60
    return language.plural("{n} minute", "{n} minutes", minutes).format(n=minutes)


def within(name: str) -> str:
    """Return a step's name as it stands within a sentence: `Week 2, a minute and a half`."""
    return name.replace(": ", ", ")


def clock_text(seconds: float) -> str:
    """Say a moment of a run, or how long something lasted to the second: `12:05`, or `1:02:05` after an hour."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def in_percent(share: float, language: Language) -> str:
    """Say a share of a hundred in whole percents; like a verdict it is not reached before it is whole."""
    return language.say(_("{n} %")).format(n=int(share))


def tenths(value: float, language: Language) -> str:
    """Say a number with one decimal, with the language's own point."""
    whole, tenth = f"{round(value, 1) + 0.0:.1f}".split(".")
    return language.say(_("{whole}.{tenth}")).format(whole=whole, tenth=tenth)
