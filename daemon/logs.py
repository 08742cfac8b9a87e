"""The log: facts in the past tense, for a person on a terminal, for journald, or as JSON.

No heart rates, no addresses, no secrets. structlog has no renderer for journald, so there is one here: a
`<N>` priority in front of every physical line, or a traceback's body would be filed as "info".
"""

import logging
import os
import sys
from collections.abc import Callable, MutableMapping
from enum import Enum
from typing import Any, TextIO

import structlog

_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "exception": 3, "critical": 2}


class LogFormat(Enum):
    """How log lines look."""

    AUTO = "auto"
    CONSOLE = "console"
    JOURNAL = "journal"
    JSON = "json"


def configure(log_format: LogFormat, level: str, redact: Callable[[str], str], stream: TextIO | None = None) -> None:
    """Set the log up, once, before anything is logged."""
    target = stream or sys.stderr
    chosen = _choose(target) if log_format is LogFormat.AUTO else log_format
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            *_renderers(chosen, target),
            _Redaction(redact, chosen),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    # what libraries log is theirs; only their warnings are ours to see
    logging.basicConfig(stream=target, level=logging.WARNING, format="%(name)s: %(message)s", force=True)


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
            return [
                structlog.processors.TimeStamper("iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ]
        case LogFormat.JOURNAL:
            return [structlog.processors.format_exc_info, _journal_line]
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
    return repr(text) if not text or any(sign in text for sign in " \"'=\n") else text


class _Redaction:
    """The last step: whatever was a secret is not any more."""

    def __init__(self, redact: Callable[[str], str], chosen: LogFormat) -> None:
        self._redact = redact
        self._chosen = chosen

    def __call__(self, _logger: object, _method: str, line: Any) -> Any:  # noqa: ANN401 - structlog's signature
        return self._redact(line) if isinstance(line, str) else line
