"""Our Strava asks its athletes, and gives, renews and revokes tokens."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.edges.strava.server.reading import INVALID_REFRESH, INVALID_TOKEN, NOON, Reader, error
from tests.strava_server import Athlete, StravaServer, Trouble

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

BACK = "http://localhost:8080/back"


def authorize(strava: StravaServer, web: requests.Session, **other: str) -> requests.Response:
    asked = {
        "client_id": strava.client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "read,activity:read_all,profile:read_all",
        "state": "s1",
    }
    url = f"{strava.oauth_url}/oauth/authorize"
    return web.get(url, params=asked | other, allow_redirects=False, timeout=30)


def come_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{BACK}?")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def token(strava: StravaServer, web: requests.Session, **form: str) -> requests.Response:
    client = {"client_id": strava.client_id, "client_secret": strava.client_secret}
    return web.post(f"{strava.oauth_url}/oauth/token", data=client | form, timeout=30)


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
    answer = web.post(f"{strava.oauth_url}/oauth/token", data=form | {"client_secret": "guess"}, timeout=30)
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
    assert error(reader.web.post(url, data=form, auth=(strava.client_id, "guess"), timeout=30))[0] == 401
    assert strava.is_linked(mara)
    assert reader.web.post(url, data=form, auth=(strava.client_id, strava.client_secret), timeout=30).status_code == 200
    assert not strava.is_linked(mara)
    assert error(reader.ask("/athlete")) == INVALID_TOKEN
    assert error(refresh(strava, reader.web, held.refresh_token)) == INVALID_REFRESH


@pytest.mark.parametrize("base", ["", "/api/v3"])
def test_the_old_way_of_revoking_works_until_it_is_gone(reader: Reader, mara: Athlete, base: str) -> None:
    strava, headers = reader.strava, {"Authorization": f"Bearer {reader.tokens.access_token}"}
    url = f"{strava.oauth_url}{base}/oauth/deauthorize"
    strava.has_deauthorize = False
    assert reader.web.post(url, headers=headers, timeout=30).status_code == 410
    strava.has_deauthorize = True
    assert reader.web.post(url, headers=headers, timeout=30).status_code == 200
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
    answer = reader.web.get(url, params={"access_token": held.access_token, "x": held.refresh_token}, timeout=30)
    assert error(answer) == INVALID_TOKEN
    assert reader.strava.leaks == ["GET /athlete?access_token", "GET /athlete?x"]


def test_the_api_may_move_to_a_host_of_its_own(reader: Reader) -> None:
    reader.strava.api_base = ""
    assert reader.ask("/athlete").status_code == 200
    assert reader.ask("/api/v3/athlete").status_code == 404
    assert refresh(reader.strava, reader.web, reader.tokens.refresh_token).status_code == 200
