"""Reads a TOML file against a model and finds everything that is wrong with it, each with its line."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, LiteralString, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from config.faults import REASONS, Fault, SettingsError, words_for
from config.toml_lines import KeyPath, Lines, written

LARGEST_FILE_BYTES: Final = 512 * 1024
"""A household's settings are a few kB; beyond this somebody named the wrong file."""

_GRAMMAR: Final = (
    # What tomllib says, and what we say instead: it speaks of the grammar, we of what to do.
    ("Unclosed", "toml_unclosed"),
    ("Unterminated", "toml_unclosed"),
    ("Illegal character '\\n'", "toml_unclosed"),
    ("Expected \"'", "toml_unclosed"),
    ("Expected ']", "toml_unclosed"),
    ("Cannot overwrite", "toml_twice"),
    ("Duplicate inline table key", "toml_twice"),
    ("Cannot declare", "toml_table_twice"),
    ("Cannot mutate immutable", "toml_table_twice"),
    ("Expected '='", "toml_no_equals"),
    ("Invalid statement", "toml_no_equals"),
    ("Invalid initial character for a key part", "toml_no_equals"),
    ("Expected newline", "toml_one_a_line"),
    ("Invalid value", "toml_value"),
    ("Invalid date", "toml_value"),
    ("Unescaped '\\'", "toml_backslash"),
)
_AT_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)$")


class Table(BaseModel):
    """One table of a file: never changed once read, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


M = TypeVar("M", bound=Table)


def refuse(kind: LiteralString, **values: object) -> PydanticCustomError:
    """Return what a validator raises: a kind of fault from `REASONS`, with what its words want filled in."""
    return PydanticCustomError(kind, REASONS[kind], values)


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file that could be read: what it holds, and where."""

    path: Path
    tables: dict[str, Any] = field(repr=False)  # secrets may stand in it
    lines: Lines = field(repr=False)

    def fault(self, at: KeyPath, reason: str) -> Fault:
        """Return a fault at a key of this file."""
        return Fault(str(self.path), self.lines[at], written(at), reason)


def read(path: Path) -> TomlFile:
    """Read a file and parse it; raises `SettingsError` when that is impossible."""
    return understood(path, _text_of(path))


def understood(path: Path, text: str) -> TomlFile:
    """Parse what stands in a file, or will; raises `SettingsError` when that is impossible."""
    lines = Lines(text)
    try:
        return TomlFile(path, tomllib.loads(text), lines)
    except (ValueError, RecursionError) as error:  # not only TOMLDecodeError: a number of 5,000 digits is a ValueError
        raise SettingsError([_grammar_fault(path, str(error), lines)]) from None


def check(model: type[M], tables: Mapping[str, Any], context: object = None) -> tuple[M | None, dict[KeyPath, str]]:
    """Return the values, or None and what is wrong with each key."""
    try:
        return model.model_validate(tables, context=context), {}
    except ValidationError as error:
        known = known_tables(model)
        return None, {fault["loc"]: _reason(fault, known) for fault in error.errors(include_url=False)}


@dataclass(frozen=True, slots=True)
class TableShape:
    """What a model knows of one table."""

    keys: dict[str, Any]
    """Each key with the type of its value."""
    is_list: bool
    """Whether the table may stand more than once, in double brackets."""

    @property
    def scalars(self) -> Iterator[str]:
        """The keys that hold one value, not a list."""
        return (key for key, annotation in self.keys.items() if get_origin(annotation) is not tuple)


def known_tables(
    model: type[BaseModel], at: tuple[str, ...] = (), *, is_list: bool = False
) -> dict[KeyPath, TableShape]:
    """Return the tables a model understands by their names without places: `("runners", "channels")`."""
    keys = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    tables: dict[KeyPath, TableShape] = {at: TableShape(keys, is_list)}
    for key, annotation in keys.items():
        for table, table_is_list in _tables_in(annotation):
            tables |= known_tables(table, (*at, key), is_list=table_is_list)
    return tables


def _tables_in(annotation: object, *, is_list: bool = False) -> Iterator[tuple[type[Table], bool]]:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation, is_list
    for part in get_args(annotation):
        yield from _tables_in(part, is_list=is_list or get_origin(annotation) is tuple)


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE_BYTES + 1)
        if len(data) > LARGEST_FILE_BYTES:
            raise _whole(path, words_for("file_too_large", limit_kb=LARGEST_FILE_BYTES // 1024))
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise _whole(path, words_for("file_missing")) from None
    except PermissionError:
        raise _whole(path, words_for("file_forbidden")) from None
    except IsADirectoryError:
        raise _whole(path, words_for("file_folder")) from None
    except OSError as error:
        raise _whole(path, words_for("file_unreadable", why=error.strerror)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError([Fault(str(path), line, "-", words_for("file_not_utf8"))]) from None


def _whole(path: Path, reason: str) -> SettingsError:
    return SettingsError([Fault(str(path), 1, "-", reason)])


def _grammar_fault(path: Path, said: str, lines: Lines) -> Fault:
    kind = next((kind for start, kind in _GRAMMAR if said.startswith(start)), "toml_other")
    found = _AT_LINE.search(said)
    line = int(found[1]) if found else lines.stopped_on
    key = lines.begun_on(line)
    if lines.unfinished is not None and (kind == "toml_unclosed" or found is None):
        # tomllib notices an open bracket lines later, or at the end; the reader wants to know where it was opened.
        key, begun = lines.unfinished
        kind = "toml_unclosed" if begun < line else kind
        line = begun
    return Fault(str(path), line, written(key), words_for(kind))


def _reason(fault: ErrorDetails, known: Mapping[KeyPath, TableShape]) -> str:
    kind, at = fault["type"], _names(fault["loc"])
    if kind == "extra_forbidden":
        return _unknown_key(at, known, is_table=_holds_keys(fault["input"]))
    if kind == "tuple_type" and isinstance(fault["input"], dict) and at in known:
        return words_for("table_not_list", name=written(at))
    return words_for(kind, **fault.get("ctx", {}))


def _unknown_key(at: KeyPath, known: Mapping[KeyPath, TableShape], *, is_table: bool) -> str:
    """Guess what was meant: the same word elsewhere, or a similar one here, or a similar one elsewhere."""
    table, key = at[:-1], str(at[-1])
    if homes := _nearest([home for home, shape in known.items() if key in shape.keys], table):
        if is_table:
            return words_for("key_misplaced_table", place=" or ".join(_header((*home, key), known) for home in homes))
        return words_for("key_misplaced", place=" or ".join(_header(home, known) for home in homes))
    if meant := similar(key, known[table].keys):
        return words_for("key_misspelt", meant=meant)
    for home, shape in known.items():
        if meant := similar(key, shape.keys):
            return words_for("key_misspelt_elsewhere", meant=meant, place=_header(home, known))
    return words_for("key_unknown")


def _nearest(homes: list[KeyPath], table: KeyPath) -> list[KeyPath]:
    """Leave the tables that were most likely meant: those inside `table` if there are any, the outermost of them."""
    homes = [home for home in homes if home[: len(table)] == table] or homes
    return [home for home in homes if len(home) == min(map(len, homes))]


def _holds_keys(value: object) -> bool:
    """Tell whether a value is a table, or a list of tables."""
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(row, dict) for row in value))


def similar(key: str, keys: Iterable[str]) -> str | None:
    """Return the key that was probably meant."""
    return next(iter(difflib.get_close_matches(key.lower(), keys, n=1, cutoff=0.7)), None)


def _header(table: KeyPath, known: Mapping[KeyPath, TableShape]) -> str:
    """Return how the file writes the beginning of a table."""
    if not table:
        return "the top of the file"
    name = written(table)
    return f"[[{name}]]" if known[table].is_list else f"[{name}]"


def _names(path: KeyPath) -> KeyPath:
    return tuple(part for part in path if isinstance(part, str))
