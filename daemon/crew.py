"""Who reads the files: a thread for a few of them, else processes on every core.

They are plain processes that get their jobs through a pipe, not `concurrent.futures`: when one dies it is known
which file it died of, and when we are killed they find their pipe closed and end, too.
"""

import asyncio
import os
import pickle
import struct
import sys
from array import array
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from connectors.strava_archive import close_archives
from daemon.aside import in_thread
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.marking import _
from daemon.importing import Harvest
from daemon.reading import Job, read
from daemon.telling import Sentence
from daemon.yardstick import Yardstick

FEW = 4
"""So many files are read before a process is ready to."""
MOST_PROCESSES = 8
"""Each takes some 40 MB."""
NICENESS = 10
"""A live session goes before an import."""
_START = "from daemon.crew import serve; serve()"
_LENGTH = struct.Struct("<Q")
_DIED = _("ended the program that read it, perhaps for want of memory; export that one activity by itself")
_CONTACTS = tuple(SensorContact)

Seen: TypeAlias = Mapping[str, Sequence[str]]
_Columns: TypeAlias = "tuple[array[float], array[int], bytes, list[tuple[int, ...]]]"
Reader: TypeAlias = Callable[[Job], Awaitable[Harvest]]
"""Reads one file after the other, beside us."""


@asynccontextmanager
async def harvests(
    jobs: Sequence[Job], yardstick: Yardstick, seen: Seen
) -> AsyncIterator[AsyncIterator[tuple[Job, Harvest]]]:
    """Give what was read of each job, as they are done; nothing goes on after the context."""
    async with AsyncExitStack() as stack:
        readers: list[Reader] = []
        if len(jobs) <= FEW:
            stack.callback(close_archives)
            readers.append(lambda job: in_thread(partial(read, job, yardstick, seen), "reader"))
        else:
            terms = pickle.dumps((yardstick, dict(seen)))
            for _ in range(cores()):
                helper = Helper(terms)
                stack.push_async_callback(helper.close)
                readers.append(helper.read)
        yield await stack.enter_async_context(aclosing(_gathered(jobs, readers)))


def cores() -> int:
    """Return how many processes are worth their memory."""
    return min(MOST_PROCESSES, max(1, len(os.sched_getaffinity(0))))


async def _gathered(jobs: Sequence[Job], readers: Sequence[Reader]) -> AsyncGenerator[tuple[Job, Harvest], None]:
    waiting = iter(jobs)
    basket: asyncio.Queue[tuple[Job, Harvest] | Exception] = asyncio.Queue(len(readers))
    lanes = [asyncio.create_task(_work(reader, waiting, basket)) for reader in readers]
    try:
        for _ in jobs:
            got = await basket.get()
            if isinstance(got, Exception):
                raise got
            yield got
    finally:
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)


async def _work(
    reader: Reader, waiting: Iterator[Job], basket: "asyncio.Queue[tuple[Job, Harvest] | Exception]"
) -> None:
    for job in waiting:
        try:
            harvest = await reader(job)
        except Exception as error:  # noqa: BLE001 - it is raised again where the harvest is taken
            await basket.put(error)
            return
        await basket.put((job, harvest))


class Helper:
    """A process that reads. One that dies is replaced for the next file; `close` ends it at once."""

    def __init__(self, terms: bytes) -> None:
        self._terms = terms
        self._process: Process | None = None

    async def read(self, job: Job) -> Harvest:
        """Read a file; one at a time."""
        process = self._process or await self._start()
        try:
            return _unpack(await _ask(process, pickle.dumps(job)))
        except (ConnectionError, asyncio.IncompleteReadError):
            await self.close()
            return Harvest(job.name, "", refusal=Sentence(_DIED))

    async def close(self) -> None:
        """End it, whatever it does."""
        process, self._process = self._process, None
        if process:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()

    async def _start(self) -> Process:
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", _START),
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # Ctrl-C is for us; we end it then
        )
        try:
            await _ask(process, self._terms)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise RuntimeError("a process to read files with does not start") from error
        return process


async def _ask(process: Process, question: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise ValueError("a helper is asked through pipes")
    process.stdin.write(question)
    await process.stdin.drain()
    (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
    return await process.stdout.readexactly(length)


# -- the other end -------------------------------------------------------------------------------------


def serve() -> None:
    """Read what is asked for on standard input, and answer on standard output, until the input ends."""
    os.nice(NICENESS)
    answers_to = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library may print is no answer
    with suppress(EOFError, BrokenPipeError), os.fdopen(answers_to, "wb") as answers:
        yardstick, seen = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own other end wrote it
        _answer(answers, b"")
        while True:
            job = pickle.load(sys.stdin.buffer)  # noqa: S301
            _answer(answers, _pack(read(job, yardstick, seen)))


def _answer(answers: Any, words: bytes) -> None:  # noqa: ANN401 - any writable file
    answers.write(_LENGTH.pack(len(words)))
    answers.write(words)
    answers.flush()


def _pack(harvest: Harvest) -> bytes:
    """Pack a harvest with its samples in columns: thousands of small objects would take a tenth of reading them."""
    bare = replace(harvest, runs=tuple(replace(brought, samples=()) for brought in harvest.runs))
    return pickle.dumps((bare, [_columns(brought.samples) for brought in harvest.runs]))


def _unpack(packed: bytes) -> Harvest:
    bare: Harvest
    bare, columns = pickle.loads(packed)  # noqa: S301 - as above
    runs = (replace(brought, samples=_samples(parts)) for brought, parts in zip(bare.runs, columns, strict=True))
    return replace(bare, runs=tuple(runs))


def _columns(samples: Sequence[HeartRateSample]) -> _Columns:
    return (
        array("d", (sample.at for sample in samples)),
        array("l", (sample.bpm for sample in samples)),
        bytes(_CONTACTS.index(sample.contact) for sample in samples),
        [sample.rr_words for sample in samples],
    )


def _samples(columns: _Columns) -> tuple[HeartRateSample, ...]:
    return tuple(
        HeartRateSample(Instant(at), Bpm(bpm), _CONTACTS[contact], rr)
        for at, bpm, contact, rr in zip(*columns, strict=True)
    )
