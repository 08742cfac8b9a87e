import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.heart_rate import HeartRateSample, RRUnit
from daemon.domain.variability import RRSummary, estimate_unit, find_clean, running_medians, summarise
from tests.builders import beat

RR_MS = st.floats(280, 1900)


def breathing(beats: int, mean_ms: float = 450, swing_ms: float = 15) -> list[float]:
    """Return clean intervals that breathe."""
    return [mean_ms + swing_ms * math.sin(index / 2) for index in range(beats)]


def worn(
    unit: RRUnit,
    mean_beat_s: float,
    *,
    for_s: int = 240,
    missing: Sequence[int] = (),
    said_bpm: int | None = None,
) -> list[HeartRateSample]:
    """Return what a strap sends once a second: every beat that ended in it, but those that are missing."""
    samples, clock, number = list[HeartRateSample](), 0.0, 0
    bpm = round(60 / mean_beat_s) if said_bpm is None else said_bpm
    for second in range(1, for_s + 1):
        words = list[int]()
        while clock + mean_beat_s <= second:
            clock += mean_beat_s
            number += 1
            if number % 1000 not in missing:
                words.append(round(mean_beat_s * unit.value))
        samples.append(beat(second, bpm, rr=tuple(words)))
    return samples


# -- RMSSD and artefacts -----------------------------------------------------------------------------


def naive_rmssd(intervals_ms: Sequence[float]) -> float:
    """Return the definition: the root of the mean of the squared differences of neighbours."""
    return math.sqrt(statistics.fmean((later - earlier) ** 2 for earlier, later in pairwise(intervals_ms)))


@given(st.lists(st.integers(430, 450), min_size=2, max_size=80))
def test_clean_beats_give_rmssd_by_its_definition(words: list[int]) -> None:
    summary = summarise(words, RRUnit.SPECIFICATION)
    assert summary.beats == len(words)
    assert summary.artefact_pct == 0
    assert summary.rmssd_ms == pytest.approx(naive_rmssd([word * 1000 / 1024 for word in words]))


def test_a_word_in_milliseconds_is_a_millisecond() -> None:
    summary = summarise([440, 450, 440, 450], RRUnit.MILLISECOND)
    assert summary.rmssd_ms == pytest.approx(10)


@pytest.mark.parametrize(
    ("words", "summary"),
    [
        pytest.param([], RRSummary(0, None, None), id="no beat"),
        pytest.param([450], RRSummary(1, 0.0, None), id="a beat without a neighbour"),
        pytest.param([0, 65535], RRSummary(2, 100.0, None), id="no beat a heart could make"),
    ],
)
def test_without_two_clean_neighbours_there_is_no_rmssd(words: list[int], summary: RRSummary) -> None:
    assert summarise(words, RRUnit.MILLISECOND) == summary


@pytest.mark.parametrize(
    ("planted", "dirty"),
    [
        pytest.param({50: 900.0}, {50}, id="a missed beat: one of double length"),
        pytest.param({50: 225.0, 51: 225.0}, {50, 51}, id="an extra beat: two of half length"),
        pytest.param({50: 340.0, 51: 560.0}, {50, 51}, id="an early beat and its pause"),
        pytest.param({0: 900.0}, {0}, id="at the very beginning"),
        pytest.param({99: 2500.0}, {99}, id="at the very end"),
    ],
)
def test_planted_faults_are_found_and_nothing_else(planted: dict[int, float], dirty: set[int]) -> None:
    intervals = [planted.get(index, interval) for index, interval in enumerate(breathing(100))]
    assert {index for index, clean in enumerate(find_clean(intervals)) if not clean} == dirty


def test_artefacts_are_counted_and_touch_no_figure() -> None:
    clean = breathing(200)
    faulty = [900.0 if index in (40, 90, 140, 180) else value for index, value in enumerate(clean)]
    summary = summarise([round(value) for value in faulty], RRUnit.MILLISECOND)
    assert summary.artefact_pct == 2.0
    assert summary.rmssd_ms == pytest.approx(naive_rmssd(clean), rel=0.03)


def test_a_resting_heart_may_vary_more_than_a_running_one() -> None:
    resting, running = [950.0, 1130.0] * 20, [400.0, 480.0] * 20
    assert all(find_clean(resting))
    assert not all(find_clean(running))


@given(st.lists(RR_MS, max_size=60))
def test_running_medians_are_the_medians_of_the_windows(values: list[float]) -> None:
    windows = [values[max(0, index - 5) : index + 6] for index in range(len(values))]
    assert running_medians(values) == [statistics.median(window) for window in windows]


# -- the unit of a strap -----------------------------------------------------------------------------


@given(st.sampled_from(RRUnit), st.floats(0.34, 1.1))
def test_the_unit_shows_after_three_minutes(unit: RRUnit, mean_beat_s: float) -> None:
    assert estimate_unit(worn(unit, mean_beat_s)) is unit


@given(st.integers(15, 300), st.floats(0.34, 0.7))
def test_missing_beats_do_not_make_milliseconds(missing: int, mean_beat_s: float) -> None:
    holes = range(0, 1000, max(1, 1000 // missing))
    assert estimate_unit(worn(RRUnit.SPECIFICATION, mean_beat_s, missing=holes)) is RRUnit.SPECIFICATION


def test_with_many_beats_missing_nothing_is_concluded() -> None:
    holes = range(0, 1000, 10)
    assert estimate_unit(worn(RRUnit.MILLISECOND, 0.45, missing=holes)) is RRUnit.SPECIFICATION


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param([], id="no samples"),
        pytest.param([beat(second, 128, rr=()) for second in range(400)], id="no intervals"),
        pytest.param(worn(RRUnit.MILLISECOND, 0.45, for_s=170), id="less than three minutes"),
        pytest.param(worn(RRUnit.MILLISECOND, 0.45)[::6], id="nothing but gaps"),
        pytest.param(worn(RRUnit.MILLISECOND, 0.45, said_bpm=0), id="no heart rate beside them"),
    ],
)
def test_thin_evidence_leaves_it_at_the_specification(samples: list[HeartRateSample]) -> None:
    assert estimate_unit(samples) is RRUnit.SPECIFICATION
