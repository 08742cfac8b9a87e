from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.effort import (
    Evidence,
    HeldValue,
    Judgement,
    Reason,
    TimeInZone,
    Verdict,
    believed,
    hold,
    judge,
    longest_calm_s,
    time_in_zone,
)
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, RRUnit, SensorContact
from daemon.domain.plan import Course, StepKind
from daemon.domain.recording import SpeedSample
from daemon.domain.zones import TargetZone
from tests.builders import ABOVE, BELOW, CALM, EASY, beat, beats, course, paces

WARM_UP, RUN, WALK, RECOVERY, COOL_DOWN, _PAUSE = StepKind
HOUR = 3600.0


def judged(
    *levels: tuple[float, int], until: float, speeds: Sequence[SpeedSample] = (), target: TargetZone | None = EASY
) -> Judgement:
    """Judge a run that was heard every second."""
    return judge(Evidence(beats(*levels, until=until - 1), until, speeds), target)


# -- the longest calm stretch ------------------------------------------------------------------------


def test_the_longest_calm_stretch_lies_between_two_above() -> None:
    run = judged((0, CALM), (300, ABOVE), (330, BELOW), (700, CALM), (930, ABOVE), until=1200)
    assert run.longest_calm_s == 600


def test_a_gap_ends_a_calm_stretch() -> None:
    held = hold([beat(at) for at in (0, 5, 10, 30, 35)])
    assert longest_calm_s(held, EASY, 60) == 20


def test_a_calm_stretch_ends_with_the_run_and_begins_with_it() -> None:
    assert longest_calm_s(hold([beat(at) for at in range(-20, 40, 5)]), EASY, 30) == 30


def test_a_run_all_above_has_no_calm_stretch_and_one_that_was_not_heard_nothing_to_tell_of() -> None:
    assert judged((0, ABOVE), until=600).longest_calm_s == 0
    assert judge(Evidence([], 600), EASY).longest_calm_s is None
    assert judged((0, CALM), until=600, target=None).longest_calm_s is None


# -- how long a value holds --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard_at", "held_for"),
    [
        pytest.param([], [], id="no value, no time"),
        pytest.param([0], [1], id="a single value holds a second"),
        pytest.param([0, 1, 2], [1, 1, 1], id="until the next one"),
        pytest.param([0, 7.5], [7.5, 1], id="a recorder that skips"),
        pytest.param([0, 10], [10, 1], id="ten seconds at most"),
        pytest.param([0, 60], [10, 1], id="a gap is no time"),
        pytest.param([0, 0, 4], [0, 4, 1], id="the same second twice"),
    ],
)
def test_a_value_holds_until_the_next_one(heard_at: list[float], held_for: list[float]) -> None:
    held = hold([beat(at) for at in heard_at])
    assert [value.for_s for value in held] == held_for
    assert [value.at for value in held] == heard_at


def test_what_is_not_believed_holds_nothing() -> None:
    samples = [beat(0, 130), beat(1, 0), beat(2, 130, SensorContact.LOST), beat(3, 250), beat(4, 131)]
    assert hold(believed(samples)) == [
        HeldValue(Instant(0), Bpm(130), 4),
        HeldValue(Instant(4), Bpm(131), 1),
    ]


@pytest.mark.parametrize(
    ("from_s", "until_s", "expected"),
    [
        pytest.param(0, 40, TimeInZone(10, 11, 10, 9), id="the whole run"),
        pytest.param(5, 15, TimeInZone(5, 5, 0, 0), id="from the middle of one value to that of the next"),
        pytest.param(31, 40, TimeInZone(0, 0, 0, 9), id="where nothing is known"),
        pytest.param(0, 0, TimeInZone(0, 0, 0, 0), id="no time at all"),
    ],
)
def test_seconds_are_added_up_by_position(from_s: float, until_s: float, expected: TimeInZone) -> None:
    held = hold([beat(0, BELOW), beat(10, CALM), beat(20, ABOVE), beat(30, 118)])
    assert time_in_zone(held, EASY, until_s, from_s) == expected


def test_the_edges_are_inside() -> None:
    held = [HeldValue(Instant(bpm), Bpm(bpm), 1) for bpm in (117, 118, 136, 137)]
    assert time_in_zone(held, EASY, 200) == TimeInZone(1, 2, 1, 196)


def test_the_calm_share_of_no_time_is_unknown() -> None:
    assert TimeInZone(0, 0, 0, 60).calm_pct is None
    assert TimeInZone(10, 20, 10, 60).calm_pct == 75


@given(
    st.lists(st.tuples(st.floats(0, 40), st.integers(0, 300), st.sampled_from(SensorContact)), max_size=60),
    st.floats(0, 100),
    st.floats(0, 100),
)
def test_time_in_zone_adds_up_to_the_run(
    packets: list[tuple[float, int, SensorContact]], rest_s: float, from_s: float
) -> None:
    clock, samples = 0.0, list[HeartRateSample]()
    for apart, bpm, contact in packets:
        clock += apart
        samples.append(beat(clock, bpm, contact))
    until_s = from_s + clock + rest_s
    time = time_in_zone(hold(believed(samples)), EASY, until_s, from_s)
    seconds = (time.below_s, time.inside_s, time.above_s, time.unknown_s)
    assert min(seconds) >= 0
    assert sum(seconds) == pytest.approx(until_s - from_s, abs=1e-6)
    assert time.calm_pct is None or 0 <= time.calm_pct <= 100 + 1e-9


# -- figures ---------------------------------------------------------------------------------------


def test_mean_maximum_and_minimum_are_taken_over_believed_values() -> None:
    samples = [beat(0, 120), beat(1, 0), beat(2, 126), beat(3, 255), beat(4, 132)]
    figures = judge(Evidence(samples, 5), EASY).heart_rate
    assert (figures.samples, figures.mean_bpm, figures.max_bpm, figures.min_bpm) == (3, 126, 132, 120)
    assert figures.coverage_pct == 100


def test_zeros_pull_no_mean_down() -> None:
    figures = judge(Evidence(beats((0, 0), until=1800), 1801), EASY).heart_rate
    assert (figures.samples, figures.mean_bpm, figures.max_bpm, figures.min_bpm) == (0, None, None, None)
    assert figures.coverage_pct == 0


@pytest.mark.parametrize(
    ("duration_s", "coverage"),
    [
        pytest.param(600, 50, id="half of it was heard"),
        pytest.param(100, 100, id="never more than all"),
        pytest.param(0, 0, id="nothing of nothing"),
    ],
)
def test_coverage_is_the_share_of_the_time_with_a_value(duration_s: float, coverage: float) -> None:
    evidence = Evidence(beats((0, CALM), until=299), duration_s)
    assert judge(evidence, EASY).heart_rate.coverage_pct == coverage


# -- verdict ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("above_s", "verdict"),
    [
        pytest.param(0, Verdict.CALM, id="all calm"),
        pytest.param(200, Verdict.CALM, id="80 percent"),
        pytest.param(201, Verdict.LIVELY, id="just under 80"),
        pytest.param(400, Verdict.LIVELY, id="60 percent"),
        pytest.param(401, Verdict.HARD, id="just under 60"),
        pytest.param(1000, Verdict.HARD, id="all above"),
    ],
)
def test_the_verdict_is_the_calm_share(above_s: int, verdict: Verdict) -> None:
    judgement = judged((0, CALM), (1300 - above_s, ABOVE), until=1300)
    # a rise from 128 to 150 is believed at once
    assert judgement.calm_pct == pytest.approx(100 - above_s / 10)
    assert (judgement.verdict, judgement.reason) == (verdict, None)


def test_below_the_zone_is_as_calm_as_inside() -> None:
    assert judged((0, BELOW), until=1200).verdict is Verdict.CALM


def test_the_first_five_minutes_do_not_count() -> None:
    judgement = judged((0, ABOVE), (300, CALM), until=1200)
    assert judgement.calm_pct == 100
    assert judgement.time_in_zone == TimeInZone(0, 900, 300, 0)
    assert judgement.time_in_zone.calm_pct == 75


def test_a_run_shorter_than_ten_minutes_counts_whole() -> None:
    assert judged((0, ABOVE), (300, CALM), until=599).calm_pct == pytest.approx(100 * 299 / 599)
    assert judged((0, ABOVE), (300, CALM), until=600).calm_pct == 100


@pytest.mark.parametrize(
    ("evidence", "target", "reason"),
    [
        pytest.param(Evidence([], HOUR), EASY, Reason.NO_HEART_RATE, id="never heard"),
        pytest.param(Evidence(beats((0, 0), until=999), 1000), EASY, Reason.NO_HEART_RATE, id="zeros only"),
        pytest.param(Evidence([], 0), None, Reason.NO_HEART_RATE, id="nothing at all"),
        pytest.param(Evidence(beats((0, CALM), until=999), 1000), None, Reason.NO_ZONE, id="no zone"),
        pytest.param(Evidence(beats((0, CALM), until=298), 299), EASY, Reason.TOO_SHORT, id="under five minutes"),
        pytest.param(Evidence(beats((0, CALM), until=698), 1000), EASY, Reason.TOO_FEW_VALUES, id="under 70 percent"),
    ],
)
def test_a_run_is_not_judged_without_a_reason_to(evidence: Evidence, target: TargetZone | None, reason: Reason) -> None:
    judgement = judge(evidence, target)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNJUDGED, reason)
    assert (judgement.time_in_zone is None) is (target is None)


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(Evidence(beats((0, CALM), until=299), 300), id="five minutes"),
        pytest.param(Evidence(beats((0, CALM), until=699), 1000), id="70 percent"),
    ],
)
def test_just_enough_is_enough(evidence: Evidence) -> None:
    assert judge(evidence, EASY).verdict is Verdict.CALM


# -- drift -----------------------------------------------------------------------------------------

STEADY = paces((0, 2.5), until=HOUR)


def test_a_heart_that_rises_at_one_speed_drifts() -> None:
    # ten minutes cut; 125 in the first half of what is left, 130 in the second
    judgement = judged((0, 160), (600, 125), (2100, 130), until=HOUR, speeds=STEADY)
    assert judgement.drift_pct == pytest.approx(100 * (1 - 125 / 130), abs=0.05)


def test_a_run_that_gets_faster_at_one_heart_rate_drifts_the_other_way() -> None:
    speeds = paces((0, 2.5), (2100, 2.6), until=HOUR)
    assert judged((0, CALM), until=HOUR, speeds=speeds).drift_pct == pytest.approx(-4, abs=0.05)


def test_waiting_at_crossings_is_no_walk() -> None:
    speeds = paces((0, 2.5), (1000, 0.0), (1060, 2.5), (2000, 0.2), (2060, 2.5), until=HOUR)
    assert judged((0, CALM), until=HOUR, speeds=speeds).drift_pct == pytest.approx(0)


@pytest.mark.parametrize(
    ("levels", "until", "speeds"),
    [
        pytest.param([(0, CALM)], HOUR, [], id="no speed"),
        pytest.param([(0, CALM)], 2399, STEADY, id="under 40 minutes"),
        pytest.param([(0, 0)], HOUR, STEADY, id="no heart rate"),
        pytest.param([(0, CALM), (2000, 0)], HOUR, STEADY, id="a strap that was lost half-way"),
        pytest.param([(0, CALM)], HOUR, paces((0, 2.5), until=1500), id="a speed that was lost half-way"),
        pytest.param([(0, CALM)], HOUR, paces((3500, 2.5), until=HOUR), id="a speed that came late"),
        pytest.param([(0, CALM)], HOUR, paces((0, 0.0), until=HOUR), id="standing"),
        pytest.param([(0, CALM)], HOUR, paces((0, 2.5), (2000, 1.4), (2500, 2.5), until=HOUR), id="a long walk"),
    ],
)
def test_where_its_conditions_are_not_met_there_is_no_drift(
    levels: list[tuple[float, int]], until: float, speeds: list[SpeedSample]
) -> None:
    assert judged(*levels, until=until, speeds=speeds).drift_pct is None


def test_forty_minutes_are_enough() -> None:
    assert judged((0, CALM), until=2400, speeds=STEADY).drift_pct == pytest.approx(0)


@pytest.mark.parametrize(
    ("run", "has_drift"),
    [
        pytest.param(course((WARM_UP, 300), (RUN, 3000), (COOL_DOWN, 300)), True, id="one long run"),
        pytest.param(course((RUN, 1500), (WALK, 60), (RUN, 2040)), False, id="with a walk"),
        pytest.param(course((RUN, 1500), (RECOVERY, 60), (RUN, 2040)), False, id="with a recovery"),
    ],
)
def test_a_course_with_walks_has_no_drift(run: Course, *, has_drift: bool) -> None:
    evidence = Evidence(beats((0, CALM), until=HOUR - 1), HOUR, STEADY, course=run, course_at=Instant(0))
    assert (judge(evidence, EASY).drift_pct is not None) is has_drift


# -- recovery --------------------------------------------------------------------------------------

RUN_THEN_WALK = course((WARM_UP, 60), (RUN, 600), (COOL_DOWN, 300))


def recovery(
    samples: Sequence[HeartRateSample], run: Course | None = None, speeds: Sequence[SpeedSample] = (), at: float = 0
) -> int | None:
    evidence = Evidence(samples, 960, speeds, course=run, course_at=Instant(at) if run else None)
    return judge(evidence, EASY).recovery_60s_bpm


STOPPED = beats((0, 100), (60, 130), (661, 110), (720, 98), until=960)
"""Running from 60 to 660 s; a minute later the heart has fallen by 32."""


def test_recovery_is_the_fall_in_the_minute_after_the_last_run() -> None:
    assert recovery(STOPPED, RUN_THEN_WALK) == 32


def test_a_course_that_began_later_ends_later() -> None:
    samples = [replace(sample, at=Instant(sample.at + 100)) for sample in STOPPED]
    assert recovery(samples, RUN_THEN_WALK, at=100) == 32


def test_without_a_course_the_speed_tells_when_running_ended() -> None:
    speeds = paces((0, 1.4), (60, 2.6), (661, 1.2), until=960)
    assert recovery(STOPPED, speeds=speeds) == 32


@pytest.mark.parametrize(
    ("samples", "run", "speeds"),
    [
        pytest.param(STOPPED, None, [], id="nobody knows when running ended"),
        pytest.param(STOPPED, course((RUN, 660)), [], id="the course ends with its run"),
        pytest.param(STOPPED, None, paces((0, 1.4), until=960), id="never ran"),
        pytest.param(STOPPED, None, paces((0, 2.6), until=660), id="nothing is known of afterwards"),
        pytest.param(STOPPED, None, paces((0, 2.6), (661, 1.9), until=960), id="jogged on"),
        pytest.param(STOPPED[:700], RUN_THEN_WALK, [], id="the strap came off within the minute"),
        pytest.param(STOPPED[:670] + STOPPED[680:], RUN_THEN_WALK, [], id="a gap within the minute"),
        pytest.param(STOPPED[:640] + STOPPED[662:], RUN_THEN_WALK, [], id="not heard at the stop"),
        pytest.param(beats((0, 110), (661, 90), until=960), RUN_THEN_WALK, [], id="not above 110 at the stop"),
    ],
)
def test_recovery_wants_a_clean_stop(
    samples: list[HeartRateSample], run: Course | None, speeds: list[SpeedSample]
) -> None:
    assert recovery(samples, run, speeds) is None


def test_a_recording_that_writes_one_number_is_believed() -> None:
    still = beats((0, CALM), until=1799, rr=())
    assert judge(Evidence(still, 1800, recorded=True), EASY).heart_rate.coverage_pct == 100
    assert judge(Evidence(still, 1800), EASY).reason is Reason.TOO_FEW_VALUES


# -- intervals -------------------------------------------------------------------------------------


def test_intervals_are_read_in_the_unit_of_their_source() -> None:
    samples = [beat(second, CALM, rr=(469, 471)) for second in range(60)]
    by_specification = judge(Evidence(samples, 60), EASY).rr
    in_milliseconds = judge(Evidence(samples, 60, rr_unit=RRUnit.MILLISECOND), EASY).rr
    assert by_specification.beats == in_milliseconds.beats == 120
    assert in_milliseconds.rmssd_ms == pytest.approx(2)
    assert by_specification.rmssd_ms == pytest.approx(2 * 1000 / 1024)


def test_an_echo_brings_no_beats() -> None:
    samples = [copy for second in range(60) for copy in (beat(second), beat(second + 0.1))]
    assert judge(Evidence(samples, 60), EASY).rr.beats == 60
