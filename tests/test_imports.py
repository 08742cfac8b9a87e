"""Heavy libraries come when they are needed: what a command loads is looked at in an interpreter of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

STATUS = """
import sys
from daemon.cli import main
sys.argv = ["duurloop", "--state", sys.argv[1], "status", "--json"]
try:
    main()
except SystemExit as ended:
    assert ended.code == 3, ended.code
"""
TELL = "\nimport json, sys\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"


def loaded(program: str, folder: Path) -> set[str]:
    """Return the top-level modules that are loaded when `program` has run."""
    run = subprocess.run(
        [sys.executable, "-c", program + TELL, str(folder)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        (
            STATUS,
            {"pydantic", "aiosqlite", "sqlite3", "apprise", "bleak", "asyncio", "structlog", "config", "resvg_py"},
        ),
        ("import daemon.domain.session", {"asyncio", "logging", "structlog", "sqlite3", "socket"}),
        ("import connectors.picture, daemon.weekly.mail", {"resvg_py", "apprise"}),
    ],
    ids=["status", "the domain", "before a picture"],
)
def test_what_is_not_needed_is_not_loaded(program: str, absent: set[str], tmp_path: Path) -> None:
    assert loaded(program, tmp_path) & absent == set()
