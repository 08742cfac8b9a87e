"""Every task has an owner: one group holds the workers, and ends them together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

Worker = Callable[[], Awaitable[None]]


async def supervise(workers: Mapping[str, Worker], stop: asyncio.Event) -> None:
    """Run `workers` until `stop` is set, then cancel them and wait for their clean-up.

    A worker lives with every failure that is declared beside a port. One that fails otherwise has a bug:
    it takes the others down in good order, and systemd starts the service again.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_run(worker), name=name) for name, worker in workers.items()]
        await stop.wait()
        for task in tasks:
            task.cancel()


async def _run(worker: Worker) -> None:
    await worker()
