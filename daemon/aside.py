"""Blocking work in a thread of its own, which nobody waits for at the exit.

`asyncio.to_thread` will not do for what may take long: the threads of an executor are joined before a program
ends, and a service that stops would wait for the largest file.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TypeVar

from daemon.clock import Clock, done_within

T = TypeVar("T")


def in_thread(work: Callable[[], T], name: str) -> "asyncio.Future[T]":
    """Start `work`; what it comes to is dropped if nobody waits for it any more."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        settle: Callable[[], None]
        try:
            value = work()
        except Exception as error:  # noqa: BLE001 - it is raised again where the answer is awaited
            settle = partial(_fail, answer, error)
        else:
            settle = partial(_succeed, answer, value)
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle)

    threading.Thread(target=run, name=name, daemon=True).start()
    return answer


def done_aside(work: Callable[[], T], name: str) -> T:
    """Do `work` while this thread only waits, so that Ctrl-C always ends the waiting.

    In a thread that loads a library an interrupt is lost now and then: Python drops one that falls into its callbacks.
    """
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except Exception as error:  # noqa: BLE001 - it is raised again by whoever waits
            answer.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return answer.result()


async def patiently(work: Callable[[], T], name: str, clock: Clock, each_s: float, beat: Callable[[], None]) -> T:
    """Do `work` aside and wait as long as it takes, with a sign of life each so many seconds.

    A disk of another machine may not answer for hours, which no restart would mend.
    """
    working = in_thread(work, name)
    while not await done_within(working, clock, each_s):
        beat()
    return working.result()


def _succeed(answer: "asyncio.Future[T]", value: T) -> None:
    if not answer.done():
        answer.set_result(value)


def _fail(answer: "asyncio.Future[T]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # looked at: whoever was to hear of it may have been cancelled in this very moment
