"""Which run a runner speaks of when they say how it felt, and what they may say of it."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from unicodedata import category

from daemon.domain.feeling import LONGEST_NOTE, Feeling, Lift, lift_of
from daemon.domain.marking import _
from daemon.domain.run import Run
from daemon.household import Runner
from daemon.planning import Planner
from daemon.remote import RefusedError
from daemon.signs import sign_of_life
from daemon.store import FeelingSaid, Store

LAST = "last"
"""Stands for the id of the runner's last run, however long ago that was."""
JUST_ENDED = timedelta(hours=2)
"""So long after a run its "before" is still told of that run, and not of the next."""
RECENT = timedelta(hours=48)
"""A run that began longer ago is not meant unless it is named."""
_NO_RUNS = _("No runs yet. They come by themselves: put the strap on.")
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_UNREADABLE = {"Cc", "Cs"}
"""Unicode's categories of control characters, and of halves of characters."""
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Turn the direction of what comes after them, also beyond the note."""


async def run_meant(store: Store, runner: Runner, wanted: str | None, said: Feeling, now: datetime) -> Run | None:
    """Return the run that `said` is of; None for the one that is still to come.

    Raises `RefusedError` where there is no such run or it is not clear which, and `StoreError`.
    """
    if wanted is not None:
        return await known_run(store, runner, wanted)
    last = await _last_run(store, runner)
    is_out = any(session.runner == runner.name for session in await store.open_sessions())
    if said == Feeling(before=said.before) and (is_out or not _just_ended(last, now)):
        return None
    if is_out:
        raise RefusedError("a run is still going on: say duurloop stop first, or name the run that you mean")
    if last is None:
        raise RefusedError(_NO_RUNS)
    if now - last.started_at > RECENT:
        day = f"{last.started_at.astimezone(runner.timezone):%Y-%m-%d}"
        raise RefusedError(
            "your last run is of {day}; if you mean that one, name it: duurloop feel {run}", day=day, run=last.id
        )
    return last


async def known_run(store: Store, runner: Runner, wanted: str) -> Run:
    """Return a run of the runner's, by its id or `LAST`. Raises `RefusedError`, `StoreError`."""
    if wanted != LAST:
        return await named_run(store, wanted, runner.name)
    last = await _last_run(store, runner)
    if last is None:
        raise RefusedError(_NO_RUNS)
    return last


async def named_run(store: Store, run_id: str, runner: str | None) -> Run:
    """Return a run by its id, of that runner if one is named. Raises `RefusedError`, `StoreError`."""
    run = await store.run(run_id)
    if run is None:
        raise RefusedError("no run {run} is kept here: duurloop runs lists them", run=run_id)
    if runner is not None and run.runner != runner:
        raise RefusedError("run {run} is not one of {runner}'s", run=run_id, runner=runner)
    return run


async def keep_feeling(store: Store, planner: Planner, run_id: str | None, said: Feeling, now: datetime) -> None:
    """Keep what was said of a run, or of one to come, and what the plan makes of it. Raises `StoreError`."""
    runner = planner.runner
    await store.commit([FeelingSaid(runner.name, run_id, said, now), sign_of_life(runner, now)])
    with suppress(RefusedError):  # a plan's file that is gone has nothing to say to it
        if run_id and (line := await planner.retold(run_id, now)):
            await store.commit([line])


async def lift_for(store: Store, runner: str) -> Lift:
    """Return after how many of all runs the runner felt better. Raises `StoreError`."""
    return lift_of(await store.feelings(runner, _FIRST))


def note_from(text: str) -> str | None:
    """Return a note as it is kept, on one line; None for an empty one. Raises `RefusedError`."""
    note = " ".join(text.split())
    if len(note) > LONGEST_NOTE:
        raise RefusedError(
            "a note has at most {longest} characters; this one has {n}", longest=LONGEST_NOTE, n=len(note)
        )
    if any(category(character) in _UNREADABLE or character in _TURNS for character in note):
        raise RefusedError("a note is plain text; there are control characters in this one")
    return note or None


async def _last_run(store: Store, runner: Runner) -> Run | None:
    return next(iter(await store.runs(runner.name, limit=1)), None)


def _just_ended(last: Run | None, now: datetime) -> bool:
    return last is not None and now - last.started_at - timedelta(seconds=last.duration_s) <= JUST_ENDED
