"""What is told about starting, stopping and reading the service is right for whoever has it."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.remote import SOCKET_NAME, NoAnswerError, ask, short
from daemon.service_manager import UNIT_NAME, ServiceManager, manager_of
from daemon.state_folder import LOCK_NAME, alone
from tests.terminal import Say


def lay_a_unit_of_ones_own(home: Path) -> None:
    unit = home / ".config/systemd/user" / UNIT_NAME
    unit.parent.mkdir(parents=True)
    unit.touch()


@pytest.fixture(params=list(ServiceManager), ids=lambda manager: str(manager.value))
def manager(
    request: pytest.FixtureRequest, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ServiceManager:
    """Install a service, of the machine or of whoever types."""
    del say  # gives a home
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    wanted: ServiceManager = request.param
    if wanted is ServiceManager.USER:
        lay_a_unit_of_ones_own(tmp_path / "home")
    return wanted


@pytest.fixture
def state(manager: ServiceManager, tmp_path: Path) -> Path:
    folder = tmp_path / ("home/.local/state/duurloop" if manager is ServiceManager.USER else "var/lib/duurloop")
    folder.mkdir(parents=True)
    return folder


@contextmanager
def hanging_up(state: Path) -> Iterator[None]:
    """Have a service there that breaks off before it answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with short(state) as folder:
            listener.bind(str(folder / SOCKET_NAME))
        listener.listen()

        def hang_up() -> None:
            line, _ = listener.accept()
            line.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield
        thread.join()


COMMANDS = {ServiceManager.SYSTEM: "sudo systemctl", ServiceManager.USER: "systemctl --user"}
JOURNALS = {ServiceManager.SYSTEM: "sudo journalctl", ServiceManager.USER: "journalctl --user"}


def test_how_one_that_does_not_run_is_started(say: Say, manager: ServiceManager, state: Path) -> None:
    line = f", or {COMMANDS[manager]} start duurloop"
    assert line in say("--state", state, "status").out
    assert line in say("--state", state, "start").err


def test_how_it_is_stopped_before_a_copy_is_put_back_and_started_after(
    say: Say, manager: ServiceManager, state: Path, tmp_path: Path
) -> None:
    settings, copy = tmp_path / "duurloop.toml", tmp_path / "copy.db"
    settings.write_text('[[runners]]\nname = "Els"\nzone = "118-136"\n', encoding="utf-8")
    say("--config", settings, "--state", state, "zone", "--set", "120-138")
    say("--state", state, "backup", copy)
    with alone(state / LOCK_NAME):
        told = say("--state", state, "restore", copy, "--yes").err
    assert f"stop it first ({COMMANDS[manager]} stop duurloop)" in told
    said = say("--state", state, "restore", copy, "--yes")
    assert said.out.endswith(f"Start duurloop again: {COMMANDS[manager]} start duurloop\n")


def test_where_one_that_does_not_answer_says_why(manager: ServiceManager, state: Path) -> None:
    with hanging_up(state), pytest.raises(NoAnswerError, match=re.escape(f"{JOURNALS[manager]} -u duurloop may tell")):
        ask(state, "status")


def test_the_machines_state_is_the_machines_whoever_else_has_a_service(say: Say, tmp_path: Path) -> None:
    del say
    lay_a_unit_of_ones_own(tmp_path / "home")
    assert manager_of(Path("/var/lib/duurloop")) is ServiceManager.SYSTEM
