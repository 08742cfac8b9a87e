"""No failure tells a secret, whatever Strava throws back."""

import traceback

import pytest

from daemon.strava.port import Tokens
from tests.edges.strava.asking import NOW, RUN, connector, failure, link, told_secrets
from tests.strava_server import BROKEN, MAINTENANCE, Athlete, Reply, StravaServer, Trouble, refusal
from tests.strava_wire import Kind

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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
