"""A request that fails is told by its kind and a plain reason, and nothing is asked twice."""

import pytest

from connectors.strava import StravaConnector
from daemon.domain.quota import Reading, Use
from daemon.strava.port import (
    ApplicationError,
    GoneError,
    InactiveError,
    QuotaError,
    ScopeError,
    StravaError,
    Tokens,
    UnauthorizedError,
    UnreachableError,
)
from tests.edges.strava.asking import LIST, NONSENSE, NOW, RUN, START, connector, failure, link, told_secrets
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
    patience = {"read_s": 0.2} if trouble is Trouble.HANG else {}
    error = await failure(connector(strava, **patience).activities(link(strava, mara), 1))
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
