"""The link to an athlete: how it is asked for, kept alive by tokens, and ended."""

import socket
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.strava import StravaConnector
from daemon.strava.port import (
    ApplicationError,
    InactiveError,
    QuotaError,
    RevokedError,
    StravaError,
    Tokens,
    UnreachableError,
)
from tests.edges.strava.asking import NONSENSE, NOW, TOKEN, connector, failure, link
from tests.strava_server import BROKEN, MAINTENANCE, TOO_MANY, Athlete, Reply, StravaServer, Trouble, refusal
from tests.strava_wire import Kind

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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


def test_a_slash_at_the_end_of_an_address_makes_no_difference(strava: StravaServer) -> None:
    slashed = StravaConnector("1", "s", f"{strava.oauth_url}/", f"{strava.api_url}/", lambda: NOW)
    assert slashed.authorization_url("x", "y").startswith(f"{strava.oauth_url}/oauth/authorize?")
