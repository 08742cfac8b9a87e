"""An SVG to a PNG, by resvg, with a font of our own.

A server has no fonts as a rule, and resvg leaves out silently what it has no font for. So two cuts of one font
travel with the program (`fonts/README.md`), and no other is looked at: the picture is the same on every machine.
"""

from pathlib import Path

from daemon.ports import PictureError

FONTS = Path(__file__).with_name("fonts")
FAMILY = "Duurloop Sans"
SHARPNESS = 2
"""Pixels of the PNG to one of the SVG: phones and newer screens show them all."""


def png_of(svg: str) -> bytes:
    """Return the PNG; a tenth of a second of work. Raises `PictureError`."""
    import resvg_py  # noqa: PLC0415 a library of 3 MB that only a picture needs

    try:
        return resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=SHARPNESS,
            skip_system_fonts=True,
            font_files=[str(font) for font in sorted(FONTS.glob("*.otf"))],
            font_family=FAMILY,
            sans_serif_family=FAMILY,
        )
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Rust is no Exception
        raise PictureError(str(error).partition("\n")[0]) from error
