"""The live page: how soon a value is seen, what open pages cost, and what a crowd at the door does to a run.

The service lives in a process of its own, with its real database; a strap made of arithmetic says a value a second.
Chromium looks at it, and a third process opens streams by the dozen and reads them. `--day` adds a page that is left
open for a day of quickened time, which takes seven minutes.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import structlog
from machine import KB, cpu_seconds_of, describe, memory_of, middle
from table import Row, show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connectors.simulated_strap import Script
from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.session import Effect, Event
from daemon.domain.strap import BodyLocation, StrapConnected, StrapEvent
from daemon.page.assets import assets
from daemon.ports import Permit
from daemon.remote import ask
from daemon.serving import signals
from daemon.state_folder import DATABASE_NAME
from daemon.store import RunKept, SessionOpened
from tests.browser.browser import first_paint_ms, heap_bytes, transferred_bytes, visiting
from tests.browser.house import ZONE, household
from tests.fakes import EASY, ELS, judged_run

if TYPE_CHECKING:
    from playwright.async_api import Browser

VALUES, JITTER_S = 60, 0.03
HEARTS = (*range(120, 135, 2), *range(133, 120, -2))
"""Each differs from those before and after it, and all of fifteen seconds from one another."""
BUTTONS = {20: "start", 30: "hold", 33: "go_on", 45: "skip"}
"""What is pressed meanwhile, by second: each has the page told of something else than a value."""
PAGES, OPEN_S, CROWD, CROWD_S = (0, 10, 50), 20.0, 1000, 15.0
LAG_S = 0.01
DRAWINGS, PAINTS = 15, 5
DAY_SPEED, HOUR_S = 240.0, 3600.0
SEEN_AT_S = (1.75 * HOUR_S, 12.75 * HOUR_S, 23.75 * HOUR_S)
"""Always while nobody runs."""
DAY = Script(
    efforts=((0, 127.0),),
    resting_bpm=127.0,
    absences=tuple((HOUR_S * hour + 1800.0, HOUR_S * (hour + 1)) for hour in range(30)),
)
"""The strap is worn for half an hour of every hour."""
PATIENCE_S = 20.0

NOTE_WHAT_IS_SEEN = """
window.seen = [];
(() => {
  let last = "";
  const after = (frame) => requestAnimationFrame(() => {
    // the frame is painted before the next message is taken
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = frame;
    port2.postMessage(0);
  });
  new MutationObserver(() => {
    const slot = document.querySelector("[data-slot=bpm]");
    const bpm = slot ? slot.textContent : "";
    if (bpm === last) return;
    last = bpm;
    after(() => window.seen.push([bpm, (performance.timeOrigin + performance.now()) / 1000]));
  }).observe(document, { subtree: true, childList: true, characterData: true });
})();
"""


# -- the service, in a process of its own -----------------------------------------------------------


class Strap:
    """Says a value a second, a little early or late, and prints when it did."""

    @asynccontextmanager
    async def events(self, permit: Permit) -> AsyncIterator[AsyncIterator[StrapEvent]]:
        """Hand over what it says, without end."""
        await permit.wait_granted()
        events = self._say()
        try:
            yield events
        finally:
            await events.aclose()

    async def _say(self) -> AsyncGenerator[StrapEvent, None]:
        began, chance = time.monotonic(), random.Random(7)  # noqa: S311
        yield StrapConnected(Instant(began), "bench", 87, BodyLocation.CHEST)
        for number in count(1):
            due = Instant(began + number + chance.uniform(-JITTER_S, JITTER_S))
            await asyncio.sleep(due - time.monotonic())
            bpm = HEARTS[number % len(HEARTS)]
            tell("said", bpm, time.time())
            yield HeartRateSample(due, Bpm(bpm), SensorContact.GOOD, (round(61440 / bpm),))


def tell(*what: object) -> None:
    """Say something to whoever measures."""
    print(json.dumps(what), flush=True)


def heard(_runner: str, event: Event, _effects: tuple[Effect, ...]) -> None:
    """Note how long a value took to be decided upon, from the moment it was due."""
    if isinstance(event, HeartRateSample):
        tell("decided", time.monotonic() - event.at)


async def mind_lag() -> None:
    """Tell each second how late the loop was at worst, and how long this process itself was at work meanwhile."""
    late, busy, told_at = 0.0, 0.0, time.monotonic()
    while True:
        due, cpu = time.monotonic() + LAG_S, time.process_time()
        await asyncio.sleep(LAG_S)
        now = time.monotonic()
        late, busy = max(late, now - due), max(busy, time.process_time() - cpu)
        if now - told_at >= 1:
            tell("lag", late, busy)
            late, busy, told_at = 0.0, 0.0, now


async def live(folder: Path, *, strap: bool, lag: bool, is_quick: bool) -> None:
    """Be the service, until it is told to end."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if is_quick:
        living = household(folder, speed=DAY_SPEED, script=DAY)
    else:
        straps = {ELS.name: Strap()} if strap else {}
        living = household(folder, straps=straps, about_runner=f'{ZONE}\nplan = "rustig-12"', observe=heard)
    async with signals(reloads=False) as orders, living as house:
        tell("port", house.port)
        minding = asyncio.create_task(mind_lag()) if lag else None
        await orders.stop.wait()
        if minding:
            minding.cancel()


# -- readers, in another ------------------------------------------------------------------------------


async def read(port: int, pages: int) -> None:
    """Open so many streams and read them until the end of the input; tell how each was received."""
    received = await asyncio.gather(*(knock(port) for _ in range(pages)))
    tell(Counter(answer for answer, _ in received))
    reading = [asyncio.create_task(drop(reader)) for _, reader in received if reader]
    await asyncio.to_thread(sys.stdin.read)
    for task in reading:
        task.cancel()


async def knock(port: int) -> tuple[str, asyncio.StreamReader | None]:
    """Ask for the stream; return the answer's status, and what is to be read."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            line = await reader.readline()
    except TimeoutError:
        return "no answer", None
    except OSError:
        return "cut", None
    HELD.append(writer)
    return (line.split()[1].decode(), reader) if line else ("cut", None)


HELD: list[asyncio.StreamWriter] = []
"""Nobody hangs up."""


async def drop(reader: asyncio.StreamReader) -> None:
    """Read and forget."""
    with suppress(OSError):
        while await reader.read(65536):
            pass


@contextmanager
def readers(port: int, pages: int) -> Iterator[Counter[str]]:
    """Let another process keep so many pages open; give how they were received."""
    command = [sys.executable, "-W", "ignore", __file__, "read", str(port), str(pages)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("no pipe")
        yield Counter(json.loads(process.stdout.readline())[0])
        process.stdin.close()


# -- from outside -------------------------------------------------------------------------------------


@dataclass
class Watched:
    """A service from outside, and what it told."""

    process: "subprocess.Popen[str]"
    folder: Path
    port: int = 0
    said: list[tuple[str, float]] = field(default_factory=list)
    decided_s: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    busy_s: list[float] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    def take(self, line: str) -> None:
        """Take in what it told."""
        match json.loads(line):
            case ["said", int() as bpm, float() as at]:
                self.said.append((str(bpm), at))
            case ["decided", float() as seconds]:
                self.decided_s.append(seconds)
            case ["lag", float() as late, float() as busy]:
                self.late_s.append(late)
                self.busy_s.append(busy)
            case _:
                raise ValueError(line)

    def forget(self) -> None:
        """Begin to look anew."""
        for kept in (self.said, self.decided_s, self.late_s, self.busy_s):
            kept.clear()

    def lag(self) -> str:
        """Say how late its loop was at worst, and for how much of it the service itself was at work."""
        return f"{1000 * max(self.late_s):.0f} ms (itself at work {1000 * max(self.busy_s):.0f} ms)"

    def cost_pct(self, seconds: float) -> float:
        """Wait so long; return the share of a core that it took."""
        began, cpu = time.monotonic(), cpu_seconds_of(self.pid)
        time.sleep(seconds)
        return 100 * (cpu_seconds_of(self.pid) - cpu) / (time.monotonic() - began)


@contextmanager
def service(folder: Path, *, strap: bool = True, lag: bool = False, is_quick: bool = False) -> Iterator[Watched]:
    """Let a service live, until the end of the context."""
    how = json.dumps({"strap": strap, "lag": lag, "is_quick": is_quick})
    command = [sys.executable, "-W", "ignore", __file__, "live", str(made(folder)), how]
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,  # noqa: S603
    ):
        watched = Watched(process, folder)
        listening = threading.Thread(target=_listen, args=(watched,))
        listening.start()
        try:
            until(lambda: watched.port, process)
            yield watched
        finally:
            process.terminate()
            listening.join()


def made(folder: Path) -> Path:
    """Return a folder that is there."""
    folder.mkdir(exist_ok=True)
    return folder


def _listen(watched: Watched) -> None:
    for line in watched.process.stdout or ():
        if line.startswith('["port"'):
            watched.port = json.loads(line)[1]
        else:
            watched.take(line)


def until(is_so: Callable[[], object], process: "subprocess.Popen[str]") -> None:
    """Wait for something."""
    for _ in range(round(PATIENCE_S / 0.02)):
        if is_so():
            return
        if process.poll() is not None:
            raise RuntimeError("the service did not start")
        time.sleep(0.02)
    raise TimeoutError


@contextmanager
def wire(port: int) -> Iterator[list[tuple[str, float]]]:
    """Listen to the stream as a page does, without a browser; give what heart rates came, and when."""
    came: list[tuple[str, float]] = []

    def listen(line: socket.socket) -> None:
        with line.makefile("rb") as text, suppress(OSError):
            for part in text:
                if part.startswith(b"data: ") and b'"bpm":1' in part:
                    told = json.loads(part[6:])
                    if isinstance(told.get("bpm"), int):
                        came.append((str(told["bpm"]), time.time()))

    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        listening = threading.Thread(target=listen, args=(line,))
        listening.start()
        try:
            yield came
        finally:
            line.shutdown(socket.SHUT_RDWR)
            listening.join()


def delays(said: Sequence[tuple[str, float]], seen: Sequence[tuple[str, float]]) -> tuple[list[float], int]:
    """Return how long each value took to be seen, and how many never were."""
    found: list[float] = []
    for bpm, at in said:
        found += [then - at for what, then in seen if what == bpm and 0 <= then - at < len(HEARTS) / 2][:1]
    return found, len(said) - len(found)


def in_ms(seconds: Sequence[float]) -> str:
    """Return p50, p95 and the longest, in milliseconds."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"{1000 * middle(ordered):.0f} / {1000 * p95:.0f} / {1000 * ordered[-1]:.0f} ms"


# -- what is asked ------------------------------------------------------------------------------------


@asynccontextmanager
async def chromium() -> AsyncIterator["Browser | None"]:
    """Give a browser, or None where there is none."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - the readers do without

    program = os.environ.get("DUURLOOP_CHROMIUM") or shutil.which("chromium")
    if program is None:
        yield None
        return
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            await browser.close()


async def seen_in(browser: "Browser", watched: Watched) -> tuple[list[float], list[float], int]:
    """Return how long values take until they are seen, and until they come by wire; and how many never are seen."""
    with wire(watched.port) as came:
        async with visiting(browser, watched.address, language="en") as page:
            await page.evaluate(NOTE_WHAT_IS_SEEN)
            watched.forget()
            for second in range(VALUES):
                await asyncio.sleep(1)
                if second in BUTTONS:
                    await asyncio.to_thread(ask, watched.folder, BUTTONS[second])
            said = list(watched.said)
            await asyncio.sleep(2)
            seen = [(bpm, at) for bpm, at in await page.evaluate("window.seen")]
    found, missed = delays(said, seen)
    return found, delays(said, came)[0], missed


async def painted(browser: "Browser", address: str) -> list[float]:
    """Return when there was something to read, in milliseconds, for a few visits without scripts."""
    seen = []
    for _ in range(PAINTS):
        # a line of text names no icon, and the browser looks for one
        async with visiting(browser, address, language="en", javascript=False, expects=("favicon.ico",)) as page:
            seen.append(await first_paint_ms(page))
    return seen


def size_of(address: str) -> int:
    """Return how large an answer is."""
    with urlopen(address, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own
        return len(answer.read())


async def by_browser(folder: Path, *, has_day: bool) -> list[Row]:
    """Look at the page as people do."""
    async with chromium() as browser:
        if browser is None:
            return [Row("packet to visible figure", "no Chromium here")]
        with service(folder / "seen") as watched:
            await asyncio.sleep(2)
            seen, at_door, missed = await seen_in(browser, watched)
            weight = []
            async with visiting(browser, watched.address, language="en") as page:
                await page.locator(".uplot").wait_for()
                weight.append(await transferred_bytes(page))
            paints = await painted(browser, watched.address)
            plain = await painted(browser, f"{watched.address}/healthz")
            html = await asyncio.to_thread(size_of, watched.address)
        sizes = {name: len(assets()[name].content) for name in ("page.css", "live.js", "uPlot.js")}
        parts = ", ".join(f"{name} {size / KB:.0f}" for name, size in {"page": html, **sizes}.items())
        rows = [
            Row(
                "packet to visible figure, p50 / p95 / longest",
                in_ms(seen),
                "p95 <= 250 ms",
                f"to the wire: {in_ms(at_door)}; never seen: {missed} of {VALUES}",
            ),
            Row("weight of the live page, all in all", f"{weight[0] / KB:.0f} kB", "<= 150 kB", f"{parts} kB"),
            Row(
                "first paint, without scripts",
                f"{middle(paints):.0f} ms",
                "",
                f"longest of {PAINTS}: {max(paints):.0f} ms; a line of plain text: {middle(plain):.0f} ms",
            ),
        ]
        return rows + (await day(browser, folder / "day") if has_day else [])


async def day(browser: "Browser", folder: Path) -> list[Row]:
    """Leave a page open for a day of quickened time: half an hour of strap in every hour."""
    with service(folder, is_quick=True) as watched:
        async with visiting(browser, watched.address, language="en") as page:
            began, seen = time.monotonic(), []
            for until_s in SEEN_AT_S:
                await asyncio.sleep(until_s / DAY_SPEED - (time.monotonic() - began))
                seen.append((await heap_bytes(page), memory_of(watched.pid)))
            status = await asyncio.to_thread(ask, folder, "status")
    if not status["runners"][0]["last_run"]:
        raise RuntimeError("nothing was run")
    return [
        Row(
            "page left open: heap after 2, 13 and 24 hours",
            f"{', '.join(f'{heap / KB:.0f}' for heap, _ in seen)} kB",
            "flat",
            "a run in every hour",
        ),
        Row("  the service's memory", ", ".join(str(memory) for _, memory in seen), "+ <= 3 MB"),
    ]


def open_pages(folder: Path) -> list[Row]:
    """Tell what pages cost that are open."""
    rows, nobody = [], 0.0
    with service(folder / "open") as watched:
        time.sleep(3)
        for pages in PAGES:
            with readers(watched.port, pages) as received:
                if received["200"] != pages:
                    raise RuntimeError(f"not all pages are open: {received}")
                time.sleep(1)
                pct = watched.cost_pct(OPEN_S)
            nobody = nobody or pct
            rows.append(
                Row(
                    f"{pages} open pages, a strap at 1 Hz: share of a core",
                    f"{pct:.1f} %",
                    "<= 5 %" if pages == max(PAGES) else "",
                    f"beyond no pages: {pct - nobody:.1f} %; load {os.getloadavg()[0]:.1f}",
                )
            )
    with service(folder / "idle", strap=False) as watched, readers(watched.port, max(PAGES)):
        time.sleep(8)
        rows.append(Row(f"{max(PAGES)} open pages, nobody runs", f"{watched.cost_pct(OPEN_S):.2f} %"))
    return rows


def crowd(folder: Path) -> list[Row]:
    """Tell what a crowd at the door does to a run that is watched."""
    with service(folder / "crowd", lag=True) as watched, wire(watched.port) as came:
        ask(watched.folder, "start")
        time.sleep(5)
        before, lag, memory = max(watched.decided_s), watched.lag(), memory_of(watched.pid)
        watched.forget()
        with readers(watched.port, CROWD) as received:
            time.sleep(CROWD_S)
            began = time.monotonic()
            try:
                size_of(watched.address)
                other = f"in {1000 * (time.monotonic() - began):.0f} ms"
            except OSError as error:
                other = str(error)
            full = memory_of(watched.pid)
        time.sleep(3)
        on_the_way, missed = delays([one for one in watched.said if time.time() - one[1] > 2], came)
        after = memory_of(watched.pid)
        answers = ", ".join(f"{answer}: {number}" for answer, number in sorted(received.items()))
        return [
            Row(f"{CROWD:,} who want a stream", answers, "bounded", f"another page meanwhile: {other}"),
            Row(
                "  packet to decision meanwhile, longest",
                f"{1000 * max(watched.decided_s):.1f} ms",
                "",
                f"before: {1000 * before:.1f} ms",
            ),
            Row("  the loop's lag, longest", watched.lag(), "", f"before: {lag}"),
            Row("  packet to the page that was there first", in_ms(on_the_way), "", f"never: {missed}"),
            Row("  memory while they are there, and after", f"{full}, {after}", "", f"before: {memory}"),
        ]


async def keep_an_hour(folder: Path) -> str:
    """Keep a run of an hour; return its id."""
    began, run_id = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3), "an-hour"
    chance = random.Random(7)  # noqa: S311
    samples = [
        HeartRateSample(Instant(float(at)), Bpm(round(127 + chance.gauss(0, 4))), SensorContact.GOOD, ())
        for at in range(3600)
    ]
    async with open_database(folder / DATABASE_NAME) as database:
        run = judged_run(run_id, samples, began)
        opened = SessionOpened(run_id, ELS.name, began, EASY)
        await SqliteStore(database).commit([opened, RunKept(run_id, run, tuple(samples))])
    return run_id


def drawing(folder: Path) -> list[Row]:
    """Tell what it takes to draw an hour."""
    run_id = asyncio.run(keep_an_hour(made(folder / "drawn")))
    with service(folder / "drawn", lag=True) as watched:
        time.sleep(4)
        before = watched.lag()
        watched.forget()
        took, size, cpu = [], 0, cpu_seconds_of(watched.pid)
        for _ in range(DRAWINGS):
            began = time.monotonic()
            size = size_of(f"{watched.address}/runs/{run_id}.svg")
            took.append(time.monotonic() - began)
        cpu_ms = 1000 * (cpu_seconds_of(watched.pid) - cpu) / DRAWINGS
        time.sleep(1.5)
        return [
            Row(
                "an hour's run, drawn: median, longest",
                f"{1000 * middle(took):.0f}, {1000 * max(took):.0f} ms",
                "<= 50 ms",
                f"processor {cpu_ms:.0f} ms; {size / KB:.0f} kB",
            ),
            Row("  the loop's lag meanwhile, longest", watched.lag(), "", f"before: {before}"),
        ]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--day", action="store_true", help="a page left open for a quickened day, too")
    has_day = asked.parse_args().day
    with tempfile.TemporaryDirectory(prefix="duurloop-bench-") as name:
        folder = Path(name)
        rows = [
            *asyncio.run(by_browser(folder, has_day=has_day)),
            *open_pages(folder),
            *crowd(folder),
            *drawing(folder),
        ]
    show("The live page", rows, [f"{describe()}."])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["live", folder, how]:
            asyncio.run(live(Path(folder), **json.loads(how)))
        case ["read", port, pages]:
            asyncio.run(read(int(port), int(pages)))
        case _:
            main()
