"""Sessions and runs in SQLite: plain SQL, one transaction a commit."""

import json
import secrets
from array import array
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from sqlite3 import Row
from typing import Any, assert_never

import aiosqlite

from connectors import sqlite_diary as diary
from connectors.packing import Packed, add_up, pack, unpack_samples
from connectors.sqlite import Database
from connectors.sqlite_handed_out import keep_due
from connectors.sqlite_post import insert_letters
from connectors.sqlite_takes import (
    BY_ID,
    BY_TIME,
    HISTOGRAMS,
    SAMPLES,
    feeling_of,
    moment,
    run_of,
    shelve,
    stamp,
    take_in,
    zone_of,
    zone_values,
)
from daemon.aside import in_thread
from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.held_times import HeldTimes
from daemon.domain.plan import Course, Edge, HeartLed, Leg, PlanRef, Step, StepKind
from daemon.domain.run import Run, Source
from daemon.domain.takes import Take
from daemon.store import (
    ActivityRead,
    Brought,
    CoachingStarted,
    Fact,
    FactRefusedError,
    FileSeen,
    HandoverDue,
    LetterWritten,
    OccasionPassed,
    OpenSession,
    Pause,
    Placed,
    RunKept,
    SampleKept,
    SessionDiscarded,
    SessionOpened,
    SessionSteered,
    Steering,
    StepChosen,
    StepRun,
    ZoneSet,
)

_SECRET = "SELECT value FROM memo WHERE key = ?"  # noqa: S105 - how to find one
_SECRET_BYTES = 32
_CONTACTS = (SensorContact.UNKNOWN, SensorContact.LOST, SensorContact.GOOD)


class SqliteStore:
    """The port `Store` on a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def commit(self, facts: Sequence[Fact]) -> None:
        """Make all of `facts` durable together, or none."""
        runs = {fact.session: await _packed(fact.samples, Source.STRAP) for fact in facts if isinstance(fact, RunKept)}

        async def job(connection: aiosqlite.Connection) -> None:
            await _take_in(connection, facts, runs)

        await self._database.write(job)

    async def open_sessions(self) -> list[OpenSession]:
        """Return the sessions that have neither been kept as a run nor discarded."""
        rows = await self._database.read("SELECT * FROM session ORDER BY started_at")
        return [await self._open_session(row) for row in rows]

    async def runs(
        self,
        runner: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        until: datetime | None = None,
    ) -> list[Run]:
        """Return runs that began from `since` on and before `until`, newest first, at most `limit` of them."""
        values = (runner, since and stamp(since), -1 if limit is None else limit, until and stamp(until))
        rows = await self._database.read(BY_TIME, values)
        return [run_of(row) for row in rows]

    async def run(self, run_id: str) -> Run | None:
        """Return one run."""
        rows = await self._database.read(BY_ID, (run_id,))
        return run_of(rows[0]) if rows else None

    async def samples(self, run_id: str) -> list[HeartRateSample]:
        """Return the samples of a run; instants count from its start, to the second."""
        rows = await self._database.read(SAMPLES, (run_id,))
        if not rows:
            return []
        # an hour of them takes some 20 ms, and nobody's live session is to wait for that
        return await in_thread(partial(unpack_samples, rows[0]["samples"], rows[0]["rr"]), "unpacking")

    async def bring(self, brought: Brought, write: Callable[[Placed], Sequence[Fact]]) -> Placed:
        """Find the place of what was brought among the runner's takes, and keep it there."""
        packed = await _packed(brought.samples, brought.run.sources[0])

        async def job(connection: aiosqlite.Connection) -> Placed:
            placed = await shelve(
                connection,
                brought.run,
                packed,
                origin=brought.origin,
                start_hidden=brought.start_hidden,
            )
            await diary.welcome(connection, brought.run, placed.run)
            await _take_in(connection, write(placed), {})
            return placed

        return await self._database.write(job)

    async def held_times(self, runner: str, since: datetime, until: datetime) -> HeldTimes:
        """Return how long each heart rate was held in the runs that began between these."""
        rows = await self._database.read(HISTOGRAMS, (runner, stamp(since), stamp(until)))
        return add_up(row["histogram"] for row in rows)

    async def own_takes(self, runner: str, since: datetime, until: datetime) -> list[Take]:
        """Return the takes from the strap and from files that began between these."""
        rows = await self._database.read(
            "SELECT * FROM take WHERE runner = ? AND source != ? AND started_at BETWEEN ? AND ? ORDER BY number",
            (runner, Source.STRAVA_API.value, stamp(since), stamp(until)),
        )
        return [take_in(row) for row in rows]

    async def chosen_step(self, runner: str) -> StepChosen | None:
        """Return the step that the runner chose last."""
        for row in await self._database.read("SELECT * FROM chosen_step WHERE runner = ?", (runner,)):
            return StepChosen(runner, PlanRef(row["plan"], row["step"]), moment(row["chosen_at"]), row["instead_of"])
        return None

    async def step_runs(self, runner: str, since: datetime) -> list[StepRun]:
        """Return the runs along plans from `since` on, oldest first."""
        rows = await self._database.read(
            "SELECT * FROM step_run WHERE runner = ? AND began_at >= ? ORDER BY began_at", (runner, stamp(since))
        )
        return [diary.step_run(row) for row in rows]

    async def feelings(self, runner: str, since: datetime) -> list[Feeling]:
        """Return what was said of runs from `since` on, oldest first."""
        rows = await self._database.read(
            "SELECT * FROM feeling WHERE runner = ? AND run IS NOT NULL AND said_at >= ? ORDER BY said_at",
            (runner, stamp(since)),
        )
        return [feeling for row in rows if (feeling := feeling_of(row))]

    async def occasions(self, runner: str) -> dict[str, OccasionPassed]:
        """Return the last occasion of each kind."""
        rows = await self._database.read("SELECT * FROM occasion WHERE runner = ?", (runner,))
        return {row["kind"]: diary.occasion(row) for row in rows}

    async def pauses(self, runner: str) -> list[Pause]:
        """Return all pauses, oldest first."""
        rows = await self._database.read("SELECT * FROM pause WHERE runner = ? ORDER BY number", (runner,))
        return [diary.pause(row) for row in rows]

    async def zones_set(self, runner: str) -> list[ZoneSet]:
        """Return the zones that were set other than in the settings, oldest first."""
        rows = await self._database.read("SELECT * FROM zone_set WHERE runner = ? ORDER BY number", (runner,))
        return [diary.zone_set(row) for row in rows]

    async def secret(self, name: str) -> bytes:
        """Return 32 bytes that nobody else knows, made when they are first asked for."""
        rows = await self._database.read(_SECRET, (f"secret:{name}",))  # every page asks: nobody's turn to write
        return bytes.fromhex(rows[0]["value"]) if rows else await self._made_secret(name)

    async def renew_secret(self, name: str) -> None:
        """Put another secret in its place."""
        row = (f"secret:{name}", secrets.token_hex(_SECRET_BYTES))

        async def job(connection: aiosqlite.Connection) -> None:
            await connection.execute("INSERT OR REPLACE INTO memo VALUES (?, ?)", row)

        await self._database.write(job)

    async def _made_secret(self, name: str) -> bytes:
        row = (f"secret:{name}", secrets.token_hex(_SECRET_BYTES))

        async def job(connection: aiosqlite.Connection) -> bytes:
            await connection.execute("INSERT OR IGNORE INTO memo VALUES (?, ?)", row)
            (kept,) = await connection.execute_fetchall(_SECRET, row[:1])
            return bytes.fromhex(kept["value"])

        return await self._database.write(job)

    async def seen_files(self, runner: str) -> dict[str, tuple[str, ...]]:
        """Return the sports that were not wanted of every file that was seen, by the digest of its content."""
        rows = await self._database.read("SELECT digest, skipped FROM seen_file WHERE runner = ?", (runner,))
        return {row["digest"]: _sports(row["skipped"]) for row in rows}

    async def _open_session(self, row: Row) -> OpenSession:
        session = row["id"]
        samples = await self._database.read("SELECT * FROM sample WHERE session = ? ORDER BY number", (session,))
        steered = await self._database.read("SELECT * FROM steering WHERE session = ? ORDER BY number", (session,))
        return OpenSession(
            session,
            row["runner"],
            moment(row["started_at"]),
            zone_of(row),
            _coaching(row),
            tuple(map(_sample, samples)),
            tuple(map(_steered, steered)),
        )


async def _packed(samples: Sequence[HeartRateSample], source: Source) -> Packed:
    """Pack in a thread of its own, before the transaction: nobody waits for it but the run."""
    return await in_thread(partial(pack, samples, recorded=source is not Source.STRAP), "packing")


async def _take_in(connection: aiosqlite.Connection, facts: Sequence[Fact], runs: Mapping[str, Packed]) -> None:
    """Keep facts; `runs` has the samples of those that are kept as runs, by their sessions."""
    for kind, group in groupby(facts, type):
        await _insert(connection, kind, list(group), runs)


async def _insert(
    connection: aiosqlite.Connection, kind: type[Fact], facts: list[Any], runs: Mapping[str, Packed]
) -> None:
    if kind in diary.KEEPERS:
        for fact in facts:
            await diary.keep(connection, fact)
    elif kind is SampleKept:
        await connection.executemany(
            "INSERT INTO sample SELECT ?1, 1 + coalesce((SELECT max(number) FROM sample WHERE session = ?1), 0),"
            " ?2, ?3, ?4, ?5",
            [_sample_row(fact) for fact in facts],
        )
    elif kind is LetterWritten:
        await insert_letters(connection, [fact.letter for fact in facts])
    else:
        for fact in facts:
            await _insert_rare(connection, fact, runs)


async def _insert_rare(
    connection: aiosqlite.Connection,
    fact: SessionOpened
    | CoachingStarted
    | SessionSteered
    | SessionDiscarded
    | RunKept
    | HandoverDue
    | FileSeen
    | ActivityRead,
    runs: Mapping[str, Packed],
) -> None:
    match fact:
        case SessionOpened():
            await connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
                (fact.session, fact.runner, stamp(fact.started_at), *zone_values(fact.target)),
            )
        case CoachingStarted():
            await connection.execute(
                "UPDATE session SET coaching_ms = ?, course = ? WHERE id = ?",
                (round(fact.at_s * 1000), _course_text(fact.course), fact.session),
            )
        case SessionSteered():
            await connection.execute(
                "INSERT INTO steering (session, at_ms, what) VALUES (?, ?, ?)",
                (fact.session, round(fact.at_s * 1000), fact.what.value),
            )
        case SessionDiscarded():
            await _forget(connection, fact.session)
        case RunKept():
            placed = await shelve(connection, fact.run, runs[fact.session], origin=None, start_hidden=False)
            await diary.welcome(connection, fact.run, placed.run)
            await _forget(connection, fact.session)
        case HandoverDue():
            await keep_due(connection, fact)
        case FileSeen():
            await connection.execute(
                "INSERT OR REPLACE INTO seen_file VALUES (?, ?, ?, ?)",
                (fact.runner, fact.digest, ",".join(fact.skipped), stamp(fact.at)),
            )
        case ActivityRead():
            read = await connection.execute(
                "UPDATE strava_activity SET is_read = 1 WHERE runner = ? AND id = ?", (fact.runner, fact.activity)
            )
            if not read.rowcount:
                raise FactRefusedError("database: an activity that is not known any more was read")
        case _:
            assert_never(fact)


async def _forget(connection: aiosqlite.Connection, session: str) -> None:
    await connection.execute("DELETE FROM session WHERE id = ?", (session,))


# -- rows to values and back -------------------------------------------------------------------------


def _sports(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


def _sample_row(fact: SampleKept) -> tuple[object, ...]:
    sample = fact.sample
    rr = array("H", sample.rr_words).tobytes() if sample.rr_words else None
    return fact.session, round(sample.at * 1000), sample.bpm, _CONTACTS.index(sample.contact), rr


def _sample(row: Row) -> HeartRateSample:
    rr = tuple(array("H", row["rr"])) if row["rr"] else ()
    return HeartRateSample(Instant(row["at_ms"] / 1000), Bpm(row["bpm"]), _CONTACTS[row["contact"]], rr)


def _steered(row: Row) -> SessionSteered:
    return SessionSteered(row["session"], row["at_ms"] / 1000, Steering(row["what"]))


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
            "name": course.name,
            "legs": [_leg_values(leg) for leg in course.legs],
        }
    )


def _leg_values(leg: Leg) -> tuple[object, ...]:
    if leg.lead is None:
        return leg.kind.value, leg.for_s
    until = leg.lead.until
    return leg.kind.value, leg.for_s, until.value if isinstance(until, Edge) else until, leg.lead.least_s


def _course(text: str | None) -> Course | None:
    if text is None:
        return None
    kept = json.loads(text)
    ref = PlanRef(kept["plan"], kept["step"]) if kept["plan"] else None
    return Course.of((_step(*leg) for leg in kept["legs"]), ref, name=kept.get("name"))


def _step(kind: str, for_s: float, until: int | str | None = None, least_s: float = 0.0) -> Step:
    if until is None:
        return Step(StepKind(kind), for_s)
    return Step(StepKind(kind), for_s, HeartLed(Bpm(until) if isinstance(until, int) else Edge(until), least_s))
