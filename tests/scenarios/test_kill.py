"""The service is killed at random moments of a session, in earnest, and loses nothing that it should not."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from connectors.packing import unpack_samples
from daemon.recorder import BATCH_S
from tests.fakes import wait_until
from tests.scenarios.driven_house import DRIVER, House

LIVES = 4


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_killed_at_random_moments_it_goes_on_with_one_session_and_loses_nothing_that_was_committed(
    house: House,
) -> None:
    chance = random.Random()  # noqa: S311 - another moment each time
    committed, lost = list[int](), set[int]()
    for life in range(LIVES):
        with house.lives() as process:
            if life == 0:
                house.ask("start")
            assert set(committed) <= set(house.committed())
            time.sleep(chance.uniform(0.3, 1.2))
            sure = set(house.heard()) - lost
            # that it takes no second is shown where the clock is told to go; here the machine may be busy
            wait_until(lambda sure=sure: sure <= set(house.committed()))  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 1.5 * BATCH_S))
            process.send_signal(signal.SIGKILL)
            process.wait()
        before, committed = committed, house.committed()
        assert committed[: len(before)] == before
        assert len(committed) == len(set(committed)), "no sample is kept twice"
        assert sure <= set(committed)
        missing = set(house.heard()) - set(committed) - lost
        assert all(number > max(committed, default=0) for number in missing), "only the latest may be missing"
        lost |= missing
    assert house.look("SELECT count(*) FROM session") == [(1,)]

    with house.lives() as process:
        wait_until(lambda: house.look("SELECT count(*) FROM letter WHERE state = 'sent'") >= [(LIVES,)])
        answer = house.ask("stop")
        wait_until(lambda: house.ask("status")["outbox"]["waiting"] == 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0

    assert house.look("SELECT count(*) FROM take") == [(1,)]
    assert house.look("SELECT count(*) FROM session") == [(0,)]
    assert answer["run"]["plan"] == {"id": "x", "step": 1}
    ((packed, rr),) = house.look("SELECT samples, rr FROM take_samples")
    assert isinstance(packed, bytes)
    assert isinstance(rr, bytes)
    in_run = [word for one in unpack_samples(packed, rr) for word in one.rr_words]
    assert set(in_run) == set(house.heard()) - lost
    assert in_run == sorted(in_run)

    states = Counter(state for (state,) in house.look("SELECT state FROM letter"))
    assert set(states) == {"sent"}, "no letter was lost"
    assert states["sent"] >= LIVES
    rang = house.rang()
    arrived = Counter({"after": rang["Your run"], "live": rang.total() - rang["Your run"]})
    written = Counter(str(kind) for (kind,) in house.look("SELECT kind FROM letter"))
    assert written["after"] == arrived["after"] == 1
    assert 0 <= arrived["live"] - written["live"] <= LIVES, "twice only between sending and noting it"
    assert house.look("SELECT count(*) FROM letter WHERE body != ''") == [(0,)], "what was told is not kept"


def test_killed_while_the_runner_stands_still_it_comes_back_standing_still(house: House) -> None:
    def standing() -> list[object]:
        (els,) = house.ask("status")["runners"]
        return [els["session"][figure] for figure in ("id", "held", "step", "step_left_s")]

    with house.lives():
        house.ask("start")
        for command in ("skip", "hold"):
            house.ask(command)
        before = standing()
        assert before[1] is True
        wait_until(lambda: house.look("SELECT what FROM steering ORDER BY number") == [("skipped",), ("held",)])
    with house.lives():
        assert standing() == before
        house.ask("go_on")
        assert standing()[1] is False
        house.ask("stop")
    assert house.look("SELECT count(*) FROM steering") == [(0,)]


def test_a_second_service_on_the_same_state_is_refused_and_does_not_disturb_the_first(house: House) -> None:
    with house.lives():
        second = subprocess.run(
            [sys.executable, str(DRIVER), str(house.state), "/dev/null", "/dev/null"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        assert "AlreadyRunningError" in second.stderr
        assert house.ask("status")["running"]
