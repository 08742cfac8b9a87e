"""`duurloop demo` shows the main job, and ends by itself."""

import os
import subprocess
import sys
from pathlib import Path

STORY = [
    "strap connected",
    "a session begins",
    "cue: Walk to warm up",
    "cue: Run calmly",
    "word: A little calmer",
    "strap lost",
    "word: Your strap is quiet",
    "strap connected",
    "cue: Walk to cool down",
    "the session is closed and judged",
    "A lively run",
    "nothing of it stays on this machine",
]


def test_the_demonstration_tells_its_whole_story_in_order() -> None:
    command = [sys.executable, "-P", "-W", "error", "-m", "daemon", "demo", "--speed", "60", "--no-page"]
    environment = {**os.environ, "LANG": "C.UTF-8"}
    told = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    place = 0
    for part in STORY:
        place = told.stdout.find(part, place)
        assert place >= 0, part


def test_told_to_stop_it_tidies_up_after_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-W", "error", "-m", "daemon", "demo", "--no-page"]
    environment = {**os.environ, "LANG": "C.UTF-8", "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        while b"session begins" not in (line := demo.stdout.readline()):
            assert line, demo.stderr.read()
        assert list(tmp_path.iterdir()) != []
        demo.terminate()
        assert (demo.wait(timeout=60), demo.stderr.read()) == (0, b"")
    assert list(tmp_path.iterdir()) == []
