"""What the privacy page tells, of what this household has set, and to whom."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.loader import load
from daemon.domain.wording import ENGLISH
from daemon.domain.wording.privacy import Keeping, Seen, Way
from daemon.from_settings import keeping_of
from daemon.household import Channel
from daemon.page.access import COOKIE
from daemon.page.keys import PAGE_SECRET, link_token
from daemon.page.privacy import privacy_body
from daemon.page.terms import Door
from daemon.store import Kind
from tests.fakes import runner
from tests.page_house import PageHouse

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PHONE = Way("phone", ["live", "after"], figures=False)
ALONE = Seen(("Els",), (PHONE,), Keeping(), is_open=False)
JUST_SO = "No heart rates, and not how you felt."


def told(**more: object) -> str:
    return privacy_body(replace(ALONE, **more), ENGLISH)  # type: ignore[arg-type]


def test_it_tells_of_what_is_there_alone() -> None:
    assert f"phone: words during a run, three lines after it. {JUST_SO}" in told()
    assert "Strava" not in told()
    assert "no message leaves the house" in told(ways=())


def test_what_comes_by_strava_is_told_with_its_days() -> None:
    assert "What came by Strava alone: for 7 days, then it is erased." in told(keeping=Keeping(strava_days=7))
    assert "What came by Strava alone: for 1 day, then it is erased." in told(keeping=Keeping(strava_days=1))


def test_who_asked_for_figures_and_uploads_reads_so() -> None:
    asked = told(ways=(replace(PHONE, figures=True),), keeping=Keeping(uploading=("Els", "Jan")))
    assert JUST_SO not in asked
    assert "of Els, as you asked" in asked


def test_it_is_made_from_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "duurloop.toml"
    path.write_text(
        '[strava]\nclient_id = "1"\nclient_secret = "secret"\nkeep_days = 30\n[export]\nfolder = "there"\n'
        '[[runners]]\nname = "Els"\nzone = "118-136"\nupload = true\n[[runners]]\nname = "Jan"\nzone = "118-136"\n'
        '[group]\nrunners = ["els", "Jan"]\n',
        encoding="utf-8",
    )
    assert keeping_of(load(path, {})) == Keeping(30, ("Els",), exports=True, group=("Els", "Jan"))


async def test_each_reads_of_their_own_channels_and_strangers_of_none() -> None:
    household = tuple(
        replace(runner(name), channels=(Channel(f"{name}/{own}", own, frozenset({Kind.WEEK}), figures=False),))
        for name, own in (("Els", "phone"), ("Jan", "mailbox"))
    )
    async with PageHouse(runners=household, door=Door(is_open=False)).lives() as lives, lives.browser() as anyone:
        secret = await lives.memory.secret(PAGE_SECRET)
        seen = {}
        for whom in ("Els", None):
            async with anyone.get("/privacy", cookies={COOKIE: link_token(secret, whom)}) as answer:
                seen[whom] = await answer.text()
        async with anyone.get("/privacy") as answer:
            assert answer.status == 403
    assert "<li>phone: the summary of the week." in seen["Els"]
    assert "Jan" not in seen["Els"]
    assert "<li>Jan, mailbox: the summary of the week." in seen[None]


async def test_the_way_there_stands_where_one_looks_for_it_but_not_for_strangers() -> None:
    async with PageHouse().lives() as lives, lives.browser() as at_the_server:
        for path in ("/help", "/status"):
            async with at_the_server.get(path) as answer:
                assert 'href="/privacy"' in await answer.text()
    unknown = PageHouse(door=Door(is_open=False))
    async with unknown.lives() as lives, lives.browser() as stranger, stranger.get("/help") as answer:
        assert 'href="/privacy"' not in await answer.text()
