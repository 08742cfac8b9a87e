"""The running service: whom it follows, its workers, and the commands that reach it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias

import structlog

from daemon.clock import Clock, wait_for
from daemon.coach import Coach, Observer
from daemon.commands import Commands
from daemon.companion import Companion, Shared
from daemon.control import Handler
from daemon.domain.run import Run, Source
from daemon.domain.session import Close, Effect, Event, Open
from daemon.domain.wording import channel_text
from daemon.following import Followed
from daemon.handing.out import HandingOut
from daemon.inbox import Inbox
from daemon.keeping.copies import Rescue
from daemon.keeping.housekeeping import Duties, Housekeeper
from daemon.last_resort import LastResort
from daemon.letters import Scribe
from daemon.outbox import Outbox
from daemon.page.feed import Feed
from daemon.page.house import House
from daemon.page.links import FEEL_SECRET
from daemon.parts import Heritage, Parts, Shelves
from daemon.permit import Connect, StrapPermit
from daemon.pulse import Pulses
from daemon.recorder import Recorder
from daemon.remote import Answer, RefusedError
from daemon.status import StatusReport
from daemon.store import Kind, Letter, StoreError
from daemon.strava.book import Book
from daemon.strava.follower import PURGE_EVERY, Follower
from daemon.strava.report import LinksReport
from daemon.strava.uploading import Outgoing
from daemon.supervisor import Worker

TICK_S, IDLE_TICK_S = 1.0, 10.0
STRAVA_WORKER = "strava"
ZONES_EVERY_S = 60.0
ARRIVALS_S = 90.0
"""So long after a start the folder and Strava have been looked at."""
LATE_S = 120.0
"""A worker that has not gone round for this long hangs."""

HeardWorker: TypeAlias = Callable[[Callable[[], None]], Awaitable[None]]
"""Work that calls what it is given each time it goes round."""

log = structlog.get_logger()


class Service:
    """All that goes on while `duurloop run` runs."""

    def __init__(
        self,
        parts: Parts,
        shelves: Shelves,
        clock: Clock,
        chance: random.Random,
        pulses: Pulses,
        observe: Observer | None = None,
        heritage: Heritage | None = None,
    ) -> None:
        """Make it of its parts; with a `heritage` it goes on where the one before it ended."""
        store, post = shelves.store, shelves.post
        self.parts = self._parts = parts
        self._shelves = shelves
        self._store = store
        self._clock = clock
        self._pulses = pulses
        self._observers = [observer for observer in (self._mind_permit, observe) if observer]
        self._stir = asyncio.Event()
        self.outbox = Outbox(post, parts.messengers, clock, chance, self._channel_notice)
        self.recorder = heritage.recorder if heritage else Recorder(store, clock)
        self.recorder.letters_kept = self._wake_senders
        self.settings_faults: Sequence[str] = ()
        """Why newer settings are not in force, if there are some."""
        self._feel_secret = heritage.feel_secret if heritage else b""
        shared = Shared(
            store=store,
            clock=clock,
            plans=parts.plans,
            png_of=parts.png_of,
            accounts=shelves.book,
            keep=parts.strava_terms.keep,
            sports=parts.sports,
            group=parts.group,
            feel_link=self._feel_link,
            letters_kept=self.outbox.wake,
            outlets=parts.outlets.of if parts.outlets and shelves.handovers else lambda _: frozenset(),
        )
        self._companions = {runner.name: Companion(runner, shared) for runner in parts.runners}
        known = heritage.followed if heritage else {}
        self._newcomers = self._companions.keys() - known.keys()
        self._followed = {
            name: self._renewed(known[name], companion)
            if name in known
            else Followed(
                Coach(companion.afterwards, self.recorder, clock, chance, self._observe),
                StrapPermit(self._connect(name)),
                parts.sources.get(name),
            )
            for name, companion in self._companions.items()
        }
        self._diaries = {
            name: companion.diary(partial(self._is_running, name))
            for name, companion in self._companions.items()
            if companion.runner.agreement
        }
        libraries = {name: companion.library for name, companion in self._companions.items()}
        self._inbox = Inbox(parts.inbox.folder, libraries, parts.inbox.read, store, clock) if parts.inbox else None
        going_out = (parts.outlets, shelves.handovers) if parts.outlets and shelves.handovers else None
        self._handing_out = (
            HandingOut(*going_out, parts.runners, store, clock, chance, self.outbox.wake) if going_out else None
        )
        outgoing = Outgoing(going_out[1], going_out[0].fit_of) if going_out else None
        self._strava = (
            Follower(parts.strava, shelves.book, store, libraries, parts.strava_terms, clock, chance, outgoing)
            if parts.strava and shelves.book
            else None
        )
        self._links = (
            LinksReport(shelves.book, parts.strava_terms, clock, self._strava, shelves.handovers)
            if shelves.book
            else None
        )
        planners = {name: companion.planner for name, companion in self._companions.items()}
        self._commands = Commands(self._followed, planners, parts.plans, self.recorder, clock)
        self._housekeeper = self._hired(shelves)
        self._report = StatusReport(self._followed, self._diaries, store, post, self.outbox, clock)
        self._last_resort = LastResort(parts.runners, self.recorder, self.outbox, clock)
        self._feed = Feed(self._followed, clock, heritage.feed if heritage else None)
        if heritage:
            self._report.since = heritage.since
        if parts.page:
            self._observers.append(self._feed.observe)

    async def resume(self) -> None:
        """Find back into sessions that were open when the service last stopped."""
        await self._refresh()
        await self._find_back(self._followed)
        await self.recorder.flush()

    def heritage(self) -> Heritage:
        """Return what the next service needs to go on."""
        return Heritage(self._followed, self.recorder, self._feed, self._feel_secret, self._report.since)

    async def succeed(self) -> None:
        """Go on where the service before this one was; sessions did not end with it."""
        now = self._clock.monotonic()
        for name, followed in self._followed.items():
            followed.take(self._parts.sources.get(name), now)
        try:
            await self._refresh()
            await self._find_back({name: self._followed[name] for name in self._newcomers})
        except StoreError as error:
            log.warning("not_looked_at_the_database", reason=str(error))  # the zones are looked at again soon

    async def _find_back(self, those: Mapping[str, Followed]) -> None:
        for kept in await self._store.open_sessions():
            followed = those.get(kept.runner)
            if kept.runner in self._followed.keys() - those.keys():
                continue
            if followed is None or followed.coach.is_open:
                # a runner who left the settings may come back to them; the samples stay
                log.warning("session_left_open", session=kept.id)
            else:
                followed.coach.resume(kept)
                if followed.coach.is_open:
                    followed.permit.arm()  # whoever held the strap for this session may hold it again
        for followed in those.values():
            for run in await self._store.runs(followed.name, limit=1):
                if Source.STRAP in run.sources:
                    followed.coach.rest_after(run)

    def _renewed(self, followed: Followed, companion: Companion) -> Followed:
        followed.coach.renew(companion.afterwards, self._observe)
        followed.permit.renew(self._connect(followed.name), is_running=followed.coach.is_open)
        return followed

    def _connect(self, name: str) -> Connect:
        return self._parts.connect.get(name, Connect.ALWAYS)

    def workers(self) -> dict[str, Worker]:
        """Return what must run for the service to be alive."""
        heard = {name: partial(work, partial(self._pulses.beat, name)) for name, work in self._heard().items()}
        return {**self._unheard(), **heard}

    def beating(self) -> list[str]:
        """Return of whom is heard every minute or two, whatever happens."""
        return [*self._heard(), *(f"channel {channel}" for channel in self._parts.messengers)]

    def _heard(self) -> dict[str, HeardWorker]:
        work: dict[str, HeardWorker] = {
            "ticker": self._tick,
            "zones": self._mind_zones,
            "last resort": self._last_resort.run,
        }
        for name, diary in self._diaries.items():
            work[f"diary of {name}"] = partial(self._after_arrivals, diary.run)
        if self._inbox:
            work["inbox"] = self._inbox.run
        if self._housekeeper:
            work["housekeeper"] = self._housekeeper.run
        if self._handing_out:
            work["handing out"] = self._handing_out.run
        if self._strava:
            work[STRAVA_WORKER] = self._strava.run
        return work

    def _unheard(self) -> dict[str, Worker]:
        """Return those that wait for something of which nobody knows when it comes."""
        work: dict[str, Worker] = {"recorder": self.recorder.run, "outbox": self._send}
        work |= {f"strap of {name}": followed.follow for name, followed in self._followed.items() if followed.source}
        if self._shelves.book and not self._strava:
            work["keeper"] = partial(self._purge, self._shelves.book)
        if self._parts.page:
            house = House(
                self._companions,
                self._followed,
                self._store,
                self._clock,
                self.handlers(),
                self._feed,
                self._shelves.handovers,
            )
            work["feed"] = self._feed.run
            work["page"] = self._parts.page(house, self._shelves.book, self._strava)
        return work

    def handlers(self) -> dict[str, Handler]:
        """Return the commands by name."""
        own = {"status": self._status, "wake": self._wake, "strava": self._strava_report, "strava_look": self._look}
        return {**own, **self._commands.handlers()}

    def late(self) -> list[str]:
        """Return the workers that hang."""
        return [*self._pulses.late(), *(["recorder"] if self.recorder.hangs(LATE_S) else [])]

    def in_words(self) -> str:
        """Say in a line how things stand, without any figure of health; systemctl shows it."""
        straps = sum(followed.link.connected for followed in self._followed.values())
        sessions = sum(followed.coach.is_open for followed in self._followed.values())
        words = [f"{straps} of {len(self._parts.sources)} straps connected", f"{sessions} sessions open"]
        trouble = {followed.link.trouble.value for followed in self._followed.values() if followed.link.trouble}
        words += [f"radio: {one}" for one in sorted(trouble)]
        words += ["the database takes nothing"] if self.recorder.trouble else []
        words += ["newer settings cannot be used: duurloop check tells why"] if self.settings_faults else []
        return ", ".join(words)

    async def _status(self, asked: Mapping[str, Any]) -> Answer:
        del asked
        copied_at = self._housekeeper.copied_at() if self._housekeeper else None
        status = await self._report.make(self.recorder.trouble, self.late(), copied_at)
        links = await self._links.make() if self._links else []
        return {
            **status,
            "strava": links,
            "inbox": self._inbox.report() if self._inbox else None,
            "handing_out": await self._handing_out.report() if self._handing_out else None,
            "copies": self._housekeeper.report() if self._housekeeper else None,
            "settings": {"faults": list(self.settings_faults)},
        }

    async def _wake(self, asked: Mapping[str, Any]) -> Answer:
        """Look at what another process has kept."""
        del asked
        self.outbox.wake()
        await self._refresh()
        await self._mind_forgotten()
        for diary in self._diaries.values():
            diary.wake()
        return {}

    async def _mind_forgotten(self) -> None:
        """Let go of a last run that a command has erased."""
        if not await self.recorder.flush():
            return
        for followed in self._followed.values():
            last = followed.coach.last_run
            if last and await self._store.run(last.id) is None:
                followed.coach.last_run = None

    async def tell_rescue(self, rescue: Rescue) -> None:
        """Tell the runners what became of a database that was damaged. Raises `StoreError`."""
        if self._housekeeper:
            await self._housekeeper.tell_rescue(rescue)

    def _hired(self, shelves: Shelves) -> Housekeeper | None:
        if shelves.copies_in is None:
            return None
        duties = Duties(self._parts.runners, self._store, self.outbox.wake, self._is_busy, shelves.found_damage)
        return Housekeeper(shelves.copies_in(self._parts.copy_folder), duties, self._clock)

    def _is_busy(self) -> bool:
        return any(followed.coach.is_open for followed in self._followed.values())

    def _wake_senders(self) -> None:
        """Send what has just been kept."""
        self.outbox.wake()
        if self._handing_out:
            self._handing_out.wake()
        if self._strava:
            self._strava.wake()

    async def _after_arrivals(self, diary: HeardWorker, beat: Callable[[], None]) -> None:
        """Let what came in while the house was off find its place before anything is said of it."""
        if self._inbox or self._strava:
            await self._clock.sleep(ARRIVALS_S)
        await diary(beat)

    async def _mind_zones(self, beat: Callable[[], None]) -> None:
        """Look at the zones now and then, in case a command could not reach the service."""
        while True:
            beat()
            await self._clock.sleep(ZONES_EVERY_S)
            with suppress(StoreError):
                await self._refresh()

    async def _refresh(self) -> None:
        """Go by the zones as they are set by now; a session that is open keeps the one of its start.

        And write links with the secret of now: those before it may have been taken back.
        """
        self._feel_secret = await self._store.secret(FEEL_SECRET)
        for name, companion in self._companions.items():
            self._followed[name].coach.runner = await companion.refresh()

    def _is_running(self, name: str) -> bool:
        return self._followed[name].coach.is_open

    def _feel_link(self, run: Run) -> str | None:
        url = self._parts.feel_url
        return url(self._feel_secret, run, self._clock.now()) if url else None

    async def _strava_report(self, asked: Mapping[str, Any]) -> Answer:
        del asked
        return {"links": await self._links.make() if self._links else []}

    async def _look(self, asked: Mapping[str, Any]) -> Answer:
        if self._strava is None:
            raise RefusedError("no Strava application in the settings when the service started: restart it")
        self._strava.look_now(asked.get("runner"))
        return await self._strava_report(asked)

    async def _purge(self, book: Book) -> None:
        """Forget in time what came by Strava, also when the settings have no application any more."""
        while True:
            with suppress(StoreError):
                await book.purge(self._clock.now() - self._parts.strava_terms.keep + PURGE_EVERY)
            await self._clock.sleep(PURGE_EVERY.total_seconds())

    async def _send(self) -> None:
        await self.outbox.run(lambda channel: self._pulses.beat(f"channel {channel}"))

    async def _tick(self, beat: Callable[[], None]) -> None:
        while True:
            beat()
            self._stir.clear()
            now = self._clock.monotonic()
            for followed in self._followed.values():
                followed.permit.refresh(now)
                followed.coach.tick()
            if any(followed.coach.is_open for followed in self._followed.values()):
                await self._clock.sleep(TICK_S)
            else:
                await wait_for(self._stir, self._clock, IDLE_TICK_S)

    def _observe(self, runner: str, event: Event, effects: tuple[Effect, ...]) -> None:
        for observer in self._observers:
            observer(runner, event, effects)

    def _mind_permit(self, runner: str, _event: Event, effects: tuple[Effect, ...]) -> None:
        if any(isinstance(effect, Open) for effect in effects):
            self._stir.set()
        if any(isinstance(effect, Close) for effect in effects):
            self._followed[runner].permit.disarm()

    def _channel_notice(self, channel: str, reason: str) -> list[Letter]:
        """Tell the runner by their other channels that this one wants a look."""
        owners = ((runner, own) for runner in self._parts.runners for own in runner.channels if own.id == channel)
        runner, own = next(owners, (None, None))
        if runner is None or own is None:
            return []
        text = channel_text(own.name, reason, runner.language)
        key = f"channel:{channel}:{self._clock.now():%Y-%m-%d}"
        return Scribe(runner, self._clock).write(Kind.SERVICE, key, lambda _: text, skip=channel)
