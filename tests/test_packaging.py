"""The package as it is installed: its names, its command, what travels with it."""

import importlib.metadata
import importlib.resources
import subprocess
import sys

import pytest


@pytest.mark.parametrize("name", ["daemon", "connectors", "config"])
def test_nobody_else_owns_our_import_names(name: str) -> None:
    # an editable install claims no names; another distribution that has one shows all the same
    assert set(importlib.metadata.packages_distributions().get(name, [])) <= {"duurloop"}


@pytest.mark.parametrize(
    "path",
    [
        "config/duurloop.example.toml",
        "config/plans/rustig-12.toml",
        "config/locale/nl/LC_MESSAGES/duurloop.mo",
        "connectors/migrations/0001_first.sql",
    ],
)
def test_what_the_program_reads_travels_with_it(path: str) -> None:
    package, _, rest = path.partition("/")
    assert importlib.resources.files(package).joinpath(rest).is_file()


def test_the_command_is_installed() -> None:
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="duurloop")
    assert command.value == "daemon.cli:main"


@pytest.mark.parametrize(
    ("imported", "absent"),
    [
        ("daemon.cli.status", {"asyncio", "pydantic", "aiosqlite", "apprise", "bleak"}),
        ("daemon.wiring", {"apprise", "bleak", "stravalib", "numpy", "aiohttp", "fitdecode"}),
        ("connectors.activity_files", {"fitdecode", "defusedxml"}),
    ],
    ids=["status answers at once", "the service starts light", "readers wait for a file"],
)
def test_heavy_libraries_wait_until_they_are_needed(imported: str, absent: set[str]) -> None:
    question = f"import sys, {imported}; print(*({absent!r} & sys.modules.keys()))"
    asked = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    assert asked.stdout.split() == []
