"""JSON of any shape, such as nobody promised."""

from hypothesis import strategies as st

ODD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.just(10**400),
        st.floats(),
        st.text(),
        st.sampled_from(["2026-07-10T00:00:01Z", "1800", "\ud83d", "0001-01-01T00:00:00+14:00", "(GMT+01:00) a/b"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
