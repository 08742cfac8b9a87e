"""A good channel while twelve others hang: how soon a letter goes out, and how soon the service can stop.

Both ways run in a process of their own: Apprise's pool keeps its process from ending while a far end hangs.
"""

import asyncio
import json
import logging
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from machine import middle
from table import Row, show

HANGING, LETTERS = 12, 10
BETWEEN_S, HANG_S = 0.2, 20
APPRISE_S, ENDING_S = 8.0, 8.0
GOOD = "good"

Arrivals = dict[str, float]
"""When each message came, by its title; the monotonic clock is one for all processes."""


@contextmanager
def good_end() -> Iterator[tuple[str, Arrivals]]:
    """Give the address of a web server that takes everything, and what has come to it."""
    came: Arrivals = {}

    class GoodEnd(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at = time.monotonic()
            text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            came.setdefault(text["title"], at)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), GoodEnd) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"json://127.0.0.1:{server.server_address[1]}/", came
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def hanging_ends() -> Iterator[list[str]]:
    """Give addresses where the kernel takes the connection and nobody ever answers."""
    with ExitStack() as stack:
        lines = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(HANGING)]
        yield [f"json://127.0.0.1:{line.getsockname()[1]}/?rto={HANG_S}" for line in lines]


# -- the two ways, each in a process of its own ------------------------------------------------------


async def by_outbox(urls: Sequence[str]) -> None:
    """Send through the real outbox; print when each letter for the good end was committed, and the stop."""
    import structlog  # noqa: PLC0415 - the other way does without

    from connectors.messenger import AppriseMessenger  # noqa: PLC0415
    from connectors.sqlite import open_database  # noqa: PLC0415
    from connectors.sqlite_post import SqlitePost  # noqa: PLC0415
    from connectors.sqlite_store import SqliteStore  # noqa: PLC0415
    from daemon.clock import SystemClock  # noqa: PLC0415
    from daemon.domain.wording import Text  # noqa: PLC0415
    from daemon.outbox import Outbox  # noqa: PLC0415
    from daemon.store import Kind, Letter, LetterWritten  # noqa: PLC0415

    def letter(title: str, channel: str) -> LetterWritten:
        now = datetime.now(UTC)
        text = Text(title, "Easy does it: walk until you can talk again.")
        return LetterWritten(Letter(title, channel, Kind.LIVE, text, now, now + timedelta(minutes=1), now))

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    names = [*(f"hanging {number}" for number in range(HANGING)), GOOD]
    messengers = {name: AppriseMessenger(name, url, str) for name, url in zip(names, urls, strict=True)}
    with tempfile.TemporaryDirectory(prefix="duurloop-bench-") as folder:
        async with open_database(Path(folder) / "duurloop.db") as database:
            store = SqliteStore(database)
            outbox = Outbox(SqlitePost(database), messengers, SystemClock(), random.Random(7))  # noqa: S311
            sending = asyncio.create_task(outbox.run())
            await store.commit([letter("first", name) for name in names])  # loads Apprise, and fills the others
            print(json.dumps(["first", time.monotonic()]), flush=True)
            outbox.wake()
            await asyncio.sleep(3)
            for number in range(LETTERS):
                await store.commit([letter(f"letter {number}", GOOD)])
                print(json.dumps([f"letter {number}", time.monotonic()]), flush=True)
                outbox.wake()
                await asyncio.sleep(BETWEEN_S)
            print(json.dumps(["stop", time.monotonic()]), flush=True)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        print(json.dumps(["stopped", time.monotonic()]), flush=True)


async def by_apprise(urls: Sequence[str]) -> None:
    """Send through Apprise's own `async_notify`, as an asyncio program would; print when it was asked to."""
    from apprise import Apprise  # noqa: PLC0415

    everybody, good = Apprise(), Apprise()
    for url in urls:
        everybody.add(url)
    good.add(urls[-1])
    print(json.dumps(["first", time.monotonic()]), flush=True)
    first = asyncio.create_task(everybody.async_notify(body="Easy does it.", title="first"))
    await asyncio.sleep(1)
    print(json.dumps(["letter 0", time.monotonic()]), flush=True)
    later = asyncio.create_task(good.async_notify(body="Easy does it.", title="letter 0"))
    await asyncio.sleep(APPRISE_S)
    print(json.dumps(["stop", time.monotonic()]), flush=True)
    for task in (first, later):
        task.cancel()
    await asyncio.gather(first, later, return_exceptions=True)
    print(json.dumps(["stopped", time.monotonic()]), flush=True)


WAYS = {"outbox": by_outbox, "apprise": by_apprise}


# -- from outside --------------------------------------------------------------------------------------


def watch(way: str, urls: Sequence[str]) -> tuple[Arrivals, float | None]:
    """Run one way; return what it said and when, and when its process ended (None if it had to be killed)."""
    command = [sys.executable, "-W", "ignore", __file__, way, *urls]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603
        if process.stdout is None:
            raise RuntimeError("no pipe")
        said: Arrivals = {}
        try:
            while "stopped" not in said and (line := process.stdout.readline()):
                what, at = json.loads(line)
                said[what] = at
            process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return said, None
        return said, time.monotonic()


def delay_ms(title: str, said: Arrivals, came: Arrivals) -> float | None:
    """Return the time from commit to arrival."""
    return 1000 * (came[title] - said[title]) if title in came else None


def in_ms(delay: float | None) -> str:
    """Return a delay in words."""
    return f"not within {APPRISE_S:.0f} s" if delay is None else f"{delay:.0f} ms"


def main() -> None:
    with hanging_ends() as hanging, good_end() as (good, came):
        ours, our_end = watch("outbox", [*hanging, good])
        arrived = dict(came)
        came.clear()
        theirs, their_end = watch("apprise", [*hanging, good])
        came_to_them = dict(came)
    delays = [delay for number in range(LETTERS) if (delay := delay_ms(f"letter {number}", ours, arrived)) is not None]
    if len(delays) < LETTERS or our_end is None:
        raise RuntimeError(f"{len(delays)} of {LETTERS} letters arrived: {ours}")
    process_ended = f"{their_end - theirs['stop']:.1f} s" if their_end else f"not within {ENDING_S:.0f} s"
    show(
        f"Letters: {HANGING} far ends that never answer, one that does",
        [
            Row(
                "commit to arrival, median",
                f"{middle(delays):.0f} ms",
                "<= 50 ms",
                f"async_notify: {in_ms(delay_ms('letter 0', theirs, came_to_them))}",
            ),
            Row("  the slowest of ten", f"{max(delays):.0f} ms"),
            Row(
                "the first letter, which loads Apprise",
                in_ms(delay_ms("first", ours, arrived)),
                "",
                f"async_notify to all 13: {in_ms(delay_ms('first', theirs, came_to_them))}",
            ),
            Row("the sending part stops in", f"{1000 * (ours['stopped'] - ours['stop']):.0f} ms", "<= 3 s"),
            Row(
                "  and its process ends in",
                f"{our_end - ours['stop']:.2f} s",
                "<= 3 s",
                f"async_notify: {process_ended}",
            ),
        ],
        [f"The good address is the last of the thirteen; the others hold a sender for {HANG_S} s."],
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(WAYS[sys.argv[1]](sys.argv[2:]))
    else:
        main()
