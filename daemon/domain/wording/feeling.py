"""Feelings in words: the scales as a runner reads them, a link to say it by, and what is shown back."""

from daemon.domain.feeling import Feeling, Lift
from daemon.domain.marking import _
from daemon.domain.wording.text import Language

_LIFT_FROM = 3
"""Of fewer runs than this, with both feelings told, there is nothing to say yet."""

_FEELINGS = (_("low"), _("not great"), _("all right"), _("good"), _("very good"))
"""1 to 5."""


def feeling_word(feeling: int, language: Language) -> str:
    """Say a feeling of 1 to 5 in a word."""
    return language.say(_FEELINGS[feeling - 1])


def feeling_lines(feeling: Feeling, language: Language) -> list[str]:
    """Say what was told of a run; nothing for what was not."""
    say = language.say
    lines = []
    if feeling.before is not None:
        word = feeling_word(feeling.before, language)
        lines.append(say("Before: {feeling} ({word})").format(feeling=feeling.before, word=word))
    if feeling.after is not None:
        lines.append(
            say("After: {feeling} ({word})").format(feeling=feeling.after, word=feeling_word(feeling.after, language))
        )
    if feeling.effort is not None:
        lines.append(say("Effort: {effort} of 10").format(effort=feeling.effort))
    if feeling.note is not None:
        lines.append(say("Note: {note}").format(note=feeling.note))
    return lines


def lift_text(lift: Lift, language: Language) -> str | None:
    """Say after how many runs the runner felt better; nothing where that would tell little, or cheer nobody."""
    if lift.of < _LIFT_FROM or 2 * lift.better < lift.of:
        return None
    if lift.better == lift.of:
        return language.say("After each of your {of} runs you felt better than before.").format(of=lift.of)
    return language.say("After {better} of your {of} runs you felt better than before.").format(
        better=lift.better, of=lift.of
    )


def feel_line(url: str, language: Language) -> str:
    """Ask after a run how it felt, with the link that takes the answer."""
    return language.say("How did it feel? One tap: {url}").format(url=url)
