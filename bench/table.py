"""How every benchmark shows what it saw: what, seen, budget, and beside it the peer or the limit."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

HEADINGS = ("what", "seen", "budget", "beside it")


class Row(NamedTuple):
    """One line of a table; figures come as text, with their unit."""

    what: str
    seen: str
    budget: str = ""
    beside: str = ""


def show(title: str, rows: Sequence[Row], notes: Iterable[str] = ()) -> None:
    """Print the table, and below it what is needed to read it."""
    lines = [HEADINGS, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    print(title)
    print()
    for line in (HEADINGS, tuple("-" * width for width in widths), *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for note in notes:
        print(f"  {note}")
