"""The archive that Strava sends: what is found in it, in what order, and what is refused."""

import gzip
import os
import pickle
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.activity_files import ActivityFileError
from connectors.strava_archive import (
    Archive,
    Entry,
    close_archives,
    digest_of,
    is_archive,
    open_archive,
    read_entry,
)
from tests.activity_builders import (
    CYCLING,
    RUNNING,
    START,
    clock,
    fit_file,
    fit_record,
    fit_session,
    gpx_file,
    gpx_point,
    gpx_track,
)
from tests.archive_builders import (
    HEADER,
    Activity,
    crowded_zip,
    english,
    listing,
    mixed,
    run_in,
    table,
    write_folder,
    write_zip,
)

Pack = Callable[[Mapping[str, bytes]], Path]

FIT = "activities/1.fit"
RUN = run_in("fit")


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    """Close what reading has kept open for the next entry."""
    yield
    close_archives()


@pytest.fixture(params=[write_zip, write_folder], ids=["zip", "folder"])
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> Pack:
    """Return what makes an archive of files, in both forms."""
    return lambda files: request.param(tmp_path / "export.zip", files)


@pytest.fixture
def zipped(tmp_path: Path) -> Pack:
    """Return what makes a zip of files."""
    return lambda files: write_zip(tmp_path / "export.zip", files)


@pytest.fixture
def look(zipped: Pack) -> Callable[[str | bytes], Archive]:
    """Return what opens an archive with this list and one file."""

    def open_it(listed: str | bytes) -> Archive:
        content = listed if isinstance(listed, bytes) else listed.encode()
        return open_archive(zipped({"activities.csv": content, FIT: RUN}))

    return open_it


def told(path: Path, entry: Entry) -> tuple[str | None, str, int]:
    (recording,) = read_entry(path, entry)
    return recording.name, recording.sport, recording.samples[0].bpm


def refusal(path: Path) -> str:
    with pytest.raises(ActivityFileError) as caught:
        open_archive(path)
    assert str(caught.value).isprintable()
    return str(caught.value)


def refusal_of(path: Path, entry: Entry) -> str:
    with pytest.raises(ActivityFileError) as caught:
        read_entry(path, entry)
    assert str(caught.value).isprintable()
    return str(caught.value)


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


class TestTheList:
    @pytest.mark.parametrize(
        "listed",
        [
            pytest.param(table([row.old_cells for row in [Activity(7, FIT)]]), id="ten-columns-and-no-header"),
            pytest.param("\ufeff" + listing([Activity(7, FIT)]), id="byte-order-mark"),
            pytest.param(listing([Activity(7, FIT)]).replace("\n", "\r\n"), id="windows"),
            pytest.param(listing([Activity(7, FIT.replace("/", "\\"))]), id="backslashes"),
            pytest.param(listing([Activity(7, FIT.upper())]), id="capitals"),
            pytest.param(listing([Activity(7, FIT)]) + "\n\n\n", id="blank-lines"),
            pytest.param(
                table([(*HEADER, "one more"), [*Activity(7, FIT).cells, "1"], Activity(8).cells]), id="more-columns"
            ),
            pytest.param(
                table([HEADER, Activity(6).cells, [*Activity(7, FIT).cells, *["x"] * 80]]), id="ever-more-columns"
            ),
        ],
    )
    def test_it_is_read_by_position_and_content(self, look: Callable[[str], Archive], listed: str) -> None:
        (entry,) = look(listed).entries
        assert (entry.activity, entry.name, entry.sport, entry.listed_at) == ("7", "Lake", "run", START)

    @pytest.mark.parametrize(
        "description",
        [
            'We said "hi", and\nran on.\n\n',
            "1,2,3\n4,5,6",
            "C:\\",
            "activities/9.fit",
            "¯\\_(ツ)_/¯",
            ";" * 99,
            "null \0 byte",
            "x" * 100_000,
        ],
        ids=["quotes", "rows", "backslash", "file", "shrug", "semicolons", "null", "long"],
    )
    def test_a_description_may_be_anything(self, look: Callable[[str], Archive], description: str) -> None:
        archive = look(listing([Activity(6), Activity(7, FIT, description=description), Activity(8)]))
        assert [(entry.activity, entry.file) for entry in archive.entries] == [("7", FIT)]
        assert (archive.by_hand, archive.missing, archive.refused) == (2, (), ())

    def test_quotes_may_have_backslashes_before_them(self, look: Callable[[str], Archive]) -> None:
        story = 'He said \\"run, now\\",\nand so "" we did'
        rows = listing([Activity(6), Activity(7, FIT, description="?,?")]).replace("?,?", story)
        archive = look(rows)
        assert [(entry.activity, entry.file) for entry in archive.entries] == [("7", FIT)]
        assert archive.by_hand == 1

    def test_a_quote_that_never_ends_costs_only_what_stands_behind_it(self, look: Callable[[str], Archive]) -> None:
        rows = listing([Activity(6, "activities/0.fit"), Activity(7, FIT), Activity(8)])
        archive = look(rows.replace("\n7,", '\n"7,'))
        assert ([entry.file for entry in archive.entries], archive.missing) == ([FIT], ("activities/0.fit",))

    def test_a_list_cut_anywhere_loses_no_file(self, zipped: Pack) -> None:
        whole = listing([Activity(6, "activities/0.fit"), Activity(7, FIT, description='so, "so"')]).encode()
        for length in range(0, len(whole), 7):
            path = zipped({"activities.csv": whole[:length], "activities/0.fit": RUN, FIT: RUN})
            assert {entry.file for entry in open_archive(path).entries} == {"activities/0.fit", FIT}

    @pytest.mark.parametrize("lost", [b"Shoes", b"activities.csv"], ids=["content", "header"])
    def test_a_list_damaged_in_the_zip_loses_no_file(self, tmp_path: Path, lost: bytes) -> None:
        files = {"activities.csv": listing([Activity(7, FIT)]).encode(), FIT: RUN}
        path = write_zip(tmp_path / "a.zip", files, packing=zipfile.ZIP_STORED)
        path.write_bytes(path.read_bytes().replace(lost, lost[:-1] + b"?", 1))
        (entry,) = open_archive(path).entries
        assert told(path, entry) == (None, "run", 120)

    def test_of_a_list_damaged_in_the_middle_the_beginning_is_read(self, tmp_path: Path) -> None:
        rows = [Activity(7, FIT), *(Activity(number, description="x" * 90) for number in range(8, 2000))]
        path = write_zip(tmp_path / "a.zip", {"activities.csv": listing(rows).encode(), FIT: RUN}, packing=0)
        content = path.read_bytes()
        path.write_bytes(content.replace(b"\n1999,", b"\n1998,"))
        (entry,) = open_archive(path).entries
        assert told(path, entry) == ("Lake", "run", 120)

    def test_a_list_of_more_rows_than_a_zip_has_files_is_refused(self, look: Callable[[str], Archive]) -> None:
        with pytest.raises(ActivityFileError, match="too large: over 150000 rows"):
            look("1\n" * 150_001)

    def test_a_name_is_one_line_or_none(self, look: Callable[[str], Archive]) -> None:
        assert look(listing([Activity(7, FIT, name=" Round\nthe lake ")])).entries[0].name == "Round the lake"
        assert look(listing([Activity(7, FIT, name="and then " * 99)])).entries[0].name is None

    @pytest.mark.parametrize(
        "name",
        ["../../etc/passwd", "activities/../../etc/passwd.gpx", "/etc/run.fit", "C:\\run.fit", "activities/a\nb.fit"],
    )
    def test_a_name_that_no_export_gives_is_left_alone(self, look: Callable[[str], Archive], name: str) -> None:
        archive = look(listing([Activity(6, name), Activity(7, FIT)]))
        assert ([entry.file for entry in archive.entries], len(archive.refused), archive.missing) == ([FIT], 1, ())

    @pytest.mark.parametrize(
        ("dates", "first_of_three"),
        [
            pytest.param(["9 Jan 2026 09:00:00", "9 Jan 2026 13:00:00", "30 Dec 2025 13:00:00"], 1, id="date"),
            pytest.param(["?", "??", "???"], 2, id="number"),
        ],
    )
    def test_the_newest_is_first_by_date_else_by_number(
        self, zipped: Pack, dates: list[str], first_of_three: int
    ) -> None:
        numbers = [8, 9, 10]
        rows = [Activity(number, f"activities/{number}.fit", date) for number, date in zip(numbers, dates, strict=True)]
        files = {row.file: RUN for row in rows}
        archive = open_archive(zipped({"activities.csv": listing(rows).encode(), **files}))
        assert archive.entries[0].activity == str(numbers[first_of_three])

    def test_what_the_list_leaves_out_is_taken_without_a_name(self, zipped: Pack) -> None:
        rows = listing([Activity(7, FIT)]).encode()
        path = zipped({"activities.csv": rows, FIT: RUN, "activities/99.gpx": run_in("gpx"), "routes/1.gpx": b""})
        assert [(entry.file, entry.name, entry.activity) for entry in open_archive(path).entries] == [
            (FIT, "Lake", "7"),
            ("activities/99.gpx", None, ""),
        ]


class TestDates:
    @pytest.mark.parametrize(
        "written",
        [
            "May 29, 2022, 3:53:35 PM",
            "May 29, 2022, 3:53:35\u202fPM",
            "29 May 2022, 15:53:35",
            "29 mei 2022 15:53:35",
            "29 mei 2022, 15:53:35",
            "29.05.2022, 15:53:35",
            "29. Mai 2022, 15:53:35",
            "29 mai 2022 à 15:53:35",
            "29/05/2022, 15:53:35",
            "29 may 2022, 15:53:35",
            "29 may 2022 3:53:35 p. m.",
            "29 mag 2022, 15:53:35",
            "29 de mai. de 2022, 15:53:35",
            "29. maj 2022 15.53.35",
            "29. mai 2022 kl. 15:53:35",
            "29 maj 2022 kl. 15:53:35",
            "29 maj 2022, 15:53:35",
            "29.5.2022 klo 15.53.35",
            "2022-05-29 15:53:35",
            "2022-05-29T17:53:35+02:00",
            "2022-05-29T15:53:35Z",
            "2022/05/29 15:53:35",
            "2022年5月29日 15:53:35",
            "2022. 5. 29. 오후 3:53:35",
        ],
    )
    def test_the_common_forms_are_read_as_utc(self, look: Callable[[str], Archive], written: str) -> None:
        (entry,) = look(listing([Activity(7, FIT, date=written)])).entries
        assert entry.listed_at == datetime(2022, 5, 29, 15, 53, 35, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("month", "names"),
        [
            (1, "Jan, jan., janv., ene, gen, stycznia"),
            (2, "feb, févr., fev., lutego"),
            (3, "mrt, März, mars, mar, marca, março"),
            (4, "apr, avr., abr, kwietnia"),
            (6, "jun, juin, giu, czerwca, juni"),
            (7, "jul, juil., lug, lipca, juli"),
            (8, "aug, août, ago, sierpnia"),
            (9, "Sept, set, września"),
            (10, "okt, oct, ott, out, października"),
            (11, "nov, listopada"),
            (12, "dec, déc., Dez., dic, dez, des., grudnia"),
        ],
    )
    def test_months_are_known_in_many_languages(self, zipped: Pack, month: int, names: str) -> None:
        dates = [f"{day} {name} 2022, 10:00:00" for day, name in enumerate(names.split(", "), start=1)]
        rows = [Activity(day, f"activities/{day}.fit", date) for day, date in enumerate(dates, start=1)]
        files = {row.file: RUN for row in rows}
        archive = open_archive(zipped({"activities.csv": listing(rows).encode(), **files}))
        assert sorted(entry.listed_at or START for entry in archive.entries) == [
            datetime(2022, month, row.number, 10, tzinfo=UTC) for row in rows
        ]

    def test_a_later_row_shows_that_the_month_comes_first(self, look: Callable[[str], Archive]) -> None:
        rows = [Activity(7, FIT, date="05/06/2022, 10:00:00"), Activity(8, date="05/29/2022, 10:00:00")]
        assert look(listing(rows)).entries[0].listed_at == datetime(2022, 5, 6, 10, tzinfo=UTC)

    @pytest.mark.parametrize(
        "written",
        [
            "",
            "yesterday",
            "29 foo 2022 10:00",
            "31.02.2022, 10:00",
            "1.1.99999 10:00",
            "1.1.2022",
            "1.1.0 1:1",
            "29.05.2022, 25:00",
            "0001-01-01T00:00:00+10:00",
            "9" * 99,
        ],
    )
    def test_what_cannot_be_read_is_no_date(self, look: Callable[[str], Archive], written: str) -> None:
        assert look(listing([Activity(7, FIT, date=written)])).entries[0].listed_at is None

    @pytest.mark.parametrize(
        ("written", "hour"), [("12:05:00 AM", 0), ("12:05:00 PM", 12), ("1:05:00 AM", 1), ("11:05:00 pm", 23)]
    )
    def test_noon_and_midnight_are_told_apart(self, look: Callable[[str], Archive], written: str, hour: int) -> None:
        (entry,) = look(listing([Activity(7, FIT, date=f"May 29, 2022, {written}")])).entries
        assert entry.listed_at == datetime(2022, 5, 29, hour, 5, tzinfo=UTC)


class TestSports:
    @pytest.mark.parametrize(
        ("kind", "sport"),
        [
            ("Run", "run"),
            ("Trail Run", "run"),
            ("Virtual Run", "run"),
            ("Walk", "walk"),
            ("Hike", "walk"),
            ("Ride", "ride"),
            ("E-Bike Ride", "ride"),
            ("Virtual Ride", "ride"),
            ("Swim", "swim"),
            ("Hardlopen", "run"),
            ("Virtuele hardloopsessie", "run"),
            ("Wandeling", "walk"),
            ("Fietsrit", "ride"),
            ("Lauf", "run"),
            ("Virtueller Lauf", "run"),
            ("Wanderung", "walk"),
            ("Radfahrt", "ride"),
            ("Course à pied", "run"),
            ("Course a\u0300 pied virtuelle", "run"),
            ("Randonnée", "walk"),
            ("Sortie à vélo", "ride"),
            ("Carrera", "run"),
            ("Caminata", "walk"),
            ("Ciclismo", "ride"),
            ("Corsa", "run"),
            ("Camminata", "walk"),
            ("Corrida", "run"),
            ("Caminhada", "walk"),
            ("Løb", "run"),
            ("Gåtur", "walk"),
            ("Löpning", "run"),
            ("Promenad", "walk"),
            ("Løpetur", "run"),
            ("Fottur", "walk"),
            ("Bieg", "run"),
            ("Wirtualny bieg", "run"),
            ("Wędrówka", "walk"),
            ("Jazda na rowerze", "ride"),
            ("Skilanglauf", "skiing"),
        ],
    )
    def test_the_words_of_many_languages_are_known(self, look: Callable[[str], Archive], kind: str, sport: str) -> None:
        assert look(listing([Activity(7, FIT, kind=kind)])).entries[0].sport == sport

    @pytest.mark.parametrize("kind", ["", "Kuŝbiciklado", "Eislaufwettbewerb", "x" * 999])
    def test_of_an_unknown_word_the_file_knows_better(self, zipped: Pack, kind: str) -> None:
        ride = fit_file(fit_record(0, 120), fit_session(0, CYCLING))
        path = zipped({"activities.csv": listing([Activity(7, FIT, kind=kind)]).encode(), FIT: ride})
        (entry,) = open_archive(path).entries
        assert (entry.sport, told(path, entry)[1]) == (None, "ride")

    def test_the_list_knows_better_than_the_file(self, zipped: Pack) -> None:
        path = zipped({"activities.csv": listing([Activity(7, FIT, kind="Walk")]).encode(), FIT: RUN})
        assert told(path, open_archive(path).entries[0])[1] == "walk"

    def test_a_file_of_several_sports_keeps_them(self, zipped: Pack) -> None:
        both = fit_file(fit_record(0, 120), fit_record(9, 120), fit_session(0, CYCLING), fit_session(9, RUNNING))
        path = zipped({"activities.csv": listing([Activity(7, FIT, kind="Ride")]).encode(), FIT: both})
        recordings = read_entry(path, open_archive(path).entries[0])
        assert [(part.name, part.sport) for part in recordings] == [("Lake", "ride"), ("Lake", "run")]


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


def told_name(path: Path) -> str | None:
    return read_entry(path, open_archive(path).entries[0])[0].name


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
    @settings(deadline=None)
    def test_a_zip_with_flipped_bits_is_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        path = write_zip(tmp_path_factory.getbasetemp() / "flipped.zip", WHOLE)
        content = bytearray(path.read_bytes())
        for bit in data.draw(st.lists(st.integers(0, len(content) * 8 - 1), min_size=1, max_size=6)):
            content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        with suppress(ActivityFileError):
            for entry in open_archive(path).entries:
                with suppress(ActivityFileError):
                    assert read_entry(path, entry)

    @given(parts=st.lists(st.sampled_from(["7", FIT, ",", '"', "\\", "\n", "x", "2022"]), max_size=40))
    @settings(deadline=None)
    def test_a_list_with_anything_in_it_loses_no_file(
        self, tmp_path_factory: pytest.TempPathFactory, parts: list[str]
    ) -> None:
        files = {"activities.csv": "".join(parts).encode(), FIT: RUN}
        path = write_zip(tmp_path_factory.getbasetemp() / "list.zip", files)
        assert [entry.file for entry in open_archive(path).entries] == [FIT]
