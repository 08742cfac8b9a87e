"""Pauses for illness or a holiday: begun, moved and ended."""

from datetime import date, datetime, timedelta

from daemon.domain.calendar import day_of
from daemon.domain.wording import Language
from daemon.household import Runner
from daemon.remote import RefusedError
from daemon.signs import sign_of_life
from daemon.store import Pause, Paused, Resumed, Store

LONGEST_DAYS = 366
LONGEST_WHY = 200
ILLNESS, HOLIDAY = "illness", "holiday"
_WHY = {
    **dict.fromkeys((ILLNESS, "ill", "ziek", "ziekte"), ILLNESS),
    **dict.fromkeys((HOLIDAY, "holidays", "vakantie"), HOLIDAY),
}
"""Words for the reasons that have an answer of their own."""


def reason_from(text: str) -> str | None:
    """Return the reason for a pause as it is kept; None for none. Raises `RefusedError`."""
    why = " ".join(text.split())
    if len(why) > LONGEST_WHY or not why.isprintable():
        raise RefusedError("a few words will do, at most {longest} characters", longest=LONGEST_WHY)
    return _WHY.get(why.casefold(), why) or None


def check_last_day(last: date, today: date) -> None:
    """Raise `RefusedError` where no pause can last up to and including this day."""
    if last < today:
        raise RefusedError("{day} has been already; a pause ends today or later", day=last)
    if last > today + timedelta(days=LONGEST_DAYS):
        raise RefusedError("{day} is more than a year away; say a nearer day, it can be moved later", day=last)


async def current_pause(store: Store, runner: Runner, now: datetime) -> Pause | None:
    """Return the pause that is going on. Raises `StoreError`."""
    today = day_of(now, runner.timezone)
    pauses = await store.pauses(runner.name)
    return next((one for one in reversed(pauses) if one.ended_at is None and one.until >= today), None)


async def begin_pause(
    store: Store, runner: Runner, last: date, why: str | None, now: datetime
) -> tuple[Pause | None, str | None]:
    """Keep a pause; return the one that it moves, if there is one, and its reason. Raises `StoreError`."""
    before = await current_pause(store, runner, now)
    if before is None:
        await store.commit([Paused(runner.name, now, last, why)])
        return None, why
    kept = why or before.why
    await store.commit([Resumed(runner.name, now), Paused(runner.name, before.since, last, kept)])
    return before, kept


async def end_pause(store: Store, runner: Runner, now: datetime) -> Pause | None:
    """End the pause; return it, if there is one. Raises `StoreError`."""
    before = await current_pause(store, runner, now)
    ended = [Resumed(runner.name, now)] if before else []
    await store.commit([*ended, sign_of_life(runner, now)])
    return before


def wish_text(why: str | None, language: Language) -> str:
    """Say something kind to whoever rests."""
    if why == ILLNESS:
        return language.say("Take all the time you need.")
    if why == HOLIDAY:
        return language.say("Have a good time.")
    return language.say("Rest is part of it.")
