"""A strap that is held only as long as it may be: the permit, the end, and signs of life until then."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from bleak.backends.bluezdbus.version import BlueZFeatures

from connectors.heart_rate_strap import HeartRateStrap
from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.strap import LossReason, StrapLost
from tests.edges.heart_rate_strap.listener import CLOCK, OURS, QUICK, listening, next_of, radio
from tests.fake_bluez import PATIENCE_S, FakeBluez, FakeStrap
from tests.fakes import Switch

# the permit


async def test_nothing_is_searched_without_a_permit(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap())
    permit = Switch(granted=False)
    async with listening(permit=permit) as events:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(events)
        assert (bluez.scans, strap.attempts) == (0, 0)
        permit.turn(on=True)
        await next_of(HeartRateSample, events)


async def test_a_withdrawn_permit_lets_go_at_once_and_ends_the_search(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap())
    permit = Switch()
    async with listening(permit=permit) as events:
        await next_of(HeartRateSample, events)
        permit.turn(on=False)
        assert (await next_of(StrapLost, events)).reason is LossReason.RELEASED
        assert not strap.connected
        strap.present = False
        permit.turn(on=True)
        await bluez.until(lambda: bool(bluez.discovering))
        permit.turn(on=False)
        await bluez.until(lambda: not bluez.discovering)
        strap.present = True
        permit.turn(on=True)
        await next_of(HeartRateSample, events)


async def test_a_withdrawn_permit_breaks_off_an_attempt_to_connect(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap(deaf=True))
    permit = Switch()
    async with listening(permit=permit):
        await bluez.until(lambda: strap.attempts == 1)
        permit.turn(on=False)
        await bluez.until(lambda: not bluez.connecting)
        assert await bluez.connections_are(1)


async def test_one_runners_release_leaves_the_others_alone(bluez: FakeBluez) -> None:
    ours, theirs = bluez.add(FakeStrap(1)), bluez.add(FakeStrap(2))
    air, permit = radio(), Switch()
    async with listening(ours.address, air, permit) as events, listening(theirs.address, air) as others:
        await next_of(HeartRateSample, events)
        await next_of(HeartRateSample, others)
        permit.turn(on=False)
        await next_of(StrapLost, events)
        bluez.lose(theirs)
        await next_of(StrapLost, others)
        await next_of(HeartRateSample, others)
        assert not ours.connected


async def test_a_release_during_the_very_first_attempt_spoils_none_after_it(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked, answer, bluetoothctl = (tmp_path / name for name in ("asked", "answer", "bluetoothctl"))
    os.mkfifo(answer)  # bleak asks it for BlueZ's version, once in the life of a process
    bluetoothctl.write_text(f"#!/bin/sh\n: > {asked}\nread -r version < {answer}\necho $version\n")
    bluetoothctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(BlueZFeatures, "checked_bluez_version", False)
    monkeypatch.setattr(BlueZFeatures, "_check_bluez_event", None)
    bluez.add(FakeStrap())
    permit = Switch()
    async with listening(permit=permit) as events:
        await bluez.until(asked.exists)
        permit.turn(on=False)
        permit.turn(on=True)
        await bluez.until(lambda: bluez.scans == 2)
        answer.write_text("5.82\n")
        await next_of(HeartRateSample, events)


# stopping


async def test_leaving_disconnects(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap())
    async with listening() as events:
        await next_of(HeartRateSample, events)
    assert not strap.connected
    assert not bluez.discovering
    assert await bluez.connections_are(1)


async def test_leaving_does_not_wait_for_a_bluetoothd_that_hangs(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap())
    async with asyncio.timeout(PATIENCE_S), listening(on=radio(replace(QUICK, let_go_s=0.1))) as events:
        await next_of(HeartRateSample, events)
        bluez.hangs = True
    bluez.hangs = False
    assert await bluez.connections_are(1)


@pytest.mark.parametrize("deaf", [pytest.param(True, id="connecting"), pytest.param(False, id="scanning")])
async def test_leaving_in_the_middle_does_not_wait_for_it_either(bluez: FakeBluez, deaf: bool) -> None:  # noqa: FBT001
    bluez.add(strap := FakeStrap(present=deaf, deaf=True))
    timings = replace(QUICK, let_go_s=0.1, connect_s=1000.0, answer_s=1000.0)
    async with asyncio.timeout(PATIENCE_S), listening(on=radio(timings)):
        await bluez.until(lambda: strap.attempts == 1 if deaf else bool(bluez.discovering))
        bluez.hangs = True
    bluez.hangs = False
    assert await bluez.connections_are(1)


async def test_a_cancelled_listener_disconnects_on_its_way_out(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap())
    heard = asyncio.Event()

    async def listen() -> None:
        async with listening() as events:
            async for event in events:
                if isinstance(event, HeartRateSample):
                    heard.set()

    async with asyncio.timeout(PATIENCE_S):
        task = asyncio.create_task(listen())
        await heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not strap.connected


# signs of life


@pytest.mark.parametrize(
    ("straps", "granted"),
    [
        pytest.param([], True, id="searching"),
        pytest.param([], False, id="waiting for the permit"),
        pytest.param([FakeStrap()], True, id="listening"),
        pytest.param([FakeStrap(refuses=True)], True, id="failing"),
    ],
)
async def test_signs_of_life_are_given_whatever_it_is_doing(
    bluez: FakeBluez,
    straps: list[FakeStrap],
    granted: bool,  # noqa: FBT001
) -> None:
    bluez.straps.extend(straps)
    beats: list[None] = []
    air = radio(replace(QUICK, silence_s=0.2))
    async with HeartRateStrap(OURS, air, CLOCK, beat=lambda: beats.append(None)).events(Switch(granted=granted)):
        await bluez.until(lambda: len(beats) >= 5)


async def test_a_bug_is_not_taken_for_a_failure_of_the_radio(bluez: FakeBluez) -> None:
    def bug() -> None:
        raise TypeError("a bug")

    assert not bluez.straps
    async with HeartRateStrap(OURS, radio(), CLOCK, beat=bug).events(Switch()) as events:
        with pytest.raises(TypeError, match="a bug"):
            await anext(events)
