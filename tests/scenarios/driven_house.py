"""A service in a process of its own that may be killed (`house_driver.py`), and what is left of it."""

import os
import sqlite3
import subprocess
import sys
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from daemon.remote import Answer, NotRunningError, ask
from tests.fakes import wait_until

DRIVER = Path(__file__).with_name("house_driver.py")


class House:
    """What outlasts the service: its state, what its strap said, what arrived on the phone."""

    def __init__(self, folder: Path) -> None:
        self.state, self._heard, self._rang = folder / "state", folder / "heard", folder / "rang"

    @contextmanager
    def lives(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Start the service and wait until it answers; it is dead afterwards, one way or the other."""
        command = [sys.executable, str(DRIVER), str(self.state), str(self._heard), str(self._rang)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
            try:
                wait_until(lambda: self._answers(process))
                yield process
            finally:
                process.kill()

    def _answers(self, process: "subprocess.Popen[bytes]") -> bool:
        assert process.poll() is None, "the service did not start"
        try:
            return bool(self.ask("status"))
        except NotRunningError:
            return False

    def ask(self, command: str) -> Answer:
        return ask(self.state, command)

    def heard(self) -> dict[int, float]:
        """Return when each sample was handed to the service, by its number."""
        lines = self._heard.read_text(encoding="utf-8").splitlines() if self._heard.exists() else []
        return {int(number): float(at) for number, at in map(str.split, lines)}

    def rang(self) -> Counter[str]:
        return Counter(self._rang.read_text(encoding="utf-8").splitlines() if self._rang.exists() else [])

    def look(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.state / "duurloop.db")) as database:
            return database.execute(query).fetchall()

    def committed(self) -> list[int]:
        """Return the numbers of the open session's samples, in order."""
        return [
            array("H", rr)[0] for (rr,) in self.look("SELECT rr FROM sample ORDER BY number") if isinstance(rr, bytes)
        ]
