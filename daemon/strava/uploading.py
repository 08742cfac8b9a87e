"""Own sessions on their way to Strava: posted once, asked after, and looked for where an answer was lost."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from daemon.backoff import Backoff
from daemon.clock import Clock
from daemon.domain.heart_rate import Instant
from daemon.domain.quota import Purpose
from daemon.handing.fit_making import fit_made
from daemon.handing.handovers import FitOf, Going, Handover, Handovers, Why
from daemon.store import Kind, Outlet
from daemon.strava.gate import GateClosedError
from daemon.strava.keys import Keys
from daemon.strava.link import Link
from daemon.strava.port import (
    ApplicationError,
    Fate,
    GoneError,
    InactiveError,
    QuotaError,
    RevokedError,
    Scope,
    ScopeError,
    Strava,
    StravaError,
    UnauthorizedError,
    Upload,
)
from daemon.strava.words import uploads_text

AGAIN = Backoff(60.0, 3600.0)
"""The first pause is longer than Strava needs to make an activity of a file: then its list tells whether it has it."""
AFTER = Backoff(10.0, 900.0)
"""Eight seconds are usual."""
DOUBTED_S = 6 * 3600.0
"""A token that is good for reading, but refused here, will hardly be taken a minute later."""
MOST_LOOKS = 120
"""About a day: what is not an activity by then will not be one."""
NAME = "duurloop-"

_NOT_TAKEN = (QuotaError, UnauthorizedError, ScopeError, InactiveError, RevokedError, ApplicationError)
"""After these it is certain that nothing arrived."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is uploaded."""

    handovers: Handovers
    fit_of: FitOf


class Uploader:
    """Hands sessions over to Strava, in the name of links."""

    def __init__(
        self,
        strava: Strava,
        keys: Keys,
        outgoing: Outgoing,
        runners: frozenset[str],
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._strava = strava
        self._keys = keys
        self._handovers = outgoing.handovers
        self._fit_of = outgoing.fit_of
        self._runners = runners
        self._clock = clock
        self._chance = chance

    async def find(self, links: Iterable[Link]) -> None:
        """List for each link what it may upload; what it may not is held, and told once."""
        wanted = [link for link in links if link.runner in self._runners]
        waiting = await self._handovers.open(Outlet.STRAVA) if wanted else []
        for link in wanted:
            mine = [_tried_anew(one, link) for one in waiting if one.runner == link.runner]
            link.uploads = [one for one in mine if one.going is Going.DUE]
            is_told = len(link.uploads) < len(mine)  # some are held already, since this link was made
            if link.uploads and (is_told or Scope.ACTIVITY_WRITE not in link.account.scopes):
                await self._hold(link, is_news=not is_told)

    def next_of(self, link: Link) -> Handover | None:
        """Return what may be tried now."""
        return next((one for one in link.uploads if self._wait_s(one) <= 0), None)

    def next_at(self, link: Link) -> Instant | None:
        """Return when something may be tried."""
        waits = [self._wait_s(one) for one in link.uploads]
        return Instant(self._clock.monotonic() + min(waits)) if waits else None

    def purpose_of(self, handover: Handover) -> Purpose:
        """Return what the next request for it is."""
        return Purpose.NEWS if handover.upload or handover.is_unsure else Purpose.UPLOAD

    async def go_on(self, link: Link, handover: Handover) -> None:
        """Make the next request for a session, and keep what came of it."""
        step = self._ask_after if handover.upload else self._look_for if handover.is_unsure else self._post
        try:
            await step(link, handover)
        except ScopeError:
            if step == self._look_for:
                raise  # it is reading that is not allowed
            await self._hold(link, is_news=True)
        except UnauthorizedError:
            if not link.is_doubted:
                raise
            # refused with fresh tokens, too: whether it is the link or uploads alone, the list will tell
            await self._keep(handover, next_at=self._after(DOUBTED_S), why=Why.UNREACHABLE)
            link.look_at = self._clock.monotonic()
        except (QuotaError, InactiveError, RevokedError, ApplicationError):
            raise  # of all that is asked in the name of this link
        except StravaError as error:
            log.warning("strava_upload_failed", runner=link.runner, run=handover.run, reason=str(error))
            await self._put_off(handover, is_unsure=not handover.upload)

    async def _post(self, link: Link, handover: Handover) -> None:
        recorded = await self._handovers.recorded(handover)
        fit = await fit_made(self._fit_of, recorded) if recorded else None
        if fit is None:
            await self._keep(handover, going=Going.REFUSED, why=Why.NOT_WANTED)
            return
        # Noted before: whoever dies between the answer and its commit must not post a second time.
        await self._keep(handover, is_unsure=True, next_at=self._after(AGAIN.first_s))
        name = external_id(handover.run)
        try:
            upload = await self._keys.ask(link, Purpose.UPLOAD, lambda tokens: self._strava.upload(tokens, fit, name))
        except (GateClosedError, *_NOT_TAKEN):
            await self._keep(handover)  # it was not taken
            raise
        await self._settle(link, replace(handover, attempts=0), upload)

    async def _ask_after(self, link: Link, handover: Handover) -> None:
        number = handover.upload or 0
        try:
            upload = await self._keys.ask(link, Purpose.NEWS, lambda tokens: self._strava.upload_status(tokens, number))
        except GoneError:
            await self._put_off(replace(handover, upload=None), is_unsure=True)
        else:
            await self._settle(link, handover, upload)

    async def _look_for(self, link: Link, handover: Handover) -> None:
        """Look among the athlete's activities for one that is this session: no answer came when it was posted."""
        page = await self._keys.ask(link, Purpose.NEWS, lambda tokens: self._strava.activities(tokens, 1))
        name = external_id(handover.run)
        # Strava adds the kind of file to the name
        found = (one.id for one in page.activities if (one.external_id or "").partition(".")[0] == name)
        if activity := next(found, None):
            await self._settle(link, handover, Upload(Fate.THERE, activity=activity))
        else:
            await self._keep(handover, is_unsure=False, next_at=self._clock.now())

    async def _settle(self, link: Link, handover: Handover, upload: Upload) -> None:
        match upload.fate:
            case Fate.THERE | Fate.DELETED:
                place = None if upload.activity is None else str(upload.activity)
                await self._keep(handover, going=Going.SENT, why=None, place=place, upload=None, is_unsure=False)
                log.info("session_uploaded", runner=link.runner, run=handover.run)
            case Fate.WORKED_ON if handover.attempts < MOST_LOOKS:
                attempts = handover.attempts + 1
                next_at = self._after(AFTER.pause_s(attempts, self._chance))
                known = upload.id or handover.upload
                await self._keep(handover, attempts=attempts, next_at=next_at, why=Why.WORKED_ON, upload=known)
            case _:
                await self._keep(handover, going=Going.REFUSED, why=Why.NOT_WANTED, upload=None, is_unsure=False)
                log.warning("session_not_wanted", runner=link.runner, run=handover.run)

    async def _hold(self, link: Link, *, is_news: bool) -> None:
        """Let all wait until the runner links again; that is said once, however many sessions there will be."""
        if is_news:  # told first: what is said twice for a kill in between has the same key
            key = f"strava:uploads:{link.account.linked_at:%Y%m%dT%H%M%S}"
            await link.library.tell(Kind.SERVICE, key, uploads_text(link.library.runner.language))
            log.info("strava_uploads_not_allowed", runner=link.runner)
        for one in link.uploads:
            await self._keep(one, going=Going.HELD, why=Why.NOT_ALLOWED)
        link.uploads = []

    async def _put_off(self, handover: Handover, *, is_unsure: bool = False) -> None:
        attempts = handover.attempts + 1
        next_at = self._after(AGAIN.pause_s(attempts, self._chance))
        await self._keep(handover, attempts=attempts, next_at=next_at, why=Why.UNREACHABLE, is_unsure=is_unsure)

    async def _keep(self, handover: Handover, **changes: object) -> None:
        await self._handovers.note(replace(handover, **{"changed_at": self._clock.now(), **changes}))  # type: ignore[arg-type]

    def _after(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)

    def _wait_s(self, handover: Handover) -> float:
        wait_s = (handover.next_at - self._clock.now()).total_seconds()
        # a clock that was ahead when it was put off does not hold it up for years
        return 0.0 if wait_s > DOUBTED_S else max(0.0, wait_s)


def external_id(run: str) -> str:
    """Return how a session is called at Strava: always the same, so that it is known again."""
    return f"{NAME}{run}"


def _tried_anew(handover: Handover, link: Link) -> Handover:
    """Return a held one as due if the runner has linked again since."""
    is_anew = handover.going is Going.HELD and handover.changed_at < link.account.linked_at
    return replace(handover, going=Going.DUE, why=None, next_at=link.account.linked_at) if is_anew else handover
