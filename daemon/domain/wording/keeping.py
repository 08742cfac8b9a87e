"""What runners are told of their data: that the database was damaged, or that no copies can be made."""

from datetime import date, datetime

from daemon.domain.marking import _
from daemon.domain.wording.days import date_text
from daemon.domain.wording.text import Language, Text

_RESTORED = _(
    "The file with your runs was damaged, most likely by a power cut. I went on with the copy of {day}, {time}. What "
    "files or Strava told since then can come again, the strap's cannot. Kept aside: {aside}"
)
_BEGUN_ANEW = _(
    "The file with your runs was damaged, most likely by a power cut, and there was no good copy. I began with an "
    "empty one, so your next run is kept. A copy elsewhere? duurloop restore brings it back. Kept aside: {aside}"
)
_NO_COPIES = _(
    "Since {day} no copy of your runs could be made. All else goes on as always; have a look when it suits you. What "
    "is in the way: {reason}"
)


def rescued_text(aside: str, copied_at: datetime | None, language: Language, *, today: date) -> Text:
    """Say that the database was damaged, and with what the house went on."""
    title = language.say(_("The database was damaged"))
    if copied_at is None:
        return Text(title, language.say(_BEGUN_ANEW).format(aside=aside))
    day = date_text(copied_at.date(), language, today=today)
    return Text(title, language.say(_RESTORED).format(day=day, time=f"{copied_at:%H:%M}", aside=aside))


def no_copies_text(since: date, reason: str, language: Language, *, today: date) -> Text:
    """Say that no copies have been made for days, and why."""
    day = date_text(since, language, today=today)
    return Text(language.say(_("No copies are made")), language.say(_NO_COPIES).format(day=day, reason=reason))
