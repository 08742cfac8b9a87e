"""How a test looks at the page as a runner does, through a real browser.

    async def test_the_help_is_for_everybody_on_a_phone_at_night(settle: Settle, open_page: OpenPage) -> None:
        house = await settle(language="en", speed=10)
        page = await open_page(house.url("/help"), width=PHONE, dark=True)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Taking care")
        assert await axe_findings(page) + await sideways(page) + await small_targets(page) == []

The house lives in the test's own loop until the pages are closed. Wait with Playwright's `expect` and locators, never
with a pause. At the end of a test each of its pages fails it for an error on the console (a breach of the
Content-Security-Policy is one), an exception in a script, an answer of 400 or more, or a request without an answer,
unless the test said `expects=...`: any part of the complaint.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request, Response

PHONE, TABLET, WIDE = 360, 800, 1280
"""Widths in CSS pixels: the narrowest phone, a tablet on the treadmill, a screen in the hall."""
HEIGHTS = {PHONE: 740, TABLET: 1280, WIDE: 800}
TARGET_PX = 48
PATIENCE_S = 60.0
"""So long anything may take in a page, on the slowest of machines; also a script of ours, which Playwright would await
for ever."""
PICTURES = "DUURLOOP_PICTURES"
"""Names the folder that `keep_picture` writes to; without it no picture is kept."""

UNREACHABLE = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
)
"""What a page may complain of whose server went away; for `expects`."""
_LEFT_BY_THE_PAGE = "net::ERR_ABORTED"
"""The page went elsewhere, or ended its stream: no fault."""

_LOCALES = {"en": "en-GB", "nl": "nl-NL"}
_AXE = """async () => {
  // its best practices are on by themselves, this rule of WCAG 2.2 is not
  const found = await axe.run(document, {rules: {"target-size": {enabled: true}}});
  if (!found.passes.length) return ["axe-core looked at nothing"];
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id} (${rule.impact}): ${node.html.slice(0, 200)}: ${node.failureSummary.replace(/\\s+/g, " ")}`));
}"""
_FOLLOW_SHIFTS = """
window.shifts = {sum: 0, add: (entries) => {
  for (const shift of entries) if (!shift.hadRecentInput) window.shifts.sum += shift.value;
}};
window.shifts.observer = new PerformanceObserver((list) => window.shifts.add(list.getEntries()));
window.shifts.observer.observe({type: "layout-shift", buffered: true});
"""
_SHIFT = """async () => {
  await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
  window.shifts.add(window.shifts.observer.takeRecords());
  return window.shifts.sum;
}"""
_SIDEWAYS = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > room + 0.5)
    .map((one) => one.outerHTML.slice(0, 100));
}"""
_SMALL_TARGETS = """(least) => {
  const inSentence = (one) => getComputedStyle(one).display === "inline"
    && one.parentElement.textContent.trim().length > one.textContent.trim().length;
  const touched = (one) => one.matches("[type=radio], [type=checkbox]") && one.labels.length ? one.labels[0] : one;
  return [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, textarea")]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !inSentence(one))
    .map((one) => [touched(one).getBoundingClientRect(), one.outerHTML.slice(0, 100)])
    .filter(([box]) => box.height > 1 && Math.min(box.width, box.height) < least - 0.5)
    .map(([box, text]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${text}`);
}"""
_WEIGHT = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""
_FIRST_PAINT = """() => performance.getEntriesByName("first-contentful-paint").map((entry) => entry.startTime)"""


class OpenPage(Protocol):
    """The fixture `open_page`."""

    def __call__(
        self,
        url: str,
        *,
        width: int = ...,
        height: int | None = ...,
        dark: bool = ...,
        language: str = ...,
        javascript: bool = ...,
        reduced_motion: bool = ...,
        expects: Sequence[str] = ...,
    ) -> Awaitable[Page]: ...


@asynccontextmanager
async def visiting(
    browser: Browser,
    url: str,
    *,
    width: int = PHONE,
    height: int | None = None,
    dark: bool = False,
    language: str = "nl",
    javascript: bool = True,
    reduced_motion: bool = False,
    expects: Sequence[str] = (),
) -> AsyncIterator[Page]:
    """Open a page in a profile of its own, and fail in the end on any fault that has none of `expects` in it."""
    profile = await browser.new_context(
        viewport={"width": width, "height": height or HEIGHTS.get(width, 800)},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce" if reduced_motion else "no-preference",
        locale=_LOCALES[language],
        java_script_enabled=javascript,
    )
    async with profile:
        profile.set_default_timeout(PATIENCE_S * 1000)
        await profile.add_init_script(_FOLLOW_SHIFTS)
        page = await profile.new_page()
        faults = _Faults.of(page)
        await page.goto(url)
        yield page
        unexpected = faults.without(expects)
    assert unexpected == [], "\n".join(unexpected)


@dataclass
class _Faults:
    """What went wrong in a page so far."""

    seen: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, page: Page) -> "_Faults":
        faults = cls()
        page.on("console", faults.on_console)
        page.on("pageerror", faults.on_error)
        page.on("requestfailed", faults.on_failure)
        page.on("response", faults.on_response)
        return faults

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.seen.append(f"console: {message.text} ({message.location['url']})")

    def on_error(self, error: Error) -> None:
        self.seen.append(f"exception: {error}")

    def on_failure(self, request: Request) -> None:
        if request.failure != _LEFT_BY_THE_PAGE:
            self.seen.append(f"no answer: {request.url}: {request.failure}")

    def on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.seen.append(f"answer: {response.url}: status of {response.status}")

    def without(self, expected: Sequence[str]) -> list[str]:
        return [fault for fault in self.seen if not any(part in fault for part in expected)]


# -- what can be asked of a page -------------------------------------------------------------------


async def axe_findings(page: Page) -> list[str]:
    """Return what axe-core finds wrong, best practices and the size of targets included, one line for each element.

    It is a script itself, and so not for a page without scripts.
    """
    async with asyncio.timeout(PATIENCE_S):
        if not await page.evaluate("'axe' in window"):
            # evaluated from outside, where the page's own Content-Security-Policy has no say
            await page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
        found: list[str] = await page.evaluate(_AXE)
    return found


async def sideways(page: Page) -> list[str]:
    """Return the elements that reach beyond the right edge, if the page can be scrolled sideways."""
    found: list[str] = await page.evaluate(_SIDEWAYS)
    return found


async def small_targets(page: Page) -> list[str]:
    """Return what is to be tapped and is smaller than 48 px; links within a sentence may be."""
    found: list[str] = await page.evaluate(_SMALL_TARGETS, TARGET_PX)
    return found


async def in_order(page: Page) -> None:
    """See that axe finds nothing, that nothing reaches beyond the edge, and that nothing is too small to tap."""
    assert await axe_findings(page) + await sideways(page) + await small_targets(page) == []


async def layout_shift(page: Page) -> float:
    """Return the sum of all layout shifts so far that no tap had brought about; 0 is perfectly still. Needs scripts."""
    async with asyncio.timeout(PATIENCE_S):
        return float(await page.evaluate(_SHIFT))


async def transferred_bytes(page: Page) -> int:
    """Return what this page and all it loaded weighed on the way; a stream that is still open does not count."""
    return int(await page.evaluate(_WEIGHT))


async def first_paint_ms(page: Page) -> float:
    """Return when something readable was first painted, from the beginning of the visit."""
    async with asyncio.timeout(PATIENCE_S):
        while not (painted := await page.evaluate(_FIRST_PAINT)):
            await page.screenshot()  # returns when there is a frame; the page itself may hear of it a moment later
    return float(painted[0])


async def heap_bytes(page: Page) -> int:
    """Return what the page's scripts hold in memory, rubbish collected."""
    async with asyncio.timeout(PATIENCE_S):
        line = await page.context.new_cdp_session(page)
        await line.send("HeapProfiler.collectGarbage")
        used = (await line.send("Runtime.getHeapUsage"))["usedSize"]
        await line.detach()
    return int(used)


async def keep_picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Write a picture for the README, of what is in view or of the whole page, if there is a folder for it."""
    if folder := os.environ.get(PICTURES):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=whole, animations="disabled")
