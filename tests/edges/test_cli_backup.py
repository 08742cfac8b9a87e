"""`duurloop backup` and `restore`, as they are typed."""

import asyncio
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from connectors.sqlite import MIGRATIONS, open_database
from connectors.sqlite_checks import check, contents_of
from connectors.sqlite_copies import Copies
from connectors.sqlite_store import SqliteStore
from daemon.page.keys import PAGE_SECRET
from daemon.page.links import FEEL_SECRET
from daemon.state_folder import COMMANDS_LOCK_NAME, DATABASE_NAME, alone, only_service, together
from daemon.store import RunKept, SessionOpened
from tests.fakes import EASY, ELS, EVENING, judged_run, sample
from tests.terminal import Said, Say

SAMPLES = tuple(sample(float(second)) for second in range(1800))


class Home:
    """A state folder, and what is typed about it."""

    def __init__(self, say: Say, folder: Path) -> None:
        self.type_, self.folder, self.state = say, folder, folder / "state"
        self.state.mkdir(mode=0o700)

    @property
    def database(self) -> Path:
        return self.state / DATABASE_NAME

    def type(self, *arguments: str | Path) -> Said:
        return self.type_("--state", self.state, *arguments)

    def run_kept(self, number: int, runner: str = ELS.name) -> None:
        async def keep() -> None:
            async with open_database(self.database) as database:
                opened = SessionOpened(f"s{number}", runner, EVENING - timedelta(days=number), EASY)
                run = replace(judged_run(opened.session, SAMPLES, opened.started_at), runner=runner)
                await SqliteStore(database).commit([opened, RunKept(opened.session, run, SAMPLES)])

        asyncio.run(keep())

    @property
    def runs(self) -> int:
        return contents_of(self.database, is_still=False).runs

    def secrets(self, *, renewed: bool = False) -> tuple[bytes, bytes]:
        """Return what the links of the page and those in messages are made from."""

        async def look() -> tuple[bytes, bytes]:
            async with open_database(self.database) as database:
                store = SqliteStore(database)
                for name in (PAGE_SECRET, FEEL_SECRET) if renewed else ():
                    await store.renew_secret(name)
                return await store.secret(PAGE_SECRET), await store.secret(FEEL_SECRET)

        return asyncio.run(look())

    def asides(self) -> list[Path]:
        return sorted(self.state.glob("duurloop.db.replaced-*"))


@pytest.fixture
def home(say: Say, tmp_path: Path) -> Home:
    """A house with one run."""
    home = Home(say, tmp_path)
    home.run_kept(1)
    return home


@pytest.fixture
def copy(home: Home) -> Path:
    """A copy of it, and another run since."""
    home.type("backup", home.folder / "copy.db")
    home.run_kept(2)
    return home.folder / "copy.db"


class TestBackup:
    def test_it_tells_the_size_and_how_many_runs(self, home: Home) -> None:
        said = home.type("backup", home.folder / "copy.db")
        assert said.code == 0
        assert said.out.startswith(f"Copied to {home.folder}/copy.db (")
        assert "kB) and checked. Runs in it: 1.\n" in said.out
        check(home.folder / "copy.db", thoroughly=True)
        assert stat.S_IMODE((home.folder / "copy.db").stat().st_mode) == 0o600

    def test_for_programs_too(self, home: Home) -> None:
        said = home.type("backup", home.folder / "copy.db", "--json").json()
        assert (said["type"], said["file"], said["runs"]) == ("backup", str(home.folder / "copy.db"), 1)
        assert said["size_bytes"] == (home.folder / "copy.db").stat().st_size
        assert said["made_at"]

    def test_in_a_folder_it_gets_a_name_with_its_time_that_no_rotation_takes(self, home: Home) -> None:
        (home.folder / "usb").mkdir()
        assert home.type("backup", home.folder / "usb").code == 0
        (made,) = (home.folder / "usb").iterdir()
        assert [part.isdigit() for part in made.stem.split("-")] == [False, True, True, True, True]

    def test_beside_a_running_service(self, home: Home) -> None:
        with only_service(home.state), closing(sqlite3.connect(home.database)) as held:
            held.execute("BEGIN IMMEDIATE")
            assert home.type("backup", home.folder / "copy.db").code == 0

    def test_an_earlier_copy_may_be_overwritten_and_nothing_else(self, home: Home, copy: Path) -> None:
        assert home.type("backup", copy).code == 0
        assert contents_of(copy).runs == 2
        letter = home.folder / "letter.txt"
        letter.write_text("Dear aunt")
        said = home.type("backup", letter)
        assert said.code == 1
        assert "is there already and is no copy of duurloop's" in said.err
        assert letter.read_text() == "Dear aunt"
        assert home.type("backup", letter, "--force").code == 0
        assert home.type("backup", home.database, "--force").code == 1

    @pytest.mark.parametrize("version", [2, 3, 4, 5])
    def test_also_before_the_first_start_of_a_newer_duurloop(self, version: int, say: Say, tmp_path: Path) -> None:
        home, old = Home(say, tmp_path), tmp_path / "old"
        old.mkdir()
        for script in sorted(MIGRATIONS.glob("*.sql"))[:version]:
            shutil.copy(script, old)

        async def make() -> None:
            async with open_database(home.database, old):
                pass

        asyncio.run(make())
        assert home.type("backup", tmp_path / "copy.db").code == 0
        assert contents_of(tmp_path / "copy.db").version == version
        assert home.type("restore", tmp_path / "copy.db", "--yes").code == 0

    @pytest.mark.parametrize("name", ["duurloop.db-wal", "duurloop.db-journal", "duurloop.db"])
    def test_what_belongs_to_the_database_is_never_written_over(self, home: Home, name: str) -> None:
        said = home.type("backup", home.state / name, "--force")
        assert said.code == 1
        assert "the database itself" in said.err
        assert [path.name for path in home.state.iterdir()] == ["duurloop.db"]

    def test_what_is_no_file_is_never_replaced(self, home: Home) -> None:
        pipe = home.folder / "pipe"
        os.mkfifo(pipe)
        said = home.type("backup", pipe, "--force")
        assert (said.code, said.err) == (1, f"duurloop: {pipe} is no file: say another name\n")
        assert pipe.is_fifo()

    def test_two_at_once_to_the_same_file_are_both_well(self, home: Home, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
            "from connectors.sqlite_copies import Copies\n"
            "database, target = map(Path, sys.argv[1:])\n"
            "for _ in range(20): Copies(database).make_at(target, datetime(2026, 11, 22, tzinfo=UTC))\n"
        )
        target = tmp_path / "both.db"
        begun = [subprocess.Popen([sys.executable, "-c", program, home.database, target]) for _ in range(2)]
        assert [one.wait(120) for one in begun] == [0, 0]
        check(target, thoroughly=True)
        assert not list(tmp_path.glob(".duurloop-*"))

    def test_a_name_of_any_bytes_will_do_and_one_that_is_too_long_leaves_nothing(self, home: Home) -> None:
        long = home.folder / f"{'x' * 250}.db"
        assert "File name too long" in home.type("backup", long).err
        assert not long.exists()
        for name in (b"n\xff.db", b"x" * 240 + b".db", "odd ?#% 'map\n🏃.db".encode()):
            target = home.folder / os.fsdecode(name)
            assert home.type("backup", target).code == 0
            check(target, thoroughly=True)

    def test_what_a_killed_one_left_on_a_stick_goes_with_the_next_one(self, home: Home, tmp_path: Path) -> None:
        stick = tmp_path / "stick"
        stick.mkdir()
        (stick / ".duurloop-evening.half").write_bytes(b"half")
        assert home.type("backup", stick / "morning.db").code == 0
        assert [path.name for path in stick.iterdir()] == ["morning.db"]

    def test_a_disk_that_is_full_is_named_and_not_the_database(self, home: Home, tmp_path: Path) -> None:
        program = (
            "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))\n"
            "from daemon.cli import main; sys.argv[0] = 'duurloop'; main()\n"
        )
        target = tmp_path / "full.db"
        command: list[str | Path] = [sys.executable, "-c", program, "--state", home.state, "backup", target]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
        assert tried.returncode == 1
        assert tried.stderr.startswith(f"duurloop: {target} cannot be used (")

    def test_before_there_is_anything_it_says_so(self, say: Say, tmp_path: Path) -> None:
        said = Home(say, tmp_path).type("backup", tmp_path / "copy.db")
        assert said.code == 1
        assert "nothing to copy yet" in said.err

    def test_a_folder_that_is_not_there_is_one_line(self, home: Home) -> None:
        said = home.type("backup", home.folder / "nowhere" / "copy.db")
        assert said.code == 1
        assert len(said.err.splitlines()) == 1
        assert "nowhere" in said.err


class TestRestore:
    def test_the_copy_comes_back_and_what_was_here_is_kept(self, home: Home, copy: Path) -> None:
        said = home.type("restore", copy, "--yes")
        assert said.code == 0
        assert "a copy of 20" in said.out
        assert "Runs in it: 1.\nRuns that are here now: 2.\nRestored. Runs that are here now: 1." in said.out
        assert home.runs == 1
        (aside,) = home.asides()
        assert str(aside) in said.out
        assert contents_of(aside).runs == 2
        assert stat.S_IMODE(home.database.stat().st_mode) == 0o600
        assert home.type("restore", aside, "--yes").code == 0
        assert home.runs == 2
        assert len(home.asides()) == 2

    def test_for_programs_too(self, home: Home, copy: Path) -> None:
        said = home.type("restore", copy, "--yes", "--json").json()
        assert (said["type"], said["runs"], said["runs_before"]) == ("restore", 1, 2)
        assert said["kept_as"] == str(home.asides()[0])
        assert said["brought_back"] == []

    def test_links_stay_as_they_are_and_those_that_were_taken_back_do_not_come_back(self, home: Home) -> None:
        taken_back = home.secrets()
        before = shutil.copy(home.database, home.folder / "before.db")  # as a copy was that held keys
        since = home.secrets(renewed=True)
        said = home.type("restore", before, "--yes")
        assert (said.code, "let in anew" in said.out) == (0, False)
        assert home.secrets() == since
        assert home.type("restore", home.asides()[0], "--yes").code == 0
        assert home.secrets() == since != taken_back

    @pytest.mark.parametrize("present", ["Dear aunt\n" * 1000, None], ids=["damaged", "none"])
    def test_where_it_is_not_known_what_was_taken_back_all_links_are_new(self, home: Home, present: str | None) -> None:
        perhaps_taken_back = home.secrets()
        before = shutil.copy(home.database, home.folder / "before.db")
        if present is None:
            home.database.unlink()
        else:
            home.database.write_text(present)
        said = home.type("restore", before, "--yes")
        assert "Phones and tablets are let in anew by a new link: duurloop page link" in said.out
        assert not set(perhaps_taken_back) & set(home.secrets())

    def test_it_tells_whom_it_brings_back_of_whom_nothing_is_kept_any_more(self, home: Home, copy: Path) -> None:
        home.run_kept(3, "Griselda")
        home.type("backup", copy)
        settings = home.folder / "duurloop.toml"
        settings.write_text('[[runners]]\nname = "Els"\nzone = "110-130"\n', encoding="utf-8")
        assert home.type("--config", settings, "forget", "Griselda", "--yes").code == 0
        said = home.type("restore", copy, "--yes")
        assert (
            "It brings back Griselda, of whom nothing is kept here now. "
            "If that is not meant, say afterwards: duurloop forget Griselda\n"
        ) in said.out
        assert "brings back" not in home.type("restore", copy, "--yes").out
        assert home.type("--config", settings, "forget", "Griselda", "--yes").code == 0
        assert home.type("restore", copy, "--yes", "--json").json()["brought_back"] == ["Griselda"]

    def test_a_folder_means_its_last_good_copy(self, home: Home) -> None:
        copies = Copies(home.database)
        copies.make(EVENING)
        home.run_kept(2)
        last = copies.make(EVENING + timedelta(days=1))
        assert last
        last.path.write_bytes(last.path.read_bytes()[:20000])
        assert home.type("restore", copies.folder, "--yes").code == 0
        assert home.runs == 1
        (home.folder / "empty").mkdir()
        assert "no good copy" in home.type("restore", home.folder / "empty", "--yes").err

    def test_a_folder_of_another_house_is_put_back_as_it_was_said_and_one_of_two_houses_is_not(
        self, home: Home, tmp_path: Path
    ) -> None:
        folders = [tmp_path / "one", tmp_path / "two"]
        for number, folder in enumerate(folders, start=1):
            folder.mkdir()
            other = Home(home.type_, Path(tempfile.mkdtemp(dir=tmp_path)))
            other.run_kept(1)
            other.run_kept(2)
            Copies(other.database, folder).make(EVENING + timedelta(days=number))
        assert home.type("restore", folders[0], "--yes").code == 0
        assert home.runs == 2
        home.database.unlink()
        for copy in folders[0].iterdir():
            shutil.copy(copy, folders[1])
        said = home.type("restore", folders[1], "--yes")
        assert (said.code, said.err) == (
            1,
            f"duurloop: {folders[1]} holds copies of more than one duurloop: say which file is meant\n",
        )

    def test_whoever_says_no_keeps_all_as_it_is(self, home: Home, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", StringIO("n\n"))
        assert home.type("restore", copy).code == 130
        assert home.runs == 2
        assert [path.name for path in home.state.iterdir() if "fresh" in path.name] == []

    def test_not_while_duurloop_runs(self, home: Home, copy: Path) -> None:
        with only_service(home.state):
            said = home.type("restore", copy, "--yes")
        assert said.code == 75
        assert "stop it first (sudo systemctl stop duurloop)" in said.err
        assert home.runs == 2

    def test_not_while_another_command_has_it_open(self, home: Home, copy: Path) -> None:
        with closing(sqlite3.connect(home.database)) as other:
            other.execute("BEGIN IMMEDIATE")
            said = home.type("restore", copy, "--yes")
        assert "in use by another command" in said.err
        assert home.runs == 2

    @pytest.mark.parametrize(
        ("kind", "why"),
        [
            ("missing", "No such file"),
            ("empty", "is empty"),
            ("text", "file is not a database"),
            ("cut off", "is damaged"),
            ("index", "is damaged"),
            ("foreign", "some other program's"),
            ("newer", "of a newer duurloop"),
            ("itself", "is the database itself"),
        ],
    )
    def test_nonsense_is_refused_and_nothing_changes(self, kind: str, why: str, home: Home, copy: Path) -> None:
        if kind == "missing":
            copy.unlink()
        elif kind == "empty":
            copy.write_bytes(b"")
        elif kind == "text":
            copy.write_text("Dear aunt\n" * 1000)
        elif kind == "cut off":
            os.truncate(copy, copy.stat().st_size - 8192)
        elif kind == "index":
            with closing(sqlite3.connect(copy)) as connection, connection:
                connection.execute("PRAGMA writable_schema = ON")
                connection.execute(
                    "UPDATE sqlite_schema SET sql = replace(sql, 'started_at', 'ends_at') WHERE name = 'take_by_time'"
                )
        elif kind == "foreign":
            with closing(sqlite3.connect(copy)) as connection, connection:
                connection.executescript("DROP TABLE channel_health")
        elif kind == "newer":
            with closing(sqlite3.connect(copy)) as connection:
                connection.execute("PRAGMA user_version = 99")
        else:
            copy = home.database
        home.runs  # noqa: B018 - a look leaves an empty log
        before = sorted(path.name for path in home.state.glob("*.db*"))
        said = home.type("restore", copy, "--yes")
        assert said.code == 1
        assert why in said.err
        assert len(said.err.splitlines()) == 1
        assert home.runs == 2
        assert sorted(path.name for path in home.state.glob("*.db*")) == before

    def test_one_of_an_earlier_version_is_brought_up_to_date_first(self, home: Home, tmp_path: Path) -> None:
        old = tmp_path / "old"
        old.mkdir()
        for script in sorted(MIGRATIONS.glob("*.sql"))[:2]:
            shutil.copy(script, old)

        async def make() -> None:
            async with open_database(tmp_path / "old.db", old):
                pass

        asyncio.run(make())
        assert home.type("restore", tmp_path / "old.db", "--yes").code == 0
        assert contents_of(home.database, is_still=False).version == len(list(MIGRATIONS.glob("*.sql")))
        assert contents_of(tmp_path / "old.db").version == 2
        assert not list(home.state.glob("*.before-*"))

    def test_the_bare_files_of_a_stopped_or_killed_service_will_do(self, home: Home, tmp_path: Path) -> None:
        taken = tmp_path / "taken"

        async def kill() -> None:
            async with open_database(home.database) as database:
                opened = SessionOpened("s3", ELS.name, EVENING, EASY)
                run = judged_run("s3", SAMPLES, EVENING)
                await SqliteStore(database).commit([opened, RunKept("s3", run, SAMPLES)])
                shutil.copytree(home.state, taken)

        asyncio.run(kill())
        assert home.type("restore", taken / DATABASE_NAME, "--yes").code == 0
        assert home.runs == 2

    def test_in_place_of_a_damaged_one_and_of_none(self, home: Home, copy: Path) -> None:
        home.database.write_text("Dear aunt\n" * 1000)
        said = home.type("restore", copy, "--yes")
        assert "Here is nothing now that can be read." in said.out
        (aside,) = home.state.glob("duurloop.db.damaged-*")  # nothing can be taken out of it when the time comes
        assert aside.read_text().startswith("Dear aunt")
        home.database.unlink()
        assert home.type("restore", copy, "--yes").code == 0
        assert home.runs == 1

    def test_what_a_killed_service_left_of_a_database_that_was_taken_away_does_not_get_into_it(
        self, home: Home, copy: Path
    ) -> None:
        async def kill() -> Path:
            async with open_database(home.database) as database:
                opened = SessionOpened("s3", ELS.name, EVENING, EASY)
                await SqliteStore(database).commit([opened, RunKept("s3", judged_run("s3", SAMPLES, EVENING), SAMPLES)])
                return Path(shutil.copy(f"{home.database}-wal", home.folder))

        left = asyncio.run(kill())
        home.database.unlink()
        shutil.copy(left, f"{home.database}-wal")
        assert home.type("restore", copy, "--yes").code == 0
        check(home.database, is_still=False, thoroughly=True)
        assert home.runs == 1
        (aside,) = home.asides()
        assert aside.read_bytes() == left.read_bytes()

    def test_it_waits_for_no_command_that_is_writing_and_says_so(self, home: Home, copy: Path) -> None:
        settings = home.folder / "duurloop.toml"
        settings.write_text('[[runners]]\nname = "Els"\nzone = "110-130"\n', encoding="utf-8")
        with together(home.state / COMMANDS_LOCK_NAME):
            said = home.type("restore", copy, "--yes")
        assert (said.code, "in use by another command" in said.err) == (1, True)
        with alone(home.state / COMMANDS_LOCK_NAME):
            said = home.type("--config", settings, "zone", "--set", "118-136")
        assert "being put in place just now" in said.err

    def test_killed_at_any_moment_the_one_or_the_other_is_in_place_and_whole(self, home: Home, copy: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from datetime import datetime, UTC; import asyncio\n"
            "from connectors.sqlite_rescue import prepare, put_back\n"
            "file, database = map(Path, sys.argv[1:])\n"
            "while True:\n"
            "    fresh, _ = asyncio.run(prepare(file, database))\n"
            "    put_back(fresh, database, datetime(2026, 11, 22, tzinfo=UTC))\n"
            "    print(flush=True)\n"
        )
        for after_s in (0.0, 0.01, 0.02, 0.03, 0.04, 0.05):
            with subprocess.Popen(
                [sys.executable, "-c", program, copy, home.database], stdout=subprocess.PIPE
            ) as running:
                assert running.stdout
                running.stdout.readline()
                time.sleep(after_s)
                running.send_signal(signal.SIGKILL)
            check(home.database, is_still=False, thoroughly=True)
            assert home.runs == 1
        first = home.asides()[0]
        assert contents_of(first).runs == 2

    def test_put_back_over_a_damaged_one_nothing_of_it_is_left_to_the_next_link_that_ends(
        self, home: Home, copy: Path
    ) -> None:
        home.database.write_bytes(home.database.read_bytes()[:4096] + b"Secret evening" * 1000)
        assert home.type("restore", copy, "--yes").code == 0
        Copies(home.database).cleanse(lambda _: None)
        assert not [path for path in home.state.iterdir() if b"Secret evening" in path.read_bytes()]

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
    def test_what_root_puts_back_belongs_to_the_service(self, home: Home, copy: Path) -> None:
        os.chown(home.state, 1234, 1234)
        assert home.type("restore", copy, "--yes").code == 0
        assert (home.database.stat().st_uid, home.database.stat().st_gid) == (1234, 1234)
