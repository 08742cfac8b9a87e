"""The running service as systemd sees it: start, memory, rest, stop; and how soon `status` answers."""

import asyncio
import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

from machine import KB, Memory, cpu_seconds_of, memory_in, memory_of, middle, written_bytes_of
from table import Row, show

from daemon.remote import ask
from tests.fake_bluez import FakeBluez, private_bus
from tests.loopback import free_port

DUURLOOP = Path(sys.executable).with_name("duurloop")
STARTS, CALLS = 5, 9
SETTLING_S, RESTING_S, PATIENCE_S = 6.0, 15.0, 15.0

SETTINGS = """
[page]
listen = "{listen}"
[[runners]]
name = "Els"
zone = "118-136"
plan = "rustig-12"
{strap}
[[runners.channels]]
name = "phone"
url = "json://127.0.0.1:{port}/"
"""
STRAP = 'strap = "Polar H10 12345678"'

LIBRARIES = "import aiosqlite, bleak, pydantic.main, structlog"  # `import pydantic` alone loads next to nothing
WITH_PAGE = f"{LIBRARIES}, aiohttp.web"
WITH_APPRISE = f"{WITH_PAGE}; import apprise; apprise.Apprise().add('json://localhost')"
MEASURE = "; print(open('/proc/self/smaps_rollup').read())"


def as_installed(folder: Path) -> dict[str, str]:
    """Return surroundings like those of an installed program: compiled once, and without what only the tests need.

    structlog loads rich where it finds it, and that costs a start 60 ms.
    """
    absent = folder / "absent"
    absent.mkdir()
    (absent / "rich.py").write_text('raise ImportError("not installed")\n', encoding="ascii")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**environ, "PYTHONPATH": str(absent), "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


class Started:
    """A service that has said READY."""

    def __init__(self, process: "subprocess.Popen[bytes]", began: float, ready_at: float, state: Path) -> None:
        self.process = process
        self.began = began
        self.ready_s = ready_at - began
        self.state = state

    def stop(self) -> float:
        """End it as systemd does; return the seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        if code != 0:
            raise RuntimeError(f"the service ended with {code}")
        return time.monotonic() - began


@contextmanager
def started(folder: Path, port: int, *, strap: bool, environ: dict[str, str], listen: str = "") -> Iterator[Started]:
    """Run `duurloop run` until the end of the context, without a page unless it says where to listen."""
    settings, state, notices = folder / "duurloop.toml", folder / "state", folder / "notify"
    settings.write_text(SETTINGS.format(strap=STRAP if strap else "", port=port, listen=listen), encoding="utf-8")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line, (folder / "log").open("ab") as log:
        notices.unlink(missing_ok=True)
        line.bind(str(notices))
        line.settimeout(0.5)
        began = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - our own command
            [DUURLOOP, "--config", settings, "--state", state, "run"],
            env={**environ, "NOTIFY_SOCKET": str(notices)},
            stderr=log,
        )
        try:
            yield Started(process, began, ready_at(line, process), state)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def ready_at(line: socket.socket, process: "subprocess.Popen[bytes]") -> float:
    """Wait until the service says READY, and return when that was."""
    while process.poll() is None:
        with suppress(TimeoutError):
            if line.recv(4096).startswith(b"READY=1"):
                return time.monotonic()
    raise RuntimeError(f"the service ended with {process.returncode} before it was ready")


def page_answers_s(service: Started, listen: str) -> float:
    """Wait for the live page; return how long after the start it came."""
    host, _, port = listen.partition(":")
    while service.process.poll() is None:
        line = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S)
        with suppress(OSError), closing(line):
            line.request("GET", "/")
            line.getresponse().read()
            return time.monotonic() - service.began
        time.sleep(0.005)
    raise RuntimeError("there is no page")


@contextmanager
def phone() -> Iterator[tuple[int, threading.Event]]:
    """Give the port of a web server on the loopback, and an event that its first message sets."""
    rang = threading.Event()

    class Phone(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            rang.set()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Phone) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], rang
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def bluez() -> Iterator[str]:
    """Give the address of a private D-Bus on which a BlueZ of the tests has an adapter, and no strap in reach."""
    with private_bus() as address:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        fake = FakeBluez(address)
        try:
            asyncio.run_coroutine_threadsafe(fake.start(), loop).result(PATIENCE_S)
            yield address
        finally:
            asyncio.run_coroutine_threadsafe(fake.stop(), loop).result(PATIENCE_S)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


def rest(service: Started) -> tuple[float, int, bool]:
    """Leave the service alone; return its share of a core, the bytes it wrote, and whether it committed anything."""
    pid, database = service.process.pid, service.state / "duurloop.db"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as watcher:
        time.sleep(SETTLING_S)
        began, cpu, written, version = time.monotonic(), cpu_seconds_of(pid), written_bytes_of(pid), version_of(watcher)
        time.sleep(RESTING_S)
        share = (cpu_seconds_of(pid) - cpu) / (time.monotonic() - began)
        changed = version_of(watcher) != version
    watcher.close()
    return share, written_bytes_of(pid) - written, changed


def version_of(watcher: sqlite3.Connection) -> int:
    """Return a number that changes with every commit of another connection."""
    return int(watcher.execute("PRAGMA data_version").fetchone()[0])


def first_message(service: Started, rang: threading.Event) -> Memory:
    """Let the service send its first message; return its memory afterwards."""
    ask(service.state, "start")
    if not rang.wait(PATIENCE_S):
        raise TimeoutError("no message came")
    ask(service.state, "stop")
    time.sleep(0.5)
    return memory_of(service.process.pid)


def seconds_of(environ: dict[str, str], *command: str | Path) -> float:
    """Return the wall time of a command."""
    began = time.monotonic()
    subprocess.run(  # noqa: S603 - our own
        command, check=True, env=environ, stdout=subprocess.DEVNULL, timeout=PATIENCE_S
    )
    return time.monotonic() - began


def bare(imports: str, environ: dict[str, str]) -> tuple[float, Memory]:
    """Return the wall time of an interpreter that only imports, and its memory."""
    python = (sys.executable, "-W", "ignore", "-c")
    seen = subprocess.run(  # noqa: S603 - our own
        [*python, imports + MEASURE], check=True, env=environ, capture_output=True, text=True, timeout=PATIENCE_S
    )
    return middle([seconds_of(environ, *python, imports) for _ in range(STARTS)]), memory_in(seen.stdout)


def main() -> None:
    with_radio = which("dbus-daemon") is not None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duurloop-bench-")))
        port, rang = stack.enter_context(phone())
        environ = as_installed(folder)
        if with_radio:
            environ["DBUS_SYSTEM_BUS_ADDRESS"] = stack.enter_context(bluez())

        listen = f"127.0.0.1:{free_port()}"
        starts, bare_starts = [], []
        for _ in range(1 + STARTS):  # the first one compiles
            with started(folder, port, strap=with_radio, environ=environ, listen=listen) as service:
                starts.append((service.ready_s, page_answers_s(service, listen), service.stop()))
            with started(folder, port, strap=with_radio, environ=environ) as service:
                bare_starts.append(service.ready_s)
        ready, answered, stopped = zip(*starts[1:], strict=True)
        with started(folder, port, strap=with_radio, environ=environ) as service:
            time.sleep(SETTLING_S)
            bare_idle = memory_of(service.process.pid)
        with started(folder, port, strap=with_radio, environ=environ, listen=listen) as service:
            page_answers_s(service, listen)
            share, written, committed = rest(service)
            idle = memory_of(service.process.pid)
            status = (DUURLOOP, "--state", service.state, "status")
            answers = [
                (seconds_of(environ, *status), seconds_of(environ, sys.executable, "-c", "pass")) for _ in range(CALLS)
            ]
            later = first_message(service, rang)
            service.stop()
        libraries_s, libraries = bare(LIBRARIES, environ)
        page_s, page_libraries = bare(WITH_PAGE, environ)
        messages_s, messages = bare(WITH_APPRISE, environ)
    status_s, nothing_s = (middle(times) for times in zip(*answers, strict=True))
    radio = "a strap that is not in reach" if with_radio else "no strap (dbus-daemon is not installed)"
    show(
        f"The service: one runner, one channel, the live page, {radio}",
        [
            Row(
                "start to READY",
                f"{middle(ready):.2f} s",
                "<= 0.6 s",
                f"without the page {middle(bare_starts[1:]):.2f} s; importing its libraries: {libraries_s:.2f} s",
            ),
            Row(
                "start to the page's first answer",
                f"{middle(answered):.2f} s",
                "",
                f"longest {max(answered):.2f} s; with aiohttp imported: {page_s:.2f} s",
            ),
            Row(
                "memory, idle, the page looked at once",
                str(idle),
                "<= 60 MB",
                f"the same libraries imported: {page_libraries}",
            ),
            Row("memory, idle, without the page", str(bare_idle), "", f"the same libraries imported: {libraries}"),
            Row("memory after the first message", str(later), "<= 90 MB", f"with Apprise imported: {messages}"),
            Row("idle, share of a core", f"{100 * share:.2f} %", "< 0.5 %"),
            Row("idle, written to disk", f"{written / KB:.0f} kB", "nothing", f"over {RESTING_S:.0f} s"),
            Row("idle, commits", "some" if committed else "none", "none"),
            Row("SIGTERM to the end", f"{middle(stopped):.2f} s", "<= 3 s", f"longest {max(stopped):.2f} s"),
            Row(
                "duurloop status",
                f"{1000 * status_s:.0f} ms",
                "<= 150 ms",
                f"python -c pass: {1000 * nothing_s:.0f} ms",
            ),
        ],
        [
            f"Medians of {STARTS} starts and {CALLS} calls. Apprise costs {messages_s - page_s:.2f} s to import;",
            "it comes with the first message, and no start waits for it.",
        ],
    )


if __name__ == "__main__":
    main()
