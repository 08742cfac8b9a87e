"""`duurloop export`, as it is typed: what lies in the folder afterwards, and what does not."""

import asyncio
import csv
import json
import os
import resource
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.activity_files import read_recordings
from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.plan import PlanRef
from daemon.domain.run import Run, Source
from daemon.keeping.export_folder import MARKER, ExportError, ExportFolder, folder_names
from daemon.state_folder import DATABASE_NAME, prepare
from daemon.store import Brought, Fact, FeelingSaid, Paused, RunKept, SessionOpened, StepChosen, StepRun, ZoneSet
from tests.builders import ABOVE, CALM, beats
from tests.fakes import EASY, EVENING, judged_run
from tests.terminal import Said, Say

SETTINGS = 'timezone = "Europe/Amsterdam"\n[[runners]]\nname = "Els"\nzone = "118-136"\n'
BEATS = beats((0, CALM), (900, ABOVE), until=1200)
ROOM = 100_000
HOSTILE = "../../Jan: =cmd"


def on(day: int) -> datetime:
    return EVENING + timedelta(days=day)


class Home:
    """A household with something kept, and a folder to export to."""

    def __init__(self, say: Say, folder: Path) -> None:
        self._say, self._settings, self.state = say, folder / "duurloop.toml", folder / "state"
        self._settings.write_text(SETTINGS, encoding="utf-8")
        self.folder = folder / "out"

    def export(self, *more: str, to: Path | None = None) -> Said:
        return self._say("--config", self._settings, "--state", self.state, "export", str(to or self.folder), *more)

    def keep(self, *facts: Fact, brought: Sequence[Brought] = ()) -> None:
        async def write() -> None:
            async with open_database(prepare(self.state) / DATABASE_NAME) as database:
                store = SqliteStore(database)
                for one in brought:
                    await store.bring(one, lambda _: [])
                await store.commit(facts)

        asyncio.run(write())

    def session(self, run: Run, samples: Sequence[HeartRateSample] = tuple(BEATS)) -> None:
        opened = SessionOpened(run.id, run.runner or "", run.started_at, EASY)
        self.keep(opened, RunKept(run.id, run, tuple(samples)))

    def files(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}

    def table(self, name: str, of: str = "Els") -> list[dict[str, str]]:
        with (self.folder / of / name).open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))

    def runs(self, of: str = "Els") -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = json.loads((self.folder / of / "runs.json").read_text(encoding="utf-8"))
        return told


@pytest.fixture
def home(say: Say, tmp_path: Path) -> Home:
    return Home(say, tmp_path)


def session(identity: str = "s1", day: int = 0, runner: str = "Els") -> Run:
    return replace(judged_run(identity, BEATS, on(day)), runner=runner)


def from_elsewhere(identity: str, source: Source, day: int) -> Brought:
    run = replace(judged_run(identity, BEATS, on(day)), sources=(source,), name=f"a run by {source.value}")
    return Brought(run, tuple(BEATS), f"{source.value}:{identity}")


class TestWhatIsThere:
    def test_a_session_is_a_file_with_every_beat_named_by_its_local_time(self, home: Home) -> None:
        home.session(session())
        said = home.export()
        assert (said.code, said.err) == (0, "")
        assert said.out.splitlines() == [
            "Els: runs: 1. Sessions as FIT: 1. Files that were brought in: 0.",
            f"8 files are in {home.folder}; README.txt tells what is what.",
        ]
        (recording,) = read_recordings(home.folder / "Els/sessions/2026-11-21T1930-s1.fit")
        assert recording.started_at == EVENING
        assert [(sample.at, sample.bpm) for sample in recording.samples] == [(one.at, one.bpm) for one in BEATS]
        assert sum(len(sample.rr_words) for sample in recording.samples) == len(BEATS)

    def test_runs_that_came_as_files_stand_apart(self, home: Home) -> None:
        home.keep(brought=[from_elsewhere("f1", Source.FILE, 1), from_elsewhere("a1", Source.ARCHIVE, 2)])
        home.export()
        assert {name for name in home.files() if name.endswith(".fit")} == {
            "Els/brought-in/2026-11-22T1930-f1.fit",
            "Els/brought-in/2026-11-23T1930-a1.fit",
        }

    def test_every_take_of_a_run_is_there_and_the_run_is_one(self, home: Home) -> None:
        home.session(session())
        home.keep(brought=[from_elsewhere("f1", Source.FILE, 0)])
        home.export()
        assert len(home.runs()) == 1
        assert {"Els/sessions/2026-11-21T1930-s1.fit", "Els/brought-in/2026-11-21T1930-f1.fit"} <= home.files()

    def test_the_figures_are_those_that_runs_gives(self, home: Home, say: Say) -> None:
        home.session(session())
        home.keep(FeelingSaid("Els", "s1", Feeling(before=3, after=4, note="zwaar, maar fijn"), on(0)))
        home.export()
        settings, state = home.folder.with_name("duurloop.toml"), home.state
        assert home.runs() == say("--config", settings, "--state", state, "runs", "--json").json()
        (line,) = home.table("runs.csv")
        assert (line["id"], line["started_at"], line["verdict"]) == ("s1", "2026-11-21T19:30:00+01:00", "lively")
        assert (line["max_bpm"], line["zone_low_bpm"], line["feeling_note"]) == ("150", "118", "zwaar, maar fijn")
        assert (line["duration_s"], line["sources"], line["plan"]) == ("1201.0", "strap", "")

    def test_the_diary_is_there_as_tables(self, home: Home) -> None:
        home.session(session())
        home.keep(
            FeelingSaid("Els", "s1", Feeling(effort=5), on(0)),
            StepRun("Els", "s1", on(0), PlanRef("rustig-12", 3), 4),
            StepChosen("Els", PlanRef("rustig-12", 5), on(1)),
            Paused("Els", on(2), date(2026, 12, 1), "griep"),
            ZoneSet("Els", replace(EASY, valid_from=date(2026, 11, 20)), "110-130", on(-1)),
        )
        home.export()
        assert [(line["run"], line["effort"]) for line in home.table("feelings.csv")] == [("s1", "5")]
        steps = [(line["what"], line["plan"], line["step"], line["next_step"]) for line in home.table("plan.csv")]
        assert steps == [("run", "rustig-12", "3", "4"), ("chosen", "rustig-12", "5", "")]
        assert [(line["until"], line["why"]) for line in home.table("pauses.csv")] == [("2026-12-01", "griep")]
        assert [(line["low_bpm"], line["valid_from"]) for line in home.table("zones.csv")] == [("118", "2026-11-20")]

    def test_of_a_run_that_was_lent_the_diary_has_the_day(self, home: Home) -> None:
        home.keep(
            StepRun("Els", "v1", on(1), PlanRef("rustig-12", 3), 4),
            brought=[from_elsewhere("v1", Source.STRAVA_API, 1)],
        )
        home.session(session())
        home.export()
        (line,) = home.table("plan.csv")
        assert (line["at"], line["run"], line["step"]) == ("2026-11-22", "", "3")

    def test_a_note_that_looks_like_a_formula_is_text_to_a_spreadsheet(self, home: Home) -> None:
        home.session(session())
        home.keep(FeelingSaid("Els", "s1", Feeling(after=4, note="=1+1"), on(0)))
        home.export()
        assert home.table("feelings.csv")[0]["note"] == "'=1+1"
        assert home.runs()[0]["feeling"]["note"] == "=1+1"

    def test_what_lies_there_is_explained_in_both_languages(self, home: Home) -> None:
        home.session(session())
        home.export()
        readme = (home.folder / "README.txt").read_text(encoding="utf-8")
        assert "Your runs, as duurloop keeps them" in readme
        assert readme.count("runs.csv") == 2


class TestWhatIsNotThere:
    def test_what_came_by_strava_alone_is_left_out_and_told(self, home: Home) -> None:
        home.session(session())
        home.keep(brought=[from_elsewhere("v1", Source.STRAVA_API, 1)])
        said = home.export()
        assert "left out are runs that came by Strava's interface alone: 1." in said.out
        assert [run["id"] for run in home.runs()] == ["s1"]
        assert "v1" not in "".join(home.files())
        assert home.export("--json").json()["runners"] == [
            {"name": "Els", "folder": "Els", "runs": 1, "sessions": 1, "brought_in": 0, "left_out": {"strava_api": 1}}
        ]

    def test_of_a_run_that_strava_tells_better_there_is_what_the_strap_heard(self, home: Home) -> None:
        short = BEATS[:300]
        home.session(replace(judged_run("s1", short), runner="Els"), short)
        home.keep(brought=[from_elsewhere("v1", Source.STRAVA_API, 0)])
        home.export()
        (run,) = home.runs()
        assert (run["sources"], run["name"], run["duration_s"]) == (["strap"], None, 300.0)

    def test_where_two_own_takes_are_as_good_the_strap_speaks_as_in_every_list(self, home: Home) -> None:
        short = BEATS[:300]
        home.session(replace(judged_run("s1", short), runner="Els"), short)
        longer = replace(judged_run("f1", short), sources=(Source.FILE,), duration_s=300.2)
        home.keep(brought=[Brought(longer, tuple(short), "file:f1"), from_elsewhere("v1", Source.STRAVA_API, 0)])
        home.export()
        assert [run["sources"] for run in home.runs()] == [["strap"]]

    def test_another_runners_data_stay_where_they_are(self, home: Home) -> None:
        home.session(session())
        home.session(session("s2", 1, "Jan"))
        said = home.export("--runner", "jan")
        assert said.out.startswith("Jan: runs: 1.")
        assert {name.partition("/")[0] for name in home.files()} == {MARKER, "README.txt", "Jan"}


class TestTheFolder:
    def test_it_is_for_nobody_else(self, home: Home) -> None:
        home.session(session())
        home.export()
        paths = [home.folder, *home.folder.rglob("*")]
        assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o700}
        assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {0o600}

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
    def test_what_root_exports_belongs_to_whose_folder_it_is_in(self, home: Home, tmp_path: Path) -> None:
        home.session(session())
        hers = tmp_path / "home of Els"
        hers.mkdir()
        os.chown(hers, 12345, 54321)
        home.export(to=hers / "out")
        owners = {(path.stat().st_uid, path.stat().st_gid) for path in hers.rglob("*")}
        assert owners == {(12345, 54321)}

    def test_an_earlier_export_is_brought_up_to_date_and_loses_nothing(self, home: Home) -> None:
        home.session(session())
        home.export()
        (home.folder / "Els" / "mine.txt").write_text("a word of my own", encoding="utf-8")
        home.session(session("s2", 1))
        assert home.export().code == 0
        assert len(home.runs()) == 2
        assert {"Els/mine.txt", "Els/sessions/2026-11-22T1930-s2.fit"} <= home.files()

    def test_a_folder_in_which_something_else_lives_is_left_alone(self, home: Home) -> None:
        home.session(session())
        home.folder.mkdir()
        (home.folder / "tax.pdf").touch()
        said = home.export()
        assert (said.code, said.out) == (1, "")
        assert "has something else in it already" in said.err
        assert home.files() == {"tax.pdf"}

    def test_a_file_is_no_folder(self, home: Home) -> None:
        home.session(session())
        home.folder.touch()
        assert (home.export().code, home.export(to=home.folder / "below").code) == (1, 1)

    def test_before_the_first_run_it_says_so_and_makes_nothing(self, home: Home) -> None:
        said = home.export()
        assert (said.code, said.out) == (1, "")
        assert "there is nothing to export" in said.err
        assert not home.folder.exists()

    def test_who_is_not_there_cannot_be_exported(self, home: Home) -> None:
        home.session(session())
        said = home.export("--runner", "Piet")
        assert (said.code, "no runner named Piet" in said.err) == (1, True)

    def test_a_hostile_name_leads_nowhere_else(self, home: Home) -> None:
        home.session(session("../s1", 0, HOSTILE))
        assert home.export().code == 0
        (folder,) = (path for path in home.folder.iterdir() if path.is_dir())
        assert folder.name == "_.._Jan_ _cmd"
        assert [path.name for path in (folder / "sessions").iterdir()] == ["2026-11-21T1930-_s1.fit"]

    def test_two_runners_never_share_a_folder(self) -> None:
        names = folder_names(["Els", "els", "E/s", "E:s", "…", "é" * 200])
        assert len({name.casefold() for name in names.values()}) == 6
        assert names["els"] == "els 2"
        assert all(len(name.encode()) <= 80 for name in names.values())

    @pytest.mark.usefixtures("room")
    def test_a_disk_that_takes_no_more_keeps_what_is_whole(self, tmp_path: Path) -> None:
        folder = ExportFolder(tmp_path / "out")
        folder.prepare()
        folder.put(Path("Els/small.csv"), b"a")
        with pytest.raises(ExportError) as caught:
            folder.put(Path("Els/large.fit"), bytes(2 * ROOM))
        assert "The 1 files in it are whole" in str(caught.value)
        assert {path.name for path in folder.path.rglob("*") if path.is_file()} == {MARKER, "small.csv"}

    def test_it_is_written_while_the_service_writes(self, home: Home) -> None:
        home.session(session())
        with closing(sqlite3.connect(home.state / DATABASE_NAME, isolation_level=None)) as service:
            service.execute("BEGIN IMMEDIATE")
            service.execute("INSERT INTO memo VALUES ('a', 'b')")
            assert home.export().code == 0
            service.execute("COMMIT")


@pytest.fixture
def room() -> Iterator[None]:
    """Let no file grow beyond `ROOM`; what goes beyond fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
