"""The keys to the page: a secret link, which becomes the cookie of the device that opens it, and what marks our forms.

A key names whom its holder may see, sealed with the secret of the house: nothing is kept for it, it holds whatever
restarts come between, and all of them are taken back at once by renewing the secret.
"""

from base64 import b32decode, b32encode
from dataclasses import dataclass

from daemon.page.seal import is_sealed, seal

PAGE_SECRET = "page"  # noqa: S105 - the name of it in the store
ENTER = "/enter"
LONGEST_TOKEN = 300
"""A runner's name of 40 signs with four bytes each takes 280."""
_ACCESS = b"duurloop: who may see the page? 1\0"
_FORM = b"duurloop: this form is ours 1\0"
_HOUSEHOLD, _RUNNER = "h", "r"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a key."""

    runner: str | None
    """The one runner whom they may see; None for the whole household."""


def link_url(secret: bytes, address: str, runner: str | None) -> str:
    """Return the link that lets a device in; `address` is where it reaches the page."""
    return f"{address}{ENTER}/{link_token(secret, runner)}"


def link_token(secret: bytes, runner: str | None) -> str:
    """Return the key to one runner's page, or to that of the whole household."""
    # letters and digits alone: messengers leave a dot or a dash at the end out of a link, and names hold anything
    whom = _HOUSEHOLD if runner is None else _RUNNER + b32encode(runner.encode()).decode().rstrip("=").lower()
    return f"{seal(secret, _ACCESS, whom)}.{whom}"


def holder(secret: bytes, token: str) -> Holder | None:
    """Return whoever holds a key; None if it is none of ours."""
    by, _, whom = token.partition(".")
    if len(token) > LONGEST_TOKEN or not is_sealed(secret, _ACCESS, whom, by):
        return None
    return Holder(None) if whom == _HOUSEHOLD else Holder(_name(whom.removeprefix(_RUNNER)))


def form_token(secret: bytes, cookie: str) -> str:
    """Return what our own forms bring back; `cookie` is the key of whoever looks, empty where none is needed."""
    return seal(secret, _FORM, cookie)


def is_form_token(secret: bytes, cookie: str, token: str) -> bool:
    """Tell whether a form was ours, and made for whoever sends it."""
    return is_sealed(secret, _FORM, cookie, token)


def _name(encoded: str) -> str:
    return b32decode(encoded.upper() + "=" * (-len(encoded) % 8)).decode()
