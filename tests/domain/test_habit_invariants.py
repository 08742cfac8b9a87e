"""What holds for reminders and Sundays in every year, whatever happens in whatever order."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.calendar import day_of
from daemon.domain.habit import (
    Agreement,
    Life,
    Memory,
    Planned,
    Reminder,
    Rest,
    SmallestStep,
    Sunday,
    next_appointment,
    next_look,
)
from daemon.domain.wording import Opening
from tests.domain.habit_house import House, at, day


@dataclass
class Year(House):
    """A house in which anything may happen, and what it looked like whenever something was said."""

    now: datetime = field(default_factory=lambda: at(0, 12, 0))
    lives: list[Life] = field(default_factory=list)

    def look(self, now: datetime) -> None:
        before = len(self.said)
        super().look(now)
        self.lives += [self.life] * (len(self.said) - before)

    @property
    def today(self) -> date:
        return day_of(self.now, self.zone)


Happening: TypeAlias = Callable[[Year], None]


def _pass(for_: timedelta) -> Happening:
    def happen(year: Year) -> None:
        year.now += for_

    return happen


def _run(year: Year) -> None:
    year.life = replace(year.life, runs=year.life.runs | {year.today})


def _sign(year: Year) -> None:
    year.life = replace(year.life, sign=year.today)


def _pause(for_days: int) -> Happening:
    def happen(year: Year) -> None:
        _resume(year)
        rest = Rest(year.today, year.today + timedelta(days=for_days))
        year.life = replace(year.life, rests=(*year.life.rests, rest))

    return happen


def _resume(year: Year) -> None:
    ended = year.today - timedelta(days=1)
    year.life = replace(year.life, rests=tuple(replace(rest, last=min(rest.last, ended)) for rest in year.life.rests))


def _begin_or_end_session(year: Year) -> None:
    year.life = replace(year.life, is_running=not year.life.is_running)


def _move(zone: str) -> Happening:
    def happen(year: Year) -> None:
        year.zone = ZoneInfo(zone)

    return happen


_TO_THE_MOMENT = (timedelta(minutes=10), timedelta(minutes=50), timedelta(hours=3), timedelta(hours=6))
PASSING = st.sampled_from(
    [*_TO_THE_MOMENT, *_TO_THE_MOMENT, timedelta(hours=24), timedelta(days=3), timedelta(days=16), timedelta(hours=-1)]
).map(_pass)
RESTING = st.one_of(st.sampled_from([0, 1, 6, 30]).map(_pause), st.just(_resume))
LIVING = st.sampled_from([_run, _run, _sign, _begin_or_end_session])
MOVING = st.sampled_from(["Europe/Amsterdam", "Asia/Kathmandu", "America/Sao_Paulo"]).map(_move)
AGREEMENTS = st.builds(
    Agreement,
    st.frozensets(st.integers(0, 6), max_size=7),
    st.sampled_from([time(18, 30), time(2, 30), time(23, 50), time(0)]),
    st.integers(0, 6),
    st.sampled_from([time(19), time(8), time(2, 30)]),
)


def years(*happenings: st.SearchStrategy[Happening], least: int = 20) -> st.SearchStrategy[Year]:
    """Let anything happen, with a look after each."""

    def live(agreement: Agreement, chain: list[Happening]) -> Year:
        year = Year(agreement, Life(day(0)))
        for happen in chain:
            happen(year)
            year.look(year.now)
        return year

    return st.builds(live, AGREEMENTS, st.lists(st.one_of(PASSING, *happenings), min_size=least, max_size=100))


ANY_YEAR = years(LIVING, RESTING, MOVING)


def _reminders(year: Year) -> list[date]:
    return [one.day for _, one in year.said if isinstance(one, Reminder | SmallestStep)]


@given(ANY_YEAR)
def test_no_appointment_and_no_week_brings_two_messages(year: Year) -> None:
    reminders = _reminders(year)
    weeks = [one.week for _, one in year.said if isinstance(one, Sunday)]
    assert len(set(reminders)) == len(reminders)
    assert len(set(weeks)) == len(weeks)
    assert (reminders, weeks) == (sorted(reminders), sorted(weeks))


@given(ANY_YEAR)
def test_there_are_never_more_reminders_than_agreed_days(year: Year) -> None:
    reminders = _reminders(year)
    assert all(one.weekday() in year.agreement.days for one in reminders)
    for one in reminders:
        week = [other for other in reminders if 0 <= (other - one).days < 7]
        assert len(week) <= len(year.agreement.days)


@given(years(LIVING, RESTING))
def test_a_pause_always_wins(year: Year) -> None:
    for (now, one), life in zip(year.said, year.lives, strict=True):
        if life.rests_on(day_of(now, year.zone)):
            assert isinstance(one, Sunday)
            assert life.runs.intersection(one.week.days)


@given(years(LIVING, RESTING))
def test_nobody_who_ran_that_day_is_reminded(year: Year) -> None:
    for (_, one), life in zip(year.said, year.lives, strict=True):
        if isinstance(one, Reminder | SmallestStep):
            assert one.day not in life.runs


@given(ANY_YEAR)
def test_after_the_smallest_step_nothing_is_said_until_a_sign_of_life(year: Year) -> None:
    offered: Life | None = None
    for (_, one), life in zip(year.said, year.lives, strict=True):
        known = replace(life, is_running=False)
        assert known != offered
        if isinstance(one, SmallestStep):
            offered = known


@given(years(LIVING, RESTING))
def test_a_missed_day_is_spoken_of_once_between_two_runs(year: Year) -> None:
    spoken = [
        (one.day, life.last_run, life.rests)
        for (_, one), life in zip(year.said, year.lives, strict=True)
        if isinstance(one, Reminder) and one.opening is Opening.MISSED
    ]
    gaps = [(last_run, rests) for _, last_run, rests in spoken]
    assert len(set(gaps)) == len(gaps)


@given(ANY_YEAR)
def test_the_next_look_and_the_next_reminder_are_still_to_come(year: Year) -> None:
    memory = Memory.of(year.occurrences)
    assert next_look(year.agreement, year.now, year.zone) > year.now
    planned = next_appointment(year.agreement, year.life, memory, year.now, year.zone)
    assert planned is None or planned.at > year.now


@given(years(LIVING))
def test_the_next_reminder_comes_as_it_was_foretold(year: Year) -> None:
    year.life = replace(year.life, is_running=False)
    planned = next_appointment(year.agreement, year.life, Memory.of(year.occurrences), year.now, year.zone)
    if planned is not None:
        year.said.clear()
        year.look(planned.at)
        (word,) = (one for _, one in year.said if not isinstance(one, Sunday))
        assert isinstance(word, Reminder if planned.planned is Planned.REMINDER else SmallestStep)
