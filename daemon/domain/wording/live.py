"""What is said while somebody is running, or about to, and what the house itself has to say."""

from daemon.domain.marking import _
from daemon.domain.nudges import Message, Nudge
from daemon.domain.plan import StepKind
from daemon.domain.wording.text import Language, Text, duration

NUDGES: dict[Message, tuple[str, tuple[str, ...]]] = {
    Message.STRAP_LOST: (
        _("Your strap is quiet"),
        (
            _("I can't hear your strap just now. Carry on calmly; I keep listening."),
            _("Your strap has gone quiet. You can simply go on; I hear it when it is back."),
            _("Nothing comes in from your strap. Go by your breath: if you can talk, it is right."),
        ),
    ),
    Message.WET_STRAP: (
        _("Is your strap damp?"),
        (
            _("Your strap does not feel your skin well yet. A little water on the electrodes helps."),
            _("What I hear is still a bit wild. A wet strap that sits snugly usually helps."),
            _("Your strap and your skin don't quite get along yet. Wet the electrodes a little."),
        ),
    ),
    Message.EASE_OFF: (
        _("A little calmer"),
        (
            _("A bit slower is fine. Walking for a moment is fine too."),
            _("Let it sink a little. Short steps, a quiet breath."),
            _("You may take it back a notch; you lose nothing by it."),
            _("Could you say a whole sentence just now? If not, take it easier."),
            _("Your heart would like more room. Walk a few steps if you like."),
            _("Loosen your shoulders, shorten your steps. The rest follows."),
            _("There is no hurry. A gentler pace is the right one today."),
            _("A short walk now makes the rest of it lighter."),
        ),
    ),
    Message.PICK_UP: (
        _("There is room"),
        (
            _("You have room for a little more, if you feel like it."),
            _("Your heart is very quiet. A bit more is allowed, and so is staying like this."),
            _("This comes easily to you just now. Do a little more if it feels good."),
            _("There is space left below your limit; use it only if you like."),
        ),
    ),
    Message.WELL_KEPT: (
        _("Nicely kept"),
        (
            _("You kept it calm. That is exactly what it is about."),
            _("Calm nearly all the way. You can be pleased with that."),
            _("You listened to your heart, and it shows."),
            _("Calm suits you well."),
            _("You found your own calm pace and stayed there."),
            _("It went quietly. Let your breath come down in its own time."),
            _("Well in hand. Now take your time to come down."),
            _("It stayed light, and light is what it was meant to be."),
        ),
    ),
}

CUES: dict[StepKind, tuple[str, str]] = {
    StepKind.WARM_UP: (_("Walk to warm up"), _("Start with a brisk walk, {duration}.")),
    StepKind.RUN: (_("Run calmly"), _("Run for {duration}, so slowly that you could talk.")),
    StepKind.WALK: (_("Walk"), _("Walk for {duration}.")),
    StepKind.RECOVERY: (_("Recover"), _("Take it very easy for {duration}.")),
    StepKind.COOL_DOWN: (_("Walk to cool down"), _("The running is done. Walk on for {duration}.")),
}
LED_CUES: dict[StepKind, str] = {
    StepKind.WALK: _("Walk until your heart has come down: at least {least}, at most {duration}."),
    StepKind.RECOVERY: _("Take it very easy until your heart has come down: at least {least}, at most {duration}."),
}
"""Of steps that the heart leads."""
COURSE_DONE = (_("That was it"), _("You have done the whole session. You may stop."))

_FIGURE = _("Your heart is at {bpm}; {high} is the number to stay under.")
_BELOW_FIGURE = _("Your heart is at {bpm}; your zone begins at {low}.")


def nudge_text(nudge: Nudge, language: Language, edges: tuple[int, int] | None = None, turn: int = 0) -> Text:
    """Put a nudge into words; `edges` (low, high) only where figures are wanted.

    `turn` counts on within a run and from day to day, so that neither one run nor two in a row repeat themselves.
    """
    title, variants = NUDGES[nudge.message]
    body = language.vary(variants, turn)
    if edges is not None and nudge.bpm is not None:
        figure = _BELOW_FIGURE if nudge.message is Message.PICK_UP else _FIGURE
        body += " " + language.say(figure).format(bpm=nudge.bpm, low=edges[0], high=edges[1])
    return Text(language.say(title), body)


def cue_text(kind: StepKind | None, for_s: float, language: Language, least_s: float | None = None) -> Text:
    """Put what the course has on next into words; no kind means that it is done.

    With `least_s` the heart leads: the step lasts that long at least, and `for_s` at most.
    """
    title, body = COURSE_DONE if kind is None else CUES[kind]
    if kind is not None and least_s is not None and least_s < for_s:
        body = LED_CUES.get(kind, body)
    least = duration(for_s if least_s is None else least_s, language)
    return Text(language.say(title), language.say(body).format(duration=duration(for_s, language), least=least))


def hello_text(language: Language) -> Text:
    """Say that the strap is heard."""
    return Text(language.say(_("I hear you")), language.say(_("Your strap is connected. Have a calm run.")))


def battery_text(language: Language) -> Text:
    """Say that the strap's battery is nearly empty."""
    return Text(
        language.say(_("Your strap's battery")),
        language.say(_("The battery of your strap is nearly empty. Put in a new one before your next run.")),
    )


def full_text(language: Language) -> Text:
    """Say that nothing can be kept."""
    return Text(
        language.say(_("I cannot write anything down just now")),
        language.say(
            _("The disk seems to be full, or may not be written to. What comes in I keep in mind for some hours.")
        ),
    )


def channel_text(channel: str, reason: str, language: Language) -> Text:
    """Say that another channel of the runner does not take messages, with what it answered."""
    return Text(
        language.say(_("A message could not be sent")),
        language.say(_("Channel {channel} does not take my messages: {reason}. Its settings need a look.")).format(
            channel=channel, reason=language.say(reason)
        ),
    )
