"""What became of a session outside the house, in words: for a terminal, for the page, and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from daemon.domain.wording import Language
from daemon.handing.handovers import Going, Handover
from daemon.store import Outlet


@dataclass(frozen=True, slots=True)
class Told:
    """One line; `link` is where it is to be seen."""

    text: str
    link: str | None = None


def handed_lines(handovers: Sequence[Handover], language: Language, zone: tzinfo) -> list[Told]:
    """Say of each outlet how far a session has come."""
    return [Told(_said(one, language, zone), activity_url(one)) for one in handovers]


def view_words(language: Language) -> str:
    """Return the words of a link to an activity, as Strava wants them."""
    return language.say("View on Strava")


def activity_url(handover: Handover) -> str | None:
    """Return where an activity is to be seen; None where there is none."""
    is_there = handover.outlet is Outlet.STRAVA and handover.going is Going.SENT and handover.place
    return f"https://www.strava.com/activities/{handover.place}" if is_there else None


def handed_report(handovers: Sequence[Handover], zone: tzinfo) -> list[dict[str, Any]]:
    """Return the same as JSON."""
    return [
        {
            "outlet": one.outlet.value,
            "state": one.going.value,
            "at": one.changed_at.astimezone(zone).isoformat(timespec="seconds"),
            "reason": one.why.value if one.why else None,
            "file": one.place if one.outlet is Outlet.FOLDER else None,
            "url": activity_url(one),
        }
        for one in handovers
    ]


def _said(handover: Handover, language: Language, zone: tzinfo) -> str:
    when = f"{handover.changed_at.astimezone(zone):%Y-%m-%d %H:%M}"
    if handover.outlet is Outlet.FOLDER:
        return _of_folder(handover, language, when)
    return _of_strava(handover, language, when)


def _of_folder(handover: Handover, language: Language, when: str) -> str:
    match handover.going:
        case Going.SENT:
            said = language.say("Put into the folder on {when}: {file}")
            return said.format(when=when, file=handover.place)
        case Going.REFUSED:
            return language.say("There is no file of it.")
        case _:
            return language.say("Waits for its folder.")


def _of_strava(handover: Handover, language: Language, when: str) -> str:
    match handover.going:
        case Going.SENT if handover.place:
            return language.say("On Strava since {when}.").format(when=when)
        case Going.SENT:
            return language.say("Went to Strava.")
        case Going.HELD:
            return language.say("Waits until Strava lets me add your sessions: duurloop strava link")
        case Going.REFUSED:
            return language.say("Strava made no activity of it. Here it stays as it is.")
        case Going.DUE:
            return language.say("Waits to go to Strava.")
