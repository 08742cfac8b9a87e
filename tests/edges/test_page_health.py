"""What programs are told that watch over the service: whether it is well, and figures that are about nobody."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from daemon.page.feed import Feed
from daemon.page.health import PATIENCE_S, SHARED_S, Process, health_routes, ill_of, metrics_text
from daemon.page.house import House
from daemon.page.server import answering
from daemon.remote import Answer
from daemon.store import StoreError
from tests.edges.status_house import STRAP, channel, house, runner
from tests.fakes import FakeClock, eventually
from tests.memory_store import MemoryStore

WELL = house()
SILENT = channel("Els/phone", ok=False, reason="no answer yet")
REFUSED = channel("Els/phone", ok=False, reason="401", needs_you=True)
PROCESS = Process(1.5, 65_000_000)

_NAME, _LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
_SAMPLE = re.compile(rf"({_NAME})(\{{{_LABEL}(?:,{_LABEL})*\}})? ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf|NaN))")

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def messages(*channels: dict[str, Any], waiting: int = 0) -> dict[str, Any]:
    return {"waiting": waiting, "channels": list(channels)}


def parsed(text: str) -> dict[str, float]:
    """Read Prometheus' text format 0.0.4, strictly; return the values by name."""
    assert text.endswith("\n")
    found: dict[str, float] = {}
    lines = iter(text.removesuffix("\n").split("\n"))
    for line in lines:
        meaning = re.fullmatch(rf"# HELP ({_NAME}) (?:[^\\\n]|\\[\\n])+", line)
        assert meaning, line
        name = meaning[1]
        kind = re.fullmatch(rf"# TYPE {name} (counter|gauge)", next(lines))
        sample = _SAMPLE.fullmatch(next(lines))
        assert kind
        assert sample
        assert sample[1] == name
        assert name not in found
        assert (kind[1] == "counter") == name.endswith("_total")
        found[name] = float(sample[3])
    return found


@dataclass
class Answering:
    """What answers `status`, well or ill."""

    answer: Answer = field(default_factory=house)
    trouble: Exception | None = None
    hangs: bool = False
    asked: int = 0
    """How often it was asked."""
    clock: FakeClock = field(default_factory=FakeClock)

    async def status(self, asked: Any) -> Answer:  # noqa: ANN401
        assert asked == {}
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.trouble:
            raise self.trouble
        return self.answer

    @asynccontextmanager
    async def served(self, *, metrics: bool = True) -> AsyncIterator[Callable[[str], Awaitable[tuple[int, str, str]]]]:
        shown = House({}, {}, MemoryStore(), self.clock, {"status": self.status}, Feed({}, self.clock))
        routes = health_routes(shown, metrics=metrics)
        async with answering("127.0.0.1", 0, routes) as port, aiohttp.ClientSession() as session:

            async def get(path: str) -> tuple[int, str, str]:
                async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                    return answer.status, answer.headers["Content-Type"], await answer.text()

            yield get


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [
        (WELL, []),
        (house(outbox=messages(SILENT, waiting=3)), []),
        (house(runner("Els", strap={**STRAP, "connected": False})), []),
        (house(runner("Els", strap={**STRAP, "configured": False, "radio": "no_adapter"})), []),
        (house(runner("Els", strap={**STRAP, "radio": "no_adapter"})), ["radio"]),
        (house(outbox=messages(REFUSED)), ["channel_settings"]),
        (house(late=["strap of Els"]), ["workers_late"]),
        (house(store={"trouble": "disk full", "copied_at": None}, late=["recorder"]), ["workers_late", "database"]),
    ],
    ids=[
        "all is well",
        "a phone is off",
        "nobody wears the strap",
        "no strap wants the radio",
        "the strap's radio is gone",
        "a channel wants somebody",
        "a worker hangs",
        "two at once",
    ],
)
def test_it_is_ill_only_if_somebody_has_to_come(answer: Answer, reasons: list[str]) -> None:
    assert ill_of(answer) == reasons


async def test_a_service_that_is_well_says_so() -> None:
    async with Answering().served() as get:
        assert await get("/healthz") == (200, "application/json; charset=utf-8", '{"ok": true, "reasons": []}')


async def test_what_is_the_matter_is_said_for_programs_and_people_and_names_nobody() -> None:
    ill = house(outbox=messages(REFUSED), late=["diary of Els"])
    async with Answering(ill).served() as get:
        status, _, text = await get("/healthz")
    assert status == 503
    assert '{"reason": "workers_late", "words": "A part of the service hangs."}' in text
    assert "Els" not in text


async def test_a_database_that_fails_is_a_reason_not_a_riddle() -> None:
    async with Answering(trouble=StoreError("disk I/O error")).served() as get:
        status, _, text = await get("/healthz")
    assert (status, '"reason": "database"' in text) == (503, True)


async def test_a_service_that_hangs_is_not_waited_for() -> None:
    hanging = Answering(hangs=True)
    async with hanging.served() as get:
        asked = asyncio.ensure_future(get("/healthz"))
        while not asked.done():
            await hanging.clock.pass_time(PATIENCE_S)
            await asyncio.wait({asked}, timeout=0.01)
    status, _, text = asked.result()
    assert (status, '"reason": "no_answer"' in text) == (503, True)


async def test_a_crowd_costs_one_look_a_second() -> None:
    service = Answering()
    async with service.served() as get:
        await asyncio.gather(*(get(path) for path in ("/healthz", "/metrics") * 20))
        assert service.asked == 1
        service.answer = house(late=["recorder"])
        assert (await get("/healthz"))[0] == 200  # what was seen a moment ago
        await service.clock.pass_time(SHARED_S)
        assert [(await get("/healthz"))[0] for _ in range(20)] == [503] * 20
    assert service.asked == 2


async def test_those_who_wait_for_a_service_that_hangs_wait_for_one_look() -> None:
    hanging = Answering(hangs=True)
    async with hanging.served() as get:
        asked = [asyncio.ensure_future(get(path)) for path in ("/healthz", "/metrics") * 5]
        while not all(one.done() for one in asked):
            await hanging.clock.pass_time(PATIENCE_S)
            await asyncio.wait(asked, timeout=0.01)
    assert {one.result()[0] for one in asked} == {503}
    assert hanging.asked <= 2  # whoever came last may have come after the first look


async def test_who_goes_before_there_was_an_answer_leaves_the_next_one_to_ask_anew() -> None:
    hanging = Answering(hangs=True)
    async with hanging.served() as get:
        gone = asyncio.ensure_future(get("/healthz"))
        await eventually(lambda: hanging.asked == 1)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        hanging.hangs = False
        await hanging.clock.pass_time(PATIENCE_S + SHARED_S)
        assert (await get("/healthz"))[0] == 200


def test_the_figures_are_in_prometheus_own_format() -> None:
    ill = house(outbox=messages(SILENT, channel("Jan/mail"), waiting=3), late=["recorder"])
    found = parsed(metrics_text(ill, "0.1.0", PROCESS))
    assert found["duurloop_build_info"] == 1
    assert found["duurloop_start_time_seconds"] == 1795158000
    told = {name.removeprefix("duurloop_"): value for name, value in found.items()}
    assert told["workers_late"] == 1
    assert (told["messages_waiting"], told["channels"], told["channels_failing"]) == (3, 2, 1)
    assert (told["straps_configured"], told["radio_ok"]) == (2, 1)
    assert (told["process_cpu_seconds_total"], told["process_resident_memory_bytes"]) == (1.5, 65e6)


def test_without_a_strap_nothing_is_said_of_the_radio() -> None:
    without = house(runner("Els", strap={**STRAP, "configured": False}))
    assert "duurloop_radio_ok" not in parsed(metrics_text(without, "0.1.0", PROCESS))


def test_the_figures_are_the_same_whether_somebody_runs_or_not_and_name_nobody() -> None:
    session = {"id": "s1", "elapsed_s": 600, "started": True, "bpm": 131, "position": "inside", "step": "run"}
    runs = house(runner("Els", session=session), runner("Jan", strap={**STRAP, "connected": False}))
    text = metrics_text(runs, "0.1.0", PROCESS)
    assert text == metrics_text(WELL, "0.1.0", PROCESS)
    assert not re.search(r"Els|Jan|phone|mail|Polar", text)


async def test_the_figures_have_a_switch_of_their_own() -> None:
    async with Answering().served() as get:
        status, kind, text = await get("/metrics")
        assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert parsed(text)["process_resident_memory_bytes"] > 1e6
    async with Answering().served(metrics=False) as get:
        assert (await get("/metrics"))[0] == 404
        assert (await get("/healthz"))[0] == 200
