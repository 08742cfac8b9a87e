"""`duurloop demo` shows the main job, and ends by itself."""

import os
import subprocess
import sys

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
]


def test_the_demonstration_tells_its_whole_story_in_order() -> None:
    command = [sys.executable, "-P", "-W", "error", "-m", "daemon", "demo", "--speed", "60", "--no-page"]
    environment = {**os.environ, "LANG": "C.UTF-8"}
    told = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    place = 0
    for part in STORY:
        place = told.stdout.find(part, place)
        assert place >= 0, part
