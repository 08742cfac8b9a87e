"""Tables of RR intervals or heart rates, as apps write them."""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from connectors.activity_files import read_recordings
from daemon.domain.recording import Recording
from tests.activity_builders import START, clock
from tests.edges.activity_files.reading import Read, Write
from tests.recordings import heart_rates, words

WRITTEN_S = int(START.timestamp())
"""When the files without a clock were written."""


class TestTables:
    @pytest.fixture
    def read_written(self, write: Write) -> Read:
        """Return what reads a file that was written at START."""

        def read_it(content: bytes) -> tuple[Recording, ...]:
            path = write("rr.csv", content)
            os.utime(path, (WRITTEN_S, WRITTEN_S))
            return read_recordings(path)

        return read_it

    @pytest.mark.parametrize(
        "header",
        ["rr", "RR", "rr_ms", "RR-interval [ms]", "rr interval (ms)", '"rr"'],
    )
    @pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
    def test_a_column_of_rr_intervals_is_found_by_its_title(
        self, read_written: Read, header: str, separator: str
    ) -> None:
        rows = [f"note{separator}{header}", *(f"x{separator}500" for _ in range(7))]
        (run,) = read_written("\r\n".join(rows).encode())
        assert heart_rates(run) == [(0.0, 120), (1.0, 120), (2.0, 120), (3.0, 120)]
        assert words(run) == [(500, 500), (500, 500), (500, 500), (500,)]

    @pytest.mark.parametrize(
        "times",
        [
            pytest.param([str(WRITTEN_S * 1000 + 500 * step) for step in range(6)], id="epoch-ms"),
            pytest.param([f"{WRITTEN_S + 0.5 * step}" for step in range(6)], id="epoch-s"),
            pytest.param([clock(0.5 * step) for step in range(6)], id="iso"),
            pytest.param([clock(0.5 * step).replace("T", " ").rstrip("Z") for step in range(6)], id="iso-local"),
        ],
    )
    def test_beats_begin_at_the_first_time_stamp(self, read: Read, times: list[str]) -> None:
        (run,) = read("\n".join(["timestamp,rr", "", *(f"{time},500" for time in times)]).encode())
        assert (run.started_at, run.duration_s, run.sport) == (START, 2.0, "run")
        assert heart_rates(run) == [(0.0, 120), (1.0, 120), (2.0, 120)]

    def test_the_heart_rate_is_the_mean_of_the_plausible_beats_of_five_seconds(self, read: Read) -> None:
        intervals = [1000, 1000, 1000, 200, 2100, 900]
        (run,) = read("\n".join(["rr", *map(str, intervals)]).encode())
        assert words(run) == [(1000,), (1000,), (1000, 200), (2100,), (900,)]
        assert heart_rates(run) == [(0.0, 60), (1.0, 60), (2.0, 60), (4.0, 60), (5.0, 62)]

    def test_a_second_with_only_impossible_beats_has_no_value(self, read: Read) -> None:
        (run,) = read(b"rr\n2500\n2500\n100\n")
        assert [bpm for _, bpm in heart_rates(run)] == [0, 0]

    def test_bursts_of_arrivals_do_not_shake_the_beats(self, read: Read) -> None:
        arrivals = [0, 1, 1, 3, 3, 4]
        rows = [f"{WRITTEN_S + arrival},1000" for arrival in arrivals]
        (run,) = read("\n".join(["timestamp,rr", *rows]).encode())
        assert [at for at, _ in heart_rates(run)] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]

    def test_after_a_gap_the_beats_go_on_where_they_arrived(self, read: Read) -> None:
        rows = [f"{WRITTEN_S + arrival},1000" for arrival in (0, 1, 60, 61)]
        (run,) = read("\n".join(["timestamp,rr", *rows]).encode())
        assert [at for at, _ in heart_rates(run)] == [0.0, 1.0, 60.0, 61.0]

    def test_a_clock_that_is_set_back_keeps_the_order(self, read: Read) -> None:
        rows = [f"{WRITTEN_S + arrival},1000" for arrival in (60, 61, 0, 1)]
        (run,) = read("\n".join(["timestamp,rr", *rows]).encode())
        assert [at for at, _ in heart_rates(run)] == [0.0, 1.0, 60.0, 61.0]

    def test_time_since_the_start_shows_gaps_too(self, read_written: Read) -> None:
        (run,) = read_written(b"rr,since_start\n1000,0\n1000,1000\n1000,60000\n")
        assert [at for at, _ in heart_rates(run)] == [0.0, 1.0, 60.0]
        assert run.started_at == START - timedelta(seconds=60)

    @pytest.mark.parametrize(
        "rows",
        [
            pytest.param(["800"] * 6, id="milliseconds"),
            pytest.param(["0.8"] * 6, id="seconds"),
            pytest.param(["0,8"] * 6, id="decimal-comma"),
            pytest.param(["800,"] * 6, id="trailing-separator"),
        ],
    )
    def test_a_bare_list_of_numbers_is_rr_intervals(self, read_written: Read, rows: list[str]) -> None:
        (run,) = read_written("\n".join(rows).encode())
        assert words(run) == [(800, 800), (800,), (800,), (800,), (800,)]
        assert {bpm for _, bpm in heart_rates(run)} == {75}
        assert run.started_at == START - timedelta(seconds=4)

    @pytest.mark.parametrize(
        ("header", "rows"),
        [
            pytest.param("t,hr", ["0,120", "1,121", "3,0"], id="seconds"),
            pytest.param("Time;Heart rate [bpm]", ["0,0;120", "1,0;121", "3,0;"], id="decimal-comma"),
            pytest.param("elapsed\tpulse", ["00:00:00\t120", "00:00:01\t121", "00:00:03\tn/a"], id="stopwatch"),
            pytest.param("time_ms,BPM", ["0,120", "1000,121", "3000,-1"], id="milliseconds"),
            pytest.param("time,heartrate", ["0,120", "1000,121", "3000,nan"], id="milliseconds-untold"),
            pytest.param(
                "Name,Sport,Date\nme,RUNNING,10-11-2026\nSample rate,Time,HR (bpm)",
                ["1,00:00:00,120", ",00:00:01,121", ",00:00:03,0"],
                id="under-a-summary",
            ),
        ],
    )
    def test_a_column_of_heart_rates_is_read_with_its_times(
        self, read_written: Read, header: str, rows: list[str]
    ) -> None:
        (run,) = read_written("\n".join([header, *rows]).encode())
        assert [sample for sample in heart_rates(run) if sample[1]] == [(0.0, 120), (1.0, 121)]
        assert (run.duration_s, run.started_at) == (3.0, START - timedelta(seconds=3))

    def test_heart_rates_may_have_their_time_of_day_and_beats_beside_them(self, read: Read) -> None:
        (run,) = read(f"timestamp,hr,rr\n{clock(0)},120,500 510\n{clock(1)},121,\n".encode())
        assert (run.started_at, words(run)) == (START, [(500, 510), ()])

    def test_rows_that_cannot_be_read_are_left_out(self, read: Read) -> None:
        (run,) = read(b"t,hr\n0,120\nend of part one\n,,\n1,121\n")
        assert heart_rates(run) == [(0.0, 120), (1.0, 121)]

    def test_excel_may_have_written_it(self, read: Read) -> None:
        (run,) = read("t\thr\r\n0\t120\r\n1\t121\r\n".encode("utf-16"))
        assert heart_rates(run) == [(0.0, 120), (1.0, 121)]

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"hello", id="prose"),
            pytest.param(b"hr\n120\n", id="heart-rates-without-times"),
            pytest.param(b"time,power\n0,200\n", id="another-table"),
            pytest.param(b"\x00\x01\x02\x03" * 100, id="binary"),
            pytest.param(b"x" * 1_000_000, id="one-endless-line"),
            pytest.param(b'{"hr": [1, 2]}', id="json"),
        ],
    )
    def test_other_content_is_refused_with_what_would_do(self, refusal: Callable[[bytes], str], content: bytes) -> None:
        assert refusal(content).endswith("export it as one of these")

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"12345\n23456\n", id="far-too-long"),
            pytest.param(b"800\n800\nthe end\n", id="with-words"),
        ],
    )
    def test_a_list_of_other_numbers_is_refused(self, refusal: Callable[[bytes], str], content: bytes) -> None:
        assert "no RR intervals" in refusal(content)

    def test_a_cell_that_never_ends_is_refused(self, refusal: Callable[[bytes], str]) -> None:
        assert "a row in it cannot be taken apart" in refusal(b'rr\n"' + b"800\n" * 40_000)

    def test_a_table_without_rows_is_refused(self, refusal: Callable[[bytes], str]) -> None:
        assert "holds no points" in refusal(b"timestamp,rr\n")
