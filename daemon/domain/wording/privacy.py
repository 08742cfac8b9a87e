"""The privacy page: what is kept, for how long, who sees it, what leaves the house, and how to have it erased.

It is made from what the household has set, so that nobody reads of what is not there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from daemon.domain.marking import _
from daemon.domain.wording.care import Section
from daemon.domain.wording.text import Language


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the household has set about keeping and handing on."""

    strava_days: int | None = None
    """How long what came by Strava alone is kept; None without an application there."""
    uploading: tuple[str, ...] = ()
    """Runners whose own sessions go to Strava."""
    exports: bool = False
    """Whether sessions stand as files in a folder."""
    group: tuple[str, ...] = ()
    """Runners who said yes to having their runs added up."""


@dataclass(frozen=True, slots=True)
class Way:
    """One channel, as it is told of."""

    name: str
    kinds: Sequence[str]
    """What goes there: `live`, `after`, `reminder`, `week`, `service`."""
    figures: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page is about, and for whom."""

    names: tuple[str, ...]
    """The runners."""
    ways: tuple[Way, ...]
    keeping: Keeping
    is_open: bool
    """Only the server itself can reach the page."""


_KINDS = {
    "live": _("words during a run"),
    "after": _("three lines after it"),
    "reminder": _("reminders"),
    "week": _("the summary of the week"),
    "service": _("what keeps duurloop from its work"),
}
_KEPT = (
    _("Runs that your strap or your files told of, with their heart beats: for good, until you have them erased."),
    _("How you felt, and your notes: until you have them erased."),
    _("Which step of the plan was run on which day: until you have it erased. No figures are in it."),
    _("Of the questions before you begin: the day on which they were answered, and no answer."),
    _("Messages: their words until they are sent. For another week, that they were sent."),
    _("A copy is made every day; seven days and four weeks of them stay."),
)
_NOT_KEPT = _("Where you ran is not kept at all.")
_NOT_COPIED = _("What came by Strava alone is in no copy.")
_EXPORTED = _("Sessions that the house records also stand as files in a folder of this server.")
_AT_THE_SERVER = _("This page: whoever sits at the server. Nobody else can reach it.")
_BY_LINK = _(
    "This page: whoever has its link. The household's shows everybody, also how they felt; your own shows you alone."
)
_OWN_EYES = _("What came by Strava alone is shown to its own runner only.")
_ADMINISTRATOR = _("Whoever administers this server can open all that lies on it.")
_LOG = _("The log holds no heart rate, no feeling and no password.")
_GROUP = _("On Sundays the runs of {names} are added up. Nobody's share can be seen.")
_NO_WAYS = _("There are no channels in the settings, so no message leaves the house.")
_PLAIN = _("{channel}: {what}. No heart rates, and not how you felt.")
_WITH_FIGURES = _("{channel}: {what}. Heart rates and how you felt may be in it, as you asked.")
_NOTHING_SENT = _("{channel}: nothing.")
_ASKED = _("Strava is asked whether there are new runs.")
_UPLOADED = _("Strava gets the sessions that the house records of {names}, as you asked.")
_NOTHING_ELSE = _("Nothing else. This page fetches nothing from elsewhere.")
_OURS = (
    _("To take everything along, on the server: duurloop export. It can be read without duurloop."),
    _("To have a runner erased, from the copies too: duurloop forget."),
)
_UNLINK = _("To end the link with Strava, and have erased at once what came by it: duurloop strava unlink.")
_REVOKE = _("To take back all links to this page: duurloop page revoke.")
PROMISE = _("Everything stays on this server, but what you chose to send.")
NO_DEVICE = _("duurloop is not a medical device. A strap can be wrong, so do not rely on it where it matters.")


def privacy_page(seen: Seen, language: Language) -> tuple[Section, ...]:
    """Return all of it, for those who look."""
    return (
        Section(language.say(_("What is kept here, and for how long")), tuple(_kept(seen, language))),
        Section(language.say(_("Who sees it")), tuple(_eyes(seen, language))),
        Section(language.say(_("What leaves the house")), tuple(_leaving(seen, language))),
        Section(language.say(_("Take it along, have it erased")), tuple(_rights(seen, language))),
    )


def _kept(seen: Seen, language: Language) -> Iterator[str]:
    days = seen.keeping.strava_days
    yield from map(language.say, _KEPT)
    if days is not None:
        told = language.plural(
            "What came by Strava alone: for {days} day, then it is erased.",
            "What came by Strava alone: for {days} days, then it is erased.",
            days,
        )
        yield told.format(days=days)
        yield language.say(_NOT_COPIED)
    if seen.keeping.exports:
        yield language.say(_EXPORTED)
    yield language.say(_NOT_KEPT)


def _eyes(seen: Seen, language: Language) -> Iterator[str]:
    yield language.say(_AT_THE_SERVER if seen.is_open else _BY_LINK)
    if seen.keeping.strava_days is not None:
        yield language.say(_OWN_EYES)
    if set(seen.keeping.group) & set(seen.names):
        yield language.say(_GROUP).format(names=", ".join(seen.keeping.group))
    yield language.say(_ADMINISTRATOR)
    yield language.say(_LOG)


def _leaving(seen: Seen, language: Language) -> Iterator[str]:
    yield from (_way(way, language) for way in seen.ways)
    if not seen.ways:
        yield language.say(_NO_WAYS)
    if seen.keeping.strava_days is not None:
        yield language.say(_ASKED)
    if uploading := [name for name in seen.keeping.uploading if name in seen.names]:
        yield language.say(_UPLOADED).format(names=", ".join(uploading))
    yield language.say(_NOTHING_ELSE)


def _way(way: Way, language: Language) -> str:
    what = ", ".join(language.say(said) for kind, said in _KINDS.items() if kind in way.kinds)
    if not what:
        return language.say(_NOTHING_SENT).format(channel=way.name)
    return language.say(_WITH_FIGURES if way.figures else _PLAIN).format(channel=way.name, what=what)


def _rights(seen: Seen, language: Language) -> Iterator[str]:
    yield from map(language.say, _OURS)
    if seen.keeping.strava_days is not None:
        yield language.say(_UNLINK)
    yield language.say(_REVOKE)
