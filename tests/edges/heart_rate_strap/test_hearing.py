"""What a strap says, and how it is lost and found again."""

import asyncio
import random
from dataclasses import replace

import pytest

from connectors.heart_rate_strap import HeartRateStrap, pause_s
from daemon.domain.heart_rate import HeartRateSample
from daemon.domain.strap import LossReason, StrapConnected, StrapLost
from tests.edges.heart_rate_strap.listener import CLOCK, OURS, QUICK, listening, next_of, radio
from tests.fake_bluez import BEAT, FakeBluez, FakeStrap
from tests.fakes import Switch

# what it says


async def test_a_first_beat_that_overtakes_bluez_answer_still_comes_after_the_announcement(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(eager=True))
    async with listening() as events:
        hello, sample = await anext(events), await anext(events)
    assert isinstance(hello, StrapConnected)
    assert isinstance(sample, HeartRateSample)
    assert hello.at <= sample.at


@pytest.mark.parametrize(
    "strap",
    [
        pytest.param(FakeStrap(battery=None), id="no battery service"),
        pytest.param(FakeStrap(battery=200), id="nonsense for a battery"),
        pytest.param(FakeStrap(hung_reads=True), id="no answer"),
    ],
)
async def test_a_strap_that_hides_its_battery_is_heard_all_the_same(bluez: FakeBluez, strap: FakeStrap) -> None:
    bluez.add(strap)
    async with listening(on=radio(replace(QUICK, courtesy_s=0.05))) as events:
        assert (await next_of(StrapConnected, events)).battery_pct is None
        await next_of(HeartRateSample, events)


async def test_bad_packets_among_good_ones_are_dropped(bluez: FakeBluez) -> None:
    good = b"\x00\x50"
    bluez.add(FakeStrap(packets=[good, b"", good, b"\x01\x50", good, b"\x08\x50\x01", b"\x00", good]))
    async with listening() as events:
        heard = [await next_of(HeartRateSample, events) for _ in range(5)]
    assert [sample.bpm for sample in heard] == [80, 80, 80, 80, 62]


async def test_a_wait_for_the_next_event_may_be_given_up_and_begun_again(bluez: FakeBluez) -> None:
    async with listening() as events:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await anext(events)
        bluez.add(FakeStrap())
        await next_of(StrapConnected, events)


# losing it and finding it again


async def test_a_strap_that_drops_out_is_lost_and_found_again(bluez: FakeBluez) -> None:
    strap = bluez.add(FakeStrap())
    async with listening() as events:
        await next_of(HeartRateSample, events)
        bluez.vanish(strap)
        assert (await next_of(StrapLost, events)).reason is LossReason.LINK_LOST
        await bluez.until(lambda: bluez.scans == 3)
        strap.present = True
        assert isinstance(await anext(events), StrapConnected)
        await next_of(HeartRateSample, events)


async def test_a_hundred_and_twenty_losses_leave_no_connection_behind_on_the_bus(bluez: FakeBluez) -> None:
    strap = bluez.add(FakeStrap())
    async with listening() as events:
        for _ in range(120):
            await next_of(HeartRateSample, events)
            bluez.lose(strap)
            await next_of(StrapLost, events)
        await next_of(HeartRateSample, events)
        assert await bluez.connections_are(2)  # bleak's own, and that of the link


async def test_failing_attempts_go_on_and_leave_no_connection_behind_either(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap(refuses=True))
    source = HeartRateStrap(OURS, radio(), CLOCK)
    async with source.events(Switch()) as events:
        await bluez.until(lambda: strap.attempts == 30)
        strap.refuses = False
        await next_of(HeartRateSample, events)
        assert await bluez.connections_are(2)
    assert "Software caused connection abort" in (source.last_failure or "")


async def test_a_strap_that_goes_away_during_an_attempt_is_tried_again_when_it_is_back(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap(deaf=True))
    async with listening(on=radio(replace(QUICK, connect_s=0.1))) as events:
        await bluez.until(lambda: strap.attempts == 1)
        strap.present = strap.deaf = False
        bluez.forget(strap)
        await bluez.until(lambda: bluez.scans >= 3)
        strap.present = True
        await next_of(HeartRateSample, events)


@pytest.mark.parametrize(
    ("failures", "least", "most"),
    [(0, 0.0, 0.0), (1, 0.125, 0.25), (2, 0.25, 0.5), (6, 2.5, 5.0), (100_000, 2.5, 5.0)],
)
def test_the_pause_after_failures_grows_to_a_limit(failures: int, least: float, most: float) -> None:
    assert least <= pause_s(failures, 0.25, 5.0, random.Random(failures)) <= most  # noqa: S311


async def test_a_silent_strap_is_let_go_and_believed_again_when_it_speaks(bluez: FakeBluez) -> None:
    strap = bluez.add(FakeStrap())
    async with listening(on=radio(replace(QUICK, silence_s=0.2))) as events:
        await next_of(HeartRateSample, events)
        strap.mute = True
        assert (await next_of(StrapLost, events)).reason is LossReason.SILENT
        attempts = strap.attempts
        await bluez.until(lambda: strap.attempts == attempts + 2)
        strap.mute = False
        assert isinstance(await anext(events), StrapConnected), "it came and went while it said nothing"
        await next_of(HeartRateSample, events)


async def test_one_straps_trouble_does_not_silence_another(bluez: FakeBluez) -> None:
    bluez.add(FakeStrap(1))
    bluez.add(unreachable := FakeStrap(2, deaf=True))
    air = radio(replace(QUICK, connect_s=0.3))
    async with listening(OURS, air) as events, listening(unreachable.address, air):
        await next_of(HeartRateSample, events)
        await bluez.until(lambda: unreachable.attempts == 1)
        while unreachable.attempts < 3:
            assert isinstance(await anext(events), HeartRateSample)


async def test_a_link_that_a_dead_process_left_behind_is_adopted(bluez: FakeBluez) -> None:
    await bluez.abandoned_link(strap := bluez.add(FakeStrap()))
    assert not strap.advertises
    async with listening("polar h10") as events:
        await next_of(HeartRateSample, events)
    assert not strap.connected


async def test_somebody_elses_link_is_not_adopted(bluez: FakeBluez) -> None:
    await bluez.abandoned_link(theirs := bluez.add(FakeStrap(2, name="TICKR 1A2B")))
    async with listening():
        await bluez.until(lambda: bluez.scans == 2)
    assert theirs.connected


async def test_a_strap_shared_by_two_runners_is_held_by_one_of_them(bluez: FakeBluez) -> None:
    bluez.add(strap := FakeStrap())
    air = radio()
    async with listening(OURS, air) as first:
        await next_of(HeartRateSample, first)
        async with listening(OURS, air) as second:
            scans = bluez.scans
            await bluez.until(lambda: bluez.scans == scans + 2)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await anext(second)
        assert strap.connected
        await next_of(HeartRateSample, first)


def test_a_beat_of_the_fake_is_a_good_packet() -> None:
    assert BEAT[0] == 0x16
