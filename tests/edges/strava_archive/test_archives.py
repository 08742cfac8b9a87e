"""What is an archive, and which activities are found in it, in what order."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.strava_archive import Archive, digest_of, is_archive, open_archive, read_entry
from tests.activity_builders import START, clock, gpx_file, gpx_point, gpx_track
from tests.archive_builders import Activity, english, listing, mixed, run_in, write_folder, write_zip
from tests.edges.strava_archive.opening import FIT, RUN, Pack, refusal, told


def told_name(path: Path) -> str | None:
    return read_entry(path, open_archive(path).entries[0])[0].name


class TestWhatIsInIt:
    def test_every_form_is_read_newest_first_with_its_name(self, pack: Pack) -> None:
        path = pack(mixed(8))
        archive = open_archive(path)
        assert [told(path, entry) for entry in archive.entries] == [
            (f"Run {day}", "run", 120 + day) for day in reversed(range(8))
        ]
        assert (archive.missing, archive.refused, archive.by_hand, archive.note) == ((), (), 0, None)

    def test_an_entry_tells_what_the_list_says(self, pack: Pack) -> None:
        entry = open_archive(pack(mixed(1))).entries[0]
        assert (entry.file, entry.activity, entry.name) == ("activities/5000.fit.gz", "1000", "Run 0")
        assert (entry.sport, entry.listed_at, entry.size_bytes) == ("run", START, len(run_in("fit.gz")))

    def test_an_entry_finds_its_way_to_another_process(self, pack: Pack) -> None:
        entry = open_archive(pack(mixed(1))).entries[0]
        assert pickle.loads(pickle.dumps(entry)) == entry  # noqa: S301 - our own

    def test_the_export_may_lie_in_a_folder_of_its_own(self, pack: Pack) -> None:
        files = {f"export_1234/{name}": content for name, content in mixed(4).items()}
        path = pack({**files, "__MACOSX/export_1234/._activities.csv": b"\0\5\x16\7"})
        assert is_archive(path)
        archive = open_archive(path)
        assert [told(path, entry)[0] for entry in archive.entries] == ["Run 3", "Run 2", "Run 1", "Run 0"]
        assert archive.missing == ()

    def test_the_file_knows_better_when_it_was(self, zipped: Pack) -> None:
        path = zipped({"activities.csv": listing([Activity(7, FIT, date=english(50))]).encode(), FIT: RUN})
        (recording,) = read_entry(path, open_archive(path).entries[0])
        assert recording.started_at == START

    def test_other_tables_and_media_are_left_alone(self, pack: Pack) -> None:
        others = {"routes/1.gpx": RUN, "media/1.fit": b"?", "activities/notes.txt": b"?", "activities_old.csv": b"?"}
        assert len(open_archive(pack({**mixed(2), **others})).entries) == 2

    def test_what_was_entered_by_hand_is_counted(self, look: Callable[[str], Archive]) -> None:
        archive = look(listing([Activity(1, FIT), Activity(2), Activity(3)]))
        assert (len(archive.entries), archive.by_hand) == (1, 2)

    def test_a_listed_file_that_is_not_there_is_told(self, look: Callable[[str], Archive]) -> None:
        archive = look(listing([Activity(1, FIT), Activity(2, "activities/2.fit.gz")]))
        assert ([entry.file for entry in archive.entries], archive.missing) == ([FIT], ("activities/2.fit.gz",))

    def test_of_two_rows_for_one_file_the_first_counts(self, look: Callable[[str], Archive]) -> None:
        archive = look(listing([Activity(1, FIT, name="One"), Activity(2, FIT.upper(), name="Two")]))
        assert [(entry.activity, entry.name) for entry in archive.entries] == [("1", "One")]

    def test_the_same_file_has_the_same_digest_in_both_forms(self, tmp_path: Path) -> None:
        paths = write_zip(tmp_path / "a.zip", mixed(1)), write_folder(tmp_path / "a", mixed(1))
        digests = {digest_of(path, open_archive(path).entries[0]) for path in paths}
        assert len(digests) == 1

    def test_a_fingerprint_stays_until_the_file_changes(self, pack: Pack) -> None:
        def fingerprint(heart_rate: int) -> str:
            return open_archive(pack({FIT: run_in("gpx", heart_rate=heart_rate)})).entries[0].fingerprint

        first = open_archive(pack({FIT: RUN}))
        assert open_archive(pack({FIT: RUN + b"?"})).entries[0].fingerprint != first.entries[0].fingerprint
        assert fingerprint(120) != first.entries[0].fingerprint

    def test_an_archive_that_was_sent_again_is_opened_again(self, zipped: Pack) -> None:
        path = zipped({FIT: run_in("gpx", heart_rate=99)})
        entry = open_archive(path).entries[0]
        assert told(path, entry)[2] == 99
        path = zipped({FIT: run_in("gpx", heart_rate=120), "more.txt": b"more"})
        assert told(path, entry)[2] == 120


class TestWithoutAList:
    def test_the_files_are_taken_without_names_and_it_is_said(self, pack: Pack) -> None:
        files = {name: content for name, content in mixed(4).items() if name != "activities.csv"}
        path = pack(files)
        archive = open_archive(path)
        assert [told(path, entry) for entry in archive.entries] == [(None, "run", 120 + day) for day in (3, 2, 1, 0)]
        assert archive.note == "has no readable list of activities: the files are taken without their names on Strava"

    def test_a_zip_of_a_watch_is_welcome_too(self, zipped: Pack) -> None:
        path = zipped({"12345_ACTIVITY.fit": RUN, "__MACOSX/._12345_ACTIVITY.fit": b"?", "read.me": b"?"})
        assert [told(path, entry) for entry in open_archive(path).entries] == [(None, "run", 120)]

    def test_a_track_keeps_its_own_name(self, zipped: Pack) -> None:
        path = zipped({"way.gpx": gpx_file(gpx_track([gpx_point(clock(0))], name="Heide"))})
        assert told_name(path) == "Heide"

    @pytest.mark.parametrize("files", [{}, {"a.txt": b"?"}, {"activities.csv": b""}, {"activities.csv": b"a,b\n1,2\n"}])
    def test_an_archive_without_activities_is_refused(self, pack: Pack, files: dict[str, bytes]) -> None:
        assert "holds no activities" in refusal(pack({**files, "other.csv": b"?"}))


class TestWhatIsAnArchive:
    def test_a_zip_is_one_and_so_is_a_folder_with_a_list(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path / "a", mixed(1))
        above = write_folder(tmp_path / "b", {"export/activities.csv": b"", "other/x": b"", ".DS_Store": b""})
        assert all(map(is_archive, (write_zip(tmp_path / "a.zip", {}), folder, above)))

    def test_other_things_are_none(self, tmp_path: Path) -> None:
        run, pipe = tmp_path / "run.zip", tmp_path / "pipe"
        run.write_bytes(RUN)
        os.mkfifo(pipe)
        two = write_folder(tmp_path / "two", {"a/activities.csv": b"", "b/activities.csv": b""})
        others = (run, pipe, two, write_folder(tmp_path / "c", {"run.fit": RUN}), tmp_path / "none", Path("a\0b"))
        assert not any(map(is_archive, others))

    def test_what_is_none_is_refused(self, tmp_path: Path) -> None:
        run = tmp_path / "run.fit"
        run.write_bytes(RUN)
        os.mkfifo(tmp_path / "pipe.zip")
        assert refusal(run).startswith("run.fit: is no archive; ")
        assert refusal(tmp_path / "pipe.zip").startswith("pipe.zip: is no archive; ")
        assert refusal(Path("a\0b")) == "a?b: is no possible path; check it"
        assert refusal(tmp_path / "none.zip") == "none.zip: no such file; check the path"
        assert "several exports" in refusal(
            write_zip(tmp_path / "two.zip", {"a/activities.csv": b"", "b/activities.csv": b""})
        )
