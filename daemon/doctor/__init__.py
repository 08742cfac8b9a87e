"""`duurloop doctor`: every link of the chain from heartbeat to message, how it is, why, and what to do.

Each area has a file: what is looked at (facts, gathered with the world handed in), and what is made of it (pure).
"""
