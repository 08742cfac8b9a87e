"""Who is let in: every attack on the front door that a home may see, over real HTTP."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs
from yarl import URL

from config.forms import PAGES
from connectors.sqlite import open_database
from connectors.sqlite_strava import SqliteBook
from daemon.page.access import COOKIE, Access
from daemon.page.keys import PAGE_SECRET, form_token, link_token
from daemon.page.server import answering
from daemon.page.site import site_of
from daemon.page.terms import Door, Terms
from daemon.page.webhook import Webhook
from daemon.remote import RefusedError
from daemon.store import StoreError
from tests.edges.webhook_ear import Ear
from tests.fakes import runner
from tests.memory_store import MemoryStore
from tests.page_house import ELS, PageHouse

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

JAN = runner("Jan")
AT_HOME = Door(is_open=False, origins=frozenset({"https://house.example.org"}))
HELD = "/live/Els/release"


@asynccontextmanager
async def house(*, door: Door = AT_HOME) -> AsyncIterator[PageHouse]:
    async with PageHouse(runners=(ELS, JAN), door=door).lives() as lives:
        yield lives


async def key(lives: PageHouse, whom: str | None = None) -> str:
    return link_token(await lives.memory.secret(PAGE_SECRET), whom)


async def status(session: aiohttp.ClientSession, path: str, **more: object) -> int:
    async with session.get(path, allow_redirects=False, **more) as answer:  # type: ignore[arg-type]
        return answer.status


async def test_a_stranger_sees_nothing_of_anybody() -> None:
    async with house() as lives, lives.browser() as stranger:
        for path in ("/", "/events", "/runs", "/week", "/plan", "/status", "/live/Els/card", "/runs/x.svg", "/nowhere"):
            async with stranger.get(path) as answer:
                assert (answer.status, path) == (403, path)
                assert "Els" not in await answer.text()


@pytest.mark.parametrize("path", ["/help", "/healthz", "/metrics", "/manifest.webmanifest"])
async def test_what_is_open_to_all_names_nobody(path: str) -> None:
    async with house() as lives, lives.browser() as stranger, stranger.get(path) as answer:
        assert answer.status == 200
        assert re.search(r"\b(Els|Jan)\b", await answer.text()) is None


async def test_a_link_lets_a_device_in_for_good() -> None:
    async with house() as lives, lives.browser(cookie_jar=aiohttp.CookieJar(unsafe=True)) as phone:
        async with phone.get(f"/enter/{await key(lives)}", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
            cookie = answer.headers["Set-Cookie"]
            assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=34560000"))
            assert "Secure" not in cookie
        async with phone.get("/") as answer:
            page = await answer.text()
            assert (answer.status, "Els" in page, "Jan" in page) == (200, True, True)
            assert COOKIE in answer.headers["Set-Cookie"]  # every visit begins its time anew


async def test_over_https_the_cookie_goes_nowhere_else() -> None:
    async with house(door=replace(AT_HOME, is_secure=True)) as lives, lives.browser() as phone:
        token = await key(lives)
        async with phone.get(f"/enter/{token}", allow_redirects=False) as answer:
            assert "Secure" in answer.headers["Set-Cookie"]


async def test_a_runners_own_link_shows_that_runner_alone() -> None:
    async with house() as lives, lives.browser(cookies={COOKIE: await key(lives, "Els")}) as phone:
        async with phone.get("/") as answer:
            page = await answer.text()
        assert ("Els" in page, "Jan" in page) == (True, False)
        for path in ("/?runner=Jan", "/live/Jan/card", "/runs?runner=Jan", "/plan?runner=Jan", "/events?runner=Jan"):
            assert (await status(phone, path), path) == (404, path)


@pytest.mark.parametrize("wrong", ["", "x", "h", "AAAAAAAAAAAAAAAAAAAAAA.h", "." * 500])
async def test_a_wrong_key_opens_nothing(wrong: str) -> None:
    async with house() as lives, lives.browser(cookies={COOKIE: wrong}) as stranger:
        assert await status(stranger, "/") == 403
        assert await status(stranger, f"/enter/{wrong or 'none'}") == 403


async def test_the_key_of_a_runner_who_left_opens_nothing() -> None:
    async with house() as lives, lives.browser(cookies={COOKIE: await key(lives, "Mies")}) as gone:
        assert await status(gone, "/") == 403


async def test_a_renewed_secret_takes_all_links_back() -> None:
    async with house() as lives, lives.browser(cookies={COOKIE: await key(lives)}) as phone:
        assert await status(phone, "/") == 200
        await lives.memory.renew_secret(PAGE_SECRET)
        assert await status(phone, "/") == 403


class TestTheNameThatIsAskedFor:
    @pytest.mark.parametrize("host", ["house.local", "house", "192.0.2.7:8421", "[fd00::7]:8421", "house.example.org"])
    async def test_is_one_that_the_world_cannot_point_at_us_or_that_we_were_given(self, host: str) -> None:
        async with house() as lives, lives.browser(cookies={COOKIE: await key(lives)}, headers={"Host": host}) as phone:
            assert await status(phone, "/") == 200

    @pytest.mark.parametrize("host", ["evil.example.com", "house.example.org.evil.com", "a.fritz.box", "%", "[::1"])
    async def test_is_no_foreign_one(self, host: str) -> None:
        async with house() as lives, lives.browser(cookies={COOKIE: await key(lives)}, headers={"Host": host}) as phone:
            assert await status(phone, "/") in {400, 421}
            assert await status(phone, "/help") in {400, 421}

    @pytest.mark.parametrize("host", ["evil.example.com", "house.local", "duurloop"])
    async def test_is_the_machines_own_where_no_key_is_needed(self, host: str) -> None:
        async with house(door=Door(is_open=True)) as lives, lives.browser(headers={"Host": host}) as page:
            assert await status(page, "/") == 421


class TestAnOpenDoor:
    async def test_needs_no_key(self) -> None:
        async with house(door=Door(is_open=True)) as lives, lives.browser() as page:
            assert await status(page, "/") == 200
            assert await status(page, "/", headers={"Host": "localhost:8421"}) == 200

    @pytest.mark.parametrize(
        "name", ["X-Forwarded-For", "X-Forwarded-Proto", "x-forwarded-anything", "Forwarded", "Via", "X-Real-IP"]
    )
    async def test_is_closed_for_what_a_proxy_hands_on(self, name: str) -> None:
        async with house(door=Door(is_open=True)) as lives, lives.browser(headers={name: "203.0.113.9"}) as far:
            assert await status(far, "/") == 403

    async def test_is_closed_for_a_proxy_that_says_nothing_of_itself_but_speaks_as_no_browser_does(self) -> None:
        async with house(door=Door(is_open=True)) as lives, lives.browser(version=aiohttp.HttpVersion10) as far:
            assert await status(far, "/") == 403
            assert await status(far, "/healthz") == 200

    async def test_is_open_under_the_machines_ipv4_address_in_the_clothes_of_ipv6(self) -> None:
        headers = {"Host": "[::ffff:127.0.0.1]:8421"}
        async with house(door=Door(is_open=True)) as lives, lives.browser(headers=headers) as page:
            assert await status(page, "/") == 200

    async def test_is_closed_for_an_address_that_is_not_the_machines_own(self) -> None:
        async with house(door=Door(is_open=True)) as lives, lives.browser(headers={"Host": "192.0.2.7"}) as near:
            assert await status(near, "/") == 403


class TestChangingSomething:
    @staticmethod
    async def press(
        session: aiohttp.ClientSession, data: dict[str, str] | None, path: str = HELD, **headers: str
    ) -> tuple[int, str]:
        async with session.post(path, data=data, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def test_wants_the_token_of_our_own_forms(self) -> None:
        async with house() as lives:
            cookie = await key(lives)
            token = form_token(await lives.memory.secret(PAGE_SECRET), cookie)
            async with lives.browser(cookies={COOKIE: cookie}) as phone:
                assert (await self.press(phone, None))[0] == 400
                assert (await self.press(phone, {"leg": "1"}))[0] == 403
                assert (await self.press(phone, {"token": "x"}))[0] == 403
                assert (await self.press(phone, {"token": token}))[0] == 303

    @pytest.mark.parametrize("content_type", ["", "; charset=klingon"])
    async def test_wants_a_form_that_can_be_read(self, content_type: str) -> None:
        async with house(door=Door(is_open=True)) as lives, lives.browser() as page:
            headers = {"Content-Type": f"application/x-www-form-urlencoded{content_type}"}
            async with page.post(HELD, data=b"token=\xff\xfe", headers=headers) as answer:
                assert answer.status == 400

    async def test_takes_no_token_of_another_device(self) -> None:
        async with house() as lives:
            secret = await lives.memory.secret(PAGE_SECRET)
            others = form_token(secret, await key(lives, "Jan"))
            async with lives.browser(cookies={COOKIE: await key(lives, "Els")}) as phone:
                assert (await self.press(phone, {"token": others}))[0] == 403

    @pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://127.0.0.1:1", "http://house.local"])
    async def test_is_not_for_another_page_even_with_the_token(self, origin: str) -> None:
        async with house() as lives:
            cookie = await key(lives)
            token = form_token(await lives.memory.secret(PAGE_SECRET), cookie)
            async with lives.browser(cookies={COOKIE: cookie}) as phone:
                assert (await self.press(phone, {"token": token}, Origin=origin))[0] == 403
                assert (await self.press(phone, {"token": token}, Origin=lives.address))[0] == 303
                assert (await self.press(phone, {"token": token}, Origin="https://house.example.org"))[0] == 303

    async def test_is_not_for_what_a_browser_says_comes_from_elsewhere(self) -> None:
        async with house(door=Door(is_open=True)) as lives:
            token = form_token(await lives.memory.secret(PAGE_SECRET), "")
            async with lives.browser() as page:
                for site in ("cross-site", "same-site"):
                    assert (await self.press(page, {"token": token}, **{"Sec-Fetch-Site": site}))[0] == 403
                assert (await self.press(page, {"token": token}, **{"Sec-Fetch-Site": "same-origin"}))[0] == 303

    async def test_of_another_runner_is_not_for_who_holds_their_own_link(self) -> None:
        async with house() as lives:
            cookie = await key(lives, "Els")
            token = form_token(await lives.memory.secret(PAGE_SECRET), cookie)
            async with lives.browser(cookies={COOKIE: cookie}) as phone:
                assert (await self.press(phone, {"token": token}, "/live/Jan/release"))[0] == 404


async def test_a_page_elsewhere_may_link_here_and_fetch_nothing() -> None:
    async with house(door=Door(is_open=True)) as lives, lives.browser() as page:
        for path in ("/", "/events", "/live/Els/curve.svg"):
            fetched = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
            assert (await status(page, path, headers=fetched), path) == (403, path)
        followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        assert await status(page, "/", headers=followed) == 200


async def test_a_stream_is_not_opened_for_another_page() -> None:
    async with house(door=Door(is_open=True)) as lives, lives.browser() as page:
        assert await status(page, "/events", headers={"Origin": "https://evil.example.com"}) == 403


@pytest.mark.parametrize(
    "path",
    ["/static/../runs", "/static/x/..%2f..%2faccess.py", "/static/x/%2e%2e", "//runs", "/%2e/runs", "/enter/../runs"],
)
async def test_no_path_leads_around_the_door(path: str) -> None:
    async with house() as lives, lives.browser() as stranger:
        address = URL(lives.address + path, encoded=True)
        async with stranger.get(address, allow_redirects=False) as answer:
            assert answer.status in {400, 403, 404, 421}
            assert "def " not in await answer.text()


async def test_every_page_lets_nothing_in_from_elsewhere() -> None:
    async with house(door=Door(is_open=True)) as lives, lives.browser() as page:
        for path in ("/", "/live/Els/card", "/runs", "/week", "/plan", "/status", "/help", "/nowhere"):
            async with page.get(path) as answer:
                text = await answer.text()
                policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'self'")
            assert "unsafe" not in policy
            assert " style=" not in text
            assert "<script>" not in text
            assert "frame-ancestors 'none'" in policy
            assert is_safe(answer)


def is_safe(answer: aiohttp.ClientResponse) -> bool:
    """Tell whether an answer is neither guessed at, nor shown elsewhere, nor found by a search."""
    return (
        answer.headers["X-Content-Type-Options"] == "nosniff"
        and answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        and answer.headers["Referrer-Policy"] == "same-origin"
        and answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/manifest.webmanifest", 200),
        ("GET", "/nowhere", 404),
        ("PUT", "/", 405),
        ("POST", "/healthz", 405),
        ("POST", "/live/Els/stop", 409),
        ("POST", "/live/Els/release", 200),
        ("GET", "/enter/x", 403),
    ],
)
async def test_every_other_answer_does_neither(method: str, path: str, status: int) -> None:
    async with house(door=Door(is_open=True)) as lives, lives.browser() as page:
        token = form_token(await lives.memory.secret(PAGE_SECRET), "")
        form = None if method == "GET" else {"token": token}
        async with page.request(method, path, data=form, headers={"Accept": "application/json"}) as answer:
            assert answer.status == status
            assert is_safe(answer)
            assert answer.headers["Cache-Control"] == "no-store"


@asynccontextmanager
async def wing(*routes: web.AbstractRouteDef, door: Door = AT_HOME) -> AsyncIterator[str]:
    """Give the address of a house that has these routes alone."""
    access = Access({"Els": ELS}, MemoryStore(), door)
    async with answering("127.0.0.1", 0, routes, middlewares=[access.middleware]) as port:
        yield f"http://127.0.0.1:{port}"


async def test_what_nobody_thought_of_is_a_kind_page_and_stands_in_the_log() -> None:
    async def stumble(_request: web.Request) -> web.Response:
        raise KeyError("a bug")

    async with wing(web.get("/", stumble), door=Door(is_open=True)) as address, aiohttp.ClientSession() as session:
        with capture_logs() as logs:
            async with session.get(address) as answer:
                text = await answer.text()
        assert (answer.status, "Something went wrong here." in text, "a bug" in text) == (500, True, False)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert [(one["event"], repr(one["exc_info"])) for one in logs] == [("page_broken", "KeyError('a bug')")]


@pytest.mark.parametrize("error", [StoreError("disk gone"), RefusedError("no"), KeyError("a bug")])
async def test_an_answer_that_was_begun_is_not_followed_by_a_second_one(error: Exception) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        raise error

    heard = b""
    async with (
        wing(web.get("/", break_off), door=Door(is_open=True)) as address,
        aiohttp.ClientSession() as session,
        session.get(address) as answer,
    ):
        with suppress(aiohttp.ClientPayloadError):
            async for piece in answer.content.iter_any():
                heard += piece
    assert (answer.status, heard) == (200, b"begun")


class TestStravasWayIn:
    @staticmethod
    @asynccontextmanager
    async def at(path: str, folder: Path) -> AsyncIterator[str]:
        """Give the address of a house with a page at `/plan` and the webhook at `path`."""

        async def show(_request: web.Request) -> web.Response:
            return web.Response(text="Els")

        async with open_database(folder / "runs.sqlite") as database:
            webhook = Webhook(f"https://house.example.org{path}", SqliteBook(database), Ear())
            async with wing(web.get("/plan", show), *webhook.routes()) as address:
                yield address

    async def test_knows_no_keys(self, tmp_path: Path) -> None:
        headers = {"Origin": "https://strava.example"}
        async with (
            self.at("/strava", tmp_path) as address,
            aiohttp.ClientSession(headers=headers) as strava,
            strava.post(f"{address}/strava", json={}) as answer,
        ):
            assert answer.status == 200

    async def test_takes_no_key_from_a_page_of_ours(self, tmp_path: Path) -> None:
        async with (
            self.at("/plan", tmp_path) as address,
            aiohttp.ClientSession() as stranger,
            stranger.get(f"{address}/plan") as answer,
        ):
            assert (answer.status, "Els" in await answer.text()) == (403, False)

    async def test_is_at_no_path_of_ours(self) -> None:
        async with house() as lives:
            site = site_of(lives.house, Terms(AT_HOME))
        paths = {route.path for route in site.routes if isinstance(route, web.RouteDef)}
        assert {path.split("/")[1] for path in paths} - {""} == PAGES
