"""What is said, in words: kind, short, without figures unless they were asked for.

Sentences stand here in English, which is also their key in the catalogues of `config/locale`; a language
comes in as two functions. Nothing in here decides whether to speak. Tone: no exclamation marks, no guilt,
no "faster", nothing medical.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from daemon.domain.effort import Judgement, Reason, Verdict
from daemon.domain.nudges import Message, Nudge
from daemon.domain.plan import StepKind
from daemon.domain.progress import Proposal, Why
from daemon.domain.run import Source


@dataclass(frozen=True, slots=True)
class Text:
    """Words for a phone: a short title and a few short lines."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Language:
    """How a language says things: gettext and ngettext of its catalogue."""

    say: Callable[[str], str]
    plural: Callable[[str, str, int], str]


ENGLISH = Language(lambda text: text, lambda one, many, number: one if number == 1 else many)


def _(text: str) -> str:
    """Mark a sentence for the catalogues; the language translates it when it is spoken."""
    return text


NUDGES: dict[Message, tuple[str, str]] = {
    Message.STRAP_LOST: (
        _("Your strap is quiet"),
        _("I can't hear your strap just now. Carry on calmly; I keep listening."),
    ),
    Message.WET_STRAP: (
        _("Is your strap damp?"),
        _("Your strap does not feel your skin well yet. A little water on the electrodes helps."),
    ),
    Message.EASE_OFF: (_("A little calmer"), _("A bit slower is fine. Walking for a moment is fine too.")),
    Message.PICK_UP: (_("There is room"), _("You have room for a little more, if you feel like it.")),
    Message.WELL_KEPT: (_("Nicely kept"), _("You kept it calm. That is exactly what it is about.")),
}

CUES: dict[StepKind, tuple[str, str]] = {
    StepKind.WARM_UP: (_("Walk to warm up"), _("Start with a brisk walk, {duration}.")),
    StepKind.RUN: (_("Run calmly"), _("Run for {duration}, so slowly that you could talk.")),
    StepKind.WALK: (_("Walk"), _("Walk for {duration}.")),
    StepKind.RECOVERY: (_("Recover"), _("Take it very easy for {duration}.")),
    StepKind.COOL_DOWN: (_("Walk to cool down"), _("The running is done. Walk on for {duration}.")),
}
COURSE_DONE = (_("That was it"), _("You have done the whole session. You may stop."))

_FIGURE = _("Your heart is at {bpm}; {high} is the number to stay under.")
_BELOW_FIGURE = _("Your heart is at {bpm}; your zone begins at {low}.")


def nudge_text(nudge: Nudge, language: Language, edges: tuple[int, int] | None = None) -> Text:
    """Put a nudge into words; `edges` (low, high) only where figures are wanted."""
    title, body = (language.say(part) for part in NUDGES[nudge.message])
    if edges is not None and nudge.bpm is not None:
        figure = _BELOW_FIGURE if nudge.message is Message.PICK_UP else _FIGURE
        body += " " + language.say(figure).format(bpm=nudge.bpm, low=edges[0], high=edges[1])
    return Text(title, body)


def cue_text(kind: StepKind | None, for_s: float, language: Language) -> Text:
    """Put what the course has on next into words; no kind means that it is done."""
    title, body = (language.say(part) for part in (COURSE_DONE if kind is None else CUES[kind]))
    return Text(title, body.format(duration=duration(for_s, language)))


def hello_text(language: Language) -> Text:
    """Say that the strap is heard."""
    return Text(language.say(_("I hear you")), language.say(_("Your strap is connected. Have a calm run.")))


def summary_text(judgement: Judgement, duration_s: float, language: Language, *, figures: bool) -> Text:
    """Say three lines after a run: how calm it was, what went well, what comes next."""
    lines = [_how_calm(judgement), _went_well(judgement, duration_s), _next(judgement)]
    spoken = [language.say(line) for line in lines]
    if figures and judgement.calm_pct is not None and judgement.verdict is not Verdict.UNJUDGED:
        share = language.say(_("{calm} % calm, {duration}.")).format(
            calm=int(judgement.calm_pct), duration=duration(duration_s, language)
        )
        spoken[0] += " " + share
    return Text(language.say(_("Your run")), "\n".join(spoken))


def proposal_text(proposal: Proposal, language: Language) -> str:
    """Say why the plan proposes what it does."""
    return language.say(_WHY[proposal.why])


def battery_text(language: Language) -> Text:
    """Say that the strap's battery is nearly empty."""
    return Text(
        language.say(_("Your strap's battery")),
        language.say(_("The battery of your strap is nearly empty. Put in a new one before your next run.")),
    )


def channel_text(channel: str, reason: str, language: Language) -> Text:
    """Say that another channel of the runner does not take messages, with what it answered."""
    return Text(
        language.say(_("A message could not be sent")),
        language.say(_("Channel {channel} does not take my messages: {reason}. Its settings need a look.")).format(
            channel=channel, reason=reason
        ),
    )


def duration(seconds: float, language: Language) -> str:
    """Say how long: in minutes, by halves where it is a half, and in seconds what is short and uneven."""
    whole = round(seconds)
    if whole < _SHORT_S and whole % 60:
        return language.plural("{n} second", "{n} seconds", whole).format(n=whole)
    minutes, half = whole // 60, whole % 60 == _HALF_MINUTE_S
    if half:
        return language.plural("{n} minute", "{n} minutes", 2).format(n=f"{minutes}½")
    minutes = (whole + _HALF_MINUTE_S) // 60
    return language.plural("{n} minute", "{n} minutes", minutes).format(n=minutes)


def reason_text(reason: Reason, language: Language) -> str:
    """Say why a run is not judged."""
    return language.say(_REASONS[reason])


def verdict_text(verdict: Verdict, language: Language) -> str:
    """Say a verdict in one word."""
    return language.say(_VERDICTS[verdict])


def source_text(source: Source, language: Language) -> str:
    """Say where a run came from."""
    return language.say(_SOURCES[source])


_WHY = {
    Why.BEGIN: _("This is where the plan begins."),
    Why.CHOSEN: _("You chose this step yourself."),
    Why.READY: _("The last runs went calmly, so you are ready for the next step."),
    Why.MORE: _("It went well. Do this step once more before the next one."),
    Why.LIVELY: _("It was a bit lively. Once more makes it calmer, and that is progress too."),
    Why.HARD: _("It was a strong run. Do this step again, a little slower."),
    Why.HARD_AGAIN: _("It was strong twice in a row. A step back gives you room again."),
    Why.HEAVY: _("It felt heavy. Stay at this step until it feels lighter."),
    Why.CUT_SHORT: _("You stopped early, and that is fine. Take this step again when you feel like it."),
    Why.AWAY: _("It has been a while. A smaller step is a good way back in."),
    Why.LAST: _("You have reached the end of the plan. You may keep it just like this."),
}
_SHORT_S, _HALF_MINUTE_S = 120, 30
_SOURCES = {
    Source.STRAP: _("your strap"),
    Source.FILE: _("a file"),
    Source.ARCHIVE: _("Strava's archive"),
    Source.STRAVA_API: "Strava",
}
_VERDICTS = {
    Verdict.CALM: _("calm"),
    Verdict.LIVELY: _("lively"),
    Verdict.HARD: _("hard"),
    Verdict.UNJUDGED: _("not judged"),
}
_REASONS = {
    Reason.NO_HEART_RATE: _("There was no heart rate to go by."),
    Reason.NO_ZONE: _("There is no calm zone set yet to go by."),
    Reason.TOO_SHORT: _("It was too short to say how calm it was."),
    Reason.TOO_FEW_VALUES: _("The heart was not heard long enough to say how calm it was."),
}
_HOW_CALM = {
    Verdict.CALM: _("A calm run: you stayed where talking is easy."),
    Verdict.LIVELY: _("A lively run: calm for the most part, with some stretches above."),
    Verdict.HARD: _("A strong run: much of it was above your calm zone."),
}
_LONG_ENOUGH = _("You were out for a good while, and that is how fitness grows.")
_SHOWED_UP = _("You went, and that is the part that counts.")
_HELD_BACK = _("Holding back is a skill, and you have it.")
_GOOD_WHILE_S = 1200.0


def _how_calm(judgement: Judgement) -> str:
    if judgement.verdict is Verdict.UNJUDGED:
        return _REASONS[judgement.reason or Reason.TOO_FEW_VALUES]
    return _HOW_CALM[judgement.verdict]


def _went_well(judgement: Judgement, duration_s: float) -> str:
    if judgement.verdict is Verdict.CALM:
        return _HELD_BACK
    return _LONG_ENOUGH if duration_s >= _GOOD_WHILE_S else _SHOWED_UP


def _next(judgement: Judgement) -> str:
    match judgement.verdict:
        case Verdict.CALM:
            return _("Next time just like this. First a day of rest.")
        case Verdict.LIVELY:
            return _("Next time begin a little slower; the rest follows by itself.")
        case Verdict.HARD:
            return _("Next time walk for a moment whenever talking gets hard. First a day of rest.")
        case Verdict.UNJUDGED:
            return _("Next time I will gladly listen again.")
        case _:
            assert_never(judgement.verdict)
