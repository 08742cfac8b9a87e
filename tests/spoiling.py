"""Content that is not what it was."""

from hypothesis import strategies as st


def flipped(content: bytes, data: st.DataObject) -> bytes:
    """Return the content with some of its bits turned."""
    spoiled = bytearray(content)
    for bit in data.draw(st.lists(st.integers(0, len(content) * 8 - 1), min_size=1, max_size=6)):
        spoiled[bit // 8] ^= 1 << bit % 8
    return bytes(spoiled)
