"""Samples as a few kilobytes, and back: nothing that was sent is lost but the fraction of a second."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.packing import (
    PackedDamagedError,
    add_up,
    pack_histogram,
    pack_rr,
    pack_samples,
    unpack_rr,
    unpack_samples,
)
from connectors.simulated_strap import Script, SimulatedStrap
from daemon.domain.effort import HeldValue, TimeInZone, believed, hold, time_in_zone
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.held_times import BPMS, time_over
from daemon.domain.strap import StrapConnected
from daemon.domain.zones import TargetZone
from daemon.permit import Connect, StrapPermit
from tests.fakes import EASY, FakeClock, running, sample

WORDS = st.lists(st.integers(0, 0xFFFF), max_size=9).map(tuple)
SAMPLES = st.lists(
    st.builds(
        HeartRateSample,
        st.floats(-9e4, 4e6, allow_nan=False).map(Instant),
        st.integers(0, 0xFFFF).map(Bpm),
        st.sampled_from(SensorContact),
        WORDS,
    ),
    max_size=60,
)
HELD = st.lists(
    st.builds(
        HeldValue, st.just(Instant(0.0)), st.integers(30, 220).map(Bpm), st.floats(0, 10).map(lambda s: round(s, 1))
    ),
    max_size=80,
)


def to_the_second(samples: list[HeartRateSample]) -> list[HeartRateSample]:
    return [replace(one, at=Instant(float(round(one.at)))) for one in samples]


class TestSamples:
    @given(SAMPLES)
    @example([])
    @example([sample(0.0, 0)])
    def test_what_is_packed_comes_out_again(self, samples: list[HeartRateSample]) -> None:
        assert unpack_samples(pack_samples(samples), pack_rr(samples)) == to_the_second(samples)

    @given(SAMPLES)
    def test_without_rr_everything_else_comes_out(self, samples: list[HeartRateSample]) -> None:
        bare = [replace(one, rr_words=()) for one in samples]
        assert pack_rr(bare) is None
        assert unpack_samples(pack_samples(samples)) == to_the_second(bare)

    @given(st.lists(WORDS, min_size=1, max_size=50))
    def test_rr_words_stay_with_the_sample_that_brought_them(self, words: list[tuple[int, ...]]) -> None:
        packed = pack_rr([sample(float(at), 0, contact=SensorContact.UNKNOWN) for at in range(len(words))])
        assert packed is None
        packed = pack_rr([HeartRateSample(Instant(float(at)), Bpm(60), rr_words=rr) for at, rr in enumerate(words)])
        assert (unpack_rr(packed) if packed else [()] * len(words)) == words

    def test_a_packet_of_absurd_length_keeps_its_first_255_words(self) -> None:
        long = HeartRateSample(Instant(0.0), Bpm(60), rr_words=tuple(range(300)))
        packed = pack_rr([long, sample(1.0, 60, 7)])
        assert packed is not None
        assert unpack_rr(packed) == [tuple(range(255)), (7,)]

    @given(SAMPLES.filter(bool), st.data())
    def test_bytes_that_came_to_harm_are_named_as_such_or_read(
        self, samples: list[HeartRateSample], data: st.DataObject
    ) -> None:
        packed = bytearray(pack_samples(samples))
        packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
        with suppress(PackedDamagedError):  # anything else would end the service
            unpack_samples(bytes(packed[: data.draw(st.integers(0, len(packed)))]), pack_rr(samples))

    def test_what_is_cut_off_is_named(self) -> None:
        with pytest.raises(PackedDamagedError, match="cannot be read"):
            unpack_samples(pack_samples([sample(1), sample(2)])[:-1])

    def test_clocks_that_go_back_and_hours_of_silence_come_out_as_they_were(self) -> None:
        samples = [sample(float(at)) for at in (0, 100_000, 3, 3, 2, 40_000_000)]
        assert unpack_samples(pack_samples(samples), pack_rr(samples)) == samples


async def an_hour() -> list[HeartRateSample]:
    """What a strap says in an hour of walking and running."""
    clock, chance = FakeClock(), random.Random(3)  # noqa: S311
    efforts = [(60.0 * minute, (105.0, 131.0, 142.0)[minute // 2 % 3]) for minute in range(0, 60, 2)]
    strap, samples = SimulatedStrap(Script(efforts), clock, chance), list[HeartRateSample]()
    begin = clock.monotonic()

    async def listen() -> None:
        async with strap.events(StrapPermit(Connect.ALWAYS)) as events:
            async for event in events:
                if isinstance(event, HeartRateSample):
                    # a radio brings it a little late, and a beat is never quite like the last
                    late = event.at - begin + chance.uniform(0, 0.05)
                    words = tuple(max(1, round(chance.gauss(word, 12))) for word in event.rr_words)
                    samples.append(replace(event, at=Instant(late), rr_words=words))
                else:
                    assert isinstance(event, StrapConnected)

    async with running(listen()):
        for _ in range(60):
            await clock.pass_time(60)
    return samples


@pytest.fixture(scope="module")
def hour() -> list[HeartRateSample]:
    return asyncio.run(an_hour())


def test_an_hour_fits_its_budget(hour: list[HeartRateSample]) -> None:
    samples = hour
    assert 3595 <= len(samples) <= 3605
    rr = pack_rr(samples)
    assert rr is not None
    assert len(pack_samples(samples)) + len(pack_histogram(hold(believed(samples)))) <= 1300
    assert len(rr) <= 8000
    assert unpack_samples(pack_samples(samples), rr) == to_the_second(samples)


def laid_over(zone: TargetZone, held: Sequence[HeldValue]) -> TimeInZone:
    """Pack a histogram, and lay a zone over what comes out again."""
    return time_over(zone, add_up([pack_histogram(held)]))


class TestHistogram:
    @given(HELD, st.integers(60, 218), st.integers(1, 100))
    def test_any_zone_laid_over_it_gives_the_time_in_that_zone(
        self, held: list[HeldValue], low: int, width: int
    ) -> None:
        target = TargetZone(Bpm(low), Bpm(min(220, low + width)))
        whole = sum(value.for_s for value in held)
        apart = [HeldValue(Instant(11.0 * place), value.bpm, value.for_s) for place, value in enumerate(held)]
        exact = time_in_zone(apart, target, until_s=11.0 * len(held) + 1)
        time = laid_over(target, held)
        assert time.below_s == pytest.approx(exact.below_s)
        assert time.inside_s == pytest.approx(exact.inside_s)
        assert time.above_s == pytest.approx(exact.above_s)
        assert time.below_s + time.inside_s + time.above_s == pytest.approx(whole)

    def test_nothing_held_is_no_time_anywhere(self) -> None:
        assert laid_over(EASY, []) == TimeInZone(0.0, 0.0, 0.0, 0.0)

    def test_a_day_of_one_heart_rate_loses_no_time(self) -> None:
        day = [HeldValue(Instant(float(second)), Bpm(61), 1.0) for second in range(86_400)]
        time = laid_over(EASY, day)
        assert time.below_s == pytest.approx(86_400, abs=1)
        assert time.inside_s == time.above_s == 0.0

    @pytest.mark.parametrize(("low", "high"), [(60, 61), (219, 220), (60, 220)])
    def test_zones_beside_all_that_was_held_are_empty_and_not_an_error(self, low: int, high: int) -> None:
        time = laid_over(TargetZone(Bpm(low), Bpm(high)), [HeldValue(Instant(0.0), Bpm(130), 5.0)])
        assert time.below_s + time.inside_s + time.above_s == 5.0

    def test_it_agrees_with_the_judgement_of_the_same_samples(self, hour: list[HeartRateSample]) -> None:
        held = hold(believed(hour))
        exact = time_in_zone(held, EASY, until_s=4000)
        time = laid_over(EASY, held)
        assert time.below_s == pytest.approx(exact.below_s, abs=2)
        assert time.inside_s == pytest.approx(exact.inside_s, abs=2)
        assert time.above_s == pytest.approx(exact.above_s, abs=2)

    @given(st.lists(HELD, max_size=9))
    def test_several_give_the_time_of_all_of_them(self, runs: list[list[HeldValue]]) -> None:
        each = [add_up([pack_histogram(held)]).seconds for held in runs]
        found = add_up(map(pack_histogram, runs))
        assert list(found.seconds) == pytest.approx([sum(of_bpm) for of_bpm in zip(*each, strict=True)] or [0.0] * BPMS)
        assert found.runs == sum(any(value.for_s for value in held) for held in runs)

    @pytest.mark.parametrize(
        "damaged",
        [b"\x7f", b"\x7f\x01", b"\x7f\x01\x05", b"\xff\x01\x05\x00\x05\x00"],
        ids=["cut in its head", "cut behind it", "cut in a count", "too long"],
    )
    def test_one_that_came_to_harm_costs_itself_alone(self, damaged: bytes) -> None:
        sound = pack_histogram([HeldValue(Instant(0.0), Bpm(130), 5.0)])
        assert add_up([damaged, sound, damaged]) == add_up([sound])
