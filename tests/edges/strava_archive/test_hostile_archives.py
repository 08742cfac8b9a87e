"""Archives that are damaged, made to do harm, or made of anything: no file that is whole is lost."""

import gzip
import os
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.activity_files import ActivityFileError
from connectors.strava_archive import Entry, open_archive, read_entry
from tests.archive_builders import Activity, crowded_zip, listing, mixed, run_in, write_folder, write_zip
from tests.edges.strava_archive.opening import FIT, RUN, Pack, refusal, refusal_of, told
from tests.spoiling import flipped


class TestHostileArchives:
    @pytest.mark.parametrize(
        "name", ["../../run.fit", "/run.fit", "C:\\run.fit", "c:run.fit", "a/../../run.fit", "..\\run.fit", ".."]
    )
    def test_ways_out_of_it_are_not_even_seen(self, zipped: Pack, name: str) -> None:
        path = zipped({"activities.csv": listing([Activity(7, FIT)]).encode(), FIT: RUN, name: RUN})
        assert [entry.file for entry in open_archive(path).entries] == [FIT]
        path = zipped({"in/side.fit": RUN, name: RUN})
        assert [entry.file for entry in open_archive(path).entries] == ["in/side.fit"]

    def test_nothing_is_ever_unpacked_to_disk(self, zipped: Pack, tmp_path: Path) -> None:
        path = zipped({**mixed(4), "../evil.fit": RUN})
        for entry in open_archive(path).entries:
            read_entry(path, entry)
        assert list(tmp_path.iterdir()) == [path]
        assert not (tmp_path.parent / "evil.fit").exists()

    def test_an_entry_of_an_invented_name_finds_nothing(self, pack: Pack, tmp_path: Path) -> None:
        path = pack(mixed(1))
        (tmp_path / "secret.fit").write_bytes(RUN)
        entry = open_archive(path).entries[0]
        for name in ("../secret.fit", str(tmp_path / "secret.fit"), "activities/../../secret.fit"):
            lying = Entry(name, "1", None, None, None, entry.size_bytes, entry.fingerprint)
            assert "is not in the archive" in refusal_of(path, lying)

    def test_links_that_lead_outside_are_not_followed(self, tmp_path: Path) -> None:
        rows = listing([Activity(6, "activities/0.fit"), Activity(7, FIT), Activity(8, "activities/2.fit")])
        folder = write_folder(tmp_path / "export", {"activities.csv": rows.encode(), FIT: RUN})
        (tmp_path / "secret.fit").write_bytes(RUN)
        (folder / "activities/0.fit").symlink_to(tmp_path / "secret.fit")
        (folder / "activities/2.fit").symlink_to(folder / FIT)
        archive = open_archive(folder)
        assert ({entry.file for entry in archive.entries}, archive.missing) == (
            {FIT, "activities/2.fit"},
            ("activities/0.fit",),
        )

    def test_a_folder_of_activities_that_lies_elsewhere_is_not_followed(self, tmp_path: Path) -> None:
        elsewhere = write_folder(tmp_path / "elsewhere", mixed(1))
        folder = write_folder(tmp_path / "export", {"activities.csv": mixed(1)["activities.csv"]})
        (folder / "activities").symlink_to(elsewhere / "activities")
        archive = open_archive(folder)
        assert (archive.entries, archive.missing) == ((), ("activities/5000.fit.gz",))

    def test_pipes_and_links_to_themselves_are_not_files(self, tmp_path: Path) -> None:
        rows = listing([Activity(6, "activities/0.fit"), Activity(7, FIT), Activity(8, "activities/2.fit")])
        folder = write_folder(tmp_path, {"activities.csv": rows.encode(), FIT: RUN})
        os.mkfifo(folder / "activities/0.fit")
        (folder / "activities/2.fit").symlink_to("2.fit")
        assert [entry.file for entry in open_archive(folder).entries] == [FIT]

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            pytest.param(lambda whole: whole[: len(whole) // 2], "damaged: it is no whole zip", id="cut-short"),
            pytest.param(lambda whole: whole[:-40] + b"?" * 40, "damaged: it is no whole zip", id="no-end"),
            pytest.param(lambda whole: whole.replace(b"PK\1\2", b"PK??"), "no whole zip", id="table-of-contents"),
            pytest.param(lambda whole: whole[:-10] + b"\xff" * 10, "", id="lengths"),
            pytest.param(lambda _: b"PK\3\4...", "damaged: it is no whole zip", id="only-the-mark"),
        ],
    )
    def test_a_damaged_table_of_contents_is_refused(
        self, zipped: Pack, spoil: Callable[[bytes], bytes], reason: str
    ) -> None:
        path = zipped(mixed(4))
        path.write_bytes(spoil(path.read_bytes()))
        assert reason in refusal(path)

    def test_one_damaged_entry_fails_alone(self, tmp_path: Path) -> None:
        files = {"activities/0.gpx": run_in("gpx", heart_rate=111), "activities/1.gpx": run_in("gpx")}
        path = write_zip(tmp_path / "a.zip", files, packing=zipfile.ZIP_STORED)
        path.write_bytes(path.read_bytes().replace(b"<hr>111", b"<hr>112"))
        good, bad = open_archive(path).entries
        assert refusal_of(path, bad).startswith("0.gpx: damaged in the archive: it does not unpack")
        assert told(path, good)[2] == 120

    def test_a_damaged_file_fails_alone(self, pack: Pack) -> None:
        path = pack({**mixed(2), "activities/5000.fit.gz": gzip.compress(RUN)[:-9]})
        good, bad = open_archive(path).entries
        assert refusal_of(path, bad).startswith("5000.fit.gz: damaged: it does not unpack")
        assert told(path, good)[2] == 121

    @pytest.mark.parametrize(
        ("flags", "packing", "reason"),
        [
            pytest.param(1, 0, "is encrypted", id="encrypted"),
            pytest.param(0, 12, "packed in a way", id="bzip2"),
            pytest.param(0, 99, "packed in a way", id="unknown"),
        ],
    )
    def test_a_strange_packing_is_refused(self, tmp_path: Path, flags: int, packing: int, reason: str) -> None:
        path = crowded_zip(tmp_path / "a.zip", {FIT: RUN}, flags=flags, packing=packing)
        assert reason in refusal_of(path, open_archive(path).entries[0])

    def test_an_archive_in_the_archive_is_refused(self, zipped: Pack, tmp_path: Path) -> None:
        inner = write_zip(tmp_path / "inner.zip", mixed(1)).read_bytes()
        path = zipped({FIT: inner, "more.zip": inner})
        (entry,) = open_archive(path).entries
        assert refusal_of(path, entry).startswith("1.fit: is an archive")

    def test_a_bomb_stops_early_in_little_memory(self, zipped: Pack) -> None:
        bomb = b"".join(gzip.compress(part) for part in (b"<gpx>", *[b" " * 10_000_000] * 11))
        path = zipped({"activities/0.gpx.gz": bomb})
        entry = open_archive(path).entries[0]
        tracemalloc.start()
        assert "too large: over 100 MB" in refusal_of(path, entry)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 5_000_000

    def test_a_bomb_for_a_list_is_refused_unread(self, tmp_path: Path) -> None:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("activities.csv", "w") as list_:
            for _ in range(11):
                list_.write(b"," * 10_000_000)
        assert "activities.csv that is too large: over 100 MB" in refusal(path)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            pytest.param(b"," * 2_000_000, "holds no activities", id="cells"),
            pytest.param(b'"' + b"x" * 2_000_000, "holds no activities", id="field"),
            pytest.param(b'"\n' * 50_000, "holds no activities", id="quotes"),
        ],
    )
    def test_a_list_of_nothing_is_refused_in_little_memory(self, zipped: Pack, content: bytes, reason: str) -> None:
        path = zipped({"activities.csv": content})
        tracemalloc.start()
        assert reason in refusal(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 10_000_000

    def test_a_list_without_end_is_refused(self, zipped: Pack) -> None:
        assert "over 150000 rows" in refusal(zipped({"activities.csv": b"\n" * 150_001}))

    def test_a_hundred_thousand_entries_are_no_trouble(self, tmp_path: Path) -> None:
        rows = listing([Activity(7, "activities/99999.fit")]).encode()
        names = (f"activities/{number}.fit" for number in range(100_000))
        path = crowded_zip(tmp_path / "a.zip", {"activities.csv": rows, **dict.fromkeys(names, RUN)})
        archive = open_archive(path)
        assert (len(archive.entries), archive.entries[0].name) == (100_000, "Lake")

    def test_a_table_of_contents_without_end_is_not_read(self, tmp_path: Path) -> None:
        path = crowded_zip(tmp_path / "a.zip", {"x" * 60_000 + str(number): b"" for number in range(400)})
        assert "holds more files than any export" in refusal(path)

    def test_of_two_files_of_one_name_the_last_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for heart_rate, name in ((110, FIT), (130, FIT.upper())):
                archive.writestr(name, run_in("gpx", heart_rate=heart_rate))
        assert [told(path, entry)[2] for entry in open_archive(path).entries] == [130]

    def test_an_archive_that_went_away_is_told(self, pack: Pack) -> None:
        path = pack(mixed(1))
        entry = open_archive(path).entries[0]
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert refusal_of(path, entry) == "5000.fit.gz: no such file; check the path"


WHOLE = mixed(4)


class TestAnyContent:
    @given(data=st.data())
    def test_a_zip_with_flipped_bits_is_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        path = write_zip(tmp_path_factory.getbasetemp() / "flipped.zip", WHOLE)
        path.write_bytes(flipped(path.read_bytes(), data))
        with suppress(ActivityFileError):
            for entry in open_archive(path).entries:
                with suppress(ActivityFileError):
                    assert read_entry(path, entry)

    @given(parts=st.lists(st.sampled_from(["7", FIT, ",", '"', "\\", "\n", "x", "2022"]), max_size=40))
    def test_a_list_with_anything_in_it_loses_no_file(
        self, tmp_path_factory: pytest.TempPathFactory, parts: list[str]
    ) -> None:
        files = {"activities.csv": "".join(parts).encode(), FIT: RUN}
        path = write_zip(tmp_path_factory.getbasetemp() / "list.zip", files)
        assert [entry.file for entry in open_archive(path).entries] == [FIT]
