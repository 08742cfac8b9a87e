"""The pages behind links: help, privacy, and how a run felt. Without a script, on any screen, by any hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.clock import SystemClock
from daemon.domain.feeling import Feeling
from daemon.page.links import FEEL_SECRET, feel_url
from daemon.state_folder import DATABASE_NAME
from daemon.store import RunKept, SessionOpened
from tests.browser.browser import (
    WIDE,
    OpenPage,
    first_paint_ms,
    in_order,
    layout_shift,
    sideways,
    small_targets,
    transferred_bytes,
)
from tests.browser.house import House, Settle
from tests.fakes import EASY, EVENING, judged_run


async def feel_path(folder: Path) -> str:
    """Keep a run, and return the path of the link that asks how it felt."""
    async with open_database(folder / DATABASE_NAME) as database:
        store = SqliteStore(database)
        if await store.run("s1") is None:
            await store.commit([SessionOpened("s1", "Els", EVENING, EASY), RunKept("s1", judged_run("s1"), ())])
        return feel_url(await store.secret(FEEL_SECRET), "", "s1", SystemClock().now())


async def paths(house: House) -> tuple[str, ...]:
    return "/help", "/privacy", await feel_path(house.folder)


@asynccontextmanager
async def arriving_slowly(house: House, rest_from: bytes, go_on: asyncio.Event) -> AsyncIterator[str]:
    """Pass the house's pages on at another address, and keep a page's end back until `go_on` is set."""

    async def pass_on(request: web.Request) -> web.StreamResponse:
        async with client.get(house.url(request.path)) as answer:
            first, mark, rest = (await answer.read()).partition(rest_from)
        response = web.StreamResponse(headers={"Content-Type": answer.headers["Content-Type"]})
        await response.prepare(request)
        await response.write(first)
        if mark:
            await go_on.wait()
            await response.write(mark + rest)
        return response

    way = web.Application()
    way.router.add_get("/{path:.*}", pass_on)
    async with ClientSession() as client, TestServer(way) as server:
        yield str(server.make_url("/"))


async def arrive(page: Page, house: House, path: str, rest_from: bytes, seen: str, unseen: str) -> None:
    """Have a page arrive in two pieces, of which the first has `seen` and not `unseen`, and see that nothing moves."""
    go_on = asyncio.Event()
    async with arriving_slowly(house, rest_from, go_on) as address:
        await page.goto(f"{address}{path.removeprefix('/')}", wait_until="commit")
        await expect(page.locator(seen).first).to_be_attached()
        await page.screenshot()  # returns when there is a frame
        await expect(page.locator(unseen)).to_have_count(0)
        go_on.set()
        await page.wait_for_load_state()
        await expect(page.locator(unseen).first).to_be_attached()
        await page.screenshot()
        assert await layout_shift(page) == 0
        await page.close()


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_they_are_for_everybody_in_both_languages_light_and_dark(
    settle: Settle, open_page: OpenPage, language: str
) -> None:
    house = await settle(language=language)
    for path in await paths(house):
        page = await open_page(house.url(path), language=language)
        await in_order(page)
        await page.emulate_media(color_scheme="dark")
        await in_order(page)
        await page.set_viewport_size({"width": WIDE, "height": 800})
        await in_order(page)


async def test_they_need_no_script(settle: Settle, open_page: OpenPage) -> None:
    house = await settle()
    for path in await paths(house):
        page = await open_page(house.url(path), javascript=False)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await first_paint_ms(page) > 0
        assert await sideways(page) + await small_targets(page) == []
    page = await open_page(house.url(await feel_path(house.folder)), javascript=False)
    easy = page.get_by_role("button", name="4", exact=True)
    await easy.click()
    await expect(easy).to_have_attribute("aria-pressed", "true")
    async with open_database(house.folder / DATABASE_NAME) as database:
        kept = await SqliteStore(database).run("s1")
    assert kept is not None
    assert kept.feeling == Feeling(effort=4)


async def test_they_are_small_and_stand_still(settle: Settle, open_page: OpenPage) -> None:
    house = await settle()
    for path in await paths(house):
        page = await open_page(house.url(path))
        assert await layout_shift(page) == 0
        assert 1000 < await transferred_bytes(page) < 150_000


@pytest.mark.parametrize("rest_from", [b'<a href="/plan"', b"</h1>"])
async def test_they_stand_still_while_they_are_still_arriving(
    settle: Settle, open_page: OpenPage, rest_from: bytes
) -> None:
    house = await settle()
    page = await open_page(house.url("/help"))
    await arrive(page, house, "/help", rest_from, '.ways a[href="/week"]', "main h2")


async def test_a_digit_stands_where_it_was_when_the_word_below_it_arrives(settle: Settle, open_page: OpenPage) -> None:
    house = await settle()
    page = await open_page(house.url("/help"))
    await arrive(page, house, await feel_path(house.folder), b"<small>", "button b", "button small")
