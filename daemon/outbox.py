"""Messages are kept until they are delivered or out of date; each channel has a thread of its own.

Apprise blocks, and its shared pool lets six hung endpoints stop every other message. So each channel has
one daemon thread (a hung one does not hold up the exit) and never a second send while one is under way.
At least once: a service that dies between sending and noting it sends that one letter again.
"""

import asyncio
import queue
import random
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from daemon.backoff import Backoff
from daemon.clock import EARLIEST, Clock, done_within, wait_for
from daemon.domain.wording import Text
from daemon.finishing import to_the_end
from daemon.ports import Blame, DeliveryError, Messenger
from daemon.store import ChannelHealth, Claimed, Letter, Post, StoreError

DEADLINE_S = 30.0
"""After this long without an answer the channel is said to be hanging."""
WORLD, SETTINGS = Backoff(5.0, 900.0), Backoff(3600.0, 6 * 3600.0)
"""A network heals by itself within minutes; a wrong password waits for somebody, and banging on it locks doors."""
LONGEST_WAIT_S = 30.0
STORE_PAUSE_S = 5.0
CLOCK_WAS_SET = timedelta(minutes=1)
GRACE_S = 1.0
"""How long a stopping service waits for answers that are under way; all of the service is to end within three."""

log = structlog.get_logger()

Notice = Callable[[str, str], list[Letter]]
"""Writes to a runner's other channels that this one (by id) does not work, and why."""


class ChannelThread:
    """One thread that sends one message at a time."""

    def __init__(self, name: str, messenger: Messenger) -> None:
        self._messenger = messenger
        self._name = name
        self._work: queue.SimpleQueue[tuple[Text, asyncio.Future[None], asyncio.AbstractEventLoop] | None]
        self._work = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def deliver(self, text: Text) -> None:
        """Send in the thread; raises what the messenger raises."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"channel {self._name}", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        self._work.put((text, answer, loop))
        await answer

    def close(self) -> None:
        """Let the thread end once it is idle."""
        self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            text, answer, loop = work
            error: Exception | None = None
            try:
                self._messenger.deliver(text)
            except Exception as caught:  # noqa: BLE001 - it is raised again where the answer is awaited
                error = caught
            with suppress(RuntimeError):  # the loop was closed while the far end kept us waiting
                loop.call_soon_threadsafe(_answer, answer, error)


def _answer(answer: asyncio.Future[None], error: Exception | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(None)
    else:
        answer.set_exception(error)


class Outbox:
    """Sends what the post holds, channel by channel."""

    def __init__(
        self,
        post: Post,
        messengers: Mapping[str, Messenger],
        clock: Clock,
        chance: random.Random,
        notice: Notice = lambda _channel, _reason: [],
    ) -> None:
        self._post = post
        self._clock = clock
        self._chance = chance
        self._notice = notice
        self._threads = {channel: ChannelThread(channel, messenger) for channel, messenger in messengers.items()}
        self._wake = {channel: asyncio.Event() for channel in messengers}
        self._health: dict[str, ChannelHealth] = {}
        """Of the channels in trouble."""
        self._began, self._ahead = clock.now(), self._wall_ahead()
        self._clock_turn = asyncio.Lock()
        self._trouble: str | None = None
        """Why the post does not take or give anything."""
        self.hanging: set[str] = set()
        """Channels whose far end has not answered for longer than the deadline."""

    def wake(self) -> None:
        """Look again: there are new letters."""
        for event in self._wake.values():
            event.set()

    async def say_now(self, channel: str, text: Text) -> None:
        """Send without keeping anything, for when nothing can be kept. Raises `DeliveryError`."""
        await self._threads[channel].deliver(text)

    async def run(self, beat: Callable[[str], None] = lambda _channel: None) -> None:
        """Send for ever; `beat` is called by each channel's worker as it goes round."""
        try:
            await self._recover(beat)
            async with asyncio.TaskGroup() as group:
                for channel in self._threads:
                    group.create_task(self._serve(channel, beat), name=f"outbox {channel}")
        finally:
            for thread in self._threads.values():
                thread.close()

    def _note_trouble(self, error: StoreError | None) -> None:
        """Say once what is the matter: it may last for hours, and the log may lie on the same disk."""
        trouble = str(error) if error else None
        if trouble and trouble != self._trouble:
            log.error("outbox_failed", reason=trouble)
        self._trouble = trouble

    async def _mind_clock(self) -> None:
        """Let letters keep their time when the wall clock is set: it says how long they are worth sending."""
        async with self._clock_turn:
            moved = self._wall_ahead() - self._ahead
            if abs(moved) > CLOCK_WAS_SET:
                await self._post.shift(self._began, moved)
                self._ahead, self._began = self._ahead + moved, self._began + moved
                log.info("clock_was_set", by_s=round(moved.total_seconds()))

    def _wall_ahead(self) -> timedelta:
        """Return what has to be added to the clock that never jumps to get the wall clock, in a way."""
        return self._clock.now() - EARLIEST - timedelta(seconds=self._clock.monotonic())

    async def _recover(self, beat: Callable[[str], None]) -> None:
        while True:
            for channel in self._threads:
                beat(channel)
            try:
                await self._post.recover(self._clock.now())
                known = await self._post.health()
            except StoreError as error:
                self._note_trouble(error)
                await self._clock.sleep(STORE_PAUSE_S)
            else:
                self._health = {health.channel: health for health in known}
                return

    async def _serve(self, channel: str, beat: Callable[[str], None]) -> None:
        while True:
            beat(channel)
            try:
                self._wake[channel].clear()
                await self._mind_clock()
                claimed = await self._post.claim(channel, self._clock.now())
                if claimed is not None:
                    await self._send(claimed, lambda: beat(channel))
                    continue
                due = await self._post.next_due(channel)
                self._note_trouble(None)
            except StoreError as error:
                self._note_trouble(error)
                await self._clock.sleep(STORE_PAUSE_S)
                continue
            await wait_for(self._wake[channel], self._clock, self._until(due))

    def _until(self, due: datetime | None) -> float:
        if due is None:
            return LONGEST_WAIT_S
        return min(LONGEST_WAIT_S, max(0.05, (due - self._clock.now()).total_seconds()))

    async def _send(self, claimed: Claimed, beat: Callable[[], None]) -> None:
        channel = claimed.letter.channel
        try:
            await self._wait_out(claimed, beat)
        except DeliveryError as error:
            await self._failed(claimed, error, beat)
        else:
            self._health.pop(channel, None)
            await self._note(lambda: self._post.settle_sent(claimed), beat)
            log.info("letter_sent", channel=channel, kind=claimed.letter.kind.value, attempt=claimed.attempt)

    async def _wait_out(self, claimed: Claimed, beat: Callable[[], None]) -> None:
        """Wait for the answer, however long it takes: a message given up on may still arrive."""
        channel = claimed.letter.channel
        sending = asyncio.ensure_future(self._threads[channel].deliver(claimed.letter.text))
        try:
            while not await done_within(sending, self._clock, DEADLINE_S):
                beat()
                if channel not in self.hanging:
                    self.hanging.add(channel)
                    log.warning("channel_hangs", channel=channel)
            sending.result()
        except asyncio.CancelledError:
            await to_the_end(self._last_chance(claimed, sending))
            raise
        finally:
            self.hanging.discard(channel)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _last_chance(self, claimed: Claimed, sending: "asyncio.Future[None]") -> None:
        """Give an answer that is nearly there a moment when the service stops, or the letter goes out twice."""
        await asyncio.wait({sending}, timeout=GRACE_S)
        if sending.done() and not sending.cancelled() and sending.exception() is None:
            with suppress(StoreError):
                await self._post.settle_sent(claimed)

    async def _failed(self, claimed: Claimed, error: DeliveryError, beat: Callable[[], None]) -> None:
        channel = claimed.letter.channel
        before = self._health.get(channel)
        needs_runner = error.blame is Blame.SETTINGS
        known = before is not None and before.settings_fault is needs_runner
        failures = before.failures + 1 if before and known else 1
        pause = (SETTINGS if needs_runner else WORLD).pause_s(failures, self._chance)
        next_at = self._clock.now() + timedelta(seconds=pause)
        health = self._health[channel] = ChannelHealth(channel, failures, error.reason, needs_runner, next_at)
        notices = self._notice(channel, error.reason) if needs_runner and not known else []
        await self._note(lambda: self._post.settle_failed(claimed, health, *notices), beat)
        log.warning(
            "letter_failed", channel=channel, reason=error.reason, attempt=claimed.attempt, pause_s=round(pause)
        )
        if notices:
            self.wake()

    async def _note(self, settle: Callable[[], Awaitable[None]], beat: Callable[[], None]) -> None:
        """Note how it went, as often as it takes: a letter that stays "being sent" would not move until a restart."""
        while True:
            try:
                return await settle()
            except StoreError as error:
                self._note_trouble(error)
                await self._clock.sleep(STORE_PAUSE_S)
                beat()
