"""Bringing listed runs in, one by one, with a request only where there is a heart rate and nothing better is here."""

from datetime import timedelta

import structlog

from daemon.aside import in_thread
from daemon.clock import Clock
from daemon.domain.activity import Activity, Known
from daemon.domain.quota import Purpose
from daemon.domain.recording import Recording
from daemon.domain.run import Source
from daemon.domain.takes import DOORSTEP, Take, are_one_run
from daemon.library import NEWS
from daemon.store import ActivityRead, Brought, FactRefusedError, Store
from daemon.strava.book import Book, origin_of
from daemon.strava.keys import Keys
from daemon.strava.link import Link
from daemon.strava.port import GoneError, ScopeError, Strava, UnauthorizedError, UnreachableError

GONE_DOUBLINGS = 8
"""What Strava lists and does not have is asked for ever more seldom, in the end once a day."""
_LONGEST = timedelta(days=31)

log = structlog.get_logger()


class Bringer:
    """Reads activities into a runner's library."""

    def __init__(self, strava: Strava, keys: Keys, book: Book, store: Store, clock: Clock) -> None:
        self._strava = strava
        self._keys = keys
        self._book = book
        self._store = store
        self._clock = clock

    def purpose_of(self, activity: Activity) -> Purpose:
        """Return what reading it is for."""
        return Purpose.NEWS if self._clock.now() - activity.started_at <= NEWS else Purpose.BACKFILL

    async def read(self, link: Link, known: Known) -> None:
        """Bring one run in."""
        activity = known.activity
        link.has_read = True
        if not link.library.yardstick.wants(activity.sport):  # a kill came between noting it and passing it over
            await self._book.drop(link.runner, activity.id)
            link.done_with(activity.id)
        elif await self._has_own(link, activity):
            await self._store.commit([ActivityRead(link.runner, activity.id)])
            link.done_with(activity.id)
        elif link.unkept and link.unkept[0] == activity:
            await self._keep(link, *link.unkept)
        elif not activity.has_heart_rate:
            await self._bring(link, activity, _without_heart_rate(activity))
        elif recording := await self._fetch(link, activity):
            await self._bring(link, activity, recording)

    async def _fetch(self, link: Link, activity: Activity) -> Recording | None:
        """Return the recording; None if this activity has to wait."""
        try:
            return await self._keys.ask(
                link, self.purpose_of(activity), lambda tokens: self._strava.recording(tokens, activity)
            )
        except GoneError:
            await self._miss(link, activity)
        except ScopeError as error:  # the list was allowed, so it is only this one
            tries = link.put_off(activity.id, self._clock.monotonic())
            log.warning("strava_activity_forbidden", runner=link.runner, reason=str(error), tries=tries)
        except UnauthorizedError:
            if not link.is_doubted:
                raise
            # refused with fresh tokens, too: whether it is the link or this one, the list will tell
            link.put_off(activity.id, self._clock.monotonic())
            link.look_at = self._clock.monotonic()
        except UnreachableError:
            link.put_off(activity.id, self._clock.monotonic())
            raise
        return None

    async def _miss(self, link: Link, activity: Activity) -> None:
        """Forget what was made of it, and ask again: Strava may still be working on it, or show it again one day."""
        link.put_off(activity.id, self._clock.monotonic(), GONE_DOUBLINGS)
        await self._book.drop(link.runner, activity.id, is_read=False)

    async def _bring(self, link: Link, activity: Activity, recording: Recording) -> None:
        judge, origin = link.library.yardstick.judge, origin_of(activity.id)
        brought = await in_thread(
            lambda: judge(recording, Source.STRAVA_API, origin, start_hidden=activity.start_hidden), "judge"
        )
        await self._keep(link, activity, brought)

    async def _keep(self, link: Link, activity: Activity, brought: Brought) -> None:
        link.unkept = activity, brought  # should the disk be full: it is not to be asked for again
        try:
            await link.library.receive(brought, ActivityRead(link.runner, activity.id))
        except FactRefusedError:
            log.info("strava_activity_went_meanwhile", runner=link.runner)
            link.put_off(activity.id, self._clock.monotonic())
        else:
            link.done_with(activity.id)
        link.unkept = None

    async def _has_own(self, link: Link, activity: Activity) -> bool:
        """Tell whether an own take is here that Strava's would not outdo: then nothing is asked of it."""
        wanted = _as_take(activity)
        own = await self._store.own_takes(link.runner, wanted.started_at - _LONGEST, wanted.ends_at)
        return any(are_one_run(wanted, take) and take.heard_s >= activity.elapsed_s / DOORSTEP for take in own)


def _as_take(activity: Activity) -> Take:
    return Take("", "", Source.STRAVA_API, activity.started_at, activity.elapsed_s, 0.0, activity.start_hidden)


def _without_heart_rate(activity: Activity) -> Recording:
    return Recording(
        started_at=activity.started_at,
        duration_s=activity.elapsed_s,
        sport=activity.sport,
        name=activity.name,
        samples=(),
        distance_m=activity.distance_m,
    )
