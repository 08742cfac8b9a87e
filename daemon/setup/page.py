"""The page: for this machine alone, or for the home network; and a place that is free."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from config import forms
from config.forms import Listen
from daemon.domain.marking import _
from daemon.setup.answers import Answers, Present
from daemon.setup.asking import NOTHING, Asker, Choice, PuzzledError
from daemon.setup.house import House

HERE, HOME, NOWHERE = "1", "2", "3"
THIS_MACHINE, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - what whoever chooses the home network wants
USUAL_PORT: Final = 8421
_TRIES: Final = 20


def ask_page(asker: Asker, house: House, answers: Answers, present: Present) -> Answers:
    """Ask who may see the page."""
    if answers.listen is not None:
        return answers
    asker.head(asker.words("The page"))
    now = present.settings.page.listen if present.settings else Listen(THIS_MACHINE, USUAL_PORT)
    choice = asker.choose(
        asker.words("Who may see it?"),
        [
            Choice(HERE, asker.words("this machine alone")),
            Choice(HOME, asker.words("phones and tablets in your home network, by a secret link")),
            Choice(NOWHERE, asker.words("nobody: no page")),
        ],
        default=_kind_of(now) if present.settings else HOME,
        explained=asker.words("It shows your heart live, the runs and the weeks. Nothing of it leaves the house."),
    )
    wanted = now.port if now else USUAL_PORT
    if choice == _kind_of(now) and present.settings:
        return _ask_address(asker, house, answers, present, wanted) if choice == HOME else answers
    if choice == NOWHERE:
        return replace(answers, listen="")
    host = THIS_MACHINE if choice == HERE else EVERYWHERE
    port = free_port(host, wanted, house.is_free) if not present.settings else wanted
    if port != wanted:
        asker.hint(taken_words(asker, wanted, port))
    answers = replace(answers, listen=f"{host}:{port}")
    if choice == HOME:
        return _ask_address(asker, house, answers, present, port)
    return replace(answers, address="") if present.settings and present.settings.page.address else answers


def free_port(host: str, wanted: int, is_free: Callable[[str, int], bool]) -> int:
    """Return the port that is wanted, or the next one that nobody has."""
    return next((port for port in range(wanted, wanted + _TRIES) if is_free(host, port)), wanted)


def taken_words(asker: Asker, wanted: int, port: int) -> str:
    """Say that another program has the place."""
    return asker.words("Another program has port {wanted}; I take {port}.").format(wanted=wanted, port=port)


def address(typed: str) -> str:
    """Read where the page is found; nothing for `-`."""
    if typed.casefold() in {"", NOTHING, "n", "no", "nee"}:
        return ""
    try:
        return forms.house_address(typed)
    except ValueError:
        raise PuzzledError(_("An address for a browser, such as http://house.local:8421; - for none.")) from None


def _ask_address(asker: Asker, house: House, answers: Answers, present: Present, port: int) -> Answers:
    if answers.address is not None:
        return answers
    page = present.settings.page if present.settings else None
    there = page.address or "" if page else ""
    scheme = "https" if page and page.tls_cert else "http"
    typed = asker.ask(
        asker.words("Its address in your network; - for none"),
        address,
        default=there or f"{scheme}://{house.hostname}.local:{port}",
        explained=asker.words("Messages get a link to it. Most networks know a machine by its name and .local."),
    )
    return answers if typed == there else replace(answers, address=typed)


def _kind_of(listen: Listen | None) -> str:
    if listen is None:
        return NOWHERE
    return HERE if listen.is_loopback else HOME
