"""What is packed into the archives of these tests, and what opening them tells."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from connectors.activity_files import ActivityFileError
from connectors.strava_archive import Entry, open_archive, read_entry
from tests.archive_builders import run_in

Pack = Callable[[Mapping[str, bytes]], Path]

FIT = "activities/1.fit"
RUN = run_in("fit")


def told(path: Path, entry: Entry) -> tuple[str | None, str, int]:
    (recording,) = read_entry(path, entry)
    return recording.name, recording.sport, recording.samples[0].bpm


def refusal(path: Path) -> str:
    with pytest.raises(ActivityFileError) as caught:
        open_archive(path)
    assert str(caught.value).isprintable()
    return str(caught.value)


def refusal_of(path: Path, entry: Entry) -> str:
    with pytest.raises(ActivityFileError) as caught:
        read_entry(path, entry)
    assert str(caught.value).isprintable()
    return str(caught.value)
