"""Signs of life: what a runner said that leaves no other trace of when it was."""

from datetime import datetime

from daemon.domain.calendar import day_of
from daemon.domain.habit import SIGN
from daemon.household import Runner
from daemon.store import OccasionPassed


def sign_of_life(runner: Runner, now: datetime) -> OccasionPassed:
    """Return what is remembered of it: the runner's own day."""
    return OccasionPassed(runner.name, SIGN, day_of(now, runner.timezone).isoformat(), now)
