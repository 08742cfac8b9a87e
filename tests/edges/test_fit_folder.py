"""A file gets into the folder whole or not at all, under a name that a person can read."""

import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePath
from zoneinfo import ZoneInfo

import pytest

from daemon.handing.fit_folder import place_of, put
from tests.fakes import ELS, judged_run

PLACE, CONTENT = PurePath("2026-11-21T1930-one.fit"), b"a session"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_it_is_called_after_its_hour_where_the_runner_lives_and_its_run() -> None:
    dutch = replace(ELS, timezone=ZoneInfo("Europe/Amsterdam"))
    run = judged_run("20261121-193000-0a1b2c3d")
    assert str(place_of(run, dutch, is_alone=True)) == "2026-11-21T1930-20261121-193000-0a1b2c3d.fit"
    summer = replace(run, started_at=run.started_at - timedelta(days=150))
    assert str(place_of(summer, dutch, is_alone=True)).startswith("2026-06-24T2030-")


def test_of_several_runners_each_has_a_folder_of_their_name() -> None:
    assert place_of(judged_run("one"), ELS, is_alone=False).parts == ("Els", "2026-11-21T1830-one.fit")


@pytest.mark.parametrize("name", ["../Els", "..", "Els/Jan", "/etc", ".hidden", "a\x00b"])
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    place = place_of(judged_run(name), replace(ELS, name=name), is_alone=False)
    assert len(place.parts) == 2
    assert not any(part.startswith(".") or "/" in part or "\x00" in part for part in place.parts)


def test_it_lies_there_for_other_programs_whatever_the_service_keeps_for_itself(folder: Path) -> None:
    folder.chmod(0o2775)
    before = os.umask(0o077)
    try:
        put(folder, "Els" / PLACE, CONTENT)
    finally:
        os.umask(before)
    assert (folder / "Els" / PLACE).read_bytes() == CONTENT
    assert stat.S_IMODE((folder / "Els" / PLACE).stat().st_mode) == 0o644
    assert stat.S_IMODE((folder / "Els").stat().st_mode) == 0o2775
    assert [one.name for one in (folder / "Els").iterdir()] == [PLACE.name]


def test_one_that_is_there_already_is_left_alone(folder: Path) -> None:
    put(folder, PLACE, CONTENT)
    before = (folder / PLACE).stat()
    put(folder, PLACE, CONTENT)
    after = (folder / PLACE).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_half_of_one_is_replaced_and_so_is_an_attempt_that_was_cut_short(folder: Path) -> None:
    (folder / PLACE).write_bytes(CONTENT[:4])
    (folder / f".{PLACE}.part").write_bytes(b"x")
    put(folder, PLACE, CONTENT)
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == {PLACE.name: CONTENT}


def test_the_folder_itself_is_not_made(folder: Path) -> None:
    for place in (PLACE, "Els" / PLACE):
        with pytest.raises(FileNotFoundError):
            put(folder / "not mounted", place, CONTENT)
    assert list(folder.iterdir()) == []


def test_a_write_that_fails_leaves_nothing_behind(folder: Path) -> None:
    (folder / PLACE).mkdir()
    with pytest.raises(OSError, match="directory"):
        put(folder, PLACE, CONTENT)
    assert [one.name for one in folder.iterdir()] == [PLACE.name]
