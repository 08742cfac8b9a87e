"""What a runner reads is there in every language: nothing missing, nothing guessed, no place lost."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.pofile import read_po

from config.language import LOCALE, catalogue

ROOT = Path(__file__).parent.parent
CATALOGUES = sorted(ROOT.glob("config/locale/*/LC_MESSAGES/*.po"))
FOLDERS = ("daemon", "config", "connectors")
SAYING = frozenset({"_", "say", "words", "plural", "sentence"})

pytestmark = pytest.mark.skipif(not CATALOGUES, reason="the .po files are not here (tests run against the wheel)")


def spoken_in_the_code() -> set[str | tuple[str, ...]]:
    """Extract sentences as `make catalogues` does, with the Makefile's own keywords."""
    keywords = re.findall(r"-k (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    sentences: set[str | tuple[str, ...]] = set()
    for folder in FOLDERS:
        found = extract_from_dir(
            ROOT / folder, [("**.py", "python")], keywords={**DEFAULT_KEYWORDS, **parse_keywords(keywords)}
        )
        sentences.update(sentence for _, _, sentence, _, _ in found)
    return sentences


def hidden_in(tree: ast.AST) -> Iterator[str]:
    """Return what is said within an f-string: Python 3.11 gives it to nobody who extracts."""
    for text in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
        for call in (node for node in ast.walk(text) if isinstance(node, ast.Call)):
            name = getattr(call.func, "attr", None) or getattr(call.func, "id", None)
            if name in SAYING:
                said = (one.value for one in call.args if isinstance(one, ast.Constant))
                yield from (one for one in said if isinstance(one, str))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def messages(path: Path) -> Iterator[Message]:
    return (message for message in read(path) if message.id)


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def places(text: str) -> list[str]:
    return sorted(f"{name}!{form}" for _, name, form, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_sentence_of_the_code_is_translated(path: Path) -> None:
    translated = {
        message.id if isinstance(message.id, str) else tuple(message.id)
        for message in messages(path)
        if message.string and all(forms(message.string))
    }
    assert spoken_in_the_code() - translated == set(), "run: make catalogues"


def test_no_sentence_hides_where_nobody_finds_it() -> None:
    files = (file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
    said = {one for file in files for one in hidden_in(ast.parse(file.read_bytes()))}
    assert said - spoken_in_the_code() == set(), "say it before the f-string"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_no_translation_is_a_guess(path: Path) -> None:
    assert [message.id for message in messages(path) if message.fuzzy] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_no_translation_is_left_over(path: Path) -> None:
    known = {message.id if isinstance(message.id, str) else tuple(message.id) for message in messages(path)}
    assert known - spoken_in_the_code() == set()


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_translation_has_the_places_of_its_original(path: Path) -> None:
    for message in messages(path):
        original = forms(message.id)[-1]
        for translation in forms(message.string):
            assert places(translation) == places(original), message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_no_translation_shouts(path: Path) -> None:
    said = ["".join(forms(message.string)) for message in messages(path)]
    assert [text for text in said if "!" in re.sub(r"\{[^}]*\}", "", text)] == []


def test_dutch_is_spoken_where_it_was_installed() -> None:
    assert catalogue("nl").gettext("A little calmer") == "Iets rustiger"
    assert catalogue("nl").ngettext("{n} minute", "{n} minutes", 2) == "{n} minuten"


def test_english_needs_no_catalogue() -> None:
    assert catalogue("en").gettext("A little calmer") == "A little calmer"
    assert not (LOCALE / "en").exists()
