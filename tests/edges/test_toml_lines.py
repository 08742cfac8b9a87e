"""The lines of keys: whatever valid TOML looks like, and whatever is no TOML at all."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.toml_lines import KeyPath, Lines, written

SCALARS = (
    "1",
    "-0.5e3",
    "inf",
    "true",
    "2026-01-01",
    "2026-01-01 07:30:00",
    "2026-01-01T07:30:00+01:00",
    "18:30:00",
    '""',
    "''",
    '"a = 1 # no comment"',
    '"[[not.a.header]]"',
    r'"a quote \" and a backslash \\"',
    "'C:\\'",
    '"""\n[no.header]\nkey = "value"\n"""',
    '""""quoted at both ends"""""',
    r'"""ends \""""""',
    "'''\n]\n''quoted''\n'''",
    '"""a \\\n   b"""',
)
COMMENTS = ("", " # key = 1", "   #]]", " # \"'''")
NAMES = (("plain", "plain"), ("'a.b'", "a.b"), ('"c = # d"', "c = # d"), (r'"\u0065"', "e"), ("1-_", "1-_"))


@dataclass(frozen=True)
class Written:
    """Text, and the lines after its first on which something begins."""

    text: str
    begins: tuple[tuple[KeyPath, int], ...] = ()


def height(text: str) -> int:
    return text.count("\n")


@st.composite
def lists(draw: st.DrawFn, items: st.SearchStrategy[Written]) -> Written:
    text = "["
    begins: list[tuple[KeyPath, int]] = []
    for place, item in enumerate(draw(st.lists(items, max_size=3))):
        text += draw(st.sampled_from(("", " ", "\n", "# ]\n", "\n\n  ")))
        begins.append(((place,), height(text)))
        begins += [((place, *path), line + height(text)) for path, line in item.begins]
        text += item.text + draw(st.sampled_from((",", " ,", "\n,", ", # ,\n")))
    return Written(text + draw(st.sampled_from(("]", "\n]", "# [\n]"))), tuple(begins))


@st.composite
def inline_tables(draw: st.DrawFn, values: st.SearchStrategy[Written]) -> Written:
    text = "{ "
    begins: list[tuple[KeyPath, int]] = []
    for place, value in enumerate(draw(st.lists(values, max_size=3))):
        key = f"k{place}"
        text += (", " if place else "") + f"{key} = "
        begins.append(((key,), height(text)))
        begins += [((key, *path), line + height(text)) for path, line in value.begins]
        text += value.text
    return Written(text + " }", tuple(begins))


VALUES = st.recursive(
    st.sampled_from(SCALARS).map(Written),
    lambda values: lists(values) | inline_tables(values),
    max_leaves=6,
)


@st.composite
def documents(draw: st.DrawFn) -> Written:
    text = ""
    begins: list[tuple[KeyPath, int]] = []
    rows = 0
    table: KeyPath = ()
    for number in range(draw(st.integers(1, 6))):
        text += draw(st.sampled_from(("", "\n", "# [x]\n", "  \n# y = 1\n")))
        kind = draw(st.sampled_from(("table", "row", "inner", "none")))
        if kind == "table":
            table = (f"table{number}",)
            begins.append((table, height(text) + 1))
            text += f"[ {table[0]} ]\n"
        elif kind == "row":
            table = ("rows", rows)
            rows += 1
            begins.append((table, height(text) + 1))
            text += "[[rows]]" + draw(st.sampled_from(COMMENTS)) + "\n"
        elif kind == "inner" and rows:
            table = ("rows", rows - 1, f"inner{number}", 0)
            begins.append((table, height(text) + 1))
            text += f"[[rows.inner{number}]]\n"
        for place in range(draw(st.integers(0, 3))):
            name, path = draw(keys(f"{number}_{place}"))
            value = draw(VALUES)
            begins.append(((*table, *path), height(text) + 1))
            begins += [((*table, *path, *inner), line + height(text) + 1) for inner, line in value.begins]
            text += f"{name} = {value.text}{draw(st.sampled_from(COMMENTS))}\n"
    return Written(text, tuple(begins))


@st.composite
def keys(draw: st.DrawFn, unique: str) -> tuple[str, KeyPath]:
    quoted, name = draw(st.sampled_from(NAMES))
    dotted = draw(st.booleans())
    return (f"u{unique} . {quoted}", (f"u{unique}", name)) if dotted else (f"u{unique}", (f"u{unique}",))


def paths(value: object, at: KeyPath = ()) -> Iterator[KeyPath]:
    yield at
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*at, key))


@given(documents(), st.booleans())
def test_every_key_and_item_of_valid_toml_is_found_on_its_line(document: Written, windows: bool) -> None:  # noqa: FBT001
    text = document.text.replace("\n", "\r\n") if windows else document.text
    lines = Lines(text)
    assert [(path, lines[path]) for path, _ in document.begins] == list(document.begins)
    assert lines.unfinished is None


@given(documents())
def test_nothing_that_tomllib_reads_is_missed(document: Written) -> None:
    lines = Lines(document.text)
    ends = height(document.text) + 1
    known = {path for path, _ in document.begins}
    for path in paths(tomllib.loads(document.text)):
        assert 1 <= lines[path] <= ends
        if path in known:
            assert lines[(*path, "a key that is not there")] == lines[path]


@given(st.text(alphabet="[]{}=.,\"'#\\\n \tab1"))
def test_text_that_is_no_toml_is_no_reason_to_fail(text: str) -> None:
    assert 1 <= Lines(text).stopped_on <= height(text) + 1


def test_deep_brackets_are_no_reason_to_fail() -> None:
    assert Lines("a = " + "[" * 100_000)["a",] == 1


def test_a_header_within_a_row_belongs_to_the_latest_row() -> None:
    lines = Lines("[[r]]\n[r.t]\nx = 1\n[[r]]\n[r.t]\nx = 1\n[[r.s]]\n[[r.s]]\ny = 1\n")
    assert [lines["r", 0, "t", "x"], lines["r", 1, "t", "x"], lines["r", 1, "s", 1, "y"]] == [3, 6, 9]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param((), "-", id="nothing"),
        pytest.param(("page", "listen"), "page.listen", id="a key in a table"),
        pytest.param(("runners", 0, "zone", 1, "from"), "runners[1].zone[2].from", id="rows counted from one"),
        pytest.param(("a b",), "'a b'", id="a key that wants quotes"),
        pytest.param(("a\nb",), "'a\\nb'", id="always one line"),
    ],
)
def test_a_path_is_written_as_people_write_it(path: KeyPath, text: str) -> None:
    assert written(path) == text
