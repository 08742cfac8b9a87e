"""`duurloop import`: whatever holds runs is brought in once, whoever interrupts it."""

import asyncio
import gzip
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from connectors.activity_files import read_recordings
from daemon.cli import main
from daemon.control import listening
from daemon.crew import Helper, harvests
from daemon.domain.heart_rate import Bpm
from daemon.domain.zones import TargetZone
from daemon.reading import Job, read
from daemon.remote import Answer
from daemon.yardstick import Yardstick
from tests.activity_builders import (
    CYCLING,
    RUNNING,
    START,
    fit_file,
    fit_record,
    fit_session,
    gpx_file,
    gpx_point,
    gpx_track,
    tcx_activity,
    tcx_file,
    tcx_point,
)
from tests.archive_builders import Activity, listing, mixed, write_folder, write_zip
from tests.fakes import wait_until

SETTINGS = """
[[runners]]
name = "Els"
zone = "118-136"
[[runners.channels]]
name = "phone"
url = "json://127.0.0.1:9/"
"""
JAN = """
[[runners]]
name = "Jan"
zone = "120-140"
"""
YARDSTICK = Yardstick("Els", (TargetZone(Bpm(118), Bpm(136)),), UTC)


class Said(NamedTuple):
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def outcomes(self) -> dict[str, str]:
        """Return what became of each file, by its name."""
        return {Path(line["path"]).name: line["outcome"] for line in self.lines if line["type"] == "file"}


class Home:
    """A runner's home: settings, a database, files."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.files, self.state, self.settings = folder / "files", folder / "state", folder / "duurloop.toml"
        self.files.mkdir()
        self.settings.write_text(SETTINGS, encoding="utf-8")
        self.settings.chmod(0o600)
        self._capsys = capsys

    def bring(self, *arguments: str | Path) -> Said:
        """Run `duurloop import` in this process."""
        with pytest.raises(SystemExit) as ended:
            main(["--config", str(self.settings), "--state", str(self.state), "import", *map(str, arguments)])
        return Said(int(ended.value.code or 0), *self._capsys.readouterr())

    def command(self, *arguments: str | Path) -> list[str]:
        """Return the command for a process of its own."""
        told = ["--config", self.settings, "--state", self.state, "import", *arguments]
        return [sys.executable, "-P", "-m", "daemon", *map(str, told)]

    @contextmanager
    def bringing(self, *arguments: str | Path) -> Iterator["subprocess.Popen[str]"]:
        """Run it in a process of its own, which is dead afterwards.

        It cannot get far ahead of who reads what it says: the pipe holds some lines, and it waits for room for more.
        """
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        # a job in the background, such as CI, hands on that SIGINT is to be ignored
        with subprocess.Popen(
            ["/usr/bin/env", "--default-signal=INT", *self.command(*arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            pipesize=resource.getpagesize(),
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def look(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.state / "duurloop.db")) as database:
            return database.execute(query).fetchall()

    def runs(self) -> list[tuple[Any, ...]]:
        """Return what is kept of the runs, in order of time."""
        return self.look("SELECT run, sport, started_at, duration_s, name FROM take WHERE is_best ORDER BY started_at")

    def takes(self) -> int:
        return int(self.look("SELECT count(*) FROM take")[0][0])

    def letters(self) -> int:
        return int(self.look("SELECT count(*) FROM letter")[0][0])

    def add(self, name: str, content: bytes) -> Path:
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    return Home(tmp_path, capsys)


def clock(begin: datetime, seconds: float) -> str:
    return (begin + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def tcx_run(begin: datetime = START, seconds: int = 120, *, sport: str = "Running", bpm: int = 125) -> bytes:
    return tcx_file(tcx_activity([tcx_point(clock(begin, at), bpm) for at in range(seconds)], sport=sport))


def gpx_run(begin: datetime = START, seconds: int = 120, *, bpm: int = 125) -> bytes:
    points = [gpx_point(clock(begin, at), extensions=f"<hr>{bpm}</hr>") for at in range(seconds)]
    return gpx_file(gpx_track(points))


def fit_run(*, sport: int = RUNNING) -> bytes:
    return fit_file(*(fit_record(at, 125) for at in range(90)), fit_session(0, sport))


def triathlon() -> bytes:
    """Return a run, a ride and a run in one file."""
    records = [fit_record(at, 125) for at in range(300)]
    sessions = [fit_session(0, RUNNING), fit_session(100, CYCLING), fit_session(200, RUNNING)]
    return fit_file(*records, *sessions)


MANY = 90
"""The lines of so many do not fit into a page, nor into two that were read: one still waits to be told."""


def many(home: Home, count: int = MANY, seconds: int = 60) -> None:
    for day in range(count):
        home.add(f"{day}.tcx", tcx_run(START - timedelta(days=day), seconds + day))


class TestOneFile:
    def test_a_run_comes_in_and_is_told_by_its_id(self, home: Home) -> None:
        file = home.add("lake.tcx", tcx_run())
        said = home.bring(file)
        ((run, *_),) = home.runs()
        assert said == Said(0, f"{file}: imported as {run}\n", "")

    def test_the_same_file_again_is_nothing_new(self, home: Home) -> None:
        file = home.add("lake.tcx", tcx_run())
        home.bring(file)
        assert home.bring(file) == Said(0, f"{file}: known already\n", "")
        assert home.takes() == 1

    @pytest.mark.parametrize("again", [tcx_run, gpx_run], ids=["copy", "other format"])
    def test_the_same_run_in_two_files_counts_once(self, home: Home, again: Callable[[], bytes]) -> None:
        home.bring(home.add("lake.tcx", tcx_run()))
        copy = home.add("copy", again())
        assert home.bring(copy).out == f"{copy}: known already\n"
        assert len(home.runs()) == 1

    def test_a_file_that_knows_more_of_a_run_takes_over(self, home: Home) -> None:
        home.bring(home.add("short.tcx", tcx_run(seconds=80)))
        ((run, *_),) = home.runs()
        whole = home.add("whole.gpx", gpx_run())
        assert home.bring(whole).out == f"{whole}: updated {run}, of which it knows more\n"
        assert [(known, duration) for known, _, _, duration, _ in home.runs()] == [(run, 120)]

    def test_several_activities_in_one_file_are_several_runs(self, home: Home) -> None:
        home.bring(home.add("both.fit", triathlon()))
        assert [sport for _, sport, *_ in home.runs()] == ["run", "run"]

    def test_a_damaged_one_says_why_and_is_a_failure(self, home: Home) -> None:
        file = home.add("broken.fit", fit_run()[:-40])
        said = home.bring(file)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(f"{file}: damaged:")

    def test_a_path_that_is_not_there_is_said_in_a_line(self, home: Home) -> None:
        assert home.bring(home.files / "no.fit") == Said(
            1, "", f"{home.files / 'no.fit'}: no such file; check the path\n"
        )

    def test_an_empty_word_is_no_path_and_not_the_folder_we_are_in(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home.add("lake.tcx", tcx_run())
        monkeypatch.chdir(home.files)
        said = home.bring("")
        assert (said.code, said.out) == (2, "")
        assert "no possible path" in said.err

    def test_control_characters_in_a_name_do_not_reach_the_terminal(self, home: Home) -> None:
        assert "\x1b" not in home.bring(home.add("\x1b[2J.tcx", tcx_run())).out

    def test_a_name_that_is_no_text_is_told_as_far_as_it_goes(self, home: Home) -> None:
        path = os.fsdecode(os.fsencode(home.files) + b"/\xff.tcx")
        Path(path).write_bytes(tcx_run())
        assert home.bring(path).code == 0
        assert home.bring(path, "--json").outcomes == {"\ufffd.tcx": "duplicate"}

    def test_no_settings_say_how_to_begin(self, home: Home) -> None:
        home.settings.unlink()
        assert home.bring(home.add("lake.tcx", tcx_run())).code == 78


class TestSports:
    def test_others_are_skipped_and_it_is_said_how_to_have_them(self, home: Home) -> None:
        file = home.add("bike.fit", fit_run(sport=CYCLING))
        said = home.bring(file)
        assert (said.code, home.runs()) == (0, [])
        assert (
            said.out
            == f"{file}: holds no run or walk, but: ride; to have these too, name them under sports in [strava]\n"
        )

    def test_what_was_skipped_comes_in_once_its_sport_is_wanted(self, home: Home) -> None:
        file = home.add("tri.fit", triathlon())
        home.bring(file)
        home.settings.write_text(f'[strava]\nsports = ["Ride"]\n{SETTINGS}', encoding="utf-8")
        assert home.bring(file, "--json").outcomes == {"tri.fit": "imported"}
        assert [sport for _, sport, *_ in home.runs()] == ["run", "ride", "run"]
        assert home.bring(file, "--json").outcomes == {"tri.fit": "duplicate"}


class TestAnswers:
    @pytest.mark.parametrize(("ended_hours_ago", "letters"), [(47, 1), (49, 0), (-12, 1), (-48, 0)])
    def test_a_run_of_the_last_two_days_is_answered_an_older_one_is_not(
        self, home: Home, ended_hours_ago: int, letters: int
    ) -> None:
        begin = datetime.now(UTC) - timedelta(hours=ended_hours_ago, minutes=2)
        home.bring(home.add("lake.tcx", tcx_run(begin)))
        assert home.letters() == letters

    def test_it_is_answered_once_however_often_it_comes(self, home: Home) -> None:
        begin = datetime.now(UTC) - timedelta(hours=1)
        for name, content in (("a.tcx", tcx_run(begin)), ("b.gpx", gpx_run(begin)), ("c.gpx", gpx_run(begin, 150))):
            home.bring(home.add(name, content))
        assert (home.takes(), home.letters()) == (3, 1)

    async def test_a_running_service_is_woken_to_send_the_answer(self, home: Home) -> None:
        woken = []

        async def wake(asked: object) -> Answer:
            woken.append(asked)
            return {}

        home.state.mkdir()
        file = home.add("lake.tcx", tcx_run(datetime.now(UTC) - timedelta(hours=1)))
        async with listening(home.state, {"wake": wake}):
            assert (await asyncio.to_thread(home.bring, file)).code == 0
        assert len(woken) == 1


class TestRunners:
    @pytest.fixture(autouse=True)
    def two(self, home: Home) -> None:
        home.settings.write_text(SETTINGS + JAN, encoding="utf-8")

    def test_of_several_one_must_be_named(self, home: Home) -> None:
        said = home.bring(home.add("lake.tcx", tcx_run()))
        assert said == Said(1, "", "duurloop: several runners live here: say which with --runner (Els, Jan)\n")

    def test_a_stranger_is_told_who_there_is(self, home: Home) -> None:
        said = home.bring(home.add("lake.tcx", tcx_run()), "--runner", "Piet")
        assert said.err == "duurloop: no runner named Piet lives here: there is Els, Jan\n"

    def test_each_has_the_run_and_the_zone_for_themselves(self, home: Home) -> None:
        file = home.add("lake.tcx", tcx_run())
        home.bring(file, "--runner", "jan")
        home.bring(file, "--runner", "Els")
        assert home.look("SELECT runner, zone_low FROM take ORDER BY runner") == [("Els", 118), ("Jan", 120)]


class TestFolder:
    def test_all_below_it_comes_in_and_nothing_hidden_or_linked_for_ever(self, home: Home) -> None:
        names = ["a.tcx", "deep/er/b.TCX", "c.tcx.gz", ".hidden.tcx", ".trash/d.tcx", "__MACOSX/e.tcx", "notes.pdf"]
        for day, name in enumerate(names):
            content = tcx_run(START + timedelta(days=day))
            home.add(name, gzip.compress(content) if name.endswith(".gz") else content)
        (home.files / "deep/round").symlink_to(home.files)
        (home.files / "itself").symlink_to(home.files / "itself")
        said = home.bring(home.files, "--json")
        assert said.outcomes == {"a.tcx": "imported", "b.TCX": "imported", "c.tcx.gz": "imported"}

    def test_the_newest_come_first(self, home: Home) -> None:
        for day in range(3):
            os.utime(home.add(f"{day}.tcx", tcx_run(START + timedelta(days=day))), (day, day))
        assert list(home.bring(home.files, "--json").outcomes) == ["2.tcx", "1.tcx", "0.tcx"]

    def test_damaged_ones_are_told_and_are_no_failure_of_the_whole(self, home: Home) -> None:
        home.add("good.tcx", tcx_run())
        broken = home.add("broken.fit", fit_run()[:-40])
        said = home.bring(home.files)
        assert said.code == 0
        assert said.err.startswith(f"{broken}: damaged:")

    def test_nothing_but_damaged_ones_is_a_failure(self, home: Home) -> None:
        home.add("broken.fit", fit_run()[:-40])
        assert home.bring(home.files).code == 1

    def test_a_table_of_something_else_is_only_passed_over(self, home: Home) -> None:
        home.add("good.tcx", tcx_run())
        home.add("shopping.csv", b"what,price\nmilk,2\n")
        assert home.bring(home.files, "--json").outcomes == {"good.tcx": "imported", "shopping.csv": "skipped"}

    def test_a_folder_without_any_says_so(self, home: Home) -> None:
        said = home.bring(home.files)
        assert (said.code, said.err) == (
            1,
            f"{home.files}: holds no activities (FIT, TCX, GPX, or tables of beats); check the path\n",
        )

    def test_a_zip_in_it_is_looked_into(self, home: Home) -> None:
        write_zip(home.files / "export.zip", {"inside/a.tcx": tcx_run()})
        write_zip(home.files / "photos.zip", {"b.jpg": b"x"})
        assert home.bring(home.files, "--json").outcomes == {"a.tcx": "imported", "photos.zip": "skipped"}

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_one_that_may_not_be_looked_into_is_told(self, home: Home) -> None:
        home.add("good.tcx", tcx_run())
        closed = home.add("closed/a.tcx", tcx_run()).parent
        closed.chmod(0)
        try:
            said = home.bring(home.files)
        finally:
            closed.chmod(0o700)
        assert said.code == 0
        assert "closed: may not be read by this user" in said.err


class TestArchive:
    @pytest.mark.parametrize("write", [write_zip, write_folder], ids=["zip", "folder"])
    def test_its_runs_come_in_with_their_names(self, home: Home, write: Callable[..., Path]) -> None:
        archive = write(home.files / "export", mixed(4))
        said = home.bring(archive)
        assert said.code == 0
        assert said.out.splitlines()[-1] == "1 imported, 0 updated, 3 known already, 0 skipped, 0 failed"
        assert home.look("SELECT DISTINCT source, name FROM take ORDER BY name")[0] == ("archive", "Run 0")

    def test_what_it_lacks_is_told(self, home: Home) -> None:
        rows = [
            Activity(1, "activities/1.tcx"),
            Activity(2, "activities/2.fit.gz"),
            Activity(3, "../../etc/passwd"),
            Activity(4),
        ]
        archive = write_zip(
            home.files / "e.zip", {"activities.csv": listing(rows).encode(), "activities/1.tcx": tcx_run()}
        )
        said = home.bring(archive)
        assert said.code == 0
        assert said.out.splitlines()[1:] == [
            "e.zip: listed, but not in it (1): activities/2.fit.gz",
            "e.zip: listed under names that no export has, and left alone (1): ../../etc/passwd",
            "e.zip: entered by hand, so without a file: 1",
            "1 imported, 0 updated, 0 known already, 0 skipped, 0 failed",
        ]
        *_, about, end = home.bring(archive, "--json").lines
        assert about == {
            "type": "archive",
            "path": str(archive),
            "missing": ["activities/2.fit.gz"],
            "refused": ["../../etc/passwd"],
            "by_hand": 1,
            "note": None,
        }
        assert end == {"type": "import", "imported": 0, "updated": 0, "duplicate": 1, "skipped": 0, "failed": 0}

    def test_of_a_long_list_of_missing_ones_the_first_are_named(self, home: Home) -> None:
        rows = [Activity(number, f"activities/{number}.fit") for number in range(9)]
        archive = write_zip(home.files / "e.zip", {"activities.csv": listing(rows).encode()})
        assert home.bring(archive).out.splitlines()[0] == (
            "e.zip: listed, but not in it (9): activities/0.fit, activities/1.fit, activities/2.fit, activities/3.fit, "
            "activities/4.fit, ..."
        )

    def test_one_without_a_list_says_that_names_are_missing(self, home: Home) -> None:
        said = home.bring(write_zip(home.files / "e.zip", {"a.tcx": tcx_run()}))
        assert said.out.splitlines()[1].endswith("the files are taken without their names on Strava")

    def test_damaged_entries_are_no_failure_of_the_whole(self, home: Home) -> None:
        files = mixed(8) | {"activities/5001.tcx.gz": b"\x1f\x8bnonsense"}
        said = home.bring(write_zip(home.files / "e.zip", files), "--json")
        assert (said.code, said.outcomes["5001.tcx.gz"]) == (0, "failed")
        assert len(said.outcomes) == 8

    def test_one_that_is_damaged_itself_is_a_failure(self, home: Home) -> None:
        said = home.bring(home.add("e.zip", b"PK\x03\x04nonsense"))
        assert said.code == 1
        assert "damaged" in said.err


class TestManyFiles:
    """Read by processes of their own."""

    def test_as_json_there_is_a_line_for_each_and_one_for_all(self, home: Home) -> None:
        many(home, 6, 60)
        *files, last = home.bring(home.files, "--json").lines
        run = {run for run, *_ in home.runs()}
        assert {name for line in files for name in line["runs"]} == run
        assert files[0] | {"path": None, "runs": None} == {
            "type": "file",
            "path": None,
            "outcome": "imported",
            "runs": None,
            "reason": None,
        }
        assert last == {"type": "import", "imported": 6, "updated": 0, "duplicate": 0, "skipped": 0, "failed": 0}

    def test_people_get_the_figures_and_the_reasons_together(self, home: Home) -> None:
        for number in range(7):
            home.add(f"{number}.fit", fit_file(fit_record(number, 120), fit_session(0, CYCLING)))
        home.add("broken.fit", fit_run()[:-40])
        said = home.bring(home.files)
        reason = "holds no run or walk, but: ride; to have these too, name them under sports in [strava]"
        assert said.out.splitlines() == [
            f"7 files: {reason}",
            "0 imported, 0 updated, 0 known already, 7 skipped, 1 failed",
        ]
        assert said.err.count("\n") == 1

    def test_of_very_many_damaged_ones_the_first_are_named(self, home: Home) -> None:
        for number in range(33):
            home.add(f"{number}.fit", fit_run()[: -40 - number])
        said = home.bring(home.files)
        assert said.code == 1
        assert said.err.splitlines()[30:] == ["and 3 more"]

    def test_a_second_import_is_nothing_new(self, home: Home) -> None:
        many(home, 6, 60)
        home.bring(home.files)
        kept = home.runs()
        assert set(home.bring(home.files, "--json").outcomes.values()) == {"duplicate"}
        assert (home.runs(), home.takes()) == (kept, 6)

    async def test_a_process_brings_what_a_thread_does(self, home: Home) -> None:
        many(home, 4, 60)
        rr = home.add("beats.csv", b"timestamp,rr\n" + b"".join(b"%d,800\n" % (1e12 + 800 * n) for n in range(90)))
        jobs = [Job(path) for path in (*home.files.glob("*.tcx"), rr, home.add("broken.fit", b"x"))]
        async with harvests(jobs, YARDSTICK, {}) as read_by_processes:
            brought = {job: harvest async for job, harvest in read_by_processes}
        assert brought == {job: read(job, YARDSTICK, {}) for job in jobs}
        assert brought[Job(rr)].runs[0].samples == read_recordings(rr)[0].samples

    def test_killed_in_the_middle_and_started_again_it_comes_to_the_same(self, home: Home, tmp_path: Path) -> None:
        many(home)
        with home.bringing(home.files, "--json") as process:
            readers = after_lines(process, 3)
            process.kill()
        wait_until(lambda: not any(map(is_alive, readers)))
        assert_goes_on(home, tmp_path)

    def test_interrupted_it_ends_soon_says_so_and_goes_on_where_it_was(self, home: Home, tmp_path: Path) -> None:
        many(home)
        with home.bringing(home.files, "--json") as process:
            readers = after_lines(process, 3)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (
            130,
            "\nInterrupted. What is done is kept; the same command goes on from there.\n",
        )
        assert not any(map(is_alive, readers))
        assert_goes_on(home, tmp_path)

    def test_interrupted_in_one_long_file_it_does_not_wait_for_its_end(self, home: Home) -> None:
        long = home.add(
            "long.gpx", gpx_file(gpx_track([gpx_point(clock(START, 0), extensions="<hr>125</hr>")] * 480_000))
        )
        with home.bringing(long) as process:
            wait_until(lambda: long in open_files_of(process.pid))
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=15)  # all of it takes a minute and more
        assert process.returncode == 130

    def test_a_reader_that_dies_takes_one_file_with_it(self, home: Home, tmp_path: Path) -> None:
        many(home)
        with home.bringing(home.files, "--json") as process:
            # another one may not have begun yet, which would be no fault of a file
            reader = next(reader for reader in after_lines(process, 3) if has_answered(reader))
            os.kill(reader, signal.SIGKILL)
            assert process.stdout is not None
            lines = process.stdout.readlines()  # `communicate` would lose what was read ahead
            process.wait(timeout=60)
        *rest, last = map(json.loads, lines)
        (failed,) = [line for line in rest if line["outcome"] == "failed"]
        assert "ended the program that read it" in failed["reason"]
        assert (process.returncode, last["imported"], last["failed"]) == (0, MANY - 1, 1)
        assert_goes_on(home, tmp_path)

    async def test_a_reader_that_does_not_start_is_no_fault_of_the_file(self) -> None:
        helper = Helper(b"nonsense")
        try:
            with pytest.raises(RuntimeError, match="does not start"):
                await helper.read(Job(Path("a.fit")))
        finally:
            await helper.close()


LEAST_HARVEST = 200
"""Bytes; that a reader is ready is told in eight."""


def after_lines(process: "subprocess.Popen[str]", count: int) -> list[int]:
    """Wait for so many lines; return the processes that this one has started."""
    assert process.stdout is not None
    for _ in range(count):
        assert process.stdout.readline()
    # those of its first thread: others come and go
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in children.read_text(encoding="ascii").split()]


def has_answered(reader: int) -> bool:
    """Tell whether a reader has read a file: what it says before that has no content."""
    lines = Path(f"/proc/{reader}/io").read_text(encoding="ascii").splitlines()
    written = dict(line.split(": ") for line in lines)["wchar"]
    return int(written) > LEAST_HARVEST


def open_files_of(pid: int) -> set[Path]:
    try:
        return {link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return set()  # one was closed as we looked


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def assert_goes_on(home: Home, tmp_path: Path, files: int = MANY) -> None:
    """Bring the rest in, and see that it is as if nothing had happened."""
    before = len(home.runs())
    assert 3 <= before < files
    said = home.bring(home.files, "--json")
    assert said.lines[-1]["imported"] == files - before
    interrupted = home.runs()
    home.state = tmp_path / "whole"
    home.bring(home.files)
    assert home.runs() == interrupted
