"""Settings that cannot be used: a page says what is wrong with them until they can, and then the service begins."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import structlog

from config.faults import SettingsError, words_for
from config.forms import Listen
from config.settings import Page, Settings, Surroundings
from config.toml_file import check, read
from connectors.systemd import Notifier
from daemon.cli.speech import terminal_language
from daemon.clock import Clock, done_within, either

if TYPE_CHECKING:  # no fault, no page: then aiohttp is not loaded
    from daemon.page.faults import Notice, Stuck

LOOK_S = 2.0
"""How often the files are looked at."""
VARIABLES = {key: f"DUURLOOP_PAGE_{key.upper()}" for key in ("listen", "address", "tls_cert", "tls_key")}
WEBHOOK = "DUURLOOP_STRAVA_WEBHOOK"
HANDED = "CREDENTIALS_DIRECTORY"

log = structlog.get_logger()


class Mending:
    """Waits for settings that can be used."""

    def __init__(
        self,
        find: Callable[[], Path],
        load: Callable[[], Settings],
        environ: Mapping[str, str],
        clock: Clock,
        notifier: Notifier,
        restart: str,
    ) -> None:
        self._find = find
        self._load = load
        self._environ = environ
        self._clock = clock
        self._notifier = notifier
        self._restart = restart
        """What starts the service anew."""
        self._notice: Notice | None = None
        self._shown: Page | None = None
        """Where the page is, or would be if it could be had."""
        self._url: str | None = None
        """None while there is no page."""
        self._trouble: str | None = None
        """Why there is none."""

    async def settings(self, stop: asyncio.Event, look: asyncio.Event | None = None) -> Settings | None:
        """Return the settings as soon as they can be used; None if `stop` comes first. `look` brings about a look.

        Raises `SettingsError` if they cannot be used and want no page.
        """
        seen: object = None
        look = look or asyncio.Event()
        async with AsyncExitStack() as stack:
            while not stop.is_set():
                if (now := _marks(self._find())) != seen or look.is_set():
                    seen = now
                    look.clear()
                    try:
                        return self._load()
                    except SettingsError as error:
                        await self._tell(error, stack)
                elif self._url is None:
                    await self._try_again(stack)
                self._notifier.alive()
                await _any_of(stop, look, self._clock)
        self._notifier.stopping()
        return None

    async def _tell(self, error: SettingsError, stack: AsyncExitStack) -> None:
        file = self._find()
        page, is_handed_on = _page_of(file, self._environ)
        if page.listen is None:
            raise error
        for fault in error.faults:
            click.echo(str(fault), err=True)
        from daemon.page.faults import Stuck  # noqa: PLC0415 - as above

        stuck = Stuck(
            str(file),
            tuple(map(str, error.faults)),
            is_first_run=_is_first_run(error, file),
            is_private=page.listen.is_loopback and not is_handed_on,
            restart=self._restart if HANDED in self._environ else None,
        )
        await self._show(stuck, page, page.listen, stack)
        self._report(stuck)

    async def _try_again(self, stack: AsyncExitStack) -> None:
        """Ask for the page's place once more: whoever had it may be gone."""
        if self._notice and self._shown and self._shown.listen:
            await self._show(self._notice.stuck, self._shown, self._shown.listen, stack)
            if self._url:
                self._report(self._notice.stuck)

    def _report(self, stuck: "Stuck") -> None:
        """Tell systemd what is awaited, and where that is shown."""
        what = "no settings yet" if stuck.is_first_run else f"settings fault: {len(stuck.faults)}"
        how = f"the page at {self._url} shows them" if self._url else "duurloop check shows them"
        self._notifier.ready(f"{what}; {how}")

    async def _show(self, stuck: "Stuck", page: Page, listen: Listen, stack: AsyncExitStack) -> None:
        """Have the page where the settings want it; if it cannot be had, what is awaited is awaited all the same."""
        from daemon.page.faults import Notice, showing  # noqa: PLC0415 - as above

        if self._notice is None:
            self._notice = Notice(terminal_language(), stuck)
        self._notice.stuck = stuck
        if self._url is None or page != self._shown:
            await stack.aclose()
            self._shown, self._url = page, None
            certificate = (page.tls_cert, page.tls_key) if page.tls_cert and page.tls_key else None
            try:
                self._url = await stack.enter_async_context(
                    showing(listen.host, listen.port, self._notice, certificate)
                )
            except OSError as error:
                if str(error) != self._trouble:  # once will do, however often it is tried
                    log.warning("page_failed", reason=str(error))
                self._trouble = str(error)
            else:
                self._trouble = None


async def _any_of(stop: asyncio.Event, look: asyncio.Event, clock: Clock) -> None:
    """Wait until it is time to look, or one of the two says so."""
    waiting = asyncio.ensure_future(either(stop, look))
    try:
        await done_within(waiting, clock, LOOK_S)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


def _page_of(file: Path, environ: Mapping[str, str]) -> tuple[Page, bool]:
    """Return what is wanted of the page as far as it can be understood, and whether others hand requests on to it."""
    page, strava = _tables(file, "page", "strava")
    told = {**page, **{key: environ[name] for key, name in VARIABLES.items() if name in environ}}
    is_handed_on = bool(told.get("address") or strava.get("webhook") or environ.get(WEBHOOK))
    around = Surroundings(file, lambda name: name)
    for keys in (told.keys(), {"listen", "address"}, {"listen"}):
        understood, _ = check(Page, {key: told[key] for key in keys & told.keys()}, around)
        if understood:
            return understood, is_handed_on
    return Page(), is_handed_on


def _tables(file: Path, *names: str) -> tuple[Mapping[str, Any], ...]:
    """Return tables of the file, right or wrong; empty ones for what cannot be read."""
    tables: Mapping[str, Any] = {}
    with suppress(SettingsError):
        tables = read(file).tables
    found = (tables.get(name) for name in names)
    return tuple(table if isinstance(table, dict) else {} for table in found)


def _is_first_run(error: SettingsError, file: Path) -> bool:
    """Tell whether nobody is in the settings yet, or there are none."""
    try:
        return not read(file).tables.get("runners")
    except SettingsError:
        return any(fault.reason == words_for("file_missing") for fault in error.faults)


def _marks(file: Path) -> tuple[object, ...]:
    """Return what changes when the settings do, or what they speak of: credentials, and plans that lie beside them."""
    near = (file, *_entries(file.parent, "*.toml"), *_entries(file.parent / "credentials", "*"))
    return tuple((str(path), _mark(path)) for path in near)


def _entries(folder: Path, pattern: str) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(folder.glob(pattern))


def _mark(path: Path) -> tuple[int, ...]:
    with suppress(OSError):
        status = path.stat()
        return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns  # ctime: who may read it
    return ()
