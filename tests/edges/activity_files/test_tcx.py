"""TCX files: what is read from them, however an exporter writes."""

import gzip
import re
from collections.abc import Callable

import pytest

from tests.activity_builders import START, clock, tcx_activity, tcx_file, tcx_point
from tests.edges.activity_files.reading import Read
from tests.recordings import heart_rates, speeds


class TestTcx:
    def test_tells_heart_rate_speed_distance_and_name(self, read: Read) -> None:
        points = [
            tcx_point(clock(0), 120, distance=0.0, speed=2.5),
            tcx_point(clock(1), distance=2.5, speed=2.6),
            tcx_point(clock(2), 122, distance=5.1, speed=2.7),
        ]
        (run,) = read(tcx_file(tcx_activity(points, notes=" Around the\n lake ")))
        assert (run.started_at, run.duration_s, run.sport, run.name) == (START, 2.0, "run", "Around the lake")
        assert heart_rates(run) == [(0.0, 120), (2.0, 122)]
        assert speeds(run) == [(0.0, 2.5), (1.0, 2.6), (2.0, 2.7)]
        assert run.distance_m == 5.1

    def test_times_may_be_doubled_or_run_backwards(self, read: Read) -> None:
        ways = [(3, 123), (1, 121), (1, 122), (0, 120), (3, 124)]
        (run,) = read(tcx_file(tcx_activity([tcx_point(clock(at), bpm, distance=at) for at, bpm in ways])))
        assert heart_rates(run) == [(0.0, 120), (1.0, 121), (1.0, 122), (3.0, 123), (3.0, 124)]
        assert [at for at, _ in speeds(run)] == [1.0, 3.0]

    @pytest.mark.parametrize("told", [[0, 0, 0], [0, 120, 0], [120, 0, 121]])
    def test_zeros_are_kept_where_they_stand(self, read: Read, told: list[int]) -> None:
        (run,) = read(tcx_file(tcx_activity([tcx_point(clock(at), bpm) for at, bpm in enumerate(told)])))
        assert [bpm for _, bpm in heart_rates(run)] == told

    def test_speed_is_derived_from_distance_but_not_over_a_silence(self, read: Read) -> None:
        ways = [(0, 0), (2, 5), (2, 6), (4, 9), (100, 300), (101, 303), (102, 200)]
        points = [tcx_point(clock(at), 120, distance=metres) for at, metres in ways]
        (run,) = read(tcx_file(tcx_activity(points)))
        assert speeds(run) == [(2.0, 2.5), (4.0, 1.5), (101.0, 3.0)]

    def test_without_distances_on_the_way_the_laps_are_added_up(self, read: Read) -> None:
        (run,) = read(tcx_file(tcx_activity([tcx_point(clock(0), 120)], laps_m=[1000, 250.5])))
        assert run.distance_m == 1250.5

    def test_activities_come_in_order_of_time(self, read: Read) -> None:
        later = tcx_activity([tcx_point(clock(900), 120)], sport="Biking")
        earlier = tcx_activity([tcx_point(clock(0), 130)], sport="Other")
        assert [activity.sport for activity in read(tcx_file(later, earlier))] == ["other", "ride"]

    @pytest.mark.parametrize(
        "written",
        [
            "2026-11-10T18:30:00Z",
            "2026-11-10T18:30:00.000Z",
            "2026-11-10T19:30:00+01:00",
            "2026-11-10T18:30:00",
            " 2026-11-10T18:30:00.0000000Z ",
        ],
    )
    def test_a_time_is_read_however_it_is_written(self, read: Read, written: str) -> None:
        (run,) = read(tcx_file(tcx_activity([tcx_point(written, 120)])))
        assert run.started_at == START

    @pytest.mark.parametrize(
        ("written", "bpm"),
        [("NaN", 0), ("-5", 0), ("inf", 0), ("1e9", 0), ("", 0), ("--", 0), ("250", 250), ("141.6", 142)],
    )
    def test_a_heart_rate_that_cannot_be_one_is_no_value(self, read: Read, written: str, bpm: int) -> None:
        (run,) = read(tcx_file(tcx_activity([tcx_point(clock(0), written)])))
        assert heart_rates(run) == [(0.0, bpm)]

    @pytest.mark.parametrize(
        "rewrite",
        [
            pytest.param(lambda text: b"  \r\n\t " + text, id="leading-blanks"),
            pytest.param(lambda text: b"\xef\xbb\xbf" + text, id="byte-order-mark"),
            pytest.param(lambda text: b"\xef\xbb\xbf \n" + text, id="both"),
            pytest.param(lambda text: b" " * 200_000 + text, id="many-blanks"),
            pytest.param(lambda text: text.replace(b"TrainingCenterDatabase/v2", b"Other/v7"), id="other-version"),
            pytest.param(lambda text: text.replace(b"ns3:", b"x:"), id="undeclared-prefix"),
            pytest.param(lambda text: re.sub(rb"<(/?)(?=[A-Z])", rb"<\1tcx:", text), id="prefix-on-every-name"),
            pytest.param(lambda text: text.replace(b'"UTF-8"', b'"ISO-8859-1"'), id="latin-1"),
            pytest.param(lambda text: text.decode().replace("UTF-8", "UTF-16").encode("utf-16"), id="utf-16"),
            pytest.param(gzip.compress, id="packed"),
        ],
    )
    def test_exporters_may_write_as_they_like(self, read: Read, rewrite: Callable[[bytes], bytes]) -> None:
        points = [tcx_point(clock(0), 120, speed=2.5)]
        (run,) = read(rewrite(tcx_file(tcx_activity(points))))
        assert (heart_rates(run), speeds(run)) == ([(0.0, 120)], [(0.0, 2.5)])

    def test_a_long_story_is_no_name(self, read: Read) -> None:
        (run,) = read(tcx_file(tcx_activity([tcx_point(clock(0), 120)], notes="and then " * 50)))
        assert run.name is None

    def test_a_course_is_no_activity(self, refusal: Callable[[bytes], str]) -> None:
        course = b"<TrainingCenterDatabase><Courses><Course><Track><Trackpoint><Time>2026-11-10T18:30:00Z</Time>"
        course += b"</Trackpoint></Track></Course></Courses></TrainingCenterDatabase>"
        assert "holds no points" in refusal(course)
