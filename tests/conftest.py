"""What every test is held to: nothing lost, nothing left over."""

from hypothesis import HealthCheck, settings

from tests.terminal import say
from tests.tidiness import pytest_collection_modifyitems, pytest_configure, tidy_process, tidy_tasks

__all__ = ["pytest_collection_modifyitems", "pytest_configure", "say", "tidy_process", "tidy_tasks"]

# how long an example takes says something of the machine and of what else it does, and nothing of us
settings.register_profile("duurloop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("duurloop")
