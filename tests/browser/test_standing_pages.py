"""How things stand, and what is shown while there are no settings to go by: for every eye and hand."""

from dataclasses import replace

import pytest
from playwright.async_api import Page, Route, expect

from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.from_settings import language as language_called
from daemon.page.access import COOKIE
from daemon.page.faults import Notice, Stuck, showing
from daemon.page.keys import PAGE_SECRET, link_token
from daemon.state_folder import DATABASE_NAME
from tests.browser.browser import PHONE, WIDE, OpenPage, in_order, keep_picture
from tests.browser.house import House, Settle

FAULTS = (
    "/etc/duurloop/duurloop.toml:12: runners[1].zone: the lower edge comes first",
    "/etc/duurloop/duurloop.toml:31: runners[2].channels[1].url: must be an address with ://, as ntfy://… or mailtos://…",
)
RESTART = "sudo systemctl restart duurloop"
STUCK = Stuck("/etc/duurloop/duurloop.toml", FAULTS, is_first_run=False, is_private=True, restart=RESTART)


async def by_day_and_by_night(page: Page) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await in_order(page)


async def with_key(page: Page, house: House) -> None:
    """Hold the household's key."""
    async with open_database(house.folder / DATABASE_NAME) as database:
        token = link_token(await SqliteStore(database).secret(PAGE_SECRET), None)
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": house.address}])


@pytest.mark.parametrize("width", [PHONE, WIDE])
async def test_how_things_stand_can_be_read_by_everybody(settle: Settle, open_page: OpenPage, width: int) -> None:
    house = await settle(runners=("Els", "Jan"), language="nl")
    page = await open_page(house.url("/help"), width=width, language="nl")
    await with_key(page, house)
    await page.goto(house.url("/status"))
    await expect(page.get_by_role("heading", name="Els", exact=True)).to_be_visible()
    await by_day_and_by_night(page)
    await keep_picture(page, f"status-{width}")


@pytest.mark.parametrize("code", ["en", "nl"])
@pytest.mark.parametrize("stuck", [STUCK, replace(STUCK, is_first_run=True)], ids=["faults", "welcome"])
async def test_a_service_that_cannot_begin_tells_everybody(open_page: OpenPage, code: str, stuck: Stuck) -> None:
    async with showing("127.0.0.1", 0, Notice(language_called(code), stuck)) as address:
        page = await open_page(address, width=PHONE, language=code, expects=["503"])
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await by_day_and_by_night(page)
        await keep_picture(page, f"{'welcome' if stuck.is_first_run else 'faults'}-{code}", whole=True)
        await page.close()  # it looks again every few seconds, and would complain that nobody answers any more


async def test_what_changes_while_it_is_still_arriving_is_shown_too(open_page: OpenPage) -> None:
    notice = Notice(language_called("en"), STUCK)

    async def change(route: Route) -> None:
        notice.stuck = replace(STUCK, is_first_run=True)
        await route.continue_()

    async with showing("127.0.0.1", 0, notice) as address:
        page = await open_page("about:blank", expects=["503"])
        await page.route(lambda _: page.url.startswith(address), change)  # before it looks for the first time
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to duurloop")
        await page.close()


async def test_it_goes_on_by_itself_when_something_has_changed_and_stands_still_until_then(open_page: OpenPage) -> None:
    notice = Notice(language_called("en"), STUCK)
    async with showing("127.0.0.1", 0, notice) as address:
        page = await open_page(address, expects=["503"])
        await page.evaluate("window.isTheSame = true")
        async with page.expect_response(address + "/"):
            pass
        assert await page.evaluate("window.isTheSame")
        notice.stuck = replace(STUCK, is_first_run=True)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to duurloop")
        await page.close()
