"""GPX files: heart rates in any extension, speed and distance from the places."""

import math
from collections.abc import Callable

import pytest

from tests.activity_builders import clock, gpx_file, gpx_point, gpx_track, walked
from tests.edges.activity_files.reading import Read
from tests.recordings import heart_rates, speeds


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
