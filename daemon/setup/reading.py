"""How answers are understood, generously, and how they are written down: days, hours, heart rates, a zone."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from config import forms
from config.forms import HIGHEST_BPM, LOWEST_BPM, Weekday
from daemon.domain.marking import _
from daemon.domain.wording import Language, short_day, weekday_meant
from daemon.setup.asking import NOTHING, PuzzledError

OLDEST_YEAR: Final = 1900
YOUNGEST: Final = 5
_AND: Final = frozenset({"en", "and", "op", "on"})
_UNTIL: Final = re.compile(r"\s*(?:-|–|tot|to)\s*")  # noqa: RUF001  # an en dash, as many phones write it
_CLOCK: Final = re.compile(r"(?:(\d{1,2})(?:[:.uh ](\d{2}))?|(\d{2})(\d{2}))\s*(?:u|h|uur)?")


def name(typed: str) -> str:
    """Read a name of one line."""
    try:
        return forms.name(typed)
    except ValueError:
        raise PuzzledError(_("A name of at most 40 letters, please.")) from None


def strap(typed: str) -> str:
    """Read a strap's name, or its address."""
    pointer = typed.strip()
    if not forms.looks_like_an_address(pointer):
        if not pointer or not pointer.isprintable():
            raise PuzzledError(_("An address such as C0:00:00:12:34:56, or the strap's name."))
        return pointer
    try:
        return forms.bluetooth_address(pointer)
    except ValueError:
        raise PuzzledError(_("An address such as C0:00:00:12:34:56, or the strap's name.")) from None


def year(typed: str, today: date) -> int | None:
    """Read a year of birth; None for nothing."""
    if typed in {"", NOTHING}:
        return None
    if not typed.isascii() or not typed.isdecimal() or not OLDEST_YEAR <= int(typed[:5]) <= today.year - YOUNGEST:
        raise PuzzledError(_("A year such as 1980, or Enter to skip it."))
    return int(typed)


def heart_rate(typed: str, span: tuple[int, int]) -> int | None:
    """Read beats per minute; None for nothing."""
    if typed in {"", NOTHING}:
        return None
    if not typed.isascii() or not typed.isdecimal() or not span[0] <= int(typed[:4]) <= span[1]:
        raise PuzzledError(_("A number from {low} to {high}, or Enter to skip it."), low=span[0], high=span[1])
    return int(typed)


def zone(typed: str) -> str:
    """Read `118-136`, as it is written in the settings."""
    written = _UNTIL.sub("-", " ".join(typed.casefold().split()))
    try:
        edges = forms.bounds(written)
    except ValueError:
        if any(not LOWEST_BPM <= int(edge) <= HIGHEST_BPM for edge in re.findall(r"\d{1,4}", written)):
            raise PuzzledError(
                _("Heart rates from {low} to {high}, please."), low=LOWEST_BPM, high=HIGHEST_BPM
            ) from None
        raise PuzzledError(
            _("Two heart rates with a dash between them, the lower one first, such as 118-136.")
        ) from None
    return f"{edges.low}-{edges.high}"


def clock(typed: str) -> str:
    """Read an hour in any of the ways in which people write one: 18:30, 18.30, 18u30, 1830, 18."""
    found = _CLOCK.fullmatch(typed.strip().casefold())
    hour, minute = (int(found[1] or found[3]), int(found[2] or found[4] or 0)) if found else (24, 0)
    if hour > 23 or minute > 59:  # noqa: PLR2004 - of a day and an hour
        raise PuzzledError(_("A time of day, such as 18:30."))
    return f"{hour:02}:{minute:02}"


def days(typed: str, language: Language) -> list[str]:
    """Read days of the week in the language, or as the settings write them; `-` for none."""
    if typed in {"", NOTHING}:
        return []
    found = {_day(word, language) for word in re.split(r"[\s,;+&/]+", typed.casefold()) if word and word not in _AND}
    return [day.name.lower() for day in sorted(found)]


def week(typed: str, language: Language) -> str:
    """Read a day and an hour."""
    day, _space, hour = typed.strip().partition(" ")
    return f"{_day(day.casefold().strip(','), language).name.lower()} {clock(hour)}"


def quiet(typed: str) -> str:
    """Read two hours; nothing for `-`."""
    if typed == NOTHING:
        return ""
    start, dash, end = _UNTIL.sub("-", typed.casefold()).partition("-")
    if not dash or clock(start) == clock(end):
        raise PuzzledError(_("Two times of day with a dash between them, such as 22:00-07:00; - for none."))
    return f"{clock(start)}-{clock(end)}"


def days_told(codes: Sequence[str], language: Language) -> str:
    """Return days as the language has them."""
    return ", ".join(_short(Weekday[code.upper()], language) for code in codes)


def week_told(moment: str, language: Language) -> str:
    """Return a day and an hour as the language has them."""
    day, _space, hour = moment.partition(" ")
    return f"{days_told([day], language)} {hour}"


def listed(*known: str) -> Callable[[str], tuple[str, ...]]:
    """Return what reads a list of known words."""

    def read(typed: str) -> tuple[str, ...]:
        found = tuple(word for word in re.split(r"[\s,]+", typed.casefold()) if word)
        if not found or not set(found) <= set(known):
            raise PuzzledError(_("One or more of: {known}"), known=", ".join(known))
        return tuple(word for word in known if word in found)

    return read


def _short(day: Weekday, language: Language) -> str:
    return short_day(date.fromordinal(day + 1), language).casefold()  # the first of all days was a Monday


def _day(word: str, language: Language) -> Weekday:
    day = weekday_meant(word, language)
    if day is not None:
        return Weekday(day)
    raise PuzzledError(_("Days, please, such as {days}; - for none."), days=days_told(["tue", "thu", "sun"], language))
