"""Recordings of real devices, and what a recording holds in numbers that a test can write down."""

from pathlib import Path

import pytest

from daemon.domain.recording import Recording

RECORDINGS = Path(__file__).parents[1].parent / "shared" / "recordings"


def recorded(name: str) -> Path:
    """Return the path of a real recording; the test is skipped where there are none."""
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
