"""Days by name, and dates."""

from datetime import date

from daemon.domain.marking import _
from daemon.domain.wording.text import Language

_NAMES = (
    (_("Mon"), _("Monday")),
    (_("Tue"), _("Tuesday")),
    (_("Wed"), _("Wednesday")),
    (_("Thu"), _("Thursday")),
    (_("Fri"), _("Friday")),
    (_("Sat"), _("Saturday")),
    (_("Sun"), _("Sunday")),
)

_DUTCH = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
"""Understood at every terminal: a server often speaks English where its owner does not."""
_SHORTEST = 2
"""Fewer letters may be several days."""

_MONTHS = (
    *(_("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July")),
    *(_("August"), _("September"), _("October"), _("November"), _("December")),
)


def date_text(day: date, language: Language, *, today: date) -> str:
    """Say a date with its day of the week; the year only where it is another one."""
    parts = {"day": day.day, "month": month_word(day, language), "year": day.year}
    said = _("{day} {month}") if day.year == today.year else _("{day} {month} {year}")
    return f"{day_word(day, language)} {language.say(said).format(**parts)}"


def month_word(day: date, language: Language) -> str:
    """Say the month that a day lies in."""
    return language.say(_MONTHS[day.month - 1])


def day_word(day: date, language: Language) -> str:
    """Say a day of the last week by its name."""
    return language.say(_NAMES[day.weekday()][1])


def short_day(day: date, language: Language) -> str:
    """Say a day in as little room as there is below a bar."""
    return language.say(_NAMES[day.weekday()][0])


def weekday_meant(typed: str, language: Language) -> int | None:
    """Return the day of the week (0 for Monday) whose name begins so, in the language, English or Dutch."""
    word = typed.strip().removesuffix(".").casefold()
    if len(word) < _SHORTEST:
        return None
    for weekday, (short, name) in enumerate(_NAMES):
        known = (name, _DUTCH[weekday], language.say(name), language.say(short))
        if any(one.casefold().startswith(word) for one in known):
            return weekday
    return None
