"""`strava link, unlink, status, sync`: runs that come by Strava's API."""

import asyncio
import hmac
import os
import secrets
import select
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import click

from config.settings import Settings
from connectors.oauth_callback import OAuthCallback, Redirect, redirect_of
from connectors.sqlite_copies import Copies, unlinked
from connectors.sqlite_handed_out import SqliteHandovers
from connectors.sqlite_store import SqliteStore
from connectors.sqlite_strava import SqliteBook
from daemon.cli.common import Exit, Failure, json_option, load_settings, print_json, runner_option, state_folder, words
from daemon.cli.database import readable, writable
from daemon.cli.saying import agree
from daemon.cli.strava_words import link_lines
from daemon.clock import Clock, SystemClock
from daemon.commands import chosen
from daemon.from_settings import runners_of, strava_terms_of, uploads_of
from daemon.keeping.copies import CopyError
from daemon.logs import only_errors
from daemon.remote import NoAnswerError, NotRunningError, RefusedError, ask
from daemon.state_folder import DATABASE_NAME, STRAVA_LOCK_NAME, alone, prepare
from daemon.strava.book import Account, State
from daemon.strava.follower import Follower
from daemon.strava.port import WANTED_SCOPES, Scope, Strava, StravaError, missing_scopes
from daemon.strava.report import LinksReport
from daemon.strava.uploading import Outgoing
from daemon.strava.words import SCOPES, STATES
from daemon.wiring import companion_of, outlets_of, strava_of

PATIENCE_S = 300.0
LONGEST_PAUSE_S = 20 * 60.0
"""A quarter of an hour is waited for; a used-up day is not."""
LOOK_S = 0.5
WORTH_SAYING_S = 30.0
PASTE_TO = "http://localhost/strava"
"""Nobody listens there; the browser shows the address all the same."""

Progress = Callable[[int, float], None]
"""Shows how many runs are to be read, and for how many seconds Strava has to be waited for."""


@click.group()
def strava() -> None:
    """Bring in the runs that you keep on Strava."""


@strava.command()
@click.option("--paste", is_flag=True, help="Print the address, and take the address the browser ended at on stdin.")
@runner_option
@click.pass_context
def link(ctx: click.Context, *, paste: bool, runner: str | None) -> None:
    """Allow duurloop to read your activities.

    Where the settings want that, it may add your sessions, too. A browser opens on this machine or, with --paste,
    you open the address on another one.
    """
    settings, clock = load_settings(ctx), SystemClock()
    name = chosen([one.name for one in settings.runners], runner)
    door, check, uploads = strava_of(settings, clock), secrets.token_urlsafe(24), name in uploads_of(settings)
    address_for = partial(door.authorization_url, state=check, uploads=uploads)
    redirect = _from_paste(address_for, check) if paste else _from_browser(address_for, check)
    if "code" not in redirect:
        raise Failure("Strava was told no; nothing has changed. To try again: duurloop strava link")
    account = asyncio.run(_link(ctx, door, clock, name, redirect))
    for scope in missing_scopes(account.scopes, uploads=uploads):
        click.echo(words(SCOPES[scope]), err=True)
    if not _may_read(account.scopes):
        raise Failure(STATES[State.SCOPE])
    _wake(ctx, name)
    click.echo(
        words(
            "Linked. Runs of the last {days} days follow within minutes. What comes by Strava is kept that long, for "
            "your eyes only, and goes when it goes there. Older runs: duurloop import, with the archive that Strava "
            "sends you."
        ).format(days=settings.strava.keep_days)
    )


@strava.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@runner_option
@click.pass_context
def unlink(ctx: click.Context, *, yes: bool, runner: str | None) -> None:
    """End the access at Strava, and erase all that came by it."""
    settings = load_settings(ctx)
    door = strava_of(settings, SystemClock()) if settings.strava.client_id else None
    if not yes:
        agree(words("End the link, and forget all that came by it?"))
    name, trouble = asyncio.run(_unlink(ctx, door, runner))
    _wake(ctx, name)
    click.echo(words("Unlinked. The tokens and all that came by Strava are gone; runs from strap and files stay."))
    untouched = _cleanse_copies(ctx, settings, name)
    if trouble:
        told = words(
            "Strava itself could not be told ({reason}): end the access at https://www.strava.com/settings/apps"
        )
        raise Failure(told, reason=words(trouble))
    if untouched:
        raise Failure(untouched.sentence, **untouched.parts)


@strava.command()
@json_option
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """Say how it is with the link, what is held and until when."""
    links = _links(ctx)
    if as_json:
        print_json({"type": "strava", "links": links})
        return
    for line in link_lines(links) or [words("Nobody is linked to Strava: duurloop strava link")]:
        click.echo(line)


@strava.command()
@runner_option
@json_option
@click.pass_context
def sync(ctx: click.Context, *, runner: str | None, as_json: bool) -> None:
    """Look at Strava now, and fetch all that may be fetched."""
    settings = load_settings(ctx)
    name = chosen([one.name for one in settings.runners], runner) if runner else None
    say: Progress = (lambda *_: None) if as_json else _say_progress
    try:
        ask(state_folder(ctx), "strava_look", runner=name)
    except NotRunningError:
        with only_errors():
            links = asyncio.run(_sync_alone(ctx, settings, name, say))
    else:
        links = asyncio.run(_sync_by_service(ctx, say))
    mine = [one for one in links if name in (None, one["runner"])]
    if not mine:
        raise Failure("nobody is linked to Strava: duurloop strava link")
    if as_json:
        print_json({"type": "strava", "links": mine})
    else:
        for line in link_lines(mine):
            click.echo(line)
    if any(one["needs_you"] for one in mine):
        ctx.exit(Exit.UNAVAILABLE)
    if any(one["busy"] or one["held"]["unread"] or one["waits_s"] > LONGEST_PAUSE_S for one in mine):
        ctx.exit(Exit.TRY_LATER)


# -- linking ---------------------------------------------------------------------------------------


def _from_browser(address_for: Callable[[str], str], check: str) -> Redirect:
    """Wait for a browser on this machine; on another one it cannot come back, but what it shows can be pasted."""
    goodbye = words("Thank you. You may close this page; the rest is told in the terminal.")
    with OAuthCallback(lambda redirect: _is_ours(redirect, check), goodbye) as callback:
        address = address_for(callback.address)
        click.echo(words("Open this address in a browser and say yes:"), err=True)
        click.echo(address)
        click.echo(words("If the browser is on another machine, paste the address at which it ends here:"), err=True)
        if _has_browser():
            # some browsers keep whoever opened them waiting until the page is there, which is up to us
            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
        redirect = callback.wait(PATIENCE_S, _waiting_line)
    if redirect is None:
        raise Failure("no browser came back within five minutes; try duurloop strava link --paste")
    return _checked(redirect, check)


def _has_browser() -> bool:
    """Tell whether a browser on this machine would be seen by whoever types."""
    return any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))


def _waiting_line() -> Redirect | None:
    """Return what was typed or pasted since, if anything was."""
    with suppress(OSError, TypeError, ValueError):  # there may be no terminal at all
        if select.select([sys.stdin], [], [], 0)[0] and (line := sys.stdin.readline()).strip():
            return redirect_of(line) or {"line": "no address"}
    return None


def _from_paste(address_for: Callable[[str], str], check: str) -> Redirect:
    click.echo(words("Open this address in a browser, on any machine, and say yes:"), err=True)
    click.echo(address_for(PASTE_TO))
    click.echo(words("The browser then ends at a page that it can't show. Paste that page's address here:"), err=True)
    return _checked(redirect_of(sys.stdin.readline()), check)


def _checked(redirect: Redirect, check: str) -> Redirect:
    if "code" not in redirect and "error" not in redirect:
        raise Failure("that address has no code in it: paste the whole address at which the browser ended")
    if not _is_ours(redirect, check):
        raise Failure("that address belongs to another attempt: begin again with duurloop strava link")
    return redirect


def _is_ours(redirect: Redirect, check: str) -> bool:
    return hmac.compare_digest(redirect.get("state", "").encode(), check.encode())


async def _link(ctx: click.Context, door: Strava, clock: Clock, runner: str, redirect: Redirect) -> Account:
    """Exchange the code, and keep the tokens before anything is done with them."""
    async with writable(ctx) as database:
        tokens, athlete = await door.exchange(redirect["code"])
        now, scopes = clock.now(), _scopes(redirect)
        state = State.WELL if _may_read(scopes) else State.SCOPE
        account = Account(runner, athlete, tokens, scopes, now, state, now)
        await SqliteBook(database).link(account)
        return account


def _scopes(redirect: Redirect) -> frozenset[Scope]:
    """Return what was granted; a redirect that does not say has granted what was asked for."""
    if "scope" not in redirect:
        return frozenset(WANTED_SCOPES)
    known = {scope.value: scope for scope in Scope}
    return frozenset(known[name] for name in redirect["scope"].replace(" ", ",").split(",") if name in known)


def _may_read(scopes: frozenset[Scope]) -> bool:
    return bool(scopes & {Scope.ACTIVITY_READ, Scope.ACTIVITY_READ_ALL})


def _cleanse_copies(ctx: click.Context, settings: Settings, runner: str) -> CopyError | None:
    """Take the link out of the copies, too; return what kept us from it."""
    try:
        Copies(state_folder(ctx) / DATABASE_NAME, settings.backup.folder).cleanse(unlinked(runner))
    except CopyError as error:
        return error
    return None


async def _unlink(ctx: click.Context, door: Strava | None, wanted: str | None) -> tuple[str, str | None]:
    """Revoke, and forget whatever came of that; return whose link it was, and what kept Strava from being told.

    Whoever left the settings, and an application that did, must not keep a link from being ended.
    """
    async with writable(ctx) as database:
        book = SqliteBook(database)
        accounts = {account.runner: account for account in await book.accounts()}
        if not accounts:
            raise Failure("nobody is linked to Strava: duurloop strava link")
        account = accounts[chosen(list(accounts), wanted)]
        trouble = await revoke(door, account)
        await book.unlink(account.runner)
    return account.runner, trouble


async def revoke(door: Strava | None, account: Account) -> str | None:
    """End a link at Strava; return what kept Strava from being told."""
    if door is None:
        return words("no application in the settings")
    try:
        await door.revoke(account.tokens)
    except StravaError as error:
        return str(error)
    return None


# -- looking ---------------------------------------------------------------------------------------


def _links(ctx: click.Context) -> list[dict[str, Any]]:
    """Return how it is with the links, from the service or, where none runs, from the database."""
    try:
        links: list[dict[str, Any]] = ask(state_folder(ctx), "strava")["links"]
    except NotRunningError:
        return asyncio.run(_kept_links(ctx))
    return links


async def _kept_links(ctx: click.Context) -> list[dict[str, Any]]:
    async with readable(ctx) as database:
        if database is None:
            return []
        book, handovers = SqliteBook(database), SqliteHandovers(database)
        terms = strava_terms_of(load_settings(ctx))
        return await LinksReport(book, terms, SystemClock(), handovers=handovers).make()


async def _sync_by_service(ctx: click.Context, say: Progress) -> list[dict[str, Any]]:
    """Wait until the service has done it."""
    while True:
        links: list[dict[str, Any]] = (await asyncio.to_thread(ask, state_folder(ctx), "strava"))["links"]
        busy = [one for one in links if one["busy"]]
        if not busy or all(one["waits_s"] > LONGEST_PAUSE_S for one in busy):
            return links
        say(sum(one["held"]["unread"] for one in busy), busy[0]["waits_s"])
        await asyncio.sleep(LOOK_S)


async def _sync_alone(
    ctx: click.Context, settings: Settings, runner: str | None, say: Progress
) -> list[dict[str, Any]]:
    """Do what the service would do, in its place."""
    clock = SystemClock()
    door, terms = strava_of(settings, clock), strava_terms_of(settings)
    with alone(prepare(state_folder(ctx)) / STRAVA_LOCK_NAME) as is_alone:
        if not is_alone:
            raise Failure("another duurloop strava sync is at it already")
        async with writable(ctx) as database:
            store, book = SqliteStore(database), SqliteBook(database)
            libraries = {
                one.name: (await companion_of(settings, one, database, clock)).library
                for one in runners_of(settings)
                if runner in (None, one.name)
            }
            outgoing = Outgoing(SqliteHandovers(database), outlets_of(settings).fit_of)
            follower = Follower(door, book, store, libraries, terms, clock, secrets.SystemRandom(), outgoing)
            try:
                await _follow_until_done(follower, clock, say)
            finally:
                await door.close()
            return await LinksReport(book, terms, clock, follower, outgoing.handovers).make()


async def _follow_until_done(follower: Follower, clock: Clock, say: Progress) -> None:
    while True:
        pause_s = await follower.go_on()
        is_done = all(follower.is_done(link) for link in follower.links.values())
        if pause_s > 0 and (is_done or pause_s > LONGEST_PAUSE_S):
            return
        say(sum(len(link.unread) for link in follower.links.values()), pause_s)
        await clock.sleep(pause_s)


def _say_progress(unread: int, waits_s: float) -> None:
    """Show on a terminal what is left to do, on one line."""
    if not sys.stderr.isatty():
        return
    told = words("{unread} runs to read").format(unread=unread)
    if waits_s > WORTH_SAYING_S:
        told += " " + words("(Strava allows more in {minutes} min)").format(minutes=round(waits_s / 60) or 1)
    click.echo(f"\r{told:<70}", nl=False, err=True)


def _wake(ctx: click.Context, runner: str) -> None:
    """Let a running service see what has changed."""
    with suppress(NotRunningError, NoAnswerError, RefusedError):
        ask(state_folder(ctx), "strava_look", runner=runner)
