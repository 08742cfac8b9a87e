"""`duurloop page link` and `revoke`, as they are typed."""

import asyncio
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from config.settings import Page
from connectors.sqlite import open_database
from connectors.sqlite_store import SqliteStore
from daemon.cli.page import Place, code_lines, own_address, place_of
from daemon.control import listening
from daemon.page.keys import ENTER, PAGE_SECRET, Holder, holder
from daemon.page.links import FEEL_SECRET, HOLDS, UnknownLinkError, read, sign
from daemon.remote import Answer
from daemon.state_folder import DATABASE_NAME
from tests.terminal import Said, Say

AT_HOME = '[page]\nlisten = "0.0.0.0:8421"\naddress = "http://house.local:8421"\n'
RUNNERS = "".join(f'[[runners]]\nname = "{name}"\nzone = "118-136"\n' for name in ("Els", "José"))


class Home:
    """A household of Els and José."""

    def __init__(self, say: Say, folder: Path, page: str) -> None:
        self._say, self._settings, self.state = say, folder / "duurloop.toml", folder / "state"
        self._settings.write_text(page + RUNNERS, encoding="utf-8")

    def type(self, *arguments: str) -> Said:
        return self._say("--config", self._settings, "--state", self.state, "page", *arguments)

    def opened_by(self, url: str) -> Holder | None:
        """Return whom a link lets in, as the service would."""

        async def look() -> Holder | None:
            async with open_database(self.state / DATABASE_NAME) as database:
                secret = await SqliteStore(database).secret(PAGE_SECRET)
            return holder(secret, url.partition(f"{ENTER}/")[2])

        return asyncio.run(look())


Settle = Callable[[str], Home]


@pytest.fixture
def settle(say: Say, tmp_path: Path) -> Settle:
    return lambda page: Home(say, tmp_path, page)


# -- the link ----------------------------------------------------------------------------------------


def test_the_link_of_the_household_and_what_to_do_with_it(settle: Settle) -> None:
    home = settle(AT_HOME)
    said = home.type("link")
    assert said.code == 0
    first, _, url, _, *rest = said.out.splitlines()
    assert first == "This link shows the page of the whole household:"
    assert url.startswith(f"  http://house.local:8421{ENTER}/")
    assert home.opened_by(url) == Holder(None)
    assert rest == [
        "Open it once on each phone or tablet, which is let in from then on. Whoever has it can look in.",
        "duurloop page revoke takes all links back.",
    ]


def test_a_runners_own_link(settle: Settle) -> None:
    home = settle(AT_HOME)
    first, _, url, *_ = home.type("link", "--runner", "josé").out.splitlines()
    assert first == "This link shows the page of José alone:"
    assert home.opened_by(url) == Holder("José")


@pytest.mark.parametrize(("arguments", "runner"), [((), None), (("--runner", "els"), "Els")])
def test_as_json(settle: Settle, arguments: tuple[str, ...], runner: str | None) -> None:
    home = settle(AT_HOME)
    told = home.type("link", "--json", *arguments).json()
    assert home.opened_by(told["url"]) == Holder(runner)
    assert told == {"type": "page_link", "url": told["url"], "runner": runner}


def test_it_is_the_same_link_until_the_links_are_taken_back(settle: Settle) -> None:
    home = settle(AT_HOME)
    first = home.type("link", "--json").json()["url"]
    assert home.type("link", "--json").json()["url"] == first
    said = home.type("revoke")
    assert (said.code, said.out) == (
        0,
        (
            "All links are taken back. Every phone and tablet is let in anew by a new one: duurloop page link\n"
            "Those in messages that were sent lead nowhere either. How a run felt is still kept with: duurloop feel\n"
        ),
    )
    assert home.opened_by(first) is None
    assert home.opened_by(home.type("link", "--json").json()["url"]) == Holder(None)


def test_an_unknown_runner_is_one_line(settle: Settle) -> None:
    said = settle(AT_HOME).type("link", "--runner", "Piet")
    assert (said.code, said.err) == (1, "duurloop: no runner named Piet lives here: there is Els, José\n")


def test_a_page_that_is_off_has_no_link(settle: Settle) -> None:
    home = settle('[page]\nlisten = ""\n')
    said = home.type("link")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        'duurloop: the page is off: listen = "0.0.0.0:8421" under [page] shows it to the home network\n'
    )
    assert not (home.state / DATABASE_NAME).exists()


def test_a_page_for_this_machine_alone_says_so_and_what_to_do_for_a_phone(settle: Settle) -> None:
    said = settle('[page]\nlisten = "127.0.0.1:9000"\n').type("link")
    here, phone = said.out.splitlines()
    assert here == "The page is at http://127.0.0.1:9000, for this machine alone; here it needs no link."
    assert phone == (
        "To see it on a phone: duurloop setup asks who may see the page; "
        'or by hand, listen = "0.0.0.0:9000" under [page], and start the service again. '
        "Then once more: duurloop page link"
    )


def test_where_the_world_is_let_in_by_a_webhook_this_machine_needs_a_link_too(settle: Settle) -> None:
    strava = '[strava]\nclient_id = 1\nclient_secret = "abcdef"\nwebhook = "https://house.example/strava"\n'
    home = settle(strava)
    _, _, url, _, phone, *_ = home.type("link").out.splitlines()
    assert url.startswith(f"  http://127.0.0.1:8421{ENTER}/")
    assert home.opened_by(url) == Holder(None)
    assert phone.startswith("To see it on a phone: ")


@pytest.mark.allow_hosts(["192.0.2.1"])
def test_where_nobody_said_how_the_house_is_reached_it_is_the_address_in_the_home_network(settle: Settle) -> None:
    said = settle('[page]\nlisten = "0.0.0.0:8421"\n').type("link")
    shown = re.search(rf"  (http://([\w.-]+):8421){ENTER}/", said.out)
    assert shown is not None
    assert shown[2] == (own_address(socket.AF_INET) or f"{socket.gethostname().partition('.')[0]}.local")
    assert said.out.splitlines()[-1] == (
        f"{shown[1]} is where this machine is today. A name for it that lasts may stand under [page], as address."
    )


def test_in_dutch(settle: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "nl_NL.UTF-8")
    assert settle(AT_HOME).type("revoke").out.startswith("Alle links zijn ingetrokken.")


def test_a_service_that_runs_knows_at_once_that_the_links_are_taken_back(settle: Settle) -> None:
    home = settle(AT_HOME)
    first = home.type("link", "--json").json()["url"]

    woken: list[bytes] = []

    async def beside_a_service(type_: Callable[[], Said]) -> tuple[bytes, bytes]:
        async with open_database(home.state / DATABASE_NAME) as database:
            store = SqliteStore(database)
            before = await store.secret(PAGE_SECRET)

            async def wake(_: object) -> Answer:
                woken.append(await store.secret(PAGE_SECRET))
                return {}

            async with listening(home.state, {"wake": wake}):
                assert (await asyncio.to_thread(type_)).code == 0
            return before, await store.secret(PAGE_SECRET)

    before, after = asyncio.run(beside_a_service(lambda: home.type("revoke")))
    token = first.partition(f"{ENTER}/")[2]
    assert (holder(before, token), holder(after, token)) == (Holder(None), None)
    assert woken == [after]


def test_the_links_in_messages_are_taken_back_with_them(settle: Settle) -> None:
    home, now = settle(AT_HOME), datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    async def secret() -> bytes:
        async with open_database(home.state / DATABASE_NAME) as database:
            return await SqliteStore(database).secret(FEEL_SECRET)

    home.type("link")
    token = sign(asyncio.run(secret()), "s1", now + HOLDS)
    assert read(asyncio.run(secret()), token, now) == "s1"
    home.type("revoke")
    with pytest.raises(UnknownLinkError):
        read(asyncio.run(secret()), token, now)


# -- where the page is -------------------------------------------------------------------------------

PLACES = {
    "this machine": ("127.0.0.1:8421", {}, Place("http://127.0.0.1:8421", is_here=True)),
    "this machine, IPv6": ("[::1]:8421", {}, Place("http://[::1]:8421", is_here=True)),
    "everywhere": ("0.0.0.0:80", {}, Place("http://192.168.1.5:80", is_guess=True)),
    "everywhere, IPv6": ("[::]:8421", {}, Place("http://[fd00::5]:8421", is_guess=True)),
    "one address": ("10.0.0.7:8421", {}, Place("http://10.0.0.7:8421")),
    "a name": ("house.lan:8421", {}, Place("http://house.lan:8421")),
    "as it was said": ("127.0.0.1:8421", {"address": "https://run.example.org"}, Place("https://run.example.org")),
    "https": (
        "0.0.0.0:8421",
        {"tls_cert": Path(__file__), "tls_key": Path(__file__)},
        Place("https://192.168.1.5:8421", is_guess=True),
    ),
}
OWN = {socket.AF_INET: "192.168.1.5", socket.AF_INET6: "fd00::5"}


def found(listen: str, own: Callable[[socket.AddressFamily], str | None], **more: object) -> Place:
    page = Page.model_validate({"listen": listen, **more})
    assert page.listen is not None
    return place_of(page, page.listen, own)


@pytest.mark.parametrize(("listen", "more", "place"), PLACES.values(), ids=PLACES)
def test_where_a_browser_finds_the_page(listen: str, more: dict[str, object], place: Place) -> None:
    assert found(listen, OWN.get, **more) == place


def test_a_machine_without_a_network_goes_by_its_name() -> None:
    name = socket.gethostname().partition(".")[0]
    assert found("0.0.0.0:8421", lambda _: None) == Place(f"http://{name}.local:8421", is_guess=True)


# -- the code ----------------------------------------------------------------------------------------

LINE = re.compile(r"\x1b\[38;5;16;48;5;231m([ ▀▄█]+)\x1b\[0m")
HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def modules_in(lines: list[str]) -> list[list[int]]:
    return [[HALVES[block][half] for block in line] for line in lines for half in (0, 1)]


def test_a_code_that_was_asked_for_holds_the_link_and_fits_a_terminal(settle: Settle) -> None:
    said = settle(AT_HOME).type("link", "--qr")
    lines = [drawn[1] for line in said.out.splitlines() if (drawn := LINE.fullmatch(line))]
    url = said.out.splitlines()[2].strip()
    code = segno.make(url, error="l", micro=False)
    assert modules_in(lines)[: len(lines) * 2 - 1] == [list(row) for row in code.matrix_iter(border=4)]
    assert (len(lines[0]), len(lines)) <= (41, 21)


def test_where_nobody_looks_there_is_no_code(settle: Settle) -> None:
    assert "▀" not in settle(AT_HOME).type("link").out


@given(st.integers(1, 9).flatmap(lambda wide: st.lists(st.lists(st.integers(0, 1), min_size=wide, max_size=wide))))
def test_no_module_of_a_code_is_lost(rows: list[list[int]]) -> None:
    shown = modules_in(list(code_lines(rows)))
    assert shown[: len(rows)] == rows
    assert not any(map(any, shown[len(rows) :]))
