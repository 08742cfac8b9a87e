"""How a runner is at this moment, in a word or two and one line: what stands on the live page."""

from enum import Enum

from daemon.domain.marking import _
from daemon.domain.plan import StepKind
from daemon.domain.wording.live import cue_text
from daemon.domain.wording.text import Language, Text, duration


class LiveState(Enum):
    """What the page has to say of a runner; the value is its name in the page's style."""

    INSIDE = "inside"
    BELOW = "below"
    ABOVE = "above"
    FREE = "free"
    """Heard, and there is no zone to hold it against."""
    HELD = "held"
    NO_CONTACT = "no-contact"
    UNSURE = "unsure"
    """Heard, and not believed."""
    QUIET = "quiet"
    """On the line, and says nothing."""
    AWAY = "away"
    """Lost in the middle of a run."""
    RESTING = "resting"
    """Just stopped, and the strap is still worn."""
    LISTENING = "listening"
    """On the line before a run."""
    ABSENT = "absent"
    RELEASED = "released"
    UNARMED = "unarmed"
    NO_RADIO = "no-radio"
    STRAPLESS = "strapless"


_WORDS: dict[LiveState, tuple[str, str]] = {
    LiveState.INSIDE: (_("In your zone"), _("Just like this.")),
    LiveState.BELOW: (_("Below your zone"), _("That is never wrong.")),
    LiveState.ABOVE: (_("A bit high"), _("A little slower is fine. Walking is fine too.")),
    LiveState.FREE: (_("I hear your heart"), _("There is no zone to hold it against yet.")),
    LiveState.HELD: (_("Paused"), _("Your run waits for you.")),
    LiveState.NO_CONTACT: (_("No contact"), _("Your strap does not feel your skin. A little water on it helps.")),
    LiveState.UNSURE: (_("Not sure yet"), _("What I hear is a bit wild. A wet strap that sits snugly helps.")),
    LiveState.QUIET: (_("Not heard"), _("Your strap is on the line and says nothing just now.")),
    LiveState.AWAY: (_("Strap away"), _("I can't hear your strap just now. I keep listening.")),
    LiveState.RESTING: (_("That was your run"), _("Let your breath come down in its own time.")),
    LiveState.LISTENING: (_("Your strap is here"), _("A run begins with your first heartbeats.")),
    LiveState.ABSENT: (_("No strap in reach"), _("Put it on, and I hear it.")),
    LiveState.RELEASED: (_("Your strap is free"), _("Your watch can have it until {time}.")),
    LiveState.UNARMED: (_("Not listening"), _("I look for your strap when you say so.")),
    LiveState.NO_RADIO: (_("No Bluetooth"), _("Just now I can't hear any strap. The page Status says why.")),
    LiveState.STRAPLESS: (_("No strap"), _("Your runs come in by themselves, from files or from Strava.")),
}


def live_text(state: LiveState, language: Language, time: str = "") -> Text:
    """Say how a runner is; `time` is until when the strap is free."""
    word, line = _WORDS[state]
    return Text(language.say(word), language.say(line).format(time=time))


def next_line(kind: StepKind | None, for_s: float, language: Language) -> str:
    """Say what comes after the part that is on; no kind means nothing does."""
    if kind is None:
        return language.say(_("Then it is done"))
    title = cue_text(kind, for_s, language).title
    return language.say(_("Then: {part}, {duration}")).format(
        part=title[:1].lower() + title[1:], duration=duration(for_s, language)
    )


def limit_line(high: int, language: Language) -> str:
    """Say the one number to stay under."""
    return language.say(_("Stay under {high}")).format(high=high)
