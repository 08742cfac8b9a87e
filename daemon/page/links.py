"""A link that lets its holder say how one run felt, and nothing else; it works for three days.

It names the run and until when, sealed with a secret that never leaves this machine: nothing is kept for it, and it
holds whatever restarts come between. Short, for it stands in a message on a phone.
"""

import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

PATH = "/feel"
HOLDS = timedelta(hours=72)
LONGEST_TOKEN = 120
_PURPOSE = b"duurloop: how did this run feel? 1\0"
"""Under the seal, so that nothing else that is ever sealed with the same secret is taken for this."""
_SEAL_BYTES = 16
"""128 bits: nobody guesses that over a network."""


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
    return f"{_seal(secret, sealed)}.{sealed}"  # a seal may end with a dash, which messengers leave out of a link


def read(secret: bytes, token: str, now: datetime) -> str:
    """Return the run that a token names. Raises `UnknownLinkError`, `ExpiredLinkError`."""
    seal, _, sealed = token.partition(".")
    if len(token) > LONGEST_TOKEN or not hmac.compare_digest(_bytes(seal), _bytes(_seal(secret, sealed))):
        raise UnknownLinkError
    minutes, _, run = sealed.partition(".")
    if now > datetime.fromtimestamp(int(minutes, 16) * 60, UTC):
        raise ExpiredLinkError
    return run


def _seal(secret: bytes, sealed: str) -> str:
    code = hmac.digest(secret, _PURPOSE + _bytes(sealed), "sha256")[:_SEAL_BYTES]
    return urlsafe_b64encode(code).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # whatever an address may hold
