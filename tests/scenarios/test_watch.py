"""Who hangs is started again by systemd; a machine that stood still is no reason for that."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from daemon.pulse import Pulses
from daemon.watch import STANDSTILL_S, Watch
from tests.fakes import FakeClock, running
from tests.scenarios.systemd_line import Systemd

LATE_S = 120.0
PAUSE_S = 20.0


class Rig:
    """A worker, and systemd, which wants to hear of it every minute."""

    def __init__(self, systemd: Systemd) -> None:
        self.clock, self.systemd, self.words = FakeClock(), systemd, "all is well"
        self.pulses = Pulses(self.clock, LATE_S)
        self.pulses.expect(["worker"])
        notifier = systemd.notifier(WATCHDOG_USEC="60000000")
        self.watch = Watch(self.pulses.late, lambda: self.words, notifier, self.clock)

    async def fed(self, seconds: float) -> int:
        """Let time pass, and return how often the watchdog was fed meanwhile."""
        before = self.systemd.heard.count("WATCHDOG=1")
        await self.clock.pass_time(seconds)
        return self.systemd.heard.count("WATCHDOG=1") - before


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with Systemd(tmp_path / "notify").listening() as systemd:
        rig = Rig(systemd)
        async with running(rig.watch.run()):
            await rig.clock.pass_time(0)
            yield rig


async def test_the_watchdog_is_fed_three_times_as_often_as_it_wants(rig: Rig) -> None:
    for _ in range(10):
        rig.pulses.beat("worker")
        assert await rig.fed(60) == 3


async def test_a_worker_that_hangs_is_noticed_and_the_watchdog_goes_hungry(rig: Rig) -> None:
    await rig.fed(LATE_S)
    assert await rig.fed(600) == 0
    rig.pulses.beat("worker")
    assert await rig.fed(60) == 3


async def test_one_that_never_began_hangs_too(rig: Rig) -> None:
    rig.pulses.expect(["worker", "other"])
    for _ in range(int(LATE_S / PAUSE_S)):
        rig.pulses.beat("worker")
        await rig.fed(PAUSE_S)
    assert await rig.fed(PAUSE_S) == 0


@pytest.mark.parametrize("asleep_s", [STANDSTILL_S, 600.0, 8 * 3600.0], ids=["a hiccup", "a while", "a night"])
async def test_a_machine_that_stood_still_goes_on(rig: Rig, asleep_s: float) -> None:
    rig.clock.jump(asleep_s)
    assert await rig.fed(0) == 1
    rig.pulses.beat("worker")  # as everybody does once awake
    assert await rig.fed(60) == 3


async def test_whoever_hangs_after_a_standstill_is_noticed_in_the_next_round(rig: Rig) -> None:
    rig.clock.jump(600)
    await rig.fed(0)
    assert await rig.fed(60) == 0


async def test_how_things_stand_is_said_when_it_changes(rig: Rig) -> None:
    await rig.fed(60)
    rig.words = "1 sessions open"
    await rig.fed(60)
    told = [heard for heard in rig.systemd.heard if heard.startswith("STATUS=")]
    assert told == ["STATUS=all is well", "STATUS=1 sessions open"]
