import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from daemon.domain.quota import Purpose, Quota, Reading, Use
from daemon.strava.gate import Gate, GateClosedError
from daemon.strava.port import Answer, QuotaError, StravaError, UnauthorizedError, UnreachableError
from tests.fakes import FakeClock, settle

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEWS, BACKFILL = Purpose.NEWS, Purpose.BACKFILL
Asked = Callable[[], Awaitable[Answer[str]]]


def reading(clock: FakeClock, short: int, day: int = 0) -> Reading:
    return Reading(clock.now(), Use(100, short), Use(1000, day), Use(200, short), Use(2000, day))


def answering(told: Reading | None = None) -> Asked:
    async def request() -> Answer[str]:
        return Answer("a page", told)

    return request


def failing(error: BaseException) -> Asked:
    async def request() -> Answer[str]:
        raise error

    return request


def waiting(until: asyncio.Event, told: Reading | None = None) -> Asked:
    async def request() -> Answer[str]:
        await until.wait()
        return Answer("a page", told)

    return request


async def test_what_came_is_handed_on_and_what_it_says_of_the_quota_is_kept() -> None:
    clock = FakeClock(NOON)
    gate = Gate(clock)
    assert await gate.ask(NEWS, answering(reading(clock, 7, 70))) == "a page"
    assert gate.uses() == (Use(100, 7), Use(1000, 70))
    assert gate.quota.in_flight == 0


async def test_a_closed_gate_asks_nothing_and_tells_how_long() -> None:
    clock = FakeClock(NOON)
    gate, asked = Gate(clock), list[str]()
    await gate.ask(NEWS, answering(reading(clock, 98)))

    async def request() -> Answer[str]:
        asked.append("too much")
        return Answer("")

    with pytest.raises(GateClosedError, match=r"15 min") as refusal:
        await gate.ask(NEWS, request)
    assert refusal.value.wait_s == gate.wait_s(NEWS) == 902
    assert asked == []
    assert gate.quota.in_flight == 0
    await clock.pass_time(902)
    assert await gate.ask(NEWS, answering()) == "a page"


async def test_requests_at_the_same_time_share_what_is_left() -> None:
    clock, done = FakeClock(NOON), asyncio.Event()
    gate = Gate(clock)
    await gate.ask(NEWS, answering(reading(clock, 87)))
    requests = [asyncio.create_task(gate.ask(BACKFILL, waiting(done))) for _ in range(5)]
    await settle()
    assert gate.quota.in_flight == 3
    assert gate.wait_s(BACKFILL) > 0
    assert gate.wait_s(NEWS) == 0
    done.set()
    outcomes = await asyncio.gather(*requests, return_exceptions=True)
    assert [isinstance(outcome, GateClosedError) for outcome in outcomes] == [False] * 3 + [True] * 2
    assert gate.uses()[0].used == 90


async def test_a_cancelled_request_is_no_longer_under_way_but_counts() -> None:
    gate = Gate(FakeClock(NOON))
    request = asyncio.create_task(gate.ask(NEWS, waiting(asyncio.Event())))
    await settle()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert gate.quota.in_flight == 0
    assert gate.uses() == (Use(100, 1), Use(1000, 1))


@pytest.mark.parametrize(
    "error", [UnreachableError("no answer"), UnauthorizedError("not any more"), RuntimeError("a bug")], ids=repr
)
async def test_a_request_that_failed_is_no_longer_under_way_but_counts(error: Exception) -> None:
    gate = Gate(FakeClock(NOON))
    with pytest.raises(type(error)) as met:
        await gate.ask(NEWS, failing(error))
    assert met.value is error
    assert gate.quota.in_flight == 0
    assert gate.uses() == (Use(100, 1), Use(1000, 1))


async def test_an_error_tells_of_the_quota_as_well() -> None:
    clock = FakeClock(NOON)
    gate = Gate(clock)
    with pytest.raises(StravaError):
        await gate.ask(NEWS, failing(UnauthorizedError("not any more", reading(clock, 40))))
    assert gate.uses()[0].used == 40
    assert gate.wait_s(NEWS) == 0


async def test_after_a_refusal_the_gate_is_closed_until_the_window_turned() -> None:
    clock = FakeClock(NOON)
    gate = Gate(clock)
    with pytest.raises(QuotaError):
        await gate.ask(NEWS, failing(QuotaError("too many", reading(clock, 12))))
    await clock.pass_time(901)
    with pytest.raises(GateClosedError):
        await gate.ask(NEWS, answering())
    await clock.pass_time(1)
    await gate.ask(NEWS, answering())


@pytest.mark.parametrize("leap", [timedelta(days=3650), timedelta(days=-3650), timedelta(minutes=14)])
async def test_a_leap_of_the_wall_clock_neither_opens_the_gate_nor_keeps_it_closed(leap: timedelta) -> None:
    clock = FakeClock(NOON)
    gate = Gate(clock)
    with pytest.raises(QuotaError):
        await gate.ask(NEWS, failing(QuotaError("too many", reading(clock, 101))))
    clock.set_wall(NOON + leap)
    assert gate.wait_s(NEWS) == 902
    await clock.pass_time(902)
    assert gate.wait_s(NEWS) == 0


async def test_a_refusal_holds_beyond_a_restart() -> None:
    clock = FakeClock(NOON)
    gate = Gate(clock)
    with pytest.raises(QuotaError):
        await gate.ask(NEWS, failing(QuotaError("too many")))
    kept = json.dumps(gate.quota.to_record())
    clock.jump(60)
    assert Gate(clock, Quota.from_record(json.loads(kept))).wait_s(NEWS) == 842


async def test_a_refusal_does_not_hold_longer_since_the_wall_clock_went_back_at_a_restart() -> None:
    clock = FakeClock(NOON)
    gate = Gate(clock)
    with pytest.raises(QuotaError):
        await gate.ask(NEWS, failing(QuotaError("too many", reading(clock, 101))))
    clock.set_wall(NOON - timedelta(days=3650))
    again = Gate(clock, Quota.from_record(gate.quota.to_record()))
    assert again.wait_s(NEWS) == 902
    await clock.pass_time(902)
    assert again.wait_s(NEWS) == 0


async def test_a_day_of_looking_every_quarter_of_an_hour_needs_no_disk() -> None:
    clock = FakeClock(NOON)
    gate = Gate(clock)
    for nth in range(96):
        await gate.ask(NEWS, answering(reading(clock, 1, nth % 48 + 1)))
        await clock.pass_time(900)
    assert not gate.is_dirty


@pytest.mark.parametrize(("short", "day", "dirty"), [(49, 499, False), (50, 50, True), (1, 500, True)])
async def test_from_half_a_window_on_the_quota_is_worth_keeping(short: int, day: int, *, dirty: bool) -> None:
    clock = FakeClock(NOON)
    gate = Gate(clock)
    await gate.ask(NEWS, answering(reading(clock, short, day)))
    assert gate.is_dirty is dirty


async def test_a_refusal_is_worth_keeping() -> None:
    clock = FakeClock(NOON)
    gate = Gate(clock)
    with pytest.raises(QuotaError):
        await gate.ask(NEWS, failing(QuotaError("too many")))
    assert gate.is_dirty
    await clock.pass_time(1000)
    await gate.ask(NEWS, answering(reading(clock, 1)))
    assert gate.is_dirty, "until it is kept"
