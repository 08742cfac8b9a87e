"""How examinations go on side by side: each in a thread of its own, none for longer than its time."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from os import environ

from daemon.doctor.finding import Area, Finding, Link, sentence
from daemon.telling import Sentence

COMMAND_S = 10.0
"""The longest that a command of the system is waited for; on a small busy machine journalctl takes its time."""
PATIENCE_S = 30.0
"""An examination that takes longer hangs."""

Examine = Callable[[], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Examination:
    """A look at one link."""

    link: Link
    name: str
    examine: Examine
    within_s: float = PATIENCE_S


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command of the system said, and how it ended."""

    code: int
    out: str


Shell = Callable[[Sequence[str]], Ran | None]
"""Runs a command of the system; None where it is not there, or does not answer."""


def run_command(command: Sequence[str]) -> Ran | None:
    """Run a command, in English, and wait for it a moment."""
    try:
        ended = subprocess.run(  # noqa: S603 - commands of ours, without a shell
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_S,
            check=False,
            text=True,
            errors="replace",
            env={**environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0", "PAGER": "cat"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Ran(ended.returncode, ended.stdout)


def shown(shell: Shell, command: Sequence[str]) -> dict[str, str]:
    """Return what `KEY=VALUE` lines say; nothing where the command failed."""
    ran = shell(command)
    if ran is None or ran.code:
        return {}
    pairs = (line.partition("=") for line in ran.out.splitlines())
    return {key: value for key, equals, value in pairs if equals}


def examined(examinations: Sequence[Examination]) -> list[Finding]:
    """Return all findings, in the order of the examinations; one that crashes or hangs is a finding, too."""
    looks = [_Look(examination) for examination in examinations]
    for look in looks:
        look.thread.start()
    began = time.monotonic()
    for look in looks:
        look.thread.join(max(0.0, began + look.examination.within_s - time.monotonic()))
    return [finding for look in looks for finding in look.found()]


@dataclass(slots=True)
class _Look:
    examination: Examination
    thread: threading.Thread = field(init=False)
    findings: list[Finding] | None = None

    def __post_init__(self) -> None:
        # a daemon: what hangs must not keep the command from ending
        look = partial(copy_context().run, self._look)  # the language of this terminal comes along
        self.thread = threading.Thread(target=look, name=f"examine {self.examination.name}", daemon=True)

    def _look(self) -> None:
        try:
            self.findings = list(self.examination.examine())
        except Exception as error:  # noqa: BLE001 - whatever is broken is what this is about
            reason = sentence(
                "This could not be looked at: {what} ({why}).", what=self.examination.name, why=_kind(error)
            )
            self.findings = [self._unknown(reason)]

    def found(self) -> list[Finding]:
        """Return what was found in time."""
        if self.findings is not None:
            return self.findings
        seconds = round(self.examination.within_s)
        reason = sentence("No answer within {seconds} s: {what}.", what=self.examination.name, seconds=seconds)
        return [self._unknown(reason, sentence("A busy machine may need longer: ask it again in a while."))]

    def _unknown(self, reason: Sentence, remedy: Sentence | None = None) -> Finding:
        return Area(self.examination.link).unknown(self.examination.name, reason, remedy)


def _kind(error: BaseException) -> str:
    """Name an error; its words may hold what is nobody's business."""
    return type(error).__name__
