"""What a runner says and is told over the weeks, in SQLite: choices, steps, feelings, occasions, pauses, zones.

Functions over a connection, to be called within a transaction of `connectors.sqlite`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from sqlite3 import Row
from typing import Any

import aiosqlite

from connectors.sqlite_post import drop_reminders
from connectors.sqlite_takes import feeling_of, moment, stamp, zone_of
from daemon.domain.feeling import BEFORE_A_RUN, Feeling
from daemon.domain.plan import PlanRef
from daemon.domain.run import Run
from daemon.store import (
    Fact,
    FeelingSaid,
    OccasionPassed,
    Pause,
    Paused,
    Resumed,
    StepChosen,
    StepRun,
    ZoneSet,
)


async def keep(connection: aiosqlite.Connection, fact: Fact) -> None:
    """Keep one of the `KEEPERS`' facts."""
    await KEEPERS[type(fact)](connection, fact)


async def welcome(connection: aiosqlite.Connection, run: Run, run_id: str) -> None:
    """Do what is due when a run has come: it gets what was said before it, and nobody is reminded of it any more."""
    await _give_feeling(connection, run, run_id)
    await drop_reminders(connection, run.runner or "", run.started_at)


async def _give_feeling(connection: aiosqlite.Connection, run: Run, run_id: str) -> None:
    since, until = run.started_at - BEFORE_A_RUN, run.started_at + timedelta(seconds=run.duration_s)
    rows = await connection.execute_fetchall(
        "SELECT * FROM feeling WHERE runner = ? AND run IS NULL AND said_at BETWEEN ? AND ? ORDER BY said_at DESC",
        (run.runner, stamp(since), stamp(until)),
    )
    for row in rows:
        await connection.execute("DELETE FROM feeling WHERE number = ?", (row["number"],))
    said = next(iter(rows), None)
    if said is not None and (feeling := feeling_of(said)):
        await _say(connection, FeelingSaid(run.runner or "", run_id, feeling, moment(said["said_at"])))


async def _run_of(connection: aiosqlite.Connection, named: str) -> str:
    """Return the run that is meant by its own id, or by that of one of its takes."""
    (row,) = await connection.execute_fetchall("SELECT coalesce((SELECT run FROM take WHERE id = ?1), ?1)", (named,))
    return str(row[0])


async def _choose(connection: aiosqlite.Connection, fact: StepChosen) -> None:
    await connection.execute(
        "INSERT OR REPLACE INTO chosen_step VALUES (?, ?, ?, ?, ?)",
        (fact.runner, fact.step.plan, fact.step.step, stamp(fact.at), fact.instead_of),
    )


async def _step(connection: aiosqlite.Connection, fact: StepRun) -> None:
    run = await _run_of(connection, fact.run)
    await connection.execute(
        "INSERT OR REPLACE INTO step_run VALUES (?, ?, ?, ?, ?, ?)",
        (run, fact.runner, stamp(fact.at), fact.step.plan, fact.step.step, fact.then),
    )


async def _say(connection: aiosqlite.Connection, fact: FeelingSaid) -> None:
    run = fact.run and await _run_of(connection, fact.run)
    rows = await connection.execute_fetchall(
        "SELECT * FROM feeling WHERE runner = ? AND run IS ? ORDER BY said_at DESC LIMIT 1", (fact.runner, run)
    )
    before = next(iter(rows), None)
    known = (before is not None and feeling_of(before)) or Feeling()
    feeling = known.with_more(fact.feeling)
    if before is not None:
        await connection.execute("DELETE FROM feeling WHERE number = ?", (before["number"],))
    await connection.execute(
        "INSERT INTO feeling (runner, run, said_at, before, after, effort, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (fact.runner, run, stamp(fact.at), feeling.before, feeling.after, feeling.effort, feeling.note),
    )


async def _pass(connection: aiosqlite.Connection, fact: OccasionPassed) -> None:
    await connection.execute(
        "INSERT OR REPLACE INTO occasion VALUES (?, ?, ?, ?)",
        (fact.runner, fact.kind, fact.occurrence, stamp(fact.at)),
    )


async def _pause(connection: aiosqlite.Connection, fact: Paused) -> None:
    await connection.execute(
        "INSERT INTO pause (runner, since, until, why) VALUES (?, ?, ?, ?)",
        (fact.runner, stamp(fact.since), fact.until.isoformat(), fact.why),
    )
    await drop_reminders(connection, fact.runner, fact.since)


async def _resume(connection: aiosqlite.Connection, fact: Resumed) -> None:
    await connection.execute(
        "UPDATE pause SET ended_at = ? WHERE runner = ? AND ended_at IS NULL", (stamp(fact.at), fact.runner)
    )


async def _set_zone(connection: aiosqlite.Connection, fact: ZoneSet) -> None:
    zone = fact.zone
    await connection.execute(
        "INSERT INTO zone_set (runner, zone_low, zone_high, zone_origin, set_by, valid_from, instead_of, set_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            fact.runner,
            zone.low,
            zone.high,
            zone.origin.value,
            zone.set_by,
            (zone.valid_from or fact.at.date()).isoformat(),
            fact.instead_of,
            stamp(fact.at),
        ),
    )


KEEPERS: Mapping[type[Fact], Callable[[aiosqlite.Connection, Any], Awaitable[None]]] = {
    StepChosen: _choose,
    StepRun: _step,
    FeelingSaid: _say,
    OccasionPassed: _pass,
    Paused: _pause,
    Resumed: _resume,
    ZoneSet: _set_zone,
}
"""How each fact is kept."""


# -- rows to values ----------------------------------------------------------------------------------


def step_run(row: Row) -> StepRun:
    """Return a run along a plan from its row."""
    ref = PlanRef(row["plan"], row["step"])
    return StepRun(row["runner"], row["run"], moment(row["began_at"]), ref, row["then_step"])


def occasion(row: Row) -> OccasionPassed:
    """Return an occasion from its row."""
    return OccasionPassed(row["runner"], row["kind"], row["occurrence"], moment(row["passed_at"]))


def pause(row: Row) -> Pause:
    """Return a pause from its row."""
    ended_at = row["ended_at"] and moment(row["ended_at"])
    return Pause(moment(row["since"]), date.fromisoformat(row["until"]), row["why"], ended_at)


def zone_set(row: Row) -> ZoneSet:
    """Return a zone that was set from its row."""
    zone = zone_of(row)
    if zone is None:
        raise ValueError("a zone that was set has edges")
    return ZoneSet(
        row["runner"],
        replace(zone, set_by=row["set_by"], valid_from=date.fromisoformat(row["valid_from"])),
        row["instead_of"],
        moment(row["set_at"]),
    )
