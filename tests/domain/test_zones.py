from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.heart_rate import Bpm
from daemon.domain.zones import (
    Facts,
    Position,
    TargetZone,
    Training,
    ZoneOrigin,
    estimated_maximum_hr,
    proposals,
    text_on,
    zone_on,
    zones_in_force,
)
from tests.builders import EASY

MIDDLE_AGED = Facts(age=45, resting_hr=Bpm(60))
"""The runner of the literature: 45 years, 60 at rest."""


def proposed(facts: Facts) -> dict[ZoneOrigin, tuple[int, int]]:
    return {proposal.zone.origin: (proposal.zone.low, proposal.zone.high) for proposal in proposals(facts)}


@pytest.mark.parametrize(
    ("bpm", "position"),
    [
        pytest.param(117, Position.BELOW, id="one under the lower edge"),
        pytest.param(118, Position.INSIDE, id="the lower edge"),
        pytest.param(136, Position.INSIDE, id="the upper edge"),
        pytest.param(136.1, Position.ABOVE, id="a little over the upper edge"),
        pytest.param(137, Position.ABOVE, id="one over the upper edge"),
    ],
)
def test_both_edges_belong_to_the_zone(bpm: float, position: Position) -> None:
    assert EASY.locate(bpm) is position


# -- what a runner may write -----------------------------------------------------------------------


@pytest.mark.parametrize("text", ["118-136", " 118 - 136 ", "0118-136"])
def test_a_zone_is_read_as_it_is_said(text: str) -> None:
    assert TargetZone.parse(text) == TargetZone(Bpm(118), Bpm(136), ZoneOrigin.OWN)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("118", id="one number"),
        pytest.param("-136", id="no low"),
        pytest.param("118-", id="no high"),
        pytest.param("118-136-140", id="three numbers"),
        pytest.param("118.5-136", id="a fraction"),
        pytest.param("low-high", id="words"),
        pytest.param("²-³", id="digits that are no numbers"),
        pytest.param("136-118", id="upside down"),
        pytest.param("136-136", id="no width"),
        pytest.param("59-136", id="lower than any run"),
        pytest.param("118-221", id="higher than any heart"),
        pytest.param("9" * 5000 + "-136", id="endless"),
    ],
)
def test_what_is_no_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone is two whole numbers, low-high|integer string"):
        TargetZone.parse(text)


@pytest.mark.parametrize("text", ["60-61", "219-220", "60-220"])
def test_the_outermost_edges_are_allowed(text: str) -> None:
    assert f"{(zone := TargetZone.parse(text)).low}-{zone.high}" == text


@given(st.text(max_size=12))
def test_reading_a_zone_fails_in_one_way_only(text: str) -> None:
    try:
        zone = TargetZone.parse(text)
    except ValueError:
        return
    assert 60 <= zone.low < zone.high <= 220


# -- which zone holds ------------------------------------------------------------------------------

FIRST = TargetZone(Bpm(110), Bpm(130))
SPRING = TargetZone(Bpm(114), Bpm(133), valid_from=date(2026, 3, 1))
AUTUMN = TargetZone(Bpm(118), Bpm(136), valid_from=date(2026, 9, 1))
CORRECTED = TargetZone(Bpm(117), Bpm(135), valid_from=date(2026, 9, 1))


@pytest.mark.parametrize(
    ("day", "zone"),
    [
        pytest.param(date(2020, 1, 1), FIRST, id="since ever"),
        pytest.param(date(2026, 2, 28), FIRST, id="the day before a change"),
        pytest.param(date(2026, 3, 1), SPRING, id="the day of a change"),
        pytest.param(date(2026, 8, 31), SPRING, id="between two changes"),
        pytest.param(date(2030, 1, 1), AUTUMN, id="until further notice"),
    ],
)
def test_a_run_keeps_the_zone_of_its_day(day: date, zone: TargetZone) -> None:
    assert zone_on(day, [AUTUMN, FIRST, SPRING]) is zone


def test_before_the_first_zone_there_is_none() -> None:
    assert zone_on(date(2026, 8, 1), [AUTUMN]) is None
    assert zone_on(date(2026, 8, 1), []) is None


def test_of_two_zones_from_the_same_day_the_last_named_holds() -> None:
    assert zone_on(date(2026, 10, 1), [FIRST, AUTUMN, CORRECTED]) is CORRECTED


# -- proposals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "origin", "zone"),
    [
        pytest.param(MIDDLE_AGED, ZoneOrigin.RESERVE, (118, 136), id="half to two thirds of the reserve"),
        pytest.param(MIDDLE_AGED, ZoneOrigin.MAXIMUM, (106, 132), id="60 to 75 % of the maximum"),
        pytest.param(MIDDLE_AGED, ZoneOrigin.MAF, (120, 130), id="the 180 formula for one who starts"),
        pytest.param(
            Facts(age=45, training=Training.RECOVERING),
            ZoneOrigin.MAF,
            (115, 125),
            id="the 180 formula in recovery",
        ),
        pytest.param(
            Facts(age=45, training=Training.STEADY),
            ZoneOrigin.MAF,
            (125, 135),
            id="the 180 formula for one who keeps at it",
        ),
        pytest.param(
            Facts(age=45, training=Training.YEARS),
            ZoneOrigin.MAF,
            (130, 140),
            id="the 180 formula after years",
        ),
        pytest.param(Facts(age=14), ZoneOrigin.MAF, (155, 165), id="the 180 formula up to 16 years"),
        pytest.param(Facts(age=17), ZoneOrigin.MAF, (148, 158), id="the 180 formula from 17 years"),
        pytest.param(Facts(maximum_hr=Bpm(190)), ZoneOrigin.MAXIMUM, (114, 142), id="a measured maximum"),
        pytest.param(
            Facts(age=45, resting_hr=Bpm(60), maximum_hr=Bpm(190)),
            ZoneOrigin.RESERVE,
            (125, 144),
            id="a measured maximum goes before one from age",
        ),
        pytest.param(Facts(threshold_hr=Bpm(160)), ZoneOrigin.THRESHOLD, (120, 142), id="a threshold of 160"),
        pytest.param(Facts(comfortable_hr=Bpm(140)), ZoneOrigin.TALK_TEST, (111, 129), id="talking came easily at 140"),
        pytest.param(Facts(comfortable_hr=Bpm(84)), ZoneOrigin.TALK_TEST, (60, 73), id="a heart that is held back"),
    ],
)
def test_each_way_proposes_what_its_source_says(facts: Facts, origin: ZoneOrigin, zone: tuple[int, int]) -> None:
    assert proposed(facts)[origin] == zone


def test_the_maximum_is_estimated_from_age() -> None:
    assert estimated_maximum_hr(45) == pytest.approx(176.5)


def test_the_talk_test_comes_first() -> None:
    facts = Facts(45, Bpm(60), Bpm(180), Bpm(160), Bpm(140))
    assert list(proposed(facts)) == [
        ZoneOrigin.TALK_TEST,
        ZoneOrigin.MAF,
        ZoneOrigin.RESERVE,
        ZoneOrigin.MAXIMUM,
        ZoneOrigin.THRESHOLD,
    ]
    assert all(proposal.method for proposal in proposals(facts))


def test_medication_hides_every_formula_but_not_the_talk_test() -> None:
    facts = Facts(45, Bpm(60), Bpm(180), Bpm(160), Bpm(140), medication=True)
    assert list(proposed(facts)) == [ZoneOrigin.TALK_TEST]


def test_who_tells_nothing_is_proposed_nothing() -> None:
    assert proposals(Facts()) == ()
    assert proposals(Facts(resting_hr=Bpm(60))) == ()


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(Facts(age=-5), id="not yet born"),
        pytest.param(Facts(age=150), id="older than anybody"),
        pytest.param(Facts(age=1981), id="a year instead of an age"),
        pytest.param(Facts(maximum_hr=Bpm(250)), id="a maximum no heart has"),
        pytest.param(Facts(maximum_hr=Bpm(60), resting_hr=Bpm(60)), id="a maximum at rest"),
        pytest.param(Facts(threshold_hr=Bpm(20)), id="a threshold of 20"),
        pytest.param(Facts(comfortable_hr=Bpm(75)), id="talking while lying down"),
        pytest.param(Facts(comfortable_hr=Bpm(700)), id="a slip of the pen"),
    ],
)
def test_absurd_facts_give_no_proposal(facts: Facts) -> None:
    assert proposals(facts) == ()


@pytest.mark.parametrize("resting", [0, 20, 150, 176, 300])
def test_no_reserve_is_taken_from_a_resting_heart_rate_nobody_has(resting: int) -> None:
    assert ZoneOrigin.RESERVE not in proposed(Facts(age=45, resting_hr=Bpm(resting)))


def test_a_resting_heart_rate_above_the_maximum_proposes_nothing() -> None:
    assert ZoneOrigin.RESERVE not in proposed(Facts(maximum_hr=Bpm(110), resting_hr=Bpm(118)))


ANY_BPM = st.none() | st.integers(-50, 400).map(Bpm)


@given(
    st.builds(
        Facts,
        age=st.none() | st.integers(-50, 400),
        resting_hr=ANY_BPM,
        maximum_hr=ANY_BPM,
        threshold_hr=ANY_BPM,
        comfortable_hr=ANY_BPM,
        training=st.sampled_from(Training),
        medication=st.booleans(),
    )
)
def test_whatever_is_told_a_proposal_is_a_zone(facts: Facts) -> None:
    for proposal in proposals(facts):
        assert 60 <= proposal.zone.low < proposal.zone.high <= 220
        assert proposal.zone.origin is not ZoneOrigin.OWN
        assert proposal.zone.origin is ZoneOrigin.TALK_TEST or not facts.medication


# Zones that were set over those of the settings

SETTINGS = (TargetZone(Bpm(110), Bpm(130)), TargetZone(Bpm(118), Bpm(136), valid_from=date(2026, 3, 1)))


def set_here(low: int, month: int, instead_of: str = "118-136", day: int = 1) -> tuple[TargetZone, str]:
    return TargetZone(Bpm(low), Bpm(150), ZoneOrigin.TALK_TEST, "Els", date(2026, month, day)), instead_of


def low_in(month: int, *, settings: tuple[TargetZone, ...], zones: list[tuple[TargetZone, str]], day: int = 15) -> int:
    zone = zone_on(date(2026, month, day), zones_in_force(settings, zones))
    assert zone is not None
    return zone.low


@pytest.mark.parametrize(("month", "low"), [(2, 110), (3, 118), (4, 120), (5, 120), (6, 125), (9, 125)])
def test_a_zone_that_was_set_holds_from_its_day_until_the_next(month: int, low: int) -> None:
    assert low_in(month, settings=SETTINGS, zones=[set_here(120, 4), set_here(125, 6)]) == low


def test_of_two_that_were_set_on_one_day_the_later_holds() -> None:
    assert low_in(5, settings=SETTINGS, zones=[set_here(120, 4), set_here(125, 4)]) == 125


def test_when_the_settings_change_they_have_the_last_word() -> None:
    changed = (SETTINGS[0], TargetZone(Bpm(112), Bpm(132), valid_from=date(2026, 3, 1)))
    assert low_in(5, settings=changed, zones=[set_here(120, 4)]) == 112


def test_a_later_zone_of_the_settings_follows_the_one_that_was_set() -> None:
    later = (*SETTINGS, TargetZone(Bpm(112), Bpm(132), valid_from=date(2026, 6, 1)))
    assert [low_in(month, settings=later, zones=[set_here(120, 4)]) for month in (5, 6)] == [120, 112]


def test_a_zone_is_set_also_where_the_settings_have_none_yet() -> None:
    to_come = (TargetZone(Bpm(112), Bpm(132), valid_from=date(2027, 1, 1)),)
    assert text_on(date(2026, 4, 1), to_come) == ""
    assert low_in(5, settings=to_come, zones=[set_here(120, 4, "")]) == 120


def test_a_zone_reads_as_it_is_written() -> None:
    assert str(TargetZone.parse("118 – 136")) == "118-136"  # noqa: RUF001 - an en dash, as phones write it
