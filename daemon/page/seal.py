"""A seal on a few words, which only this house can set: nothing needs to be kept for what it has sealed."""

import hmac
from base64 import urlsafe_b64encode

SEAL_BYTES = 16
"""128 bits: nobody guesses that over a network."""


def seal(secret: bytes, purpose: bytes, text: str) -> str:
    """Return the seal on a text, as it can stand in an address.

    The `purpose` ends with a NUL and is no beginning of another one: so nothing that was sealed for one purpose is ever
    taken for something else that is sealed with the same secret.
    """
    code = hmac.digest(secret, purpose + _bytes(text), "sha256")[:SEAL_BYTES]
    return urlsafe_b64encode(code).rstrip(b"=").decode()


def is_sealed(secret: bytes, purpose: bytes, text: str, by: str) -> bool:
    """Tell whether `by` is our seal on a text; it takes as long for a wrong one as for the right one."""
    return hmac.compare_digest(_bytes(by), _bytes(seal(secret, purpose, text)))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # whatever an address may hold
