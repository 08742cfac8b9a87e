"""A message that the far end does not take, or an address that cannot work: why, and whose matter it is."""

import time

import pytest

from connectors.messenger import ANSWER_S, check_url
from daemon.ports import Blame
from tests.edges.messenger.messages import SETTINGS, WORLD, mailbox, verdict
from tests.receivers import (
    BROKEN,
    FORBIDDEN,
    NOT_FOUND,
    TOO_MANY,
    WRONG_PASSWORD,
    Answer,
    HttpMood,
    HttpReceiver,
    MailMood,
    Silence,
    SmtpReceiver,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


# --- failure ----------------------------------------------------------------------------------------------------------

HTTP_MOODS = [
    pytest.param(WRONG_PASSWORD, "HTTP 401 Unauthorized", SETTINGS, id="wrong password"),
    pytest.param(FORBIDDEN, "HTTP 403 Forbidden", SETTINGS, id="forbidden"),
    pytest.param(NOT_FOUND, "HTTP 404 Not Found: no such topic", SETTINGS, id="not found"),
    pytest.param(BROKEN, "HTTP 500 Internal Server Error: out of paper", WORLD, id="broken"),
    pytest.param(TOO_MANY, "HTTP 429 Too Many Requests: limit reached", WORLD, id="too many"),
    pytest.param(Answer(502, "<html><h1>Bad</h1></html>"), "HTTP 502 Bad Gateway", WORLD, id="a page for browsers"),
    pytest.param(Answer(599, "[]"), "HTTP 599", WORLD, id="a status nobody knows"),
    pytest.param(
        Answer(400, '{"errors": [{"message": "chat not found"}]}'),
        "HTTP 400 Bad Request: chat not found",
        WORLD,
        id="a sentence deep in the answer",
    ),
    pytest.param(Answer(500, "[" * 3000), "HTTP 500 Internal Server Error", WORLD, id="a malicious answer"),
    pytest.param(
        Answer(503, "moe\r\n\x1b[31m  en\tmoe"), "HTTP 503 Service Unavailable: moe [31m en moe", WORLD, id="two lines"
    ),
    pytest.param(Silence.HANG, "timed out", WORLD, id="hangs"),
    pytest.param(Silence.RESET, "connection dropped", WORLD, id="resets"),
]


@pytest.mark.parametrize(("mood", "reason", "blame"), HTTP_MOODS)
def test_a_web_server_that_refuses_is_quoted_in_one_line(
    web: HttpReceiver, mood: HttpMood, reason: str, blame: Blame
) -> None:
    web.mood = mood
    patience_s = 0.2 if mood is Silence.HANG else 30
    assert verdict(f"json://{web.address}/?rto={patience_s}&cto=30") == (reason, blame)


def test_ntfys_own_five_digit_code_is_read_as_the_http_status(web: HttpReceiver) -> None:
    web.mood = Answer(403, '{"code": 40301, "http": 403, "error": "forbidden: topic reserved"}')
    reason, blame = verdict(f"ntfy://{web.address}/runs")
    assert (reason, blame) == ("HTTP 403 Forbidden: forbidden: topic reserved", SETTINGS)


@pytest.mark.parametrize(
    ("mood", "reason", "blame"),
    [
        pytest.param(MailMood.WRONG_PASSWORD, "535 Authentication credentials invalid", SETTINGS, id="wrong password"),
        pytest.param(MailMood.NO_SUCH_RUNNER, "550 no such runner here", SETTINGS, id="no such recipient"),
        pytest.param(MailMood.TRY_LATER, "451 try again later", WORLD, id="try later"),
        pytest.param(MailMood.HANG, "timed out", WORLD, id="hangs"),
    ],
)
def test_a_mail_server_that_refuses_is_quoted_in_one_line(
    post: SmtpReceiver, mood: MailMood, reason: str, blame: Blame
) -> None:
    post.mood = mood
    assert verdict(mailbox(post, cto="0.3" if mood is MailMood.HANG else "30")) == (reason, blame)
    assert post.mails == []


def test_a_mail_server_without_the_asked_for_encryption_is_a_matter_of_settings(post: SmtpReceiver) -> None:
    assert verdict(mailbox(post, mode="starttls")) == ("the mail server offers no STARTTLS", SETTINGS)


@pytest.mark.parametrize(
    "url", ["json://{at}/", "ntfy://{at}/runs", "mailto://{at}/piet@example.org?smtp=127.0.0.1&from=a@example.org"]
)
def test_nobody_at_home_is_the_worlds_fault(url: str) -> None:
    with HttpReceiver() as gone:
        address = gone.address
    assert verdict(url.format(at=address)) == (
        "connection refused",
        WORLD,
    )


def test_a_web_server_that_does_not_speak_tls_is_the_worlds_fault(web: HttpReceiver) -> None:
    assert verdict(f"jsons://{web.address}/?cto=30&rto=30") == ("no secure connection", WORLD)


def test_a_hung_far_end_is_given_up_after_its_own_time_out(web: HttpReceiver) -> None:
    web.mood = Silence.HANG
    began = time.monotonic()
    assert verdict(f"json://{web.address}/?rto=0.2&cto=30") == ("timed out", WORLD)
    assert 0.2 <= time.monotonic() - began < ANSWER_S
    assert len(web.arrivals.wait_for(1)) == 1  # heard, if only after it was given up, but not taken
    assert web.posts == []


def test_the_url_cannot_turn_a_failure_into_a_success_or_into_more_requests(web: HttpReceiver) -> None:
    web.mood = BROKEN
    assert verdict(f"json://{web.address}/?optional=yes&retry=3&wait=0.1")[1] is WORLD
    assert len(web.arrivals.all()) == 1


def test_a_long_answer_is_cut(web: HttpReceiver) -> None:
    web.mood = Answer(500, "ach " * 400)
    reason, _ = verdict(f"json://{web.address}/")
    assert len(reason) == 160
    assert reason.endswith("…")


# --- addresses that cannot work ---------------------------------------------------------------------------------------

BAD_URLS = [
    pytest.param("hunter2", "no kind of address that Apprise knows", id="no URL at all"),
    pytest.param("", "no kind of address that Apprise knows", id="empty"),
    pytest.param("nosuch://me:hunter2@far.example/", "no kind of address that Apprise knows", id="unknown service"),
    pytest.param("json://", "not a complete json:// address", id="nothing behind the scheme"),
    pytest.param("tgram://hunter2/", "not a complete tgram:// address", id="not a telegram token"),
    pytest.param("mailto://me:hunter2@", "Invalid ~From~ email specified", id="mail from nowhere"),
    pytest.param(
        "mqtt://me:hunter2@far.example/runs",
        "mqtt:// cannot be used here, it needs paho-mqtt >= 2.1.0",
        id="a missing package",
    ),
    pytest.param("macosx://hunter2", "macosx:// cannot be used here, it needs another system", id="not on Linux"),
]


@pytest.mark.parametrize(("url", "reason"), BAD_URLS)
def test_an_address_that_apprise_cannot_use_is_refused_by_the_check_and_by_the_delivery(url: str, reason: str) -> None:
    assert check_url(url) == reason
    assert verdict(url) == (reason, SETTINGS)
    assert "hunter2" not in reason


def test_the_check_finds_a_recipient_that_apprise_would_drop() -> None:
    assert check_url("mailto://me:hunter2@far.example/nomail") == "Dropped invalid To email (***) specified."


@pytest.mark.parametrize("url", ["json://home/", " ntfys://tk_123@ntfy.example/runs\n", "mailto://me:pw@far.example"])
def test_the_check_has_nothing_against_a_good_address(url: str) -> None:
    assert check_url(url) is None
