"""What performing an installation needs from the outside: somebody to tell, and a way to start commands."""

import os
import shlex
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from daemon.installation.layout import InstallationError


class Say(Protocol):
    """Tells a sentence of the catalogues to whoever installs."""

    def __call__(self, sentence: str, **parts: str) -> None:
        """Say it, its places filled by `parts`."""


class Execute(Protocol):
    """Starts a command; raises `InstallationError` if it does not end well."""

    def __call__(self, command: Sequence[str], environment: Iterable[tuple[str, str]] = ()) -> None:
        """Start it with more in its environment, and wait for its end."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What performing needs from the outside."""

    say: Say
    execute: Execute


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
        raise InstallationError("{command}: {why}", command=told, why=said[0])
