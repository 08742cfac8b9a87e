"""Whoever types what the documents show gets what they show: every command is run, or parsed and run elsewhere."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from shutil import copytree

import click
import pytest

from daemon.cli import COMMANDS
from daemon.cli import duurloop as program
from tests.activity_builders import tcx_activity, tcx_file, tcx_point
from tests.browser import house as lived_in
from tests.documents import Shown, command_of, documents, options_of, says
from tests.loopback import free_port
from tests.terminal import Say, zone_at_midday

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

IMPORTED_FROM = os.pathsep.join(path for path in sys.path if path)
README = documents()[0]

OTHER_PROGRAMS = {
    "make demo": "is `duurloop demo`",
    "make test": "runs these tests",
    "sudo apt": "needs root, and changes the machine",
    "sudo python3 -m venv": "needs root",
    "sudo /opt/duurloop/bin/pip": "needs root and the network",
    "sudo systemctl": "is the machine's own",
    "sudo journalctl": "is the machine's own",
    "systemctl": "is the machine's own",
    "journalctl": "is the machine's own",
    "bluetoothctl": "needs BlueZ and an adapter",
    "sudo ufw": "needs root, and a firewall",
}
"""Not run here; why not."""
TRIED_ELSEWHERE = {
    "demo": "takes half a minute: tests/scenarios/test_demo.py",
    "run": "goes on for ever: the service that the others ask here",
    "setup": "asks, and installs: the tests of the installation",
    "uninstall": "needs an installation: the tests of the installation",
    "doctor --send": "sends to the world: the tests of doctor",
    "scan": "needs BlueZ: tests/contracts",
    "strava link": "needs a browser and Strava: tests/edges/test_cli_strava.py",
    "strava sync": "needs Strava: tests/edges/test_cli_strava.py",
    "zone --talk-test": "takes twenty minutes: tests/edges/test_cli_zone.py",
}
"""Commands of ours that are parsed here and run elsewhere."""
LIVE = ("status", "start", "stop", "release", "arm")
"""What is said to a service that runs."""
STANDS_FOR = {"FILE": "run.tcx", "PATH...": "runs", "PATH": "runs", "DIR": "all-of-mine", "NAME": "Els"}
IN_PLACE = {
    "~/Downloads/export_12345678.zip": "run.tcx",
    "2026-12-24": f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}",
}

ENDS = {"doctor": 1}
"""Not well, and meant so: there is no Bluetooth where it is tried."""
TYPED = {"forget": "Els\n"}
"""What is answered where it asks; else y."""
WANTS = {"restore": ["backup", "copy.db"], "resume": ["pause", "--until", IN_PLACE["2026-12-24"]]}
"""What has to be said before."""


def runs_here(shown: Shown) -> bool:
    said = " ".join(shown.arguments or ())
    if "--dry-run" in said:
        return True  # it does nothing
    return not any(said == name or said.startswith(f"{name} ") for name in TRIED_ELSEWHERE)


def is_live(shown: Shown) -> bool:
    return (shown.arguments or [""])[0] in LIVE


def name_of(shown: Shown) -> str:
    return f"{shown.where}: {shown.command}"


def every_command() -> list[Shown]:
    """Return each command once, as it is shown with its output or else in a table."""
    blocks = [shown for document in documents() for shown in document.commands() if shown.arguments]
    tables = [shown for commands, _ in README.rows() for shown in commands]
    return list({(shown.command, shown.output): shown for shown in (*blocks, *tables)}.values())


HERE = [shown for shown in every_command() if runs_here(shown)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a runner with settings, two runs, and whatever the documents speak of."""
    home = tmp_path_factory.mktemp("documents") / "home"
    config = home / ".config" / "duurloop"
    (home / "runs").mkdir(parents=True)
    config.mkdir(parents=True)
    (config / "duurloop.toml").write_text("".join(README.blocks("toml")), encoding="utf-8")
    (config / "duurloop.toml").chmod(0o600)
    for days in (1, 3):
        (home / "runs" / f"{days}.tcx").write_bytes(a_run(datetime.now(UTC) - timedelta(days=days)))
    (home / "run.tcx").write_bytes(a_run(datetime.now(UTC) - timedelta(days=9)))
    typed(["import", "runs"], home)
    return home


def a_run(start: datetime) -> bytes:
    """Return half an hour along a road, at ease."""
    points = (
        tcx_point(f"{start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}", 124 + second % 7, distance=second * 2.2)
        for second in range(0, 1900, 2)
    )
    return tcx_file(tcx_activity(points))


def typed(arguments: list[str], home: Path) -> None:
    environ = {**os.environ, "HOME": str(home), "LANG": "C.UTF-8", "PYTHONPATH": IMPORTED_FROM}
    subprocess.run([sys.executable, "-m", "daemon", *arguments], cwd=home, env=environ, check=True, capture_output=True)


@pytest.mark.parametrize("shown", [shown for shown in HERE if not is_live(shown)], ids=name_of)
def test_a_command_does_as_it_is_shown(
    shown: Shown, say: Say, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home = copytree(home, tmp_path / "home")
    monkeypatch.chdir(at_home)
    name = (shown.arguments or [""])[0]
    monkeypatch.setattr("sys.stdin", StringIO(TYPED.get(name, "y\n")))
    if name in WANTS:
        assert say(*WANTS[name]).code == 0
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    said = say(*meant(shown))
    assert said.code == ENDS.get(name, 0), said.err
    assert not shown.output or says(shown.output, said.out)


def meant(shown: Shown) -> list[str]:
    """Return a command with something in place of what is left to its reader."""
    arguments = shown.arguments or []
    places = {**STANDS_FOR, **IN_PLACE, **({"FILE": "copy.db"} if arguments[0] == "restore" else {})}
    places |= {"FILE": "new-copy.db"} if arguments[0] == "backup" else {}
    return [places.get(argument, argument) for argument in arguments]


def test_a_service_that_runs_does_as_it_is_told(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as folder:
        monkeypatch.setenv("DUURLOOP_CONFIG", str(folder / "duurloop.toml"))
        monkeypatch.setenv("STATE_DIRECTORY", str(folder))
        live = [shown for shown in HERE if is_live(shown)]
        for shown in sorted(live, key=lambda shown: LIVE.index((shown.arguments or [""])[0])):
            said = say(*meant(shown))
            assert (shown.command, said.code) == (shown.command, 0), said.err
            assert not shown.output or says(shown.output, said.out)


@contextmanager
def running(folder: Path) -> Iterator[Path]:
    """Let a service run in a process of its own, for one runner with a strap on."""
    port = free_port()
    (folder / lived_in.SETTINGS).write_text(
        # a strap that is free until tomorrow would be told with the day
        f'timezone = "{zone_at_midday()}"\n[page]\nlisten = "127.0.0.1:{port}"\n'
        f'[[runners]]\nname = "Els"\nplan = "rustig-12"\nstrap = "H10"\n'
        f"{lived_in.ZONE}\n",
        encoding="utf-8",
    )
    told = json.dumps({"port": port, "speed": 1, "script": asdict(lived_in.CALM)})
    environ = {**os.environ, "PYTHONPATH": IMPORTED_FROM}
    arguments = [sys.executable, str(lived_in.__file__), str(folder), told]
    with subprocess.Popen(arguments, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as service:
        try:
            until_it_answers(folder, environ, service)
            yield folder
        finally:
            service.terminate()


def until_it_answers(folder: Path, environ: dict[str, str], service: "subprocess.Popen[bytes]") -> None:
    command = [sys.executable, "-m", "daemon", "--state", str(folder), "status"]
    deadline = time.monotonic() + lived_in.PATIENCE_S
    while subprocess.run(command, env=environ, check=False, capture_output=True).returncode != 0:
        assert service.poll() is None, "the service did not start"
        assert time.monotonic() < deadline


def test_every_command_that_is_named_can_be_typed() -> None:
    for document in documents():
        for shown in (*document.commands(), *document.mentions()):
            if shown.arguments is not None:
                try:
                    command_of(shown.arguments)
                except click.UsageError as error:
                    pytest.fail(f"{shown.where}: {shown.command}: {error.message}")


def test_what_is_not_run_has_its_reason_and_is_still_shown() -> None:
    others = {shown.command for document in documents() for shown in document.commands() if shown.arguments is None}
    assert {one for one in others if not one.startswith(tuple(OTHER_PROGRAMS))} == set()
    assert {name for name in OTHER_PROGRAMS if not any(one.startswith(name) for one in others)} == set()
    said = [" ".join(shown.arguments or ()) for document in documents() for shown in document.mentions()]
    said += [" ".join(shown.arguments or ()) for shown in every_command()]
    assert {name for name in TRIED_ELSEWHERE if not any(one.startswith(name) for one in said)} == set()


def test_the_readme_has_every_command_and_no_other() -> None:
    named = {(shown.arguments or [""])[0] for commands, _ in README.rows() for shown in commands}
    assert named == set(COMMANDS)


def test_every_option_that_the_readme_tells_of_exists() -> None:
    for commands, told in README.rows():
        known = frozenset[str]().union(*(options_of(command_of(shown.arguments or [])[0]) for shown in commands))
        assert set(re.findall(r"(?<![\w-])--[a-z-]+", told)) <= known, told


def test_a_shown_output_is_compared_to_the_letter_but_for_its_gaps() -> None:
    assert says(["a ... c", "...", "end"], "a b c\nanything\nelse\nend\n")
    assert not says(["a ... c"], "a b c\nmore\n")
    assert not says(["a"], "b\n")
    assert says(["on 2026-11-19 at 18:30"], "on 2027-01-02 at 07:05\n")
    assert not says(["on 2026-11-19 at 18:30"], "on Sunday at 07:05\n")


def test_a_command_that_is_not_there_is_found() -> None:
    for wrong in (["stauts"], ["status", "--jsno"], ["strava", "lnik"]):
        with pytest.raises(click.UsageError):
            command_of(wrong)
    assert command_of(["plan", "next"])[0] is not program
