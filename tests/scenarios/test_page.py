"""The page of a whole service that was made from a settings file, looked at over HTTP."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from config.loader import load
from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from connectors.systemd import Notifier
from daemon.clock import SystemClock
from daemon.domain.feeling import Feeling
from daemon.page.links import FEEL_SECRET, feel_url
from daemon.serving import Surroundings, serve
from daemon.store import RunKept, SessionOpened
from daemon.wiring import parts_of
from tests.fakes import EASY, EVENING, judged_run
from tests.loopback import free_port

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@asynccontextmanager
async def living(folder: Path, port: int) -> AsyncIterator[str]:
    """Let a service live that was made from a file; give the page's address."""
    address = f"http://127.0.0.1:{port}"
    file = folder / "duurloop.toml"
    page = f'[page]\nlisten = "127.0.0.1:{port}"\naddress = "{address}"\n'
    file.write_text(f'{page}[[runners]]\nname = "Els"\nlanguage = "en"\nzone = "118-136"\n', encoding="utf-8")
    settings, stop = load(file, {}), asyncio.Event()
    around = Surroundings(folder, SystemClock(), random.Random(1), Notifier({}))  # noqa: S311
    service = asyncio.create_task(
        serve(lambda beat: parts_of(settings, around.clock, around.chance, beat), around, stop)
    )
    try:
        while not await _answers(port):
            await asyncio.wait({service}, timeout=0.01)
            if service.done():
                await service
        yield address
    finally:
        stop.set()
        await service


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def test_it_answers_links_and_shows_where_help_is(tmp_path: Path) -> None:
    async with open_database(tmp_path / "duurloop.db") as database:
        store, run = SqliteStore(database), judged_run("s1")
        await store.commit([SessionOpened("s1", "Els", EVENING, EASY), RunKept("s1", run, ())])
        async with living(tmp_path, free_port()) as address, aiohttp.ClientSession() as session:
            async with session.get(f"{address}/help") as answer:
                assert (answer.status, "112" in await answer.text()) == (200, True)
            url = feel_url(await store.secret(FEEL_SECRET), address, "s1", SystemClock().now())
            async with session.post(url, data={"after": "4"}) as answer:
                assert answer.status == 200
        kept = await store.run("s1")
    assert kept is not None
    assert kept.feeling == Feeling(after=4)
