"""What has changed in a list since the last look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daemon.domain.activity import HIDDEN, Activity, Changes, Known, Page, compare, is_wanted

NOW = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
REACH = NOW - timedelta(days=7)
NOTHING = Changes((), (), (), (), ())


def activity(number: int, *, days: float = 1, name: str = "Rondje", mark: str = "m", hidden: bool = False) -> Activity:
    began = NOW - timedelta(days=days)
    return Activity(number, began, hidden, 1800.0, "run", name, 5000.0, has_heart_rate=True, mark=mark)


ONE, TWO, THREE = activity(1, days=1), activity(2, days=2), activity(3, days=3)
KNOWN = tuple(Known(one, is_read=True) for one in (ONE, TWO, THREE))


def look(*listed: Activity, known: tuple[Known, ...] = KNOWN, since: datetime | None = None) -> Changes:
    return compare(known, listed, {one.id for one in listed}, since, REACH)


def test_an_unchanged_list_is_no_news() -> None:
    assert look(ONE, TWO, THREE) == NOTHING


def test_what_is_new_is_found_newest_first() -> None:
    new = (activity(5, days=4), activity(4, days=0.5))
    assert look(ONE, *new, TWO, THREE).found == (new[1], new[0])


def test_what_began_too_long_ago_is_none_of_our_business() -> None:
    assert look(ONE, TWO, THREE, activity(4, days=7.1)) == NOTHING
    assert look(ONE, TWO, THREE, activity(4, days=7)).found != ()


def test_what_is_known_is_followed_however_old_it_is() -> None:
    old = activity(9, days=90)
    assert look(replace(old, mark="n"), known=(Known(old, is_read=True),)).found == (replace(old, mark="n"),)


def test_recorded_anew_it_is_found_again_and_named_anew_only_renamed() -> None:
    cropped, named = replace(ONE, mark="n", name="Anders"), replace(TWO, name="Anders")
    changes = look(cropped, named, THREE)
    assert (changes.found, changes.renamed) == ((cropped,), (named,))


def test_what_is_missed_once_is_missing_and_what_is_missed_twice_is_gone() -> None:
    assert look(ONE, THREE).missing == (2,)
    again = look(ONE, THREE, known=(KNOWN[0], replace(KNOWN[1], is_missing=True), KNOWN[2]))
    assert (again.missing, again.gone) == ((), (2,))


def test_what_was_missing_and_is_there_is_back() -> None:
    assert look(ONE, TWO, THREE, known=(KNOWN[0], replace(KNOWN[1], is_missing=True), KNOWN[2])).back == (2,)


def test_what_nobody_understands_is_there_all_the_same() -> None:
    assert compare(KNOWN, (ONE, THREE), {1, 2, 3}, None, REACH) == NOTHING


def test_what_began_before_the_page_is_not_missed_nor_what_began_in_its_last_second() -> None:
    assert look(ONE, since=ONE.started_at) == NOTHING
    assert look(ONE, since=TWO.started_at) == NOTHING
    assert look(ONE, since=TWO.started_at - timedelta(seconds=1)).missing == (2,)


def test_of_a_hidden_start_the_day_may_be_on_the_other_side_of_the_edge() -> None:
    hidden = Known(activity(4, days=2, hidden=True), is_read=True)
    assert look(ONE, known=(hidden,), since=hidden.activity.started_at - timedelta(hours=12)).missing == ()
    assert look(ONE, known=(hidden,), since=hidden.activity.started_at - timedelta(days=2)).missing == (4,)


class TestPages:
    def test_an_empty_one_is_the_end_so_that_there_is_nothing_else_at_all(self) -> None:
        assert Page((), frozenset(), 0).since is None

    def test_one_that_nobody_understands_proves_nothing(self) -> None:
        since = Page((), frozenset(), 7).since
        assert compare(KNOWN, (), (), since, REACH) == NOTHING

    def test_it_shows_all_since_its_oldest(self) -> None:
        assert Page((ONE, TWO), frozenset({1, 2}), 2).since == TWO.started_at

    def test_a_hidden_start_at_its_end_may_be_any_time_of_that_day(self) -> None:
        hidden = activity(4, days=2, hidden=True)
        assert Page((ONE, hidden), frozenset({1, 4}), 2).since == min(ONE.started_at, hidden.started_at + HIDDEN)


@pytest.mark.parametrize(("sport", "wanted"), [("run", True), ("walk", True), ("ride", False), ("ski", True)])
def test_runs_and_walks_are_wanted_and_what_was_asked_for(sport: str, wanted: bool) -> None:  # noqa: FBT001
    assert is_wanted(sport, {"ski"}) is wanted
