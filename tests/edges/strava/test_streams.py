"""The streams of an activity become a recording, whatever is missing from them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.strava.streams import recording_of
from daemon.domain.recording import Recording
from daemon.strava.port import GoneError, UnreachableError
from tests.edges.strava.asking import RUN, START, connector, failure, link, listed
from tests.edges.strava.odd import ODD
from tests.recordings import heart_rates, speeds
from tests.strava_server import Athlete, StravaServer

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


async def recorded(strava: StravaServer, athlete: Athlete) -> Recording:
    (activity,) = (await listed(strava, athlete)).activities
    return (await connector(strava).recording(link(strava, athlete), activity)).value


def streams(**data: object) -> dict[str, object]:
    return {key: {"data": values, "series_type": "time"} for key, values in data.items()}


async def test_a_run_comes_as_it_was_recorded_in_one_request(strava: StravaServer, mara: Athlete) -> None:
    mara.add_run(START, bpm=[120, 121, 0, None, 125], times=[0, 1, 2, 9, 10], name="Duurloop", distance_m=30.0)
    recording = await recorded(strava, mara)
    assert recording.started_at == START
    assert (recording.sport, recording.name, recording.duration_s) == ("run", "Duurloop", 10.0)
    assert recording.distance_m == 30.0
    assert heart_rates(recording) == [(0, 120), (1, 121), (2, 0), (9, 0), (10, 125)]
    assert speeds(recording) == [(0, 3.0), (1, 3.0), (2, 3.0), (9, 3.0), (10, 3.0)]
    (asked,) = strava.requests.streams()
    assert asked.query == {"keys": "time,heartrate,distance,velocity_smooth,moving", "key_by_type": "true"}


async def test_a_run_over_a_change_of_the_clocks_keeps_its_seconds(strava: StravaServer, mara: Athlete) -> None:
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    mara.add_run(before, 60, bpm=128)
    recording = await recorded(strava, mara)
    assert (recording.started_at, recording.duration_s, len(recording.samples)) == (before, 3600.0, 3601)


@pytest.mark.parametrize("by_type", [True, False], ids=["by type", "in a row"])
def test_streams_may_come_in_either_form(*, by_type: bool) -> None:
    told = streams(time=[5, 6, 7], heartrate=[120, 121, 122], moving=[True, False, True], velocity_smooth=[2, 2, 2])
    body = told if by_type else [{"type": key, **stream} for key, stream in told.items() if isinstance(stream, dict)]
    recording = recording_of(RUN, body)
    assert recording.started_at == START + timedelta(seconds=5)
    assert heart_rates(recording) == [(0, 120), (1, 121), (2, 122)]
    assert speeds(recording) == [(0, 2.0), (1, 0.0), (2, 2.0)]


def test_streams_of_different_lengths_go_as_far_as_the_shortest() -> None:
    recording = recording_of(RUN, streams(time=[0, 1, 2, 3], heartrate=[120, 121, 122], distance=[0, 3, 6, 9, 12]))
    assert heart_rates(recording) == [(0, 120), (1, 121), (2, 122)]
    assert speeds(recording) == [(1, 3.0), (2, 3.0)]


def test_times_that_repeat_or_run_backward_are_put_in_order() -> None:
    recording = recording_of(RUN, streams(time=[0, 2, 2, 1, 30], heartrate=[120, 122, 123, 121, 130]))
    assert heart_rates(recording) == [(0, 120), (1, 121), (2, 122), (2, 123), (30, 130)]


def test_heart_rates_that_are_none_have_no_value() -> None:
    told: list[object] = [None, 0, -4, "130", float("nan"), 10**400, [], 131.6]
    recording = recording_of(RUN, streams(time=list(range(8)), heartrate=told))
    assert [sample.bpm for sample in recording.samples] == [0, 0, 0, 130, 0, 0, 0, 132]


def test_a_time_that_is_none_takes_its_point_along() -> None:
    times = [0, None, "x", 3, float("inf"), -1e300, 1e300, 7]
    recording = recording_of(RUN, streams(time=times, heartrate=[120] * 8))
    assert heart_rates(recording) == [(0, 120), (3, 120), (7, 120)]


def test_without_a_heart_rate_there_are_no_samples_but_speeds() -> None:
    recording = recording_of(RUN, streams(time=[0, 1], velocity_smooth=[None, 2.5], moving=[False, None]))
    assert recording.samples == ()
    assert speeds(recording) == [(0, 0.0), (1, 2.5)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param([], id="an empty row"),
        pytest.param(streams(heartrate=[120], distance=[1]), id="no times"),
        pytest.param(streams(time=[], heartrate=[120]), id="no time at all"),
        pytest.param({"time": None, "heartrate": {"data": [120]}}, id="times are null"),
        pytest.param(streams(time=[None, None]), id="every time is null"),
        pytest.param(streams(time=[0] * 500_001), id="more times than five days have seconds"),
    ],
)
def test_an_activity_that_nothing_can_be_made_of_is_as_good_as_gone(body: object) -> None:
    with pytest.raises(GoneError):
        recording_of(RUN, body)


@pytest.mark.parametrize("body", [None, "streams", 7, {"status": "maintenance"}, [1, 2], [{"type": ["time"]}]])
def test_an_answer_that_has_nothing_to_do_with_streams_may_be_another_tomorrow(body: object) -> None:
    with pytest.raises(UnreachableError):
        recording_of(RUN, body)


def test_odd_streams_beside_the_times_are_as_if_they_were_not_there() -> None:
    recording = recording_of(RUN, {**streams(time=[0, 1], velocity_smooth="fast", moving=[]), "heartrate": 7})
    assert (recording.duration_s, recording.samples, recording.speeds) == (1.0, (), ())


@given(st.dictionaries(st.sampled_from(["time", "heartrate", "distance", "velocity_smooth", "moving"]), st.lists(ODD)))
def test_no_stream_is_odd_enough_for_more_than_a_plain_no(told: dict[str, object]) -> None:
    with suppress(GoneError, UnreachableError):
        recording_of(RUN, streams(**told))


async def test_an_activity_without_streams_is_gone(strava: StravaServer, mara: Athlete) -> None:
    mara.add_run(START, 30, manual=True)
    error = await failure(recorded(strava, mara))
    assert type(error) is GoneError
    assert error.reading is not None
