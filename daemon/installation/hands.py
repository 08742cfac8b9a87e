"""What performing an installation needs from the outside: somebody to tell, and a way to start commands."""

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from daemon.installation.layout import InstallationError
from daemon.telling import Sentence

Say: TypeAlias = Callable[[Sentence], None]
"""Tells something to whoever installs."""


class Execute(Protocol):
    """Starts a command; raises `InstallationError` if it does not end well."""

    def __call__(self, command: Sequence[str], environment: Iterable[tuple[str, str]] = ()) -> None:
        """Start it with more in its environment, and wait for its end."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What performing needs from the outside."""

    say: Say
    execute: Execute
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def run_command(command: Sequence[str], environment: Iterable[tuple[str, str]] = ()) -> None:
    """Run a command to its end; raises `InstallationError` with what it said last."""
    told = shlex.join(command)
    try:
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            command,
            env={**os.environ, **dict(environment)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise InstallationError(
            "there is no {program} here, and a service wants systemd: setup --no-service writes the settings alone, "
            "and duurloop run starts it by hand",
            program=command[0],
        ) from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit {done.returncode}"]
        failed = InstallationError("{command}: {why}", command=told, why=said[0])
        failed.status = done.returncode
        raise failed
