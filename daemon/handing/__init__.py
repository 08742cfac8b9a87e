"""Sessions that go out: what is due, to whom, and what became of it."""
