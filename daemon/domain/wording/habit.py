"""A reminder of what was agreed, and the one word that is said when life has become heavy."""

from dataclasses import dataclass
from enum import Enum, auto

from daemon.domain.marking import _
from daemon.domain.plan import Course
from daemon.domain.wording.course import course_text, total_text
from daemon.domain.wording.text import Language, Text, within

LONGEST_REMINDER = 300
"""Characters of title and body: what a phone shows without being opened."""
_NOON, _EVENING = 12, 18


class Opening(Enum):
    """How a reminder begins."""

    PLAIN = auto()
    MISSED = auto()
    """The agreed day before passed without a run."""
    BACK = auto()
    """The first one after a pause for illness or holiday."""
    FIRST = auto()
    """The very first one."""


@dataclass(frozen=True, slots=True)
class Tonight:
    """What a reminder reminds of."""

    opening: Opening
    hour: int
    """Of the runner's clock, 0 to 23."""
    step_name: str | None
    """In the runner's language; None without a plan."""
    course: Course | None
    reason: str | None = None
    """Why it is another step than was said before, in the runner's language; instead of an opening."""


_OPENINGS: dict[Opening, tuple[str, ...]] = {
    Opening.PLAIN: (
        _("This is one of the days you chose."),
        _("A good moment to get away from it all for a while."),
        _("Your shoes are ready when you are."),
        _("A moment for yourself, nothing more than that."),
        _("However busy the day is, this may be easy."),
        _("Going slowly is good, also when you don't feel like much."),
        _("Time to let your head go quiet for a while."),
        _("It is time, and there is no hurry."),
    ),
    Opening.MISSED: (
        _("A new day, a new moment; there is nothing to catch up on."),
        _("Good that there is a moment for you today."),
        _("You can simply go on where you were; it has been kept for you."),
        _("Days sometimes go another way, and that is all right. Here is a fresh one."),
        _("Today has a moment in it too, if you want it."),
        _("Nothing has piled up; it is only about today."),
        _("The door is open, and it stays open."),
        _("A week need not be tidy. This is a good moment."),
    ),
    Opening.BACK: (
        _("Good to have you back. Begin gently; less is fine today."),
        _("After a time of rest it may go slowly. Stop as soon as it is enough."),
        _("Welcome back. Nothing is lost, and walking counts too."),
        _("Feel first how it goes; half of it is fine as well."),
        _("Nice that you are here; let your body say how much."),
        _("Think of it as trying out: whatever you do is a gain."),
        _("It has all waited quietly. Walk first, and see from there."),
        _("If you still feel tired, a walk is just right today."),
    ),
    Opening.FIRST: (
        _("From now on I give you a sign on the days you chose. This is the first."),
        _("The first of the days you chose. Make it as easy as you like."),
        _("Here is the first reminder. Beginning is all it asks."),
        _("This is where it starts: calmly, and at your own pace."),
    ),
}
_WITHOUT_A_PLAN = (
    _("A calm half hour is plenty."),
    _("Half an hour in which you could talk is just right."),
    _("Half an hour, as slowly as you like."),
    _("A quiet half hour; shorter counts too."),
    _("Half an hour, running or walking as you like."),
    _("A round of half an hour, at a pace for humming."),
    _("Some thirty minutes, and turning round sooner is fine."),
    _("Take half an hour, and come home with breath to spare."),
)


def reminder_text(tonight: Tonight, language: Language, turn: int = 0) -> Text:
    """Remind of what was agreed for today, in at most 300 characters."""
    title = language.say(_title(tonight.hour))
    opening = tonight.reason or language.vary(_OPENINGS[tonight.opening], turn)
    texts = [Text(title, f"{opening}\n{step}") for step in _steps(tonight, language, turn)]
    return next((text for text in texts if len(text.title) + len(text.body) <= LONGEST_REMINDER), Text(title, opening))


def smallest_step_text(language: Language) -> Text:
    """Offer the smallest step, once, and say that it is quiet from then on."""
    return Text(
        language.say(_("A small step")),
        language.say(
            _(
                "Shoes on and ten minutes outside: that is enough, and walking is fine. "
                "After this I keep quiet, for as long as you like. As soon as you go or give me a sign, I am here."
            )
        ),
    )


def _title(hour: int) -> str:
    if hour < _NOON:
        return _("For this morning")
    return _("For this afternoon") if hour < _EVENING else _("For tonight")


def _steps(tonight: Tonight, language: Language, turn: int) -> list[str]:
    """Return ways to say what is on, the fullest first."""
    course = tonight.course if tonight.course and tonight.course.legs else None
    if tonight.step_name is None:
        return [_sentence(course_text(course, language))] if course else [language.vary(_WITHOUT_A_PLAN, turn)]
    name = within(tonight.step_name)
    asked = [course_text(course, language), total_text(course, language)] if course else []
    return [*(f"{name}: {what}." for what in asked), f"{name}."]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
