"""Strava: what it takes today, the terms in three plain sentences, and the runner's own choice."""

from dataclasses import replace
from typing import Final

from config.settings import Strava
from daemon.domain.marking import _
from daemon.setup.answers import Answers, Present
from daemon.setup.asking import Asker, PuzzledError
from daemon.setup.house import House

_DAYS: Final = Strava().keep_days
"""Where nothing else is set."""


def ask_strava(asker: Asker, house: House, answers: Answers, present: Present) -> Answers:
    """Ask for the application, if the runner wants one, and for the way back."""
    del house
    if answers.strava_client_id is not None:
        return _ask_upload(asker, answers, present)
    there = present.settings.strava.client_id if present.settings else None
    asker.head("Strava")
    if there:
        asker.tell(asker.words("Application {number} is there already.").format(number=there))
        if not asker.agree(asker.words("Another one?"), default=False):
            return _ask_upload(asker, answers, present)
    elif not _wants(asker, present.settings.strava.keep_days if present.settings else _DAYS):
        return answers
    number = asker.ask(
        asker.words("Its number (Client ID)"),
        client_id,
        explained=asker.words("https://www.strava.com/settings/api shows it, with callback domain localhost."),
    )
    secret = asker.ask_hidden(asker.words("Its secret (Client Secret; you will not see it)"))
    if not secret:
        asker.hint(asker.words("Without its secret it is of no use; we go on without Strava."))
        return answers
    return _ask_upload(asker, replace(answers, strava_client_id=number, strava_secret=secret), present)


def terms(asker: Asker, days: int) -> tuple[str, str, str]:
    """Return the terms, as plainly as they go."""
    kept = asker.language.plural(
        "What comes from Strava is kept for {days} day.", "What comes from Strava is kept for {days} days.", days
    )
    return (
        kept.format(days=days),
        asker.words("Only you see it."),
        asker.words("What you remove there goes here, too."),
    )


def client_id(typed: str) -> str:
    """Read the number of an application."""
    if not typed.isascii() or not typed.isdecimal():
        raise PuzzledError(_("The number that Strava shows for your application, please."))
    return typed


def _wants(asker: Asker, days: int) -> bool:
    asker.tell(
        asker.words("Optional: runs of your watch or phone. Since 2026 that takes a paid subscription there,"),
        asker.words("and an application of your own (callback domain localhost): https://www.strava.com/settings/api"),
        " ".join(terms(asker, days)),
    )
    return asker.agree(
        asker.words("Do you have such an application?"),
        default=False,
        explained=asker.words("Without one runs come as files just as well: duurloop import. It can wait, too."),
    )


def _ask_upload(asker: Asker, answers: Answers, present: Present) -> Answers:
    if answers.upload is not None:
        return answers
    runner = present.runner(answers.name)
    upload = asker.agree(
        asker.words("Shall runs that duurloop records go to Strava?"), default=bool(runner and runner.upload)
    )
    return replace(answers, upload=upload)
