"""The catalogues: what a runner reads, in a runner's language."""

import gettext
from collections.abc import Mapping
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"


def catalogue(language: str) -> gettext.NullTranslations:
    """Return the catalogue of `language`; English, whose sentences are the keys, needs none."""
    return gettext.translation("duurloop", LOCALE, [language], fallback=True)


def language_of(environ: Mapping[str, str]) -> str:
    """Return the language in which a terminal wants to be spoken to: `nl` or `en`."""
    named = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "nl" if named.lower().startswith("nl") else "en"
