"""The files of the page: ours and the one that is not, fetched once, and small."""

import re
from hashlib import sha256

import pytest

from daemon.page.assets import FOLDER, STYLE, asset, assets
from tests.page_house import PageHouse

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

MOST_BYTES = 100_000


def test_what_is_not_ours_is_unchanged() -> None:
    told = (FOLDER / "VENDORED.md").read_text(encoding="utf-8")
    sums = dict(re.findall(r"^\| `([^`]+)` \| [^|]+ \| `([0-9a-f]{64})` \|$", told, re.MULTILINE))
    assert sums.keys() == {"uPlot.js", "uPlot.css"}
    assert {name: sha256((FOLDER / name).read_bytes()).hexdigest() for name in sums} == sums
    assert "MIT License" in (FOLDER / "uPlot.LICENSE").read_text(encoding="utf-8")


def test_they_are_small() -> None:
    assert sum(len(one.content) for name, one in assets().items() if not name.endswith(".png")) < MOST_BYTES


def test_nothing_in_them_comes_from_elsewhere() -> None:
    # links in comments and the names of XML's spaces load nothing
    style = assets()[STYLE].content.decode()
    script = assets()["live.js"].content.decode()
    assert re.search(r"url\(|@import|//[a-z]", style) is None
    assert re.search(r"https?:", script) is None


async def test_they_are_kept_for_ever_under_a_name_that_changes_with_them() -> None:
    async with PageHouse().lives() as house, house.browser() as browser:
        for name, one in assets().items():
            async with browser.get(asset(name)) as answer:
                assert (answer.status, answer.content_type) == (200, one.content_type)
                assert "immutable" in answer.headers["Cache-Control"]
                assert await answer.read() == one.content
        async with browser.get("/static/former/live.js") as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")


async def test_it_can_be_installed() -> None:
    async with PageHouse().lives() as house, house.browser() as browser:
        async with browser.get("/manifest.webmanifest") as answer:
            told = await answer.json(content_type="application/manifest+json")
        assert (told["start_url"], told["display"]) == ("/", "standalone")
        for icon in told["icons"]:
            async with browser.get(icon["src"]) as answer:
                assert (answer.status, answer.content_type) == (200, icon["type"])
