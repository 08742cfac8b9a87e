"""What an installation lays, held against the programs that will read it."""

import os
import runpy
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.installation import Layout
from daemon.installation.completion import completion_for
from daemon.installation.unit import folders_drop_in, shipped, unit_of

MAKE_MAN = Path(__file__).parent.parent.parent / ".ci/make-man"
BIN = Path(sys.executable).parent


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"there is no {program} here")


def keys_of(unit: str) -> set[str]:
    return {line.partition("=")[0] for line in unit.splitlines() if "=" in line and not line.startswith("#")}


@pytest.fixture
def system() -> Layout:
    return replace(Layout.of_system(), program=BIN / "duurloop")


@pytest.fixture
def person(tmp_path: Path) -> Layout:
    return replace(Layout.of_user(tmp_path, {}), program=BIN / "duurloop")


# -- units -----------------------------------------------------------------------------------------------


@needs("systemd-analyze")
@pytest.mark.parametrize("whose", ["system", "person"])
def test_systemd_has_nothing_against_the_unit(whose: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    layout: Layout = request.getfixturevalue(whose)
    unit = tmp_path / "duurloop.service"
    unit.write_text(unit_of(layout), encoding="utf-8")
    (tmp_path / "duurloop.service.d").mkdir()
    folders = [tmp_path, Path("/srv/my runs"), Path("/home/els/100% out")]
    (tmp_path / "duurloop.service.d/folders.conf").write_text(folders_drop_in(folders), encoding="utf-8")
    manager = [] if layout.is_system else ["--user"]
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    asked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *manager, str(unit)],  # noqa: S607
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in asked.stderr.splitlines() if "duurloop" in line]
    assert ours == []


def test_the_shipped_unit_is_the_one_that_is_laid_in_opt() -> None:
    laid = unit_of(replace(Layout.of_system(), program=Path("/opt/duurloop/bin/duurloop")))
    assert laid == shipped("systemd", "duurloop.service")


def test_a_persons_unit_has_nothing_that_only_root_may_do(person: Layout) -> None:
    unit = unit_of(person)
    barred = {"User", "SupplementaryGroups", "StateDirectory", "StateDirectoryMode", "LoadCredential"}
    barred |= {"CapabilityBoundingSet", "AmbientCapabilities", "ProtectSystem", "ProtectHome", "PrivateTmp", "Wants"}
    assert keys_of(unit) & barred == set()
    assert {"Type", "WatchdogSec", "Restart", "MemoryMax", "SystemCallFilter"} <= keys_of(unit)
    assert "\nWantedBy=default.target\n" in unit
    assert f"--config {person.settings} --state {person.state} run --fault-page\n" in unit


def test_comments_go_with_the_lines_that_they_explain(person: Layout) -> None:
    assert "DynamicUser" not in unit_of(person)
    assert "LoadCredential" not in unit_of(person)
    assert "# fed only while every worker goes round\nWatchdogSec" in unit_of(person)


def test_paths_with_blanks_and_percent_signs_reach_systemd_whole(person: Layout) -> None:
    odd = replace(person, program=Path("/srv/my 100%/duurloop"))
    assert '\nExecStart="/srv/my 100%%/duurloop" --config' in unit_of(odd)


# -- completion ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_read_its_completion(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    script = tmp_path / "duurloop"
    script.write_text(completion_for(shell), encoding="utf-8")
    subprocess.run([shell, "-n", str(script)], check=True)


@needs("bash")
def test_bash_completes_our_commands_and_their_options(tmp_path: Path) -> None:
    (tmp_path / "duurloop").write_text(completion_for("bash"), encoding="utf-8")
    typed = """
        source "$1"
        complete_it() { COMPREPLY=(); _duurloop_completion duurloop; }
        COMP_WORDS=(duurloop stat); COMP_CWORD=1; complete_it; echo "${COMPREPLY[@]}"
        COMP_WORDS=(duurloop status --j); COMP_CWORD=2; complete_it; echo "${COMPREPLY[@]}"
    """
    answer = subprocess.run(
        ["bash", "-c", typed, "bash", str(tmp_path / "duurloop")],  # noqa: S607
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == ["status", "--json"], answer.stderr


@needs("fish")
def test_fish_finds_what_is_laid_for_somebody(person: Layout, tmp_path: Path) -> None:
    place = person.completions["fish"]
    place.parent.mkdir(parents=True)
    place.write_text(completion_for("fish"), encoding="utf-8")
    answer = subprocess.run(
        ["fish", "-c", "complete -C 'duurloop stat'"],  # noqa: S607
        env={"HOME": str(tmp_path), "PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == ["status"], answer.stderr


# -- manual ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(not MAKE_MAN.exists(), reason="the script is not here")
def test_the_manual_is_up_to_date() -> None:
    assert runpy.run_path(str(MAKE_MAN))["page"]() == shipped("docs", "duurloop.1"), "run: make man"


@needs("groff")
def test_the_manual_is_well_formed() -> None:
    page = shipped("docs", "duurloop.1")
    made = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww"],  # noqa: S607
        input=page,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert made.stderr == ""


@needs("mandoc")
def test_the_manual_reads_well_elsewhere_too() -> None:
    page = shipped("docs", "duurloop.1")
    made = subprocess.run(
        ["mandoc", "-Tlint", "-Wwarning"],  # noqa: S607
        input=page,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    complaints = [
        line for line in made.stdout.splitlines() if "missing date" not in line
    ]  # it would be one more to keep
    assert complaints == []
