"""A disk that takes nothing: the session goes on, its runner is told, and all is kept once there is room."""

import resource
import signal
import subprocess
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.packing import unpack_samples
from daemon.last_resort import AGAIN_S, PATIENCE_S
from daemon.ports import DeliveryError
from daemon.store import Kind
from tests.fakes import MAIL, PHONE, eventually, runner, wait_until
from tests.scenarios.driven_house import House
from tests.scenarios.service_house import House as HouseInMemory

ENOUGH_FOR_NOTES = 64 * 1024
"""The database's log is longer than that from the start, and what the driver writes down stays shorter."""
STOPPED_WITHIN_S = 10.0
"""It takes no three seconds, of which a busy machine makes several; then systemd kills it."""


def limit(process: "subprocess.Popen[bytes]", longest_file: int) -> None:
    """Let no file of the process grow beyond that, as on a disk without room."""
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (longest_file, hard))


def room(process: "subprocess.Popen[bytes]") -> None:
    limit(process, resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1])


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_session_goes_on_while_the_disk_is_full_and_is_kept_whole_afterwards(house: House) -> None:
    with house.lives() as process:
        session = house.ask("start")["session"]
        limit(process, ENOUGH_FOR_NOTES)
        wait_until(lambda: house.ask("status")["store"]["trouble"] is not None)
        heard, kept = len(house.heard()), len(house.committed())
        wait_until(lambda: len(house.heard()) > heard + 20)
        (els,) = house.ask("status")["runners"]
        assert els["session"]["id"] == session
        assert els["session"]["bpm"] is not None
        assert len(house.committed()) == kept
        room(process)
        wait_until(lambda: house.ask("status")["store"]["trouble"] is None)
        run = house.ask("stop")["run"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    ((packed, rr),) = house.look("SELECT samples, rr FROM take_samples")
    assert isinstance(packed, bytes)
    assert isinstance(rr, bytes)
    assert run["id"] == session
    assert {word for one in unpack_samples(packed, rr) for word in one.rr_words} == set(house.heard())


def test_a_service_that_can_keep_nothing_ends_in_time_all_the_same(house: House) -> None:
    with house.lives() as process:
        house.ask("start")
        wait_until(lambda: house.committed() != [])
        limit(process, ENOUGH_FOR_NOTES)
        wait_until(lambda: house.ask("status")["store"]["trouble"] is not None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=STOPPED_WITHIN_S) == 0
    with house.lives():
        (els,) = house.ask("status")["runners"]
        assert els["session"] is not None, "what was kept before is found again"
        assert [array("H", rr)[0] for (rr,) in house.look("SELECT rr FROM sample LIMIT 1") if isinstance(rr, bytes)]


class TestTheRunner:
    """Is told past the outbox, which keeps its letters on the same disk."""

    async def test_is_told_once_a_day_on_the_first_channel_that_takes_it(self) -> None:
        house = HouseInMemory(runner("Els", PHONE, MAIL))
        house.phone.refusal = DeliveryError("no route to host")
        async with house.lives():
            house.store.trouble = "database or disk is full"
            await house.wear("Els", 1)
            await house.clock.pass_time(PATIENCE_S - 1)
            assert house.phone.tried == house.mail.texts == []
            await house.clock.pass_time(120)
            await eventually(lambda: len(house.mail.texts) == 1)
            await house.clock.pass_time(3600)
            assert len(house.mail.texts) == 1
            house.clock.jump(AGAIN_S)
            await house.clock.pass_time(60)
            await eventually(lambda: len(house.mail.texts) == 2)
            house.store.trouble = None
        assert "disk" in house.mail.texts[0].body

    async def test_is_not_told_where_they_want_to_hear_nothing_of_the_house(self) -> None:
        quiet = replace(PHONE, kinds=frozenset(Kind) - {Kind.SERVICE})
        house = HouseInMemory(runner("Els", quiet))
        async with house.lives():
            house.store.trouble = "database or disk is full"
            await house.wear("Els", 1)
            await house.clock.pass_time(PATIENCE_S + 120)
            house.store.trouble = None
        assert house.phone.tried == []

    async def test_is_not_bothered_with_what_passes_at_once(self) -> None:
        house = HouseInMemory()
        async with house.lives():
            for _ in range(10):
                house.store.trouble = "database is locked"
                await house.wear("Els", 60)
                house.store.trouble = None
                await house.clock.pass_time(60)
        assert [text.title for text in house.phone.texts if "write anything" in text.title] == []
