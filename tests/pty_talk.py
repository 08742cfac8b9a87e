"""A talk with `duurloop` at a real terminal: what it says is read as it is shown, and answered as one types."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 60.0
"""Only ever waited for in vain, on the slowest of machines."""
_PROGRAM = """
import fcntl, runpy, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C is a signal
runpy.run_module("daemon", run_name="__main__")
"""
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Talk:
    """One run of the program."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self._process = process
        self._terminal = terminal
        self.said = ""
        """All of it, with what was typed."""
        self._answered = 0

    def hears(self, text: str) -> str:
        """Wait until something is said after the last answer; return all since then."""
        until = time.monotonic() + PATIENCE_S
        while text not in self.said[self._answered :]:
            assert self._read(until - time.monotonic()), f"never said {text!r}, but:\n{self.said}"
        return self.said[self._answered :]

    def answers(self, question: str, answer: str = "") -> str:
        """Wait for a question and answer it; return what was said up to it."""
        said = self.hears(question)
        self.hears(": ")
        self._answered = len(self.said)
        os.write(self._terminal, f"{answer}\n".encode())
        return said

    def interrupts(self, after: str) -> None:
        """Press Ctrl-C once something has been said."""
        self.hears(after)
        os.write(self._terminal, b"\x03")

    def types(self, question: str, keys: bytes) -> None:
        """Answer a question with whatever a keyboard sends."""
        self.hears(question)
        self.hears(": ")
        self._answered = len(self.said)
        os.write(self._terminal, keys)

    def ends(self) -> int:
        """Wait for the end; return the exit code."""
        until = time.monotonic() + PATIENCE_S
        while self._read(until - time.monotonic()):
            pass
        return self._process.wait(PATIENCE_S)

    def _read(self, within_s: float) -> bool:
        """Take in what was said; False at the end, or when there is nothing more."""
        ready, _, _ = select.select([self._terminal], [], [], max(within_s, 0.0))
        if not ready:
            return False
        try:
            data = os.read(self._terminal, 4096)
        except OSError:  # what Linux says when the other side has closed
            return False
        self.said += _COLOURS.sub("", data.decode(errors="replace")).replace("\r\n", "\n")
        return bool(data)


@contextmanager
def talk(arguments: Sequence[str | Path], environ: Mapping[str, str]) -> Iterator[Talk]:
    """Start `duurloop` at a terminal of its own; ended with the context, whatever it does."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", _PROGRAM, *map(str, arguments)]
    cwd = Path(__file__).parent.parent
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=dict(environ), cwd=cwd, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            yield Talk(process, ours)
        finally:
            process.kill()
            process.wait()
            os.close(ours)
