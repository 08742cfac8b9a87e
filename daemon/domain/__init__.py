"""What duurloop knows about running: values and decisions, no I/O, no clock, no chance."""
