"""A zone laid over past runs: what it means for them, and how that is said."""

import pytest

from daemon.domain.effort import TimeInZone
from daemon.domain.heart_rate import Bpm
from daemon.domain.held_times import BPMS, HeldTimes, LaidOver, lay_over
from daemon.domain.wording import ENGLISH, Language, laid_text
from daemon.domain.zones import TargetZone

ZONE, LOWER = TargetZone(Bpm(118), Bpm(136)), TargetZone(Bpm(108), Bpm(126))
SHOUTING = Language(lambda text: f"<{text}>", lambda one, many, number: f"<{one if number == 1 else many}>")


def held(minutes: dict[int, float], runs: int = 1) -> HeldTimes:
    """Hold these heart rates for so many minutes."""
    return HeldTimes(runs, tuple(60.0 * minutes.get(bpm, 0) for bpm in range(BPMS)))


def laid(zone: TargetZone, times: HeldTimes) -> LaidOver:
    found = lay_over(zone, times)
    assert found is not None
    return found


def test_what_is_not_above_the_upper_edge_is_calm() -> None:
    found = laid(ZONE, held({110: 10, 130: 30, 136: 20, 137: 20}, runs=2))
    assert found == LaidOver(ZONE, 2, TimeInZone(600.0, 3000.0, 1200.0, 0.0), 75.0)


@pytest.mark.parametrize(("bpm", "place"), [(117, 0), (118, 1), (136, 1), (137, 2)])
def test_both_edges_belong_to_the_zone(bpm: int, place: int) -> None:
    time = laid(ZONE, held({bpm: 10})).time
    assert [time.below_s, time.inside_s, time.above_s][place] == pytest.approx(600.0)


@pytest.mark.parametrize("minutes", [0, 4.9])
def test_less_than_five_minutes_tell_nothing(minutes: float) -> None:
    assert lay_over(ZONE, held({130: minutes})) is None


def test_one_zone_is_said_by_its_calm_share() -> None:
    said = laid_text(laid(ZONE, held({130: 8.4, 140: 1.6})), None, ENGLISH)
    assert said == "By this zone, 84 % of the time in your runs of the last four weeks is calm."


def test_the_zone_before_it_is_said_besides() -> None:
    times = held({120: 50, 130: 34, 140: 16})
    said = laid_text(laid(ZONE, times), laid(LOWER, times), ENGLISH)
    assert said == (
        "By this zone, 84 % of the time in your runs of the last four weeks is calm; by 108-126 it is 50 %."
    )


def test_all_of_it_goes_through_the_language() -> None:
    some = laid(ZONE, held({130: 10}))
    assert all(laid_text(some, before, SHOUTING).startswith("<") for before in (None, some))
