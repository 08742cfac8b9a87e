"""The pages that tell how things stand, as a service shows them to a runner, to the household and to strangers."""

from pathlib import Path

import aiohttp
import pytest

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.page.access import COOKIE
from daemon.page.keys import PAGE_SECRET, link_token
from daemon.state_folder import DATABASE_NAME
from tests.browser.house import House, household

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


async def seen(house: House, path: str, token: str | None = None) -> tuple[int, str]:
    """Look at a page from beyond this machine, with the key of a link or without."""
    cookies, headers = {COOKIE: token} if token else {}, {"X-Forwarded-For": "192.0.2.7"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(house.url(path), cookies=cookies, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def key(house: House, runner: str | None) -> str:
    async with open_database(house.folder / DATABASE_NAME) as database:
        return link_token(await SqliteStore(database).secret(PAGE_SECRET), runner)


async def test_each_sees_how_their_own_things_stand(tmp_path: Path) -> None:
    async with household(tmp_path, runners=("Els", "Jan")) as house:
        status, of_els = await seen(house, "/status", await key(house, "Els"))
        assert status == 200
        assert "<h2>Els</h2>" in of_els
        assert "Strap: " in of_els
        assert "Jan" not in of_els
        _, of_all = await seen(house, "/status", await key(house, None))
        assert "<h2>Els</h2>" in of_all
        assert "<h2>Jan</h2>" in of_all


async def test_strangers_find_help_and_programs_how_it_is_and_nobody_more(tmp_path: Path) -> None:
    async with household(tmp_path, language="nl") as house:
        status, page = await seen(house, "/help")
        assert (status, 'lang="nl"' in page, "112" in page) == (200, True, True)
        assert (await seen(house, "/healthz"))[1] == '{"ok": true, "reasons": []}'
        assert "Els" not in (await seen(house, "/metrics"))[1]
        assert (await seen(house, "/status"))[0] == 403
