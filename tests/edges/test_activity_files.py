"""Files that a watch or phone made: what is read from them, and what is refused."""

import gzip
import io
import math
import os
import pickle
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.activity_files import ActivityFileError, RefusalError, read_recordings, read_stream
from daemon.domain.heart_rate import RRUnit
from daemon.domain.recording import Recording
from tests.activity_builders import (
    CYCLING,
    FIT_START,
    HIKING,
    RUNNING,
    START,
    WALKING,
    clock,
    fit_array_record,
    fit_beats,
    fit_file,
    fit_file_id,
    fit_float_record,
    fit_power_on_record,
    fit_record,
    fit_session,
    gpx_file,
    gpx_point,
    gpx_track,
    tcx_activity,
    tcx_file,
    tcx_point,
)

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings"

Write = Callable[[str, bytes], Path]
Read = Callable[[bytes], tuple[Recording, ...]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what puts a file into an empty folder."""

    def put(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return put


@pytest.fixture
def read(write: Write) -> Read:
    """Return what reads content from a file whose name says nothing."""
    return lambda content: read_recordings(write("recorded", content))


@pytest.fixture
def refusal(write: Write) -> Callable[[bytes], str]:
    """Return what gives the reason why content is refused."""

    def reason(content: bytes) -> str:
        with pytest.raises(ActivityFileError) as caught:
            read_recordings(write("run.file", content))
        assert str(caught.value) == f"run.file: {caught.value.reason}"
        assert "\n" not in str(caught.value)
        return str(caught.value.reason)

    return reason


def recorded(name: str) -> Path:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"the recording {name} is not beside this checkout")
    return path


def heart_rates(recording: Recording) -> list[tuple[float, int]]:
    return [(sample.at, sample.bpm) for sample in recording.samples]


def speeds(recording: Recording) -> list[tuple[float, float]]:
    return [(sample.at, sample.speed_mps) for sample in recording.speeds]


def words(recording: Recording) -> list[tuple[int, ...]]:
    return [sample.rr_words for sample in recording.samples]


def seconds_by_zone(recording: Recording, low: int, high: int) -> tuple[float, float, float]:
    """Count as README.md beside the recordings does: a value holds for 10 s at most, the last for 1 s."""
    told = [(at, bpm) for at, bpm in heart_rates(recording) if bpm > 0]
    holds = [min(10.0, after - before) for (before, _), (after, _) in pairwise(told)] + [1.0] * bool(told)
    spent = [0.0, 0.0, 0.0]
    for (_, bpm), hold in zip(told, holds, strict=True):
        spent[(bpm >= low) + (bpm > high)] += hold
    return spent[0], spent[1], spent[2]


class TestRealRecordings:
    @pytest.mark.parametrize(
        ("name", "figures", "zones"),
        [
            pytest.param("run_outdoor_fenix2.fit", (2808, 153.98, 178), (165, 514, 2155), id="outdoors"),
            pytest.param("run_smart_recording.fit", (590, 148.09, 171), (223, 373, 1950), id="smart-recording"),
            pytest.param("run_tiny_rr_fenix5.fit", (21, 84.95, 112), (58, 0, 0), id="with-rr"),
            pytest.param("treadmill_10km.tcx", (3132, 127.93, 145), (85, 3022, 35), id="treadmill"),
            pytest.param("run_short_garmin.tcx", (147, 142.03, 153), (30, 193, 600), id="short"),
        ],
    )
    def test_figures_are_those_of_the_file(
        self, name: str, figures: tuple[int, float, int], zones: tuple[int, int, int]
    ) -> None:
        (recording,) = read_recordings(recorded(name))
        told = [bpm for _, bpm in heart_rates(recording) if bpm > 0]
        assert (len(told), round(sum(told) / len(told), 2), max(told)) == figures
        assert seconds_by_zone(recording, 120, 140) == zones
        assert recording.sport == "run"

    def test_zeros_are_kept_as_no_value(self) -> None:
        (ride,) = read_recordings(recorded("hr_all_zero_virtual_ride.fit"))
        assert (ride.sport, len(ride.samples), {bpm for _, bpm in heart_rates(ride)}) == ("ride", 1808, {0})

    def test_every_beat_of_a_watch_arrives(self) -> None:
        (run,) = read_recordings(recorded("run_tiny_rr_fenix5.fit"))
        assert sum(map(len, words(run))) == 113
        assert words(run)[:3] == [(), (1093,), (1165, 1063)]

    def test_every_beat_of_an_app_arrives(self) -> None:
        (run,) = read_recordings(recorded("h10_warmup.rr.csv"))
        assert sum(map(len, words(run))) == 2998
        assert run.started_at == datetime(2021, 6, 6, 6, 11, 7, 16_000, UTC)
        assert 90 <= run.samples[0].bpm <= 110
        assert 135 <= run.samples[-1].bpm <= 145

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            pytest.param("activity-filecrc.fit", "damaged: the checksum does not match", id="checksum"),
            pytest.param("activity-unexpected-eof.fit", "damaged: it ends in the middle", id="cut-short"),
        ],
    )
    def test_damaged_recordings_are_refused(self, name: str, reason: str) -> None:
        with pytest.raises(ActivityFileError, match=reason):
            read_recordings(recorded(f"hostile/{name}"))


class TestFit:
    def test_tells_heart_rate_speed_and_distance_from_the_first_record_on(self, read: Read) -> None:
        (run,) = read(
            fit_file(
                fit_record(0, 120, speed_mm_s=2500, distance_cm=0),
                fit_record(1, 121, speed_mm_s=2600, distance_cm=255),
                fit_record(4, speed_mm_s=2700, distance_cm=1020),
                fit_session(0, RUNNING, 1024),
            )
        )
        assert (run.started_at, run.duration_s, run.sport, run.name) == (START, 4.0, "run", None)
        assert heart_rates(run) == [(0.0, 120), (1.0, 121)]
        assert speeds(run) == [(0.0, 2.5), (1.0, 2.6), (4.0, 2.7)]
        assert run.distance_m == 10.24

    @pytest.mark.parametrize(
        ("raw", "told"),
        [
            pytest.param(None, [], id="absent"),
            pytest.param(255, [], id="invalid"),
            pytest.param(0, [(0.0, 0)], id="zero"),
            pytest.param(250, [(0.0, 250)], id="implausible"),
        ],
    )
    def test_a_heart_rate_is_kept_as_the_device_meant_it(
        self, read: Read, raw: int | None, told: list[tuple[float, int]]
    ) -> None:
        (run,) = read(fit_file(fit_record(0, raw), fit_record(9)))
        assert heart_rates(run) == told

    @pytest.mark.parametrize(
        ("odd", "told"),
        [
            pytest.param(math.nan, [], id="nan"),  # FIT's word for an absent fraction
            pytest.param(math.inf, [(0.0, 0)], id="infinite"),
            pytest.param(-1.0, [(0.0, 0)], id="negative"),
            pytest.param(1e30, [(0.0, 0)], id="huge"),
        ],
    )
    def test_a_fraction_that_can_be_none_is_no_value(
        self, read: Read, odd: float, told: list[tuple[float, int]]
    ) -> None:
        (run,) = read(fit_file(fit_float_record(0, odd, odd), fit_float_record(1, 120.4, 2500.0)))
        assert heart_rates(run) == [*told, (1.0, 120)]
        assert speeds(run) == [(1.0, 2.5)]

    def test_of_an_array_the_first_value_counts(self, read: Read) -> None:
        (run,) = read(fit_file(*(fit_array_record(at, 120) for at in range(4))))
        assert heart_rates(run) == [(float(at), 120) for at in range(4)]

    @pytest.mark.parametrize(
        ("sport", "word"),
        [(RUNNING, "run"), (CYCLING, "ride"), (WALKING, "walk"), (HIKING, "walk"), (15, "rowing")],
    )
    def test_sports_get_our_words(self, read: Read, sport: int, word: str) -> None:
        (activity,) = read(fit_file(fit_record(0, 120), fit_session(0, sport)))
        assert activity.sport == word

    def test_a_pause_is_a_gap_that_nothing_fills(self, read: Read) -> None:
        (run,) = read(fit_file(*(fit_record(at, 120, distance_cm=at * 250) for at in (0, 1, 7, 9, 300, 301))))
        assert [at for at, _ in heart_rates(run)] == [0.0, 1.0, 7.0, 9.0, 300.0, 301.0]
        assert speeds(run) == [(at, 2.5) for at in (1.0, 7.0, 9.0, 301.0)]

    def test_each_session_is_an_activity_of_its_own(self, read: Read) -> None:
        ride, run = read(
            fit_file(
                *(fit_record(second, 110 + second) for second in range(6)),
                fit_session(3, RUNNING, 900),
                fit_session(0, CYCLING, 500),
            )
        )
        assert (ride.sport, ride.distance_m, ride.duration_s) == ("ride", 5.0, 2.0)
        assert (run.sport, run.distance_m, run.started_at) == ("run", 9.0, START + timedelta(seconds=3))
        assert heart_rates(run) == [(0.0, 113), (1.0, 114), (2.0, 115)]

    def test_files_in_a_row_are_read_as_one(self, read: Read) -> None:
        later = fit_file(fit_record(100, 130), fit_session(100, WALKING))
        run, walk = read(fit_file(fit_record(0, 120), fit_session(0, RUNNING)) + later)
        assert (run.sport, walk.sport) == ("run", "walk")

    @pytest.mark.parametrize(
        ("messages", "told"),
        [
            pytest.param(
                [fit_record(0, 60), fit_beats(1000, 990), fit_beats(980), fit_record(3, 61)],
                [(0.0, 60, (1000, 990, 980)), (3.0, 61, ())],
                id="to-the-record-before",
            ),
            pytest.param(
                [fit_beats(1000), fit_record(0, 60), fit_beats(980)], [(0.0, 60, (1000, 980))], id="to-the-first-record"
            ),
            pytest.param(
                [fit_record(0, 60), fit_record(2), fit_beats(1000)], [(0.0, 60, (1000,))], id="to-a-near-heart-rate"
            ),
            pytest.param(
                [fit_record(0, 60), fit_record(60), fit_beats(1000)],
                [(0.0, 60, ()), (60.0, 0, (1000,))],
                id="to-a-sample-without-value",
            ),
        ],
    )
    def test_no_beat_is_lost(self, read: Read, messages: list[bytes], told: list[object]) -> None:
        (run,) = read(fit_file(*messages))
        assert [(sample.at, sample.bpm, sample.rr_words) for sample in run.samples] == told
        assert run.rr_unit is RRUnit.MILLISECOND

    def test_records_are_put_in_order_and_equal_times_stay_as_they_are(self, read: Read) -> None:
        (run,) = read(fit_file(fit_record(2, 130), fit_record(1, 120), fit_record(2, 131)))
        assert heart_rates(run) == [(0.0, 120), (1.0, 130), (1.0, 131)]

    def test_points_from_before_the_watch_knew_the_date_are_left_out(self, read: Read) -> None:
        (run,) = read(fit_file(fit_record(300_000_000 - FIT_START, 90), *(fit_record(at, 120) for at in range(3))))
        assert (run.started_at, run.duration_s) == (START, 2.0)

    def test_speed_is_derived_from_distance_where_there_is_none(self, read: Read) -> None:
        (run,) = read(fit_file(fit_record(0, 120, distance_cm=0), fit_record(2, 120, distance_cm=500)))
        assert (speeds(run), run.distance_m) == ([(2.0, 2.5)], 5.0)

    @pytest.mark.parametrize(
        ("messages", "reason"),
        [
            pytest.param([fit_session(0, RUNNING)], "holds no points", id="no-records"),
            pytest.param([fit_power_on_record(5, 120)], "holds no points", id="no-time-of-day"),
            pytest.param([fit_record(None, 120)], "holds no points", id="no-time"),
            pytest.param([fit_file_id(6), fit_record(0)], "is a course to follow", id="course"),
        ],
    )
    def test_what_is_no_activity_is_refused(
        self, refusal: Callable[[bytes], str], messages: list[bytes], reason: str
    ) -> None:
        assert reason in refusal(fit_file(*messages))

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            pytest.param(lambda whole: whole[:-1] + b"?", "checksum does not match", id="checksum"),
            pytest.param(lambda whole: whole[:20], "ends in the middle", id="cut-short"),
            pytest.param(lambda whole: whole + b"?" * 20, "header makes no sense", id="trailing-rubbish"),
            pytest.param(lambda _: fit_file(b"\x07" * 50), "a message in it makes no sense", id="undefined-message"),
        ],
    )
    def test_a_damaged_file_is_refused_with_what_is_wrong(
        self, refusal: Callable[[bytes], str], spoil: Callable[[bytes], bytes], reason: str
    ) -> None:
        told = refusal(spoil(fit_file(fit_record(0, 120))))
        assert told.startswith("damaged: ")
        assert reason in told
        assert told.endswith("export it again")


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


def walked(seconds: Sequence[int], metres_per_second: float) -> list[str]:
    """Return points on the way north."""
    degrees = metres_per_second / 111_195.0
    return [gpx_point(clock(second), (52.0 + second * degrees, 5.0)) for second in seconds]


class TestGpx:
    @pytest.mark.parametrize(
        "extension",
        [
            "<gpxtpx:TrackPointExtension><gpxtpx:hr>120</gpxtpx:hr></gpxtpx:TrackPointExtension>",
            "<ns3:TrackPointExtension><ns3:hr>120</ns3:hr></ns3:TrackPointExtension>",
            "<gpxdata:hr>120</gpxdata:hr>",
            "<heartrate>120</heartrate>",
            "<HR> 120 </HR>",
        ],
    )
    def test_heart_rate_is_found_in_any_extension(self, read: Read, extension: str) -> None:
        (run,) = read(gpx_file(gpx_track([gpx_point(clock(0), extensions=extension)])))
        assert heart_rates(run) == [(0.0, 120)]

    @pytest.mark.parametrize(
        "where",
        [
            {"inside": "<speed>2.5</speed>"},
            {"extensions": "<gpxtpx:TrackPointExtension><gpxtpx:speed>2.5</gpxtpx:speed></gpxtpx:TrackPointExtension>"},
        ],
        ids=["gpx-1.0", "extension"],
    )
    def test_a_speed_that_is_told_is_taken(self, read: Read, where: dict[str, str]) -> None:
        (run,) = read(gpx_file(gpx_track([gpx_point(clock(0), (52.0, 5.0), **where)])))
        assert speeds(run) == [(0.0, 2.5)]

    def test_speed_and_distance_are_derived_from_the_places(self, read: Read) -> None:
        (run,) = read(gpx_file(gpx_track(walked(range(61), 2.5))))
        assert [at for at, _ in speeds(run)] == [float(second) for second in range(10, 61)]
        assert all(speed == pytest.approx(2.5, rel=1e-3) for _, speed in speeds(run))
        assert run.distance_m == pytest.approx(150.0, rel=1e-3)

    def test_a_fix_that_jumps_makes_no_sprint(self, read: Read) -> None:
        points = walked(range(61), 2.5)
        points[30] = gpx_point(clock(30), (52.0 + 30 * 2.5 / 111_195.0, 5.0 + 20 / 68_000))  # 20 m aside
        (run,) = read(gpx_file(gpx_track(points)))
        assert all(abs(speed - 2.5) < 1.0 for _, speed in speeds(run))

    def test_nobody_ran_the_way_between_two_segments(self, read: Read) -> None:
        (run,) = read(gpx_file(gpx_track(walked(range(11), 2.5), walked(range(600, 611), 2.5))))
        assert run.distance_m == pytest.approx(50.0, rel=1e-3)
        assert run.duration_s == 610.0
        assert {at for at, _ in speeds(run)} == {10.0, 610.0}

    def test_each_track_is_an_activity_with_its_name(self, read: Read) -> None:
        first = gpx_track(walked([0], 1), name="Heide &amp; bos", kind="running")
        second = gpx_track(walked([99], 1), kind="walking")
        assert [(activity.name, activity.sport) for activity in read(gpx_file(second, first))] == [
            ("Heide & bos", "run"),
            (None, "walk"),
        ]

    @pytest.mark.parametrize(
        ("kind", "sport"),
        [
            ("running", "run"),
            ("Run", "run"),
            ("9", "run"),
            ("trail_running", "run"),
            ("VirtualRun", "run"),
            ("", "run"),
            ("hiking", "walk"),
            ("10", "walk"),
            ("cycling", "ride"),
            ("1", "ride"),
            ("MountainBikeRide", "ride"),
            ("Kayaking", "kayaking"),
            ("motorcycling", "motorcycling"),
            ("crunches", "crunches"),
        ],
    )
    def test_types_get_our_words(self, read: Read, kind: str, sport: str) -> None:
        (activity,) = read(gpx_file(gpx_track(walked([0], 1), kind=kind)))
        assert activity.sport == sport

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(gpx_file(gpx_track([gpx_point(None, (52.0, 5.0))])), id="track-without-times"),
            pytest.param(gpx_file('<rte><rtept lat="52" lon="5"/></rte>'), id="route"),
            pytest.param(gpx_file('<wpt lat="52" lon="5"><time>2026-11-10T18:30:00Z</time></wpt>'), id="waypoint"),
            pytest.param(gpx_file(), id="nothing"),
        ],
    )
    def test_what_has_no_times_is_no_activity(self, refusal: Callable[[bytes], str], content: bytes) -> None:
        assert "holds no points with a time" in refusal(content)

    def test_the_heart_may_be_told_in_several_namespaces_at_once(self, read: Read) -> None:
        twice = "<a:TrackPointExtension><a:hr>120</a:hr><a:cad>85</a:cad></a:TrackPointExtension><b:hr>120</b:hr>"
        (run,) = read(gpx_file(gpx_track([gpx_point(clock(0), extensions=twice)])))
        assert heart_rates(run) == [(0.0, 120)]

    @pytest.mark.parametrize("place", [None, (math.nan, 5.0), (52.0, math.inf)], ids=["none", "nan", "infinite"])
    def test_where_places_are_missing_the_heart_still_counts(
        self, read: Read, place: tuple[float, float] | None
    ) -> None:
        points = [gpx_point(clock(at), place, extensions="<hr>120</hr>") for at in range(30)]
        (run,) = read(gpx_file(gpx_track([*points, *walked(range(30, 60), 2.5)])))
        assert (len(run.samples), run.duration_s) == (30, 59.0)
        assert run.distance_m == pytest.approx(29 * 2.5, rel=1e-3)

    def test_a_place_off_the_earth_is_no_place(self, read: Read) -> None:
        (run,) = read(gpx_file(gpx_track([gpx_point(clock(at), (520.0, 5.0 + at)) for at in range(30)])))
        assert (run.distance_m, run.speeds) == (None, ())


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


BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (depth, b"&a%d;" % (depth - 1) * 10) for depth in range(1, 10))
    + b"]><gpx><trk><name>&a9;</name></trk></gpx>"
)


class TestRefusals:
    @pytest.mark.parametrize(
        ("prepare", "reason"),
        [
            pytest.param(lambda _: None, "no such file", id="missing"),
            pytest.param(lambda path: path.mkdir(), "is a folder", id="folder"),
            pytest.param(lambda path: path.touch(), "is empty", id="empty"),
            pytest.param(lambda path: path.write_bytes(b" \r\n" * 99), "is empty", id="blank"),
            pytest.param(lambda path: path.write_bytes(gzip.compress(b"")), "is empty", id="packed-nothing"),
            pytest.param(os.mkfifo, "is not an ordinary file", id="pipe"),
            pytest.param(lambda path: path.symlink_to(path), "cannot be read", id="link-to-itself"),
            pytest.param(
                lambda path: path.write_bytes(b"PK\x03\x04..."),
                "is an archive; bring it in with duurloop import",
                id="zip",
            ),
        ],
    )
    def test_a_path_without_content_is_refused(
        self, tmp_path: Path, prepare: Callable[[Path], object], reason: str
    ) -> None:
        path = tmp_path / "run.fit"
        prepare(path)
        with pytest.raises(ActivityFileError, match=f"^run.fit: .*{reason}"):
            read_recordings(path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_file_of_others_is_refused(self, write: Write) -> None:
        path = write("run.fit", b"x")
        path.chmod(0)
        with pytest.raises(ActivityFileError, match="may not be read"):
            read_recordings(path)

    @pytest.mark.parametrize("name", ["a\nb.fit", "\x1b[31m.fit", "caf\udce9.fit"], ids=["line", "escape", "bytes"])
    def test_the_message_is_one_plain_line_whatever_the_name(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ActivityFileError) as caught:
            read_recordings(tmp_path / name)
        assert str(caught.value).isprintable()

    def test_an_impossible_path_is_refused(self) -> None:
        with pytest.raises(ActivityFileError, match="is no possible path"):
            read_recordings(Path("a\0b"))

    def test_an_error_survives_the_way_between_processes(self) -> None:
        whole = ActivityFileError(Path("a/run.fit"), RefusalError("over {limit} MB", limit=200))
        error = pickle.loads(pickle.dumps(whole))  # noqa: S301 - our own
        assert (error.path, str(error)) == (Path("a/run.fit"), "run.fit: over 200 MB")

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            pytest.param(b"<gpx><trk>", "broken XML at line 1", id="cut-short"),
            pytest.param(b"<gpx>\n<trk></gpx>", "broken XML at line 2", id="crossed-tags"),
            pytest.param(b"<gpx>&nbsp;</gpx>", "broken XML", id="unknown-entity"),
            pytest.param(b"<gpx>\xff\xfe\xfd</gpx>", "broken XML", id="not-utf-8"),
            pytest.param(b"<kml></kml>", "<kml> is neither TCX nor GPX", id="another-format"),
            pytest.param(b"<!DOCTYPE html><html></html>", "declares a document type", id="web-page"),
            pytest.param(
                b'<!DOCTYPE gpx [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><gpx>&c;</gpx>',
                "declares a document type",
                id="entities",
            ),
            pytest.param(BILLION_LAUGHS, "declares a document type", id="billion-laughs"),
            pytest.param(
                b'<!DOCTYPE gpx SYSTEM "file:///etc/passwd"><gpx/>', "declares a document type", id="outside-entity"
            ),
            pytest.param(b'<?xml version="1.0" encoding="unicode_escape"?><gpx/>', "an encoding", id="odd-encoding"),
            pytest.param(b"<gpx>" + b"<a>" * 100_000, "nested deeper", id="deep"),
            pytest.param(b"<gpx " + b"a" * 3_000_000, "single tag or comment", id="endless-tag"),
            pytest.param(b"<gpx><!--" + b"a" * 3_000_000, "single tag or comment", id="endless-comment"),
            pytest.param(b"<gpx>" + b"<trk/>" * 10_001 + b"</gpx>", "over 10000 activities", id="countless-tracks"),
        ],
    )
    def test_bad_xml_is_refused(self, refusal: Callable[[bytes], str], content: bytes, reason: str) -> None:
        assert reason in refusal(content)

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda packed: packed[:-10], id="cut-short"),
            pytest.param(lambda packed: packed[:-6] + b"??????", id="checksum"),
            pytest.param(lambda packed: packed[:10] + b"\xff" * 30, id="rubbish"),
            pytest.param(lambda packed: packed[:4], id="no-header"),
        ],
    )
    def test_bad_packing_is_refused(self, refusal: Callable[[bytes], str], spoil: Callable[[bytes], bytes]) -> None:
        packed = gzip.compress(gpx_file(gpx_track(walked(range(99), 2.5))))
        assert "does not unpack" in refusal(spoil(packed))

    def test_a_giant_is_refused_unread(self, tmp_path: Path) -> None:
        path = tmp_path / "run.tcx"
        with path.open("wb") as file:
            file.truncate(2_000_000_000)
        with pytest.raises(ActivityFileError, match="too large: over 200 MB"):
            read_recordings(path)

    def test_a_format_is_refused_above_its_own_limit(self, tmp_path: Path) -> None:
        path = tmp_path / "run.fit"
        with path.open("wb") as file:
            file.write(fit_file(fit_record(0, 120)))
            file.truncate(40_000_000)
        with pytest.raises(ActivityFileError, match="too large: over 32 MB"):
            read_recordings(path)

    @pytest.mark.parametrize(
        ("start", "most"),
        [
            pytest.param(b"", 200, id="blanks"),
            pytest.param(b"<gpx>", 100, id="blanks-in-xml"),
        ],
    )
    def test_what_unpacks_to_gigabytes_is_refused_in_little_memory(self, write: Write, start: bytes, most: int) -> None:
        path = write("bomb.gz", b"".join(gzip.compress(part) for part in (start, *[b" " * 10_000_000] * 21)))
        tracemalloc.start()
        with pytest.raises(ActivityFileError, match=f"too large: over {most} MB"):
            read_recordings(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 5_000_000

    def test_more_points_than_any_run_are_refused(self, refusal: Callable[[bytes], str]) -> None:
        assert "over 500000 points" in refusal(b"800\n" * 500_001)

    def test_reading_nothing_costs_nothing(self) -> None:
        code = "import sys, connectors.activity_files; print({'fitdecode', 'defusedxml'} & {*sys.modules})"
        told = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=Path(__file__).parents[2]
        )
        assert told.stdout.strip() == "set()"


class _Endless(io.RawIOBase):
    """Two gigabytes of one byte, though nobody said so."""

    def __init__(self, byte: bytes) -> None:
        self._byte = byte
        self._left = 2_000_000_000
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - any writable buffer, as typeshed has it
        count = min(len(buffer), self._left)
        buffer[:count] = self._byte * count
        self._left -= count
        self.given += count
        return count


class TestStreams:
    @pytest.mark.parametrize("kind", ["fit", "tcx", "gpx", "table"])
    @pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
    def test_give_what_a_file_gives_and_stay_open(self, read: Read, kind: str, pack: Callable[[bytes], bytes]) -> None:
        content = pack(WHOLE[kind])
        stream = io.BytesIO(content)
        assert read_stream(stream, packed_bytes=len(content), modified_s=0.0) == read(content)
        assert not stream.closed

    def test_without_times_of_day_they_ended_when_they_were_written(self) -> None:
        (run,) = read_stream(io.BytesIO(b"800\n" * 6), packed_bytes=24, modified_s=START.timestamp())
        assert run.started_at == START - timedelta(seconds=4)

    @pytest.mark.parametrize(
        ("content", "packed_bytes", "reason"),
        [
            pytest.param(b"", 0, "is empty", id="empty"),
            pytest.param(b"", 9, "is empty", id="empty-but-announced"),
            pytest.param(b"PK\x03\x04...", 9, "is an archive", id="zip"),
            pytest.param(b"<gpx/>", 200_000_001, "too large: over 200 MB", id="giant"),
            pytest.param(b"<gpx/>", 100_000_001, "too large: over 100 MB", id="giant-of-its-kind"),
            pytest.param(gzip.compress(b"<gpx>")[:-4], 9, "does not unpack", id="damaged"),
        ],
    )
    def test_are_refused_as_files_are(self, content: bytes, packed_bytes: int, reason: str) -> None:
        with pytest.raises(RefusalError, match=reason):
            read_stream(io.BytesIO(content), packed_bytes=packed_bytes, modified_s=0.0)

    @pytest.mark.parametrize("byte", [b" ", b"\n", b"x", b"\0"])
    def test_without_end_are_left_early(self, byte: bytes) -> None:
        endless = _Endless(byte)
        with io.BufferedReader(endless) as stream, pytest.raises(RefusalError):
            read_stream(stream, packed_bytes=1000, modified_s=0.0)
        assert endless.given < 201_000_000


WHOLE = {
    "fit": fit_file(
        fit_file_id(4),
        *(fit_record(at, 120 + at, speed_mm_s=2500, distance_cm=250 * at) + fit_beats(500, 501) for at in range(4)),
        fit_session(0, RUNNING, 1000),
    ),
    "tcx": tcx_file(tcx_activity([tcx_point(clock(at), 120, distance=at, speed=1) for at in range(4)], notes="name")),
    "gpx": gpx_file(gpx_track(walked(range(4), 2.5), name="name", kind="run")),
    "table": "\n".join(["timestamp,hr,rr", *(f"{clock(at)},120,500" for at in range(4))]).encode(),
}

formats = st.sampled_from(sorted(WHOLE))


@pytest.fixture(scope="module")
def attempt(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], None]:
    """Return what reads content and forgives the one error that may come of it."""
    path = tmp_path_factory.mktemp("any") / "run"

    def read_or_refuse(content: bytes) -> None:
        path.write_bytes(content)
        try:
            recordings = read_recordings(path)
        except ActivityFileError:
            return
        assert recordings
        for recording in recordings:
            instants = [sample.at for sample in recording.samples]
            assert instants == sorted(instants)
            assert all(0 <= at <= recording.duration_s for at in instants)
            assert recording.started_at.tzinfo is UTC

    return read_or_refuse


class TestAnyContent:
    @given(content=st.binary(max_size=300))
    @settings(deadline=None)
    def test_random_bytes_are_read_or_refused(self, attempt: Callable[[bytes], None], content: bytes) -> None:
        attempt(content)

    @given(body=st.binary(max_size=200))
    @settings(deadline=None)
    def test_random_messages_with_a_right_checksum_are_read_or_refused(
        self, attempt: Callable[[bytes], None], body: bytes
    ) -> None:
        attempt(fit_file(body))

    @given(kind=formats, data=st.data())
    @settings(deadline=None)
    def test_a_file_cut_anywhere_is_read_or_refused(
        self, attempt: Callable[[bytes], None], kind: str, data: st.DataObject
    ) -> None:
        attempt(WHOLE[kind][: data.draw(st.integers(0, len(WHOLE[kind])))])

    @given(kind=formats, data=st.data())
    @settings(deadline=None)
    def test_a_file_with_flipped_bits_is_read_or_refused(
        self, attempt: Callable[[bytes], None], kind: str, data: st.DataObject
    ) -> None:
        attempt(flipped(WHOLE[kind], data))

    @given(data=st.data())
    @settings(deadline=None)
    def test_messages_with_flipped_bits_and_a_right_checksum_are_read_or_refused(
        self, attempt: Callable[[bytes], None], data: st.DataObject
    ) -> None:
        attempt(fit_file(flipped(WHOLE["fit"][14:-2], data)))

    @given(text=st.text(alphabet='<>/="!?[]&; \n:-,.0123456789EN+', max_size=60), kind=st.sampled_from(["tcx", "gpx"]))
    @settings(deadline=None)
    def test_any_text_in_place_of_a_time_is_read_or_refused(
        self, attempt: Callable[[bytes], None], text: str, kind: str
    ) -> None:
        attempt(WHOLE[kind].replace(clock(1).encode(), text.encode()))


def flipped(content: bytes, data: st.DataObject) -> bytes:
    """Return the content with some of its bits turned."""
    spoiled = bytearray(content)
    for bit in data.draw(st.lists(st.integers(0, len(content) * 8 - 1), min_size=1, max_size=6)):
        spoiled[bit // 8] ^= 1 << bit % 8
    return bytes(spoiled)
