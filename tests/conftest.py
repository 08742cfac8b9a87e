"""What every test is held to: nothing lost, nothing left over."""

from tests.terminal import say
from tests.tidiness import pytest_collection_modifyitems, pytest_configure, tidy_process, tidy_tasks

__all__ = ["pytest_collection_modifyitems", "pytest_configure", "say", "tidy_process", "tidy_tasks"]
