"""An evening that nothing has happened in yet."""

import pytest

from tests.scenarios.evening import Evening


@pytest.fixture
def evening() -> Evening:
    return Evening()
