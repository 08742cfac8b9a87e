"""Failures that a runner is told of: kept as a sentence and its parts, so that any language can tell them."""

from typing import Any


class TellingError(Exception):
    """An expected failure; `sentence` is a key of the catalogues, `parts` fill its places."""

    def __init__(self, sentence: str, **parts: Any) -> None:  # noqa: ANN401 - whatever a sentence may hold
        super().__init__(sentence.format(**parts))
        self.sentence = sentence
        self.parts = parts
