"""What Apprise alone heard, which no receiver on the loopback can provoke: reasons are read from its log."""

import re
from collections.abc import Iterator

import pytest
from apprise import NotificationManager, NotifyBase, NotifyFormat

from connectors.messenger import check_url
from daemon.domain.wording import Text
from daemon.ports import Blame
from tests.edges.messenger.messages import SETTINGS, WEEK, WORLD, failure, verdict


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
