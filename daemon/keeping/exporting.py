"""Everything that is a runner's own, as files that other programs and people can read: FIT, JSON and CSV.

What came by Strava's API alone is left out: it is lent for some days and for its runner's eyes, and must not lie about
in files that nobody purges. Strava itself hands it out.
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import PurePath
from typing import Any, TypeAlias

from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.run import Run, Source
from daemon.domain.takes import best_of, take_of
from daemon.keeping.export_folder import ExportFolder
from daemon.keeping.holdings import Holdings, OwnTake
from daemon.report import run_report
from daemon.store import FeelingSaid, Pause, Store, ZoneSet
from daemon.whole_file import plain_name

FitOf: TypeAlias = Callable[[Run, Sequence[HeartRateSample]], bytes]
"""Makes a FIT file of a run."""
SESSIONS, BROUGHT_IN = "sessions", "brought-in"
_EVER = datetime(1, 1, 1, tzinfo=UTC)
_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_RUN_COLUMNS = {
    **{name: name for name in ("id", "started_at", "sport", "name", "duration_s", "distance_m")},
    **{name: f"heart_rate.{name}" for name in ("samples", "mean_bpm", "max_bpm", "min_bpm", "coverage_pct")},
    **{f"zone_{name}": f"zone.{name}" for name in ("low_bpm", "high_bpm", "origin")},
    **{name: f"zone.{name}" for name in ("below_s", "inside_s", "above_s", "unknown_s")},
    **{name: name for name in ("calm_pct", "verdict", "reason", "drift_pct", "recovery_60s_bpm", "longest_calm_s")},
    **{name: f"rr.{name}" for name in ("beats", "artefact_pct", "rmssd_ms")},
    **{f"feeling_{name}": f"feeling.{name}" for name in ("before", "after", "effort", "note")},
    "plan": "plan.id",
    "plan_step": "plan.step",
}
"""A column's name, and where in the report of a run its value stands."""
_FEELING_COLUMNS = ("said_at", "run", "before", "after", "effort", "note")
_PLAN_COLUMNS = ("at", "what", "run", "plan", "step", "next_step")
_PAUSE_COLUMNS = ("since", "until", "why", "ended_at")
_ZONE_COLUMNS = ("valid_from", "low_bpm", "high_bpm", "origin", "set_by", "set_at")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written of a runner."""

    runner: str
    folder: str
    runs: int
    sessions: int
    brought_in: int
    lent: int
    """Runs that came by Strava's API alone, and were left out."""


class Exporter:
    """Writes into a folder what is a runner's own."""

    def __init__(self, folder: ExportFolder, store: Store, holdings: Holdings, fit_of: FitOf, zone: tzinfo) -> None:
        self._folder = folder
        self._store = store
        self._holdings = holdings
        self._fit_of = fit_of
        self._zone = zone

    async def export(self, runner: str, name: str, advance: Callable[[], None]) -> Exported:
        """Write all of a runner into the folder `name`; `advance` is called for each take that is done.

        Raises `ExportError`, `StoreError`; what is written by then stays.
        """
        place, takes = PurePath(name), await self._holdings.takes(runner)
        runs = await self._store.runs(runner)
        own = _own(runs, takes)
        await self._put_tables(runner, place, own, takes)
        for take in takes:
            await self._put_take(place, take)
            advance()
        sessions = sum(_is_session(take) for take in takes)
        return Exported(runner, name, len(own), sessions, len(takes) - sessions, len(runs) - len(own))

    async def _put_take(self, place: PurePath, take: OwnTake) -> None:
        began = take.run.started_at.astimezone(self._zone)
        run = replace(take.run, id=take.id, started_at=began)
        kind = SESSIONS if _is_session(take) else BROUGHT_IN
        name = f"{began:%Y-%m-%dT%H%M}-{plain_name(take.id)}.fit"
        self._folder.put(place / kind / name, self._fit_of(run, await self._holdings.samples(take.id)))

    async def _put_tables(self, runner: str, place: PurePath, runs: Sequence[Run], takes: Sequence[OwnTake]) -> None:
        reports = [run_report(run, self._zone) for run in runs]
        whole = json.dumps(reports, ensure_ascii=False, indent=1)
        self._folder.put(place / "runs.json", f"{whole}\n".encode())
        rows = [[*(_at(report, path) for path in _RUN_COLUMNS.values()), *_sources(report)] for report in reports]
        self._put_table(place / "runs.csv", (*_RUN_COLUMNS, "sources"), rows)
        said = await self._holdings.feelings(runner)
        self._put_table(place / "feelings.csv", _FEELING_COLUMNS, map(self._feeling_row, said))
        self._put_table(place / "plan.csv", _PLAN_COLUMNS, await self._plan_rows(runner, takes))
        pauses = await self._store.pauses(runner)
        self._put_table(place / "pauses.csv", _PAUSE_COLUMNS, map(self._pause_row, pauses))
        zones = await self._store.zones_set(runner)
        self._put_table(place / "zones.csv", _ZONE_COLUMNS, map(self._zone_row, zones))

    def _feeling_row(self, said: FeelingSaid) -> Sequence[object]:
        felt = said.feeling
        return self._local(said.at), said.run, felt.before, felt.after, felt.effort, felt.note

    def _pause_row(self, pause: Pause) -> Sequence[object]:
        return self._local(pause.since), pause.until, pause.why, pause.ended_at and self._local(pause.ended_at)

    def _zone_row(self, one: ZoneSet) -> Sequence[object]:
        zone = one.zone
        return zone.valid_from, zone.low, zone.high, zone.origin.value, zone.set_by, self._local(one.at)

    async def _plan_rows(self, runner: str, takes: Sequence[OwnTake]) -> list[Sequence[object]]:
        own = {name for take in takes for name in (take.id, take.run.id)}
        rows: list[Sequence[object]] = [
            (self._local(line.at), "run", line.run, line.step.plan, line.step.step, line.then)
            if line.run in own
            # of a run that was only lent, the diary has the day
            else (line.at.astimezone(self._zone).date(), "run", None, line.step.plan, line.step.step, line.then)
            for line in await self._store.step_runs(runner, _EVER)
        ]
        if chosen := await self._store.chosen_step(runner):
            rows.append((self._local(chosen.at), "chosen", None, chosen.step.plan, chosen.step.step, None))
        return rows

    def _put_table(self, place: PurePath, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(header)
        table.writerows([_cell(value) for value in row] for row in rows)
        self._folder.put(place, text.getvalue().encode("utf-8-sig"))  # or spreadsheets take it for something else

    def _local(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).isoformat(timespec="seconds")


def _own(runs: Iterable[Run], takes: Iterable[OwnTake]) -> list[Run]:
    """Return the runs without what was lent: where Strava's take stands first, the best own one speaks instead."""
    takes_of = defaultdict[str, list[Run]](list)
    for take in takes:
        takes_of[take.run.id].append(take.run)
    own = []
    for run in runs:
        if Source.STRAVA_API not in run.sources:
            own.append(run)
        elif takes_of[run.id]:
            told = [(take_of(told), told) for told in takes_of[run.id]]
            best = best_of([take for take, _ in told])
            own.append(next(run for take, run in told if take is best))
    return own


def _is_session(take: OwnTake) -> bool:
    return Source.STRAP in take.run.sources


def _at(report: Mapping[str, Any], path: str) -> object:
    part, _, name = path.partition(".")
    value = report[part]
    return value if not name else None if value is None else value[name]


def _sources(report: Mapping[str, Any]) -> list[str]:
    return ["+".join(report["sources"])]


def _cell(value: object) -> object:
    """Return a value as a table may hold it: text that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_LIKE_A_FORMULA) else value
