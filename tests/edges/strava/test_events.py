"""The subscription to Strava's events: made once, and ended."""

import pytest

from daemon.strava.port import ApplicationError, InactiveError, QuotaError, StravaError, UnreachableError
from tests.edges.strava.asking import connector, failure
from tests.receivers import Answer, HttpReceiver
from tests.strava_server import BROKEN, TOO_MANY, Reply, StravaServer, refusal

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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
