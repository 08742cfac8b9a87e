"""Secrets are replaced wherever text leaves the program."""

from collections.abc import Callable, Iterable

MASK = "***"
SHORTEST = 4
"""A shorter secret would blacken half of all words; one that short protects nothing anyway."""


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that masks every one of `secrets` in a text, longer ones first."""
    known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)

    def redact(text: str) -> str:
        for secret in known:
            text = text.replace(secret, MASK)
        return text

    return redact
