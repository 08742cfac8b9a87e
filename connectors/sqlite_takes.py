"""Takes in SQLite: where each finds its place, and runs as their best take tells them.

Functions over a connection, to be called within a transaction of `connectors.sqlite`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from sqlite3 import Row

import aiosqlite

from connectors.packing import Packed
from daemon.domain.effort import HeartRateFigures, Judgement, Reason, TimeInZone, Verdict
from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import Bpm
from daemon.domain.plan import PlanRef
from daemon.domain.run import Run, Source
from daemon.domain.takes import Take, Told, gather, take_of
from daemon.domain.variability import RRSummary
from daemon.domain.zones import TargetZone, ZoneOrigin
from daemon.store import Place, Placed, place_of

_LONGEST = timedelta(days=31)
"""No take lasts longer, so none that began earlier can overlap."""

# What the best take does not know, another may: a strap's run gets its name and distance from the watch.
_RUN = """
    SELECT take.*,
        (SELECT group_concat(source) FROM take AS t WHERE t.run = take.run) AS sources,
        (SELECT t.name FROM take AS t WHERE t.run = take.run AND t.name IS NOT NULL
            ORDER BY t.is_best DESC, t.number LIMIT 1) AS run_name,
        (SELECT t.distance_m FROM take AS t WHERE t.run = take.run AND t.distance_m IS NOT NULL
            ORDER BY t.is_best DESC, t.number LIMIT 1) AS run_distance_m,
        coalesce((SELECT t.plan || ':' || t.step FROM take AS t WHERE t.run = take.run AND t.plan IS NOT NULL
            ORDER BY t.is_best DESC, t.number LIMIT 1),
            (SELECT step_run.plan || ':' || step_run.step FROM step_run WHERE step_run.run = take.run)) AS run_plan,
        feeling.before, feeling.after, feeling.effort, feeling.note
    FROM take LEFT JOIN feeling ON feeling.run = take.run
"""
BY_TIME = (
    f"{_RUN} WHERE is_best AND (?1 IS NULL OR take.runner = ?1)"
    " AND (?2 IS NULL OR started_at >= ?2) AND (?4 IS NULL OR started_at < ?4) ORDER BY started_at DESC LIMIT ?3"
)
BY_ID = f"{_RUN} WHERE is_best AND take.run = coalesce((SELECT run FROM take WHERE id = ?1), ?1)"  # noqa: S608 - a constant
SAMPLES = (
    "SELECT take_samples.* FROM take JOIN take_samples ON take_samples.take = take.id"
    " WHERE is_best AND run = coalesce((SELECT run FROM take WHERE id = ?1), ?1)"
)
HISTOGRAMS = (
    "SELECT histogram FROM take JOIN take_samples ON take_samples.take = take.id"
    " WHERE is_best AND runner = ? AND started_at BETWEEN ? AND ?"
)


_MOVE = (
    *(
        f"UPDATE feeling SET {part} = coalesce({part}, (SELECT f.{part} FROM feeling AS f WHERE f.run = :was))"  # noqa: S608
        " WHERE run = :run"
        for part in ("before", "after", "effort", "note")
    ),
    "UPDATE OR IGNORE feeling SET run = :run WHERE run = :was",
    "DELETE FROM feeling WHERE run = :was",
    "UPDATE OR IGNORE step_run SET run = :run WHERE run = :was",
    "DELETE FROM step_run WHERE run = :was",
)


async def shelve(
    connection: aiosqlite.Connection,
    run: Run,
    packed: Packed,
    *,
    origin: str | None,
    start_hidden: bool,
) -> Placed:
    """Keep a take, and find the run that it tells of; what it makes superfluous goes."""
    (source,) = run.sources
    if origin is not None and (there := await _of_origin(connection, run.runner or "", origin)):
        if source is not Source.STRAVA_API:
            return Placed(Place.KNOWN, there["run"])
        await _delete(connection, [there["id"]])
        await _regroup(connection, [there["run"]])
        run = replace(run, id=there["id"])  # a crop moves its start, and yet it is the run that was answered already
    take = take_of(run, start_hidden=start_hidden)
    near = await _near(connection, run.runner or "", take)
    gathered = gather([*near, take])
    told = next(told for told in gathered if take in told.takes)
    values = _run_values(run) | {
        "run": told.run,
        "is_best": told.best is take,
        "source": source.value,
        "origin": origin,
        "ends_at": stamp(take.ends_at),
        "start_hidden": start_hidden,
        "heard_s": take.heard_s,
    }
    if take in told.superseded:
        return Placed(Place.BESIDE, told.run)
    await _insert(connection, values, packed)
    await _settle(connection, gathered)
    return Placed(place_of(told, take, near), told.run)


async def remove(connection: aiosqlite.Connection, runner: str, origins: Iterable[str]) -> None:
    """Delete takes by their origins; runs that have other takes are told by these from now on."""
    rows = [row for origin in origins if (row := await _of_origin(connection, runner, origin))]
    await _delete(connection, [row["id"] for row in rows])
    await _regroup(connection, {row["run"] for row in rows})


async def rename(connection: aiosqlite.Connection, runner: str, origin: str, name: str | None) -> None:
    """Give a take another name."""
    await connection.execute("UPDATE take SET name = ? WHERE runner = ? AND origin = ?", (name, runner, origin))


def run_of(row: Row) -> Run:
    """Return a run from its row."""
    plan, _, step = (row["run_plan"] or "").rpartition(":")
    return Run(
        id=row["run"],
        runner=row["runner"],
        sources=tuple(_known_sources(row["sources"])),
        sport=row["sport"],
        name=row["run_name"],
        started_at=moment(row["started_at"]),
        duration_s=row["duration_s"],
        distance_m=row["run_distance_m"],
        target=zone_of(row),
        judgement=_judgement(row),
        plan=PlanRef(plan, int(step)) if plan else None,
        feeling=feeling_of(row),
    )


def feeling_of(row: Row) -> Feeling | None:
    """Return what was said of a run; None if nothing was."""
    feeling = Feeling(row["before"], row["after"], row["effort"], row["note"])
    return None if feeling == Feeling() else feeling


# -- takes that hang together ------------------------------------------------------------------------


async def _near(connection: aiosqlite.Connection, runner: str, take: Take) -> list[Take]:
    """Return the takes that may be of the same run, and all that are of one run with these.

    A run may bear the name of a take that is gone; who comes back under that name meets what is left of it.
    """
    values = (runner, stamp(take.started_at - _LONGEST), stamp(take.started_at), stamp(take.ends_at), take.id)
    rows = await connection.execute_fetchall(
        "SELECT * FROM take WHERE run = ?5 OR run IN (SELECT run FROM take"
        " WHERE runner = ?1 AND started_at > ?2 AND started_at < ?4 AND ends_at > ?3) ORDER BY number",
        values,
    )
    return [take_in(row) for row in rows]


async def _regroup(connection: aiosqlite.Connection, runs: Iterable[str]) -> None:
    """Look again at what is left of runs that have lost a take."""
    for run in runs:
        rows = await connection.execute_fetchall("SELECT * FROM take WHERE run = ? ORDER BY number", (run,))
        await _settle(connection, gather([take_in(row) for row in rows]))


async def _settle(connection: aiosqlite.Connection, runs: Iterable[Told]) -> None:
    settled = tuple(runs)
    await _move_words(connection, settled)
    for told in settled:
        await _delete(connection, [take.id for take in told.superseded])
        await connection.executemany(
            "UPDATE take SET run = ?, is_best = ? WHERE id = ?",
            [(told.run, take is told.best, take.id) for take in told.takes],
        )


async def _move_words(connection: aiosqlite.Connection, runs: Sequence[Told]) -> None:
    """Let what was said of a run go along with it; where two turn out to be one, it is said of that one."""
    kept = {told.run for told in runs}
    moves = [
        {"run": told.run, "was": was} for told in runs for was in {take.run for take in told.takes} if was not in kept
    ]
    for statement in _MOVE:
        await connection.executemany(statement, moves)


async def _delete(connection: aiosqlite.Connection, takes: Iterable[str]) -> None:
    await connection.executemany("DELETE FROM take WHERE id = ?", [(take,) for take in takes])


async def _of_origin(connection: aiosqlite.Connection, runner: str, origin: str) -> Row | None:
    rows = await connection.execute_fetchall("SELECT * FROM take WHERE runner = ? AND origin = ?", (runner, origin))
    return next(iter(rows), None)


async def _insert(connection: aiosqlite.Connection, values: Mapping[str, object], packed: Packed) -> None:
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    await connection.execute(f"INSERT INTO take ({names}) VALUES ({marks})", values)  # noqa: S608 - own names
    await connection.execute(
        "INSERT INTO take_samples VALUES (?, ?, ?, ?)", (values["id"], packed.samples, packed.rr, packed.histogram)
    )


# -- rows to values and back -------------------------------------------------------------------------


def stamp(moment: datetime) -> str:
    """Return a moment as it is kept."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def moment(stamp: str) -> datetime:
    """Return a moment that was kept."""
    return datetime.fromisoformat(stamp)


def zone_values(target: TargetZone | None) -> tuple[int | None, int | None, str | None]:
    """Return a zone as it is kept."""
    return (target.low, target.high, target.origin.value) if target else (None, None, None)


def zone_of(row: Row) -> TargetZone | None:
    """Return the zone of a session's or take's row."""
    if row["zone_low"] is None:
        return None
    return TargetZone(Bpm(row["zone_low"]), Bpm(row["zone_high"]), ZoneOrigin(row["zone_origin"]))


def take_in(row: Row) -> Take:
    """Return a take from its row."""
    return Take(
        row["id"],
        row["run"],
        Source(row["source"]),
        moment(row["started_at"]),
        row["duration_s"],
        row["heard_s"],
        bool(row["start_hidden"]),
    )


def _run_values(run: Run) -> dict[str, object]:
    judged = run.judgement
    heart, zone, rr = judged.heart_rate, judged.time_in_zone, judged.rr
    low, high, origin = zone_values(run.target)
    return {
        "id": run.id,
        "runner": run.runner,
        "started_at": stamp(run.started_at),
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
        "longest_calm_s": judged.longest_calm_s,
    }


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
        longest_calm_s=row["longest_calm_s"],
    )


def _known_sources(text: str | None) -> Iterable[Source]:
    present = set((text or "").split(","))
    return (source for source in Source if source.value in present)  # best first, as the enum has them
