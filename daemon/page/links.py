"""A link that lets its holder say how one run felt, and nothing else; it works for three days.

It names the run and until when, sealed with a secret that never leaves this machine: nothing is kept for it, and it
holds whatever restarts come between. Short, for it stands in a message on a phone.
"""

from datetime import UTC, datetime, timedelta

from daemon.page.seal import is_sealed, seal

PATH = "/feel"
FEEL_SECRET = "feel"  # noqa: S105 - the name of it in the store
HOLDS = timedelta(hours=72)
LONGEST_TOKEN = 120
_PURPOSE = b"duurloop: how did this run feel? 1\0"


class UnknownLinkError(Exception):
    """The link is none of ours, or was changed on its way."""


class ExpiredLinkError(Exception):
    """The link was ours, and its time is over."""


def feel_url(secret: bytes, address: str, run: str, now: datetime) -> str:
    """Return the link for a run, good from `now` on; `address` is where the runners' phones reach the page."""
    return f"{address}{PATH}/{sign(secret, run, now + HOLDS)}"


def sign(secret: bytes, run: str, until: datetime) -> str:
    """Return the token for a run, good up to `until` (to the minute)."""
    sealed = f"{int(until.timestamp()) // 60:x}.{run}"
    # in this order: a seal may end with a dash, which messengers leave out of a link
    return f"{seal(secret, _PURPOSE, sealed)}.{sealed}"


def read(secret: bytes, token: str, now: datetime) -> str:
    """Return the run that a token names. Raises `UnknownLinkError`, `ExpiredLinkError`."""
    by, _, sealed = token.partition(".")
    if len(token) > LONGEST_TOKEN or not is_sealed(secret, _PURPOSE, sealed, by):
        raise UnknownLinkError
    minutes, _, run = sealed.partition(".")
    if now > datetime.fromtimestamp(int(minutes, 16) * 60, UTC):
        raise ExpiredLinkError
    return run
