import io
import json
import logging
import re
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from email.message import Message
from pathlib import Path
from urllib.parse import quote

import pytest
from apprise import NotificationManager, NotifyBase, NotifyFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.messenger import AppriseMessenger, check_url
from daemon.domain.wording import Mail, Text
from daemon.ports import Blame, DeliveryError
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
    Post,
    Silence,
    SmtpReceiver,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

TEXT = Text("Vanavond: één rustig half uur 🏃", "1 minuut lopen, 2 minuten wandelen.\nTien keer, zónder haast & <3.")
SETTINGS, WORLD = Blame.SETTINGS, Blame.WORLD


def failure(url: str, text: Text = TEXT, redact: Callable[[str], str] = str) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        AppriseMessenger("phone", url, redact).deliver(text)
    return failed.value


def verdict(url: str) -> tuple[str, Blame]:
    error = failure(url)
    return error.reason, error.blame


def mailbox(post: SmtpReceiver, scheme: str = "mailto", **more: str) -> str:
    fields = {"smtp": "127.0.0.1", "from": "duurloop@example.org", "mode": "insecure", **more}
    query = "&".join(f"{key}={value}" for key, value in fields.items())
    return f"{scheme}://mara:strap-on@127.0.0.1:{post.port}/piet@example.org?{query}"


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


@pytest.fixture
def web() -> Iterator[HttpReceiver]:
    with HttpReceiver() as receiver:
        yield receiver


@pytest.fixture
def post() -> Iterator[SmtpReceiver]:
    with SmtpReceiver() as receiver:
        yield receiver


# --- delivery ---------------------------------------------------------------------------------------------------------


def test_json_takes_title_and_body_as_given(web: HttpReceiver) -> None:
    AppriseMessenger("hook", f"json://{web.address}/", str).deliver(TEXT)
    fields = web.posts[0].json()
    assert (fields["title"], fields["message"]) == (TEXT.title, TEXT.body)


def test_ntfy_takes_title_and_body_as_given(web: HttpReceiver) -> None:
    AppriseMessenger("phone", f"ntfy://{web.address}/runs", str).deliver(TEXT)
    assert web.posts[0].json() == {"topic": "runs", "title": TEXT.title, "message": TEXT.body}


def test_mail_takes_title_and_body_as_given(post: SmtpReceiver) -> None:
    AppriseMessenger("mail", mailbox(post), str).deliver(TEXT)
    (mail,) = post.mails
    assert (mail.title, mail.body) == (TEXT.title, TEXT.body)
    assert (mail.sender, mail.recipients, mail.login) == ("duurloop@example.org", ["piet@example.org"], "mara")


@pytest.mark.parametrize(
    ("query", "icon"),
    [
        pytest.param("", False, id="by default none"),
        pytest.param("?priority=low", False, id="none beside other parameters"),
        pytest.param("?image=yes", True, id="if the URL asks for it"),
        pytest.param("?avatar_url=http://home.example/a.png", True, id="one's own"),
    ],
)
def test_ntfy_gets_an_icon_from_the_web_only_if_the_url_says_so(web: HttpReceiver, query: str, *, icon: bool) -> None:
    AppriseMessenger("phone", f"ntfy://{web.address}/runs{query}", str).deliver(TEXT)
    assert ("X-Icon" in web.posts[0].headers) is icon


def test_a_second_message_does_not_wait_for_the_pause_between_requests(web: HttpReceiver) -> None:
    messenger = AppriseMessenger("phone", f"ntfy://{web.address}/runs", str)
    messenger.deliver(TEXT)
    began = time.monotonic()
    messenger.deliver(TEXT)
    assert time.monotonic() - began < 2.0  # Apprise's own pause is 5.5 s
    assert len(web.posts) == 2


def test_a_slow_far_end_is_waited_for(web: HttpReceiver) -> None:
    web.mood = Answer(after_s=4.3)  # Apprise's own limit is 4 s: the message would count as failed, and go out again
    AppriseMessenger("phone", f"json://{web.address}/", str).deliver(TEXT)
    assert len(web.posts) == 1


# --- mail with a page and a picture -----------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n and so on"
PAGE = (
    "<html><head><title>no</title></head><body>\n<p>3 loopjes, 96 minuten.</p>\n<p>Zónder haast &amp; rustig.</p>\n"
    '<p><img src="cid:week.png" alt="di: 32 minuten rustig"></p><p>Je plan: stap 7</p></body></html>'
)
WEEK = Text("Je week", "3 loopjes, 96 minuten.\nZónder haast & rustig.", Mail(PAGE, PNG))


def structure(message: Message) -> str | list[object]:
    parts = message.get_payload()
    if not message.is_multipart() or not isinstance(parts, list):
        return message.get_content_type()
    return [message.get_content_type(), *(structure(part) for part in parts if isinstance(part, Message))]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="as it is"),
        pytest.param({"format": "html"}, id="a page is asked for"),
        pytest.param({"format": "markdown"}, id="what mail cannot do is asked for"),
        pytest.param({"inline": "yes"}, id="pictures inside are asked for"),
        pytest.param({"inline": "no"}, id="pictures inside are not wanted, but the page needs its own"),
    ],
)
def test_a_mailbox_gets_the_page_with_its_picture_inside_and_plain_words_beside(
    post: SmtpReceiver, more: dict[str, str]
) -> None:
    AppriseMessenger("mail", mailbox(post, **more), str).deliver(WEEK)
    (mail,) = post.mails
    assert structure(mail.message) == [
        "multipart/related",
        ["multipart/alternative", "text/plain", "text/html"],
        "image/png",
    ]
    words, page = (mail.message.get_body((kind,)) for kind in ("plain", "html"))
    assert words is not None
    assert page is not None
    assert [line for line in words.get_content().splitlines() if line] == [*WEEK.body.splitlines(), "Je plan: stap 7"]
    assert page.get_content().replace("\r\n", "\n").rstrip("\n") == PAGE
    picture = list(mail.message.walk())[-1]
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<week.png>", "inline")
    assert picture.get_payload(decode=True) == PNG
    assert mail.title == "Je week"


def test_a_mailbox_whose_url_asks_for_plain_text_gets_it(post: SmtpReceiver) -> None:
    AppriseMessenger("mail", mailbox(post, format="text"), str).deliver(WEEK)
    (mail,) = post.mails
    assert (structure(mail.message), mail.body) == ("text/plain", WEEK.body)


def test_a_phone_gets_the_words_alone(web: HttpReceiver) -> None:
    for scheme in ("ntfy", "json"):
        AppriseMessenger("phone", f"{scheme}://{web.address}/runs", str).deliver(WEEK)
    to_ntfy, to_json = (post.json() for post in web.posts)
    assert to_ntfy == {"topic": "runs", "title": WEEK.title, "message": WEEK.body}
    assert (to_json["message"], to_json["attachments"]) == (WEEK.body, [])


def test_a_picture_leaves_no_file_behind(post: SmtpReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    AppriseMessenger("mail", mailbox(post), str).deliver(WEEK)
    post.mood = MailMood.TRY_LATER
    assert failure(mailbox(post), WEEK).reason == "451 try again later"
    assert list(tmp_path.iterdir()) == []


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
    assert verdict(f"json://{web.address}/?rto=0.2&cto=0.2") == (reason, blame)


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
    assert verdict(mailbox(post, cto="0.3" if mood is MailMood.HANG else "5")) == (reason, blame)
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
    assert verdict(f"jsons://{web.address}/?cto=0.3&rto=0.3") == ("no secure connection", WORLD)


def test_a_hung_far_end_is_given_up_after_its_own_time_out(web: HttpReceiver) -> None:
    web.mood = Silence.HANG
    began = time.monotonic()
    assert verdict(f"json://{web.address}/?rto=0.2&cto=0.2") == ("timed out", WORLD)
    assert 0.2 <= time.monotonic() - began < 2.0
    assert len(web.arrivals.all()) == 1  # heard, but not taken
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


# --- lines that no receiver on the loopback can provoke ---------------------------------------------------------------


class Recorded(NotifyBase):
    """An Apprise plugin that says what was heard elsewhere, and fails."""

    service_name = "Recorded"  # type: ignore[assignment] # the base class says None and means nothing by it
    secure_protocol = "recorded"  # type: ignore[assignment]
    title_maxlen = 0
    says: tuple[str, ...] = ()
    complains: tuple[str, ...] = ()
    raises: Exception | None = None
    stumbles: Exception | None = None

    @staticmethod
    def parse_url(url: str, *_: object, **__: object) -> dict[str, object] | None:
        if Recorded.stumbles is not None:
            raise Recorded.stumbles
        return NotifyBase.parse_url(url)  # type: ignore[no-untyped-call]

    def send(self, body: str, *_: object, **__: object) -> bool:
        for line in self.says:
            self.logger.debug(line.replace("BODY", body))
        for line in self.complains:
            self.logger.warning(line.replace("BODY", body))
        if self.raises is not None:
            raise self.raises
        return False


@pytest.fixture
def recorded() -> Iterator[type[Recorded]]:
    check_url("json://home")  # so that Apprise has loaded its own plugins before
    manager = NotificationManager()  # type: ignore[no-untyped-call]
    manager.add(Recorded, schemas="recorded")  # type: ignore[no-untyped-call]
    yield Recorded
    manager.remove("recorded", unload=False)  # type: ignore[no-untyped-call]
    Recorded.says, Recorded.complains, Recorded.raises = (), (), None


class RecordedMail(Recorded):  # type: ignore[no-untyped-call] # the base class registers it
    """One that shows pages."""

    secure_protocol = "recordedmail"
    notify_format = (NotifyFormat.HTML, NotifyFormat.TEXT)  # type: ignore[assignment] # as mail has it
    attachment_support = True
    inline = False


@pytest.fixture
def recorded_mail(recorded: type[Recorded]) -> Iterator[type[Recorded]]:
    manager = NotificationManager()  # type: ignore[no-untyped-call]
    manager.add(RecordedMail, schemas="recordedmail")  # type: ignore[no-untyped-call]
    yield recorded
    manager.remove("recordedmail", unload=False)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "quoted",
    [
        pytest.param("refused: BODY", id="the whole page"),
        pytest.param("refused: <p>Zónder haast &amp; rustig.</p>", id="a line of it"),
        pytest.param("refused: Zónder haast & rustig.", id="its words"),
        pytest.param("refused: Je plan: stap 7", id="words that stand only there"),
    ],
)
def test_a_page_that_the_far_end_throws_back_is_not_quoted(recorded_mail: type[Recorded], quoted: str) -> None:
    recorded_mail.complains = (quoted,)
    reason = failure("recordedmail://far.example/", WEEK).reason
    assert reason.startswith("refused: ")
    assert "***" in reason
    assert not re.search("plan|haast|loopjes|minuten", reason)


@pytest.fixture
def unreadable(recorded: type[Recorded]) -> Iterator[str]:
    """A URL at which Apprise stumbles before it has made anything of it."""
    recorded.stumbles = UnicodeError("recorded://anna:paswoord@far.example/")
    yield "recorded://anna:paswoord@far.example/"
    recorded.stumbles = None


@pytest.mark.parametrize(
    ("line", "reason", "blame"),
    [
        pytest.param(
            "Socket Exception: [Errno -2] Name or service not known", "name not known", WORLD, id="no such name"
        ),
        pytest.param(
            "Socket Exception: [Errno -3] Temporary failure in name resolution", "name not known", WORLD, id="no DNS"
        ),
        pytest.param("Socket Exception: [Errno 113] No route to host", "network unreachable", WORLD, id="no route"),
        pytest.param(
            "Socket Exception: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate",
            "certificate not trusted",
            WORLD,
            id="a certificate of one's own",
        ),
        pytest.param(
            "Socket Exception: (535, b'5.7.8 Username and Password not accepted. For more,\\n5.7.8 go to example.org')",
            "535 Username and Password not accepted. For more, go to example.org",
            SETTINGS,
            id="a reply of two lines",
        ),
        pytest.param(
            """Socket Exception: {'piet@example.org': (551, b"it's gone")}""",
            "551 it's gone",
            SETTINGS,
            id="moved away",
        ),
        pytest.param("Socket Exception: (552, b'mailbox full')", "552 mailbox full", WORLD, id="a full mailbox"),
        pytest.param(
            "SMTP AUTH Exception: No suitable authentication method found.",
            "the mail server offers no login",
            SETTINGS,
            id="no login",
        ),
        pytest.param(
            "Recorded Payload: Socket Exception: timed out", "not taken, without a reason", WORLD, id="a payload"
        ),
    ],
)
def test_known_lines_of_apprises_log_become_reasons(
    recorded: type[Recorded], line: str, reason: str, blame: Blame
) -> None:
    recorded.says = (line,)
    assert verdict("recorded://anna:paswoord@far.example/") == (reason, blame)


@pytest.mark.parametrize("words", ["Socket Exception: (550, b'no such hill')", "error=404.", "connection refused"])
def test_words_in_the_message_are_not_taken_for_a_reason(recorded: type[Recorded], words: str) -> None:
    recorded.says = ("Recorded Payload: BODY",)
    error = failure("recorded://far.example/", Text("", words))
    assert (error.reason, error.blame) == ("not taken, without a reason", WORLD)


@pytest.mark.parametrize(
    ("complaint", "blame"),
    [
        pytest.param("The far end was in a bad mood.", WORLD, id="anything else"),
        pytest.param("There are no Recorded targets to notify", SETTINGS, id="nobody to send to"),
        pytest.param("PGP Support unavailable; install PGPy library", SETTINGS, id="something to install"),
    ],
)
def test_without_a_known_line_the_last_complaint_is_the_reason(
    recorded: type[Recorded], complaint: str, blame: Blame
) -> None:
    recorded.complains = ("first this", complaint)
    assert verdict("recorded://far.example/") == (complaint, blame)


def test_a_plugin_that_raises_is_a_failed_delivery_and_its_message_stays_inside(recorded: type[Recorded]) -> None:
    recorded.raises = KeyError("recorded://anna:paswoord@far.example/")
    error = failure("recorded://anna:paswoord@far.example/")
    assert error.blame is WORLD
    assert error.reason == "Apprise failed: KeyError"
    assert error.__cause__ is None
    assert error.__context__ is None


def test_when_apprise_itself_raises_its_exceptions_type_is_the_reason(unreadable: str) -> None:
    error = failure(unreadable)
    assert (error.reason, error.blame) == ("Apprise failed: UnicodeError", WORLD)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert check_url(unreadable) == error.reason


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


# --- secrets ----------------------------------------------------------------------------------------------------------


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


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_a_mail_servers_reply_is_quoted_without_recipient_and_password(recorded: type[Recorded]) -> None:
    recorded.says = ("Socket Exception: (550, b'<piet@example.org> unknown to runner with hunter2')",)
    assert verdict("recorded://runner:hunter2@far.example/piet@example.org")[0] == "550 <***> unknown to *** with ***"


def test_a_partly_refused_mail_is_a_failure_with_the_servers_words(recorded: type[Recorded]) -> None:
    recorded.complains = ("SMTP recipient jan@example.org was refused: 550 b'5.1.1 <jan@example.org> moved out'",)
    assert verdict("recorded://far.example/jan@example.org") == ("550 <***> moved out", SETTINGS)


def test_a_plugin_that_raises_for_a_known_reason_is_quoted_with_it(recorded: type[Recorded]) -> None:
    recorded.raises = ConnectionRefusedError(111, "Connection refused")
    assert verdict("recorded://far.example/") == ("connection refused", WORLD)


def test_a_secret_that_the_far_end_broke_over_two_lines_is_not_joined_again(recorded: type[Recorded]) -> None:
    recorded.says = (r"Socket Exception: (550, b'not open\n sesame')",)
    assert verdict("recorded://me:open%20sesame@far.example/")[0] == "550 not ***"


def test_a_short_user_name_does_not_blacken_the_reason(recorded: type[Recorded]) -> None:
    recorded.says = ("Socket Exception: (550, b'a bad day')",)
    assert verdict("recorded://a:b@far.example/")[0] == "550 *** bad day"


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


# --- side by side, and in silence -------------------------------------------------------------------------------------


def test_failures_in_eight_threads_at_once_keep_their_own_reasons() -> None:
    with ExitStack() as stack, ThreadPoolExecutor(8) as threads:
        doors = [stack.enter_context(HttpReceiver(Answer(500 + number, f"door {number}", 0.02))) for number in range(8)]
        together = threading.Barrier(8)

        def knock(number: int) -> list[str]:
            messenger = AppriseMessenger(f"door {number}", f"json://{doors[number].address}/", str)
            reasons = []
            for _ in range(5):
                together.wait(5)
                with pytest.raises(DeliveryError) as failed:
                    messenger.deliver(TEXT)
                reasons.append(failed.value.reason)
            return reasons

        for number, reasons in enumerate(threads.map(knock, range(8))):
            assert len(reasons) == 5
            assert all(reason.startswith(f"HTTP {500 + number}") and f"door {number}" in reason for reason in reasons)


def test_a_good_channel_is_not_held_up_by_hung_ones(web: HttpReceiver) -> None:
    with HttpReceiver(Silence.HANG) as hung, ThreadPoolExecutor(12) as threads:
        waiting = [threads.submit(failure, f"json://{hung.address}/?rto=0.5") for _ in range(12)]
        hung.arrivals.wait_for(12)
        began = time.monotonic()
        AppriseMessenger("phone", f"json://{web.address}/", str).deliver(TEXT)
        assert time.monotonic() - began < 0.4
        assert {each.result().reason for each in waiting} == {"timed out"}


FIRST_MESSAGES = """
import logging, sys, threading, warnings
logging.basicConfig(level=1, stream=sys.stdout)
from connectors.messenger import AppriseMessenger
from daemon.domain.wording import Text
from daemon.ports import DeliveryError
assert not {"apprise", "requests", "urllib3"} & set(sys.modules)
reasons, together = [], threading.Barrier(8)
def send():
    together.wait()
    try:
        AppriseMessenger("phone", sys.argv[1], str).deliver(Text("Vanavond", "op pad"))
    except DeliveryError as error:
        reasons.append(error.reason)
threads = [threading.Thread(target=send) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert "apprise" in sys.modules
assert ("ignore", None, Warning, None, 0) not in warnings.filters
for name in ("apprise", "urllib3", "oauthlib", "slixmpp", "MARKDOWN"):
    logging.getLogger(name).error("not for our eyes")
assert reasons == ["HTTP 500 Internal Server Error: out of paper"] * 8, reasons
"""


def test_apprise_is_loaded_at_the_first_message_by_eight_threads_at_once_and_nothing_is_printed(
    web: HttpReceiver,
) -> None:
    web.mood = BROKEN
    command = [sys.executable, "-W", "always", "-c", FIRST_MESSAGES, f"ntfy://me:hunter2@{web.address}/runs"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_nothing_reaches_our_log_or_the_terminal(
    web: HttpReceiver, our_log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    AppriseMessenger("phone", f"ntfy://{web.address}/runs", str).deliver(TEXT)
    failure("nosuch://me:hunter2@far.example/")
    web.mood = BROKEN
    failure(f"ntfy://{web.address}/runs")
    assert our_log.getvalue() == ""
    assert capfd.readouterr() == ("", "")
