"""One Chromium for the whole folder, and a fresh profile for every page; `browser.py` tells how a test is written.

The tests share one event loop, for a browser belongs to a loop, and a new one for each test would double the time.
So an async fixture of a test here needs `@pytest_asyncio.fixture(loop_scope="package")`.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.browser import PATIENCE_S, OpenPage, visiting
from tests.browser.house import House, HouseApart, Settle, SettleApart, household, household_apart
from tests.tidiness import left_in_order

NAMES = ("chromium", "chromium-browser", "google-chrome")

expect.set_options(timeout=PATIENCE_S * 1000)


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Mark all tests of this folder, as `pytestmark` does those of a module."""
    if isinstance(collector, pytest.Module):
        collector.add_marker(pytest.mark.asyncio(loop_scope="package"))
        collector.add_marker(pytest.mark.allow_hosts(["127.0.0.1"]))


@pytest_asyncio.fixture(scope="package", loop_scope="package", autouse=True)
async def browser() -> AsyncIterator[Browser]:
    """Start Chromium; where there is none the tests are skipped, or fail if DUURLOOP_BROWSER is "required"."""
    program = os.environ.get("DUURLOOP_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        end = pytest.fail if os.environ.get("DUURLOOP_BROWSER") == "required" else pytest.skip
        end("no Chromium here: apt-get install chromium")
    async with async_playwright() as playwright:
        # without a sandbox, as Playwright starts it: root has none, and all pages are our own
        started = await playwright.chromium.launch(executable_path=program, args=["--disable-dev-shm-usage"])
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="package")
async def tidy_tasks() -> AsyncIterator[None]:
    """Look for tasks left over in the folder's loop, and give each test threads of its own in it."""
    with ThreadPoolExecutor() as threads:
        asyncio.get_running_loop().set_default_executor(threads)
        async with left_in_order():
            yield


@pytest_asyncio.fixture(loop_scope="package")
async def settle(tmp_path: Path) -> AsyncIterator[Settle]:
    """Let households live until the test has ended and its pages are closed."""
    async with AsyncExitStack() as stack:

        async def live(folder: Path = tmp_path, **how: Any) -> House:  # noqa: ANN401 - as `household` takes it
            return await stack.enter_async_context(household(folder, **how))

        yield live


@pytest_asyncio.fixture(loop_scope="package")
async def settle_apart(tmp_path: Path) -> AsyncIterator[SettleApart]:
    """Let households live in processes of their own until the test has ended and its pages are closed."""
    async with AsyncExitStack() as stack:

        async def live(folder: Path = tmp_path, **how: Any) -> HouseApart:  # noqa: ANN401 - as `household_apart` takes it
            return await stack.enter_async_context(household_apart(folder, **how))

        yield live


@pytest_asyncio.fixture(loop_scope="package")
async def open_page(browser: Browser, settle: Settle, settle_apart: SettleApart) -> AsyncIterator[OpenPage]:
    """Open pages, each in a profile of its own, and fail at the end on whatever went wrong in one of them."""
    del settle, settle_apart  # they outlive the pages, which would else complain that nobody answers any more
    async with AsyncExitStack() as stack:

        async def visit(url: str, **how: Any) -> Page:  # noqa: ANN401 - as `visiting` takes it
            return await stack.enter_async_context(visiting(browser, url, **how))

        yield visit
