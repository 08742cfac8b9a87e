"""Messages as they arrive at the far end, in words alone or with a page and a picture, and many at once."""

import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from email.message import Message
from pathlib import Path

import pytest

from connectors.messenger import AppriseMessenger
from daemon.ports import DeliveryError
from tests.edges.messenger.messages import PAGE, PNG, TEXT, WEEK, failure, mailbox
from tests.receivers import BROKEN, Answer, HttpReceiver, MailMood, Silence, SmtpReceiver

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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
    assert time.monotonic() - began < 5.0  # Apprise's own pause is 5.5 s
    assert len(web.posts) == 2


def test_a_slow_far_end_is_waited_for(web: HttpReceiver) -> None:
    web.mood = Answer(after_s=4.3)  # Apprise's own limit is 4 s: the message would count as failed, and go out again
    AppriseMessenger("phone", f"json://{web.address}/", str).deliver(TEXT)
    assert len(web.posts) == 1


# --- mail with a page and a picture -----------------------------------------------------------------------------------


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


# --- side by side, and in silence -------------------------------------------------------------------------------------


def test_failures_in_eight_threads_at_once_keep_their_own_reasons() -> None:
    with ExitStack() as stack, ThreadPoolExecutor(8) as threads:
        doors = [stack.enter_context(HttpReceiver(Answer(500 + number, f"door {number}", 0.02))) for number in range(8)]
        together = threading.Barrier(8)

        def knock(number: int) -> list[str]:
            messenger = AppriseMessenger(f"door {number}", f"json://{doors[number].address}/", str)
            reasons = []
            for _ in range(5):
                together.wait(30)
                with pytest.raises(DeliveryError) as failed:
                    messenger.deliver(TEXT)
                reasons.append(failed.value.reason)
            return reasons

        for number, reasons in enumerate(threads.map(knock, range(8))):
            assert len(reasons) == 5
            assert all(reason.startswith(f"HTTP {500 + number}") and f"door {number}" in reason for reason in reasons)


def test_a_good_channel_is_not_held_up_by_hung_ones(web: HttpReceiver) -> None:
    with ThreadPoolExecutor(12) as threads:
        with HttpReceiver(Silence.HANG) as hung:
            waiting = [threads.submit(failure, f"json://{hung.address}/?rto=60&cto=60") for _ in range(12)]
            assert len(hung.arrivals.wait_for(12)) == 12
            AppriseMessenger("phone", f"json://{web.address}/", str).deliver(TEXT)
            assert not any(each.done() for each in waiting)
        assert {each.result().reason for each in waiting} == {"connection dropped"}


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
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
