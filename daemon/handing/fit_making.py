"""Files of sessions, made aside; one that cannot be made costs that session its way out, and nobody else anything."""

from functools import partial

import structlog

from daemon.aside import in_thread
from daemon.handing.handovers import FitOf, Recorded

log = structlog.get_logger()


async def fit_made(fit_of: FitOf, recorded: Recorded) -> bytes | None:
    """Return a session as a file; None if that fails, which is a bug and would fail at every start again."""
    try:
        return await in_thread(partial(fit_of, recorded), "fit")
    except Exception:
        log.exception("fit_not_made", run=recorded.run.id)
        return None
