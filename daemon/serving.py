"""The service from its start to its end, through every change of its settings on the way."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import structlog

from config.faults import SettingsError
from connectors.sqlite import open_database
from connectors.sqlite_copies import Copies
from connectors.sqlite_handed_out import SqliteHandovers
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_rescue import RESCUE_MEMO, is_suspect, rescue, rescue_of, suspect
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from connectors.systemd import Notifier
from daemon.clock import Clock, either, wait_for
from daemon.coach import Observer
from daemon.control import listening
from daemon.lasting_straps import LastingStraps
from daemon.parts import Parts, Shelves
from daemon.pulse import Beat, Pulses
from daemon.service import LATE_S, STRAVA_WORKER, Service
from daemon.state_folder import (
    DATABASE_NAME,
    STRAVA_LOCK_NAME,
    AlreadyRunningError,
    StateFolderError,
    alone,
    only_service,
)
from daemon.store import StoreDamagedError, StoreError, StoreTooNewError
from daemon.supervisor import Worker, supervise
from daemon.telling import TellingError
from daemon.watch import Watch

LOOK_S = 5.0
"""Between two looks whether a command is still at Strava."""
AGAIN_S = 10.0
"""Between two attempts to begin."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the service runs in; the demonstration and the tests bring their own."""

    state: Path
    clock: Clock
    chance: random.Random = field(default_factory=random.SystemRandom)
    notifier: Notifier = field(default_factory=Notifier)
    observe: Observer | None = None
    straps: LastingStraps = field(default_factory=LastingStraps)


MakeParts = Callable[[Beat], Parts]


@dataclass(frozen=True, slots=True)
class Orders:
    """What the service is told by signals."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    reload: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def signals(*, reloads: bool) -> AsyncIterator[Orders]:
    """Give the orders that signals set. SIGHUP is to reload, or without `reloads` to stop: the terminal was closed."""
    orders, loop = Orders(), asyncio.get_running_loop()
    told = {signal.SIGTERM: orders.stop, signal.SIGINT: orders.stop}
    told[signal.SIGHUP] = orders.reload if reloads else orders.stop
    with ExitStack() as stack:
        for number, order in told.items():
            before = signal.getsignal(number)
            loop.add_signal_handler(number, order.set)
            stack.callback(signal.signal, number, before)
            stack.callback(loop.remove_signal_handler, number)
        yield orders


async def serve(
    make_parts: MakeParts, around: Surroundings, stop: asyncio.Event, reload: asyncio.Event | None = None
) -> None:
    """Run the service until `stop`; when `reload` is set, it goes on with what `make_parts` makes then.

    Raises `AlreadyRunningError`, `StoreError`, `OSError` when it cannot begin; under systemd it waits then.
    """
    async with AsyncExitStack() as stack:
        house = await _entered(stack, make_parts, around, stop)
        if house is None:
            return
        handlers = house.service.handlers()
        async with listening(around.state, handlers):
            parts = house.service.parts
            log.info("service_started", runners=len(parts.runners), straps=len(parts.sources))
            around.notifier.ready("listening")
            try:
                while renewed := await _Generation(house, around, stop, reload or asyncio.Event(), make_parts).run():
                    house = await _succeeded(house, renewed, around)
                    handlers.update(house.service.handlers())
                    log.info("settings_reloaded", runners=len(renewed.runners), straps=len(renewed.sources))
                    around.notifier.ready(house.service.in_words())
            finally:
                around.notifier.stopping()
                if not await house.service.recorder.flush():
                    log.error("last_facts_not_kept", reason=house.service.recorder.trouble)
                log.info("service_stopped")


@dataclass(frozen=True, slots=True)
class _House:
    """What is there while the service runs."""

    shelves: Shelves
    pulses: Pulses
    service: Service
    damaged: asyncio.Event
    """Set when what was met in the database cannot be right."""


async def _entered(
    stack: AsyncExitStack, make_parts: MakeParts, around: Surroundings, stop: asyncio.Event
) -> _House | None:
    """Enter the house; None if `stop` comes first.

    A full disk becomes empty again, and another service ends. systemd would give up on us after some attempts, and
    each would load everything anew: where it listens, what is in the way is waited out here.
    """
    told, database, is_searched = "", around.state / DATABASE_NAME, False
    pulses = Pulses(around.clock, LATE_S)
    parts = make_parts(pulses.beat)
    while True:
        try:
            return await stack.enter_async_context(_housed(parts, pulses, around))
        except StoreTooNewError:
            raise
        except (StoreError, StateFolderError, AlreadyRunningError) as error:
            if isinstance(error, StoreDamagedError) and not is_searched:
                is_searched = True
                suspect(database)  # a quick look did not find it; a thorough one may
                continue
            if not around.notifier.is_heard:
                raise
            if str(error) != told:
                told = str(error)
                log.error("service_waits", reason=told)  # noqa: TRY400 - expected; the reason is in it
                around.notifier.ready(f"waiting, for there is no way to begin: {told}")
        around.notifier.alive()
        if await wait_for(stop, around.clock, AGAIN_S):
            around.notifier.stopping()
            return None


@asynccontextmanager
async def _housed(parts: Parts, pulses: Pulses, around: Surroundings) -> AsyncIterator[_House]:
    path = around.state / DATABASE_NAME
    with only_service(around.state):
        was_suspect = is_suspect(path)
        if rescued := await rescue(Copies(path, parts.copy_folder), around.clock.now()):
            log.error("database_was_damaged", kept_as=rescued.aside, copy_of=str(rescued.copied_at))
        async with open_database(path) as database:
            post, book, handovers = SqlitePost(database), SqliteBook(database), SqliteHandovers(database)
            # what a thorough look at this start did not find another start does not mend
            damaged = asyncio.Event() if was_suspect and not rescued else database.damaged
            shelves = Shelves(SqliteStore(database), post, book, partial(Copies, path), damaged.set, handovers)
            service = Service(parts, shelves, around.clock, around.chance, pulses, around.observe)
            await service.resume()
            if note := await book.memo(RESCUE_MEMO):  # also one that was killed before it could tell
                await service.tell_rescue(rescue_of(note))
                await book.keep_memo(RESCUE_MEMO, None)
            try:
                yield _House(shelves, pulses, service, damaged)
            finally:
                await around.straps.close()


async def _succeeded(house: _House, parts: Parts, around: Surroundings) -> _House:
    """Return the house with a service made of `parts`, which goes on where the present one is."""
    service = Service(
        parts, house.shelves, around.clock, around.chance, house.pulses, around.observe, house.service.heritage()
    )
    await service.succeed()
    return replace(house, service=service)


class _Generation:
    """A service, from one change of the settings to the next."""

    def __init__(
        self,
        house: _House,
        around: Surroundings,
        stop: asyncio.Event,
        reload: asyncio.Event,
        make_parts: MakeParts,
    ) -> None:
        self._service = house.service
        self._pulses = house.pulses
        self._around = around
        self._stop, self._reload = stop, reload
        self._make_parts = make_parts
        self._damaged = house.damaged
        self._over = asyncio.Event()
        self._next: Parts | None = None

    async def run(self) -> Parts | None:
        """Let it work until it is to stop; return what is to take its place, if it is not the end."""
        around, service = self._around, self._service
        watch = Watch(service.late, service.in_words, around.notifier, around.clock)
        self._pulses.expect(service.beating())
        workers = {
            **self._service.workers(),
            "watch": watch.run,
            "orders": self._mind_orders,
            "damage": self._mind_damage,
            "straps": self._mind_straps,
        }
        if STRAVA_WORKER in workers:
            workers[STRAVA_WORKER] = self._after_others(workers[STRAVA_WORKER])
        try:
            await supervise(workers, self._over)
        finally:
            if self._service.parts.strava:
                await self._service.parts.strava.close()
        if self._damaged.is_set():
            raise StoreDamagedError("the database is damaged: at its next start duurloop mends that")
        return self._next

    async def _mind_damage(self) -> None:
        """End the service where the database turns out to be damaged: its next start sees to that."""
        await self._damaged.wait()
        suspect(self._around.state / DATABASE_NAME)
        log.error("database_damaged")
        self._over.set()

    async def _mind_orders(self) -> None:
        while not self._over.is_set():
            await either(self._stop, self._reload)
            if self._stop.is_set():
                self._over.set()
            else:
                self._reload.clear()
                self._renew()

    def _renew(self) -> None:
        """Take new settings up, if they can be used; else all stays as it is."""
        self._around.notifier.reloading()
        try:
            self._next = self._make_parts(self._pulses.beat)
        except (SettingsError, TellingError) as error:
            faults = str(error).splitlines()
            for fault in faults:
                log.error("settings_refused", fault=fault)  # noqa: TRY400 - expected; the reason is in it
            self._service.settings_faults = faults
            self._around.notifier.ready(self._service.in_words())
        else:
            self._over.set()

    async def _mind_straps(self) -> None:
        """Let go of straps that nobody wants any more; at the end of all, while the others tidy up, too."""
        await self._around.straps.close(but=self._service.parts.sources.values())
        try:
            await asyncio.Event().wait()
        finally:
            if self._next is None:
                await self._around.straps.close()

    def _after_others(self, worker: Worker) -> Worker:
        """Let a worker begin only when no command is at Strava: two would renew the same tokens."""

        async def work() -> None:
            while True:
                with alone(self._around.state / STRAVA_LOCK_NAME) as is_alone:
                    if is_alone:
                        await worker()
                self._pulses.beat(STRAVA_WORKER)
                await self._around.clock.sleep(LOOK_S)

        return work
