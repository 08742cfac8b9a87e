"""From a recording to a judged run."""

from daemon.domain.effort import LAST_HOLD_S, Evidence, judge
from daemon.domain.heart_rate import Instant
from daemon.domain.plan import Course
from daemon.domain.recording import Recording
from daemon.domain.run import Run, Source
from daemon.domain.zones import TargetZone


def run_of(
    recording: Recording,
    identity: str,
    source: Source,
    target: TargetZone | None,
    *,
    runner: str | None = None,
    course: Course | None = None,
) -> Run:
    """Judge a recording; a course is taken to have begun with it."""
    evidence = Evidence(
        samples=recording.samples,
        duration_s=recording.duration_s + LAST_HOLD_S,
        speeds=recording.speeds,
        rr_unit=recording.rr_unit,
        course=course,
        course_at=Instant(0.0) if course else None,
        recorded=True,
    )
    return Run(
        id=identity,
        runner=runner,
        sources=(source,),
        sport=recording.sport,
        name=recording.name,
        started_at=recording.started_at,
        duration_s=evidence.duration_s,
        distance_m=recording.distance_m,
        target=target,
        judgement=judge(evidence, target),
        plan=course.ref if course else None,
    )
