"""What the figures were seen on, and what other scripts ask the machine: memory, writes, middle values."""

import os
import platform
import sqlite3
import timeit
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

KB, MB = 1e3, 1e6


class Memory(NamedTuple):
    """Resident and proportional memory of a process."""

    rss_mb: float
    pss_mb: float

    def __str__(self) -> str:
        return f"{self.rss_mb:.0f} MB (PSS {self.pss_mb:.0f})"


def memory_of(pid: int) -> Memory:
    """Return the memory of a process."""
    return memory_in(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"))


def memory_in(smaps: str) -> Memory:
    """Read memory from the text of `/proc/PID/smaps_rollup`."""
    fields = _fields(smaps)
    return Memory(fields["Rss"] * 1024 / MB, fields["Pss"] * 1024 / MB)


def written_bytes_of(pid: int) -> int:
    """Return how many bytes a process has caused to be written to disk so far."""
    return _fields(Path(f"/proc/{pid}/io").read_text(encoding="ascii"))["write_bytes"]


def cpu_seconds_of(pid: int) -> float:
    """Return the processor time a process has used so far (in steps of 10 ms)."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def p99(values: Sequence[float]) -> float:
    """Return the value that 99 in a hundred stay below."""
    return quantiles(values, n=100)[98] if len(values) > 1 else values[0]


def middle(values: Sequence[float]) -> float:
    """Return the median."""
    return median(values)


def describe() -> str:
    """Say what machine this is, in a line."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith(("model name", "Model"))
        ),
        platform.machine(),
    )
    return (
        f"{os.cpu_count()} cores ({model}), load {os.getloadavg()[0]:.1f}, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; "
        f"a million additions in a loop take {1000 * _million_s():.0f} ms"
    )


def _million_s() -> float:
    def add() -> None:
        total = 0
        for number in range(1_000_000):
            total += number

    return min(timeit.repeat(add, number=1, repeat=3))


def _fields(text: str) -> dict[str, int]:
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line and not line[0].isdigit())
    return {name: int(value.split()[0]) for name, value in pairs}


if __name__ == "__main__":
    print(f"Seen on: {describe()}")
