"""`page link, revoke`: the secret link that lets a phone or a tablet in, and the way to take all of them back."""

import asyncio
import ipaddress
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat

import click

from config.forms import Listen
from config.settings import Page, Settings
from connectors.sqlite_store import SqliteStore
from daemon.cli.common import Failure, json_option, load_settings, print_json, runner_option, words
from daemon.cli.database import wake, writable
from daemon.from_settings import runner_meant
from daemon.page.keys import PAGE_SECRET, link_url
from daemon.page.links import FEEL_SECRET

FAR_AWAY = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses for examples (RFC 5737, RFC 3849): nobody has them, and the way there is the way out of the house."""
DISCARD = 9
QUIET_MODULES = 4
"""The light edge that a code must have (ISO 18004)."""


@click.group()
def page() -> None:
    """Let phones and tablets in your home network see the page."""


@page.command()
@runner_option
@json_option
@click.option("--qr/--no-qr", "wants_code", default=None, help="Show the link as a QR code, or do not.")
@click.pass_context
def link(ctx: click.Context, *, runner: str | None, as_json: bool, wants_code: bool | None) -> None:
    """Show the secret link, to open once on each phone or tablet.

    It shows the whole household, or with --runner the page of one runner.
    """
    settings = load_settings(ctx)
    listen = settings.page.listen
    if listen is None:
        raise Failure('the page is off: listen = "0.0.0.0:8421" under [page] shows it to the home network')
    whose = runner_meant(settings, runner).name if runner is not None else None
    place = place_of(settings.page, listen, own_address)
    url = link_url(asyncio.run(_secret(ctx)), place.address, whose)
    if as_json:
        print_json({"type": "page_link", "url": url, "runner": whose})
        return
    if settings.page_is_open:
        click.echo(
            words("The page is at {address}, for this machine alone; here it needs no link.").format(
                address=place.address
            )
        )
    else:
        click.echo(_for_whom(whose))
        click.echo(f"\n  {url}\n")
    if wants_code or (wants_code is None and sys.stdout.isatty() and not place.is_here):
        _draw(url)
    for line in _advice(settings, listen, place):
        click.echo(line)


@page.command()
@click.pass_context
def revoke(ctx: click.Context) -> None:
    """Take back all links, also those in messages.

    Every phone and tablet has to be let in anew.
    """
    asyncio.run(_renew(ctx))
    wake(ctx)  # the next message's link is to work
    click.echo(
        words("All links are taken back. Every phone and tablet is let in anew by a new one: duurloop page link")
    )
    click.echo(
        words("Those in messages that were sent lead nowhere either. How a run felt is still kept with: duurloop feel")
    )


async def _secret(ctx: click.Context) -> bytes:
    async with writable(ctx) as database:
        return await SqliteStore(database).secret(PAGE_SECRET)


async def _renew(ctx: click.Context) -> None:
    async with writable(ctx) as database:
        store = SqliteStore(database)
        for name in (PAGE_SECRET, FEEL_SECRET):
            await store.renew_secret(name)


# -- where the page is -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a browser finds the page."""

    address: str
    is_here: bool = False
    """No other machine does."""
    is_guess: bool = False
    """Nobody has said so; it is what this machine calls itself."""


def place_of(page: Page, listen: Listen, own: Callable[[socket.AddressFamily], str | None]) -> Place:
    """Return where the page is found; `own` returns this machine's address in the home network."""
    if page.address:
        return Place(page.address)
    scheme, family = "https" if page.tls_cert else "http", socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    listens_everywhere = _is_everywhere(listen.host)
    host = own(family) or f"{socket.gethostname().partition('.')[0]}.local" if listens_everywhere else listen.host
    written = f"[{host}]" if ":" in host else host
    return Place(f"{scheme}://{written}:{listen.port}", is_here=listen.is_loopback, is_guess=listens_everywhere)


def own_address(family: socket.AddressFamily) -> str | None:
    """Return the address with which this machine would speak to others; nothing is sent to find out."""
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        try:
            line.connect((FAR_AWAY[family], DISCARD))  # of UDP, only looks up the way
        except OSError:
            return None
        address = str(line.getsockname()[0])
    return None if ipaddress.ip_address(address).is_loopback else address


def _is_everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


# -- what is said ------------------------------------------------------------------------------------


def _for_whom(runner: str | None) -> str:
    if runner is None:
        return words("This link shows the page of the whole household:")
    return words("This link shows the page of {runner} alone:").format(runner=runner)


def _advice(settings: Settings, listen: Listen, place: Place) -> Iterator[str]:
    if place.is_here:
        yield words(
            "To see it on a phone: duurloop setup asks who may see the page; "
            'or by hand, listen = "0.0.0.0:{port}" under [page], and start the service again. '
            "Then once more: duurloop page link"
        ).format(port=listen.port)
        if settings.page_is_open:
            return
    yield words("Open it once on each phone or tablet, which is let in from then on. Whoever has it can look in.")
    yield words("duurloop page revoke takes all links back.")
    if place.is_guess:
        yield words(
            "{address} is where this machine is today. A name for it that lasts may stand under [page], as address."
        ).format(address=place.address)


# -- the code ----------------------------------------------------------------------------------------


def _draw(url: str) -> None:
    """Show a code, two rows of modules in a line of text; dark on light, whatever the terminal's own colours are."""
    import segno  # noqa: PLC0415 - for people at a terminal

    modules = segno.make(url, error="l", micro=False).matrix_iter(border=QUIET_MODULES)
    for line in code_lines(modules):
        # of the 256 colours, those that no scheme changes: dark on light is what every phone reads
        click.echo(f"\x1b[38;5;16;48;5;231m{line}\x1b[0m", color=True)


def code_lines(modules: Iterable[Iterable[int]]) -> Iterator[str]:
    """Return the lines of a code, of blocks that are half a line high."""
    rows = iter([tuple(row) for row in modules])
    for upper in rows:
        lower = next(rows, tuple(repeat(0, len(upper))))
        yield "".join(_BLOCKS[bool(above), bool(below)] for above, below in zip(upper, lower, strict=True))


_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
