"""An empty folder for files, and two ways to read them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.activity_files import ActivityFileError, read_recordings
from tests.edges.activity_files.reading import Read, Write


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
