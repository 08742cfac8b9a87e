"""Invariants are tried as long as they take: a busy machine is no fault of the domain."""

from hypothesis import HealthCheck, settings

settings.register_profile("domain", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("domain")
