from dataclasses import FrozenInstanceError

import pytest

from daemon.domain.heart_rate import Bpm, HeartRateMeasurement, HeartRateSample, Instant, RRUnit, SensorContact
from daemon.domain.strap import BodyLocation


def test_a_strap_that_cannot_tell_is_not_one_that_feels_no_skin() -> None:
    assert HeartRateSample(Instant(0), Bpm(60)).contact is SensorContact.UNKNOWN
    assert len(SensorContact) == 3


def test_a_measurement_is_a_value_nobody_changes() -> None:
    measurement = HeartRateMeasurement(Bpm(128), SensorContact.GOOD, rr_words=(480,))
    assert measurement == HeartRateMeasurement(Bpm(128), SensorContact.GOOD, None, (480,))
    with pytest.raises(FrozenInstanceError):
        measurement.bpm = Bpm(0)  # type: ignore[misc]


def test_a_unit_says_how_many_of_its_words_make_a_second() -> None:
    assert [unit.value for unit in (RRUnit.SPECIFICATION, RRUnit.MILLISECOND)] == [1024, 1000]


@pytest.mark.parametrize(
    ("code", "location"),
    [
        pytest.param(1, BodyLocation.CHEST, id="chest"),
        pytest.param(6, BodyLocation.FOOT, id="the last one the specification has"),
        pytest.param(7, BodyLocation.OTHER, id="reserved"),
        pytest.param(255, BodyLocation.OTHER, id="nonsense"),
    ],
)
def test_an_unknown_place_on_the_body_is_just_another_one(code: int, location: BodyLocation) -> None:
    assert BodyLocation(code) is location
