"""Every test leaves the place as it found it, or fails.

After each test: no exception lost in a task or a callback, no task left running, no thread, no open file or
socket. pytest's own `-W error` sees none of the first three.
"""

import asyncio
import gc
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pytest_asyncio import is_async_test

PATIENCE_S = 20.0
"""Threads and servers that were told to end may need a moment to do it; on a busy machine a long one."""
HANGS_ON_PURPOSE = "hangs_on_purpose"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{HANGS_ON_PURPOSE}: this test leaves a channel's daemon thread waiting for an answer, as meant"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and is_async_test(item):
            # first of all in the loop, and the loop itself comes and goes within `tidy_process`
            item.fixturenames.insert(item.fixturenames.index("tidy_process") + 1, "tidy_tasks")


@pytest.fixture(autouse=True)
def tidy_process(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail on lost exceptions, left-over threads, and left-over files and sockets."""
    threads, files, ear = set(threading.enumerate()), _open_files(), _Ear()
    logging.getLogger("asyncio").addHandler(ear)
    try:
        yield
    finally:
        logging.getLogger("asyncio").removeHandler(ear)
    faults = [f"lost: {line}" for line in ear.heard]
    hangs = request.node.get_closest_marker(HANGS_ON_PURPOSE) is not None
    faults += [f"thread left running: {name}" for name in _left_threads(threads, hangs=hangs)]
    faults += [f"left open: {name}" for name in _left_files(files)]
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


@pytest.fixture
async def tidy_tasks() -> AsyncIterator[None]:
    """Fail on what an async test leaves behind in its loop."""
    async with left_in_order():
        yield


@asynccontextmanager
async def left_in_order() -> AsyncIterator[None]:
    """Fail on tasks that still run when the context ends, and on those whose exception nobody looked at."""
    loop = asyncio.get_running_loop()
    known = _Register()
    loop.set_task_factory(known.make)
    yield
    loop.set_task_factory(None)
    own = asyncio.current_task()
    running = [task for task in known.tasks if task is not own and not task.done()]
    lost = [error for task in known.tasks if (error := _unseen(task)) is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    faults = [f"task left running: {task.get_name()} {task.get_coro()}" for task in running]
    faults += [f"lost in a task: {error!r}" for error in lost]
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


class _Register:
    """Makes tasks as the loop would, and keeps them: a task that is forgotten is what we look for."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any]] = []

    def make(self, loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> asyncio.Task[Any]:  # noqa: ANN401
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **more)
        self.tasks.append(task)
        return task


def _unseen(task: asyncio.Task[Any]) -> BaseException | None:
    """Return the exception that asyncio would complain of when the task is collected, if there is one."""
    if not task.done() or task.cancelled() or not getattr(task, "_log_traceback", False):
        return None
    return task.exception()


class _Ear(logging.Handler):
    """Hears what asyncio says when an exception has nowhere else to go."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.heard.append(f"{record.getMessage()} {error!r}" if error else record.getMessage())


def _left_threads(before: set[threading.Thread], *, hangs: bool) -> list[str]:
    left = []
    for thread in set(threading.enumerate()) - before:
        if hangs and thread.daemon and thread.name.startswith("channel "):
            continue
        thread.join(PATIENCE_S)
        if thread.is_alive():
            left.append(thread.name)
    return left


def _left_files(before: dict[str, str]) -> list[str]:
    deadline = time.monotonic() + PATIENCE_S
    while left := [name for number, name in _open_files().items() if before.get(number) != name]:
        gc.collect()  # what nobody holds any more closes now, and says so
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    return left


def _open_files() -> dict[str, str]:
    """Return what every file descriptor stands for; sockets and pipes have a number of their own in the name."""
    found = {}
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208 - half the time, before and after every test
        try:
            found[number] = os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115 - the same
        except OSError:
            continue  # the one that the listing itself had open
    return found
