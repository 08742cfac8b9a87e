"""The log: facts in the past tense, for a person on a terminal, for journald, or as JSON.

No heart rates, no addresses, no secrets. structlog has no renderer for journald, so there is one here: a
`<N>` priority in front of every physical line, or a traceback's body would be filed as "info".
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from enum import Enum
from types import TracebackType
from typing import Any, TextIO

import structlog

_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "exception": 3, "critical": 2}

log = structlog.get_logger()


class LogFormat(Enum):
    """How log lines look."""

    AUTO = "auto"
    CONSOLE = "console"
    JOURNAL = "journal"
    JSON = "json"


@contextmanager
def only_errors() -> Iterator[None]:
    """Let a command speak to people alone: what the service would write down is not said."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def configure(log_format: LogFormat, level: str, redact: Callable[[str], str], stream: TextIO | None = None) -> None:
    """Set the log up, once, before anything is logged; also for what libraries say and what nobody caught."""
    target = stream or sys.stderr
    chosen = _choose(target) if log_format is LogFormat.AUTO else log_format
    redaction = _Redaction(redact)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            # before a secret may be quoted out of recognition, and once more when all is one line
            redaction.of_values,
            *_renderers(chosen, target),
            redaction.of_line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    # what libraries log is theirs; only their warnings are ours to see
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)
    sys.excepthook, threading.excepthook = _tell_crash, _tell_thread_crash


class _Forward(logging.Handler):
    """Takes what libraries log into our own log, where it gets its priority and loses its secrets."""

    def emit(self, record: logging.LogRecord) -> None:
        tell = log.error if record.levelno >= logging.ERROR else log.warning
        tell("library_said", library=record.name, words=record.getMessage(), exc_info=record.exc_info)


def _tell_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("crashed", exc_info=(kind, error, trace))


def _tell_thread_crash(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None and not isinstance(crash.exc_value, SystemExit):
        name = crash.thread.name if crash.thread else None
        log.error("thread_crashed", thread=name, exc_info=(crash.exc_type, crash.exc_value, crash.exc_traceback))


def _choose(stream: TextIO) -> LogFormat:
    """Look whether a person or journald reads along (systemd names the journal's device and inode)."""
    with_journal = os.environ.get("JOURNAL_STREAM", "")
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return LogFormat.CONSOLE
    return LogFormat.JOURNAL if with_journal == f"{status.st_dev}:{status.st_ino}" else LogFormat.CONSOLE


def _renderers(chosen: LogFormat, stream: TextIO) -> list[Any]:
    match chosen:
        case LogFormat.JSON:
            return [structlog.processors.TimeStamper("iso", utc=True), structlog.processors.JSONRenderer()]
        case LogFormat.JOURNAL:
            return [_journal_line]
        case _:
            return [
                structlog.processors.TimeStamper("%H:%M:%S", utc=False),
                structlog.dev.ConsoleRenderer(
                    colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
                ),
            ]


def _journal_line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    level = event.pop("level", "info")
    message, trace = event.pop("event"), event.pop("exception", None)
    fields = (f"{key}={_quoted(value)}" for key, value in event.items() if value is not None)
    lines = " ".join((str(message), *fields)).splitlines() + (trace or "").splitlines()
    return "\n".join(f"<{_PRIORITIES.get(level, 6)}>{line}" for line in lines)


def _quoted(value: object) -> str:
    text = str(value)
    plain = text and text.isprintable() and not any(sign in text for sign in " \"'=")
    return text if plain else repr(text)


class _Redaction:
    """Whatever was a secret is not any more."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact

    def of_values(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {key: self._masked(value) for key, value in event.items()}

    def of_line(self, _logger: object, _method: str, line: Any) -> Any:  # noqa: ANN401 - structlog's signature
        return self._redact(line)

    def _masked(self, value: object) -> object:
        match value:
            case None | bool() | int() | float():
                return value
            case Mapping():
                return {self._masked(key): self._masked(inner) for key, inner in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._masked(inner) for inner in value]
            case _:
                return self._redact(str(value))
