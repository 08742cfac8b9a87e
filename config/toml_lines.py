"""On which line of a TOML file each key stands: what tomllib knows and does not tell.

The scan trusts the grammar to tomllib and only follows headers, keys and brackets. It never fails: on
text that is not TOML it stops where it loses the way, and keeps what it has seen.
"""

import re
import tomllib
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Names of tables and keys, and places in lists counted from 0: `("runners", 0, "zone")`."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_END_OF_LINE: Final = re.compile(r"[ \t]*(?=[\r\n#]|\Z)")
_SPACE: Final = re.compile(r"[ \t]*")
_DOT: Final = re.compile(r"[ \t]*\.[ \t]*")
_QUOTED: Final = (
    r'"""(?:\\.|[^\\])*?"{3,5}'  # a closing """ may be preceded by two quotes that belong to the text
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
)
_NAME: Final = re.compile(rf"{_QUOTED}|[A-Za-z0-9_-]+", re.DOTALL)
_SCALAR: Final = re.compile(rf"{_QUOTED}|[^\s,\[\]{{}}#\"'=][^,\]}}#\n]*", re.DOTALL)  # 2026-01-01 07:30:00 has a blank
LONGEST_KEY: Final = 40
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


class Lines:
    """The line of every key, table and list item of one text."""

    def __init__(self, text: str) -> None:
        self._scan = _Scan(text)
        self._scan.run()

    def __getitem__(self, path: KeyPath) -> int:
        """Return the line of `path`, or of the nearest thing around it that stands in the text."""
        while path not in self._scan.lines and path:
            path = path[:-1]
        return self._scan.lines.get(path, 1)

    @property
    def stopped_on(self) -> int:
        """The line on which the text could not be followed further; the last line when it could."""
        return self._scan.line

    @property
    def unfinished(self) -> tuple[KeyPath, int] | None:
        """The key or header in the middle of which the text could not be followed further, and its line."""
        return self._scan.open[-1] if self._scan.open else None

    def begun_on(self, line: int) -> KeyPath:
        """Return the key or header begun last on `line`; nothing when none is."""
        return next((path for path, begun in reversed(self._scan.begun) if begun == line), ())


class _LostError(Exception):
    """The text does not go on as TOML would."""


class _Scan:
    """One walk through a text, from the first character to the last."""

    def __init__(self, text: str) -> None:
        self.line = 1
        self.lines: dict[KeyPath, int] = {}
        self.begun: list[tuple[KeyPath, int]] = []
        self.open: list[tuple[KeyPath, int]] = []  # begun, and not ended yet
        self._text = text
        self._at = 0
        self._rows: dict[KeyPath, int] = {}  # of each [[array of tables]], the row that is being filled

    def run(self) -> None:
        """Note the lines, as far as the text can be followed."""
        try:
            self._document()
        except (_LostError, RecursionError):
            return

    def _document(self) -> None:
        table: KeyPath = ()
        self._take(_BLANK)
        while self._at < len(self._text):
            if self._sees("["):
                table = self._header()
            else:
                self._statement(table)
            self._take(_END_OF_LINE)
            self._take(_BLANK)

    def _header(self) -> KeyPath:
        line = self.line
        is_row = self._sees("[[")
        self._pass("[[" if is_row else "[")
        names = self._key()
        path = (*self._current(names[:-1]), names[-1]) if is_row else self._current(names)
        self._note(path, line)
        if is_row:
            self._rows[path] = self._rows.get(path, -1) + 1
            path = (*path, self._rows[path])
            self._note(path, line)
        self._begin(path, line)
        self._pass("]]" if is_row else "]")
        self.open.pop()
        return path

    def _current(self, names: tuple[str, ...]) -> KeyPath:
        """Return the path that a header's names mean here: through each list of tables by its latest row."""
        path: KeyPath = ()
        for name in names:
            path = (*path, name)
            if path in self._rows:
                path = (*path, self._rows[path])
        return path

    def _statement(self, table: KeyPath) -> None:
        line = self.line
        names = self._key()
        self._pass("=")
        for depth in range(1, len(names) + 1):
            self._note((*table, *names[:depth]), line)
        self._begin((*table, *names), line)
        self._take(_SPACE)
        self._value((*table, *names))
        self.open.pop()

    def _begin(self, path: KeyPath, line: int) -> None:
        self.begun.append((path, line))
        self.open.append((path, line))

    def _key(self) -> tuple[str, ...]:
        self._take(_SPACE)
        names = [_unquoted(self._take(_NAME))]
        while _DOT.match(self._text, self._at):
            self._take(_DOT)
            names.append(_unquoted(self._take(_NAME)))
        self._take(_SPACE)
        return tuple(names)

    def _value(self, path: KeyPath) -> None:
        if self._sees("["):
            self._list(path)
        elif self._sees("{"):
            self._inline_table(path)
        else:
            self._take(_SCALAR)

    def _list(self, path: KeyPath) -> None:
        self._pass("[")
        self._take(_BLANK)
        place = 0
        while not self._sees("]"):
            self._note((*path, place), self.line)
            self._value((*path, place))
            place += 1
            if not self._goes_on():
                break
        self._pass("]")

    def _inline_table(self, path: KeyPath) -> None:
        self._pass("{")
        self._take(_BLANK)
        while not self._sees("}"):
            self._statement(path)
            if not self._goes_on():
                break
        self._pass("}")

    def _goes_on(self) -> bool:
        """Pass a comma and the blanks around it, and tell whether there was one."""
        self._take(_BLANK)
        if not self._sees(","):
            return False
        self._pass(",")
        self._take(_BLANK)
        return True

    def _sees(self, mark: str) -> bool:
        return self._text.startswith(mark, self._at)

    def _pass(self, mark: str) -> None:
        if not self._sees(mark):
            raise _LostError
        self._at += len(mark)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise _LostError
        self._at = found.end()
        self.line += found.group().count("\n")
        return found.group()

    def _note(self, path: KeyPath, line: int) -> None:
        self.lines.setdefault(path, line)


def _unquoted(name: str) -> str:
    if not name.startswith(('"', "'")):
        return name
    try:
        return str(tomllib.loads(f"name = {name}")["name"])
    except ValueError:
        raise _LostError from None


def written(path: KeyPath) -> str:
    """Return a path as people write it, rows counted from 1: `runners[1].zone`; `-` for none."""
    key = ""
    for part in path:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        else:
            key += f"{'.' if key else ''}{part if _BARE.fullmatch(part) else _quoted(part)}"
    return key or "-"


def _quoted(part: str) -> str:
    """Write a key that needs quotes; an address in a key's place may be a secret, and no key is that long."""
    return "'…'" if "://" in part or len(part) > LONGEST_KEY else repr(part)
