"""A year in the life of made-up runners: what they receive keeps to what was agreed, and is what docs/stories shows."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from daemon.domain.week import IsoWeek
from daemon.store import Kind
from tests.scenarios.stories import STORIES
from tests.scenarios.year import Lived, Received, all_lived

PAGES = Path(__file__).parents[2] / "docs/stories"
A_WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def everything() -> dict[str, Lived]:
    return {lived.story: lived for lived in all_lived(STORIES)}


@pytest.fixture(params=[story.name for story in STORIES])
def lived(request: pytest.FixtureRequest, everything: dict[str, Lived]) -> Lived:
    return everything[request.param]


def by_runner(lived: Lived, *kinds: Kind) -> Iterator[tuple[str, list[Received]]]:
    for name in lived.agreed:
        yield name, [one for one in lived.received if one.runner == name and (not kinds or one.kind in kinds)]


def is_course(line: str) -> bool:
    """Tell whether a line of a reminder says what the step is: that may be the same for as long as the step is."""
    return re.search(r"\d+ (minuten|minutes|minute)\b.*;|^Week \d+", line) is not None


def sentences(one: Received) -> Iterator[str]:
    for line in one.text.body.splitlines():
        if not (one.kind is Kind.REMINDER and is_course(line)):
            yield line


def meant_for(one: Received, lived: Lived) -> date:
    """Return the day of a message; a week's is its Sunday, also when it had to wait."""
    return IsoWeek.parse(one.key.rpartition(":")[2]).days[-1] if one.kind is Kind.WEEK else lived.day(one.at)


def test_the_pages_are_up_to_date(lived: Lived) -> None:
    assert (PAGES / f"{lived.story}.md").read_text(encoding="utf-8") == lived.page, "run: make stories"


def test_no_line_comes_twice_within_a_week(lived: Lived) -> None:
    for _, received in by_runner(lived):
        last: dict[str, date] = {}
        for one in received:
            for line in sentences(one):
                assert line not in last or meant_for(one, lived) - last[line] >= A_WEEK, line
                last[line] = meant_for(one, lived)


def test_no_message_comes_twice(lived: Lived) -> None:
    for _, received in by_runner(lived):
        assert len({one.key for one in received}) == len(received)


def test_there_are_never_more_reminders_than_agreed_days(lived: Lived) -> None:
    for name, received in by_runner(lived, Kind.REMINDER):
        weeks = Counter(IsoWeek.of(lived.day(one.at)) for one in received)
        assert max(weeks.values(), default=0) <= lived.agreed[name]


def test_a_week_is_summed_up_once(lived: Lived) -> None:
    for _, received in by_runner(lived, Kind.WEEK):
        told = [one.key for one in received]
        assert told == sorted(set(told))
        days = [lived.day(one.at) for one in received]
        assert all(later - earlier >= timedelta(days=5) for earlier, later in pairwise(days))


def test_a_pause_is_quiet(lived: Lived) -> None:
    for pause in lived.pauses:
        for one in lived.received:
            if one.runner == pause.runner and pause.since < one.at < pause.last:
                ran = [run for run in lived.done if run.runner == one.runner and run.known_at <= one.at]
                week = IsoWeek.of(lived.day(one.at))
                assert one.kind in (Kind.AFTER, Kind.WEEK), one
                assert any(IsoWeek.of(lived.day(run.at)) == week for run in ran), one


def test_after_the_smallest_step_there_is_silence_until_a_sign(lived: Lived) -> None:
    for name, received in by_runner(lived):
        for one, following in pairwise(received):
            if ":smallest:" in one.key:
                assert any(whose == name and one.at < at < following.at for whose, at in lived.signs)


def test_the_plan_never_leaps(lived: Lived) -> None:
    for steps in lived.steps.values():
        for one, following in pairwise(steps):
            if one.step.plan == following.step.plan:
                assert following.step.step <= one.step.step + 1
            assert one.then <= one.step.step + 1


def test_a_week_counts_the_runs_that_were_known(lived: Lived) -> None:
    for name, received in by_runner(lived, Kind.WEEK):
        for one in received:
            week = IsoWeek.parse(one.key.rpartition(":")[2])
            zone = lived.local(one.at).tzinfo
            known = [run for run in lived.done if run.runner == name and run.known_at <= one.at]
            ran = sum(IsoWeek.of(run.at.astimezone(zone).date()) == week for run in known)
            counted = re.match(r"\d+", one.text.body)
            assert int(counted[0] if counted else 0) == ran, one


def test_a_run_is_answered_once_and_soon(lived: Lived) -> None:
    for name, received in by_runner(lived, Kind.AFTER):
        known = [run.known_at for run in lived.done if run.runner == name]
        assert all(any(at <= one.at < at + timedelta(hours=12) for at in known) for one in received)
        assert len(received) <= len(known)
