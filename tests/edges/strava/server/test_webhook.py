"""Our Strava verifies a callback, and sends what happens there."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.edges.strava.server.reading import NOON, error
from tests.receivers import Answer, HttpReceiver, Post, Silence
from tests.strava_server import StravaServer

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def echo(post: Post) -> str:
    return json.dumps({"hub.challenge": dict(parse_qsl(urlsplit(post.path).query))["hub.challenge"]})


def subscribe(strava: StravaServer, web: requests.Session, far_end: HttpReceiver) -> requests.Response:
    form = {"client_id": strava.client_id, "client_secret": strava.client_secret, "verify_token": "v1"}
    form["callback_url"] = f"http://{far_end.address}/hook"
    return web.post(f"{strava.api_url}/push_subscriptions", data=form, timeout=30)


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
    assert [one["id"] for one in web.get(url, params=client, timeout=30).json()] == [made.json()["id"]]
    assert web.delete(f"{url}/{made.json()['id']}", data=client, timeout=30).status_code == 204
    assert web.get(url, data=client, timeout=30).json() == []


def test_a_callback_that_does_not_echo_gets_no_subscription(strava: StravaServer, web: requests.Session) -> None:
    with HttpReceiver(Answer(200, '{"hub.challenge": "?"}')) as ours:
        assert error(subscribe(strava, web, ours)) == (400, "PushSubscription", "callback url", "not verifiable")
