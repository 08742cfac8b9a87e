"""What systemd is told over its notify socket, and that nobody is told anything without one."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.systemd import PATIENCE_S, Notifier


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def heard(systemd: socket.socket) -> str:
    return systemd.recv(4096).decode()


def test_readiness_status_life_and_the_end_are_told(systemd: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": systemd.getsockname()})
    notifier.ready("listening")
    notifier.status("1 of 2 straps connected")
    notifier.alive()
    notifier.stopping()
    assert [heard(systemd) for _ in range(4)] == [
        "READY=1\nSTATUS=listening",
        "STATUS=1 of 2 straps connected",
        "WATCHDOG=1",
        "STOPPING=1",
    ]


def test_a_name_that_begins_with_an_at_sign_is_an_abstract_socket() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0duurloop-test-{os.getpid()}")
        systemd.settimeout(5)
        Notifier({"NOTIFY_SOCKET": f"@duurloop-test-{os.getpid()}"}).alive()
        assert heard(systemd) == "WATCHDOG=1"


def test_without_systemd_nothing_is_said_and_nothing_fails() -> None:
    Notifier({}).ready("listening")


def test_a_systemd_that_does_not_listen_just_now_is_no_failure(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()


def test_a_systemd_that_has_stopped_reading_does_not_hold_up_the_service(systemd: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": systemd.getsockname()})
    for _ in range(2000):
        began = time.monotonic()
        notifier.alive()
        if time.monotonic() - began > PATIENCE_S / 2:
            break  # the socket is full, and it was let be
    else:
        pytest.skip("this machine's sockets hold more than two thousand messages")


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 0.0),
    ],
    ids=["not asked for", "asked for", "asked of us", "asked of another process"],
)
def test_the_watchdog_is_fed_only_if_systemd_wants_to_hear_of_us(environ: dict[str, str], seconds: float) -> None:
    assert Notifier(environ).watchdog_s == seconds
