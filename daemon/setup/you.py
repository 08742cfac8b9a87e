"""Who runs: the language, the name."""

from dataclasses import replace

from config.language import LANGUAGES
from daemon.setup import reading
from daemon.setup.answers import Answers, Present
from daemon.setup.asking import Asker, PuzzledError
from daemon.setup.house import House


def ask_language(asker: Asker, house: House, answers: Answers, present: Present) -> Answers:
    """Ask for the language, and go on in it."""
    if answers.language is None:
        runner = present.runner(answers.name)
        there = runner.language if runner else asker.language.code
        code = asker.ask("Nederlands of English? nl, en", _language, default=there)
        answers = replace(answers, language=code)
    asker.language = house.language_of(answers.language or asker.language.code)
    return answers


def ask_name(asker: Asker, house: House, answers: Answers, present: Present) -> Answers:
    """Ask who it is about."""
    del house
    if answers.name is not None:
        return answers
    default = present.names[0] if len(present.names) == 1 else ""
    explained = asker.words("By this name duurloop speaks to you. It stays in this house.")
    return replace(
        answers, name=asker.ask(asker.words("Your name"), reading.name, default=default, explained=explained)
    )


def _language(typed: str) -> str:
    code = typed.casefold()[:2]
    if code not in {*LANGUAGES, "ne"}:
        raise PuzzledError("nl / en")
    return "en" if code == "en" else "nl"
