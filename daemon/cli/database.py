"""The database, for a command: beside a running service or without one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import click

from connectors.sqlite import Database, open_database, open_readonly
from daemon.cli.common import Failure, state_folder
from daemon.remote import NoAnswerError, NotRunningError, RefusedError, ask
from daemon.state_folder import COMMANDS_LOCK_NAME, DATABASE_NAME, prepare, together


@asynccontextmanager
async def writable(ctx: click.Context) -> AsyncIterator[Database]:
    """Open the database for writing, made if there is none yet."""
    state = prepare(state_folder(ctx))
    with together(state / COMMANDS_LOCK_NAME) as is_free:
        if not is_free:
            raise Failure("another database is being put in place just now: try again when that is done")
        async with open_database(state / DATABASE_NAME) as database:
            yield database


@asynccontextmanager
async def readable(ctx: click.Context) -> AsyncIterator[Database | None]:
    """Open the database for a look; None if there is none yet."""
    path = state_folder(ctx) / DATABASE_NAME
    if not path.exists() or path.stat().st_size == 0:
        yield None
        return
    async with open_readonly(path) as database:
        yield database


def wake(ctx: click.Context) -> None:
    """Let a running service look at once at what has changed here; by itself it would within ten minutes."""
    with suppress(NotRunningError, NoAnswerError, RefusedError, OSError):
        ask(state_folder(ctx), "wake")
