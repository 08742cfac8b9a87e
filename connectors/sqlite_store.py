"""Sessions and runs in SQLite: plain SQL, one transaction a commit."""

import json
from array import array
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from sqlite3 import Row
from typing import Any, assert_never

import aiosqlite

from connectors.packing import pack_histogram, pack_rr, pack_samples, unpack_samples
from connectors.sqlite import Database
from connectors.sqlite_post import insert_letters
from daemon.domain.effort import HeartRateFigures, HeldValue, Judgement, Reason, TimeInZone, Verdict, believed, hold
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.domain.run import Run, Source
from daemon.domain.variability import RRSummary
from daemon.domain.zones import TargetZone, ZoneOrigin
from daemon.store import (
    CoachingStarted,
    Fact,
    LetterWritten,
    OpenSession,
    RunKept,
    SampleKept,
    SessionDiscarded,
    SessionOpened,
)

_CONTACTS = (SensorContact.UNKNOWN, SensorContact.LOST, SensorContact.GOOD)
_SOURCES = "(SELECT group_concat(source) FROM run_source WHERE run = run.id) AS sources"


class SqliteStore:
    """The port `Store` on a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def commit(self, facts: Sequence[Fact]) -> None:
        """Make all of `facts` durable together, or none."""

        async def job(connection: aiosqlite.Connection) -> None:
            for kind, group in groupby(facts, type):
                await _insert(connection, kind, list(group))

        await self._database.write(job)

    async def open_sessions(self) -> list[OpenSession]:
        """Return the sessions that have neither been kept as a run nor discarded."""
        rows = await self._database.read("SELECT * FROM session ORDER BY started_at")
        return [await self._open_session(row) for row in rows]

    async def runs(
        self, runner: str | None = None, since: datetime | None = None, limit: int | None = None
    ) -> list[Run]:
        """Return runs, newest first, at most `limit` of them."""
        rows = await self._database.read(
            f"SELECT run.*, {_SOURCES} FROM run WHERE (?1 IS NULL OR runner = ?1)"  # noqa: S608 - a constant
            " AND (?2 IS NULL OR started_at >= ?2) ORDER BY started_at DESC LIMIT ?3",
            (runner, since and _stamp(since), -1 if limit is None else limit),
        )
        return [_run(row) for row in rows]

    async def run(self, run_id: str) -> Run | None:
        """Return one run."""
        rows = await self._database.read(f"SELECT run.*, {_SOURCES} FROM run WHERE id = ?", (run_id,))  # noqa: S608
        return _run(rows[0]) if rows else None

    async def samples(self, run_id: str) -> list[HeartRateSample]:
        """Return the samples of a run; instants count from its start, to the second."""
        rows = await self._database.read("SELECT samples, rr FROM run_source WHERE run = ?", (run_id,))
        return unpack_samples(rows[0]["samples"], rows[0]["rr"]) if rows else []

    async def _open_session(self, row: Row) -> OpenSession:
        session = row["id"]
        rows = await self._database.read("SELECT * FROM sample WHERE session = ? ORDER BY number", (session,))
        return OpenSession(
            session, row["runner"], _moment(row["started_at"]), _zone(row), _coaching(row), tuple(map(_sample, rows))
        )


async def _insert(connection: aiosqlite.Connection, kind: type[Fact], facts: list[Any]) -> None:
    if kind is SampleKept:
        await connection.executemany(
            "INSERT INTO sample SELECT ?1, 1 + coalesce((SELECT max(number) FROM sample WHERE session = ?1), 0),"
            " ?2, ?3, ?4, ?5",
            [_sample_row(fact) for fact in facts],
        )
    elif kind is LetterWritten:
        await insert_letters(connection, [fact.letter for fact in facts])
    else:
        for fact in facts:
            await _insert_rare(connection, fact)


async def _insert_rare(
    connection: aiosqlite.Connection, fact: SessionOpened | CoachingStarted | SessionDiscarded | RunKept
) -> None:
    match fact:
        case SessionOpened():
            await connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
                (fact.session, fact.runner, _stamp(fact.started_at), *_zone_values(fact.target)),
            )
        case CoachingStarted():
            await connection.execute(
                "UPDATE session SET coaching_ms = ?, course = ? WHERE id = ?",
                (round(fact.at_s * 1000), _course_text(fact.course), fact.session),
            )
        case SessionDiscarded():
            await _forget(connection, fact.session)
        case RunKept():
            await _insert_run(connection, fact.run)
            await _insert_source(connection, fact.run.id, Source.STRAP, fact.samples)
            await _forget(connection, fact.session)
        case _:
            assert_never(fact)


async def _forget(connection: aiosqlite.Connection, session: str) -> None:
    await connection.execute("DELETE FROM session WHERE id = ?", (session,))


def _insert_run(connection: aiosqlite.Connection, run: Run) -> Awaitable[object]:
    values = _run_values(run)
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    return connection.execute(f"INSERT INTO run ({names}) VALUES ({marks})", values)  # noqa: S608 - own names


async def _insert_source(
    connection: aiosqlite.Connection, run_id: str, source: Source, samples: Sequence[HeartRateSample]
) -> None:
    await connection.execute(
        "INSERT INTO run_source VALUES (?, ?, ?, ?, ?)",
        (run_id, source.value, pack_samples(samples), pack_rr(samples), pack_histogram(_held_in_the_run(samples))),
    )


def _held_in_the_run(samples: Sequence[HeartRateSample]) -> list[HeldValue]:
    """Leave out what was heard before the run began."""
    return hold(believed([sample for sample in samples if sample.at >= 0]))


# -- rows to values and back -------------------------------------------------------------------------


def _sample_row(fact: SampleKept) -> tuple[object, ...]:
    sample = fact.sample
    rr = array("H", sample.rr_words).tobytes() if sample.rr_words else None
    return fact.session, round(sample.at * 1000), sample.bpm, _CONTACTS.index(sample.contact), rr


def _sample(row: Row) -> HeartRateSample:
    rr = tuple(array("H", row["rr"])) if row["rr"] else ()
    return HeartRateSample(Instant(row["at_ms"] / 1000), Bpm(row["bpm"]), _CONTACTS[row["contact"]], rr)


def _coaching(row: Row) -> CoachingStarted | None:
    if row["coaching_ms"] is None:
        return None
    return CoachingStarted(row["id"], row["coaching_ms"] / 1000, _course(row["course"]))


def _course_text(course: Course | None) -> str | None:
    if course is None:
        return None
    return json.dumps(
        {
            "plan": course.ref and course.ref.plan,
            "step": course.ref and course.ref.step,
            "legs": [(leg.kind.value, leg.for_s) for leg in course.legs],
        }
    )


def _course(text: str | None) -> Course | None:
    if text is None:
        return None
    kept = json.loads(text)
    ref = PlanRef(kept["plan"], kept["step"]) if kept["plan"] else None
    return Course.of((Step(StepKind(kind), for_s) for kind, for_s in kept["legs"]), ref)


def _zone_values(target: TargetZone | None) -> tuple[int | None, int | None, str | None]:
    return (target.low, target.high, target.origin.value) if target else (None, None, None)


def _zone(row: Row) -> TargetZone | None:
    if row["zone_low"] is None:
        return None
    return TargetZone(Bpm(row["zone_low"]), Bpm(row["zone_high"]), ZoneOrigin(row["zone_origin"]))


def _run_values(run: Run) -> Mapping[str, object]:
    judged = run.judgement
    heart, zone, rr = judged.heart_rate, judged.time_in_zone, judged.rr
    low, high, origin = _zone_values(run.target)
    return {
        "id": run.id,
        "runner": run.runner,
        "started_at": _stamp(run.started_at),
        "duration_s": run.duration_s,
        "sport": run.sport,
        "name": run.name,
        "distance_m": run.distance_m,
        "plan": run.plan and run.plan.plan,
        "step": run.plan and run.plan.step,
        "zone_low": low,
        "zone_high": high,
        "zone_origin": origin,
        "samples": heart.samples,
        "mean_bpm": heart.mean_bpm,
        "max_bpm": heart.max_bpm,
        "min_bpm": heart.min_bpm,
        "coverage_pct": heart.coverage_pct,
        "below_s": zone and zone.below_s,
        "inside_s": zone and zone.inside_s,
        "above_s": zone and zone.above_s,
        "unknown_s": zone and zone.unknown_s,
        "calm_pct": judged.calm_pct,
        "verdict": judged.verdict.value,
        "reason": judged.reason and judged.reason.value,
        "drift_pct": judged.drift_pct,
        "recovery_bpm": judged.recovery_60s_bpm,
        "beats": rr.beats,
        "artefact_pct": rr.artefact_pct,
        "rmssd_ms": rr.rmssd_ms,
    }


def _run(row: Row) -> Run:
    return Run(
        id=row["id"],
        runner=row["runner"],
        sources=tuple(_known_sources(row["sources"])),
        sport=row["sport"],
        name=row["name"],
        started_at=_moment(row["started_at"]),
        duration_s=row["duration_s"],
        distance_m=row["distance_m"],
        target=_zone(row),
        judgement=_judgement(row),
        plan=PlanRef(row["plan"], row["step"]) if row["plan"] else None,
    )


def _judgement(row: Row) -> Judgement:
    heart = HeartRateFigures(row["samples"], row["mean_bpm"], row["max_bpm"], row["min_bpm"], row["coverage_pct"])
    seconds = (row["below_s"], row["inside_s"], row["above_s"], row["unknown_s"])
    return Judgement(
        heart_rate=heart,
        time_in_zone=None if row["below_s"] is None else TimeInZone(*seconds),
        calm_pct=row["calm_pct"],
        verdict=Verdict(row["verdict"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
        drift_pct=row["drift_pct"],
        recovery_60s_bpm=row["recovery_bpm"],
        rr=RRSummary(row["beats"], row["artefact_pct"], row["rmssd_ms"]),
    )


def _known_sources(text: str | None) -> Iterable[Source]:
    present = set((text or "").split(","))
    return (source for source in Source if source.value in present)  # best first, as the enum has them


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)
