"""A store in memory, which passes the same contract tests as SQLite (`tests/contracts`)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, count
from typing import assert_never

from daemon.domain.effort import HeldValue, believed, hold
from daemon.domain.feeling import BEFORE_A_RUN, Feeling
from daemon.domain.heart_rate import HeartRateSample, Instant
from daemon.domain.held_times import BPMS, HeldTimes
from daemon.domain.run import Run, Source
from daemon.domain.takes import Take, Told, gather, take_of
from daemon.handing.handovers import Going, Handover, Recorded
from daemon.store import (
    ActivityRead,
    Brought,
    ChannelHealth,
    Claimed,
    CoachingStarted,
    Fact,
    FeelingSaid,
    FileSeen,
    HandoverDue,
    Kind,
    Letter,
    LetterWritten,
    OccasionPassed,
    OpenSession,
    Outlet,
    Pause,
    Paused,
    Place,
    Placed,
    Resumed,
    RunKept,
    SampleKept,
    SessionDiscarded,
    SessionOpened,
    SessionSteered,
    StepChosen,
    StepRun,
    StoreError,
    ZoneSet,
    place_of,
)


class MemoryShelf:
    """Takes, and the runs that they tell of."""

    def __init__(self) -> None:
        self._brought: dict[str, Brought] = {}
        self._takes: list[Take] = []

    def lose(self, run: str) -> None:
        """Do what another process does that erases a run."""
        self._takes = [take for take in self._takes if take.run != run]

    def put(self, brought: Brought) -> Placed:
        """Do what `Store.bring` promises."""
        for take in self._takes:
            if self._is_again(take, brought):
                if take.source is not Source.STRAVA_API:
                    return Placed(Place.KNOWN, take.run)
                self._takes.remove(take)
                brought = replace(brought, run=replace(brought.run, id=take.id))
        before = tuple(self._takes)
        new = take_of(brought.run, start_hidden=brought.start_hidden)
        self._brought[new.id] = brought
        self._takes.append(new)
        told = next(told for told in self._gathered(brought.run.runner) if new in told.takes)
        for one in self._gathered(brought.run.runner):
            superseded = {take.id for take in one.superseded}
            moved = {take.id: replace(take, run=one.run) for take in one.takes}
            self._takes = [moved.get(take.id, take) for take in self._takes if take.id not in superseded]
        return Placed(Place.BESIDE if new in told.superseded else place_of(told, new, before), told.run)

    def runs(self) -> list[Run]:
        """Return every run as its best take tells it, with what others know besides."""
        runners = {brought.run.runner for brought in self._brought.values()}
        return [self._run(told) for runner in runners for told in self._gathered(runner)]

    def run(self, run_id: str) -> Run | None:
        """Return one run, by its id or by that of one of its takes."""
        known = next((take.run for take in self._takes if take.id == run_id), run_id)
        return next((run for run in self.runs() if run.id == known), None)

    def samples(self, run_id: str) -> tuple[HeartRateSample, ...]:
        """Return the samples of a run's best take."""
        known = next((take.run for take in self._takes if take.id == run_id), run_id)
        runners = {brought.run.runner for brought in self._brought.values()}
        gathered = (told for runner in runners for told in self._gathered(runner))
        return next((self._brought[told.best.id].samples for told in gathered if told.run == known), ())

    def held_times(self, runner: str, since: datetime, until: datetime) -> HeldTimes:
        """Return how long each heart rate was held in all runs in which a heart was heard."""
        takes = [told.best for told in self._gathered(runner) if since <= told.best.started_at <= until]
        heard = [held for take in takes if (held := _held(self._brought[take.id].samples, take.source))]
        seconds = [0.0] * BPMS
        for value in chain.from_iterable(heard):
            seconds[min(value.bpm, BPMS - 1)] += value.for_s
        return HeldTimes(len(heard), tuple(seconds))

    def own_takes(self, runner: str, since: datetime, until: datetime) -> list[Take]:
        """Return the takes that did not come by the API."""
        return [
            take
            for take in self._takes
            if take.source is not Source.STRAVA_API
            and self._brought[take.id].run.runner == runner
            and since <= take.started_at <= until
        ]

    def recorded(self, take: str) -> Recorded | None:
        """Return what the strap itself gave."""
        brought = self._brought.get(take)
        if brought is None or Source.STRAP not in brought.run.sources:
            return None
        samples = [replace(sample, at=Instant(float(round(sample.at)))) for sample in brought.samples]
        return Recorded(brought.run, samples)

    def are_one(self, take: str, run: str) -> bool:
        """Tell whether a take is of a run, or is called as it is."""
        found = self.run(run)
        known = next((one.run for one in self._takes if one.id == take), None)
        return take == run or (found is not None and known == found.id)

    def _is_again(self, take: Take, brought: Brought) -> bool:
        there = self._brought[take.id]
        return (there.run.runner, there.origin) == (brought.run.runner, brought.origin)

    def _gathered(self, runner: str | None) -> list[Told]:
        return gather([take for take in self._takes if self._brought[take.id].run.runner == runner])

    def _run(self, told: Told) -> Run:
        others = [take for take in told.takes if take is not told.best]
        runs = [self._brought[take.id].run for take in (told.best, *others)]
        present = {take.source for take in told.takes}
        return replace(
            runs[0],
            id=told.run,
            sources=tuple(source for source in Source if source in present),
            name=next((run.name for run in runs if run.name is not None), None),
            distance_m=next((run.distance_m for run in runs if run.distance_m is not None), None),
            plan=next((run.plan for run in runs if run.plan is not None), None),
        )


class MemoryHandovers:
    """The port `Handovers` in a dictionary."""

    def __init__(self, shelf: MemoryShelf) -> None:
        self._shelf = shelf
        self._kept: dict[tuple[str, Outlet], Handover] = {}

    def keep_due(self, due: HandoverDue) -> None:
        new = Handover(due.runner, due.run, due.outlet, Going.DUE, due.at, due.at)
        self._kept.setdefault((due.run, due.outlet), new)

    async def open(self, outlet: Outlet) -> list[Handover]:
        waiting = [one for one in self._kept.values() if one.outlet is outlet and _is_open(one)]
        return sorted(waiting, key=lambda one: (one.changed_at, one.run))

    async def of_run(self, run: str) -> list[Handover]:
        found = [one for one in self._kept.values() if self._shelf.are_one(one.run, run)]
        return sorted(found, key=lambda one: (one.outlet.value, one.run))

    async def counts(self) -> dict[tuple[str, Outlet, Going], int]:
        return dict(Counter((one.runner, one.outlet, one.going) for one in self._kept.values()))

    async def note(self, handover: Handover) -> None:
        if (handover.run, handover.outlet) in self._kept:
            self._kept[handover.run, handover.outlet] = handover

    async def drop(self, runner: str, outlet: Outlet) -> None:
        self._kept = {
            key: one
            for key, one in self._kept.items()
            if (one.runner, one.outlet) != (runner, outlet) or not _is_open(one)
        }

    async def recorded(self, handover: Handover) -> Recorded | None:
        return self._shelf.recorded(handover.run)


def _is_open(handover: Handover) -> bool:
    return handover.going in (Going.DUE, Going.HELD)


class MemoryStore:
    """The ports `Store` and `Post` in a few dictionaries; `trouble` makes it fail, `gate` makes it wait."""

    def __init__(self) -> None:
        self.trouble: str | None = None
        self.gate: asyncio.Event | None = None
        self.commits: list[tuple[Fact, ...]] = []
        """What was committed together, in order."""
        self._steps: dict[str, StepChosen] = {}
        self._step_runs: dict[str, StepRun] = {}
        self._feelings: dict[tuple[str, str | None], FeelingSaid] = {}
        self._occasions: dict[tuple[str, str], OccasionPassed] = {}
        self._pauses: dict[str, list[Pause]] = {}
        self._zones: list[ZoneSet] = []
        self._secrets: dict[str, bytes] = {}
        self._secrets_made = count()
        self.activities_read: list[tuple[str, int]] = []
        self._sessions: dict[str, OpenSession] = {}
        self._shelf = MemoryShelf()
        self.handovers = MemoryHandovers(self._shelf)
        """The port `Handovers`, of what was committed here."""
        self._files: dict[tuple[str, str], FileSeen] = {}
        self._letters: dict[int, Letter] = {}
        self._states: dict[int, str] = {}
        self._attempts: dict[int, int] = {}
        self._health: dict[str, ChannelHealth] = {}

    def lose(self, run: str) -> None:
        """Have a run erased by another process."""
        self._shelf.lose(run)

    # -- Store --

    async def commit(self, facts: Sequence[Fact]) -> None:
        await self._pass_gate()
        for fact in facts:
            self._take(fact)
        self.commits.append(tuple(facts))

    async def open_sessions(self) -> list[OpenSession]:
        await self._pass_gate()
        return sorted(self._sessions.values(), key=lambda session: session.started_at)

    async def runs(
        self,
        runner: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        until: datetime | None = None,
    ) -> list[Run]:
        await self._pass_gate()
        wanted = [
            self._with_feeling(run)
            for run in self._shelf.runs()
            if runner in (None, run.runner)
            and (since is None or run.started_at >= since)
            and (until is None or run.started_at < until)
        ]
        return sorted(wanted, key=lambda run: run.started_at, reverse=True)[:limit]

    async def run(self, run_id: str) -> Run | None:
        await self._pass_gate()
        run = self._shelf.run(run_id)
        return run and self._with_feeling(run)

    async def samples(self, run_id: str) -> list[HeartRateSample]:
        await self._pass_gate()
        return [replace(sample, at=Instant(float(round(sample.at)))) for sample in self._shelf.samples(run_id)]

    async def bring(self, brought: Brought, write: Callable[[Placed], Sequence[Fact]]) -> Placed:
        await self._pass_gate()
        placed = self._shelf.put(brought)
        self._welcome(brought.run, placed.run)
        facts = write(placed)
        for fact in facts:
            self._take(fact)
        self.commits.append(tuple(facts))
        return placed

    async def held_times(self, runner: str, since: datetime, until: datetime) -> HeldTimes:
        await self._pass_gate()
        return self._shelf.held_times(runner, since, until)

    async def own_takes(self, runner: str, since: datetime, until: datetime) -> list[Take]:
        await self._pass_gate()
        return self._shelf.own_takes(runner, since, until)

    async def chosen_step(self, runner: str) -> StepChosen | None:
        await self._pass_gate()
        return self._steps.get(runner)

    async def step_runs(self, runner: str, since: datetime) -> list[StepRun]:
        await self._pass_gate()
        own = [step for step in self._step_runs.values() if step.runner == runner and step.at >= since]
        return sorted(own, key=lambda step: step.at)

    async def feelings(self, runner: str, since: datetime) -> list[Feeling]:
        await self._pass_gate()
        own = [said for (own, run), said in self._feelings.items() if own == runner and run and said.at >= since]
        return [said.feeling for said in sorted(own, key=lambda said: said.at)]

    async def occasions(self, runner: str) -> dict[str, OccasionPassed]:
        await self._pass_gate()
        return {kind: passed for (own, kind), passed in self._occasions.items() if own == runner}

    async def pauses(self, runner: str) -> list[Pause]:
        await self._pass_gate()
        return list(self._pauses.get(runner, []))

    async def zones_set(self, runner: str) -> list[ZoneSet]:
        await self._pass_gate()
        return [one for one in self._zones if one.runner == runner]

    async def secret(self, name: str) -> bytes:
        await self._pass_gate()
        if name not in self._secrets:
            self._renew(name)
        return self._secrets[name]

    async def renew_secret(self, name: str) -> None:
        await self._pass_gate()
        self._renew(name)

    def _renew(self, name: str) -> None:
        self._secrets[name] = f"{next(self._secrets_made):032}".encode()

    async def seen_files(self, runner: str) -> dict[str, tuple[str, ...]]:
        await self._pass_gate()
        return {digest: seen.skipped for (own, digest), seen in self._files.items() if own == runner}

    # -- Post --

    async def recover(self, now: datetime) -> None:
        await self._pass_gate()
        for number, state in self._states.items():
            if state == "sending":
                self._states[number] = "due"
        for channel, health in self._health.items():
            if health.settings_fault:
                self._health[channel] = replace(health, next_at=None)
        for channel in {letter.channel for letter in self._letters.values()}:
            self._drop_expired(channel, now)

    async def claim(self, channel: str, now: datetime) -> Claimed | None:
        await self._pass_gate()
        self._drop_expired(channel, now)
        health = self._health.get(channel)
        if health and health.next_at and health.next_at > now:
            return None
        ready = [number for number in self._due(channel) if self._letters[number].not_before <= now]
        if not ready:
            return None
        number = min(ready, key=lambda number: (self._attempts[number], number))
        self._states[number] = "sending"
        self._attempts[number] += 1
        return Claimed(number, self._letters[number], self._attempts[number])

    async def next_due(self, channel: str) -> datetime | None:
        await self._pass_gate()
        letters = [self._letters[number] for number in self._due(channel)]
        if not letters:
            return None
        due = min(letter.not_before for letter in letters)
        health = self._health.get(channel)
        if health and health.next_at:
            due = max(due, health.next_at)
        return min(due, *(letter.expires_at for letter in letters))

    async def shift(self, since: datetime, by: timedelta) -> None:
        await self._pass_gate()
        for number, letter in self._letters.items():
            if self._states[number] == "due" and letter.written_at >= since:
                self._letters[number] = replace(
                    letter,
                    written_at=letter.written_at + by,
                    expires_at=letter.expires_at + by,
                    not_before=letter.not_before + by,
                )
        self._health = {channel: replace(health, next_at=None) for channel, health in self._health.items()}

    async def settle_sent(self, claimed: Claimed) -> None:
        await self._pass_gate()
        self._states[claimed.id] = "sent"
        self._health.pop(claimed.letter.channel, None)

    async def settle_failed(self, claimed: Claimed, health: ChannelHealth, *notices: Letter) -> None:
        await self._pass_gate()
        self._states[claimed.id] = "due"
        self._health[health.channel] = health
        for letter in notices:
            self._keep_letter(letter)

    async def health(self) -> list[ChannelHealth]:
        await self._pass_gate()
        return [self._health[channel] for channel in sorted(self._health)]

    async def waiting(self) -> int:
        await self._pass_gate()
        return sum(state in ("due", "sending") for state in self._states.values())

    # -- looked at by tests --

    def states(self) -> dict[str, str]:
        """Return what has become of each letter, by its key."""
        return {self._letters[number].key: state for number, state in self._states.items()}

    def letters(self) -> list[Letter]:
        """Return all letters that were ever kept, in order."""
        return list(self._letters.values())

    # -- inside --

    async def _pass_gate(self) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.trouble is not None:
            raise StoreError(self.trouble)

    def _take(self, fact: Fact) -> None:
        match fact:
            case SessionOpened():
                opened = OpenSession(fact.session, fact.runner, fact.started_at, fact.target, None, ())
                self._sessions[fact.session] = opened
            case SampleKept() | CoachingStarted() | SessionSteered():
                self._sessions[fact.session] = _more_of(self._sessions[fact.session], fact)
            case SessionDiscarded():
                del self._sessions[fact.session]
            case RunKept():
                self._sessions.pop(fact.session, None)
                placed = self._shelf.put(Brought(fact.run, fact.samples, f"session {fact.session}"))
                self._welcome(fact.run, placed.run)
            case HandoverDue():
                self.handovers.keep_due(fact)
            case LetterWritten():
                self._keep_letter(fact.letter)
            case FileSeen():
                self._files[fact.runner, fact.digest] = fact
            case StepChosen():
                self._steps[fact.runner] = fact
            case ActivityRead():
                self.activities_read.append((fact.runner, fact.activity))
            case _:
                self._take_diary(fact)

    def _take_diary(self, fact: Fact) -> None:
        match fact:
            case StepRun():
                self._step_runs[self._run_id(fact.run)] = replace(fact, run=self._run_id(fact.run))
            case FeelingSaid():
                self._say(fact)
            case OccasionPassed():
                self._occasions[fact.runner, fact.kind] = fact
            case Paused():
                self._pauses.setdefault(fact.runner, []).append(Pause(fact.since, fact.until, fact.why, None))
                self._drop_reminders(fact.runner, fact.since)
            case Resumed():
                self._pauses[fact.runner] = [
                    pause if pause.ended_at else replace(pause, ended_at=fact.at)
                    for pause in self._pauses.get(fact.runner, [])
                ]
            case ZoneSet():
                self._zones.append(fact)
            case _:
                raise AssertionError(f"nobody keeps {fact}")

    def _run_id(self, named: str) -> str:
        run = self._shelf.run(named)
        return run.id if run else named

    def _welcome(self, run: Run, run_id: str) -> None:
        """Do what `connectors.sqlite_diary.welcome` does; two runs that are one share what was said."""
        for (runner, of), said in list(self._feelings.items()):
            if of and self._run_id(of) != of:
                del self._feelings[runner, of]
                known = self._feelings.get((runner, self._run_id(of)))
                feeling = said.feeling.with_more(known.feeling) if known else said.feeling
                self._feelings[runner, self._run_id(of)] = replace(known or said, feeling=feeling)
        for of in [of for of in self._step_runs if self._run_id(of) != of]:
            line = self._step_runs.pop(of)
            self._step_runs.setdefault(self._run_id(of), replace(line, run=self._run_id(of)))
        self._give_feeling(run, run_id)
        self._drop_reminders(run.runner or "", run.started_at)

    def _drop_reminders(self, runner: str, at: datetime) -> None:
        for number, letter in self._letters.items():
            is_near = abs(letter.written_at - at) <= timedelta(hours=12)
            if letter.kind is Kind.REMINDER and letter.key.startswith(f"{runner}:") and is_near:
                self._states[number] = "expired" if self._states[number] == "due" else self._states[number]

    def _say(self, said: FeelingSaid) -> None:
        key = (said.runner, self._run_id(said.run) if said.run else None)
        before = self._feelings.pop(key, None)
        known = before.feeling if before else Feeling()
        self._feelings[key] = replace(said, feeling=known.with_more(said.feeling))

    def _give_feeling(self, run: Run, run_id: str) -> None:
        said = self._feelings.get((run.runner or "", None))
        ended_at = run.started_at + timedelta(seconds=run.duration_s)
        if said and run.started_at - BEFORE_A_RUN <= said.at <= ended_at:
            del self._feelings[said.runner, None]
            self._say(replace(said, run=run_id))

    def _with_feeling(self, run: Run) -> Run:
        said = next((said for (_, of), said in self._feelings.items() if of == run.id), None)
        line = self._step_runs.get(run.id)
        plan = run.plan or (line.step if line else None)
        return replace(run, feeling=said.feeling if said else None, plan=plan)

    def _keep_letter(self, letter: Letter) -> None:
        if any((kept.key, kept.channel) == (letter.key, letter.channel) for kept in self._letters.values()):
            return
        number = len(self._letters) + 1
        self._letters[number], self._states[number], self._attempts[number] = letter, "due", 0

    def _due(self, channel: str) -> list[int]:
        return [
            number
            for number, state in self._states.items()
            if state == "due" and self._letters[number].channel == channel
        ]

    def _drop_expired(self, channel: str, now: datetime) -> None:
        for number in self._due(channel):
            if self._letters[number].expires_at <= now:
                self._states[number] = "expired"


def _held(samples: Sequence[HeartRateSample], source: Source) -> list[HeldValue]:
    in_the_run = [sample for sample in samples if sample.at >= 0]
    return hold(believed(in_the_run, recorded=source is not Source.STRAP))


def _more_of(session: OpenSession, fact: SampleKept | CoachingStarted | SessionSteered) -> OpenSession:
    match fact:
        case SampleKept():
            return replace(session, samples=(*session.samples, fact.sample))
        case CoachingStarted():
            return replace(session, coaching=fact)
        case SessionSteered():
            return replace(session, steered=(*session.steered, fact))
        case _:
            assert_never(fact)
