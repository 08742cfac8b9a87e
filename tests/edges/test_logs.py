"""The log: whole lines for journald, for a person and as JSON, and never a secret."""

import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from daemon.logs import LogFormat, configure
from daemon.redaction import MASK, redactor

SECRET, PLAIN_SECRET = 'zeer "geheim" \\ wacht\'woord ✓', "tk_0123456789abcdef"

Log = Callable[..., io.StringIO]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the log, which is the process's own, as pytest had it."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level, ours = root.handlers[:], root.level, structlog.get_config()
    yield
    structlog.configure(**ours)
    root.handlers[:], (sys.excepthook, threading.excepthook) = handlers, hooks
    root.setLevel(level)


@pytest.fixture
def begin() -> Log:
    def configured(log_format: LogFormat, level: str = "info") -> io.StringIO:
        stream = io.StringIO()
        configure(log_format, level, redactor([SECRET, PLAIN_SECRET]), stream)
        return stream

    return configured


def fail() -> None:
    raise LookupError("first line\nsecond line with " + PLAIN_SECRET)


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


class TestJournal:
    def test_a_line_has_its_priority_and_its_fields(self, begin: Log) -> None:
        stream = begin(LogFormat.JOURNAL)
        structlog.get_logger().info("strap_connected", runner="Els", battery_pct=87, gone=None)
        assert stream.getvalue() == "<6>strap_connected runner=Els battery_pct=87\n"

    @pytest.mark.parametrize(
        ("method", "priority"), [("debug", 7), ("info", 6), ("warning", 4), ("error", 3), ("critical", 2)]
    )
    def test_each_level_has_its_priority(self, method: str, priority: int, begin: Log) -> None:
        stream = begin(LogFormat.JOURNAL, "debug")
        getattr(structlog.get_logger(), method)("it_happened")
        assert stream.getvalue() == f"<{priority}>it_happened\n"

    def test_what_is_below_the_level_is_not_written(self, begin: Log) -> None:
        stream = begin(LogFormat.JOURNAL, "warning")
        structlog.get_logger().info("it_happened")
        assert stream.getvalue() == ""

    def test_every_line_of_a_traceback_has_the_priority(self, begin: Log) -> None:
        stream = begin(LogFormat.JOURNAL)
        try:
            fail()
        except LookupError:
            structlog.get_logger().exception("it_failed")
        assert len(lines(stream)) > 4
        assert all(line.startswith("<3>") for line in lines(stream))
        assert "<3>second line with ***" in lines(stream)

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            ("one", "one"),
            ("two words", "'two words'"),
            ("", "''"),
            ("a=b", "'a=b'"),
            ("two\nlines", "'two\\nlines'"),
            ("carriage\rreturn", "'carriage\\rreturn'"),
            ("line\u2028separator", "'line\\u2028separator'"),
            (["a", "b"], "\"['a', 'b']\""),
            (1.5, "1.5"),
            (False, "False"),
        ],
    )
    def test_a_value_is_quoted_where_it_must_be_and_stays_on_its_line(
        self, value: object, written: str, begin: Log
    ) -> None:
        stream = begin(LogFormat.JOURNAL)
        structlog.get_logger().info("it_happened", value=value)
        assert stream.getvalue() == f"<6>it_happened value={written}\n"

    def test_what_libraries_complain_of_is_a_line_like_ours(self, begin: Log) -> None:
        stream = begin(LogFormat.JOURNAL)
        logging.getLogger("bleak.backends").warning("lost %s\nand %s", "one", PLAIN_SECRET)
        logging.getLogger("bleak.backends").info("only they care")
        assert [line[:3] for line in lines(stream)] == ["<4>"] * len(lines(stream))
        assert "bleak.backends" in stream.getvalue()
        assert PLAIN_SECRET not in stream.getvalue()
        assert "only they care" not in stream.getvalue()

    def test_an_exception_that_asyncio_finds_lost_is_a_line_like_ours(self, begin: Log) -> None:
        stream = begin(LogFormat.JOURNAL)
        try:
            fail()
        except LookupError:
            logging.getLogger("some.library").exception("nobody took care")
        assert len(lines(stream)) > 4
        assert all(line.startswith("<3>") for line in lines(stream))
        assert PLAIN_SECRET not in stream.getvalue()


class TestJson:
    def test_each_line_is_an_object_with_its_moment(self, begin: Log) -> None:
        stream = begin(LogFormat.JSON)
        structlog.get_logger().warning("channel_hangs", channel="els/phone", since=3)
        (line,) = lines(stream)
        written = json.loads(line)
        assert written.pop("timestamp").endswith("Z")
        assert written == {"event": "channel_hangs", "level": "warning", "channel": "els/phone", "since": 3}

    def test_a_traceback_stays_within_its_line(self, begin: Log) -> None:
        stream = begin(LogFormat.JSON)
        try:
            fail()
        except LookupError:
            structlog.get_logger().exception("it_failed")
        (line,) = lines(stream)
        assert json.loads(line)["exception"].endswith("second line with ***")

    def test_libraries_speak_json_too(self, begin: Log) -> None:
        stream = begin(LogFormat.JSON)
        logging.getLogger("a.library").warning("retrying")
        (line,) = lines(stream)
        assert json.loads(line)["level"] == "warning"


class TestConsole:
    def test_a_line_is_for_reading(self, begin: Log) -> None:
        stream = begin(LogFormat.CONSOLE)
        structlog.get_logger().info("strap_connected", runner="Els")
        (line,) = lines(stream)
        assert "strap_connected" in line
        assert "runner=Els" in line
        assert "\x1b" not in line

    def test_auto_is_for_a_person_where_no_journal_reads_along(
        self, begin: Log, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("JOURNAL_STREAM", "8:12345")
        stream = begin(LogFormat.AUTO)
        structlog.get_logger().info("strap_connected")
        assert not stream.getvalue().startswith("<6>")

    def test_auto_is_for_journald_where_it_reads_along(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        with (tmp_path / "journal").open("w+", encoding="utf-8") as stream:
            status = os.fstat(stream.fileno())
            monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
            configure(LogFormat.AUTO, "info", str, stream)
            structlog.get_logger().info("strap_connected")
            stream.flush()
            stream.seek(0)
            assert stream.read() == "<6>strap_connected\n"


@pytest.mark.parametrize("log_format", [LogFormat.JOURNAL, LogFormat.JSON, LogFormat.CONSOLE])
class TestSecrets:
    @pytest.mark.parametrize("secret", [SECRET, PLAIN_SECRET], ids=["with every sign", "plain"])
    @pytest.mark.parametrize(
        "wrap",
        [str, lambda secret: f"x{secret}y", lambda secret: [secret], lambda secret: {"password": secret}, ValueError],
        ids=["alone", "within", "list", "mapping", "exception"],
    )
    def test_a_secret_is_masked_wherever_it_stands_however_it_is_quoted(
        self, wrap: Callable[[str], object], secret: str, log_format: LogFormat, begin: Log
    ) -> None:
        stream = begin(log_format)
        structlog.get_logger().info("it_happened", value=wrap(secret))
        assert MASK in stream.getvalue()
        for rest in ("geheim", "woord", "0123456789"):
            assert rest not in stream.getvalue()

    def test_a_secret_in_an_exception_is_masked(self, log_format: LogFormat, begin: Log) -> None:
        stream = begin(log_format)
        try:
            dict[str, str]()[SECRET]
        except KeyError:
            structlog.get_logger().exception("it_failed")
        assert MASK in stream.getvalue()
        assert "geheim" not in stream.getvalue()

    def test_a_secret_in_the_event_itself_is_masked(self, log_format: LogFormat, begin: Log) -> None:
        stream = begin(log_format)
        structlog.get_logger().info(f"it {SECRET} happened")
        assert "geheim" not in stream.getvalue()


CRASH = f"""
import sys, threading
from daemon.logs import LogFormat, configure
from daemon.redaction import redactor

configure(LogFormat.JOURNAL, "info", redactor([{PLAIN_SECRET!r}]))

def fail():
    raise LookupError("crashed with {PLAIN_SECRET}")

thread = threading.Thread(target=fail)
thread.start()
thread.join()
try:
    fail()
except LookupError as error:
    raise ExceptionGroup("unhandled errors in a TaskGroup", [error])
"""


def test_a_crash_of_the_whole_service_is_told_in_lines_like_ours() -> None:
    crashed = subprocess.run(
        [sys.executable, "-c", CRASH], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    written = crashed.stderr.splitlines()
    assert crashed.returncode == 1
    assert len(written) > 10
    assert all(line[:3] in ("<2>", "<3>") for line in written), crashed.stderr
    assert "<3>LookupError: crashed with ***" in written
    assert "<2>    | LookupError: crashed with ***" in written
    assert PLAIN_SECRET not in crashed.stderr


class TestRedactor:
    def test_a_longer_secret_goes_before_a_shorter_one_within_it(self) -> None:
        assert redactor(["secret", "secret-and-more"])("secret-and-more, secret") == f"{MASK}, {MASK}"

    def test_what_is_too_short_to_be_a_secret_stays(self) -> None:
        assert redactor(["abc", ""])("abcdef") == "abcdef"

    def test_without_secrets_nothing_changes(self) -> None:
        assert redactor([])("as it was") == "as it was"
