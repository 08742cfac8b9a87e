"""Strava: the application, each runner's link, what is left of the quota, and what is held until when."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.sqlite import open_database, open_readonly
from connectors.sqlite_strava import SqliteBook
from daemon.clock import Clock
from daemon.doctor.finding import Area, Finding, Link, sentence
from daemon.domain.quota import Purpose, Quota
from daemon.state_folder import DATABASE_NAME, STRAVA_LOCK_NAME, alone, prepare
from daemon.store import StoreError
from daemon.strava.book import Account, Book, State
from daemon.strava.follower import QUOTA_MEMO, Terms
from daemon.strava.gate import Gate, GateClosedError
from daemon.strava.port import (
    ApplicationError,
    InactiveError,
    QuotaError,
    RevokedError,
    ScopeError,
    Strava,
    StravaError,
    Tokens,
    UnauthorizedError,
    UnreachableError,
)
from daemon.strava.report import LinksReport
from daemon.telling import Sentence

BEYOND = 5_000
"""A page behind the end of anybody's list: an answer of a few bytes that needs every permission of a full one."""
FEW = 10

_area = Area(Link.STRAVA)
_STATES: tuple[tuple[type[StravaError], State], ...] = (
    (InactiveError, State.INACTIVE),
    (RevokedError, State.REVOKED),
    (UnauthorizedError, State.REVOKED),
    (ScopeError, State.SCOPE),
    (ApplicationError, State.APPLICATION),
    (QuotaError, State.QUOTA),
)


@dataclass(frozen=True, slots=True)
class Links:
    """What was seen of it."""

    has_application: bool
    entries: tuple[Mapping[str, Any], ...] = ()
    """As the `LinksReport` has them."""
    asked: Mapping[str, str] = field(default_factory=dict)
    """What Strava answered just now, by runner: `well`, the name of a state, or `unreachable`."""
    wants_upload: frozenset[str] = frozenset()
    """Runners whose sessions are to go there."""
    trouble: str | None = None
    """Why nothing could be looked at."""


def look_at_strava(state: Path, strava: Strava | None, terms: Terms, clock: Clock, uploads: frozenset[str]) -> Links:
    """Look at the links where no service runs, and ask Strava once for each."""
    path = state / DATABASE_NAME
    try:
        is_there = path.exists() and path.stat().st_size > 0
    except PermissionError:
        return Links(strava is not None, wants_upload=uploads, trouble="database")
    if not is_there:
        return Links(strava is not None, wants_upload=uploads)
    return asyncio.run(_looked(path, strava, terms, clock, uploads))


async def _looked(path: Path, strava: Strava | None, terms: Terms, clock: Clock, uploads: frozenset[str]) -> Links:
    asked: dict[str, str] = {}
    try:
        async with open_readonly(path) as database:  # one of another version is left alone
            is_linked = bool(await SqliteBook(database).accounts())
        if strava is not None and is_linked:
            with alone(path.with_name(STRAVA_LOCK_NAME)) as is_alone:
                if is_alone:
                    prepare(path.parent)  # what root makes there is to be the service's
                    async with open_database(path) as database:
                        asked = await ask_each(strava, SqliteBook(database), clock)
        async with open_readonly(path) as database:
            entries = await LinksReport(SqliteBook(database), terms, clock).make()
    except StoreError:
        return Links(strava is not None, wants_upload=uploads, trouble="database")
    finally:
        if strava is not None:
            await strava.close()
    return Links(strava is not None, tuple(entries), asked, uploads)


async def ask_each(strava: Strava, book: Book, clock: Clock) -> dict[str, str]:
    """Ask Strava for next to nothing in every runner's name, as far as the quota goes; keep what that changes."""
    gate = Gate(clock, await _kept_quota(book))
    told = {account.runner: await _asked(strava, book, account, gate, clock) for account in await book.accounts()}
    if gate.is_dirty:
        await book.keep_memo(QUOTA_MEMO, json.dumps(gate.quota.to_record()))
    return told


async def _kept_quota(book: Book) -> Quota:
    with suppress(ValueError):
        if kept := await book.memo(QUOTA_MEMO):
            return Quota.from_record(json.loads(kept))
    return Quota()


async def _asked(strava: Strava, book: Book, account: Account, gate: Gate, clock: Clock) -> str:
    try:
        tokens = account.tokens
        if tokens.expires_at <= clock.now():
            tokens = await _renewed(strava, book, account)
        try:
            await gate.ask(Purpose.NEWS, lambda: strava.activities(tokens, BEYOND))
        except UnauthorizedError:
            fresh = await _renewed(strava, book, account)
            await gate.ask(Purpose.NEWS, lambda: strava.activities(fresh, BEYOND))
    except GateClosedError:
        return State.QUOTA.value
    except UnreachableError:
        return "unreachable"
    except StravaError as error:
        return next((state.value for kind, state in _STATES if isinstance(error, kind)), "unreachable")
    return State.WELL.value


async def _renewed(strava: Strava, book: Book, account: Account) -> Tokens:
    fresh = await strava.refresh(account.tokens)
    await book.renew(account.runner, account.tokens, fresh)
    return fresh


# -- judging ---------------------------------------------------------------------------------------


def judge_strava(links: Links) -> list[Finding]:
    """Say how it is with Strava."""
    if links.trouble:
        return [_area.unknown("link", sentence("The links to Strava cannot be read, as the database cannot."))]
    if not links.has_application and not links.entries:
        return [_area.ok("application", sentence("Strava is not used."))]
    if not links.has_application:
        return [
            _area.warning(
                "application",
                sentence("Somebody is linked to Strava, and the settings have no application any more."),
                sentence("Put client_id and its secret back under [strava], or end it: duurloop strava unlink"),
            )
        ]
    if not links.entries:
        return [
            _area.warning(
                "link",
                sentence("The settings have an application at Strava, and nobody is linked."),
                sentence("Link a runner: duurloop strava link"),
            )
        ]
    return [finding for entry in links.entries for finding in _entry(entry, links)]


def _entry(entry: Mapping[str, Any], links: Links) -> Iterator[Finding]:
    runner = entry["runner"]
    yield _state(runner, links.asked.get(runner, entry["state"]), is_fresh=runner in links.asked)
    for scope in entry["missing_scopes"]:
        yield _area.warning(
            "scopes",
            sentence("{runner} did not allow {scope} at Strava.", runner=runner, scope=scope),
            sentence("If that is to be allowed, link again and tick every box: duurloop strava link"),
        )
    if runner in links.wants_upload and "activity:write" not in entry["scopes"]:
        yield _area.fault(
            "upload",
            sentence("{runner}'s sessions are to go to Strava, and uploading was not allowed there.", runner=runner),
            sentence("Link again and tick every box: duurloop strava link"),
        )
    yield from _quota(entry["quota"])
    held = entry["held"]
    if held["activities"]:
        yield _area.ok(
            "held",
            sentence(
                "{runner}: {activities} activities of Strava are held, each for {days} days; all go by {until}.",
                runner=runner,
                activities=held["activities"],
                days=held["keep_days"],
                until=str(held["until"])[:10],
            ),
        )


def _state(runner: str, state: str, *, is_fresh: bool) -> Finding:
    if state == State.WELL.value:
        reason = (
            sentence("{runner}: Strava answered just now.", runner=runner)
            if is_fresh
            else sentence("{runner}: the link to Strava is well, as far as is known.", runner=runner)
        )
        return _area.ok("link", reason)
    name, reason, remedy = _WRONG[state]
    of_runner = Sentence(reason.text, {**reason.parts, "runner": runner})
    if state in {State.TROUBLE.value, State.QUOTA.value}:
        return _area.warning(name, of_runner, remedy)
    return _area.fault(name, of_runner, remedy)


_WRONG = {
    State.INACTIVE.value: (
        "application",
        sentence("{runner}: Strava does not serve the application; its owner needs a paid subscription there."),
        sentence("Take the subscription at Strava, or bring runs in as files: duurloop import"),
    ),
    State.REVOKED.value: (
        "token",
        sentence("{runner}: the link to Strava has ended; its tokens are not good any more."),
        sentence("Link again: duurloop strava link"),
    ),
    State.SCOPE.value: (
        "scopes",
        sentence("{runner}: Strava does not let the activities be read, for that was not allowed."),
        sentence("Link again and tick every box: duurloop strava link"),
    ),
    State.APPLICATION.value: (
        "application",
        sentence("{runner}: Strava does not know the application of the settings."),
        sentence("Correct client_id and its secret under [strava] in the settings, then: duurloop check"),
    ),
    State.QUOTA.value: (
        "quota",
        sentence("{runner}: the application's requests at Strava are used up for now."),
        sentence("Wait until it goes on by itself, and see whether another program uses it: duurloop strava status"),
    ),
    State.TROUBLE.value: (
        "link",
        sentence("{runner}: Strava has given no sensible answer for a day."),
        sentence("Wait, or see whether Strava itself is down: status.strava.com; then duurloop strava sync"),
    ),
    "unreachable": (
        "host",
        sentence("{runner}: Strava cannot be reached from here."),
        sentence("See that this machine reaches the network and knows names: getent hosts www.strava.com"),
    ),
}


def _quota(quota: Mapping[str, Any] | None) -> Iterator[Finding]:
    if quota is None:
        return
    day, quarter = quota["day"], quota["quarter_hour"]
    left, left_now = day["limit"] - day["used"], quarter["limit"] - quarter["used"]
    told = sentence("Requests left at Strava: {day} today, {now} this quarter of an hour.", day=left, now=left_now)
    if left < FEW:
        remedy = sentence(
            "Wait until tomorrow, and see whether another program uses the application: duurloop strava status"
        )
        yield _area.warning("quota", told, remedy)
    else:
        yield _area.ok("quota", told)
