"""Taking care: what to ask oneself before beginning, when to stop, and where help is to be found.

For a page that is looked up, never for a nudge. duurloop is no medical device: it neither diagnoses nor guards.
The questions go by the themes that are usual before exercise, in words of our own; of the answers nothing is kept
but the day on which they were given.
"""

from dataclasses import dataclass

from daemon.domain.marking import _
from daemon.domain.wording.text import Language


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with a few short lines under it."""

    title: str
    lines: tuple[str, ...]


_QUESTIONS = (
    _("Has a doctor ever found something with your heart, or told you to exercise only under guidance?"),
    _("Does your chest hurt or feel tight when you exert yourself?"),
    _("Did it hurt like that in the last month while you were resting?"),
    _("Do you get so dizzy at times that you nearly fall, or have you fainted lately?"),
    _("Do you have trouble with joints, bones or muscles that running could make worse?"),
    _("Do you take medicine for your heart or your blood pressure?"),
    _("Are you pregnant, or over 69 and not used to exercise?"),
    _("Is there anything else about your health that makes you doubt whether running is wise?"),
)
_ANY_YES = _(
    "Talk to your doctor before you begin, and mention what you said yes to. "
    "Of your answers nothing is kept, only today's date."
)
_ALL_NO = _(
    "Then you can begin, calmly. Should something change, go through the questions again. "
    "Of your answers nothing is kept, only today's date."
)
_STOP = (
    _("Call 112 (in all of Europe), or the emergency number of the place where you are, and don't wait to see, when:"),
    _("You have pain, pressure or tightness in your chest, jaw, neck, back or arm."),
    _("You faint, or nearly do."),
    _("You are out of breath in a way you don't know, and it does not settle when you stand still."),
    _("Your heart races or beats irregularly, and it does not settle when you rest."),
    _("You are confused, your speech is slurred, or one side of your face or body is weak."),
)
_NOT_TODAY = (
    _("You have a fever, or feel ill."),
    _("You have just begun with a new medicine, or with another dose."),
    _("You have a fresh injury, or pain that changes the way you walk."),
    _("It is very hot. Early morning or a day later is fine, too."),
)
_DOCTOR = (
    _("A complaint comes back each time you run."),
    _("Now and then you are dizzy, or feel your heart skip, during a run or after it."),
    _("Pain stays for longer than two weeks."),
    _("Running costs you clearly more than it used to, for weeks on end."),
    _("You feel worse and worse, or running makes you more tired instead of lighter. Less is a good answer then."),
)
_MEDICINE = (
    _("Beta-blockers and some other medicines keep the heart slow. Formulas and numbers then say little."),
    _("Go by talking: as long as you can say a whole sentence without gasping, it is calm enough."),
    _("Say in the settings that a medicine changes your heart rate; then no formula is proposed to you."),
    _("Never stop a medicine, or take less of it, for the sake of running. Ask your doctor or pharmacist."),
)
_HELP_NL = (
    _("Is a life in danger: call 112."),
    _("Your general practitioner (huisarts); in the evening and at weekends the huisartsenpost."),
    _(
        "Do you think of suicide: talk to someone at 113 Zelfmoordpreventie. Call 113, or 0800-0113 free of charge, "
        "or chat at 113.nl, day and night."
    ),
)
_HELP_ELSEWHERE = (
    _("Is a life in danger: call the emergency number of the place where you are."),
    _("Your own doctor, or the doctor on duty."),
    _(
        "Do you feel desperate, or think of suicide: findahelpline.com shows whom you can call or chat with "
        "in your country."
    ),
)
_WHAT_THIS_IS = (
    _("duurloop is no medical device. It finds no illness, and it does not watch over you."),
    _("A strap can be wrong. How you feel always goes first."),
    _("Are you being treated, or not sure? Tell your doctor or therapist what you are up to."),
)


def introduction(language: Language) -> str:
    """Say what the questions are for."""
    return language.say(_("A few questions before you begin. Answer them for yourself with yes or no."))


def questions(language: Language) -> tuple[str, ...]:
    """Return the questions to ask oneself before beginning; each is answered by yes or no."""
    return _said(_QUESTIONS, language)


def answer(language: Language, *, any_yes: bool) -> str:
    """Say what follows from the answers."""
    return language.say(_ANY_YES if any_yes else _ALL_NO)


def help_page(language: Language) -> tuple[Section, ...]:
    """Return all that is there to look up, what is most urgent first."""
    return (
        stop_at_once(language),
        not_today(language),
        see_a_doctor(language),
        medicine(language),
        *where_help_is(language),
        what_this_is(language),
    )


def stop_at_once(language: Language) -> Section:
    """Say when to stop running and get help."""
    return Section(language.say(_("When to stop at once and get help")), _said(_STOP, language))


def not_today(language: Language) -> Section:
    """Say when to leave it for another day."""
    return Section(language.say(_("When to leave it for today")), _said(_NOT_TODAY, language))


def see_a_doctor(language: Language) -> Section:
    """Say what to talk to a doctor about."""
    return Section(language.say(_("What to talk to your doctor about")), _said(_DOCTOR, language))


def medicine(language: Language) -> Section:
    """Say what to go by when a medicine changes the heart rate."""
    return Section(language.say(_("When a medicine changes your heart rate")), _said(_MEDICINE, language))


def where_help_is(language: Language) -> tuple[Section, Section]:
    """Say where help is to be found: in the Netherlands, and elsewhere."""
    return (
        Section(language.say(_("Help in the Netherlands")), _said(_HELP_NL, language)),
        Section(language.say(_("Help elsewhere")), _said(_HELP_ELSEWHERE, language)),
    )


def what_this_is(language: Language) -> Section:
    """Say what duurloop is not."""
    return Section(language.say(_("What duurloop is, and is not")), _said(_WHAT_THIS_IS, language))


def _said(lines: tuple[str, ...], language: Language) -> tuple[str, ...]:
    return tuple(language.say(line) for line in lines)
