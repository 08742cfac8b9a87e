"""Settings that cannot be used, or are not there yet: what the page says, and that the service begins by itself."""

import asyncio
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from config.faults import SettingsError
from config.loader import load
from config.settings import Settings
from connectors.systemd import Notifier
from daemon.cli.mending import LOOK_S, Mending
from daemon.domain.wording import ENGLISH
from daemon.page.faults import Stuck, stuck_page
from daemon.remote import NotRunningError, ask
from tests.edges.certificates import CERTIFICATE, KEY
from tests.fakes import FakeClock, eventually
from tests.loopback import free_port, shown

PAGE = '[page]\nlisten = "127.0.0.1:0"\n'
GOOD = PAGE + '[[runners]]\nname = "Els"\nzone = "118-136"\n'
FAULTY = PAGE + '[[runners]]\nname = "Els"\nzone = "136-118"\n'
RESTART = "systemctl --user restart duurloop"
STUCK = Stuck("house.toml", ("house.toml:3: runners[1].zone: <wrong>",), is_first_run=False, is_private=True)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@dataclass
class Waiting:
    """A service that waits for its settings, as systemd and a browser see it."""

    file: Path
    systemd: socket.socket
    environ: Mapping[str, str] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=FakeClock)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    look: asyncio.Event = field(default_factory=asyncio.Event)
    loads: int = 0
    task: "asyncio.Task[Settings | None] | None" = None

    @asynccontextmanager
    async def waits(self) -> AsyncIterator["asyncio.Task[Settings | None]"]:
        notifier = Notifier({"NOTIFY_SOCKET": self.systemd.getsockname()})
        mending = Mending(lambda: self.file, self._load, self.environ, self.clock, notifier, RESTART)
        self.task = asyncio.create_task(mending.settings(self.stop, self.look))
        await self._until_asleep()
        yield self.task
        self.stop.set()
        await asyncio.gather(self.task, return_exceptions=True)

    async def write(self, text: str) -> None:
        """Write the settings, and let them be looked at."""
        self.file.write_text(text, encoding="utf-8")
        await self.clock.pass_time(LOOK_S)
        await self._until_asleep()

    async def get(self, path: str = "/", **headers: str) -> tuple[int, str]:
        address = self._address()
        async with aiohttp.ClientSession() as session, session.get(address + path, headers=headers) as answer:
            return answer.status, await answer.text()

    def told(self) -> list[str]:
        """Return what systemd was told."""
        heard = []
        while True:
            try:
                heard.append(self.systemd.recv(4096).decode())
            except BlockingIOError:
                return heard

    def _address(self) -> str:
        *_, last = re.findall(r"page at (\S+) shows", "\n".join(self.told()))
        return str(last).replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - it is asked from here

    def _load(self) -> Settings:
        self.loads += 1
        return load(self.file, self.environ)

    async def _until_asleep(self) -> None:
        """Wait until all is done that one look brings about."""
        await eventually(
            lambda: self.task is None or self.task.done() or not all(one.done() for *_, one in self.clock._sleepers)
        )


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)  # noqa: FBT003 - the socket's own way
        yield Waiting(tmp_path / "duurloop.toml", systemd)


# -- in this loop ------------------------------------------------------------------------------------


async def test_a_fault_is_shown_until_it_is_mended(waiting: Waiting) -> None:
    waiting.file.write_text(FAULTY, encoding="utf-8")
    async with waiting.waits() as settings:
        status, page = await waiting.get()
        assert status == 503
        assert f"<code>{waiting.file}:5: runners[1].zone: the lower edge comes first</code>" in page
        assert "duurloop check --example" in page
        await waiting.write(FAULTY.replace("Els", ""))
        assert not settings.done()
        await waiting.write(GOOD)
        settled = await settings
    assert settled is not None
    assert settled.runners[0].name == "Els"


@pytest.mark.parametrize(("environ", "told"), [({"CREDENTIALS_DIRECTORY": "/run/handed"}, 1), ({}, 0)])
async def test_where_secrets_were_handed_over_it_says_what_takes_up_changed_ones(
    waiting: Waiting, environ: Mapping[str, str], told: int
) -> None:
    waiting.file.write_text(FAULTY, encoding="utf-8")
    waiting.environ = environ
    async with waiting.waits():
        _, page = await waiting.get()
    assert page.count(f"it wants a new start: {RESTART}") == told


async def test_other_faults_take_the_place_of_the_first(waiting: Waiting) -> None:
    waiting.file.write_text(FAULTY, encoding="utf-8")
    async with waiting.waits():
        _, before = await waiting.get()
        await waiting.write(FAULTY + "language = 7\n")
        _, after = await waiting.get()
    assert (before.count("<code>"), after.count("<code>")) == (1, 2)


async def test_where_there_are_no_settings_yet_it_says_what_is_needed(waiting: Waiting) -> None:
    waiting.environ = {"DUURLOOP_PAGE_LISTEN": f"127.0.0.1:{free_port()}"}
    async with waiting.waits() as settings:
        _, page = await waiting.get()
        assert "Welcome to duurloop" in page
        assert str(waiting.file) in page
        (smallest,) = re.findall(r"<pre><code>(.*?)</code></pre>", page, re.DOTALL)
        await waiting.write(smallest.replace("&quot;", '"'))
        assert await settings is not None


@pytest.mark.parametrize("text", ["", PAGE, "[log]\nlevel = 7\n"], ids=["empty", "a page", "and a fault"])
async def test_a_file_with_nobody_in_it_is_a_first_run_too(waiting: Waiting, text: str) -> None:
    waiting.file.write_text(text + "\n" + ("" if "[page]" in text else PAGE), encoding="utf-8")
    async with waiting.waits():
        assert "Welcome to duurloop" in (await waiting.get())[1]


async def test_systemd_hears_that_it_is_ready_and_what_is_the_matter_and_goes_on_hearing(waiting: Waiting) -> None:
    waiting.file.write_text(FAULTY, encoding="utf-8")
    async with waiting.waits():
        ready, *beats = waiting.told()
        assert re.fullmatch(r"READY=1\nSTATUS=settings fault: 1; the page at http://127\.0\.0\.1:\d+ shows them", ready)
        assert set(beats) == {"WATCHDOG=1"}
        await waiting.clock.pass_time(5 * LOOK_S)
        assert waiting.told() == ["WATCHDOG=1"] * 5
        assert waiting.loads == 1  # an unchanged file is not read again
    assert waiting.told() == ["STOPPING=1"]


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        (FAULTY.replace("127.0.0.1", "0.0.0.0"), {}),  # noqa: S104 - as a household has it
        (FAULTY.replace("[[", 'address = "http://house.lan"\n[[', 1), {}),
        (FAULTY, {"Host": "evil.example"}),
        (FAULTY, {"X-Forwarded-Proto": "https"}),
    ],
    ids=["open to the house", "behind another server", "another name", "handed on"],
)
async def test_beyond_this_machine_it_tells_how_many_faults_there_are_and_no_more(
    waiting: Waiting, text: str, headers: dict[str, str]
) -> None:
    waiting.file.write_text(text, encoding="utf-8")
    async with waiting.waits():
        status, page = await waiting.get(**headers)
    assert status == 503
    assert "1 thing in them cannot be used." in page
    assert "zone" not in page
    assert str(waiting.file) not in page


async def test_it_answers_nothing_else(waiting: Waiting) -> None:
    waiting.file.write_text(FAULTY, encoding="utf-8")
    async with waiting.waits():
        address = waiting._address()
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{address}/runs") as answer:
                assert answer.status == 404
            async with session.post(address) as answer:
                assert answer.status == 405
            async with session.get(f"{address}/healthz") as answer:
                assert (answer.status, (await answer.json())["ok"]) == (503, False)


@pytest.mark.parametrize("fault", ['tls_cert = "gone.pem"', 'tls_key = "gone.key"', "address = 7", "metrics = 7"])
async def test_what_is_wrong_beside_the_pages_address_does_not_move_the_page(waiting: Waiting, fault: str) -> None:
    port = free_port()
    settings = GOOD.replace("127.0.0.1:0", f"127.0.0.1:{port}").replace("[[", f"{fault}\n[[", 1)
    waiting.file.write_text(settings, encoding="utf-8")
    async with waiting.waits():
        assert waiting._address() == f"http://127.0.0.1:{port}"


async def test_with_a_certificate_it_is_shown_by_https(waiting: Waiting) -> None:
    files = 'tls_cert = "page.pem"\ntls_key = "page.key"\n[['
    waiting.file.write_text(FAULTY.replace("[[", files, 1), encoding="utf-8")
    waiting.file.with_name("page.pem").write_text(CERTIFICATE, encoding="utf-8")
    waiting.file.with_name("page.key").write_text(KEY, encoding="utf-8")
    async with waiting.waits():
        trusting = ssl.create_default_context(cafile=waiting.file.with_name("page.pem"))
        address = waiting._address()
        async with aiohttp.ClientSession() as session, session.get(address, ssl=trusting) as answer:
            assert (address[:8], answer.status) == ("https://", 503)


async def test_a_page_that_is_not_wanted_leaves_the_fault_to_the_command(waiting: Waiting) -> None:
    waiting.file.write_text(FAULTY.replace("127.0.0.1:0", ""), encoding="utf-8")
    async with waiting.waits() as settings:
        with pytest.raises(SettingsError):
            await settings


async def test_sighup_brings_about_a_look_at_once(waiting: Waiting) -> None:
    waiting.file.write_text(FAULTY, encoding="utf-8")
    async with waiting.waits() as settings:
        waiting.file.write_text(GOOD, encoding="utf-8")
        waiting.look.set()
        assert await settings is not None


async def test_without_a_free_address_the_settings_are_awaited_all_the_same(waiting: Waiting) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        waiting.file.write_text(FAULTY.replace("127.0.0.1:0", where), encoding="utf-8")
        async with waiting.waits() as settings:
            assert waiting.told()[0] == "READY=1\nSTATUS=settings fault: 1; duurloop check shows them"
            await waiting.write(GOOD)
            assert await settings is not None


async def test_an_address_that_becomes_free_is_taken(waiting: Waiting) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        waiting.file.write_text(FAULTY.replace("127.0.0.1:0", where), encoding="utf-8")
        async with waiting.waits():
            with capture_logs() as logs:
                await waiting.clock.pass_time(3 * LOOK_S)
                await waiting._until_asleep()
            assert logs == []  # it was said once
            waiting.told()
            taken.close()
            await waiting.clock.pass_time(LOOK_S)
            await waiting._until_asleep()
            assert (await waiting.get())[0] == 503
            assert waiting.loads == 1


async def test_a_secret_that_appears_is_noticed(waiting: Waiting) -> None:
    channel = '[[runners.channels]]\nname = "phone"\ncredential = "phone"\n'
    waiting.file.write_text(GOOD + channel, encoding="utf-8")
    async with waiting.waits() as settings:
        assert not settings.done()
        secret = waiting.file.parent / "credentials" / "phone"
        secret.parent.mkdir()
        secret.touch(mode=0o600)
        secret.write_text("ntfy://calm", encoding="utf-8")
        await waiting.clock.pass_time(LOOK_S)
        assert await settings is not None


def test_the_page_needs_nothing_from_elsewhere_and_looks_again_without_a_script_too() -> None:
    page = stuck_page(STUCK, ENGLISH)
    assert "&lt;wrong&gt;" in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert re.findall(r"src=|href=|style=|\bon\w+=", page) == []


# -- as it is started --------------------------------------------------------------------------------


@asynccontextmanager
async def duurloop(folder: Path, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environ = {**os.environ, "HOME": str(folder), "LANG": "C.UTF-8"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "daemon", "--config", str(folder / "duurloop.toml"), "--state", str(folder)),
        *("run", *options),
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_the_service_begins_in_the_same_process_once_the_file_is_mended(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    file = tmp_path / "duurloop.toml"
    file.write_text(FAULTY.replace("127.0.0.1:0", address), encoding="utf-8")
    async with duurloop(tmp_path, "--fault-page") as process:
        await shown(f"http://{address}/", "the lower edge comes first")
        with pytest.raises(NotRunningError):
            ask(tmp_path, "status")
        file.write_text(GOOD.replace("127.0.0.1:0", address), encoding="utf-8")
        await shown(f"http://{address}/help", "112")
        status = await asyncio.to_thread(partial(ask, tmp_path, "status"))
        assert (status["running"], process.returncode) == (True, None)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_ended_while_it_waits_it_says_that_the_settings_were_at_fault(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    (tmp_path / "duurloop.toml").write_text(FAULTY.replace("127.0.0.1:0", address), encoding="utf-8")
    async with duurloop(tmp_path, "--fault-page") as process:
        await shown(f"http://{address}/", "the lower edge comes first")
        process.send_signal(signal.SIGTERM)
        _, said = await process.communicate()
    assert process.returncode == 78
    assert f"{tmp_path}/duurloop.toml:5: runners[1].zone: the lower edge comes first" in said.decode()


@pytest.mark.parametrize(
    ("settings", "options"),
    [(FAULTY, []), (FAULTY.replace("127.0.0.1:0", ""), ["--fault-page"])],
    ids=["unasked", "without a page"],
)
def test_where_no_page_is_wanted_it_ends_at_once_and_loads_no_server(
    settings: str, options: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "duurloop.toml"
    file.write_text(settings, encoding="utf-8")
    program = (
        "import atexit, sys\nfrom daemon.cli import main\n"
        "atexit.register(lambda: print('aiohttp' in sys.modules))\nmain(sys.argv[1:])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "--config", file, "--state", tmp_path, "run", *options],
        env={**os.environ, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (78, "False\n")
    assert ended.stderr == f"{file}:5: runners[1].zone: the lower edge comes first\n"
