"""A BlueZ of our own, for whoever looks for straps."""

from collections.abc import AsyncIterator

import pytest

from tests.fake_bluez import FakeBluez, bluez_of_our_own


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with bluez_of_our_own(monkeypatch) as fake:
        yield fake
