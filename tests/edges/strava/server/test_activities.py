"""Our Strava lists activities and gives their streams as the real one does."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from tests.edges.strava.server.reading import NOON, NOT_FOUND, START, Reader, error
from tests.strava_server import Athlete, StravaServer, fill

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_a_page_has_thirty_items_newest_first_unless_asked_otherwise(reader: Reader, mara: Athlete) -> None:
    added = [run.id for run in fill(mara, count=250, until=NOON)]
    assert reader.ids() == added[:-31:-1]
    assert reader.ids(per_page=200) == added[:-201:-1]
    assert len(reader.ids(per_page=999)) == 200
    assert reader.ids(per_page=200, page=2) == added[49::-1]
    assert reader.ids(per_page=200, page=3) == []


def test_bounds_are_exclusive_seconds_and_after_turns_the_order(reader: Reader, mara: Athlete) -> None:
    first, second, third = (mara.add_run(START + timedelta(days=day)).id for day in range(3))
    at = int((START + timedelta(days=1)).timestamp())
    assert reader.ids(before=at) == [first]
    assert reader.ids(before=at + 1) == [second, first]
    assert reader.ids(after=at) == [third]
    assert reader.ids(after=at - 1) == [second, third]
    assert reader.ids(after=at - 1, before=at + 1) == [second]


def test_short_pages_lose_nothing(reader: Reader, mara: Athlete) -> None:
    reader.strava.short_pages = True
    added = [run.id for run in fill(mara, count=100, until=NOON)]
    pages = [reader.ids(page=page) for page in range(1, 6)]
    assert [len(page) for page in pages] == [25, 30, 25, 20, 0]
    assert list(itertools.chain(*pages)) == added[::-1]


def test_only_who_may_read_all_sees_what_is_private(reader: Reader, mara: Athlete) -> None:
    run, secret = mara.add_run(START), mara.add_run(START + timedelta(days=1), visibility="only_me")
    assert reader.ids() == [secret.id, run.id]
    reader.tokens = reader.strava.link(mara, ["activity:read"])
    assert reader.ids() == [run.id]
    assert error(reader.ask(f"/activities/{secret.id}")) == NOT_FOUND
    reader.tokens = reader.strava.link(mara, ["read"])
    assert error(reader.ask("/athlete/activities")) == (401, "AccessToken", "activity:read_permission", "missing")


def test_a_late_upload_appears_late_and_at_its_place(reader: Reader, mara: Athlete) -> None:
    late = mara.add_run(START, 30, uploaded_later=timedelta(hours=4))
    run = mara.add_run(START + timedelta(hours=1))
    assert reader.ids() == [run.id]
    assert error(reader.ask(f"/activities/{late.id}/streams", keys="time")) == NOT_FOUND
    reader.strava.now = START + timedelta(hours=4, minutes=30)
    assert reader.ids() == [run.id, late.id]


def test_what_is_not_as_it_should_be_is_listed_all_the_same(reader: Reader, mara: Athlete) -> None:
    run = mara.add_run(START)
    mara.add_raw("not a dict", START + timedelta(hours=1))
    mara.add_raw({"id": None, "start_date": None}, START - timedelta(hours=1))
    run.overrides["max_heartrate"] = "181"
    first, second, third = reader.ask("/athlete/activities").json()
    assert (first, second["id"], third) == ("not a dict", run.id, {"id": None, "start_date": None})
    assert second["max_heartrate"] == "181"


def test_edits_and_deletions_show_at_once(reader: Reader, mara: Athlete) -> None:
    run, other = mara.add_run(START), mara.add_run(START + timedelta(hours=1))
    run.name, run.sport_type = "Bosloop", "TrailRun"
    mara.delete(other)
    (item,) = reader.ask("/athlete/activities").json()
    assert (item["name"], item["sport_type"], item["type"]) == ("Bosloop", "TrailRun", "Run")
    assert error(reader.ask(f"/activities/{other.id}")) == NOT_FOUND


@pytest.mark.parametrize(
    ("start", "local", "offset"),
    [
        pytest.param(datetime(2026, 1, 10, 23, 30, tzinfo=UTC), "2026-01-11T00:30:00Z", 3600.0, id="winter"),
        pytest.param(datetime(2026, 7, 10, 8, 0, tzinfo=UTC), "2026-07-10T10:00:00Z", 7200.0, id="summer"),
    ],
)
def test_the_local_time_has_a_false_z(
    reader: Reader, mara: Athlete, start: datetime, local: str, offset: float
) -> None:
    mara.add_run(start)
    (item,) = reader.ask("/athlete/activities").json()
    assert item["start_date"] == f"{start:%Y-%m-%dT%H:%M:%SZ}"
    assert (item["start_date_local"], item["utc_offset"]) == (local, offset)
    assert item["timezone"] == "(GMT+01:00) Europe/Amsterdam"


def test_a_hidden_start_is_one_second_after_midnight(reader: Reader, mara: Athlete) -> None:
    mara.add_run(datetime(2026, 11, 19, 23, 30, tzinfo=UTC), hidden_start=True)
    (item,) = reader.ask("/athlete/activities").json()
    assert item["start_date"] == item["start_date_local"] == "2026-11-20T00:00:01Z"


def test_a_summary_has_figures_only_if_there_is_a_heart_rate(reader: Reader, mara: Athlete) -> None:
    mara.add_run(START, 2, bpm=[0, None, 120, *[130] * 118])
    mara.add_run(START - timedelta(days=1), manual=True, bpm=130)
    with_it, without = reader.ask("/athlete/activities").json()
    assert (with_it["average_heartrate"], with_it["max_heartrate"]) == (129.9, 130.0)
    assert isinstance(with_it["suffer_score"], float)
    assert (without["has_heartrate"], without["manual"], without["start_latlng"]) == (False, True, [])
    assert not {"average_heartrate", "max_heartrate", "suffer_score"} & set(without)


def test_a_filled_account_is_the_same_each_time_and_has_its_share_of_heart_rates(strava: StravaServer) -> None:
    first, second = (fill(strava.add_athlete(), count=500, until=NOON, heart_rate_share=0.64) for _ in range(2))
    runs = [one for one in first if one.has_heartrate and one.sport_type.endswith("Run")]
    assert len(runs) == 320
    assert [one.summary()["start_date"] for one in first] == [one.summary()["start_date"] for one in second]
    assert first[-1].started_at < NOON
    assert first[0].started_at < NOON - timedelta(days=700)


def test_only_the_asked_streams_come_and_the_distance_with_them(reader: Reader, mara: Athlete) -> None:
    run = mara.add_run(START, 1, bpm=[None, 0, *range(100, 159)])
    streams = reader.streams(run.id, "time,heartrate,watts")
    assert set(streams) == {"time", "heartrate", "distance"}
    assert streams["time"]["data"] == list(range(61))
    assert streams["heartrate"]["data"] == [None, 0, *range(100, 159)]
    assert {stream["original_size"] for stream in streams.values()} == {61}
    as_list = reader.ask(f"/activities/{run.id}/streams", keys="time").json()
    assert [stream["type"] for stream in as_list] == ["time", "distance"]
    assert set(reader.ask(f"/activities/{run.id}/streams", keys="time", key_by_type=True).json()) == {
        "time",
        "distance",
    }


def test_every_stream_is_as_long_as_the_others(reader: Reader, mara: Athlete) -> None:
    run = mara.add_run(START, 30, bpm=128, smart_recording=True, pauses=[(600, 1200)])
    streams = reader.streams(run.id, "time,heartrate,distance,velocity_smooth,moving,latlng,altitude,cadence")
    assert len(streams) == 8
    assert len({len(stream["data"]) for stream in streams.values()}) == 1
    steps = {later - earlier for earlier, later in itertools.pairwise(streams["time"]["data"])}
    assert steps == {1, 3, 601}
    assert set(streams["heartrate"]["data"]) <= set(range(126, 131))


def test_without_distance_the_time_is_the_index(reader: Reader, mara: Athlete) -> None:
    run = mara.add_run(START, 1, bpm=120, distance_m=0.0)
    streams = reader.streams(run.id, "heartrate")
    assert {key: stream["series_type"] for key, stream in streams.items()} == {"time": "time", "heartrate": "time"}


def test_what_was_typed_in_has_no_streams(reader: Reader, mara: Athlete) -> None:
    run = mara.add_run(START, manual=True)
    assert error(reader.ask(f"/activities/{run.id}/streams", keys="time")) == NOT_FOUND


def test_a_crop_moves_the_start(reader: Reader, mara: Athlete) -> None:
    run = mara.add_run(START, 1, bpm=list(range(100, 161)))
    run.crop(10, 50)
    assert reader.streams(run.id)["time"]["data"] == list(range(41))
    assert reader.streams(run.id)["heartrate"]["data"] == list(range(110, 151))
    assert reader.ask(f"/activities/{run.id}").json()["start_date"] == "2026-11-20T08:30:10Z"


def test_other_pages_exist_and_are_counted(reader: Reader, mara: Athlete) -> None:
    run = mara.add_run(START, bpm=130)
    pages = ["/athlete", "/athlete/zones", *(f"/activities/{run.id}{page}" for page in ("", "/laps", "/zones"))]
    assert [reader.ask(page).status_code for page in pages] == [200] * 5
    assert [request.path for request in reader.strava.requests.counted()] == pages
    assert [request.activity for request in reader.strava.requests.details()] == [run.id]
    assert reader.ask("/athlete/zones").json()["heart_rate"]["zones"][-1]["max"] == -1


def test_an_activity_of_somebody_else_is_not_found(reader: Reader) -> None:
    theirs = reader.strava.add_athlete("Piet").add_run(START)
    assert error(reader.ask(f"/activities/{theirs.id}/streams", keys="time")) == NOT_FOUND
