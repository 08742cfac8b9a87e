"""The catalogues: what a runner reads, in a runner's language."""

import gettext
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("nl", "en")
"""In which a runner can be spoken to."""
LOCALE = Path(__file__).parent / "locale"
DOMAIN = "duurloop"
"""The name of the catalogues."""


def catalogue(language: str) -> gettext.NullTranslations:
    """Return the catalogue of `language`; English, whose sentences are the keys, needs none."""
    return gettext.translation(DOMAIN, LOCALE, [language], fallback=True)
