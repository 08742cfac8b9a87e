"""The text of a TOML file while it is changed: one key at a time, and all else in it as its owner wrote it.

Values are replaced by tomlkit, which keeps comments, order and quotes; new lines are put where a person would put
them, after the last of their table, for tomlkit would put them below the comments of the next. Each step is read
back: whatever way a file is written in, no key changes that was not asked for.
"""

import copy
import tomllib
from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, Item, String, Table

from config.composing import Say, comment, list_value, means, subtable_text, table_text, table_value, value_text
from config.toml_lines import KeyPath, Lines, written
from config.wish import Gone, Value


class UnwritableError(ValueError):
    """A key stands in the file in a way that cannot be changed from here; `key` names it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class TomlDraft:
    """The text of a file while it is changed, key by key; what it holds is read anew after each step."""

    def __init__(self, text: str, say: Say) -> None:
        self.text = self.begun_as = text
        self._say = say
        self.tables: dict[str, Any] = tomllib.loads(text)
        self._lines = Lines(text)
        self._read = tomlkit.parse(text)
        """Only looked at; what is changed is parsed anew."""

    # -- steps -------------------------------------------------------------------------------------

    def put(self, at: KeyPath, value: Any) -> None:  # noqa: ANN401 - whatever TOML takes
        """Have a value at a key, or no such key."""
        key, old = str(at[-1]), self.get(at)
        if isinstance(value, Gone):
            if old is not None:
                self._remove(at)
        elif old is None:
            self._add(at, value)
        elif means(key, old) != means(key, _plain(value)):
            self.change(at, value)

    def change(self, at: KeyPath, value: Any) -> None:  # noqa: ANN401 - whatever TOML takes
        """Put another value in the place of one, or a first one into a table that is no table of lines."""
        document = tomlkit.parse(self.text)
        home = _node(document, at[:-1])
        old = home.get(at[-1]) if isinstance(home, Mapping) else home[at[-1]]
        if isinstance(value, list) and isinstance(old, Array) and "#" in old.as_string():
            _alter(old, value)
            value = [*old.unwrap()]
        else:
            home[at[-1]] = _in_the_manner_of(old, value)
        self.become(document.as_string(), self.expected(at, _plain(value)))

    def _add(self, at: KeyPath, value: Any) -> None:  # noqa: ANN401 - whatever TOML takes
        """Put a key where there was none."""
        home = at[:-1]
        if home and self.get(home) is None:
            self._add_table(home, str(at[-1]), value)
        elif self.has_header(home):
            line = f"{at[-1]} = {value_text(value)}\n"
            above = comment(_spoken(at), self._say)
            begun = f"# {above}\n{line}" if above else line
            self.insert(self._end_of_keys(home), begun, self.expected(at, _plain(value)))
        else:
            self.change(at, value)

    def _add_table(self, at: KeyPath, key: str, value: Value) -> None:
        expected = self.expected((*at, key), value)
        if len(at) == 1:
            block = table_text(str(at[0]), {key: value}, self._say)
            self.insert(self.last_line(), f"\n{block}", expected)
        elif self.has_header(at[:-1]):
            block = subtable_text(str(at[-1]), {key: value}, self._say)
            self.insert(self._end_of_keys(at[:-1]), f"\n{block}", expected)
        else:
            self.change(at, {key: value})

    def append(self, at: KeyPath, entry: Mapping[str, Any]) -> None:
        """Add a table at the end of a list of tables, whichever way that is written."""
        entry = {key: value for key, value in entry.items() if value is not None}
        document = tomlkit.parse(self.text)
        rows = _node(document, at)
        if isinstance(rows, AoT):
            table = tomlkit.table()
            table.update(entry)
            rows.append(table)
        else:
            rows.append(table_value(entry))
        self.become(document.as_string(), self.expected(at, [*self.get(at), entry]))

    def drop(self, at: KeyPath, place: int) -> None:
        """Take a table out of a list of tables."""
        left = [row for number, row in enumerate(self.get(at)) if number != place]
        expected = self.expected(at, left or Gone.GONE)
        if self.has_header((*at, place)):  # by its lines: comments below it may speak of what follows
            lines = self.text.splitlines(keepends=True)
            first, last = self._lines[*at, place] - 1, self.end_of((*at, place))
            if first and not lines[first - 1].strip() and not "".join(lines[last : last + 1]).strip():
                first -= 1
            self.become("".join([*lines[:first], *lines[last:]]), expected)
            return
        document = tomlkit.parse(self.text)
        del _node(document, at)[place]
        if not left:
            home = _node(document, at[:-1])
            del home[at[-1]]
        self.become(document.as_string(), expected)

    def _remove(self, at: KeyPath) -> None:
        document = tomlkit.parse(self.text)
        home = _node(document, at[:-1])
        del home[at[-1]]
        self.become(document.as_string(), self.expected(at, Gone.GONE))

    def insert(self, after_line: int, block: str, expected: dict[str, Any]) -> None:
        """Put lines below a line of the text."""
        lines = self.text.splitlines(keepends=True)
        before, behind = "".join(lines[:after_line]), "".join(lines[after_line:])
        if before and not before.endswith("\n"):
            before += "\n"
        if block.startswith("\n") and behind.strip() and not behind.startswith("\n"):
            block += "\n"
        self.become(f"{before}{block}{behind}", expected)

    def become(self, text: str, expected: dict[str, Any]) -> None:
        """Be this text, if it means what is expected. Raises `UnwritableError`."""
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            tables = {}
        if tables != expected:
            raise UnwritableError(_first_difference(self.tables, expected))
        self.text, self.tables = text, tables
        self._lines, self._read = Lines(text), tomlkit.parse(text)

    # -- what there is -----------------------------------------------------------------------------

    def get(self, at: KeyPath) -> Any:  # noqa: ANN401 - whatever TOML holds
        """Return what stands at a key; None for nothing."""
        return _found(self.tables, at)

    def node(self, at: KeyPath) -> Any:  # noqa: ANN401 - tomlkit's own
        """Return how it stands there."""
        return _node(self._read, at)

    def expected(self, at: KeyPath, value: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        """Return what the text shall mean with another value at a key."""
        tables = copy.deepcopy(self.tables)
        home: Any = tables
        for part in at[:-1]:
            home = home[part] if isinstance(part, int) else home.setdefault(part, {})
        if isinstance(value, Gone):
            home.pop(at[-1], None)
        else:
            home[at[-1]] = value
        return tables

    def line_of(self, at: KeyPath) -> int:
        """Return the line on which a key or a table begins."""
        return self._lines[at]

    def has_header(self, at: KeyPath) -> bool:
        """Tell whether a table is one whose keys stand in lines below its [name]."""
        if not at:
            return False
        node = self.node(at)
        line = self.text.splitlines()[self._lines[at] - 1]
        return isinstance(node, Table) and line.lstrip().startswith("[")

    def _end_of_keys(self, at: KeyPath) -> int:
        """Return the line on which the last key ends that stands below a table's own header."""
        tables = [key for key, item in self.node(at).items() if self._is_below_its_own(item, (*at, key))]
        own = {key: value for key, value in self.get(at).items() if key not in tables}
        return max((self.end_of((*at, key)) for key in own), default=self._lines[at])

    def _is_below_its_own(self, item: object, at: KeyPath) -> bool:
        return isinstance(item, AoT) or (isinstance(item, Table) and self.has_header(at))

    def end_of(self, at: KeyPath) -> int:
        """Return the line on which ends whatever stands at a key or below it."""
        lines, node = self._lines, self.node(at)
        held = self.get(at)
        inner = held.keys() if isinstance(held, dict) else range(len(held)) if isinstance(held, list) else ()
        if isinstance(node, (Item, str)) and not isinstance(node, (Table, AoT)):
            return lines[at] + _height(node)
        return max((self.end_of((*at, part)) for part in inner), default=lines[at])

    def last_line(self) -> int:
        """Return the last line that has something on it."""
        return len(self.text.rstrip().splitlines())


# -- values and nodes ------------------------------------------------------------------------------


def _found(tables: Any, at: KeyPath) -> Any:  # noqa: ANN401 - whatever TOML holds
    held = tables
    for part in at:
        held = (held[part] if isinstance(part, int) else held.get(part)) if held is not None else None
    return held


def _node(document: Any, at: KeyPath) -> Any:  # noqa: ANN401 - tomlkit's own
    node = document
    for part in at:
        try:
            node = node[part]
        except (KeyError, IndexError, TOMLKitError):
            return None
    return node


def _height(node: Item | str) -> int:
    return node.as_string().count("\n") if isinstance(node, Item) else 0


def _spoken(at: KeyPath) -> str:
    """Return the name under which a key's comment is known."""
    return str(at[-1]) if at[0] == "runners" else ".".join(map(str, at))


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever TOML takes
    """Return a value as it will be read: what is unknown is not written."""
    if isinstance(value, list):
        return [_plain(row) for row in value]
    if isinstance(value, dict):
        return {key: row for key, row in value.items() if row is not None}
    return value


def _in_the_manner_of(old: object, value: Any) -> Any:  # noqa: ANN401 - whatever TOML takes
    """Return a value in the quotes that its owner likes."""
    if isinstance(old, String) and isinstance(value, str) and old.as_string().startswith("'") and "'" not in value:
        return tomlkit.string(value, literal=True)
    if isinstance(value, dict):
        return table_value(value)
    return list_value(value) if isinstance(value, list) else value


def _alter(array: Array, wanted: list[Any]) -> None:
    """Make a list hold what is wanted, and leave the lines of what it holds already."""
    for row in [row for row in array.unwrap() if row not in wanted]:
        array.remove(row)
    for row in [row for row in wanted if row not in array.unwrap()]:
        array.append(row)


def _first_difference(old: Any, new: Any, at: KeyPath = ()) -> str:  # noqa: ANN401 - whatever TOML holds
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *old]:
            if old.get(key) != new.get(key):
                return _first_difference(old.get(key), new.get(key), (*at, key))
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (before, after) in enumerate(zip(old, new, strict=True)):
            if before != after:
                return _first_difference(before, after, (*at, place))
    return written(at)
