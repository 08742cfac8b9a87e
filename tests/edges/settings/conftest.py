"""A folder for a settings file."""

from pathlib import Path

import pytest

from tests.edges.settings.loading import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(text: str) -> Path:
        path = tmp_path / "duurloop.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return to
