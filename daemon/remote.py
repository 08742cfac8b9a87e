"""Asking the running service, from a command: light, for `status` is to answer at once."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from daemon.service_manager import manager_of
from daemon.telling import Exit, TellingError

SOCKET_NAME = "control.sock"
PATIENCE_S = 15.0
"""Longer than the service takes to give up on a command by itself."""

Answer: TypeAlias = dict[str, Any]


class NotRunningError(TellingError):
    """No service answers in this state folder."""

    ends = Exit.NOT_RUNNING


class NoAnswerError(TellingError):
    """A service is there and does not answer."""

    ends = Exit.TRY_LATER


class RefusedError(TellingError):
    """The service understood and cannot do it; the message says why and what to try."""


def refusal(error: RefusedError) -> Answer:
    """Return a refusal as the service answers it."""
    return {"refused": error.sentence, "parts": error.parts}


def ask(state: Path, command: str, **parts: object) -> Answer:
    """Ask the running service. Raises `NotRunningError`, `NoAnswerError`, `RefusedError`, `PermissionError`."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(PATIENCE_S)
            with short(state) as folder:
                line.connect(str(folder / SOCKET_NAME))
            line.sendall(json.dumps({"command": command, **parts}).encode() + b"\n")
            with line.makefile("rb") as answers:
                answer: Answer = json.loads(answers.readline())
    except PermissionError:
        raise
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
        raise NotRunningError(
            "no duurloop runs with its state in {state}: start it with duurloop run, or {line}",
            state=str(state),
            line=manager_of(state).systemctl("start"),
        ) from error
    except (OSError, ValueError) as error:
        raise NoAnswerError(
            "duurloop runs and does not answer: {journal} may tell why", journal=manager_of(state).journal
        ) from error
    if refused := answer.get("refused"):
        raise RefusedError(refused, **answer["parts"])
    return answer


@contextmanager
def short(folder: Path) -> Iterator[Path]:
    """Lend a short name for `folder`: the path of a Unix socket may have 107 bytes and no more."""
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
