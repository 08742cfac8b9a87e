"""`docs/words.md` shows what is really said, and all of it keeps to the tone it sets itself."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE, SCRIPT = ROOT / "docs/words.md", ROOT / ".ci/make-words"

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="the script is not here (tests run against the wheel)")

FORBIDDEN = {
    "nl": r"\b(sneller|harder|je moet|moet je|record|helaas|jammer|gefaald|mislukt|prestatie|streak|goed bezig)\b",
    "en": r"\b(faster|you must|you should|record|unfortunately|sorry|failed|performance|streak|speed up|keep it up)\b",
}
EMOJI = re.compile("[\N{BLACK SUN WITH RAYS}-\N{HEAVY EXCLAMATION MARK SYMBOL}\U0001f300-\U0001faff]")


def rows() -> Iterator[tuple[str, str]]:
    """Return what is said, in Dutch and in English, without the rules at the top."""
    for line in PAGE.read_text(encoding="utf-8").split("## Tijdens het lopen", 1)[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and cells[0] != "Nederlands":
            yield cells[0], cells[1]


def test_the_page_is_up_to_date() -> None:
    assert runpy.run_path(str(SCRIPT))["page"]() == PAGE.read_text(encoding="utf-8"), "run: make words"


def test_every_text_is_there_in_both_languages() -> None:
    same = {dutch for dutch, english in rows() if dutch == english}
    assert same == set()


@pytest.mark.parametrize(("column", "language"), [(0, "nl"), (1, "en")], ids=["nl", "en"])
def test_nobody_is_shouted_at_driven_on_or_blamed(column: int, language: str) -> None:
    for row in rows():
        text = row[column]
        assert "!" not in text
        assert not EMOJI.search(text)
        assert not re.search(FORBIDDEN[language], text.lower()), text
        assert "{" not in text


def test_dutch_says_je() -> None:
    assert not [dutch for dutch, _ in rows() if re.search(r"\b(u|uw|U|Uw)\b", dutch)]
