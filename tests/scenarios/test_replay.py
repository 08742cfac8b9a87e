"""Real recordings through the live coach: the figures that other tools found, in a contract other programs read."""

import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from connectors.activity_files import read_recordings
from daemon.domain.effort import Evidence, judge
from daemon.domain.heart_rate import Bpm
from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.recording import Recording
from daemon.domain.session import Announce, Speak, Terms
from daemon.domain.zones import TargetZone
from daemon.replay import Replayed, replay
from daemon.report import cue_report, nudge_report, run_report
from tests.builders import led
from tests.fakes import EASY, EVENING, judged_run, sample
from tests.recordings import recorded

ZONE = TargetZone(Bpm(120), Bpm(140))


def replayed(name: str) -> Replayed:
    (recording,) = read_recordings(recorded(name))
    return replay(recording, "r1", Terms(ZONE))


# README.md beside the recordings: values > 0 (n, mean, max), and seconds below, inside, above 120-140
TABLE = [
    ("run_outdoor_fenix2.fit", (2808, 153.98, 178), (165, 514, 2155)),
    ("run_smart_recording.fit", (590, 148.09, 171), (223, 373, 1950)),
    ("run_tiny_rr_fenix5.fit", (21, 84.95, 112), (58, 0, 0)),
    ("treadmill_10km.tcx", (3132, 127.93, 145), (85, 3022, 35)),
    ("run_short_garmin.tcx", (147, 142.03, 153), (30, 193, 600)),
]


@pytest.mark.parametrize(("name", "heart", "seconds"), TABLE, ids=[name for name, _, _ in TABLE])
def test_a_recording_has_the_figures_that_other_tools_found(
    name: str, heart: tuple[int, float, int], seconds: tuple[float, float, float]
) -> None:
    report = run_report(replayed(name).run)
    count, mean, highest = heart
    # a value that is not believed enters no mean: at most a few of hundreds
    assert report["heart_rate"]["samples"] == pytest.approx(count, rel=0.01)
    assert report["heart_rate"]["mean_bpm"] == pytest.approx(mean, abs=0.5)
    assert report["heart_rate"]["max_bpm"] == highest
    zone = report["zone"]
    assert (zone["below_s"], zone["inside_s"], zone["above_s"]) == pytest.approx(seconds, abs=2)


def test_a_ride_without_a_heart_rate_has_no_mean() -> None:
    report = run_report(replayed("hr_all_zero_virtual_ride.fit").run)
    assert report["heart_rate"]["mean_bpm"] is None
    assert (report["verdict"], report["reason"]) == ("unjudged", "no_heart_rate")


def test_the_drift_of_an_easy_hour_is_what_it_is() -> None:
    report = run_report(replayed("treadmill_10km.tcx").run)
    assert report["drift_pct"] == pytest.approx(-2.9, abs=0.2)
    assert report["verdict"] == "calm"


# -- the contract --------------------------------------------------------------------------------------

KEYS: Mapping[str, Any] = {
    "type": str,
    "id": str,
    "runner": str | None,
    "sources": list,
    "sport": str,
    "name": str | None,
    "started_at": str,
    "duration_s": float,
    "distance_m": float | None,
    "heart_rate": {
        "samples": int,
        "mean_bpm": float | None,
        "max_bpm": int | None,
        "min_bpm": int | None,
        "coverage_pct": float,
    },
    "zone": {
        "low_bpm": int,
        "high_bpm": int,
        "origin": str,
        "below_s": float,
        "inside_s": float,
        "above_s": float,
        "unknown_s": float,
    },
    "calm_pct": float | None,
    "verdict": str,
    "reason": str | None,
    "drift_pct": float | None,
    "recovery_60s_bpm": int | None,
    "longest_calm_s": float | None,
    "rr": {"beats": int, "artefact_pct": float | None, "rmssd_ms": float | None},
    "feeling": {"before": int | None, "after": int | None, "effort": int | None, "note": str | None},
    "plan": {"id": str | None, "step": int | None},
}


def assert_shape(value: Any, shape: Any) -> None:  # noqa: ANN401 - JSON
    if isinstance(shape, Mapping):
        assert list(value) == list(shape)
        for key, inner in shape.items():
            assert_shape(value[key], inner)
    else:
        assert isinstance(value, shape), (value, shape)


def made(heart_rates: Sequence[int], course: Course | None = None, zone: TargetZone | None = EASY) -> Replayed:
    """Replay a recording with one value a second."""
    samples = tuple(sample(float(second), bpm) for second, bpm in enumerate(heart_rates))
    recording = Recording(EVENING, max(0.0, len(samples) - 1.0), "run", None, samples)
    return replay(recording, "r1", Terms(zone), course)


BY_HEART = Course.of(
    [
        Step(StepKind.RUN, 300.0),
        led(StepKind.WALK, 60, 180, 125),
        Step(StepKind.RUN, 200.0),
        Step(StepKind.COOL_DOWN, 120.0),
    ]
)


class TestRunReport:
    @pytest.mark.parametrize(
        "heart_rates", [[128] * 700, [128], [0] * 700, []], ids=["a run", "one value", "no value", "nothing"]
    )
    def test_it_has_the_shape_of_the_contract(self, heart_rates: list[int]) -> None:
        assert_shape(run_report(made(heart_rates).run), KEYS)

    def test_it_survives_json(self) -> None:
        report = run_report(made([128] * 700).run)
        assert json.loads(json.dumps(report, allow_nan=False)) == report

    def test_without_a_zone_there_is_none(self) -> None:
        report = run_report(made([128] * 700, zone=None).run)
        assert (report["zone"], report["calm_pct"], report["reason"]) == (None, None, "no_zone")

    def test_mean_highest_and_lowest_are_of_believed_values(self) -> None:
        heart = run_report(made([0, 0, *[120] * 30, 0, *[130] * 30, 300]).run)["heart_rate"]
        assert (heart["samples"], heart["mean_bpm"], heart["max_bpm"], heart["min_bpm"]) == (60, 125.0, 130, 120)

    def test_seconds_in_the_zone_add_up_to_the_run(self) -> None:
        chance = random.Random(5)  # noqa: S311
        heart_rates = [chance.choice((0, 100, 118, 128, 136, 137)) for _ in range(900)]
        report = run_report(made(heart_rates).run)
        seconds = [report["zone"][key] for key in ("below_s", "inside_s", "above_s", "unknown_s")]
        assert sum(seconds) == pytest.approx(report["duration_s"], abs=0.2)

    @pytest.mark.parametrize(
        ("zone", "written"),
        [(UTC, "2026-11-21T18:30:00+00:00"), (timezone(timedelta(hours=1)), "2026-11-21T19:30:00+01:00")],
    )
    def test_its_beginning_has_an_offset(self, zone: timezone, written: str) -> None:
        report = run_report(judged_run("s1"), zone)
        assert report["started_at"] == written
        assert datetime.fromisoformat(report["started_at"]) == EVENING

    def test_a_run_along_a_plan_says_which_step(self) -> None:
        course = Course.of([Step(StepKind.RUN, 60.0)], PlanRef("rustig-12", 7))
        assert run_report(made([128] * 90, course).run)["plan"] == {"id": "rustig-12", "step": 7}


class TestWhatWasSaid:
    def test_a_nudge_says_when_what_and_at_which_heart_rate(self) -> None:
        said = made([128] * 310 + [150] * 120).said
        (first, *_) = [nudge_report(one, one.at) for one in said if isinstance(one, Speak)]
        assert list(first) == ["type", "t_s", "kind", "bpm"]
        assert (first["type"], first["kind"]) == ("nudge", "ease_off")
        assert 340 <= first["t_s"] <= 360
        assert first["bpm"] == pytest.approx(150, abs=2)

    def test_a_cue_says_when_and_what_for_how_long_and_the_last_that_it_is_done(self) -> None:
        course = Course.of([Step(StepKind.RUN, 60.0), Step(StepKind.WALK, 30.0)])
        said = made([128] * 120, course).said
        assert [cue_report(one, one.at) for one in said if isinstance(one, Announce)] == [
            {"type": "cue", "t_s": 0.0, "kind": "run", "for_s": 60},
            {"type": "cue", "t_s": 60.0, "kind": "walk", "for_s": 30},
            {"type": "cue", "t_s": 90.0, "kind": "done", "for_s": 0},
        ]

    def test_a_cue_of_a_walk_that_the_heart_leads_says_at_least_as_well(self) -> None:
        said = made([120] * 500, BY_HEART).said
        assert [cue_report(one, one.at) for one in said if isinstance(one, Announce)] == [
            {"type": "cue", "t_s": 0.0, "kind": "run", "for_s": 300},
            {"type": "cue", "t_s": 300.0, "kind": "walk", "for_s": 180, "least_s": 60},
            {"type": "cue", "t_s": 360.0, "kind": "run", "for_s": 200},
        ]

    def test_a_run_is_judged_by_the_course_as_the_heart_led_it(self) -> None:
        # the walk ends after its least, at 360 s; so the running ends at 560 s and not at 680 s
        run = made([120] * 360 + [140] * 200 + [118] * 120, BY_HEART).run
        assert run.judgement.recovery_60s_bpm == 22

    def test_it_comes_in_order(self) -> None:
        course = Course.of([Step(StepKind.WARM_UP, 120.0), Step(StepKind.RUN, 600.0), Step(StepKind.COOL_DOWN, 60.0)])
        instants = [one.at for one in made([128] * 200 + [155] * 700, course).said]
        assert instants == sorted(instants)

    def test_replaying_twice_says_the_same(self) -> None:
        heart_rates = [128] * 310 + [150] * 300
        assert made(heart_rates) == made(heart_rates)

    def test_the_judgement_is_that_of_the_samples(self) -> None:
        run = made([128] * 310 + [150] * 300).run
        samples = [sample(float(second), bpm) for second, bpm in enumerate([128] * 310 + [150] * 300)]
        expected = judge(Evidence(samples, 610.0), EASY)
        assert run.judgement.time_in_zone == expected.time_in_zone
        assert run.judgement.verdict is expected.verdict
