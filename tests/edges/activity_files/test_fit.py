"""FIT files: what is read from them, and what is refused."""

import math
from collections.abc import Callable
from datetime import timedelta

import pytest

from daemon.domain.heart_rate import RRUnit
from tests.activity_builders import (
    CYCLING,
    FIT_START,
    HIKING,
    RUNNING,
    START,
    WALKING,
    fit_array_record,
    fit_beats,
    fit_file,
    fit_file_id,
    fit_float_record,
    fit_power_on_record,
    fit_record,
    fit_session,
)
from tests.edges.activity_files.reading import Read
from tests.recordings import heart_rates, speeds


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
