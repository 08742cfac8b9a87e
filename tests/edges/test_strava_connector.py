import asyncio
import gzip
import json
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.strava import StravaConnector
from connectors.strava.application import Application
from connectors.strava.headers import reading_of
from connectors.strava.items import page_of
from connectors.strava.lines import Line
from connectors.strava.streams import recording_of
from daemon.domain.activity import Activity, Page
from daemon.domain.quota import Reading, Use
from daemon.domain.recording import Recording
from daemon.strava.port import (
    ApplicationError,
    GoneError,
    InactiveError,
    QuotaError,
    RevokedError,
    ScopeError,
    StravaError,
    Tokens,
    UnauthorizedError,
    UnreachableError,
)
from tests.receivers import Answer, HttpReceiver
from tests.strava_server import (
    BAD_GATEWAY,
    BROKEN,
    EMPTY,
    MAINTENANCE,
    MALFORMED,
    TOO_MANY,
    UNAVAILABLE,
    Athlete,
    Reply,
    StravaServer,
    Trouble,
    refusal,
)
from tests.strava_wire import Kind

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

NOW = datetime(2026, 11, 10, 20, 0, tzinfo=UTC)
START = datetime(2026, 11, 10, 18, 30, tzinfo=UTC)
LIST, STREAMS, TOKEN = "GET /athlete/activities", "GET /activities/.*/streams", "POST /oauth/token"
NONSENSE = "Strava sent an answer that makes no sense"
PAGE_OF_A_PROXY = "<html><h1>{}</h1></html>"


@pytest.fixture
def strava() -> Iterator[StravaServer]:
    with StravaServer() as server:
        server.now = NOW
        yield server


@pytest.fixture
def mara(strava: StravaServer) -> Athlete:
    return strava.add_athlete()


def connector(strava: StravaServer, **more: float) -> StravaConnector:
    return StravaConnector(
        strava.client_id, strava.client_secret, strava.oauth_url, strava.api_url, lambda: NOW, **more
    )


def link(strava: StravaServer, athlete: Athlete, *scopes: str) -> Tokens:
    given = strava.link(athlete, scopes) if scopes else strava.link(athlete)
    return Tokens(given.access_token, given.refresh_token, given.expires_at)


def code_of(strava: StravaServer) -> str:
    """Let the athlete say yes at the browser, and return the code of the redirect."""
    address = urlsplit(connector(strava).authorization_url("http://localhost:8420/back", "s"))
    with socket.create_connection(("127.0.0.1", address.port or 0)) as browser:
        asked = f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        browser.sendall(asked.encode())
        answer = b"".join(iter(lambda: browser.recv(4096), b"")).decode()
    location = next(line for line in answer.splitlines() if line.startswith("Location: "))
    strava.requests.clear()
    return parse_qs(urlsplit(location).query)["code"][0]


async def failure(request: Awaitable[object]) -> StravaError:
    with pytest.raises(StravaError) as failed:
        await request
    return failed.value


async def listed(strava: StravaServer, athlete: Athlete) -> Page:
    return (await connector(strava).activities(link(strava, athlete), 1)).value


async def recorded(strava: StravaServer, athlete: Athlete) -> Recording:
    (activity,) = (await listed(strava, athlete)).activities
    return (await connector(strava).recording(link(strava, athlete), activity)).value


# --- the link ---------------------------------------------------------------------------------------------------------


def test_the_athlete_is_asked_for_what_the_service_needs(strava: StravaServer) -> None:
    address = urlsplit(connector(strava).authorization_url("http://localhost:8420/back?a=b&c", "st/ate"))
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{strava.oauth_url}/oauth/authorize"
    assert parse_qs(address.query) == {
        "client_id": [strava.client_id],
        "redirect_uri": ["http://localhost:8420/back?a=b&c"],
        "response_type": ["code"],
        "approval_prompt": ["auto"],
        "scope": ["read,activity:read_all,profile:read_all"],
        "state": ["st/ate"],
    }


async def test_a_code_is_exchanged_for_tokens_that_are_good(strava: StravaServer, mara: Athlete) -> None:
    tokens, athlete = await connector(strava).exchange(code_of(strava))
    assert athlete == mara.id
    assert tokens.expires_at == NOW + timedelta(hours=6)
    await connector(strava).activities(tokens, 1)


@pytest.mark.parametrize("athlete", [None, [], {"id": "many"}, {"id": True}, {}])
async def test_an_exchange_succeeds_whoever_the_athlete_is_said_to_be(strava: StravaServer, athlete: object) -> None:
    strava.faults.add(TOKEN, Reply(200, token_answer(athlete=athlete)))
    assert (await connector(strava).exchange("code"))[1] is None


async def test_a_refresh_brings_what_strava_says_and_the_old_token_may_die(strava: StravaServer, mara: Athlete) -> None:
    strava.rotates, old = True, link(strava, mara)
    new = await connector(strava).refresh(old)
    assert new.refresh != old.refresh
    assert isinstance(await failure(connector(strava).refresh(old)), RevokedError)
    assert (await connector(strava).refresh(new)).expires_at == NOW + timedelta(hours=6)


@pytest.mark.parametrize("end", [None, "soon", -5, 1e300, [], True])
async def test_tokens_without_a_readable_end_are_kept_for_an_hour(strava: StravaServer, end: object) -> None:
    strava.faults.add(TOKEN, Reply(200, token_answer(expires_at=end)))
    tokens = await connector(strava).refresh(Tokens("a", "b", NOW))
    assert (tokens.access, tokens.refresh, tokens.expires_at) == ("new", "newer", NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([], id="a list"),
        pytest.param({}, id="nothing"),
        pytest.param("null", id="null"),
        pytest.param({"access_token": "new", "refresh_token": "newer"}, id="no end"),
        pytest.param({"access_token": "", "refresh_token": "x", "expires_at": 1}, id="an empty token"),
        pytest.param({"access_token": "a\r\nb", "refresh_token": "x", "expires_at": 1}, id="a token of two lines"),
        pytest.param({"access_token": ["a"], "refresh_token": {}, "expires_at": 1}, id="no text"),
    ],
)
async def test_an_answer_without_tokens_makes_no_sense(strava: StravaServer, answer: object) -> None:
    strava.faults.add(TOKEN, Reply(200, answer), times=2)
    for request in (connector(strava).refresh(Tokens("a", "b", NOW)), connector(strava).exchange("code")):
        error = await failure(request)
        assert (type(error), str(error)) == (UnreachableError, NONSENSE)


def token_answer(**other: object) -> dict[str, object]:
    return {"access_token": "new", "refresh_token": "newer", "expires_at": 1_794_000_000} | other


APPLICATION, CODE, REFRESH = (
    ("Application", "client_id"),
    ("AuthorizationCode", "code"),
    ("RefreshToken", "refresh_token"),
)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        pytest.param(refusal(400, *REFRESH, "invalid"), RevokedError, id="refresh token dead"),
        pytest.param(refusal(400, *CODE, "invalid"), RevokedError, id="no such code"),
        pytest.param(refusal(400, "AuthorizationCode", "", "expired"), RevokedError, id="code expired"),
        pytest.param(Reply(400, {"error": "invalid_grant"}), RevokedError, id="in the words of OAuth"),
        pytest.param(refusal(400, *APPLICATION, "invalid"), ApplicationError, id="client id unknown"),
        pytest.param(refusal(401, "Application", "client_secret", "invalid"), ApplicationError, id="secret wrong"),
        pytest.param(refusal(401), ApplicationError, id="secret wrong, without a complaint"),
        pytest.param(Reply(401, {"error": "invalid_client"}), ApplicationError, id="client in the words of OAuth"),
        pytest.param(Reply(401, "<html>log in to the proxy</html>"), UnreachableError, id="a proxy that wants a login"),
        pytest.param(refusal(400), UnreachableError, id="a refusal without a reason"),
        pytest.param(refusal(403, "Application", "Status", "Inactive"), InactiveError, id="application inactive"),
        pytest.param(refusal(404), UnreachableError, id="wrong address"),
        pytest.param(TOO_MANY, QuotaError, id="too many"),
        pytest.param(BROKEN, UnreachableError, id="broken"),
        pytest.param(MAINTENANCE, UnreachableError, id="maintenance"),
        pytest.param(Trouble.LOST, UnreachableError, id="answer lost"),
    ],
)
async def test_a_request_for_tokens_fails_by_what_strava_says(
    strava: StravaServer,
    mara: Athlete,
    reply: Kind,
    kind: type[StravaError],
) -> None:
    tokens = link(strava, mara)
    strava.faults.add(TOKEN, reply, times=2)
    for request in (connector(strava).refresh(tokens), connector(strava).exchange("code")):
        error = await failure(request)
        assert type(error) is kind
        assert error.reading is None  # OAuth is not counted
    assert len(strava.requests) == 2


async def test_a_wrong_secret_is_a_matter_of_the_application(strava: StravaServer, mara: Athlete) -> None:
    stranger = StravaConnector("54321", "wrong", strava.oauth_url, strava.api_url, lambda: NOW)
    tokens = link(strava, mara)
    for request in (stranger.refresh(tokens), stranger.revoke(tokens), stranger.subscribe("http://localhost/", "v")):
        assert type(await failure(request)) is ApplicationError
    assert strava.is_linked(mara)


# --- the end of the link ----------------------------------------------------------------------------------------------


async def test_revoking_ends_the_link_even_after_the_access_token_has_run_out(
    strava: StravaServer, mara: Athlete
) -> None:
    tokens = link(strava, mara)
    strava.now = NOW + timedelta(days=3)
    await connector(strava).revoke(tokens)
    assert not strava.is_linked(mara)
    assert [one.line for one in strava.requests] == ["POST /oauth/revoke"]


async def test_the_older_address_is_used_where_there_is_no_newer(strava: StravaServer, mara: Athlete) -> None:
    strava.has_revoke = False
    await connector(strava).revoke(link(strava, mara))
    assert not strava.is_linked(mara)
    assert [one.line for one in strava.requests] == ["POST /oauth/revoke", "POST /oauth/deauthorize"]


@pytest.mark.parametrize("has_revoke", [True, False])
async def test_a_link_that_has_ended_already_is_no_failure(
    strava: StravaServer, mara: Athlete, *, has_revoke: bool
) -> None:
    tokens = link(strava, mara)
    strava.revoke(mara)
    strava.has_revoke = has_revoke
    await connector(strava).revoke(tokens)


@pytest.mark.parametrize(
    "reply", [refusal(400, *REFRESH, "invalid"), refusal(401, "Athlete", "access_token", "invalid")]
)
async def test_a_token_that_is_refused_as_dead_is_no_failure(strava: StravaServer, mara: Athlete, reply: Reply) -> None:
    strava.faults.add("POST /oauth/revoke", reply)
    await connector(strava).revoke(link(strava, mara))
    assert len(strava.requests) == 1


@pytest.mark.parametrize("status", [404, 405, 410, 501])
async def test_any_way_of_saying_that_there_is_no_such_address_leads_to_the_older(
    strava: StravaServer, mara: Athlete, status: int
) -> None:
    strava.faults.add("POST /oauth/revoke", Reply(status, "<html>nothing here</html>"))
    await connector(strava).revoke(link(strava, mara))
    assert not strava.is_linked(mara)


@pytest.mark.parametrize("trouble", [BROKEN, MAINTENANCE, Reply(304, ""), Trouble.RESET, refusal(429)])
async def test_a_link_that_could_not_be_ended_is_told(strava: StravaServer, mara: Athlete, trouble: Kind) -> None:
    strava.faults.add("POST /oauth/revoke", trouble)
    assert isinstance(await failure(connector(strava).revoke(link(strava, mara))), UnreachableError | QuotaError)
    assert strava.is_linked(mara)


async def test_a_strava_that_revokes_nowhere_is_told(strava: StravaServer, mara: Athlete) -> None:
    strava.has_revoke = strava.has_deauthorize = False
    assert type(await failure(connector(strava).revoke(link(strava, mara)))) is UnreachableError


# --- the list ---------------------------------------------------------------------------------------------------------


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


ODD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.just(10**400),
        st.floats(),
        st.text(),
        st.sampled_from(["2026-07-10T00:00:01Z", "1800", "\ud83d", "0001-01-01T00:00:00+14:00", "(GMT+01:00) a/b"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted({*item(), "heartrate_opt_out"})), ODD))
def test_no_item_is_odd_enough_to_raise(other: dict[str, object]) -> None:
    for activity in page_of([item(**other)]).activities:
        assert 0 <= activity.elapsed_s < 1e9
        assert activity.started_at.tzinfo is UTC
        json.dumps([activity.name, activity.sport]).encode()
        (activity.name or "").encode()
        activity.sport.encode()


@settings(deadline=None)
@given(ODD)
def test_no_page_is_odd_enough_for_more_than_a_plain_no(body: object) -> None:
    with suppress(UnreachableError):
        page_of(body)


# --- the streams ------------------------------------------------------------------------------------------------------

RUN = Activity(9, START, False, 1800.0, "run", "Duurloop", 4680.0, True, "m")  # noqa: FBT003


def streams(**data: object) -> dict[str, object]:
    return {key: {"data": values, "series_type": "time"} for key, values in data.items()}


def beats(recording: Recording) -> list[tuple[float, int]]:
    return [(sample.at, sample.bpm) for sample in recording.samples]


def speeds(recording: Recording) -> list[tuple[float, float]]:
    return [(sample.at, sample.speed_mps) for sample in recording.speeds]


async def test_a_run_comes_as_it_was_recorded_in_one_request(strava: StravaServer, mara: Athlete) -> None:
    mara.add_run(START, bpm=[120, 121, 0, None, 125], times=[0, 1, 2, 9, 10], name="Duurloop", distance_m=30.0)
    recording = await recorded(strava, mara)
    assert recording.started_at == START
    assert (recording.sport, recording.name, recording.duration_s) == ("run", "Duurloop", 10.0)
    assert recording.distance_m == 30.0
    assert beats(recording) == [(0, 120), (1, 121), (2, 0), (9, 0), (10, 125)]
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
    assert beats(recording) == [(0, 120), (1, 121), (2, 122)]
    assert speeds(recording) == [(0, 2.0), (1, 0.0), (2, 2.0)]


def test_streams_of_different_lengths_go_as_far_as_the_shortest() -> None:
    recording = recording_of(RUN, streams(time=[0, 1, 2, 3], heartrate=[120, 121, 122], distance=[0, 3, 6, 9, 12]))
    assert beats(recording) == [(0, 120), (1, 121), (2, 122)]
    assert speeds(recording) == [(1, 3.0), (2, 3.0)]


def test_times_that_repeat_or_run_backward_are_put_in_order() -> None:
    recording = recording_of(RUN, streams(time=[0, 2, 2, 1, 30], heartrate=[120, 122, 123, 121, 130]))
    assert beats(recording) == [(0, 120), (1, 121), (2, 122), (2, 123), (30, 130)]


def test_heart_rates_that_are_none_have_no_value() -> None:
    told: list[object] = [None, 0, -4, "130", float("nan"), 10**400, [], 131.6]
    recording = recording_of(RUN, streams(time=list(range(8)), heartrate=told))
    assert [sample.bpm for sample in recording.samples] == [0, 0, 0, 130, 0, 0, 0, 132]


def test_a_time_that_is_none_takes_its_point_along() -> None:
    times = [0, None, "x", 3, float("inf"), -1e300, 1e300, 7]
    recording = recording_of(RUN, streams(time=times, heartrate=[120] * 8))
    assert beats(recording) == [(0, 120), (3, 120), (7, 120)]


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


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["time", "heartrate", "distance", "velocity_smooth", "moving"]), st.lists(ODD)))
def test_no_stream_is_odd_enough_for_more_than_a_plain_no(told: dict[str, object]) -> None:
    with suppress(GoneError, UnreachableError):
        recording_of(RUN, streams(**told))


async def test_an_activity_without_streams_is_gone(strava: StravaServer, mara: Athlete) -> None:
    mara.add_run(START, 30, manual=True)
    error = await failure(recorded(strava, mara))
    assert type(error) is GoneError
    assert error.reading is not None


# --- events -----------------------------------------------------------------------------------------------------------


async def test_a_callback_that_cannot_be_verified_is_told(strava: StravaServer) -> None:
    with HttpReceiver(Answer(200, "{}")) as elsewhere:
        error = await failure(connector(strava).subscribe(f"http://{elsewhere.address}/hook", "v"))
    assert type(error) is StravaError
    assert "could not verify the callback" in str(error)


async def test_events_are_asked_for_once(strava: StravaServer) -> None:
    strava.faults.add("POST /push_subscriptions", Reply(201, {"id": 290_001}))
    assert await connector(strava).subscribe("http://localhost/hook", "verify") == 290_001
    (asked,) = strava.requests
    assert asked.query == {}
    assert asked.form == {
        "client_id": strava.client_id,
        "client_secret": strava.client_secret,
        "callback_url": "http://localhost/hook",
        "verify_token": "verify",
    }
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refusal(400, "PushSubscription", "", "already exists"), StravaError),
        (Reply(201, {"id": "new"}), UnreachableError),
        (Reply(200, []), UnreachableError),
        (BROKEN, UnreachableError),
        (TOO_MANY, QuotaError),
        (refusal(403, "Application", "Status", "Inactive"), InactiveError),
        (refusal(401, "Application", "client_id", "invalid"), ApplicationError),
    ],
)
async def test_a_subscription_fails_by_what_strava_says(
    strava: StravaServer, reply: Reply, kind: type[StravaError]
) -> None:
    strava.faults.add("POST /push_subscriptions", reply)
    assert type(await failure(connector(strava).subscribe("http://localhost/hook", "v"))) is kind


@pytest.mark.parametrize("reply", [Reply(204, ""), refusal(404, "PushSubscription", "id", "not found")])
async def test_a_subscription_is_ended_and_one_that_has_ended_is_no_failure(strava: StravaServer, reply: Reply) -> None:
    strava.faults.add("DELETE /push_subscriptions", reply)
    await connector(strava).unsubscribe(7)
    (asked,) = strava.requests
    assert (asked.path, asked.query) == ("/push_subscriptions/7", {})
    assert strava.leaks == []


async def test_a_subscription_that_could_not_be_ended_is_told(strava: StravaServer) -> None:
    strava.faults.add("DELETE /push_subscriptions", BROKEN)
    assert type(await failure(connector(strava).unsubscribe(7))) is UnreachableError


# --- failure ----------------------------------------------------------------------------------------------------------

FAILURES = [
    pytest.param(refusal(401, "Athlete", "access_token", "invalid"), UnauthorizedError, id="token dead"),
    pytest.param(refusal(401), UnauthorizedError, id="401 without a reason"),
    pytest.param(Reply(401, ""), UnauthorizedError, id="401 without a word"),
    pytest.param(refusal(401, "AccessToken", "activity:read_permission", "missing"), ScopeError, id="scope missing"),
    pytest.param(refusal(401, "AccessToken", "activity:read_permission", ""), ScopeError, id="scope by its field"),
    pytest.param(refusal(401, "Application", "", "invalid"), ApplicationError, id="application unknown"),
    pytest.param(refusal(403, "Application", "Status", "Inactive"), InactiveError, id="application inactive"),
    pytest.param(refusal(403, "Activity", "", "forbidden"), ScopeError, id="forbidden"),
    pytest.param(Reply(403, "<html>no robots</html>"), UnreachableError, id="forbidden by a proxy"),
    pytest.param(Reply(404, "<html>no page</html>"), UnreachableError, id="not found by a proxy"),
    pytest.param(TOO_MANY, QuotaError, id="too many"),
    pytest.param(Reply(429, ""), QuotaError, id="too many, without a word"),
    pytest.param(refusal(400, "Activity", "page", "invalid"), UnreachableError, id="a request it does not like"),
    pytest.param(BROKEN, UnreachableError, id="broken"),
    pytest.param(BAD_GATEWAY, UnreachableError, id="bad gateway"),
    pytest.param(UNAVAILABLE, UnreachableError, id="unavailable"),
    pytest.param(MAINTENANCE, UnreachableError, id="a page for browsers"),
    pytest.param(MALFORMED, UnreachableError, id="half of some JSON"),
    pytest.param(EMPTY, UnreachableError, id="nothing"),
    pytest.param(Reply(200, "null"), UnreachableError, id="null"),
    pytest.param(Reply(200, {"errors": [], "message": "odd"}), UnreachableError, id="an error that is none"),
    pytest.param(Reply(200, {"errors": 7, "message": [1]}), UnreachableError, id="errors of another shape"),
    pytest.param(Reply(500, {"errors": [None, {"field": 1}], "message": {}}), UnreachableError, id="odd complaints"),
    pytest.param(Reply(200, "[" * 100_000), UnreachableError, id="a bottomless list"),
    pytest.param(Reply(200, "9" * 5_000), UnreachableError, id="a number that takes for ever"),
    pytest.param(Reply(200, "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")), UnreachableError, id="ÿ"),
    pytest.param(Trouble.RESET, UnreachableError, id="resets"),
    pytest.param(Trouble.LOST, UnreachableError, id="answer lost"),
    pytest.param(Trouble.TRUNCATED, UnreachableError, id="breaks off"),
]


@pytest.mark.parametrize(("trouble", "kind"), FAILURES)
async def test_a_failure_is_told_by_its_kind_in_one_line_and_nothing_is_asked_twice(
    strava: StravaServer,
    mara: Athlete,
    trouble: Kind,
    kind: type[StravaError],
) -> None:
    mara.add_run(START, 30, bpm=128)
    tokens = link(strava, mara)
    strava.faults.add("GET", trouble, times=2)
    for request in (connector(strava).activities(tokens, 1), connector(strava).recording(tokens, RUN)):
        error = await failure(request)
        assert type(error) is kind
        assert len(str(error).splitlines()) == 1
        assert not told_secrets(error, strava, tokens)
    assert len(strava.requests) == 2
    assert strava.leaks == []


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (BAD_GATEWAY, "Strava has a server error 502"),
        (MAINTENANCE, NONSENSE),
        (refusal(400), "Strava refuses with 400"),
        (Trouble.RESET, "Strava cannot be reached"),
        (Trouble.TRUNCATED, "the connection to Strava broke off"),
        (Trouble.HANG, "Strava does not answer"),
        (Reply(302, "", location="http://127.0.0.1:1/"), "Strava sends the request elsewhere, where tokens do not go"),
    ],
)
async def test_a_failure_has_a_plain_reason(
    strava: StravaServer,
    mara: Athlete,
    trouble: Kind,
    reason: str,
) -> None:
    strava.faults.add(LIST, trouble)
    error = await failure(connector(strava, read_s=0.2).activities(link(strava, mara), 1))
    assert str(error).startswith(reason)


async def test_an_activity_that_is_not_there_is_gone_and_a_list_that_is_not_there_is_not(
    strava: StravaServer, mara: Athlete
) -> None:
    tokens = link(strava, mara)
    assert type(await failure(connector(strava).recording(tokens, RUN))) is GoneError
    moved = StravaConnector("54321", "s", strava.oauth_url, f"{strava.oauth_url}/api/v4", lambda: NOW)
    assert type(await failure(moved.activities(tokens, 1))) is UnreachableError


async def test_a_full_quota_says_how_full(strava: StravaServer, mara: Athlete) -> None:
    tokens = link(strava, mara)
    strava.used_elsewhere(100)
    error = await failure(connector(strava).activities(tokens, 1))
    assert type(error) is QuotaError
    assert error.reading == Reading(NOW, Use(100, 101), Use(1000, 101), Use(200, 101), Use(2000, 101))


async def test_an_answer_that_makes_no_sense_still_says_what_it_cost(strava: StravaServer, mara: Athlete) -> None:
    strava.faults.add(LIST, Reply(200, {"an": "object"}))
    error = await failure(connector(strava).activities(link(strava, mara), 1))
    assert (type(error), str(error)) == (UnreachableError, NONSENSE)
    assert error.reading is not None


async def test_a_redirect_is_not_followed_with_a_token(strava: StravaServer, mara: Athlete) -> None:
    with StravaServer() as elsewhere:
        for status in (301, 302, 303, 307, 308):
            strava.faults.add("", Reply(status, "[]", location=f"{elsewhere.api_url}/athlete/activities"))
            await failure(connector(strava).activities(link(strava, mara), 1))
            strava.faults.add("", Reply(status, "{}", location=f"{elsewhere.oauth_url}/oauth/token"))
            await failure(connector(strava).refresh(link(strava, mara)))
        assert len(elsewhere.requests) == 0


async def test_nobody_at_home_is_told_as_such(strava: StravaServer, mara: Athlete) -> None:
    tokens = link(strava, mara)
    with StravaServer() as gone:
        pass
    assert str(await failure(connector(gone).activities(tokens, 1))) == "Strava cannot be reached"
    assert str(await failure(connector(gone).revoke(tokens))) == "Strava cannot be reached"


async def test_an_address_that_is_none_is_told_as_such() -> None:
    for address in ("", "http://", "ftp://127.0.0.1", "http://[::1"):
        lost = StravaConnector("1", "s", address, address, lambda: NOW)
        for request in (lost.activities(Tokens("a", "b", NOW), 1), lost.refresh(Tokens("a", "b", NOW))):
            assert type(await failure(request)) is UnreachableError


# --- the quota --------------------------------------------------------------------------------------------------------

HEADERS = {
    "X-RateLimit-Limit": "200,2000",
    "X-RateLimit-Usage": "4,58",
    "X-ReadRateLimit-Limit": "100,1000",
    "X-ReadRateLimit-Usage": " 3 , 57 ",
    "Date": "Tue, 10 Nov 2026 19:59:58 GMT",
}


def test_headers_tell_limits_and_usage_by_the_servers_clock() -> None:
    expected = Reading(NOW - timedelta(seconds=2), Use(100, 3), Use(1000, 57), Use(200, 4), Use(2000, 58))
    assert reading_of(HEADERS, lambda: NOW) == expected


@pytest.mark.parametrize("date", ["", "soon", "Tue, 99 Nov 2026 19:59:58 GMT", "Fri, 31 Dec 9999 23:59:59 -1400"])
def test_without_a_readable_date_our_own_clock_counts(date: str) -> None:
    reading = reading_of({**HEADERS, "Date": date}, lambda: NOW)
    assert reading is not None
    assert reading.at == NOW


@pytest.mark.parametrize("name", [name for name in HEADERS if name != "Date"])
@pytest.mark.parametrize(
    "value", ["", "many", "1", "1,2,3", "-1,2", "1.5,2", "1,2 3,4", "9999999999,1", "\u0661,\u0662"]
)
def test_odd_headers_tell_nothing(name: str, value: str) -> None:
    assert reading_of({**HEADERS, name: value}, lambda: NOW) is None
    assert reading_of({key: told for key, told in HEADERS.items() if key != name}, lambda: NOW) is None


# --- time -------------------------------------------------------------------------------------------------------------


async def test_a_request_that_hangs_can_be_cancelled_at_once_and_its_thread_ends(
    strava: StravaServer, mara: Athlete
) -> None:
    hang = strava.faults.add(LIST, Trouble.HANG)
    task = asyncio.create_task(connector(strava).activities(link(strava, mara), 1))
    await asyncio.to_thread(hang.met.wait, 5)
    (thread,) = [one for one in threading.enumerate() if one.name == "strava request"]
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 0.1
    thread.join(1)
    assert not thread.is_alive()
    assert time.monotonic() - began < 0.5


async def test_a_request_may_be_cancelled_before_it_has_begun(strava: StravaServer, mara: Athlete) -> None:
    for steps in range(4):
        task = asyncio.create_task(connector(strava).activities(link(strava, mara), 1))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_silent_strava_is_given_up(strava: StravaServer, mara: Athlete) -> None:
    strava.faults.add(LIST, Trouble.HANG)
    began = time.monotonic()
    error = await failure(connector(strava, read_s=0.2).activities(link(strava, mara), 1))
    assert type(error) is UnreachableError
    assert 0.2 <= time.monotonic() - began < 1.0


async def test_a_body_that_trickles_ends_when_time_is_up(strava: StravaServer, mara: Athlete) -> None:
    mara.add_run(START, 30, bpm=128)
    strava.faults.add(LIST, Trouble.TRICKLE)
    began = time.monotonic()
    error = await failure(connector(strava, read_s=0.2, total_s=0.4).activities(link(strava, mara), 1))
    assert (type(error), str(error)) == (UnreachableError, "Strava does not answer in time")
    assert 0.4 <= time.monotonic() - began < 1.0


async def test_closing_gives_up_what_is_under_way(strava: StravaServer, mara: Athlete) -> None:
    hang = strava.faults.add("", Trouble.HANG, times=2)
    strava_connector, tokens = connector(strava), link(strava, mara)
    listing = asyncio.create_task(strava_connector.activities(tokens, 1))
    refreshing = asyncio.create_task(strava_connector.refresh(tokens))
    await asyncio.to_thread(strava.requests.wait_for, 2)
    assert hang.met.is_set()
    await strava_connector.close()
    for task in (listing, refreshing):
        assert str(await failure(task)) == "the request to Strava was given up"


async def test_requests_go_side_by_side(strava: StravaServer, mara: Athlete) -> None:
    mara.add_run(START, 30, bpm=128)
    strava_connector, tokens = connector(strava), link(strava, mara)
    hang = strava.faults.add(STREAMS, Trouble.HANG)
    reading = asyncio.create_task(strava_connector.recording(tokens, RUN))
    await asyncio.to_thread(hang.met.wait, 5)
    pages = await asyncio.gather(*(strava_connector.activities(tokens, 1) for _ in range(8)))
    assert {len(page.value.activities) for page in pages} == {1}
    hang.lift()
    assert type(await failure(reading)) is GoneError


# --- hostile answers --------------------------------------------------------------------------------------------------


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Answer one request with whatever bytes one likes."""

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.close()
        thread.join()


async def hostile(answer: Callable[[socket.socket], None], **more: float) -> StravaError:
    with raw_server(answer) as url:
        stranger = StravaConnector("1", "s", url, url, lambda: NOW, **more)
        return await failure(stranger.activities(Tokens("a", "b", NOW), 1))


async def test_a_bomb_is_not_unpacked_whole() -> None:
    bomb = gzip.compress(b"[" + b" " * 100_000_000, 9)

    def answer(connection: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        connection.sendall(head.encode() + bomb)

    began = time.monotonic()
    assert type(await hostile(answer)) is UnreachableError
    assert time.monotonic() - began < 2.0


async def test_an_answer_without_end_is_left() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n[")
        while True:
            connection.sendall(b" " * 65_536)

    assert str(await hostile(answer)) == NONSENSE


async def test_headers_that_trickle_end_when_time_is_up() -> None:
    done = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not done.wait(0.05):
            connection.sendall(b"y")

    assert str(await hostile(answer, read_s=0.2, total_s=0.4)) == "Strava does not answer in time"
    done.set()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x46", id="another protocol"),
        pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="broken chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", id="not gzip"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", id="too many headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, id="a header without end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\xfe\x00", id="no text"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_what_is_no_http_is_a_plain_failure(said: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(said)

    assert type(await hostile(answer)) is UnreachableError


# --- secrets ----------------------------------------------------------------------------------------------------------


def told_secrets(error: BaseException, strava: StravaServer, tokens: Tokens, *more: str) -> list[str]:
    """Return the secrets in all that an exception can tell, whatever it was raised from."""
    told, seen = "", error
    while seen is not None:
        told += "".join(traceback.format_exception(seen)) + repr(seen) + repr(vars(seen))
        seen = seen.__cause__ or seen.__context__  # type: ignore[assignment]
    return [secret for secret in (strava.client_secret, tokens.access, tokens.refresh, *more) if secret in told]


@pytest.mark.parametrize("trouble", [Trouble.RESET, BROKEN, MAINTENANCE, refusal(400)])
async def test_no_failure_of_any_request_tells_a_secret(strava: StravaServer, mara: Athlete, trouble: Kind) -> None:
    tokens, with_strava = link(strava, mara), connector(strava)
    strava.faults.add("", trouble, times=None)
    requests = (
        with_strava.exchange("the-code"),
        with_strava.refresh(tokens),
        with_strava.revoke(tokens),
        with_strava.activities(tokens, 1),
        with_strava.recording(tokens, RUN),
        with_strava.subscribe("http://localhost/hook", "verify-me"),
    )
    for request in requests:
        error = await failure(request)
        assert told_secrets(error, strava, tokens, "the-code", "verify-me") == []
        assert error.__context__ is None
        assert "127.0.0.1" not in str(error)
    assert len(strava.requests) == 6
    assert strava.leaks == []


async def test_what_strava_throws_back_at_us_is_not_repeated(strava: StravaServer, mara: Athlete) -> None:
    tokens = link(strava, mara)
    echo = {"message": tokens.access, "errors": [{"resource": tokens.refresh, "field": tokens.access, "code": "x"}]}
    for status in (200, 400, 401, 403, 404, 429, 500):
        strava.faults.add("", Reply(status, echo), times=3)
        with_strava = connector(strava)
        for request in (
            with_strava.activities(tokens, 1),
            with_strava.recording(tokens, RUN),
            with_strava.refresh(tokens),
        ):
            assert told_secrets(await failure(request), strava, tokens) == []


@pytest.mark.parametrize("token", ["two\r\nX-Evil: lines", "ünïcode", "€uro", "", " "])
async def test_a_token_that_fits_no_header_is_not_quoted(strava: StravaServer, mara: Athlete, token: str) -> None:
    link(strava, mara)
    odd = Tokens(token, token, NOW)
    with_strava = connector(strava)
    for request in (with_strava.activities(odd, 1), with_strava.refresh(odd)):
        error = await failure(request)
        if token.strip():
            assert token not in "".join(traceback.format_exception(error))
        assert error.__context__ is None
    assert not any("x-evil" in request.headers for request in strava.requests)


def test_neither_the_connector_nor_what_it_holds_shows_the_secret(strava: StravaServer) -> None:
    shown = repr(connector(strava)) + repr(vars(connector(strava)))
    assert strava.client_secret not in shown


# --- stravalib, kept in its place -------------------------------------------------------------------------------------


async def test_stravalib_refreshes_nothing_by_itself_whatever_the_environment_has(
    strava: StravaServer, mara: Athlete, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.strava.desk import Api  # noqa: PLC0415 - with it comes stravalib
    from connectors.strava.transport import LineSession  # noqa: PLC0415

    monkeypatch.setenv("STRAVA_CLIENT_ID", strava.client_id)
    monkeypatch.setenv("STRAVA_CLIENT_SECRET", strava.client_secret)
    application = Application("54321", "s", strava.oauth_url, strava.api_url, lambda: NOW, 5, 5)
    with LineSession(Line(), 5, 5) as session:
        api = Api(application, session, link(strava, mara).access)
        api.refresh_token, api.token_expires = link(strava, mara).refresh, 1
        api.get("/athlete/activities")
    assert (api.client_id, api.client_secret) == (None, None)
    assert [one.line for one in strava.requests] == [LIST]


FIRST_REQUESTS = """
import asyncio, logging, os, sys, threading, warnings
from datetime import UTC, datetime
from connectors.strava import StravaConnector
from daemon.strava.port import Tokens
assert not {"stravalib", "requests", "urllib3", "pydantic"} & set(sys.modules)
filters, shown_by, environment = list(warnings.filters), warnings.showwarning, dict(os.environ)
strava = StravaConnector("54321", "s", sys.argv[1], sys.argv[1] + "/api/v3", lambda: datetime.now(UTC))
tokens = Tokens(sys.argv[2], "", datetime.now(UTC))
async def ask():
    pages = await asyncio.gather(*(strava.activities(tokens, 1) for _ in range(8)))
    assert [page.value.length for page in pages] == [0] * 8
    asyncio.create_task(strava.activities(tokens, 2))
    while not [one for one in threading.enumerate() if one.name == "strava request"]:
        await asyncio.sleep(0)
    print("done", flush=True)
asyncio.run(ask())
assert "stravalib" in sys.modules
others = [one for one in warnings.filters if one[2].__module__.partition(".")[0] not in {"urllib3", "requests"}]
assert others == filters and warnings.showwarning is shown_by and dict(os.environ) == environment
assert logging.getLogger().handlers == []
"""


@pytest.mark.parametrize("choice", ["error", "default", "ignore"])
def test_stravalib_is_loaded_by_eight_requests_at_once_and_leaves_the_process_as_it_was(
    strava: StravaServer, mara: Athlete, choice: str
) -> None:
    strava.faults.add(lambda request: request.query.get("page") == "2", Trouble.HANG)
    command = [sys.executable, "-W", choice, "-c", FIRST_REQUESTS, strava.oauth_url, link(strava, mara).access]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "done\n", "")


NETRC = """
import asyncio, sys
from datetime import UTC, datetime
from connectors.strava import StravaConnector
from daemon.strava.port import Tokens
strava = StravaConnector("54321", "s", sys.argv[1], sys.argv[1] + "/api/v3", lambda: datetime.now(UTC))
print(asyncio.run(strava.activities(Tokens(sys.argv[2], "", datetime.now(UTC)), 1)).value.length)
"""


def test_a_password_file_does_not_take_the_tokens_place(strava: StravaServer, mara: Athlete, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mara password hunter2\n")
    command = [sys.executable, "-c", NETRC, strava.oauth_url, link(strava, mara).access]
    environment = {"HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc")}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, env=environment)
    assert (ran.stdout, ran.stderr) == ("0\n", "")


def test_a_slash_at_the_end_of_an_address_makes_no_difference(strava: StravaServer) -> None:
    slashed = StravaConnector("1", "s", f"{strava.oauth_url}/", f"{strava.api_url}/", lambda: NOW)
    assert slashed.authorization_url("x", "y").startswith(f"{strava.oauth_url}/oauth/authorize?")
