"""The one place that knows every name: settings in, the parts of a service out."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from config.plan_files import builtin_plans
from config.settings import Settings
from connectors.sqlite import Database
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon.clock import Clock, SystemClock
from daemon.companion import Companion, Shared
from daemon.from_settings import (
    channel_id,
    group_of,
    keeping_of,
    plans_of,
    runners_of,
    sports_of,
    strava_terms_of,
    timezone_of,
    uploads_of,
)
from daemon.handing.handovers import Recorded
from daemon.handing.out import Outlets
from daemon.household import Runner
from daemon.importing import Harvest
from daemon.lasting_straps import LastingStraps
from daemon.page.house import House
from daemon.page.links import FEEL_SECRET
from daemon.page.terms import Door, Place, StravaEvents, Terms, listening_at
from daemon.parts import FeelUrl, MakePage, Parts, Watched
from daemon.permit import Connect
from daemon.ports import HeartRateSource, Messenger
from daemon.pulse import Beat
from daemon.redaction import redactor
from daemon.store import Store
from daemon.strava.book import Book
from daemon.strava.follower import Follower
from daemon.strava.port import Strava
from daemon.supervisor import Worker
from daemon.telling import Exit, TellingError
from daemon.weekly.gathering import Weeks
from daemon.yardstick import Yardstick


class NoApplicationError(TellingError):
    """The settings name no application at Strava."""

    ends = Exit.CONFIGURATION


def parts_of(
    settings: Settings, clock: Clock, chance: random.Random, beat: Beat, straps: LastingStraps | None = None
) -> Parts:
    """Make what the settings speak of; `straps` are those that are held already."""
    strava = strava_of(settings, clock) if settings.strava.client_id else None
    return Parts(
        runners=runners_of(settings),
        sources=_sources(settings, clock, chance, beat, straps or LastingStraps()),
        connect={runner.name: Connect(runner.connects) for runner in settings.runners},
        messengers=_messengers(settings),
        plans=plans_of(settings),
        sports=sports_of(settings),
        strava=strava,
        strava_terms=strava_terms_of(settings),
        png_of=_png_of,
        group=group_of(settings),
        feel_url=_feel_url(settings),
        page=_page(settings, strava, clock, chance),
        inbox=Watched(settings.inbox.folder, _read_file) if settings.inbox.folder else None,
        outlets=outlets_of(settings),
        copy_folder=settings.backup.folder,
    )


def outlets_of(settings: Settings) -> Outlets:
    """Return where own sessions go, and what makes files of them."""
    return Outlets(partial(_fit_of, timezone_of(settings)), settings.export.folder, uploads_of(settings))


def _fit_of(zone: tzinfo, recorded: Recorded) -> bytes:
    from importlib.metadata import version  # noqa: PLC0415 - nothing goes out, no writer, and no name for it

    from connectors.fit_writer import fit_of  # noqa: PLC0415

    run = replace(recorded.run, started_at=recorded.run.started_at.astimezone(zone))  # a file tells local time, too
    return fit_of(run, recorded.samples, software=f"duurloop {version('duurloop')}")


def strava_of(settings: Settings, clock: Clock) -> Strava:
    """Return the door to Strava for the application of the settings. Raises `NoApplicationError`."""
    from connectors.strava import StravaConnector  # noqa: PLC0415 - no application, no Strava

    strava, secret = settings.strava, settings.strava.secret
    if strava.client_id is None or secret is None:
        raise NoApplicationError(
            "no Strava application in the settings: register one at https://www.strava.com/settings/api and put its "
            "client_id and client_secret under [strava]"
        )
    return StravaConnector(strava.client_id, secret.get_secret_value(), strava.oauth_url, strava.api_url, clock.now)


def _page(settings: Settings, strava: Strava | None, clock: Clock, chance: random.Random) -> MakePage | None:
    """Return what makes the page; None where the settings want none."""
    listen, callback = settings.page.listen, settings.strava.webhook
    if listen is None:
        return None
    place = Place(listen.host, listen.port, _certificate(settings))
    terms = Terms(_door(settings), builtin_plans(), metrics=settings.page.metrics, keeping=keeping_of(settings))
    return page_at(place, terms, clock, chance, (strava, callback) if strava and callback else None)


def page_at(
    place: Place, terms: Terms, clock: Clock, chance: random.Random, calls: tuple[Strava, str] | None = None
) -> MakePage:
    """Return what makes the page of a house; `calls` is who is asked for events, and where they are to come.

    Its place is taken when it is made; aiohttp takes as long to load as all the rest, so that is done aside and later.
    Whoever comes in between waits for it.
    """

    def make(house: House, book: Book | None, follower: Follower | None) -> Worker:
        events = StravaEvents(*calls, book, follower) if calls and book and follower else None
        try:
            listener = listening_at(place.host, place.port)
        except OSError:
            listener = None  # the page says so, and tries again

        async def work() -> None:
            try:
                await asyncio.to_thread(import_module, "daemon.page.site")
                from daemon.page.site import serve_site  # noqa: PLC0415 - loaded aside by now

                await serve_site(house, place, terms, clock, chance, events, listener)
            finally:
                if listener:
                    listener.close()

        return work

    return make


def _certificate(settings: Settings) -> tuple[Path, Path] | None:
    cert, key = settings.page.tls_cert, settings.page.tls_key
    return (cert, key) if cert and key else None


def _door(settings: Settings) -> Door:
    """Say how the page can be reached."""
    page, webhook = settings.page, settings.strava.webhook
    addresses = [address for address in (page.address, webhook) if address]
    return Door(
        is_open=settings.page_is_open,
        origins=frozenset(f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, addresses)),
        is_secure=page.tls_cert is not None or (page.address or "").startswith("https://"),
    )


def shared_of(settings: Settings, store: Store, book: Book, clock: Clock, secret: bytes = b"") -> Shared:
    """Return what the companions of a household share, beside a running service or without one.

    `secret` is that of `FEEL_SECRET`; without it no links are written.
    """
    url = _feel_url(settings) if secret else None
    return Shared(
        store=store,
        clock=clock,
        plans=plans_of(settings),
        png_of=_png_of,
        accounts=book,
        keep=strava_terms_of(settings).keep,
        sports=sports_of(settings),
        group=group_of(settings),
        feel_link=lambda run: url(secret, run, clock.now()) if url else None,
    )


async def companion_of(settings: Settings, runner: Runner, database: Database, clock: Clock) -> Companion:
    """Return a runner's company, beside a running service or without one. Raises `StoreError`."""
    store = SqliteStore(database)
    shared = shared_of(settings, store, SqliteBook(database), clock, await store.secret(FEEL_SECRET))
    companion = Companion(runner, shared)
    await companion.refresh()
    return companion


def weeks_of(settings: Settings, runner: Runner, store: Store, book: Book) -> Weeks:
    """Return a runner's weeks, beside a running service or without one."""
    return Companion(runner, shared_of(settings, store, book, SystemClock())).weeks


def _png_of(svg: str) -> bytes:
    from connectors.picture import png_of  # noqa: PLC0415 - it draws once a week

    return png_of(svg)


def _feel_url(settings: Settings) -> FeelUrl | None:
    address = settings.page.address
    if address is None:
        return None
    from daemon.page.links import feel_url  # noqa: PLC0415 - no address, no links

    return lambda secret, run, now: feel_url(secret, address, run.id, now)


def _read_file(path: Path, yardstick: Yardstick, seen: Mapping[str, tuple[str, ...]]) -> Harvest:
    from daemon.reading import Job, read  # noqa: PLC0415 - no folder, no readers

    return read(Job(path), yardstick, seen)


def _messengers(settings: Settings) -> dict[str, Messenger]:
    from connectors.messenger import AppriseMessenger  # noqa: PLC0415 - Apprise comes later still, at the first send

    redact = redactor(settings.secrets())
    return {
        (name := channel_id(runner, channel)): AppriseMessenger(name, channel.address.get_secret_value(), redact)
        for runner in settings.runners
        for channel in runner.channels
    }


def _sources(
    settings: Settings, clock: Clock, chance: random.Random, beat: Beat, straps: LastingStraps
) -> dict[str, HeartRateSource]:
    worn = {runner.name: runner.strap for runner in settings.runners if runner.strap}
    if not worn:
        return {}
    from connectors.bluetooth_radio import BluetoothRadio  # noqa: PLC0415 - no strap, no bleak
    from connectors.heart_rate_strap import HeartRateStrap  # noqa: PLC0415

    adapter = settings.bluetooth.adapter
    radio = straps.radio(adapter, partial(BluetoothRadio, clock, adapter=adapter))

    def strap(name: str, pointer: str) -> HeartRateSource:
        held = partial(HeartRateStrap, pointer, radio, clock, chance=chance, beat=partial(beat, f"strap of {name}"))
        return straps.strap((name, pointer, adapter or ""), held)

    return {name: strap(name, wanted.address or wanted.name or "") for name, wanted in worn.items()}
