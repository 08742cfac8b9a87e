"""A house that follows Strava, for every test of the folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.strava_house import House, house_at


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_at(tmp_path) as house:
        yield house
