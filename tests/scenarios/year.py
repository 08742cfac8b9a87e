"""A household over a year in jumped time, on the real parts: settings, database, companions, diaries and post.

Nothing ticks. The clock goes from one moment that matters to the next, and at each of them everything is begun
anew, as after a restart. What a runner receives is what was claimed in time, as the outbox does it.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial
from itertools import groupby
from math import sin
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap

import structlog

from config.loader import load
from config.settings import Settings
from connectors.sqlite import open_database
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon.afterwards import facts_of
from daemon.companion import Companion
from daemon.domain.activity import Activity, Changes
from daemon.domain.calendar import day_of
from daemon.domain.effort import LAST_HOLD_S, Evidence, judge
from daemon.domain.feeling import Feeling
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.plan import Course
from daemon.domain.progress import Move
from daemon.domain.recording import Recording
from daemon.domain.run import Run, Source
from daemon.domain.week import IsoWeek
from daemon.domain.wording import Language, Text, short_day, verdict_text
from daemon.domain.wording.text import in_minutes
from daemon.domain.zones import TargetZone, ZoneOrigin, zone_on
from daemon.feeling import run_meant
from daemon.from_settings import runners_of
from daemon.household import Runner
from daemon.signs import sign_of_life
from daemon.store import (
    ActivityRead,
    FeelingSaid,
    Kind,
    Paused,
    Resumed,
    RunKept,
    SessionOpened,
    StepRun,
    key_after,
)
from daemon.strava.book import Account, State, origin_of
from daemon.strava.follower import PURGE_EVERY
from daemon.strava.port import Scope, Tokens
from daemon.weekly.words import week_dates, week_title
from daemon.wiring import shared_of
from daemon.zoning import zone_set
from tests.fakes import FakeClock, no_picture

BEAT_S = 10.0
"""Apart enough to be quick, near enough to be held without a gap."""
AGAIN = 3
"""At so many messages everything is begun anew just after one, which must change nothing."""
SYNC = timedelta(minutes=6)
"""After a run, until a watch has brought it."""
CALM, LIVELY, HARD = 0.05, 0.3, 0.65
"""Shares of a run above the zone."""


@dataclass(frozen=True)
class Received:
    """A message that arrived."""

    at: datetime
    runner: str
    key: str
    kind: Kind
    text: Text


@dataclass(frozen=True)
class Happened:
    """Something that the runner did, or that befell the house."""

    at: datetime
    words: str


@dataclass(frozen=True)
class Done:
    """A run, and since when the house knew of it."""

    runner: str
    at: datetime
    known_at: datetime
    duration_s: float


@dataclass(frozen=True)
class Away:
    """A pause."""

    runner: str
    since: datetime
    last: datetime
    """Its end: that of its last day, or when the runner was back."""


@dataclass
class Outing:
    """Somebody is out."""

    runner: str
    begins: datetime
    duration_s: float
    above: float | None
    """Share above the zone; None without heart rate."""
    by: Source
    sport: str = "run"
    course: Course | None = None

    @property
    def ends(self) -> datetime:
        return self.begins + timedelta(seconds=self.duration_s)

    @property
    def id(self) -> str:
        return f"{self.begins:%Y%m%d-%H%M%S}-{self.runner}"


@dataclass
class Year:
    """One household, from a first moment on."""

    store: SqliteStore
    post: SqlitePost
    book: SqliteBook
    clock: FakeClock
    folder: Path
    received: list[Received] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    pauses: list[Away] = field(default_factory=list)
    signs: list[tuple[str, datetime]] = field(default_factory=list)
    """When a runner did or said something."""
    zones: list[tuple[datetime, tzinfo]] = field(default_factory=list)
    """Since when which time zone holds."""
    _settings: Settings = field(init=False)
    _runners: tuple[Runner, ...] = ()
    _out: set[str] = field(default_factory=set)
    _activities: int = 0
    _following: datetime | None = None
    """The next moment that matters; None when that has to be found out."""

    # -- the house ---------------------------------------------------------------------------------

    def settle(self, settings: str) -> None:
        """Write settings, and begin with them."""
        path = self.folder / "duurloop.toml"
        path.write_text(settings, encoding="utf-8")
        path.chmod(0o600)
        self._settings = load(path, {})
        self._runners = runners_of(self._settings)
        self.zones.append((self.clock.now(), self._runners[0].timezone))
        self._following = None

    @property
    def language(self) -> Language:
        return self._runners[0].language

    @property
    def names(self) -> list[str]:
        return [runner.name for runner in self._runners]

    def agreed_days(self, name: str) -> int:
        agreement = self._runner(name).agreement
        return len(agreement.days) if agreement else 0

    async def until(self, moment: datetime) -> None:
        """Live on: look whenever something may be due, and deliver what may go."""
        while (following := self._following or await self._look()) <= moment:
            self.clock.set_wall(following)
            await self._look()
        self.clock.set_wall(moment)

    async def off_until(self, moment: datetime, words: str) -> None:
        """Have the server off, and begin again."""
        self.tell(words)
        self.clock.set_wall(moment)
        await self.post.recover(moment)
        await self._look()

    def tell(self, words: str) -> None:
        """Write down what befalls the house."""
        self.happened.append(Happened(self.clock.now(), words))

    def at(self, day: datetime, hour: int, minute: int = 0) -> datetime:
        """Return a local hour of a day of the story."""
        return datetime.combine(day.date(), time(hour, minute), self.zones[-1][1])

    async def _look(self) -> datetime:
        """Look with everything begun anew, now and then twice; return the next moment that matters."""
        now = self.clock.now()
        if await self.book.accounts():
            await self.book.purge(now - self._keep + PURGE_EVERY)
        moments = [await self._diary_of(runner) for runner in self._runners]
        for name in await self._deliver():
            if len(self.received) % AGAIN == 0:
                moments.append(await self._diary_of(self._runner(name)))
                await self._deliver()
        return self._note_following(*moments, *await self._dues())

    def _note_following(self, *moments: datetime) -> datetime:
        now = self.clock.now()
        self._following = min(moment for moment in moments if moment > now)
        return self._following

    async def _dues(self) -> list[datetime]:
        dues = [await self.post.next_due(channel.id) for runner in self._runners for channel in runner.channels]
        return [due for due in dues if due]

    async def _diary_of(self, runner: Runner) -> datetime:
        companion = await self._companion(runner)
        return await companion.diary(partial(self._out.__contains__, runner.name)).look()

    async def _deliver(self) -> set[str]:
        """Hand out what may go; return who got something."""
        before = len(self.received)
        for runner in self._runners:
            for channel in runner.channels:
                while claimed := await self.post.claim(channel.id, self.clock.now()):
                    letter = claimed.letter
                    words = replace(letter.text, mail=None)
                    self.received.append(Received(self.clock.now(), runner.name, letter.key, letter.kind, words))
                    await self.post.settle_sent(claimed)
        return {one.runner for one in self.received[before:]}

    async def _companion(self, runner: Runner) -> Companion:
        shared = shared_of(self._settings, self.store, self.book, self.clock)
        companion = Companion(runner, replace(shared, png_of=no_picture))
        await companion.refresh()
        return companion

    @property
    def _keep(self) -> timedelta:
        return timedelta(days=self._settings.strava.keep_days)

    def _runner(self, name: str) -> Runner:
        return next(runner for runner in self._runners if runner.name == name)

    # -- runs --------------------------------------------------------------------------------------

    async def run(
        self,
        name: str,
        above: float | None = CALM,
        *,
        minutes: float | None = None,
        by: Source = Source.FILE,
        sport: str = "run",
    ) -> None:
        """Go for a run, or a walk, and come home."""
        await self.home(await self.go(name, above, minutes=minutes, by=by, sport=sport))

    async def go(
        self,
        name: str,
        above: float | None = CALM,
        *,
        minutes: float | None = None,
        by: Source = Source.FILE,
        sport: str = "run",
    ) -> Outing:
        """Begin; without `minutes` it is the step that the plan proposes."""
        now = self.clock.now()
        standing = await (await self._companion(self._runner(name))).planner.standing(now)
        course = standing.course if standing and minutes is None else None
        duration_s = course.for_s if course else 60.0 * (minutes or 30)
        out = Outing(name, now, duration_s, above, by, sport, course)
        if by is Source.STRAP:
            self._out.add(name)
            target = zone_on(day_of(now, self._runner(name).timezone), self._runner(name).zones)
            await self.store.commit([SessionOpened(out.id, name, now, target)])
        return out

    async def home(self, out: Outing) -> None:
        """Come home, and have the run known soon after."""
        if out.by is Source.STRAP:
            await self.until(out.ends)
            await self._keep_session(out)
        else:
            await self.until(out.ends + SYNC)
            await self.bring(out)

    async def bring(self, out: Outing) -> None:
        """Have a recording come in now, however long it has waited."""
        companion = await self._companion(self._runner(out.runner))
        listed = await self._list(out) if out.by is Source.STRAVA_API else None
        recording = Recording(out.begins, out.duration_s, out.sport, None, beats(out))
        origin = origin_of(listed.activity) if listed else out.id
        brought = companion.library.yardstick.judge(recording, out.by, origin)
        await companion.library.receive(brought, *([listed] if listed else []))
        await self._note(out, brought.run)

    async def _list(self, out: Outing) -> ActivityRead:
        """Have Strava list it."""
        self._activities += 1
        listed = Activity(
            id=self._activities,
            started_at=out.begins,
            start_hidden=False,
            elapsed_s=out.duration_s,
            sport=out.sport,
            name=None,
            distance_m=None,
            has_heart_rate=out.above is not None,
            mark="m",
        )
        await self.book.note_look(out.runner, Changes((listed,), (), (), (), ()), self.clock.now())
        return ActivityRead(out.runner, self._activities)

    async def _keep_session(self, out: Outing) -> None:
        """Keep a run of the strap as the coach does."""
        companion = await self._companion(self._runner(out.runner))
        samples, target = beats(out), zone_on(day_of(out.begins, companion.runner.timezone), companion.runner.zones)
        evidence = Evidence(samples, out.duration_s + LAST_HOLD_S, course=out.course, course_at=Instant(0.0))
        judgement = judge(evidence, target)
        ref = out.course.ref if out.course else None
        kept = Run(
            out.id, out.runner, (out.by,), "run", None, out.begins, evidence.duration_s, None, target, judgement, ref
        )
        sequel = await companion.afterwards.sequel(kept)
        letters = companion.afterwards.letters(kept, sequel, key_after(kept.id))
        await self.store.commit([RunKept(kept.id, kept, samples), *facts_of(sequel, letters)])
        self._out.remove(out.runner)
        await self._note(out, kept)

    async def _note(self, out: Outing, run: Run) -> None:
        now = self.clock.now()
        self.done.append(Done(out.runner, out.begins, now, run.duration_s))
        words = OUTINGS[self.language.code][out.sport].format(
            minutes=in_minutes(run.duration_s, self.language),
            verdict=verdict_text(run.judgement.verdict, self.language),
        )
        self._did(out.runner, words, out.begins)
        if out.by is Source.STRAP:
            await self._look()  # a week may have waited for it
        else:
            await self._deliver()
            self._note_following(*filter(None, [self._following]), *await self._dues())

    async def link(self, name: str) -> None:
        """Link a runner to Strava."""
        now = self.clock.now()
        tokens = Tokens("access", "refresh", now + timedelta(days=800))
        scopes = frozenset({Scope.ACTIVITY_READ_ALL})
        await self.book.link(Account(name, 1, tokens, scopes, now, State.WELL, now))

    # -- what a runner says ------------------------------------------------------------------------

    async def feel(
        self, name: str, *, before: int | None = None, after: int | None = None, effort: int | None = None
    ) -> None:
        """Say how it felt: before a run, or after the last."""
        said, now = Feeling(before, after, effort), self.clock.now()
        run = await run_meant(self.store, self._runner(name), None, said, now)
        await self.store.commit([FeelingSaid(name, run.id if run else None, said, now)])
        told = {"before": before, "after": after, "effort": effort}
        self._did(name, f"`duurloop feel {' '.join(f'--{scale} {value}' for scale, value in told.items() if value)}`")

    async def pause(self, name: str, until: datetime, why: str) -> None:
        """Rest up to and with a day."""
        now = self.clock.now()
        await self.store.commit([Paused(name, now, until.date(), why)])
        end = self.at(until, 0) + timedelta(days=1)
        self.pauses.append(Away(name, now, end))
        self._did(name, f"`duurloop pause --until {until:%Y-%m-%d} --why {why}`")
        await self._look()

    async def resume(self, name: str) -> None:
        """Be back early."""
        now = self.clock.now()
        await self.store.commit([Resumed(name, now), sign_of_life(self._runner(name), now)])
        self.pauses[-1] = replace(self.pauses[-1], last=now)
        self._did(name, "`duurloop resume`")
        await self._look()

    async def choose(self, name: str, move: Move) -> None:
        """Overrule the plan."""
        chosen = await (await self._companion(self._runner(name))).planner.choose(move, self.clock.now())
        if chosen:
            await self.store.commit([chosen])
        self._did(name, f"`duurloop plan {move.value}`")

    async def set_zone(self, name: str, low: int, high: int) -> None:
        """Set another zone, after a talk test."""
        zone, now = TargetZone(Bpm(low), Bpm(high), ZoneOrigin.TALK_TEST), self.clock.now()
        await self.store.commit([zone_set(self._runner(name), zone, now)])
        self._did(name, f"`duurloop zone --talk-test`: {low}-{high}")

    def _did(self, name: str, words: str, at: datetime | None = None) -> None:
        self.signs.append((name, at or self.clock.now()))
        self.happened.append(Happened(at or self.clock.now(), f"{name}: {words}" if len(self.names) > 1 else words))

    # -- looking back ------------------------------------------------------------------------------

    def local(self, moment: datetime) -> datetime:
        """Return a moment as the runner's own clock shows it."""
        return moment.astimezone(_zone_at(moment, self.zones))

    async def steps(self, name: str) -> list[StepRun]:
        return await self.store.step_runs(name, self.zones[0][0])


def beats(out: Outing) -> tuple[HeartRateSample, ...]:
    """Return a heart that rises in the first minutes, and then climbs above 118-136 for its share of the time."""
    if out.above is None:
        return ()
    count = int(out.duration_s // BEAT_S) + 1
    return tuple(_beat(index, out.above, count) for index in range(count))


def _beat(index: int, above: float, count: int) -> HeartRateSample:
    cycle = 30
    wave = round(3 * sin(index / 4))
    place = (index % cycle) / cycle
    bpm = 127 + wave
    if index * BEAT_S < 240 or index > count - 12:
        bpm = 112 + wave
    elif place >= 1 - above:
        bpm = 146 + wave
    elif above and place >= 1 - above - 1 / cycle:
        bpm = 134
    word = round(60 * 1024 / bpm)
    return HeartRateSample(Instant(index * BEAT_S), Bpm(bpm), SensorContact.GOOD, (word,))


# -- stories -------------------------------------------------------------------------------------------

OUTINGS = {
    "nl": {"run": "loopje van {minutes}, {verdict}", "walk": "wandeling van {minutes}, {verdict}"},
    "en": {"run": "run of {minutes}, {verdict}", "walk": "walk of {minutes}, {verdict}"},
}
QUIET = {
    "nl": ("Een week zonder bericht.", "{n} weken zonder bericht."),
    "en": ("A week without a message.", "{n} weeks without a message."),
}


@dataclass(frozen=True)
class Story:
    """Who it is about, and what happens to them."""

    name: str
    title: str
    about: str
    settings: str
    begins: datetime
    tell: Callable[[Year], Awaitable[None]]


@dataclass(frozen=True)
class Lived:
    """What there is to tell when it is over; small enough to come back from another process."""

    story: str
    page: str
    received: tuple[Received, ...]
    done: tuple[Done, ...]
    pauses: tuple[Away, ...]
    signs: tuple[tuple[str, datetime], ...]
    zones: tuple[tuple[datetime, tzinfo], ...]
    agreed: Mapping[str, int]
    """Days a week, by runner."""
    steps: Mapping[str, Sequence[StepRun]]

    def local(self, moment: datetime) -> datetime:
        """Return a moment as the runner's own clock shows it."""
        return moment.astimezone(_zone_at(moment, self.zones))

    def day(self, moment: datetime) -> date:
        """Return the runner's own day."""
        return self.local(moment).date()


def lived(story: Story) -> Lived:
    """Live through a story."""
    with TemporaryDirectory() as folder:
        return asyncio.run(_live(story, Path(folder)))


async def _live(story: Story, folder: Path) -> Lived:
    clock = FakeClock(story.begins)
    async with open_database(folder / "duurloop.db") as database:
        year = Year(SqliteStore(database), SqlitePost(database), SqliteBook(database), clock, folder)
        year.settle(story.settings)
        await story.tell(year)
        return Lived(
            story.name,
            "\n".join([f"# {story.title}", "", *wrap(story.about, 120), "", *_weeks(year)]).rstrip() + "\n",
            tuple(year.received),
            tuple(year.done),
            tuple(year.pauses),
            tuple(year.signs),
            tuple(year.zones),
            {name: year.agreed_days(name) for name in year.names},
            {name: await year.steps(name) for name in year.names},
        )


def all_lived(stories: Sequence[Story]) -> list[Lived]:
    """Live through several stories at a time, each in a process of its own."""
    with _found_by_others(), ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_be_quiet) as pool:
        return list(pool.map(lived, stories))


@contextmanager
def _found_by_others() -> Iterator[None]:
    """Let new processes find the tests, which are no part of what is installed, before those of a library."""
    root = str(Path(__file__).parent.parent.parent)
    sys.path.insert(0, root)
    try:
        yield
    finally:
        sys.path.remove(root)


def _be_quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def _zone_at(moment: datetime, zones: Sequence[tuple[datetime, tzinfo]]) -> tzinfo:
    return next((zone for since, zone in reversed(zones) if since <= moment), zones[0][1])


def _weeks(year: Year) -> Iterator[str]:
    entries: list[Happened | Received] = sorted([*year.happened, *year.received], key=lambda one: one.at)
    last: IsoWeek | None = None
    for week, found in groupby(entries, lambda one: IsoWeek.of(year.local(one.at).date())):
        if last and (gap := _between(last, week)):
            one, many = QUIET[year.language.code]
            yield from (f"*{one if gap == 1 else many.format(n=gap)}*", "")
        yield from (f"## {week_title(week, year.language)}: {week_dates(week, year.language)}", "")
        for entry in found:
            yield from (*_entry(entry, year), "")
        last = week


def _between(one: IsoWeek, other: IsoWeek) -> int:
    return (other.days[0] - one.days[0]).days // 7 - 1


def _entry(entry: Happened | Received, year: Year) -> Sequence[str]:
    local = year.local(entry.at)
    when = f"{short_day(local.date(), year.language)} {local.day}, {local:%H:%M}"
    if isinstance(entry, Happened):
        return [f"*[{when} · {entry.words}]*"]
    who = f" · {entry.runner}" if len(year.names) > 1 else ""
    lines = [f"**{when}{who} · {entry.text.title}**", *entry.text.body.splitlines()]
    return [*(f"{line}\\" for line in lines[:-1]), lines[-1]]
