"""The list of activities in an archive: its rows, dates and sports, in any language."""

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.activity_files import ActivityFileError
from connectors.strava_archive import Archive, open_archive, read_entry
from tests.activity_builders import CYCLING, RUNNING, START, fit_file, fit_record, fit_session
from tests.archive_builders import HEADER, Activity, listing, run_in, table, write_zip
from tests.edges.strava_archive.opening import FIT, RUN, Pack, told


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
