"""The days of the week by name."""

from datetime import date

from daemon.domain.wording.text import Language, _

_NAMES = (
    (_("Mon"), _("Monday")),
    (_("Tue"), _("Tuesday")),
    (_("Wed"), _("Wednesday")),
    (_("Thu"), _("Thursday")),
    (_("Fri"), _("Friday")),
    (_("Sat"), _("Saturday")),
    (_("Sun"), _("Sunday")),
)


def day_word(day: date, language: Language) -> str:
    """Say a day of the last week by its name."""
    return language.say(_NAMES[day.weekday()][1])


def short_day(day: date, language: Language) -> str:
    """Say a day in as little room as there is below a bar."""
    return language.say(_NAMES[day.weekday()][0])
