from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.feeling import LONGEST_NOTE, Feeling, Lift, lift_of
from daemon.domain.wording import ENGLISH, day_word, feel_line, feeling_lines, lift_text

SAID = st.builds(
    Feeling,
    before=st.none() | st.integers(1, 5),
    after=st.none() | st.integers(1, 5),
    effort=st.none() | st.integers(1, 10),
    note=st.none() | st.text(min_size=1, max_size=20),
)


@pytest.mark.parametrize(
    "parts",
    [{"before": 0}, {"before": 6}, {"after": -1}, {"after": 6}, {"effort": 0}, {"effort": 11}, {"note": "x" * 501}],
    ids=str,
)
def test_outside_the_scales_there_is_no_feeling(parts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"wanted|at most"):
        Feeling(**parts)  # type: ignore[arg-type]


def test_the_ends_of_the_scales_belong_to_them() -> None:
    assert Feeling(1, 5, 10, "x" * LONGEST_NOTE).better == 4
    assert Feeling(5, 1, 1).better == -4


@given(SAID, SAID)
def test_what_is_said_later_counts_and_what_is_not_said_again_stays(first: Feeling, later: Feeling) -> None:
    both = first.with_more(later)
    for name in ("before", "after", "effort", "note"):
        said = getattr(later, name)
        assert getattr(both, name) == (getattr(first, name) if said is None else said)


def test_better_is_known_only_where_both_feelings_were_told() -> None:
    told = [Feeling(2, 4), Feeling(3, 3), Feeling(4, 3), Feeling(before=2), Feeling(after=5), None]
    assert lift_of(told) == Lift(1, 3)


@pytest.mark.parametrize(
    ("lift", "said"),
    [
        (Lift(9, 11), "After 9 of your 11 runs you felt better than before."),
        (Lift(4, 4), "After each of your 4 runs you felt better than before."),
        (Lift(2, 4), "After 2 of your 4 runs you felt better than before."),
        (Lift(2, 2), None),
        (Lift(4, 11), None),
        (Lift(0, 11), None),
        (Lift(0, 0), None),
    ],
    ids=str,
)
def test_it_is_shown_back_only_where_it_tells_and_cheers(lift: Lift, said: str | None) -> None:
    assert lift_text(lift, ENGLISH) == said


def test_a_feeling_is_read_with_its_words() -> None:
    assert feeling_lines(Feeling(2, 5, 3, "mild"), ENGLISH) == [
        "Before: 2 (not great)",
        "After: 5 (very good)",
        "Effort: 3 of 10",
        "Note: mild",
    ]
    assert feeling_lines(Feeling(), ENGLISH) == []


def test_the_link_stands_in_one_line() -> None:
    assert feel_line("http://house.local/feel/x", ENGLISH) == "How did it feel? One tap: http://house.local/feel/x"


@pytest.mark.parametrize(("day", "word"), [(date(2026, 11, 21), "Saturday"), (date(2026, 11, 23), "Monday")], ids=str)
def test_a_day_has_its_name(day: date, word: str) -> None:
    assert day_word(day, ENGLISH) == word
