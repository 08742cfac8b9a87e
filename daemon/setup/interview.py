"""The conversation: on the first run from the beginning to the end, later only what somebody wants to change."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from daemon.setup.answers import Answers, Present
from daemon.setup.asking import NOTHING, Asker, Choice, LeftError
from daemon.setup.channels import ask_channels, ask_more_channels
from daemon.setup.habit import ask_days, ask_plan
from daemon.setup.house import House
from daemon.setup.page import ask_page
from daemon.setup.strap import ask_strap
from daemon.setup.strava import ask_strava
from daemon.setup.summary import summary_lines
from daemon.setup.you import ask_language, ask_name
from daemon.setup.zone import ask_zone

Subject: TypeAlias = Callable[[Asker, House, Answers, Present], Answers]

FIRST_TIME: tuple[Subject, ...] = (
    *(ask_language, ask_name, ask_zone, ask_days, ask_plan),
    *(ask_strap, ask_channels, ask_strava, ask_page),
)
OF_A_NEW_RUNNER: tuple[Subject, ...] = (ask_zone, ask_days, ask_plan, ask_strap, ask_channels)
NEW = "n"


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    text: str
    ask: Subject
    keys: tuple[str, ...] = ()
    """What is answered there; asked once more, it is answered anew."""


def interview(asker: Asker, house: House, given: Answers, present: Present) -> Answers:
    """Return all answers, those that were given by options among them. Raises `LeftError`."""
    talk = _first if present.settings is None else _again
    answers = talk(asker, house, given, present)
    lines = list(summary_lines(answers, asker.language))
    if answers.is_empty:
        raise LeftError
    asker.head(asker.words("In short"))
    asker.hint(*lines)
    if not asker.agree(asker.words("Shall I set it up like this?"), default=True):
        raise LeftError
    return answers


def _first(asker: Asker, house: House, given: Answers, present: Present) -> Answers:
    answers = given
    asker.tell("duurloop")
    for subject in FIRST_TIME:
        answers = subject(asker, house, answers, present)
        if subject is ask_language:
            _greet(asker)
    return answers


def _greet(asker: Asker) -> None:
    asker.tell(
        asker.words("Welcome. A few questions, five minutes with the strap and a phone at hand."),
        asker.words("Enter takes what stands in [brackets], ? explains, q leaves and changes nothing."),
    )


def _again(asker: Asker, house: House, given: Answers, present: Present) -> Answers:
    asker.language = house.language_of(given.language or asker.language.code)
    answers = given if given.name else replace(given, name=_whose(asker, present))
    if present.runner(answers.name) is None:
        return _newcomer(asker, house, answers, present)
    while True:
        entries = _entries(asker)
        choices = [Choice(entry.key, entry.text) for entry in entries]
        choices += [Choice(NEW, asker.words("somebody else who runs")), Choice(NOTHING, asker.words("that is all"))]
        asker.head(asker.words("What shall change, {name}?").format(name=answers.name))
        key = asker.choose(asker.words("Which one?"), choices, default=NOTHING)
        if key == NOTHING:
            return answers
        if key == NEW:
            if answers.is_empty:
                return _newcomer(asker, house, Answers(), present)
            asker.hint(asker.words("First this one: what was answered is set up, then run duurloop setup once more."))
            continue
        entry = next(entry for entry in entries if entry.key == key)
        forgotten = dict.fromkeys(entry.keys)
        answers = entry.ask(asker, house, replace(answers, **forgotten), present)  # type: ignore[arg-type]


def _newcomer(asker: Asker, house: House, given: Answers, present: Present) -> Answers:
    answers = ask_name(asker, house, given, replace(present, settings=None))
    while present.runner(answers.name) is not None:
        asker.hint(asker.words("{name} is there already; another name, please.").format(name=answers.name))
        answers = ask_name(asker, house, replace(given, name=None), replace(present, settings=None))
    answers = replace(answers, language=answers.language or asker.language.code)
    for subject in OF_A_NEW_RUNNER:
        answers = subject(asker, house, answers, present)
    return answers


def _whose(asker: Asker, present: Present) -> str:
    if len(present.names) == 1:
        return present.names[0]
    choices = [Choice(str(number), name) for number, name in enumerate(present.names, start=1)]
    return present.names[int(asker.choose(asker.words("Whose settings?"), choices, default="1")) - 1]


def _entries(asker: Asker) -> tuple[_Entry, ...]:
    return (
        _Entry(
            "1",
            asker.words("the zone"),
            ask_zone,
            ("medication", "born", "resting", "zone", "zone_origin", "zone_is_guess"),
        ),
        _Entry("2", asker.words("days and hours"), ask_days, ("days", "time", "week", "quiet")),
        _Entry("3", asker.words("the plan"), ask_plan, ("plan",)),
        _Entry("4", asker.words("the strap"), ask_strap, ("strap", "connect")),
        _Entry("5", asker.words("messages"), ask_more_channels),
        _Entry("6", "Strava", ask_strava, ("strava_client_id", "strava_secret", "upload")),
        _Entry("7", asker.words("the page"), ask_page, ("listen", "address")),
        _Entry("8", asker.words("the language"), ask_language, ("language",)),
    )
