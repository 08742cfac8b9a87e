"""Far ends for messages to arrive at: a web server and a mail server."""

from collections.abc import Iterator

import pytest

from tests.receivers import HttpReceiver, SmtpReceiver


@pytest.fixture
def web() -> Iterator[HttpReceiver]:
    with HttpReceiver() as receiver:
        yield receiver


@pytest.fixture
def post() -> Iterator[SmtpReceiver]:
    with SmtpReceiver() as receiver:
        yield receiver
