"""The watched folder: what appears in it is brought in once it is whole, and whatever goes wrong is told."""

import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant
from daemon.domain.recording import Recording
from daemon.domain.run import Source
from daemon.importing import Harvest
from daemon.inbox import EVERY_S, MOST_SHOWN, Inbox, ReadFile, Seen
from daemon.library import Library
from daemon.reading import Job, read
from daemon.telling import Sentence
from daemon.yardstick import Yardstick
from tests.activity_builders import tcx_activity, tcx_file, tcx_point
from tests.fakes import EVENING, FakeClock, afterwards, eventually, runner, running
from tests.memory_store import MemoryStore

BEGAN = EVENING - timedelta(hours=2)


class Reader:
    """Reads files whose content is the minute they began, `ride N`, or nonsense; remembers which, in order."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, path: Path, yardstick: Yardstick, seen: Seen) -> Harvest:
        self.names.append(path.name)
        self.gate.wait(20)
        content = path.read_text(encoding="utf-8")
        digest = sha256(content.encode()).hexdigest()
        if digest in seen:
            return Harvest(str(path), digest, is_seen=True)
        if content.startswith("ride"):
            return Harvest(str(path), digest, skipped=("ride",))
        if not content.isdecimal():
            return Harvest(str(path), "", refusal=Sentence("no run in {what}", {"what": "it"}))
        recording = recorded(BEGAN - timedelta(minutes=int(content)))
        return Harvest(str(path), digest, runs=(yardstick.judge(recording, Source.FILE, digest),))


def recorded(began: datetime) -> Recording:
    heart = tuple(HeartRateSample(Instant(float(at)), Bpm(125)) for at in range(50))
    return Recording(began, 49.0 + 20, "run", None, heart)


def read_for_real(path: Path, yardstick: Yardstick, seen: Seen) -> Harvest:
    return read(Job(path), yardstick, seen)


class RestlessClock(FakeClock):
    """Knows whether the inbox rests: its threads take their own time."""

    resting = 0

    async def sleep(self, seconds: float) -> None:
        self.resting += seconds == EVERY_S
        try:
            await super().sleep(seconds)
        finally:
            self.resting -= seconds == EVERY_S


class House:
    """A folder that is watched for one runner or more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock, self.store, self.reader = RestlessClock(), MemoryStore(), Reader()
        self.beats = 0
        self.inbox = self.watch()

    def watch(self, *names: str, read_file: ReadFile | None = None) -> Inbox:
        """Watch from now on, as after a restart."""
        people = [runner(name) for name in names or ("Els",)]
        libraries = {
            who.name: Library(
                afterwards(who, self.store, self.clock), self.store, self.clock, frozenset(), lambda: None
            )
            for who in people
        }
        self.inbox = Inbox(self.folder, libraries, read_file or self.reader, self.store, self.clock)
        return self.inbox

    @asynccontextmanager
    async def lives(self) -> AsyncIterator[None]:
        async with running(self.inbox.run(self._beat)):
            await self.rests()
            yield

    def put(self, name: str, content: str, age_s: float = 0.0) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        moment = 1.7e9 - age_s
        os.utime(path, (moment, moment))
        return path

    async def looks(self, times: int = 1) -> None:
        """Let so many looks pass, each with all that comes of it."""
        for _ in range(times):
            await self.clock.pass_time(EVERY_S)
            await self.rests()

    async def rests(self) -> None:
        await eventually(lambda: self.clock.resting == 1)

    async def runs(self) -> int:
        return len(await self.store.runs())

    def marks(self) -> dict[Path, tuple[int, int, int]]:
        """Return what shows that a file was changed."""
        statuses = ((path, path.stat()) for path in self.folder.rglob("*"))
        return {path: (status.st_mode, status.st_size, status.st_ctime_ns) for path, status in statuses}

    def failed(self) -> dict[str, str]:
        return {one["file"]: one["reason"] for one in self.inbox.report()["failed"]}

    def _beat(self) -> None:
        self.beats += 1


@pytest.fixture
def house(tmp_path: Path) -> House:
    folder = tmp_path / "runs"
    folder.mkdir()
    return House(folder)


class TestReading:
    async def test_a_file_comes_in_when_it_was_the_same_in_two_looks(self, house: House) -> None:
        async with house.lives():
            house.put("a.fit", "1")
            await house.looks()
            assert (house.reader.names, house.inbox.report()["waiting"]) == ([], 1)
            await house.looks()
            assert (house.reader.names, await house.runs()) == (["a.fit"], 1)
            assert [letter.kind.value for letter in house.store.letters()] == ["after"]
            moment = (EVENING + timedelta(seconds=2 * EVERY_S)).isoformat()
            assert house.inbox.report() == {
                "folder": str(house.folder),
                "ok": True,
                "reason": None,
                "sentence": None,
                "parts": {},
                "waiting": 0,
                "failed": [],
                "last": {"file": "a.fit", "outcome": "imported", "at": moment},
            }

    async def test_its_answer_is_there_within_a_minute(self, house: House) -> None:
        async with house.lives():
            await house.clock.pass_time(0.1)
            house.put("a.fit", "1")
            await house.looks(4)
            assert len(house.store.letters()) == 1
            assert house.store.letters()[0].written_at - EVENING < timedelta(minutes=1)

    async def test_a_copy_under_way_is_left_alone(self, house: House) -> None:
        async with house.lives():
            for age in range(5):
                house.put("a.fit", "1", age_s=age)
                await house.looks()
            assert house.reader.names == []
            await house.looks()
            assert house.reader.names == ["a.fit"]

    async def test_what_is_not_finished_by_its_name_or_hidden_is_not_looked_at(self, house: House) -> None:
        for name in ("a.fit.part", "b.fit.crdownload", "c.tmp", "d.fit~", ".e.fit", ".trash/f.fit", "g.filepart"):
            house.put(name, "1")
        async with house.lives():
            await house.looks(3)
            assert (house.reader.names, house.inbox.report()["waiting"]) == ([], 0)

    @pytest.mark.parametrize("name", ["README.md", "thumbs.db", "holiday.jpg", "fit", "a.fit.bak"])
    async def test_what_holds_no_run_by_its_name_is_left_alone(self, house: House, name: str) -> None:
        async with house.lives():
            house.put(name, "nonsense")
            await house.looks(3)
            assert (house.reader.names, house.inbox.report()["waiting"], house.failed()) == ([], 0, {})

    async def test_a_text_that_is_no_run_is_nobodys_trouble(self, house: House) -> None:
        async with house.lives():
            house.put("shopping.txt", "milk")
            await house.looks(2)
            assert (house.reader.names, house.failed()) == (["shopping.txt"], {})

    async def test_the_newest_is_read_first_and_each_once(self, house: House) -> None:
        for number, name in enumerate(("new.fit", "deep/older.fit", "oldest.fit")):
            house.put(name, f"{100 * number}", age_s=number)
        async with house.lives():
            await house.looks(5)
            assert house.reader.names == ["new.fit", "older.fit", "oldest.fit"]

    async def test_nothing_in_the_folder_is_touched(self, house: House) -> None:
        house.put("a.fit", "1")
        before = house.marks()
        async with house.lives():
            await house.looks(3)
        assert house.marks() == before

    async def test_links_that_go_round_are_not_followed(self, house: House) -> None:
        house.put("deep/a.fit", "1")
        (house.folder / "deep/round").symlink_to(house.folder)
        (house.folder / "nowhere.fit").symlink_to(house.folder / "gone.fit")
        (house.folder / "itself.fit").symlink_to(house.folder / "itself.fit")
        async with house.lives():
            await house.looks(3)
            assert house.reader.names == ["a.fit"]

    async def test_a_file_that_changes_is_read_again(self, house: House) -> None:
        house.put("a.fit", "1", age_s=9)
        async with house.lives():
            await house.looks(2)
            house.put("a.fit", "300")
            await house.looks(2)
            assert (house.reader.names, await house.runs()) == (["a.fit", "a.fit"], 2)

    async def test_one_that_is_known_by_its_content_is_no_news_after_a_restart(self, house: House) -> None:
        house.put("a.fit", "1")
        async with house.lives():
            await house.looks(2)
        house.watch()
        async with house.lives():
            await house.looks(2)
            assert (await house.runs(), len(house.store.letters())) == (1, 1)
            assert house.inbox.report()["last"] is None

    async def test_other_sports_are_told_as_skipped(self, house: House) -> None:
        house.put("a.fit", "ride 1")
        async with house.lives():
            await house.looks(2)
            assert house.inbox.report()["last"]["outcome"] == "skipped"
            assert house.failed() == {}

    async def test_thousands_of_files_come_in_once(self, house: House) -> None:
        for number in range(2000):
            house.put(f"{number % 10}/{number}.fit", f"ride {number}", age_s=number)
        async with house.lives():
            await house.clock.pass_time(EVERY_S)
            await eventually(lambda: len(house.reader.names) == 2000, within_s=60)
            await house.rests()
            assert house.inbox.report()["waiting"] == 0
            await house.looks(2)
            assert len(house.reader.names) == 2000

    async def test_life_is_shown_while_a_long_file_is_read(self, house: House) -> None:
        house.put("a.fit", "1")
        async with house.lives():
            house.reader.gate.clear()
            await house.clock.pass_time(EVERY_S)
            await eventually(lambda: house.reader.names == ["a.fit"])
            before = house.beats
            await house.clock.pass_time(100)
            assert house.beats >= before + 9
            house.reader.gate.set()
            await house.rests()
            assert await house.runs() == 1

    async def test_real_files_are_read_too(self, house: House) -> None:
        points = [tcx_point((BEGAN + timedelta(seconds=at)).isoformat(), 125) for at in range(90)]
        (house.folder / "a.tcx").write_bytes(tcx_file(tcx_activity(points)))
        (house.folder / "b.fit").write_bytes(b"nonsense")
        (house.folder / "c.zip").write_bytes(b"PK\x03\x04")
        house.watch(read_file=read_for_real)
        async with house.lives():
            await house.looks(2)
            assert await house.runs() == 1
            assert sorted(house.failed()) == ["b.fit", "c.zip"]
            assert house.failed()["c.zip"] == "is an archive; bring it in with duurloop import"


class TestFailures:
    async def test_one_that_fails_is_told_and_tried_again_only_when_it_changes(self, house: House) -> None:
        house.put("a.fit", "nonsense", age_s=9)
        async with house.lives():
            await house.looks(4)
            assert (house.reader.names, house.failed()) == (["a.fit"], {"a.fit": "no run in it"})
            house.put("a.fit", "1")
            await house.looks(2)
            assert (await house.runs(), house.failed()) == (1, {})

    async def test_one_that_is_taken_away_is_forgotten(self, house: House) -> None:
        path = house.put("a.fit", "nonsense")
        async with house.lives():
            await house.looks(2)
            path.unlink()
            await house.looks()
            assert house.failed() == {}

    async def test_of_many_the_first_are_told(self, house: House) -> None:
        for number in range(2 * MOST_SHOWN):
            house.put(f"{number}.fit", f"nonsense {number}")
        async with house.lives():
            await house.looks(2)
            assert len(house.failed()) == MOST_SHOWN

    async def test_names_are_told_fit_for_any_terminal(self, house: House) -> None:
        house.put("\x1b[2J.fit", "nonsense")
        async with house.lives():
            await house.looks(2)
            assert list(house.failed()) == ["?[2J.fit"]

    async def test_a_folder_that_is_not_there_is_told_and_found_when_it_comes(self, house: House) -> None:
        house.folder.rmdir()
        async with house.lives():
            report = house.inbox.report()
            assert (report["ok"], report["reason"]) == (
                False,
                "is not there; make the folder, or name another under [import] in the settings",
            )
            house.put("a.fit", "1")
            await house.looks(2)
            assert (house.inbox.report()["ok"], await house.runs()) == (True, 1)

    async def test_one_that_goes_away_and_comes_back_is_not_read_anew(self, house: House, tmp_path: Path) -> None:
        house.put("a.fit", "1")
        async with house.lives():
            await house.looks(2)
            house.folder.rename(tmp_path / "away")
            await house.looks()
            assert not house.inbox.report()["ok"]
            (tmp_path / "away").rename(house.folder)
            await house.looks(3)
            assert house.reader.names == ["a.fit"]

    async def test_a_file_in_the_place_of_the_folder_is_told(self, house: House) -> None:
        house.folder.rmdir()
        house.folder.write_text("")
        async with house.lives():
            assert house.inbox.report()["reason"] == "is no folder; name one under [import] in the settings"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    async def test_what_may_not_be_looked_into_is_told_and_the_rest_comes_in(self, house: House) -> None:
        house.put("closed/a.fit", "1").parent.chmod(0)
        house.put("b.fit", "2")
        try:
            async with house.lives():
                await house.looks(2)
                assert house.failed() == {"closed/": "may not be read by this user; change its permissions"}
                assert await house.runs() == 1
        finally:
            (house.folder / "closed").chmod(0o700)

    async def test_while_the_database_takes_nothing_the_file_waits(self, house: House) -> None:
        house.put("a.fit", "1")
        house.store.trouble = "database: disk full"
        async with house.lives():
            await house.looks(3)
            assert (house.inbox.report()["reason"], house.inbox.report()["waiting"]) == ("database: disk full", 1)
            house.store.trouble = None
            await house.looks()
            assert (await house.runs(), house.inbox.report()["ok"]) == (1, True)


class TestWhose:
    async def test_below_a_runners_name_it_is_that_runners(self, house: House) -> None:
        house.watch("Els", "Jan")
        house.put("els/a.fit", "1")
        house.put("JAN/2026/b.fit", "2")
        async with house.lives():
            await house.looks(2)
            assert {run.runner for run in await house.store.runs()} == {"Els", "Jan"}
            assert house.failed() == {}

    async def test_with_several_runners_a_file_elsewhere_is_nobodys(self, house: House) -> None:
        house.watch("Els", "Jan")
        house.put("a.fit", "1")
        house.put("Piet/b.fit", "2", age_s=1)
        async with house.lives():
            await house.looks(2)
            reason = "several runners live here: move it into a folder named after one of them (Els, Jan)"
            assert house.failed() == {"a.fit": reason, "Piet/b.fit": reason}
            (house.folder / "a.fit").rename(house.put("Jan/x", "3").with_name("a.fit"))
            await house.looks(2)
            assert {run.runner for run in await house.store.runs()} == {"Jan"}
            assert list(house.failed()) == ["Piet/b.fit"]

    async def test_the_same_run_may_be_of_two(self, house: House) -> None:
        house.watch("Els", "Jan")
        house.put("Els/a.fit", "1")
        house.put("Jan/a.fit", "1")
        async with house.lives():
            await house.looks(2)
            assert len(await house.store.runs()) == 2

    async def test_the_only_runner_has_them_all(self, house: House) -> None:
        house.put("garmin/a.fit", "1")
        async with house.lives():
            await house.looks(2)
            assert [run.runner for run in await house.store.runs()] == ["Els"]
