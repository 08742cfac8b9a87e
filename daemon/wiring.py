"""The one place that knows every name: settings in, a ready service out."""

import asyncio
import fcntl
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from config.faults import SettingsError
from config.language import catalogue
from config.plan_files import load_plan
from config.settings import Channel as ChannelSettings
from config.settings import Runner as RunnerSettings
from config.settings import Settings
from connectors.sqlite import open_database
from connectors.sqlite_post import SqlitePost
from connectors.sqlite_store import SqliteStore
from connectors.systemd import Notifier
from daemon.clock import Clock
from daemon.coach import Observer
from daemon.control import listening
from daemon.domain.heart_rate import Bpm
from daemon.domain.plan import Block, Course, PlanRef, Step, StepKind
from daemon.domain.wording import Language
from daemon.domain.zones import TargetZone, ZoneOrigin
from daemon.household import Channel, QuietHours, Runner
from daemon.permit import Connect
from daemon.ports import HeartRateSource, Messenger
from daemon.pulse import Pulses
from daemon.redaction import redactor
from daemon.remote import RefusedError
from daemon.service import LATE_S, Parts, Service
from daemon.store import Kind
from daemon.supervisor import Worker, supervise
from daemon.telling import TellingError

DATABASE_NAME, LOCK_NAME = "duurloop.db", "duurloop.lock"
WATCH_S = 5.0
"""How often life is looked at where systemd does not say how often it wants to hear of it."""

log = structlog.get_logger()


class AlreadyRunningError(TellingError):
    """Another service has this state folder."""


class StateFolderError(TellingError):
    """The state folder cannot be made or used."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the service runs in; the demonstration and the tests bring their own."""

    state: Path
    clock: Clock
    chance: random.Random = field(default_factory=random.SystemRandom)
    notifier: Notifier = field(default_factory=Notifier)
    observe: Observer | None = None


Beat = Callable[[str], None]
"""Takes a worker's sign of life, by the worker's name."""


async def serve(make_parts: Callable[[Beat], Parts], around: Surroundings, stop: asyncio.Event) -> None:
    """Run the service until `stop`. Raises `AlreadyRunningError`, `StoreError`, `OSError` when it cannot begin."""
    with _only_one(around.state):
        async with open_database(around.state / DATABASE_NAME) as database:
            store, post = SqliteStore(database), SqlitePost(database)
            pulses = Pulses(around.clock, LATE_S)
            parts = make_parts(pulses.beat)
            service = Service(parts, store, post, around.clock, around.chance, pulses, around.observe)
            await service.resume()
            async with listening(around.state, service.handlers()):
                log.info("service_started", runners=len(parts.runners), straps=len(parts.sources))
                around.notifier.ready("listening")
                watch = _watch(service, around)
                try:
                    await supervise({**service.workers(), "watch": watch}, stop)
                finally:
                    around.notifier.stopping()
                    if not await service.recorder.flush():
                        log.error("last_facts_not_kept", reason=service.recorder.trouble)
                    log.info("service_stopped")


def _watch(service: Service, around: Surroundings) -> Worker:
    """Feed systemd's watchdog for as long as every worker goes round, and say how things stand."""
    notifier = around.notifier
    pause = notifier.watchdog_s / 3 if notifier.watchdog_s else WATCH_S

    async def watch() -> None:
        told = ""
        while True:
            late = service.late()
            if not late:
                notifier.alive()
            else:
                log.error("workers_hang", workers=late)
            if (state := service.in_words()) != told:
                notifier.status(state)
                told = state
            await around.clock.sleep(pause)

    return watch


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Hold the state folder for this process alone; made if need be, and nobody else's to read."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        (state / LOCK_NAME).touch(mode=0o600)
        lock_file = (state / LOCK_NAME).open("a")
    except PermissionError:
        raise
    except OSError as error:
        raise StateFolderError(
            "the state folder {state} cannot be used ({why}): say another with --state",
            state=str(state),
            why=error.strerror,
        ) from error
    with lock_file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunningError(
                "a duurloop runs with its state in {state} already: stop that one first", state=str(state)
            ) from error
        yield


@asynccontextmanager
async def stopped_by_signals() -> AsyncIterator[asyncio.Event]:
    """Give an event that SIGTERM and SIGINT set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    with ExitStack() as stack:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
            stack.callback(loop.remove_signal_handler, number)
        yield stop


# -- settings to parts -----------------------------------------------------------------------------


def parts_of(settings: Settings, clock: Clock, chance: random.Random, beat: Beat) -> Parts:
    """Make what the settings speak of."""
    beside = settings.file.parent if settings.file else None
    return Parts(
        runners=tuple(_runner(runner, _timezone(settings), beside) for runner in settings.runners),
        sources=_sources(settings, clock, chance, beat),
        connect={runner.name: Connect(runner.connects) for runner in settings.runners},
        messengers=_messengers(settings),
        courses=lambda plan: courses_of(plan, beside),
    )


def _runner(runner: RunnerSettings, timezone: tzinfo, beside: Path | None) -> Runner:
    return Runner(
        name=runner.name,
        language=language(runner.language),
        zones=zones_of(runner),
        channels=tuple(_channel(runner, channel) for channel in runner.channels),
        timezone=timezone,
        quiet=QuietHours(runner.quiet.start, runner.quiet.end) if runner.quiet else None,
        wants_pick_up=runner.nudges.below,
        wants_hello=runner.nudges.hello,
        courses=courses_of(runner.plan, beside) if runner.plan else (),
    )


def language(code: str) -> Language:
    """Return a language by its code."""
    words = catalogue(code)
    return Language(words.gettext, words.ngettext)


def zones_of(runner: RunnerSettings) -> tuple[TargetZone, ...]:
    """Return a runner's zones as the domain has them."""
    return tuple(
        TargetZone(Bpm(zone.bounds.low), Bpm(zone.bounds.high), ZoneOrigin(zone.origin), runner.name, zone.since)
        for zone in runner.zone
    )


def courses_of(plan: str, beside: Path | None) -> tuple[Course, ...]:
    """Return a plan's steps, each as a course. Raises `RefusedError`."""
    try:
        file = load_plan(plan, beside)
    except SettingsError as error:
        raise RefusedError("{fault}", fault=str(error.faults[0])) from error
    return tuple(
        Course.of(
            (
                Block(block.repeats, tuple(Step(StepKind(part.kind), part.duration_s) for part in block.parts))
                for block in step.course
            ),
            PlanRef(file.id, number),
        )
        for number, step in enumerate(file.steps, start=1)
    )


def _channel(runner: RunnerSettings, channel: ChannelSettings) -> Channel:
    return Channel(
        _channel_id(runner, channel), channel.name, frozenset(Kind(kind) for kind in channel.purposes), channel.figures
    )


def _channel_id(runner: RunnerSettings, channel: ChannelSettings) -> str:
    return f"{runner.name}/{channel.name}"


def _messengers(settings: Settings) -> dict[str, Messenger]:
    from connectors.messenger import AppriseMessenger  # noqa: PLC0415 - Apprise comes later still, at the first send

    redact = redactor(settings.secrets())
    return {
        (name := _channel_id(runner, channel)): AppriseMessenger(name, channel.address.get_secret_value(), redact)
        for runner in settings.runners
        for channel in runner.channels
    }


def _sources(settings: Settings, clock: Clock, chance: random.Random, beat: Beat) -> dict[str, HeartRateSource]:
    worn = [(runner.name, runner.strap) for runner in settings.runners if runner.strap]
    if not worn:
        return {}
    from connectors.bluetooth_radio import BluetoothRadio  # noqa: PLC0415 - no strap, no bleak
    from connectors.heart_rate_strap import HeartRateStrap  # noqa: PLC0415

    radio = BluetoothRadio(clock, adapter=settings.bluetooth.adapter)
    return {
        name: HeartRateStrap(
            strap.address or strap.name or "", radio, clock, chance=chance, beat=partial(beat, f"strap of {name}")
        )
        for name, strap in worn
    }


def _timezone(settings: Settings) -> tzinfo:
    return ZoneInfo(settings.timezone) if settings.timezone else system_timezone()


def system_timezone() -> tzinfo:
    """Return the machine's time zone, with its summer times, not merely today's offset."""
    named = os.environ.get("TZ", "").lstrip(":")
    place = Path("/etc/localtime").resolve()
    name = named or str(place).partition("/zoneinfo/")[2]
    try:
        return ZoneInfo(name or "UTC")
    except (OSError, ValueError, KeyError):  # TZ may also hold a rule, as CET-1CEST
        return UTC
