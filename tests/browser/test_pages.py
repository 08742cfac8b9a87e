"""Runs, weeks and the plan in a real browser: for every eye and hand, on every screen, with a script or without."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.domain.feeling import Feeling
from daemon.state_folder import DATABASE_NAME
from daemon.store import FeelingSaid, RunKept, SessionOpened
from tests.browser.browser import (
    PHONE,
    TABLET,
    WIDE,
    OpenPage,
    in_order,
    keep_picture,
    layout_shift,
    transferred_bytes,
)
from tests.browser.house import ZONE, Settle
from tests.fakes import EASY, judged_run, sample

PLANNED = f'{ZONE}\nplan = "rustig-12"\ndays = ["tue", "thu", "sun"]\ntime = "18:30"'
PATHS = ("/runs", "/runs/run-2", "/week", "/plan", "/nowhere")


async def keep_runs(folder: Path) -> None:
    """Keep three runs of half an hour, the last one yesterday."""
    async with open_database(folder / DATABASE_NAME) as database:
        store = SqliteStore(database)
        for number in (1, 2, 3):
            began = datetime.now(UTC) - timedelta(days=9 - 2 * number)
            beats = [sample(float(at), 100 + min(30, at // 12) + at % 60 // 6) for at in range(1800)]
            run_id = f"run-{number}"
            await store.commit([SessionOpened(run_id, "Els", began, EASY)])
            run = judged_run(run_id, beats, began)
            feeling = FeelingSaid("Els", run_id, Feeling(2, 4, 3), began + timedelta(hours=1))
            await store.commit([RunKept(run_id, run, tuple(beats)), feeling])


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_they_are_for_everybody_on_every_screen_light_and_dark(
    settle: Settle, open_page: OpenPage, tmp_path: Path, language: str
) -> None:
    await keep_runs(tmp_path)
    house = await settle(language=language, straps={}, about_runner=PLANNED)
    for path in PATHS:
        page = await open_page(house.url(path), language=language, expects=("404",))
        assert await layout_shift(page) < 0.02  # now: what a new width moves counts too, if its frame comes late
        for width, dark in ((PHONE, True), (TABLET, False), (WIDE, True), (PHONE, False)):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.emulate_media(color_scheme="dark" if dark else "light")
            await in_order(page)
        assert await transferred_bytes(page) < 150_000
        await keep_picture(page, f"{path.strip('/').replace('/', '-')}-{language}")


async def test_how_a_run_felt_is_a_tap_away(settle: Settle, open_page: OpenPage, tmp_path: Path) -> None:
    await keep_runs(tmp_path)
    house = await settle(straps={}, about_runner=PLANNED)
    page = await open_page(house.url("/runs"), language="en", javascript=False)
    await page.locator('a[href^="/runs/run-"]').first.click()
    await page.locator('button[name="after"][value="5"]').click()
    await expect(page.locator('button[name="after"][value="5"]')).to_have_attribute("aria-pressed", "true")
    last = (await house.ask("status"))["runners"][0]["last_run"]
    assert last["feeling"]["after"] == 5


async def test_the_plan_can_be_overruled_with_a_tap(settle: Settle, open_page: OpenPage) -> None:
    house = await settle(straps={}, about_runner=PLANNED)
    page = await open_page(house.url("/plan"), language="en", javascript=False)
    before = await page.locator("main").text_content()
    await page.get_by_role("button", name="The next step").click()
    await expect(page.get_by_text("Step 2 of 12")).to_be_visible()
    await expect(page.locator("main")).not_to_have_text(before or "")
