"""What every test is held to: nothing lost, nothing left over."""
