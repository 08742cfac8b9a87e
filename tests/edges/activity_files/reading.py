"""What reads files in these tests, and a whole file of every kind."""

from collections.abc import Callable
from pathlib import Path

from daemon.domain.recording import Recording
from tests.activity_builders import (
    RUNNING,
    clock,
    fit_beats,
    fit_file,
    fit_file_id,
    fit_record,
    fit_session,
    gpx_file,
    gpx_track,
    tcx_activity,
    tcx_file,
    tcx_point,
    walked,
)

Write = Callable[[str, bytes], Path]
Read = Callable[[bytes], tuple[Recording, ...]]

WHOLE = {
    "fit": fit_file(
        fit_file_id(4),
        *(fit_record(at, 120 + at, speed_mm_s=2500, distance_cm=250 * at) + fit_beats(500, 501) for at in range(4)),
        fit_session(0, RUNNING, 1000),
    ),
    "tcx": tcx_file(tcx_activity([tcx_point(clock(at), 120, distance=at, speed=1) for at in range(4)], notes="name")),
    "gpx": gpx_file(gpx_track(walked(range(4), 2.5), name="name", kind="run")),
    "table": "\n".join(["timestamp,hr,rr", *(f"{clock(at)},120,500" for at in range(4))]).encode(),
}
