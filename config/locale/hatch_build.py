"""Compile the catalogues when the package is built: .po for people, .mo for gettext."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling ships no types
    """Puts a .mo beside every .po, for a wheel and for an editable install alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile all; called by hatchling before it collects files."""
        del version, build_data
        compile_all(Path(self.root, "config/locale"))


def compile_all(locale: Path) -> None:
    """Put a .mo beside every .po."""
    for po_file in locale.glob("*/LC_MESSAGES/*.po"):
        with po_file.open("rb") as source:
            catalogue = read_po(source, locale=po_file.parts[-3])
        compiled = po_file.with_suffix(".mo")
        compiled.unlink(missing_ok=True)  # it may be root's, from an installation
        with compiled.open("wb") as target:
            write_mo(target, catalogue)


if __name__ == "__main__":
    compile_all(Path(__file__).parent)
