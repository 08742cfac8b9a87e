"""What tests these tests: planted faults in a page are noticed, and a house that went away is found again."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Error, Page, expect

from tests.browser.browser import (
    PICTURES,
    UNREACHABLE,
    WIDE,
    OpenPage,
    axe_findings,
    heap_bytes,
    keep_picture,
    layout_shift,
    sideways,
    small_targets,
    visiting,
)
from tests.browser.house import Household, Settle, SettleApart

FAULTS = {
    "console: planted": ("() => console.error('planted')", "console"),
    "exception: planted": ("() => void setTimeout(() => { throw new Error('planted') })", "pageerror"),
    "Content Security Policy": (
        "() => { const one = document.createElement('script'); one.textContent = '1'; document.body.append(one) }",
        "console",
    ),
    "status of 404": ("() => void setTimeout(() => { location = '/planted' })", "console"),
}
SMALL = """() => {
  const one = document.createElement("button");
  one.name = one.textContent = "planted";
  one.style.cssText = "all: unset; display: block; height: 30px";
  document.querySelector("main").prepend(one);
}"""


async def test_a_page_fails_its_test_for_whatever_goes_wrong_in_it(settle: Settle, browser: Browser) -> None:
    house = await settle()
    for complaint, (script, event) in FAULTS.items():
        with pytest.raises(AssertionError, match=complaint):
            async with visiting(browser, house.url("/help")) as page, page.expect_event(event):
                await page.evaluate(script)


async def test_a_page_may_do_wrong_what_its_test_expects(settle: Settle, open_page: OpenPage) -> None:
    house = await settle()
    page = await open_page(house.url("/help"), expects=("planted",))
    await page.evaluate("console.error('planted')")


async def test_what_is_asked_of_a_page_has_an_eye_for_faults(settle: Settle, open_page: OpenPage) -> None:
    house = await settle()
    page = await open_page(house.url("/help"))
    await page.evaluate("document.documentElement.removeAttribute('lang')")
    assert ["html-has-lang" in line for line in await axe_findings(page)] == [True]
    await page.evaluate("document.querySelector('h1').style.width = '500px'")
    assert ["<h1" in line for line in await sideways(page)] == [True]
    await page.evaluate(SMALL)
    assert ["planted" in line for line in await small_targets(page)] == [True]
    assert await layout_shift(page) > 0
    before = await heap_bytes(page)
    await page.evaluate("window.planted = new Array(1e5).fill(1.5)")
    assert await heap_bytes(page) > before + 500_000


async def test_a_script_of_the_page_may_run_and_sees_what_was_asked_for(settle: Settle, open_page: OpenPage) -> None:
    house = await settle()
    page = await open_page(house.url("/help"), width=WIDE, dark=True, reduced_motion=True, language="en")
    asked = "['(prefers-color-scheme: dark)', '(prefers-reduced-motion: reduce)', '(width: 1280px)']"
    assert await page.evaluate(f"{asked}.map((one) => matchMedia(one).matches)") == [True, True, True]
    assert await page.evaluate("navigator.language") == "en-GB"


async def test_a_picture_is_kept_where_there_is_a_folder_for_it(
    tmp_path: Path, settle: Settle, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await settle()
    page = await open_page(house.url("/help"))
    monkeypatch.delenv(PICTURES, raising=False)
    await keep_picture(page, "help")
    assert not (tmp_path / "help.png").exists()
    monkeypatch.setenv(PICTURES, str(tmp_path))
    await keep_picture(page, "help", whole=True)
    assert (tmp_path / "help.png").read_bytes().startswith(b"\x89PNG")


async def test_a_house_that_went_is_found_again_at_its_old_address(settle: Settle, open_page: OpenPage) -> None:
    house = await settle()
    page = await open_page(house.url("/help"), expects=UNREACHABLE)
    session = await session_of(house)
    await house.stop()
    await gone(page)
    await house.start()
    await page.goto(house.url("/help"))
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert await session_of(house) == session


async def test_a_house_apart_can_be_killed(settle_apart: SettleApart, open_page: OpenPage) -> None:
    house = await settle_apart()
    page = await open_page(house.url("/help"), expects=UNREACHABLE)
    session = await session_of(house)
    assert (await house.kept_session()).id == session
    await house.kill()
    await gone(page)
    await house.start()
    await page.goto(house.url("/help"))
    assert await session_of(house) == session


async def gone(page: Page) -> None:
    """Find that nobody answers any more; the browser then shows a page of its own."""
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        await page.reload()
    await page.wait_for_url("chrome-error://**")


async def session_of(house: Household) -> str:
    """Return the session that is open, for whoever wears the strap has one."""
    while (session := (await house.ask("status"))["runners"][0]["session"]) is None:
        pass
    return str(session["id"])
