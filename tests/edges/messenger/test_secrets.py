"""What must never come out, whatever a far end throws back: passwords, addresses, the message itself."""

import io
import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.messenger import AppriseMessenger
from daemon.domain.wording import Text
from tests.edges.messenger.messages import TEXT, failure
from tests.receivers import BROKEN, Answer, HttpReceiver, Post

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def our_log() -> Iterator[io.StringIO]:
    """All that reaches our root logger. (pytest's own `caplog` listens to loggers that keep to themselves, too.)"""
    root, written = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(written), root.level
    root.addHandler(handler)
    root.setLevel(1)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def whole(request: Post) -> str:
    return f"{request.path} {request.headers} {request.body.decode()}"


def header(name: str) -> Callable[[Post], str]:
    return lambda request: request.headers.get(name, "-")


def as_json(say: Callable[[Post], str]) -> Callable[[Post], str]:
    return lambda request: json.dumps({"error": f"you said {say(request)}"})


def path(request: Post) -> str:
    return request.path


def body(request: Post) -> str:
    return request.body.decode()


SECRETS = [
    pytest.param("json://me:hunter2!@{at}/", header("Authorization"), id="user and password"),
    pytest.param("json://me:hunter%402%21@{at}/", header("Authorization"), id="quoted password"),
    pytest.param(
        "json://hunter2@{at}/",
        header("Authorization"),
        id="user alone",
        # Apprise hands requests None for a password
        marks=pytest.mark.filterwarnings("ignore:Non-string passwords:DeprecationWarning"),
    ),
    pytest.param("json://{at}/?+X-Key=hunter2", header("X-Key"), id="header"),
    pytest.param("json://{at}/?+Authorization=Bearer%20hunter2", header("Authorization"), id="own Authorization"),
    pytest.param("json://{at}/?+X-Key=hunt%2565r2", header("X-Key"), id="doubly quoted header"),
    pytest.param("json://{at}/?-token=hunter2", path, id="query"),
    pytest.param("json://{at}/?:key=hunter2", body, id="payload"),
    pytest.param("json://{at}/hook/hunter2/x", path, id="path"),
    pytest.param("json://{at}/hook/hunt%20er%2F2/x", path, id="quoted path"),
    pytest.param("ntfy://{at}/runs?token=hunter2", header("Authorization"), id="ntfy token in the query"),
    pytest.param("ntfy://tk_hunter2@{at}/runs", header("Authorization"), id="ntfy token as user"),
    pytest.param("ntfy://me:hunter2@{at}/runs", header("Authorization"), id="ntfy password"),
    pytest.param("ntfy://{at}/hunter2", body, id="ntfy topic"),
]
TRACES = ("hunter", "hunt er", "hunt%20er", b64encode(b"me:hunt").decode()[:8], b64encode(b"hunter2").decode()[:8])


@pytest.mark.parametrize(("url", "say"), SECRETS)
@pytest.mark.parametrize("in_json", [False, True], ids=["as text", "as JSON"])
def test_a_far_end_that_throws_the_secret_back_is_not_quoted_with_it(
    web: HttpReceiver,
    our_log: io.StringIO,
    url: str,
    say: Callable[[Post], str],
    *,
    in_json: bool,
) -> None:
    web.mood = Answer(401, as_json(say) if in_json else say)
    error = failure(url.format(at=web.address))
    assert error.reason.startswith("HTTP 401 Unauthorized: ")
    assert "***" in error.reason
    for told in (str(error), repr(error), error.reason, our_log.getvalue()):
        assert not [trace for trace in TRACES if trace in told]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    secret=st.text("Zz9 @:/?&=%+#\"'\\<>;,é☀", min_size=3, max_size=12).map(lambda odd: f"Qx{odd}xQ"),
    place=st.sampled_from(["user", "password", "path", "query", "header", "payload"]),
    in_json=st.booleans(),
)
def test_no_secret_however_odd_comes_back_from_any_part_of_the_url(
    web: HttpReceiver, our_log: io.StringIO, secret: str, place: str, *, in_json: bool
) -> None:
    quoted = quote(secret, safe="")
    url = {
        "user": f"json://{quoted}:pw@{web.address}/",
        "password": f"json://me:{quoted}@{web.address}/",
        "path": f"json://{web.address}/a/{quoted}/b",
        "query": f"json://{web.address}/?-q={quoted}",
        "header": f"json://{web.address}/?+X-Q={quoted}",
        "payload": f"json://{web.address}/?:q={quoted}",
    }[place]
    say: Callable[[Post], str] = {"path": path, "query": path, "header": header("X-Q"), "payload": body}.get(
        place, header("Authorization")
    )
    web.mood = Answer(401, as_json(say) if in_json else say)
    error = failure(url)
    for told in (str(error), repr(error), our_log.getvalue()):
        assert "Qx" not in told
        assert secret not in told


def test_somebody_elses_authorization_header_is_not_quoted(web: HttpReceiver) -> None:
    web.mood = Answer(502, "upstream refused Authorization: Bearer swordfish")
    error = failure(f"json://{web.address}/")
    assert error.reason == "HTTP 502 Bad Gateway: upstream refused Authorization: Bearer ***"


def test_the_message_itself_is_not_quoted_either(web: HttpReceiver) -> None:
    web.mood = Answer(500, as_json(body))
    error = failure(f"json://{web.address}/", Text("Hoge hartslag", "Gemiddeld 147 slagen"))
    assert "artslag" not in error.reason
    assert "147" not in error.reason


def test_what_the_service_knows_to_be_secret_is_redacted_too(web: HttpReceiver) -> None:
    web.mood = Answer(500, "the Strava key is orange")
    error = failure(f"json://{web.address}/", redact=lambda line: line.replace("orange", "[strava]"))
    assert error.reason == "HTTP 500 Internal Server Error: the Strava key is [strava]"


def test_the_messenger_shows_its_name_and_not_its_url() -> None:
    assert repr(AppriseMessenger("phone", "ntfy://me:hunter2@far.example/runs", str)) == "AppriseMessenger('phone')"


def test_nothing_reaches_our_log_or_the_terminal(
    web: HttpReceiver, our_log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    AppriseMessenger("phone", f"ntfy://{web.address}/runs", str).deliver(TEXT)
    failure("nosuch://me:hunter2@far.example/")
    web.mood = BROKEN
    failure(f"ntfy://{web.address}/runs")
    assert our_log.getvalue() == ""
    assert capfd.readouterr() == ("", "")
