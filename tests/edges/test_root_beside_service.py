"""Root may give commands beside a service that has a user of its own; what comes of them is the service's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.sqlite import open_database
from daemon.state_folder import DATABASE_NAME, STRAVA_LOCK_NAME, alone, give_to_owner, prepare

SERVICE = 65534  # nobody: a user that every machine has

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be root")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder of a service that has another user."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    os.chown(folder, SERVICE, SERVICE)
    return folder


def owners_in(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path.relative_to(folder)): (path.lstat().st_uid, path.lstat().st_gid) for path in folder.rglob("*")}


def test_a_command_of_root_leaves_nothing_that_the_service_cannot_use(state: Path, tmp_path: Path) -> None:
    settings = tmp_path / "duurloop.toml"
    settings.write_text('[[runners]]\nname = "Els"\nzone = "118-136"\n', encoding="utf-8")
    command = [sys.executable, "-m", "daemon", "--config", str(settings), "--state", str(state)]
    subprocess.run([*command, "zone", "--set", "120-130"], check=True, capture_output=True)
    left = owners_in(state)
    assert DATABASE_NAME in left
    assert set(left.values()) == {(SERVICE, SERVICE)}


async def test_while_root_writes_the_service_can_write_too(state: Path) -> None:
    async with open_database(prepare(state) / DATABASE_NAME):
        assert {f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm"} <= owners_in(state).keys()
        assert set(owners_in(state).values()) == {(SERVICE, SERVICE)}


def test_a_lock_that_root_holds_is_the_services_file(state: Path) -> None:
    with alone(state / STRAVA_LOCK_NAME) as is_alone:
        assert is_alone
        assert owners_in(state) == {STRAVA_LOCK_NAME: (SERVICE, SERVICE)}


def test_what_lies_deeper_is_given_too_and_nothing_beyond_the_folder(state: Path, tmp_path: Path) -> None:
    (state / "backups").mkdir()
    (state / "backups/copy.db").touch()
    outside = tmp_path / "shadow"
    outside.touch()
    (state / "link").symlink_to(outside)
    (state / "backups/other-name").hardlink_to(outside)
    give_to_owner(state)
    assert (state / "backups/copy.db").stat().st_uid == SERVICE
    assert outside.stat().st_uid == 0


def test_in_a_folder_of_its_own_root_gives_nothing_away(tmp_path: Path) -> None:
    prepare(tmp_path / "own")
    assert set(owners_in(tmp_path / "own").values()) == {(0, 0)}
