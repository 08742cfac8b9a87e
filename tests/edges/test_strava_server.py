"""Our Strava keeps its promises: it is the measure for all that reads from Strava."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.receivers import Answer, HttpReceiver, Post, Silence
from tests.strava_server import (
    BAD_GATEWAY,
    BROKEN,
    EMPTY,
    MAINTENANCE,
    MALFORMED,
    TOO_MANY,
    Athlete,
    StravaServer,
    Tokens,
    Trouble,
    fill,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
START = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
BACK = "http://localhost:8080/back"


@pytest.fixture
def strava() -> Iterator[StravaServer]:
    with StravaServer(clock=lambda: NOON) as server:
        yield server


@pytest.fixture
def web() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def mara(strava: StravaServer) -> Athlete:
    return strava.add_athlete()


class Reader:
    """Asks as somebody who holds tokens."""

    def __init__(self, strava: StravaServer, web: requests.Session, tokens: Tokens) -> None:
        self.strava, self.web, self.tokens = strava, web, tokens

    def ask(self, path: str, **query: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.tokens.access_token}"}
        params = {name: str(value) for name, value in query.items()}
        return self.web.get(self.strava.api_url + path, params=params, headers=headers, timeout=5)

    def ids(self, **query: object) -> list[int]:
        return [item["id"] for item in self.ask("/athlete/activities", **query).json()]

    def streams(self, activity: int, keys: str = "time,heartrate") -> dict[str, Any]:
        streams: dict[str, Any] = self.ask(f"/activities/{activity}/streams", keys=keys, key_by_type="true").json()
        return streams


@pytest.fixture
def reader(strava: StravaServer, web: requests.Session, mara: Athlete) -> Reader:
    return Reader(strava, web, strava.link(mara))


def error(answer: requests.Response) -> tuple[int, str, str, str]:
    (first,) = answer.json()["errors"]
    return answer.status_code, first["resource"], first["field"], first["code"]


INVALID_TOKEN = (401, "Athlete", "access_token", "invalid")
INVALID_REFRESH = (400, "RefreshToken", "refresh_token", "invalid")
NOT_FOUND = (404, "Activity", "", "not found")

# --- the list ---------------------------------------------------------------------------------------------------------


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


# --- streams ----------------------------------------------------------------------------------------------------------


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


# --- limits -----------------------------------------------------------------------------------------------------------


def test_answers_tell_what_is_used(reader: Reader) -> None:
    reader.strava.used_elsewhere(5)
    reader.strava.used_elsewhere(10, reads=False)
    headers = reader.ask("/athlete").headers
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Usage"]) == ("200,2000", "16,16")
    assert (headers["X-ReadRateLimit-Limit"], headers["X-ReadRateLimit-Usage"]) == ("100,1000", "6,6")


def test_beyond_the_limit_is_refused_and_counted_until_the_quarter_ends(reader: Reader) -> None:
    strava = reader.strava
    strava.now = datetime(2026, 11, 20, 12, 14, 59, tzinfo=UTC)
    strava.used_elsewhere(99)
    assert reader.ask("/athlete").status_code == 200
    refused = reader.ask("/athlete")
    assert error(refused) == (429, "Application", "read rate limit", "exceeded")
    assert refused.headers["X-ReadRateLimit-Usage"] == "101,101"
    strava.now += timedelta(seconds=1)
    assert reader.ask("/athlete").headers["X-ReadRateLimit-Usage"] == "1,102"


def test_the_day_ends_at_midnight_utc(reader: Reader) -> None:
    reader.strava.overall_quota.limit = (200, 50)
    reader.strava.now = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
    reader.strava.used_elsewhere(50, reads=False)
    assert error(reader.ask("/athlete")) == (429, "Application", "overall rate limit", "exceeded")
    reader.strava.now += timedelta(seconds=1)
    assert reader.ask("/athlete").headers["X-RateLimit-Usage"] == "1,1"


def test_answers_carry_the_date_of_its_own_clock(reader: Reader) -> None:
    reader.strava.skew = timedelta(minutes=7)
    assert parsedate_to_datetime(reader.ask("/athlete").headers["Date"]) == NOON + timedelta(minutes=7)
    assert reader.strava.requests[0].at == NOON + timedelta(minutes=7)


def test_requests_from_many_threads_are_all_counted(reader: Reader) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: reader.ask("/athlete").status_code, range(120)))
    assert (answers.count(200), answers.count(429)) == (100, 20)
    assert len(reader.strava.requests.counted()) == 120


# --- OAuth ------------------------------------------------------------------------------------------------------------


def authorize(strava: StravaServer, web: requests.Session, **other: str) -> requests.Response:
    asked = {
        "client_id": strava.client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "read,activity:read_all,profile:read_all",
        "state": "s1",
    }
    url = f"{strava.oauth_url}/oauth/authorize"
    return web.get(url, params=asked | other, allow_redirects=False, timeout=5)


def come_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{BACK}?")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def token(strava: StravaServer, web: requests.Session, **form: str) -> requests.Response:
    client = {"client_id": strava.client_id, "client_secret": strava.client_secret}
    return web.post(f"{strava.oauth_url}/oauth/token", data=client | form, timeout=5)


def refresh(strava: StravaServer, web: requests.Session, refresh_token: str) -> requests.Response:
    return token(strava, web, grant_type="refresh_token", refresh_token=refresh_token)


def test_a_code_is_good_once(strava: StravaServer, web: requests.Session, mara: Athlete) -> None:
    back = come_back(authorize(strava, web))
    assert (back["state"], back["scope"]) == ("s1", "activity:read_all,profile:read_all,read")
    answer = token(strava, web, grant_type="authorization_code", code=back["code"])
    assert (answer.json()["athlete"]["id"], answer.json()["expires_in"]) == (mara.id, 21600)
    assert "X-RateLimit-Usage" not in answer.headers
    again = token(strava, web, grant_type="authorization_code", code=back["code"])
    assert error(again) == (400, "AuthorizationCode", "", "expired")
    assert strava.requests.counted() == []
    assert len(strava.requests.tokens()) == 2


@pytest.mark.usefixtures("mara")
def test_the_athlete_may_untick_scopes_or_say_no(strava: StravaServer, web: requests.Session) -> None:
    strava.grants = {"activity:read_all"}
    assert come_back(authorize(strava, web))["scope"] == "activity:read_all,read"
    strava.denies = True
    assert come_back(authorize(strava, web)) == {"state": "s1", "error": "access_denied"}


@pytest.mark.parametrize(
    ("other", "field"),
    [
        pytest.param({"client_id": "1"}, "client_id", id="another application"),
        pytest.param({"redirect_uri": "http://elsewhere.example/"}, "redirect_uri", id="another domain"),
        pytest.param({"response_type": "token"}, "response_type", id="another way"),
        pytest.param({"scope": "activity:read everything"}, "scope", id="an unknown scope"),
    ],
)
def test_a_wrong_question_to_authorize_is_refused(
    strava: StravaServer, web: requests.Session, other: dict[str, str], field: str
) -> None:
    status, _, told, code = error(authorize(strava, web, **other))
    assert (status, told, code) == (400, field, "invalid")


def test_the_client_secret_is_checked(strava: StravaServer, web: requests.Session, mara: Athlete) -> None:
    held = strava.link(mara)
    form = {"client_id": strava.client_id, "grant_type": "refresh_token", "refresh_token": held.refresh_token}
    answer = web.post(f"{strava.oauth_url}/oauth/token", data=form | {"client_secret": "guess"}, timeout=5)
    assert error(answer) == (401, "Application", "", "invalid")


def test_an_access_token_lives_six_hours_and_is_renewed_in_the_last(reader: Reader) -> None:
    strava, web, held = reader.strava, reader.web, reader.tokens
    strava.now = NOON + timedelta(hours=4, minutes=59)
    assert refresh(strava, web, held.refresh_token).json()["access_token"] == held.access_token
    strava.now = NOON + timedelta(hours=5)
    fresh = refresh(strava, web, held.refresh_token).json()
    assert fresh["access_token"] != held.access_token
    assert (fresh["refresh_token"], fresh["expires_in"]) == (held.refresh_token, 21600)
    assert reader.ask("/athlete").status_code == 200
    strava.now = NOON + timedelta(hours=6)
    assert error(reader.ask("/athlete")) == INVALID_TOKEN


def test_a_rotated_refresh_token_kills_the_old_one(strava: StravaServer, web: requests.Session, mara: Athlete) -> None:
    strava.rotates = True
    old = strava.link(mara).refresh_token
    new = refresh(strava, web, old).json()["refresh_token"]
    assert error(refresh(strava, web, old)) == INVALID_REFRESH
    assert refresh(strava, web, new).status_code == 200


def test_a_lenient_rotation_keeps_the_old_one_until_the_new_is_used(
    strava: StravaServer, web: requests.Session, mara: Athlete
) -> None:
    strava.lenient_rotation = True
    old = strava.link(mara).refresh_token
    refresh(strava, web, old)
    new = refresh(strava, web, old).json()["refresh_token"]
    assert refresh(strava, web, new).status_code == 200
    assert error(refresh(strava, web, old)) == INVALID_REFRESH


def test_a_rotation_whose_answer_is_lost_has_happened(
    strava: StravaServer, web: requests.Session, mara: Athlete
) -> None:
    strava.rotates = True
    held = strava.link(mara)
    strava.faults.add("POST /oauth/token", Trouble.LOST)
    with pytest.raises(requests.ConnectionError):
        refresh(strava, web, held.refresh_token)
    assert error(refresh(strava, web, held.refresh_token)) == INVALID_REFRESH


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_kills_both(reader: Reader, mara: Athlete, which: str) -> None:
    strava, held = reader.strava, reader.tokens
    url, form = f"{strava.oauth_url}/oauth/revoke", {"token": getattr(held, which)}
    assert error(reader.web.post(url, data=form, auth=(strava.client_id, "guess"), timeout=5))[0] == 401
    assert strava.is_linked(mara)
    assert reader.web.post(url, data=form, auth=(strava.client_id, strava.client_secret), timeout=5).status_code == 200
    assert not strava.is_linked(mara)
    assert error(reader.ask("/athlete")) == INVALID_TOKEN
    assert error(refresh(strava, reader.web, held.refresh_token)) == INVALID_REFRESH


@pytest.mark.parametrize("base", ["", "/api/v3"])
def test_the_old_way_of_revoking_works_until_it_is_gone(reader: Reader, mara: Athlete, base: str) -> None:
    strava, headers = reader.strava, {"Authorization": f"Bearer {reader.tokens.access_token}"}
    url = f"{strava.oauth_url}{base}/oauth/deauthorize"
    strava.has_deauthorize = False
    assert reader.web.post(url, headers=headers, timeout=5).status_code == 410
    strava.has_deauthorize = True
    assert reader.web.post(url, headers=headers, timeout=5).status_code == 200
    assert not strava.is_linked(mara)
    assert strava.requests.counted() == []


def test_an_athlete_may_revoke_on_the_site(reader: Reader, mara: Athlete) -> None:
    reader.strava.revoke(mara)
    assert error(reader.ask("/athlete")) == INVALID_TOKEN
    assert error(refresh(reader.strava, reader.web, reader.tokens.refresh_token)) == INVALID_REFRESH


def test_an_unpaid_application_may_refresh_and_nothing_else(reader: Reader) -> None:
    reader.strava.active = False
    assert error(reader.ask("/athlete")) == (403, "Application", "Status", "Inactive")
    assert refresh(reader.strava, reader.web, reader.tokens.refresh_token).status_code == 200


def test_a_token_in_an_address_is_no_good_and_is_noticed(reader: Reader) -> None:
    assert reader.strava.leaks == []
    url, held = f"{reader.strava.api_url}/athlete", reader.tokens
    answer = reader.web.get(url, params={"access_token": held.access_token, "x": held.refresh_token}, timeout=5)
    assert error(answer) == INVALID_TOKEN
    assert reader.strava.leaks == ["GET /athlete?access_token", "GET /athlete?x"]


def test_the_api_may_move_to_a_host_of_its_own(reader: Reader) -> None:
    reader.strava.api_base = ""
    assert reader.ask("/athlete").status_code == 200
    assert reader.ask("/api/v3/athlete").status_code == 404
    assert refresh(reader.strava, reader.web, reader.tokens.refresh_token).status_code == 200


# --- webhooks ---------------------------------------------------------------------------------------------------------


def echo(post: Post) -> str:
    return json.dumps({"hub.challenge": dict(parse_qsl(urlsplit(post.path).query))["hub.challenge"]})


def subscribe(strava: StravaServer, web: requests.Session, far_end: HttpReceiver) -> requests.Response:
    form = {"client_id": strava.client_id, "client_secret": strava.client_secret, "verify_token": "v1"}
    form["callback_url"] = f"http://{far_end.address}/hook"
    return web.post(f"{strava.api_url}/push_subscriptions", data=form, timeout=5)


def test_a_subscription_is_made_when_the_callback_echoes(strava: StravaServer, web: requests.Session) -> None:
    client = {"client_id": strava.client_id, "client_secret": strava.client_secret}
    with HttpReceiver(Answer(200, echo)) as ours:
        made = subscribe(strava, web, ours)
        assert made.status_code == 201
        assert "hub.verify_token=v1" in ours.posts[0].path
        assert error(subscribe(strava, web, ours)) == (400, "PushSubscription", "", "already exists")
        ours.mood = Answer()
        assert strava.push(object_id=7, owner_id=8, aspect_type="update", updates={"private": "true"}) == 200
        event = ours.posts[-1].json()
        assert (event["object_id"], event["subscription_id"]) == (7, made.json()["id"])
        assert event["event_time"] == int(NOON.timestamp())
        ours.mood = Silence.RESET
        assert strava.push(object_id=7, owner_id=8) is None
    url = f"{strava.api_url}/push_subscriptions"
    assert [one["id"] for one in web.get(url, params=client, timeout=5).json()] == [made.json()["id"]]
    assert web.delete(f"{url}/{made.json()['id']}", data=client, timeout=5).status_code == 204
    assert web.get(url, data=client, timeout=5).json() == []


def test_a_callback_that_does_not_echo_gets_no_subscription(strava: StravaServer, web: requests.Session) -> None:
    with HttpReceiver(Answer(200, '{"hub.challenge": "?"}')) as ours:
        assert error(subscribe(strava, web, ours)) == (400, "PushSubscription", "callback url", "not verifiable")


# --- bad days ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        pytest.param(BROKEN, 500, "Internal Server Error", id="broken"),
        pytest.param(BAD_GATEWAY, 502, "<h1>502", id="bad gateway"),
        pytest.param(TOO_MANY, 429, "overall rate limit", id="too many, out of turn"),
        pytest.param(MAINTENANCE, 200, "<!DOCTYPE html>", id="html with 200"),
        pytest.param(MALFORMED, 200, '[{"id"', id="half a JSON"),
        pytest.param(EMPTY, 200, "", id="nothing"),
    ],
)
def test_a_fault_answers_instead(reader: Reader, kind: Any, status: int, text: str) -> None:  # noqa: ANN401
    reader.strava.faults.add("GET /athlete$", kind, after=1)
    first, second, third = (reader.ask("/athlete") for _ in range(3))
    assert (first.status_code, third.status_code) == (200, 200)
    assert second.status_code == status
    assert text in second.text
    assert reader.strava.requests[1].status == status


@pytest.mark.parametrize("kind", [Trouble.RESET, Trouble.LOST, Trouble.TRUNCATED])
def test_a_fault_breaks_the_connection(reader: Reader, kind: Trouble) -> None:
    reader.strava.faults.add(lambda request: request.path == "/athlete", kind, times=2)
    for _ in range(2):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            reader.ask("/athlete")
    assert reader.ask("/athlete").status_code == 200
    statuses = [request.status for request in reader.strava.requests]
    assert statuses == [200 if kind is Trouble.TRUNCATED else None] * 2 + [200]


@pytest.mark.parametrize("kind", [Trouble.HANG, Trouble.TRICKLE])
def test_what_hangs_or_trickles_goes_on_when_the_fault_is_lifted(reader: Reader, kind: Trouble) -> None:
    fault = reader.strava.faults.add("GET /athlete$", kind)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(reader.ask, "/athlete")
        assert fault.met.wait(5)
        assert reader.strava.requests.wait_for(1, "GET /athlete$")
        assert not asked.done()
        fault.lift()
        assert asked.result(5).json()["firstname"] == "Mara"


@pytest.mark.parametrize("kind", [Trouble.HANG, Trouble.TRICKLE, None])
def test_closing_is_prompt_whatever_goes_on(kind: Trouble | None) -> None:
    failures: list[Exception] = []

    def ask(url: str, session: requests.Session) -> None:
        try:
            session.get(url, timeout=30)
        except requests.RequestException as failure:
            failures.append(failure)

    with ExitStack() as stack:
        session = stack.enter_context(requests.Session())
        with StravaServer() as strava:
            url = f"{strava.oauth_url}/oauth/nothing"
            if kind is None:
                ask(url, session)  # and leaves its connection open
                begun = time.monotonic()
            else:
                fault = strava.faults.add("", kind)
                asking = threading.Thread(target=ask, args=(url, session))
                stack.callback(asking.join)
                asking.start()
                assert fault.met.wait(5)
                begun = time.monotonic()
        assert time.monotonic() - begun < 2
    if kind is not Trouble.TRICKLE:  # what trickles may be cut short, or come to its end just in time
        assert len(failures) == (kind is Trouble.HANG)


def test_a_mistake_of_its_own_is_not_lost(web: requests.Session) -> None:
    def ask_for_a_run_that_cannot_be() -> None:
        with StravaServer() as strava:
            mara = strava.add_athlete()
            run = mara.add_run(START, 1, bpm=[120, 121])
            with pytest.raises(requests.ConnectionError):
                Reader(strava, web, strava.link(mara)).ask(f"/activities/{run.id}/streams", keys="heartrate")

    with pytest.raises(AssertionError, match="2 heart rates at 61 times"):
        ask_for_a_run_that_cannot_be()


def test_rain_falls_on_the_same_requests_in_every_run(reader: Reader) -> None:
    reader.strava.read_quota.limit = reader.strava.overall_quota.limit = (10_000, 10_000)

    def rained(share: float) -> list[bool]:
        reader.strava.requests.clear()
        reader.strava.faults.clear()
        reader.strava.faults.rain(share, seed=3, kinds=(BROKEN, BAD_GATEWAY))
        return [reader.ask("/athlete").ok for _ in range(100)]

    first = rained(0.1)
    assert first == rained(0.1)
    assert 5 <= first.count(False) <= 15
    assert not any(rained(1.0))


def test_a_fault_uses_up_a_request_all_the_same(reader: Reader) -> None:
    reader.strava.faults.add("", Trouble.RESET)
    with pytest.raises(requests.ConnectionError):
        reader.ask("/athlete")
    assert reader.ask("/athlete").headers["X-ReadRateLimit-Usage"] == "2,2"
