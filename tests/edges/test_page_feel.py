"""The page behind the link of an `after` message, over real HTTP."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from html.parser import HTMLParser

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.feeling import Feeling
from daemon.domain.plan import Course, PlanRef, Step, StepKind
from daemon.household import Plan
from daemon.page.feel import TAPS, feel_routes
from daemon.page.feeling_form import LARGEST_FORM_BYTES
from daemon.page.links import FEEL_SECRET, HOLDS, ExpiredLinkError, UnknownLinkError, feel_url, read, sign
from daemon.page.server import answering
from daemon.planning import Planner
from daemon.store import Fact, FeelingSaid, RunKept, SessionOpened, StoreError
from tests.fakes import EASY, ELS, EVENING, FakeClock, judged_run, no_plans, plan_of, sample
from tests.memory_store import MemoryStore

SECRET = bytes(range(32))
RUN = "20261121-183000-0badcafe"
SAMPLES = tuple(sample(float(second)) for second in range(0, 601, 5))

web = pytest.mark.allow_hosts(["127.0.0.1"])


# -- the link ----------------------------------------------------------------------------------------


def test_a_link_names_its_run_until_its_time_is_over() -> None:
    token = sign(SECRET, RUN, EVENING + HOLDS)
    assert read(SECRET, token, EVENING + HOLDS) == RUN
    with pytest.raises(ExpiredLinkError):
        read(SECRET, token, EVENING + HOLDS + timedelta(minutes=1))


def test_a_link_fits_a_message_on_a_phone() -> None:
    assert len(feel_url(SECRET, "http://house.local:8421", RUN, EVENING)) < 90


def test_a_link_ends_with_what_every_messenger_takes_for_a_part_of_it() -> None:
    assert sign(SECRET, RUN, EVENING).endswith(RUN)


def test_another_houses_link_is_none_of_ours() -> None:
    with pytest.raises(UnknownLinkError):
        read(SECRET, sign(bytes(32), RUN, EVENING + HOLDS), EVENING)


@given(st.data())
def test_no_changed_link_opens_anything(data: st.DataObject) -> None:
    token = sign(SECRET, RUN, EVENING + HOLDS)
    at = data.draw(st.integers(0, len(token) - 1))
    changed = token[:at] + data.draw(st.text(max_size=2).filter(lambda text: text != token[at])) + token[at + 1 :]
    with pytest.raises(UnknownLinkError):
        read(SECRET, changed, EVENING)


@given(st.text(st.characters()) | st.from_regex(r"[A-Za-z0-9_-]{22}\.[0-9a-f]*\.[0-9a-f-]*", fullmatch=True))
def test_nonsense_is_no_link(token: str) -> None:
    with pytest.raises(UnknownLinkError):
        read(SECRET, token, EVENING)


# -- the page ----------------------------------------------------------------------------------------


class SmallStore(MemoryStore):
    """Takes nothing any more when it is full."""

    is_full = False

    async def commit(self, facts: Sequence[Fact]) -> None:
        if self.is_full:
            raise StoreError("disk full")
        await super().commit(facts)


@dataclass
class House:
    """A page that answers, and what is kept behind it."""

    base: str
    store: SmallStore
    clock: FakeClock
    secret: bytes

    def url(self, run: str = RUN, secret: bytes | None = None) -> str:
        return feel_url(secret or self.secret, self.base, run, self.clock.now())

    async def feeling(self) -> Feeling | None:
        run = await self.store.run(RUN)
        return run.feeling if run else None


@dataclass(frozen=True)
class Answered:
    status: int
    headers: "dict[str, str]"
    text: str

    @property
    def buttons(self) -> "dict[str, list[str]]":
        """Read the values of the buttons by their names; the pressed ones end with a star."""
        found: dict[str, list[str]] = {}
        for name, value, pressed in re.findall(r'<button name="(\w+)" value="(\d+)" aria-pressed="(\w+)"', self.text):
            found.setdefault(name, []).append(value + ("*" if pressed == "true" else ""))
        return found


@pytest.fixture
async def house() -> AsyncIterator[House]:
    store, clock = SmallStore(), FakeClock(EVENING + timedelta(hours=1))
    run = judged_run(RUN, SAMPLES, EVENING)
    await store.commit([SessionOpened(RUN, ELS.name, EVENING, EASY), RunKept(RUN, run, SAMPLES)])
    async with answering("127.0.0.1", 0, feel_routes([Planner(ELS, store, no_plans)], store, clock)) as port:
        yield House(f"http://127.0.0.1:{port}", store, clock, await store.secret(FEEL_SECRET))


async def look(url: str, method: str = "GET") -> Answered:
    async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
        return Answered(answer.status, dict(answer.headers), await answer.text())


async def tap(url: str, *fields: tuple[str, str], body: bytes | None = None, kind: str | None = None) -> Answered:
    headers = {"Content-Type": kind} if kind else {}
    data = aiohttp.FormData(fields) if body is None else body
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=headers) as answer:
        return Answered(answer.status, dict(answer.headers), await answer.text())


@web
async def test_looking_shows_the_buttons_and_changes_nothing(house: House) -> None:
    before = len(house.store.commits)
    assert (await look(house.url(), "HEAD")).status == 200  # a messenger's preview
    page = await look(house.url())
    assert page.status == 200
    assert page.buttons == {
        "after": ["1", "2", "3", "4", "5"],
        "before": ["1", "2", "3", "4", "5"],
        "effort": [str(number) for number in range(1, 11)],
    }
    assert (len(house.store.commits), await house.feeling()) == (before, None)


@web
async def test_one_tap_is_kept_and_thanked_for(house: House) -> None:
    page = await tap(house.url(), ("after", "4"), ("note", ""))
    assert page.status == 200
    assert "Thank you, it is kept." in page.text
    assert page.buttons["after"] == ["1", "2", "3", "4*", "5"]
    assert await house.feeling() == Feeling(after=4)


@web
async def test_a_second_tap_adds_to_the_first_and_a_third_mends_it(house: House) -> None:
    await tap(house.url(), ("after", "4"))
    await tap(house.url(), ("after", "4"), ("effort", "3"), ("note", "  Mild and\r\nstill 🌿 "))
    page = await tap(house.url(), ("after", "4"), ("after", "5"), ("effort", "3"))  # hidden, then the button
    assert await house.feeling() == Feeling(after=5, effort=3, note="Mild and still 🌿")
    assert (page.buttons["after"][4], page.buttons["effort"][2]) == ("5*", "3*")


@web
async def test_what_was_told_before_the_run_is_not_asked_again(house: House) -> None:
    await house.store.commit([FeelingSaid(ELS.name, RUN, Feeling(before=2), EVENING)])
    assert "before" not in (await look(house.url())).buttons


@web
async def test_the_page_tells_the_day_and_nothing_else(house: House) -> None:
    said = Feeling(before=2, after=5, effort=9, note="between us")
    await house.store.commit([FeelingSaid(ELS.name, RUN, said, EVENING)])
    page = await look(house.url())
    assert "Saturday" in page.text
    assert "between us" not in page.text
    assert ELS.name not in page.text
    assert '"true"' not in page.text
    assert "128" not in re.sub(r'"/static/[^"]*"', "", page.text)


@web
async def test_it_needs_no_script_and_nothing_from_elsewhere(house: House) -> None:
    page = await look(house.url())
    assert not re.search(r"<script|<style|<img|@import|url\(|https?://| on\w+=| style=", page.text)
    assert all(link.startswith("/") for link in re.findall(r'(?:href|src|action)="([^"]*)"', page.text))
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "form-action 'self'" in policy
    assert page.headers["Cache-Control"] == "no-store"


@web
async def test_it_leads_to_no_page_that_tells_more(house: House) -> None:
    page = await look(house.url())
    assert "<a " not in page.text


@web
async def test_its_tags_are_all_closed(house: House) -> None:
    page = await tap(house.url(), ("after", "4"))
    opened: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            del attrs
            if tag not in {"meta", "input", "link"}:
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Reader().feed(page.text)
    assert opened == []


@web
async def test_a_link_that_was_taken_back_leads_nowhere_at_once(house: House) -> None:
    url = house.url()
    assert (await look(url)).status == 200
    await house.store.renew_secret(FEEL_SECRET)
    assert (await look(url)).status == (await tap(url, ("after", "1"))).status == 404
    assert await house.feeling() is None


@web
async def test_a_wrong_link_leads_nowhere_and_an_old_one_says_so(house: House) -> None:
    wrong, old, gone = house.url(secret=bytes(32)), house.url(), house.url(run="20200101-000000-00000000")
    assert (await look(wrong)).status == (await tap(wrong, ("after", "1"))).status == 404
    assert (await look(gone)).status == 410
    house.clock.jump(73 * 3600)
    page = await tap(old, ("after", "1"))
    assert page.status == 410
    assert "This link has had its time." in page.text
    assert await house.feeling() is None


@web
async def test_a_runner_who_left_has_no_page(house: House) -> None:
    somebody = replace(judged_run("elsewhere", SAMPLES), runner="Jan")
    await house.store.commit(
        [SessionOpened("elsewhere", "Jan", EVENING, EASY), RunKept("elsewhere", somebody, SAMPLES)]
    )
    assert (await look(house.url(run="elsewhere"))).status == 410


@web
@pytest.mark.parametrize(
    "fields",
    [
        [("after", "6")],
        [("after", "0")],
        [("after", "-1")],
        [("effort", "11")],
        [("effort", "1" * 5000)],
        [("before", "٣")],
        [("after", "4"), ("note", "x" * 501)],
        [("after", "4"), ("note", "a\x07b")],
    ],
    ids=["six", "zero", "below", "eleven", "digits", "another script's", "a long note", "a bell"],
)
async def test_what_no_button_says_is_not_kept(house: House, fields: list[tuple[str, str]]) -> None:
    assert (await tap(house.url(), *fields)).status == 400
    assert await house.feeling() is None


@web
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
async def test_what_is_no_form_is_not_understood(house: House, kind: str) -> None:
    assert (await tap(house.url(), body=b'{"after": 4}', kind=kind)).status == 400


@web
async def test_bytes_that_are_no_text_are_not_understood(house: House) -> None:
    kind = "application/x-www-form-urlencoded"
    assert (await tap(house.url(), body=b"note=%ff\xff&after=4", kind=kind)).status == 400
    assert (await tap(house.url(), body=b"after=4", kind=f"{kind}; charset=martian")).status == 400


@web
async def test_a_flood_is_refused(house: House) -> None:
    assert (await tap(house.url(), ("note", "x" * LARGEST_FORM_BYTES))).status == 413
    statuses = [(await tap(house.url(), ("after", "4"))).status for _ in range(TAPS)]
    assert statuses == [200] * (TAPS - 1) + [429]  # the flood was one, too
    house.clock.jump(61)
    assert (await tap(house.url(), ("after", "4"))).status == 200


def planned() -> Plan:
    return plan_of(*(Course.of([Step(StepKind.RUN, 600.0)], PlanRef("rustig-12", number)) for number in (1, 2, 3)))


@pytest.fixture
async def planned_house() -> AsyncIterator[House]:
    store, clock = SmallStore(), FakeClock(EVENING + timedelta(hours=1))
    await store.commit(
        [SessionOpened(RUN, ELS.name, EVENING, EASY), RunKept(RUN, judged_run(RUN, SAMPLES, EVENING), SAMPLES)]
    )
    planner = Planner(replace(ELS, plan=planned()), store, no_plans)
    async with answering("127.0.0.1", 0, feel_routes([planner], store, clock)) as port:
        yield House(f"http://127.0.0.1:{port}", store, clock, await store.secret(FEEL_SECRET))


@web
async def test_with_a_plan_one_tap_overrules_it(planned_house: House) -> None:
    assert 'name="plan"' in (await look(planned_house.url())).text
    answered = await tap(planned_house.url(), ("plan", "next"))
    assert (answered.status, 'value="next" aria-pressed="true"' in answered.text) == (200, True)
    chosen = await planned_house.store.chosen_step(ELS.name)
    assert chosen is not None
    assert chosen.step == PlanRef("rustig-12", 2)
    assert await planned_house.feeling() is None


@web
async def test_a_step_that_the_plan_does_not_have_is_said(planned_house: House) -> None:
    answered = await tap(planned_house.url(), ("plan", "easier"))
    assert (answered.status, "The plan has no such step." in answered.text) == (409, True)


@web
async def test_a_way_that_no_plan_goes_is_not_understood(planned_house: House) -> None:
    assert (await tap(planned_house.url(), ("plan", "faster"))).status == 400
    assert await planned_house.store.chosen_step(ELS.name) is None


@web
async def test_without_a_plan_there_is_nothing_to_overrule(house: House) -> None:
    assert 'name="plan"' not in (await look(house.url())).text


@web
async def test_an_empty_tap_is_not_thanked_for(house: House) -> None:
    page = await tap(house.url(), ("note", " "))
    assert "Thank you" not in page.text
    assert await house.feeling() is None


@web
async def test_a_database_that_does_not_answer_is_said(house: House) -> None:
    house.store.trouble = "disk I/O error"
    page = await look(house.url())
    assert page.status == 503
    assert "disk" not in page.text


@web
async def test_a_tap_that_cannot_be_kept_is_not_thanked_for(house: House) -> None:
    house.store.is_full = True
    page = await tap(house.url(), ("after", "4"))
    assert page.status == 503
    assert "Thank you" not in page.text
