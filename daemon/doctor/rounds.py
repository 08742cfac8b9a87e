"""The doctor's round through the house: what is examined, with what the settings and the running service say."""

import asyncio
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from config.faults import Fault, words_for
from config.settings import Channel as ChannelSettings
from config.settings import Runner, Settings, settings_warnings
from connectors.messenger import AppriseMessenger
from connectors.picture import png_of
from connectors.sqlite import open_readonly
from connectors.sqlite_post import SqlitePost
from daemon.clock import SystemClock
from daemon.doctor import bluetooth, channels, clock, database, page, program, service, settings, strap, strava
from daemon.doctor.examining import PATIENCE_S, Examination, Shell, run_command
from daemon.doctor.finding import Finding, Level, Link, sentence
from daemon.domain.wording import Text
from daemon.from_settings import MAILBOXES, channel_id, language, strava_terms_of, timezone_of
from daemon.installation.layout import Layout
from daemon.installation.unit import unit_of
from daemon.redaction import redactor
from daemon.remote import NoAnswerError, NotRunningError, RefusedError, ask
from daemon.service_manager import ServiceManager, manager_of
from daemon.state_folder import DATABASE_NAME
from daemon.store import StoreError
from daemon.trial import trial_text
from daemon.wiring import strava_of

_CLOSED = ("file_forbidden", "credential_unreadable")
"""Kinds of faults that are those of whoever looks."""
ASK_S = 10.0
"""A service that is well answers in a moment, on a busy machine in a few."""


@dataclass(frozen=True, slots=True)
class House:
    """What the round goes through."""

    state: Path
    file: Path
    settings: Settings | None
    """None where they cannot be used."""
    faults: Sequence[Fault] = ()
    shell: Shell = run_command
    sys: Path = Path("/sys")
    seconds: float = 8.0
    """To listen for straps."""
    send: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True, slots=True)
class _Running:
    """What the service says of itself."""

    status: dict[str, Any] | None = None
    silence: str | None = None


def round_of(house: House) -> list[Examination]:
    """Return what is to be examined; the service is asked first, for much hangs on whether it runs."""
    likely = manager_of(house.state)
    unit, running = service.look_at_unit(house.shell, likely), _asked(house.state)
    manager = unit.manager if unit else likely
    return [
        Examination(Link.PROGRAM, "program", lambda: program.judge_program(program.look_at_program())),
        Examination(Link.SETTINGS, "settings", partial(_settings, house, unit)),
        Examination(Link.DATABASE, "database", partial(_database, house, manager)),
        Examination(Link.CLOCK, "clock", partial(_clock, house)),
        Examination(Link.SERVICE, "service", partial(_service, house, unit, running, manager)),
        *_of_settings(house, running, manager),
    ]


def _of_settings(house: House, running: _Running, manager: ServiceManager) -> Iterator[Examination]:
    told = house.settings
    if told is None:
        yield Examination(Link.BLUETOOTH, "radio", partial(_radio, house, None))
        for link in (Link.STRAP, Link.STRAVA, Link.CHANNEL, Link.PAGE):
            yield Examination(link, link.value, partial(_without_settings, link))
        return
    worn = [runner for runner in told.runners if runner.strap]
    if worn:
        yield Examination(Link.BLUETOOTH, "radio", partial(_radio, house, told.bluetooth.adapter))
    else:
        reason = sentence("Nobody has a strap in the settings, so Bluetooth is not needed.")
        yield Examination(Link.BLUETOOTH, "radio", lambda: [Finding(Link.BLUETOOTH, "radio", Level.OK, reason)])
    yield Examination(Link.STRAP, "strap", partial(_straps, house, told, running), house.seconds + PATIENCE_S)
    yield Examination(Link.STRAVA, "strava", partial(_strava, house, told, running))
    yield Examination(Link.PAGE, "page", partial(_page, told, running, manager))
    yield from _channels(house, told, running)


# -- the service -----------------------------------------------------------------------------------


def _asked(state: Path) -> _Running:
    """Ask the service how it is; one that hangs is not waited for."""
    answers: list[_Running] = []
    asking = threading.Thread(target=lambda: answers.append(_answer(state)), name="ask the service", daemon=True)
    asking.start()
    asking.join(ASK_S)
    return answers[0] if answers else _Running(silence="no_answer")


def _answer(state: Path) -> _Running:
    try:
        return _Running(ask(state, "status"))
    except NotRunningError:
        return _Running()
    except PermissionError:
        return _Running(silence="forbidden")
    except (NoAnswerError, RefusedError):
        return _Running(silence="no_answer")


def _service(house: House, unit: service.Unit | None, running: _Running, manager: ServiceManager) -> list[Finding]:
    return service.judge_service(
        service.Running(
            unit,
            running.status,
            running.silence,
            service.complaints_of(unit, house.shell),
            house.state,
            service.installed_at(),
            is_unit_old=unit is not None and unit.is_installed and _is_old(unit, house.environ),
            manager=manager,
        )
    )


def _is_old(unit: service.Unit, environ: Mapping[str, str]) -> bool:
    layout = Layout.of_user(Path.home(), environ) if unit.is_users else Layout.of_system()
    with suppress(OSError):
        return _lines_of(layout.unit.read_text(encoding="utf-8")) != _lines_of(unit_of(layout))
    return False


def _lines_of(text: str) -> list[str]:
    """Return what a unit says, but for where the program lies: this one may have been called from elsewhere."""
    return [line for line in text.splitlines() if line and not line.startswith(("#", "Exec"))]


# -- house and settings ----------------------------------------------------------------------------


def _settings(house: House, unit: service.Unit | None) -> list[Finding]:
    told = house.settings
    folders = {"import": told.inbox.folder, "export": told.export.folder, "backup": told.backup.folder} if told else {}
    return settings.judge_settings(
        settings.Told(
            str(house.file),
            house.faults,
            _warnings(told) if told else (),
            settings.folders_of(folders, unit, house.state),
            is_forbidden=any(fault.reason in {words_for(kind) for kind in _CLOSED} for fault in house.faults),
            is_missing=any(fault.reason == words_for("file_missing") for fault in house.faults),
            user=settings.service_user(unit),
        )
    )


def _warnings(told: Settings) -> list[str]:
    """Return the warnings of `check`, but for what is said under the messages."""
    said = {words_for("warn_no_channel", runner=runner.name) for runner in told.runners}
    return [warning for warning in settings_warnings(told) if warning not in said]


def _database(house: House, manager: ServiceManager) -> list[Finding]:
    copies = house.settings.backup.folder if house.settings else None
    return database.judge_database(database.look_at_database(house.state, copies, SystemClock().now()), manager)


def _clock(house: House) -> list[Finding]:
    told = house.settings
    return clock.judge_time(
        clock.look_at_time(
            SystemClock().now(),
            told.timezone if told else None,
            (house.file, house.state / DATABASE_NAME),
            house.shell,
            agreed=told is not None and any(runner.days or runner.channels for runner in told.runners),
            root=house.sys.parent,
        )
    )


def _without_settings(link: Link) -> list[Finding]:
    reason = sentence("Not looked at: that needs settings that can be used.")
    return [Finding(link, link.value, Level.UNKNOWN, reason)]


# -- radio and straps ------------------------------------------------------------------------------


def _radio(house: House, adapter: str | None) -> list[Finding]:
    return bluetooth.judge_radio(bluetooth.look_at_radio(adapter, house.shell, house.sys))


def _straps(house: House, told: Settings, running: _Running) -> list[Finding]:
    worn = [strap.Wanted(runner.name, pointer) for runner in told.runners if (pointer := _pointer(runner))]
    found = strap.judge_unlooked([runner.name for runner in told.runners if not runner.strap])
    if running.status:
        of = {runner["name"]: runner for runner in running.status["runners"]}
        followed = [one for one in worn if one.runner in of]
        return [*found, *_chained(strap.judge_followed(of[one.runner], one.pointer) for one in followed)]
    if running.silence:
        return [*found, *_chained(strap.judge_unasked(one) for one in worn)]
    if not worn:
        return found
    seen = strap.look_for(worn, house.seconds, told.bluetooth.adapter)
    return [*found, *_chained(strap.judge_look(one, seen[one.pointer]) for one in worn)]


def _chained(lists: Iterable[list[Finding]]) -> list[Finding]:
    return [finding for findings in lists for finding in findings]


def _pointer(runner: Runner) -> str | None:
    return (runner.strap.address or runner.strap.name) if runner.strap else None


# -- the outside -----------------------------------------------------------------------------------


def _strava(house: House, told: Settings, running: _Running) -> list[Finding]:
    has_application = told.strava.client_id is not None
    uploads = frozenset(runner.name for runner in told.runners if runner.upload)
    if running.status:
        links = running.status["strava"] or []
        return strava.judge_strava(strava.Links(has_application, tuple(links), wants_upload=uploads))
    own = SystemClock()
    door = strava_of(told, own) if has_application else None
    return strava.judge_strava(strava.look_at_strava(house.state, door, strava_terms_of(told), own, uploads))


def _page(told: Settings, running: _Running, manager: ServiceManager) -> list[Finding]:
    wanted, listen = told.page, told.page.listen
    place = None
    if listen:
        pair = (wanted.tls_cert, wanted.tls_key) if wanted.tls_cert and wanted.tls_key else None
        place = page.Place(listen.host, listen.port, listen.is_loopback, wanted.address, pair)
    looked = page.look_at_page(place, SystemClock().now(), is_running=running.status is not None)
    return page.judge_page(looked, manager)


def _channels(house: House, told: Settings, running: _Running) -> Iterator[Examination]:
    health = channels.health_told(running.status) if running.status else _kept_health(house.state)
    within_s = channels.TRIAL_S if house.send else PATIENCE_S
    for runner in told.runners:
        for channel in runner.channels:
            way = _way(told, runner, channel)
            examine = partial(_channel, way, health.get(way.id), send=house.send)
            yield Examination(Link.CHANNEL, way.id, examine, within_s)
        if not runner.channels:
            yield Examination(Link.CHANNEL, runner.name, partial(_no_channel, runner.name))


def _channel(way: channels.Way, health: channels.Health | None, *, send: bool) -> list[Finding]:
    return [channels.judge_channel(channels.look_at_channel(way, health, send=send))]


def _no_channel(runner: str) -> list[Finding]:
    return [channels.judge_none(runner)]


def _way(told: Settings, runner: Runner, channel: ChannelSettings) -> channels.Way:
    url, name = channel.address.get_secret_value(), channel_id(runner, channel)

    def text() -> Text:
        now = datetime.now(timezone_of(told))
        picture = png_of if url.lower().startswith(MAILBOXES) else None
        return trial_text(runner.name, channel.name, language(runner.language), now, picture)

    return channels.Way(name, url, AppriseMessenger(name, url, redactor(told.secrets())), text)


def _kept_health(state: Path) -> dict[str, channels.Health]:
    """Return how it went, as the database has it."""
    path = state / DATABASE_NAME

    async def look() -> dict[str, channels.Health]:
        async with open_readonly(path) as opened:
            known = await SqlitePost(opened).health()
        return {one.channel: channels.Health(one.reason or "", one.settings_fault) for one in known}

    with suppress(StoreError, OSError):
        if path.exists() and path.stat().st_size:
            return asyncio.run(look())
    return {}
