"""The example that is installed: it loads, shows every key, and stands any damage."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.faults import Fault, SettingsError
from config.loader import load
from config.settings import Settings
from config.toml_file import known_tables
from tests.edges.settings.loading import EXAMPLE, SECRET, Write, credential, faults


def faults_if_any(path: Path) -> tuple[Fault, ...]:
    try:
        load(path, {})
    except SettingsError as error:
        return error.faults
    return ()


def switched_on() -> str:
    """Return the example with every setting that is switched off in it switched on."""
    return re.sub(r"^#(?=[a-z\[])", "", EXAMPLE.read_text(), flags=re.MULTILINE)


def keys_in(value: object, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*at, key)
            yield from keys_in(inner, (*at, key))
    if isinstance(value, list):
        for row in value:
            yield from keys_in(row, at)


def test_the_example_loads_without_a_fault() -> None:
    assert load(EXAMPLE, {}).runners[0].name == "Els"


def test_the_example_shows_every_key_and_no_other() -> None:
    known = {(*table, key) for table, shape in known_tables(Settings).items() for key in shape.keys}
    shown = set(keys_in(tomllib.loads(switched_on())))
    assert known - shown == {("runners", "strap", "name")}  # shown as `strap = "name"`
    assert shown - known == set()


def test_whatever_is_switched_off_in_the_example_may_be_switched_on(write: Write, tmp_path: Path) -> None:
    credential(tmp_path / "credentials", "mail", "mailtos://x")
    credential(tmp_path / "credentials", "strava", "x")
    for name in ("page.pem", "page.key"):
        (tmp_path / name).touch()
    (fault,) = faults(write(switched_on()))
    assert "strava.credential: stands beside client_secret" in fault  # as the example says: in place of it


def test_the_tables_of_the_example_stand_for_the_defaults() -> None:
    example = load(EXAMPLE, {})
    bare = Settings.model_validate({"runners": [{"name": "Els", "zone": "118-136"}]})
    for table in ("page", "strava", "inbox", "bluetooth", "log", "timezone"):
        assert getattr(example, table) == getattr(bare, table)


EXAMPLE_LINES = EXAMPLE.read_text().splitlines(keepends=True)


@given(st.integers(0, len(EXAMPLE_LINES)))
def test_a_planted_key_is_found_wherever_it_stands(tmp_path_factory: pytest.TempPathFactory, place: int) -> None:
    path = tmp_path_factory.mktemp("planted") / "duurloop.toml"
    path.write_text("".join([*EXAMPLE_LINES[:place], f'xyzzy = "{SECRET}"\n', *EXAMPLE_LINES[place:]]))
    (fault,) = faults(path)
    assert re.fullmatch(rf"{place + 1}: ([a-z\[\]0-9.]+\.)?xyzzy: unknown", fault)


@given(st.integers(0, len("".join(EXAMPLE_LINES))), st.integers(1, 200), st.sampled_from(("", '"', "[", "=", "\n")))
def test_a_damaged_file_is_read_or_its_faults_stand_within_it(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, instead: str
) -> None:
    whole = "".join(EXAMPLE_LINES)
    text = whole[:start] + instead + whole[start + length :]
    path = tmp_path_factory.mktemp("damaged") / "duurloop.toml"
    path.write_text(text)
    for fault in faults_if_any(path):
        assert 1 <= fault.line <= text.count("\n") + 1
        assert "\n" not in str(fault)
        assert "els-runs" not in str(fault)
