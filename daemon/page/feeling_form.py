"""The buttons by which a runner says how a run felt, and how what was tapped is read.

Two pages have them: the one behind a message's link, and that of a run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from aiohttp import web

from daemon.domain.feeling import EFFORTS, FEELINGS, LONGEST_NOTE, Feeling
from daemon.domain.progress import Move
from daemon.domain.wording import Language, feeling_word
from daemon.feeling import note_from
from daemon.page.frame import UnansweredError, posted
from daemon.remote import RefusedError

LARGEST_FORM_BYTES = 8 * 1024
NOTHING = Feeling()


@dataclass(frozen=True, slots=True)
class Tapped:
    """What a reader has tapped just now."""

    said: Feeling = NOTHING
    move: Move | None = None
    """Over what the plan proposes."""


async def read_tapped(request: web.Request) -> Tapped:
    """Read a form with these buttons. Raises `UnansweredError`."""
    if (request.content_length or 0) > LARGEST_FORM_BYTES:
        raise UnansweredError(413, "That is too long.")
    # what was said a moment ago travels along hidden, and the button that was tapped comes after it
    form = await posted(request)
    try:
        said = Feeling(
            before=_number(form.get("before", "")),
            after=_number(form.get("after", "")),
            effort=_number(form.get("effort", "")),
            note=note_from(form.get("note", "")),
        )
        return Tapped(said, Move(form["plan"]) if "plan" in form else None)
    except RefusedError as error:
        raise UnansweredError(400, error.sentence, **error.parts) from error
    except (ValueError, LookupError) as error:
        raise UnansweredError(400, "I did not understand that.") from error


def feeling_rows(pressed: Feeling, language: Language, *, asks_before: bool = True) -> str:
    """Return a row of buttons for each scale, as HTML."""
    say = language.say
    words = [feeling_word(feeling, language) for feeling in FEELINGS]
    rows = [_row("after", say("Afterwards I felt"), zip(FEELINGS, words, strict=True), pressed.after)]
    if asks_before:
        rows.append(_row("before", say("Before it I felt"), zip(FEELINGS, words, strict=True), pressed.before))
    effort = say("The effort, from 1 (very light) to 10 (as hard as can be)")
    rows.append(_row("effort", effort, ((number, "") for number in EFFORTS), pressed.effort))
    return "".join(rows)


def note_box(language: Language, note: str = "") -> str:
    """Return room for a line of one's own, as HTML; `note` stands in it already."""
    line, keep = language.say("A line of your own"), language.say("Keep it")
    return (
        f'<fieldset><legend><label for="note">{escape(line)}</label></legend>'
        f'<textarea id="note" name="note" maxlength="{LONGEST_NOTE}">{escape(note)}</textarea>'
        f'<button class="send">{escape(keep)}</button></fieldset>'
    )


def _row(name: str, legend: str, choices: Iterable[tuple[int, str]], pressed: int | None) -> str:
    buttons = "".join(
        f'<button name="{name}" value="{number}" aria-pressed="{"true" if number == pressed else "false"}">'
        f"<b>{number}</b>{f'<small>{escape(word)}</small>' if word else ''}</button>"
        for number, word in choices
    )
    size = "row" if name == "effort" else "row big"
    return f'<fieldset><legend>{escape(legend)}</legend><div class="{size}">{buttons}</div></fieldset>'


def _number(text: str) -> int | None:
    if not text:
        return None
    if len(text) > 2 or not (text.isascii() and text.isdecimal()):  # noqa: PLR2004 - no scale goes beyond 10
        raise ValueError("no number of the scales")
    return int(text)
