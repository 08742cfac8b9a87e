"""Secrets are replaced wherever text leaves the program."""

import json
from collections.abc import Callable, Iterable, Iterator

MASK = "***"
SHORTEST = 4
"""A shorter secret would blacken half of all words; one that short protects nothing anyway."""


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that masks every one of `secrets` in a text, longer ones first."""
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    known = sorted(forms, key=len, reverse=True)

    def redact(text: str) -> str:
        for secret in known:
            text = text.replace(secret, MASK)
        return text

    return redact


def _forms(secret: str) -> Iterator[str]:
    """Yield what a secret looks like in plain text, quoted by Python, and in JSON."""
    yield from (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1])
