"""The diary: what a runner hears unasked by the calendar, a reminder on the agreed days and a summary on Sundays.

`daemon.domain.habit` decides. What is said and that it was said become durable together, so that nothing is said
twice, whenever the service was stopped. When nothing is due nothing is written.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

import structlog

from daemon.clock import Clock, is_set, wait_for
from daemon.domain.activity import ALWAYS_WANTED
from daemon.domain.calendar import day_of, moment_of
from daemon.domain.habit import (
    RUN,
    WORTH_REMINDING,
    Agreement,
    Appointment,
    Due,
    Life,
    Memory,
    Reminder,
    Rest,
    Silent,
    SmallestStep,
    Sunday,
    due,
    last_run_to_remember,
    next_appointment,
    next_look,
)
from daemon.domain.plan import Course
from daemon.domain.progress import Proposal, Why
from daemon.domain.week import IsoWeek
from daemon.domain.wording import Opening, Text, Tonight, proposal_text, reminder_text, smallest_step_text
from daemon.household import Runner
from daemon.letters import Scribe
from daemon.store import Fact, Kind, LetterWritten, OccasionPassed, Pause, Store, StoreError

LOOKS_BACK = timedelta(days=60)
"""Runs of longer ago make no difference any more."""
SHORTEST_RUN_S = 600.0
"""A shorter one is a sign of life, but the day's run it is not."""
LONGEST_S = 600.0
"""After so long the diary looks again, for other commands write in the same database."""
BEAT_S = 60.0
"""How often life is shown, and the clock on the wall looked at: it may have been put forward."""
STORE_PAUSE_S = 30.0
AGREED = "agreed"
"""What is remembered besides: since when which agreement holds."""

log = structlog.get_logger()

Step = tuple[str | None, Course | None, Proposal | None]
"""What the plan proposes: its name in the runner's language, the course, and why."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the diary learns what it writes about."""

    is_running: Callable[[], bool]
    """Tells whether a session is open."""
    tonight: Callable[[], Awaitable[Step]]
    week_letters: Callable[[IsoWeek], Awaitable[Sequence[Fact]]]
    """Sums up a week: letters, and what is to be kept with them."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store tells of a runner."""

    life: Life
    memory: Memory
    news: tuple[OccasionPassed, ...]
    """What is to be remembered, whatever is due."""


class Diary:
    """One runner's."""

    def __init__(
        self, runner: Runner, store: Store, clock: Clock, sources: Sources, letters_kept: Callable[[], None]
    ) -> None:
        self._runner = runner
        self._agreement = runner.agreement or Agreement()
        self._store = store
        self._clock = clock
        self._sources = sources
        self._letters_kept = letters_kept
        self._scribe = Scribe(runner, clock)
        self._stir = asyncio.Event()
        self._trouble: str | None = None

    def wake(self) -> None:
        """Look again: another process has written."""
        self._stir.set()

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Look for ever; `beat` is called as it goes round."""
        while True:
            beat()
            self._stir.clear()
            try:
                now = self._clock.now()
                following = await self.look() if is_set(now) else now + timedelta(seconds=BEAT_S)
            except StoreError as error:
                self._note_trouble(str(error))
                await self._clock.sleep(STORE_PAUSE_S)
            else:
                self._note_trouble(None)
                await self._wait(following, beat)

    async def look(self) -> datetime:
        """Do what is due, and return when something may be due next. Raises `StoreError`."""
        now, zone = self._clock.now(), self._runner.timezone
        known = await self._known(now)
        dues = due(self._agreement, known.life, known.memory, now, zone)
        facts: list[Fact] = list(known.news)
        for one in dues:
            facts += [*await self._words(one, now), *self._passed(one.passed.items(), now)]
        if facts:
            await self._store.commit(facts)
        if any(isinstance(fact, LetterWritten) for fact in facts):
            self._letters_kept()
        for one in dues:
            occurrence = next(iter(one.passed.values()))
            log.info("occasion_passed", runner=self._runner.name, outcome=type(one).__name__, occurrence=occurrence)
        return next_look(self._agreement, now, zone)

    async def next_appointment(self) -> Appointment | None:
        """Return the next reminder, if nothing else happens. Raises `StoreError`."""
        now = self._clock.now()
        known = await self._known(now)
        return next_appointment(self._agreement, known.life, known.memory, now, self._runner.timezone)

    async def rests_until(self) -> date | None:
        """Return the last day of the pause that is going on; None outside one. Raises `StoreError`."""
        zone = self._runner.timezone
        today = day_of(self._clock.now(), zone)
        rests = [_rest(pause, zone) for pause in await self._store.pauses(self._runner.name)]
        return max((rest.last for rest in rests if rest.holds(today)), default=None)

    async def _wait(self, until: datetime, beat: Callable[[], None]) -> None:
        again = self._clock.monotonic() + LONGEST_S
        while True:
            left = min(again - self._clock.monotonic(), (until - self._clock.now()).total_seconds())
            if left <= 0 or await wait_for(self._stir, self._clock, min(left, BEAT_S)):
                return
            beat()

    def _note_trouble(self, trouble: str | None) -> None:
        if trouble and trouble != self._trouble:
            log.error("diary_failed", runner=self._runner.name, reason=trouble)
        self._trouble = trouble

    # -- what is written --

    async def _words(self, one: Due, now: datetime) -> Sequence[Fact]:
        match one:
            case Reminder(day, opening):
                name, course, proposal = await self._sources.tonight()
                tonight = Tonight(opening, self._agreement.at.hour, name, course, self._reason(opening, proposal, day))
                return self._remind(
                    "reminder", day, reminder_text(tonight, self._runner.language, self._runner.turn(day)), now
                )
            case SmallestStep(day):
                return self._remind("smallest", day, smallest_step_text(self._runner.language), now)
            case Sunday(week):
                return await self._sources.week_letters(week)
            case Silent():
                return ()

    def _reason(self, opening: Opening, proposal: Proposal | None, day: date) -> str | None:
        """Return why the step went back while nobody ran; nobody has said so yet."""
        if proposal is None or proposal.why is not Why.AWAY or opening is not Opening.PLAIN:
            return None
        return proposal_text(proposal, self._runner.language, self._runner.turn(day))

    def _remind(self, key: str, day: date, text: Text, now: datetime) -> list[Fact]:
        worth = moment_of(day, self._agreement.at, self._runner.timezone) + WORTH_REMINDING - now
        letters = self._scribe.write(Kind.REMINDER, f"{key}:{day}", lambda _: text, worth=worth)
        return [LetterWritten(letter) for letter in letters]

    def _passed(self, occurrences: Iterable[tuple[str, str]], now: datetime) -> list[OccasionPassed]:
        return [OccasionPassed(self._runner.name, kind, occurrence, now) for kind, occurrence in occurrences]

    # -- what is known --

    async def _known(self, now: datetime) -> _Known:
        zone = self._runner.timezone
        occasions = await self._store.occasions(self._runner.name)
        occurrences = {kind: passed.occurrence for kind, passed in occasions.items()}
        memory = Memory.of(occurrences)
        since = self._agreement.since(occurrences.get(AGREED, ""), day_of(now, zone))
        life = await self._life(since, now)
        news = {AGREED: self._agreement.remembered_since(since)}
        if last_run := last_run_to_remember(life, memory, now, zone):
            news[RUN] = last_run.isoformat()
        fresh = ((kind, occurrence) for kind, occurrence in news.items() if occurrences.get(kind) != occurrence)
        return _Known(life, memory, tuple(self._passed(fresh, now)))

    async def _life(self, since: date, now: datetime) -> Life:
        name, zone = self._runner.name, self._runner.timezone
        runs = await self._store.runs(name, now - LOOKS_BACK, until=now)
        lines = await self._store.step_runs(name, now - LOOKS_BACK)  # they stay when the run has to go
        pauses = await self._store.pauses(name)
        signs = [*(run.started_at for run in runs), *await self._said_at(), *_ends_of(pauses)]
        counting = (run.started_at for run in runs if run.sport in ALWAYS_WANTED and run.duration_s >= SHORTEST_RUN_S)
        return Life(
            since=since,
            runs=frozenset(day_of(moment, zone) for moment in (*counting, *(line.at for line in lines))),
            sign=day_of(max(signs), zone) if signs else None,
            rests=tuple(_rest(pause, zone) for pause in pauses),
            is_running=self._sources.is_running(),
        )

    async def _said_at(self) -> list[datetime]:
        """Return when the runner decided something that is kept with its time."""
        chosen = await self._store.chosen_step(self._runner.name)
        zones = await self._store.zones_set(self._runner.name)
        return [*([chosen.at] if chosen else []), *(zone.at for zone in zones)]


def _ends_of(pauses: Iterable[Pause]) -> list[datetime]:
    return [moment for pause in pauses for moment in (pause.since, pause.ended_at) if moment]


def _rest(pause: Pause, zone: tzinfo) -> Rest:
    return Rest.of(pause.since, pause.until, pause.ended_at, zone)
