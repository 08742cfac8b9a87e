"""The list of activities: what is read of each, and that an odd one costs only itself."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from connectors.strava.items import page_of
from daemon.domain.activity import Activity
from daemon.domain.quota import Reading, Use
from daemon.strava.port import UnreachableError
from tests.edges.strava.asking import NOW, START, connector, link, listed
from tests.edges.strava.odd import ODD
from tests.strava_server import Athlete, StravaServer

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


async def test_a_page_has_the_newest_first_and_what_it_costs(strava: StravaServer, mara: Athlete) -> None:
    for days in range(250):
        mara.add_run(START - timedelta(days=days), 30, bpm=128)
    strava.used_elsewhere(7)
    tokens = link(strava, mara)
    first = await connector(strava).activities(tokens, 1)
    second = await connector(strava).activities(tokens, 2)
    third = await connector(strava).activities(tokens, 3)
    assert [one.value.length for one in (first, second, third)] == [200, 50, 0]
    starts = [one.started_at for answer in (first, second) for one in answer.value.activities]
    assert starts == [START - timedelta(days=days) for days in range(250)]
    assert first.value.ids == {one.id for one in first.value.activities}
    assert third.reading == Reading(NOW, Use(100, 10), Use(1000, 10), Use(200, 10), Use(2000, 10))
    assert [one.query for one in strava.requests] == [{"page": str(n), "per_page": "200"} for n in (1, 2, 3)]
    assert strava.leaks == []


async def test_an_activity_is_read_as_strava_words_it(strava: StravaServer, mara: Athlete) -> None:
    run = mara.add_run(START, 30, bpm=128, name="  Rondje 🏃‍♀️\nVondelpark ", distance_m=4_680.5)
    (activity,) = (await listed(strava, mara)).activities
    assert activity == Activity(
        id=run.id,
        started_at=START,
        start_hidden=False,
        elapsed_s=1800.0,
        sport="run",
        name="Rondje 🏃‍♀️ Vondelpark",
        distance_m=4_680.5,
        has_heart_rate=True,
        external_id=f"garmin_ping_{run.id % 1_000_000_000}",
        mark=activity.mark,
    )


def item(**other: object) -> dict[str, object]:
    """Return one item of a list."""
    basis: dict[str, object] = {
        "id": 16_000_000_001,
        "name": "Ochtendloop",
        "distance": 4680.0,
        "moving_time": 1790,
        "elapsed_time": 1800,
        "type": "Run",
        "sport_type": "Run",
        "start_date": "2026-07-10T18:30:00Z",
        "start_date_local": "2026-07-10T20:30:00Z",
        "timezone": "(GMT+01:00) Europe/Amsterdam",
        "utc_offset": 7200.0,
        "manual": False,
        "has_heartrate": True,
        "average_heartrate": 128.4,
        "max_heartrate": 141.0,
    }
    return basis | other


def read(**other: object) -> Activity:
    (activity,) = page_of([item(**other)]).activities
    return activity


@pytest.mark.parametrize(
    ("told", "sport"),
    [
        ("Run", "run"),
        ("TrailRun", "run"),
        ("VirtualRun", "run"),
        ("Walk", "walk"),
        ("Hike", "walk"),
        ("Ride", "ride"),
        ("EBikeRide", "ride"),
        ("EMountainBikeRide", "ride"),
        ("GravelRide", "ride"),
        ("VirtualRide", "ride"),
        ("NordicSki", "nordic ski"),
        ("Canoeing", "canoeing"),
        ("HighIntensityIntervalTraining", "high intensity interval training"),
        ("MoonRunning2031", "moon running2031"),
        ("x" * 4000, "x" * 119 + "…"),
        ("\ud800\x1b[31m", "[31m"),
    ],
)
def test_every_sport_is_known_or_keeps_its_own_word(told: str, sport: str) -> None:
    assert read(sport_type=told).sport == sport


@pytest.mark.parametrize("missing", [None, "", "  ", 7, ["Run"]])
def test_the_older_field_names_the_sport_where_the_newer_does_not(missing: object) -> None:
    assert read(sport_type=missing, type="Ride").sport == "ride"
    assert read(sport_type=missing, type=missing).sport == "workout"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Ochtendloop", "Ochtendloop"),
        ("", None),
        (None, None),
        (12, None),
        ("👩🏽‍🚀🇳🇱", "👩🏽‍🚀🇳🇱"),
        ("a\x1b]0;b\x07c\ud83d", "a]0;bc"),
        ("lang " * 1000, "lang " * 23 + "lang…"),
    ],
)
def test_a_name_is_one_line_fit_for_any_place(told: object, name: str | None) -> None:
    assert read(name=told).name == name


@pytest.mark.parametrize(
    ("other", "is_there"),
    [
        ({}, True),
        ({"has_heartrate": False}, False),
        ({"has_heartrate": None}, False),
        ({"has_heartrate": "yes"}, False),
        ({"manual": True}, False),
        ({"heartrate_opt_out": True}, False),
        ({"heartrate_opt_out": None, "manual": None}, True),
    ],
)
def test_heart_rate_is_there_only_if_asking_for_it_is_worth_it(other: dict[str, object], *, is_there: bool) -> None:
    assert read(**other).has_heart_rate is is_there


@pytest.mark.parametrize(
    ("elapsed", "moving", "seconds"),
    [(1800, 1790, 1800), ("1800", 1, 1800), (None, 1790, 1790), (-1, -1, 0), (float("nan"), 1e99, 0), ([], {}, 0)],
)
def test_a_duration_that_is_none_is_looked_for_elsewhere(elapsed: object, moving: object, seconds: float) -> None:
    assert read(elapsed_time=elapsed, moving_time=moving).elapsed_s == seconds


@pytest.mark.parametrize(
    ("zone", "offset", "day_begins"),
    [
        pytest.param("(GMT+01:00) Europe/Amsterdam", 7200.0, "2026-07-09T22:00Z", id="by the zone, in summer"),
        pytest.param("(GMT-05:00) America/New_York", -14400.0, "2026-07-10T04:00Z", id="by the zone, in the west"),
        pytest.param("(GMT+05:45) Asia/Kathmandu", 0, "2026-07-09T18:15Z", id="by the zone, whatever the offset"),
        pytest.param("(GMT+01:00) Europe/Atlantis", 7200.0, "2026-07-09T22:00Z", id="by the offset: zone unknown"),
        pytest.param("(GMT+01:00) Europe", 7200, "2026-07-09T22:00Z", id="by the offset: zone a folder"),
        pytest.param("(GMT+01:00) ../../etc/passwd", "7200", "2026-07-09T22:00Z", id="by the offset: zone a path"),
        pytest.param(None, -3600, "2026-07-10T01:00Z", id="by the offset: no zone"),
        pytest.param(["UTC"], float("nan"), "2026-07-10T00:00Z", id="in UTC: no offset"),
        pytest.param("", 1e9, "2026-07-10T00:00Z", id="in UTC: an impossible offset"),
    ],
)
def test_a_hidden_start_is_the_first_second_of_the_runners_day(zone: object, offset: object, day_begins: str) -> None:
    hidden = "2026-07-10T00:00:01Z"
    activity = read(start_date=hidden, start_date_local=hidden, timezone=zone, utc_offset=offset)
    assert activity.start_hidden
    assert activity.started_at == datetime.fromisoformat(day_begins)


@pytest.mark.parametrize(
    ("start", "local"),
    [
        pytest.param("2026-07-09T22:00:01Z", "2026-07-10T00:00:01Z", id="a run at midnight"),
        pytest.param("2026-07-10T00:00:01Z", "2026-07-10T02:00:01Z", id="a run at midnight in Greenwich"),
        pytest.param("2026-07-10T00:00:01Z", None, id="nothing local"),
        pytest.param("2026-07-10T00:00:01Z", "yesterday", id="nonsense"),
    ],
)
def test_a_run_at_midnight_is_not_hidden(start: str, local: object) -> None:
    activity = read(start_date=start, start_date_local=local)
    assert (activity.started_at, activity.start_hidden) == (datetime.fromisoformat(start), False)


async def test_a_start_that_the_athlete_hides_is_the_day_it_was(strava: StravaServer, mara: Athlete) -> None:
    mara.add_run(START, 30, bpm=128, hidden_start=True)
    (activity,) = (await listed(strava, mara)).activities
    assert activity.start_hidden
    assert activity.started_at == datetime(2026, 11, 10, tzinfo=ZoneInfo("Europe/Amsterdam"))


@pytest.mark.parametrize(
    "other",
    [
        {"start_date": "2026-07-10T18:31:00Z"},
        {"elapsed_time": 1700},
        {"moving_time": 1700},
        {"distance": 4600},
        {"sport_type": "TrailRun"},
        {"has_heartrate": False},
        {"average_heartrate": 127.0},
        {"max_heartrate": 187},
        {"manual": True},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_mark_changes_with_what_was_recorded(other: dict[str, object]) -> None:
    assert read(**other).mark != read().mark


@pytest.mark.parametrize(
    "other",
    [{"name": "Duurloop"}, {"visibility": "only_me", "private": True}, {"kudos_count": 99}, {"elapsed_time": 1800.0}],
    ids=lambda other: next(iter(other)),
)
def test_the_mark_stays_with_everything_else(other: dict[str, object]) -> None:
    assert read(**other).mark == read().mark


ODD_ITEMS: list[object] = [
    None,
    [],
    "run",
    {},
    item(id=None),
    item(id=-3),
    item(id=True),
    item(id=1 << 63),
    item(id=1.5),
    item(id=2, start_date=None),
    item(id=3, start_date="soon"),
    item(id=4, start_date=1_794_000_000),
    item(id=5, start_date="9999-12-31T23:59:59Z"),
    item(id="6", start_date={}),
]


def test_an_odd_item_costs_only_itself_and_its_id_still_counts() -> None:
    page = page_of([*ODD_ITEMS, item(id=7), item(id="8")])
    assert [one.id for one in page.activities] == [7, 8]
    assert page.ids == {2, 3, 4, 5, 6, 7, 8}
    assert page.length == len(ODD_ITEMS) + 2


def test_an_odd_item_is_noted_without_what_it_holds() -> None:
    with structlog.testing.capture_logs() as lines:
        page_of([item(id=5, start_date="secret place")])
    assert lines == [{"event": "strava_item_skipped", "activity": 5, "error": "ValueError", "log_level": "debug"}]


@given(st.dictionaries(st.sampled_from(sorted({*item(), "heartrate_opt_out"})), ODD))
def test_no_item_is_odd_enough_to_raise(other: dict[str, object]) -> None:
    for activity in page_of([item(**other)]).activities:
        assert 0 <= activity.elapsed_s < 1e9
        assert activity.started_at.tzinfo is UTC
        json.dumps([activity.name, activity.sport]).encode()
        (activity.name or "").encode()
        activity.sport.encode()


@given(ODD)
def test_no_page_is_odd_enough_for_more_than_a_plain_no(body: object) -> None:
    with suppress(UnreachableError):
        page_of(body)
