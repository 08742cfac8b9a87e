from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest

from daemon.domain.effort import Evidence, judge
from daemon.domain.heart_rate import RRUnit
from daemon.domain.recording import Recording
from daemon.domain.run import Run, Source
from tests.builders import EASY, beats

EVENING = datetime(2026, 11, 10, 18, 30, tzinfo=UTC)


def test_a_recording_without_a_word_about_it_counts_in_milliseconds() -> None:
    recording = Recording(EVENING, 1800.0, "run", None, tuple(beats((0, 128), until=1800)))
    assert recording.rr_unit is RRUnit.MILLISECOND
    assert (recording.speeds, recording.distance_m) == ((), None)


def test_a_run_is_kept_as_it_was_judged() -> None:
    judgement = judge(Evidence(beats((0, 128), until=1799), 1800), EASY)
    run = Run("20261110-183000-0001", "Els", (Source.STRAP,), "run", None, EVENING, 1800, None, EASY, judgement)
    assert run.plan is None
    assert replace(run, name="Evening") != run
    with pytest.raises(FrozenInstanceError):
        run.duration_s = 0  # type: ignore[misc]


def test_sources_are_called_what_the_contract_calls_them() -> None:
    assert [source.value for source in Source] == ["strap", "file", "archive", "strava_api"]
