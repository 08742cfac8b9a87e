"""The guide: how to tell that a run is calm, what the numbers mean, and what to do when something is not there.

For a page that is looked up by somebody who may be tired: a few lines for each question, one thought in each.
"""

from daemon.domain.marking import _
from daemon.domain.talk_test import TEXTS
from daemon.domain.wording.care import Section
from daemon.domain.wording.text import Language

_TALKING = (
    _("As long as you can say a whole sentence without gasping, it is calm enough. No number knows it better."),
    _("Not sure? Say a few sentences aloud while you move, or these:"),
)
_AFTER_TALKING = (
    _("Did they come in one go? Then you are calm. Did you need a breath in between? Walk for a moment."),
    _("To find your zone by talking, on the server: duurloop zone --talk-test"),
)
_NUMBERS = (
    _("Heart rate: how often your heart beats in a minute."),
    _("A dash in its place: nothing was heard for five seconds. What is old is never shown."),
    _("Calm zone: the heart rates at which you can still talk. Below it is fine, too."),
    _("Calm share: how much of the run you were in your zone or below it. The first five minutes do not count."),
    _("Calm, lively or strong: calm from 80 % on, lively from 60 %, strong below that. It is about the run, not you."),
    _("Heard: for how much of the run the strap came through. Below 70 % nothing is said of how calm it was."),
    _("Drift: how much more your heart had to do for the same pace towards the end. Warm days do that, too."),
    _("Recovery: how many beats it came down in the first minute after the run. It differs from day to day."),
)
_STRAP = (
    _("Make the two dark patches wet, and wear the strap close around your chest. It wakes up on your skin."),
    _("Most straps talk to one device only. Does a watch or a phone have it? Switch Bluetooth off there for a moment."),
    _("Come closer. Ten metres are a lot for a strap, and a wall takes half of them."),
    _("Still nothing? Take it off, wait a moment, put it on again. A new battery often helps."),
    _("Did you let it go for a run outside? It is looked for again when that time is over, or when you ask for it."),
    _("The page with how things stand tells whether the Bluetooth of the server works."),
)
_PAGE = (
    _("Sound comes after you have switched it on here: browsers allow none unasked."),
    _("The screen stays awake only over https, or on the server itself. Elsewhere, let the device keep it on."),
    _("It can stand among your apps: choose 'Add to home screen' in the browser's menu."),
    _("If the link to the server is lost, the page says so, and finds back by itself."),
    _("Without scripts all of it works, too. Then load the page again to see what is new."),
)


def guide_page(language: Language) -> tuple[Section, ...]:
    """Return all of it, what is asked most often first."""
    return (_talking(language), _numbers(language), _strap_not_heard(language), _this_page(language))


def _talking(language: Language) -> Section:
    aloud = tuple(f"“{language.say(text)}”" for text in TEXTS[:1])
    lines = (*_said(_TALKING, language), *aloud, *_said(_AFTER_TALKING, language))
    return Section(language.say(_("Is this calm? Talk")), lines)


def _numbers(language: Language) -> Section:
    return Section(language.say(_("What the numbers mean")), _said(_NUMBERS, language))


def _strap_not_heard(language: Language) -> Section:
    return Section(language.say(_("When your strap is not heard")), _said(_STRAP, language))


def _this_page(language: Language) -> Section:
    return Section(language.say(_("What this page can do")), _said(_PAGE, language))


def _said(lines: tuple[str, ...], language: Language) -> tuple[str, ...]:
    return tuple(language.say(line) for line in lines)
