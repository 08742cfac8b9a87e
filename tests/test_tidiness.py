"""The one thing that tests the tests: planted faults are found, and harmless ones are let be."""

import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = """
import asyncio
import socket
import threading

import pytest

from tests import tidiness

tidiness.PATIENCE_S = 0.5
FOREVER = threading.Event()
KEPT = []


async def sleepless():
    raise LookupError("planted")


async def test_lost_in_a_task():
    KEPT.append(asyncio.create_task(sleepless()))
    await asyncio.sleep(0.01)


async def test_lost_in_a_callback():
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.01)


async def test_task_left_running():
    KEPT.append(asyncio.create_task(asyncio.sleep(60)))


def test_lost_in_a_loop_of_its_own():
    async def main():
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0.01)

    asyncio.run(main())


def test_thread_left_running():
    threading.Thread(target=FOREVER.wait, name="stray", daemon=True).start()


def test_channel_left_running_without_a_mark():
    threading.Thread(target=FOREVER.wait, name="channel stray", daemon=True).start()


def test_socket_left_open():
    KEPT.extend(socket.socketpair())


def test_file_left_open():
    KEPT.append(open(__file__))


# -- and these are well ------------------------------------------------------------------------


@pytest.mark.hangs_on_purpose
def test_well_channel_that_hangs_on_purpose():
    threading.Thread(target=FOREVER.wait, name="channel stuck", daemon=True).start()


async def test_well_failed_task_that_was_looked_at():
    with pytest.raises(LookupError):
        await asyncio.create_task(sleepless())


async def test_well_cancelled_task():
    task = asyncio.create_task(asyncio.sleep(60))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_well_thread_that_ends():
    threading.Thread(target=lambda: None).start()


def test_well_file_that_was_closed():
    with open(__file__):
        pass
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("planted")
    (folder / "test_planted.py").write_text(PLANTED, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.tidiness", "--no-header", "-rA", "-q", "--tb=short"]
    run = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    lines = run.stdout.splitlines()
    marks = (line.split("::", 1) for line in lines if line.startswith(("PASSED", "ERROR", "FAILED")) and "::" in line)
    verdicts = dict[str, str]()
    for mark, name in marks:
        # a test passes and then its fixture complains: the complaint is what counts
        verdicts[name.split(" - ", maxsplit=1)[0]] = mark.split()[0] + " " + name.partition(" - ")[2]
    return {**verdicts, "all": run.stdout}


@pytest.mark.parametrize(
    ("planted", "complaint"),
    [
        ("test_lost_in_a_task", "lost in a task: LookupError('planted')"),
        ("test_lost_in_a_callback", "ZeroDivisionError"),
        ("test_lost_in_a_loop_of_its_own", "ZeroDivisionError"),
        ("test_task_left_running", "task left running"),
        ("test_thread_left_running", "thread left running: stray"),
        ("test_channel_left_running_without_a_mark", "thread left running: channel stray"),
        ("test_socket_left_open", "left open: socket:"),
        ("test_file_left_open", "test_planted.py"),
    ],
)
def test_a_planted_fault_is_found(planted: str, complaint: str, outcome: dict[str, str]) -> None:
    assert outcome[planted].startswith("ERROR"), outcome["all"]
    assert complaint in outcome["all"]


def test_what_is_left_in_order_passes(outcome: dict[str, str]) -> None:
    well = {name: verdict for name, verdict in outcome.items() if name.startswith("test_well")}
    assert len(well) == 5
    assert {verdict.split()[0] for verdict in well.values()} == {"PASSED"}, outcome["all"]
