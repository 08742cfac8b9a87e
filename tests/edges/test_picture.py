import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from config.language import catalogue
from connectors.picture import FAMILY, FONTS, SHARPNESS, png_of
from daemon.domain.wording import ENGLISH, Language
from daemon.ports import PictureError
from daemon.weekly.drawing import HEIGHT, WIDTH, week_drawing
from tests.week_builders import FULL, KINDS

DUTCH = Language(catalogue("nl").gettext, catalogue("nl").ngettext)
DRAW = """
import sys
from connectors.picture import png_of
sys.stdout.buffer.write(png_of(sys.stdin.read()))
"""
NO_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>'


def written(words: str, weight: int = 400, family: str = FAMILY) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
        f'<text x="10" y="30" font-size="20" font-weight="{weight}" font-family="{family}">{words}</text></svg>'
    )


def spoken() -> Iterator[str]:
    """Return every letter and digit that stands in a drawing, in either language."""
    for week in KINDS.values():
        for language in (ENGLISH, DUTCH):
            drawing = fromstring(week_drawing(week, language, figures=True))  # noqa: S314 our own
            for words in drawing.iter("{http://www.w3.org/2000/svg}text"):
                yield from words.text or ""


def test_a_drawing_becomes_a_sharp_png() -> None:
    png = png_of(week_drawing(FULL, ENGLISH, figures=True))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    size = [int.from_bytes(png[at : at + 4], "big") for at in (16, 20)]
    assert size == [SHARPNESS * WIDTH, SHARPNESS * HEIGHT]
    assert len(png) < 100_000


@pytest.mark.parametrize("weight", [400, 600])
def test_every_letter_that_a_picture_says_is_really_drawn(weight: int) -> None:
    letters = sorted({*spoken(), *"0123456789", *"ÀÉËÏÖÜàéëïöüçñßø"} - {" "})
    pictures = {letter: png_of(written(letter.replace("<", "&lt;"), weight)) for letter in letters}
    assert png_of(written("")) not in pictures.values()
    assert len(set(pictures.values())) == len(letters)  # none of them as another, or as an empty box


def test_the_two_weights_are_two() -> None:
    assert png_of(written("8", 400)) != png_of(written("8", 600))


def test_any_font_without_serifs_is_ours() -> None:
    assert png_of(written("8", family="sans-serif")) == png_of(written("8"))


def test_a_machine_without_fonts_draws_the_same_picture(tmp_path: Path) -> None:
    settings = tmp_path / "fonts.conf"
    settings.write_text(NO_FONTS, encoding="utf-8")
    drawing = week_drawing(FULL, DUTCH, figures=True)
    bare = {"FONTCONFIG_FILE": str(settings), "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    there = subprocess.run(
        [sys.executable, "-c", DRAW],
        input=drawing.encode(),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], **bare},
    )
    assert there.stdout == png_of(drawing)


def test_the_font_travels_with_its_licence() -> None:
    assert {path.name for path in FONTS.iterdir()} >= {
        "DuurloopSans-Regular.otf",
        "DuurloopSans-SemiBold.otf",
        "OFL.txt",
        "README.md",
    }
    assert all(path.stat().st_size < 60_000 for path in FONTS.glob("*.otf"))


def test_what_is_no_drawing_is_refused() -> None:
    with pytest.raises(PictureError, match="unknown token"):
        png_of("no drawing")
