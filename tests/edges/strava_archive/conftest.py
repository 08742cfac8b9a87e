"""Archives of any content, as a zip and as a folder; what was opened is closed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.strava_archive import Archive, close_archives, open_archive
from tests.archive_builders import write_folder, write_zip
from tests.edges.strava_archive.opening import FIT, RUN, Pack


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    """Close what reading has kept open for the next entry."""
    yield
    close_archives()


@pytest.fixture(params=[write_zip, write_folder], ids=["zip", "folder"])
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> Pack:
    """Return what makes an archive of files, in both forms."""
    return lambda files: request.param(tmp_path / "export.zip", files)


@pytest.fixture
def zipped(tmp_path: Path) -> Pack:
    """Return what makes a zip of files."""
    return lambda files: write_zip(tmp_path / "export.zip", files)


@pytest.fixture
def look(zipped: Pack) -> Callable[[str | bytes], Archive]:
    """Return what opens an archive with this list and one file."""

    def open_it(listed: str | bytes) -> Archive:
        content = listed if isinstance(listed, bytes) else listed.encode()
        return open_archive(zipped({"activities.csv": content, FIT: RUN}))

    return open_it
