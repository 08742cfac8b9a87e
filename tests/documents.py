"""What the documents show: their commands, settings, links and addresses, each with the place where it stands."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import BaseModel

from config.settings import Settings
from daemon.cli import duurloop

HOUSE = Path(__file__).parent.parent
GENERATED = frozenset({"words.md"})
"""By `make words`, and tested with it."""
PROMPT = "$ "
GAP = "..."
"""Stands for whatever differs: within a line, or for any number of lines."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^()\s]+)\)|^\[\w+\]: (\S+)$|\bsrc=\"([^\"]+)\"", re.MULTILINE)
_OURS = re.compile(r"(?:sudo )?(?:/opt/duurloop/bin/)?duurloop (.*)")
_AND = re.compile(r" && ")


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as a document shows it, and what it is shown to say."""

    where: str
    command: str
    output: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str] | None:
        """Return what is said to `duurloop`; None for another program."""
        ours = _OURS.fullmatch(self.command)
        return shlex.split(ours[1]) if ours else None


@dataclass(frozen=True, slots=True)
class Document:
    """One page of Markdown."""

    path: Path

    @property
    def text(self) -> str:
        """What stands there."""
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """What stands there outside of blocks."""
        return _FENCE.sub("", self.text)

    def blocks(self, kind: str) -> list[str]:
        """Return the blocks of one kind."""
        return [body for name, body in _FENCE.findall(self.text) if name == kind]

    def commands(self) -> list[Shown]:
        """Return every command of a console block; of several on one line, each."""
        return [shown for block in self.blocks("console") for shown in self._typed(block)]

    def _typed(self, block: str) -> Iterator[Shown]:
        lines = block.splitlines()
        for number, line in enumerate(lines):
            if not line.startswith(PROMPT):
                continue
            output = tuple(takewhile(lambda after: not after.startswith(PROMPT), lines[number + 1 :]))
            *before, last = _AND.split(line.removeprefix(PROMPT).partition("   #")[0].strip())
            yield from (Shown(self.path.name, one) for one in before)
            yield Shown(self.path.name, last, output)

    def codes(self) -> list[str]:
        """Return what stands as code within sentences and tables."""
        return _CODE.findall(self.prose)

    def mentions(self) -> list[Shown]:
        """Return the commands of ours that stand within sentences and tables."""
        parts = (part for code in self.codes() for part in _AND.split(code))
        return [Shown(self.path.name, part) for part in parts if _OURS.fullmatch(part) and GAP not in part.split()]

    def rows(self) -> list[tuple[list[Shown], str]]:
        """Return the rows of the tables of commands: the commands, and what is said of them."""
        found = []
        for line in self.prose.splitlines():
            head, _, rest = line.removeprefix("| ").partition(" | ")
            if line.startswith("| `duurloop "):
                found.append(([Shown(self.path.name, code) for code in _CODE.findall(head)], rest))
        return found

    def links(self) -> list[str]:
        """Return where it leads to, in this house."""
        leading = (next(filter(None, found)) for found in _LINK.findall(_CODE.sub("", self.prose)))
        return [link for link in leading if "://" not in link]

    def anchors(self) -> frozenset[str]:
        """Return the places that a link may lead to, as they are made of headings."""
        headings = re.findall(r"^#+ (.+)$", self.prose, flags=re.MULTILINE)
        return frozenset(re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings)


@cache
def documents() -> tuple[Document, ...]:
    """Return the README and what stands in `docs`."""
    pages = (path for path in sorted((HOUSE / "docs").glob("*.md")) if path.name not in GENERATED)
    return tuple(map(Document, (HOUSE / "README.md", *pages)))


def says(output: Sequence[str], said: str) -> bool:
    """Tell whether a command said what is shown, but for the gaps, days, hours and places."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == GAP else f"{_alike(line.rstrip())} *\n" for line in output)
    return re.fullmatch(pattern, said if said.endswith("\n") else said + "\n") is not None


def _alike(line: str) -> str:
    pattern = re.escape(line).replace(re.escape(GAP), ".*?").replace("/etc/duurloop/", r"\S*/")
    for differing in (r"\d{4}\\-\d{2}\\-\d{2}", r"\d{2}:\d{2}"):
        pattern = re.sub(differing, lambda _, same=differing: same.replace(r"\\-", "-"), pattern)
    return pattern


def command_of(arguments: Sequence[str]) -> tuple[click.Command, list[str]]:
    """Return the command that is named and the rest, parsed as far as its options; raises `UsageError`."""
    command: click.Command = duurloop
    context, rest = click.Context(duurloop, info_name="duurloop"), list(arguments)
    while True:
        _, rest, _ = command.make_parser(context).parse_args(rest)
        if not isinstance(command, click.Group) or not rest:
            return command, rest
        name, *rest = rest
        inner = command.get_command(context, name)
        if inner is None:
            raise click.UsageError(f"no command {name!r}", context)
        command, context = inner, click.Context(inner, info_name=name, parent=context)


def options_of(command: click.Command) -> frozenset[str]:
    """Return the long options of a command, and of those below it."""
    own = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    below: Iterable[click.Command] = command.commands.values() if isinstance(command, click.Group) else ()
    return frozenset(own).union(*map(options_of, below), {"--help"})


@cache
def settings_keys() -> frozenset[str]:
    """Return every key that a settings file may have, of whatever table."""
    return frozenset(_keys_of(Settings))


def _keys_of(table: type[BaseModel]) -> Iterator[str]:
    for name, field in table.model_fields.items():
        yield field.alias or name
        for inner in _tables_in(field.annotation):
            yield from _keys_of(inner)


def _tables_in(kind: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - whatever stands in an annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _tables_in(inner)
