"""The live page in a real browser: from the strap to the closing line, and through what may go wrong meanwhile."""

import math
import re
from dataclasses import replace
from itertools import product

import pytest
from playwright.async_api import Locator, Page, expect

from daemon.domain.strap import StrapConnected
from tests.browser.browser import (
    PHONE,
    TABLET,
    UNREACHABLE,
    WIDE,
    OpenPage,
    first_paint_ms,
    heap_bytes,
    in_order,
    keep_picture,
    layout_shift,
    transferred_bytes,
)
from tests.browser.house import CALM, ZONE, Household, Settle, SettleApart
from tests.fakes import ScriptedStrap, sample

PLANNED = f'{ZONE}\nplan = "rustig-12"'
UNKNOWN = "–"  # noqa: RUF001 - what stands where there is no value
TAP_AGAIN = """() => addEventListener("submit", ({target}) => setTimeout(() => {
  const button = target.querySelector("button");
  window.again = button.textContent;
  button.click();
}, 500), {once: true})"""
"""By the page's own clock, on which a second tap that comes late on a slow machine would be a first one again."""
TWO_TAPS_AT_ONCE = """button => {
  button.click();
  button.click();
  return [button.textContent, button.getAttribute("aria-disabled")];
}"""
A_HEART_RATE = re.compile(r"^1\d\d$")
MOST_BYTES = 150_000
LAST_RUN = re.compile("^(today|yesterday), ")  # midnight may pass
HAVE_PASSED = """least => document.querySelector("[data-slot=elapsed]").textContent
  .split(":").reduce((sum, part) => 60 * sum + Number(part), 0) >= 60 * least"""
BAND_PIXELS = """canvas => {
  const band = getComputedStyle(document.documentElement).getPropertyValue("--calm-band").trim().slice(1);
  const wanted = [0, 2, 4].map((at) => parseInt(band.slice(at, at + 2), 16));
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 255 && wanted.every((value, index) => data[at + index] === value)) found += 1;
  }
  return found;
}"""


def slot(page: Page, name: str) -> Locator:
    return page.locator(f'[data-slot="{name}"]').first


async def press(page: Page, word: str) -> None:
    await page.get_by_role("button", name=word, exact=True).click()


async def stop(page: Page) -> None:
    """Tap stop, and once more when it cannot be a trembling finger."""
    await page.evaluate(TAP_AGAIN)
    await press(page, "Stop")
    await page.wait_for_function("() => window.again === 'Tap once more to stop'")


async def figures(page: Page) -> set[float]:
    """Return the exact values behind all the figures of a page."""
    texts = await page.locator("data").evaluate_all("all => all.map(one => one.value)")
    return {float(text) for text in texts if re.fullmatch(r"-?\d+(\.\d+)?", text)}


async def test_a_run_is_watched_from_the_start_to_the_end_and_its_figures_are_those_that_are_kept(
    settle: Settle, open_page: OpenPage
) -> None:
    house = await settle(speed=10, about_runner=PLANNED)
    page = await open_page(house.url(), language="en", width=TABLET)
    await expect(slot(page, "bpm")).to_have_text(A_HEART_RATE)
    await press(page, "Start")
    await expect(slot(page, "on")).to_have_text("Walk to warm up")
    await expect(slot(page, "said")).to_contain_text("brisk walk")
    await press(page, "Skip this part")
    await expect(slot(page, "on")).to_have_text("Run calmly")
    await press(page, "Pause")
    await expect(slot(page, "word")).to_have_text("Paused")
    left = await slot(page, "on_left").text_content()
    await press(page, "Go on")
    await expect(slot(page, "word")).to_have_text("In your zone")
    await expect(slot(page, "on_left")).not_to_have_text(left or "")
    await stop(page)
    await page.get_by_role("link", name=LAST_RUN).click()
    await page.wait_for_url("**/runs/*")  # returns when it has loaded
    run = (await house.ask("status"))["runners"][0]["last_run"]
    zone, heart = run["zone"], run["heart_rate"]
    shown = await figures(page)
    assert {heart["mean_bpm"], heart["max_bpm"], heart["min_bpm"], run["duration_s"], run["calm_pct"]} <= shown
    assert {zone["below_s"], zone["inside_s"], zone["above_s"], zone["unknown_s"]} <= shown


async def test_a_strap_that_is_lost_is_no_heart_rate(settle: Settle, open_page: OpenPage) -> None:
    away: list[tuple[float, float]] = []
    house = await settle(speed=10, script=replace(CALM, absences=away))
    page = await open_page(house.url(), language="en")
    await expect(slot(page, "bpm")).to_have_text(A_HEART_RATE)
    away.append((0, math.inf))
    await expect(slot(page, "word")).to_have_text("Strap away")
    await expect(slot(page, "bpm")).to_have_text(UNKNOWN)


async def test_a_trembling_finger_does_not_end_a_run(settle: Settle, open_page: OpenPage) -> None:
    house = await settle(about_runner=PLANNED)
    page = await open_page(house.url(), language="en")
    await expect(slot(page, "bpm")).to_have_text(A_HEART_RATE)
    await press(page, "Start")
    await expect(slot(page, "on")).to_have_text("Walk to warm up")
    taps = await page.locator("form.stop button").evaluate(TWO_TAPS_AT_ONCE)
    assert taps == ["Tap once more to stop", None]  # and nothing was sent
    assert (await house.ask("status"))["runners"][0]["session"]["started"]


async def test_the_focus_stays_with_the_button_that_was_pressed(settle: Settle, open_page: OpenPage) -> None:
    house = await settle(about_runner=PLANNED)
    page = await open_page(house.url(), language="en")
    await expect(page.locator(".uplot")).to_be_visible()
    await page.locator("form.start button").press("Enter")
    await expect(slot(page, "on")).to_have_text("Walk to warm up")
    await expect(page.locator("article button:focus")).to_have_count(1)
    await page.locator("form.skip button").focus()
    await page.keyboard.press("Enter")
    await expect(slot(page, "on")).to_have_text("Run calmly")
    await expect(page.locator("form.skip button")).to_be_focused()


async def test_the_zone_is_drawn_also_for_a_run_that_begins_while_the_page_is_open(
    settle: Settle, open_page: OpenPage
) -> None:
    strap = ScriptedStrap()
    house = await settle(straps={"Els": strap}, about_runner=PLANNED)
    page = await open_page(house.url(), language="en")
    await expect(page.get_by_text("Your next run")).to_be_visible()
    strap.say(StrapConnected(house.clock.monotonic(), "H10"), sample(house.clock.monotonic(), 128))
    await expect(page.locator(".uplot")).to_be_visible()
    assert await page.locator(".uplot canvas").evaluate(BAND_PIXELS) > 1000


class TestAHouseThatGoesAway:
    @staticmethod
    async def comes_back(house: Household, page: Page) -> None:
        await expect(page.get_by_text("No connection to the house")).to_have_count(2)  # beside the figure, and on top
        await expect(slot(page, "bpm")).to_have_text(UNKNOWN)
        await page.evaluate("window.isTheSamePage = true")
        await house.start()
        await expect(slot(page, "bpm")).to_have_text(A_HEART_RATE)
        await expect(page.locator("#connection")).to_be_hidden()
        assert await page.evaluate("window.isTheSamePage")

    async def test_is_seen_at_once_and_heals_by_itself(self, settle: Settle, open_page: OpenPage) -> None:
        house = await settle()
        page = await open_page(house.url(), language="en", expects=UNREACHABLE)
        await expect(slot(page, "bpm")).to_have_text(A_HEART_RATE)
        await house.stop()
        await self.comes_back(house, page)

    async def test_also_when_it_is_killed_in_the_middle_of_a_run(
        self, settle_apart: SettleApart, open_page: OpenPage
    ) -> None:
        house = await settle_apart(about_runner=PLANNED)
        page = await open_page(house.url(), language="en", expects=UNREACHABLE)
        await expect(slot(page, "bpm")).to_have_text(A_HEART_RATE)
        await press(page, "Start")
        await expect(slot(page, "on")).to_have_text("Walk to warm up")
        await house.kept_session(started=True)
        await house.kill()
        await self.comes_back(house, page)
        await expect(slot(page, "on")).to_have_text("Walk to warm up")


async def test_two_runners_have_a_card_each_and_a_tap_enlarges_one(settle: Settle, open_page: OpenPage) -> None:
    house = await settle(runners=("Els", "Jan"), speed=5)
    page = await open_page(house.url(), language="en", width=WIDE)
    await expect(page.locator("article")).to_have_count(2)
    for card in await page.locator("article").all():
        await expect(card.locator('[data-slot="bpm"]')).to_have_text(A_HEART_RATE)
    await in_order(page)
    await keep_picture(page, "two-runners")
    await page.get_by_role("link", name="Jan").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Jan")
    await expect(page.locator("article")).to_have_count(1)


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_it_is_for_everybody_on_every_screen_light_and_dark(
    settle: Settle, open_page: OpenPage, language: str
) -> None:
    house = await settle(speed=10, language=language, about_runner=PLANNED)
    page = await open_page(house.url(), language=language)
    await expect(slot(page, "bpm")).to_have_text(A_HEART_RATE)
    await page.locator("form.start button").click()
    await expect(page.locator(".uplot")).to_be_visible()
    for width, dark in product((PHONE, TABLET, WIDE), (False, True)):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme="dark" if dark else "light")
        await in_order(page)


async def test_it_is_for_everybody_also_before_a_run(settle: Settle, open_page: OpenPage) -> None:
    house = await settle(straps={}, about_runner=PLANNED)
    page = await open_page(house.url(), language="en")
    await expect(page.get_by_text("Your next run")).to_be_visible()
    await in_order(page)


async def test_nothing_moves_while_values_come_in(settle: Settle, open_page: OpenPage) -> None:
    house = await settle(speed=20, about_runner=PLANNED)
    page = await open_page(house.url(), language="en", width=TABLET)
    await expect(slot(page, "bpm")).to_have_text(A_HEART_RATE)
    await press(page, "Start")
    await expect(slot(page, "on")).to_have_text("Run calmly")
    await expect(slot(page, "on")).to_have_text("Walk")
    assert await layout_shift(page) < 0.02


async def test_it_is_light_and_there_is_something_to_read_before_any_script(
    settle: Settle, open_page: OpenPage
) -> None:
    house = await settle(about_runner=PLANNED)
    page = await open_page(house.url(), language="en")
    await expect(slot(page, "bpm")).to_have_text(A_HEART_RATE)
    assert await transferred_bytes(page) < MOST_BYTES
    assert await first_paint_ms(page) > 0
    plain = await open_page(house.url(), language="en", javascript=False)
    await expect(slot(plain, "bpm")).to_have_text(A_HEART_RATE)
    await expect(plain.get_by_role("img", name="Heart rate of this run")).to_be_visible()


async def test_without_a_script_the_buttons_work_too(settle: Settle, open_page: OpenPage) -> None:
    house = await settle(about_runner=PLANNED)
    page = await open_page(house.url(), language="en", javascript=False)
    await press(page, "Start")
    await expect(slot(page, "on")).to_have_text("Walk to warm up")
    while not (await house.ask("status"))["runners"][0]["session"]["bpm"]:
        continue  # a run in which nothing was heard is none
    await press(page, "Stop")
    await expect(page.get_by_role("link", name=LAST_RUN)).to_be_visible()


async def test_who_reads_the_page_by_ear_is_told_now_and_then(settle: Settle, open_page: OpenPage) -> None:
    house = await settle(speed=10, about_runner=PLANNED)
    page = await open_page(house.url(), language="en")
    polite = page.locator("#polite[role=status]")
    await expect(polite).to_have_text(re.compile(r"^1\d\d: In your zone$"))
    await press(page, "Start")
    await expect(polite).to_contain_text("brisk walk")


async def test_sound_is_for_who_asked_for_it_and_is_remembered(settle: Settle, open_page: OpenPage) -> None:
    house = await settle()
    page = await open_page(house.url(), language="en")
    switch = page.get_by_role("button", name="Sound")
    await expect(switch).to_have_attribute("aria-pressed", "false")
    await switch.click()
    await expect(switch).to_have_attribute("aria-pressed", "true")
    await page.reload()
    await expect(page.get_by_role("button", name="Sound")).to_have_attribute("aria-pressed", "true")


async def minutes(page: Page, least: int) -> None:
    """Wait until the run has gone on for so many minutes; by the clock of a quick house they pass in a moment."""
    await page.wait_for_function(HAVE_PASSED, arg=least)


async def test_a_page_left_open_does_not_grow(settle: Settle, open_page: OpenPage) -> None:
    house = await settle(speed=120, about_runner=PLANNED)
    page = await open_page(house.url(), language="en")
    await expect(slot(page, "elapsed")).to_have_text(re.compile(r"^\d+:\d\d$"))
    await minutes(page, 20)  # until then the engine itself still grows: it compiles what runs often
    before = await heap_bytes(page)
    await minutes(page, 50)
    assert await heap_bytes(page) - before < 1_000_000
