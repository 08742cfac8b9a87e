"""A release wants to be told of; that two builds have the same bytes is seen by `.ci/check-release`."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / ".ci/release"

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="the script is not here")


def test_a_version_of_which_runners_were_not_told_is_not_released(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(SCRIPT, tmp_path / ".ci")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    (tmp_path / "CHANGELOG.md").write_text(f"# What changed\n\n## {version}1 - 2026-11-22\n", encoding="utf-8")
    released = subprocess.run(
        [tmp_path / ".ci/release"],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert released.returncode == 1
    assert f'no section "## {version}"' in released.stderr
    assert not (tmp_path / "dist").exists()
