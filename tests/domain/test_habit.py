"""When the house speaks up by itself over the weeks, and above all when it does not."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from daemon.domain.calendar import moment_of
from daemon.domain.habit import (
    AWAY_DAYS,
    Agreement,
    Appointment,
    Life,
    Memory,
    Planned,
    Reminder,
    Rest,
    SmallestStep,
    Sunday,
    last_run_to_remember,
    next_appointment,
    next_look,
    summed_up_on,
)
from daemon.domain.week import IsoWeek
from daemon.domain.wording import Opening
from tests.domain.habit_house import AMSTERDAM, TUE_THU_SUN, House, at, day, days, told, word

# -- agreed days -------------------------------------------------------------------------------------


def test_a_week_of_agreed_days_has_as_many_reminders_and_one_summary() -> None:
    assert told(6, runs=days(-1, 1, 3, 6)) == ["1 plain", "3 plain", "6 plain", "6 2026-W45"]


def test_a_reminder_comes_at_the_agreed_time_and_not_before() -> None:
    house = House(life=Life(day(-30), days(-1)))
    house.look(at(1) - timedelta(seconds=1))
    assert house.said == []
    house.look(at(1))
    assert house.said == [(at(1), Reminder(day(1), Opening.PLAIN))]


@pytest.mark.parametrize(
    ("runs", "because"),
    [
        (days(1), "it is done already"),
        (days(0), "a day of rest comes first"),
        (days(0, 1), "both"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_a_run_is_a_reason_to_be_silent(runs: frozenset[date], because: str) -> None:
    house = House(life=Life(day(-30), runs))
    house.look(at(1))
    assert house.said == [], because
    assert house.occurrences["reminder"] == "2026-11-03"


def test_two_agreed_days_in_a_row_were_meant_so() -> None:
    assert told(5, 5, Agreement(frozenset({4, 5})), runs=days(4)) == ["5 plain"]


def test_whoever_ran_as_often_as_agreed_has_done_the_week() -> None:
    assert told(5, 3, runs=days(0, 1, 2)) == []
    assert told(6, 3, runs=days(0, 2, 4)) == ["6 2026-W45"]


def test_a_session_that_is_going_on_is_no_moment_for_a_reminder_and_it_does_not_come_after_it() -> None:
    house = House(life=Life(day(-30), days(-1), is_running=True))
    house.look(at(1))
    house.life = replace(house.life, is_running=False)
    house.look(at(1, 19))
    assert house.said == []


@pytest.mark.parametrize(("late", "words"), [(119, ["1 plain"]), (120, []), (60 * 24 * 10, [])])
def test_a_reminder_that_is_two_hours_late_is_dropped(late: int, words: list[str]) -> None:
    house = House(life=Life(day(-30), days(-1, 9)))
    house.look(at(1) + timedelta(minutes=late))
    assert [word for word in house.words if "W" not in word] == words
    assert house.occurrences["reminder"] >= "2026-11-03"


def test_the_first_reminder_of_all_says_so() -> None:
    house = House(life=Life(day(0)), occurrences={})
    house.look_on(0, 3)
    assert house.words == ["1 first", "3 missed"]


def test_whoever_ran_by_themselves_for_weeks_needs_no_introduction() -> None:
    house = House(life=Life(day(-30), days(-1)), occurrences={})
    house.look(at(1))
    assert house.words == ["1 plain"]


def test_nobody_is_reminded_of_a_day_from_before_the_agreement() -> None:
    house = House(life=Life(day(2)))
    house.look(at(1, 20))
    assert (house.said, "reminder" in house.occurrences) == ([], False)


# -- missed days -------------------------------------------------------------------------------------


def test_a_missed_day_earns_a_single_word_on_the_next() -> None:
    assert told(10) == ["1 plain", "3 missed", "6 plain", "6 2026-W45", "8 plain", "10 plain"]


def test_a_run_in_between_ends_the_gap_and_the_next_may_have_its_word_again() -> None:
    assert told(10, runs=days(-1, 4)) == ["1 plain", "3 missed", "6 plain", "6 2026-W45", "8 missed", "10 plain"]


def test_a_run_that_was_brought_forward_is_none_missed() -> None:
    assert told(3, runs=days(-1, 0)) == ["3 plain"]


def test_a_day_on_which_the_server_was_off_is_missed_all_the_same() -> None:
    assert told(3, 2) == ["3 missed"]


def test_the_day_of_the_agreement_itself_cannot_be_missed() -> None:
    house = House(life=Life(day(1)))
    house.look(at(3))
    assert house.words == ["3 plain"]


# -- away --------------------------------------------------------------------------------------------


def test_after_two_weeks_the_smallest_step_once_and_then_silence() -> None:
    assert told(60, 8) == ["8 missed", "10 plain", "13 smallest"]


@pytest.mark.parametrize("sign", [17, 30, 45])
def test_a_sign_of_life_ends_the_silence_and_the_counting_begins_anew(sign: int) -> None:
    house = House(life=Life(day(-30), days(-1)))
    house.look_on(12, sign - 1)
    house.said.clear()
    house.life = replace(house.life, sign=day(sign))
    house.look_on(sign, 80)
    reminders = [one for _, one in house.said if isinstance(one, Reminder)]
    assert reminders[0].day - day(sign) <= timedelta(days=3)
    (smallest,) = (one for _, one in house.said if isinstance(one, SmallestStep))
    assert timedelta(days=AWAY_DAYS) <= smallest.day - day(sign) <= timedelta(days=AWAY_DAYS + 3)


def test_a_run_on_the_very_day_of_the_smallest_step_is_a_sign_of_life() -> None:
    assert told(15, 13, runs=days(-1, 13)) == ["13 smallest", "15 plain"]


@pytest.mark.parametrize(
    "life",
    [
        Life(day(0), days(-20)),
        Life(day(-30), days(-20), sign=day(0)),
        Life(day(-30), days(-20), rests=(Rest(day(-18), day(0)),)),
    ],
    ids=["known-since", "sign", "pause"],
)
def test_two_weeks_are_counted_from_whatever_was_heard_last(life: Life) -> None:
    before, after = House(life=life), House(life=life)
    before.look(at(13))
    after.look(at(15))
    assert [type(one) for _, one in (*before.said, *after.said)] == [Reminder, SmallestStep]


def test_the_smallest_step_waits_for_the_next_agreed_moment_if_the_server_was_off() -> None:
    assert told(15, 14) == ["15 smallest"]


def test_a_week_that_waited_with_it_while_the_server_was_off_is_let_go() -> None:
    house = House(Agreement(frozenset({0, 1, 2}), week_day=1), Life(day(0)))
    house.look(at(16, 18, 50))  # a Wednesday; the week was to be summed up on Tuesday
    assert house.words == ["16 smallest"]
    assert house.occurrences["week"] == "2026-W46"


# -- pauses ------------------------------------------------------------------------------------------


def test_nothing_is_said_in_a_pause_and_after_it_a_word_of_welcome() -> None:
    rests = (Rest(day(2), day(10)),)
    assert told(15, rests=rests) == ["1 plain", "13 back", "13 2026-W46", "15 missed"]


def test_the_last_day_of_a_pause_is_one() -> None:
    assert told(3, rests=(Rest(day(0), day(3)),)) == []
    assert told(3, rests=(Rest(day(0), day(2)),)) == ["3 back"]


def test_a_welcome_comes_before_an_introduction() -> None:
    house = House(life=Life(day(0), rests=(Rest(day(0), day(2)),)), occurrences={})
    house.look(at(3))
    assert house.words == ["3 back"]


def test_whoever_ran_after_the_pause_is_back_already() -> None:
    assert told(10, runs=days(-1, 8), rests=(Rest(day(1), day(6)),)) == ["8 back", "10 plain"]
    assert told(10, 10, runs=days(-1, 8), rests=(Rest(day(1), day(6)),)) == ["10 plain"]


@pytest.mark.parametrize(
    ("ended_at", "last"),
    [
        pytest.param(None, day(10), id="to its end"),
        pytest.param(at(8, 0, 10), day(7), id="back early, by the local day"),
        pytest.param(at(20), day(10), id="resumed when it was over"),
        pytest.param(at(2, 23), day(1), id="taken back on its first day"),
    ],
)
def test_the_day_on_which_the_runner_is_back_is_none_of_the_pause(ended_at: datetime | None, last: date) -> None:
    utc = ended_at.astimezone(UTC) if ended_at else None
    assert Rest.of(at(2, 0, 30).astimezone(UTC), day(10), utc, AMSTERDAM) == Rest(day(2), last)


def test_a_pause_that_was_taken_back_at_once_was_none() -> None:
    assert told(1, rests=(Rest(day(0), day(-1)),)) == ["1 plain"]


def test_weeks_of_pause_are_no_weeks_without_a_run() -> None:
    words = ["1 plain", "41 back", "41 2026-W50", "43 missed", "45 plain"]
    assert told(45, rests=(Rest(day(2), day(40)),)) == words


def test_a_week_of_nothing_but_pause_is_not_summed_up_and_one_with_a_run_is() -> None:
    rests = (Rest(day(2), day(13)),)
    assert told(13, 6, rests=rests, runs=days(-1)) == []
    assert told(13, 6, rests=rests, runs=days(-1, 1)) == ["6 2026-W45"]


def test_a_week_of_nothing_but_pause_is_not_summed_up_after_it_either() -> None:
    monday_morning = Agreement(TUE_THU_SUN.days, week_day=0, week_at=time(8))
    for first, words in ((7, []), (8, ["14 2026-W46"])):
        house = House(monday_morning, Life(day(-30), days(5), rests=(Rest(day(first), day(13)),)))
        house.look(at(14, 8, 0))
        assert house.words == words


def test_a_pause_that_began_after_midnight_holds_for_the_evening_before() -> None:
    late = replace(TUE_THU_SUN, at=time(23, 50))
    house = House(late, Life(day(-30), days(-1), rests=(Rest(day(2), day(9)),)))
    house.look(at(2, 0, 20))
    assert house.words == []


# -- Sundays -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "week"),
    [(0, "2026-W44"), (2, "2026-W44"), (3, "2026-W44"), (4, "2026-W45"), (5, "2026-W45"), (6, "2026-W45")],
)
def test_the_week_that_is_summed_up_is_the_one_with_most_days_before(number: int, week: str) -> None:
    assert str(summed_up_on(day(number))) == week


@pytest.mark.parametrize(("late_h", "words"), [(0, ["2026-W45"]), (36, ["2026-W45"]), (37, [])])
def test_a_sunday_waits_a_day_and_a_half_for_the_server(late_h: int, words: list[str]) -> None:
    house = House(Agreement(), Life(day(-30), days(1)))
    house.look(at(6, 19, 0) + timedelta(hours=late_h))
    assert [word(one) for _, one in house.said] == words
    assert house.occurrences["week"] == "2026-W45"


def test_two_sundays_off_bring_one() -> None:
    house = House(life=Life(day(-30), days(1, 5, 8, 12)))
    house.look_on(0, 5)
    house.said.clear()
    house.look(at(14, 9, 0))
    assert house.words == ["14 2026-W46"]


def test_a_run_that_is_going_on_is_waited_for() -> None:
    house = House(Agreement(), Life(day(-30), days(1), is_running=True))
    house.look(at(6, 19, 0))
    assert (house.said, "week" in house.occurrences) == ([], False)
    house.life = replace(house.life, is_running=False)
    house.look(at(6, 19, 40))
    assert house.words == ["6 2026-W45"]


def test_a_new_runner_hears_of_no_empty_week_before_it_was_a_whole_one() -> None:
    words = told(20, since=day(2), runs=frozenset[date]())
    assert [word for word in words if "W" in word] == ["13 2026-W46"]


def test_a_new_runner_hears_nothing_of_the_week_before() -> None:
    house = House(life=Life(day(7), days(4)))
    house.look(at(7, 12))
    assert house.words == []


def test_a_new_runner_who_ran_hears_of_it_on_the_first_sunday() -> None:
    assert told(6, 6, since=day(2), runs=days(4)) == ["6 plain", "6 2026-W45"]


def test_without_agreed_days_there_are_sundays_for_four_weeks_after_a_run() -> None:
    assert told(60, agreement=Agreement(), runs=days(1)) == [
        f"{number} 2026-W{week}" for number, week in ((6, 45), (13, 46), (20, 47), (27, 48))
    ]


# -- clocks and zones --------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "hour"), [(date(2026, 3, 29), 2), (date(2026, 10, 25), 2)], ids=["forward", "back"])
def test_the_nights_of_the_clock_have_one_reminder(first: date, hour: int) -> None:
    agreement = Agreement(frozenset(range(7)), time(hour, 30), week_day=2)
    house = House(agreement, Life(first - timedelta(days=1), sign=first))
    now = moment_of(first - timedelta(days=1), time(12), AMSTERDAM)
    for _ in range(2 * 24 * 6):
        house.look(now)
        now += timedelta(minutes=10)
    assert [one.day for _, one in house.said if isinstance(one, Reminder)] == [first, first + timedelta(days=1)]


def test_a_move_to_the_west_brings_no_second_evening() -> None:
    house = House(life=Life(day(-30), days(-1)))
    house.look(at(1))
    house.zone = ZoneInfo("America/New_York")
    house.look(moment_of(day(1), time(18, 30), house.zone))
    assert len(house.said) == 1


def test_what_was_kept_while_the_clock_was_years_ahead_does_not_bring_silence_for_years() -> None:
    house = House(life=Life(day(-30), days(-1)))
    house.occurrences |= {"reminder": "2031-01-05", "smallest": "2031-01-05", "week": "2031-W01"}
    house.look_on(2, 6)
    assert house.words == ["3 missed", "6 plain", "6 2026-W45"]


def test_a_run_of_a_device_that_is_ahead_is_still_to_come() -> None:
    assert told(1, runs=days(-1, 300)) == ["1 plain"]
    house = House(life=Life(day(-30), days(-1, 300)))
    house.look(at(1))
    assert house.words == ["1 plain"]


def test_a_run_that_is_not_kept_any_more_is_remembered() -> None:
    house = House(life=Life(day(-30), days(-1)))
    house.occurrences["run"] = day(0).isoformat()
    house.look(at(1))
    assert house.said == []  # a day of rest comes first


@pytest.mark.parametrize(
    ("runs", "remembered", "news"),
    [
        ((), None, None),
        ((0,), None, 0),
        ((0,), -3, 0),
        ((0,), 0, None),
        ((-3,), 0, None),
        ((0,), 300, 0),
        ((3,), 0, None),
    ],
)
def test_the_last_run_is_to_be_remembered_once(runs: tuple[int, ...], remembered: int | None, news: int | None) -> None:
    memory = Memory(run=None if remembered is None else day(remembered))
    told = last_run_to_remember(Life(day(-30), days(*runs)), memory, at(1), AMSTERDAM)
    assert told == (None if news is None else day(news))


def test_memory_reads_what_it_wrote() -> None:
    passed = {
        **Reminder(day(1), Opening.MISSED).passed,
        **Sunday(IsoWeek(2026, 45)).passed,
        **SmallestStep(day(3)).passed,
    }
    assert Memory.of({**passed, "agreed": "what others remember"}) == Memory(
        day(3), day(1), day(1), day(3), week=IsoWeek(2026, 45)
    )


def test_an_agreement_holds_from_the_day_on_which_it_was_first_known() -> None:
    kept = TUE_THU_SUN.remembered_since(day(0))
    assert TUE_THU_SUN.since(kept, day(5)) == day(0)
    assert TUE_THU_SUN.since("", day(5)) == day(5)
    assert replace(TUE_THU_SUN, at=time(19)).since(kept, day(5)) == day(5)
    assert TUE_THU_SUN.since(TUE_THU_SUN.remembered_since(day(400)), day(5)) == day(5)


# -- what is next ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("life", "occurrences", "planned"),
    [
        (Life(day(-30), days(-1)), {}, Appointment(Planned.REMINDER, at(1))),
        (Life(day(-30), days(-1)), {"reminder": "2026-11-03"}, Appointment(Planned.REMINDER, at(3))),
        (Life(day(-30), days(-1), is_running=True), {}, Appointment(Planned.REMINDER, at(1))),
        (Life(day(-30), days(0)), {}, Appointment(Planned.REMINDER, at(3))),
        (Life(day(-30), days(-1), rests=(Rest(day(0), day(200)),)), {}, Appointment(Planned.REMINDER, at(202))),
        (Life(day(-30), days(-15)), {}, Appointment(Planned.SMALLEST_STEP, at(1))),
        (Life(day(-30), days(-20)), {"smallest": "2026-11-01"}, None),
    ],
    ids=["tomorrow", "said-already", "running", "rest-day", "pause", "away", "silence"],
)
def test_the_next_reminder_is_the_one_that_will_come(
    life: Life, occurrences: dict[str, str], planned: Appointment | None
) -> None:
    assert next_appointment(TUE_THU_SUN, life, Memory.of(occurrences), at(0, 20), AMSTERDAM) == planned


def test_without_agreed_days_there_is_no_next_reminder_but_a_sunday_to_look_at() -> None:
    assert next_appointment(Agreement(), Life(day(-30), days(-1)), Memory(), at(0), AMSTERDAM) is None
    assert next_look(Agreement(), at(0), AMSTERDAM) == at(6, 19, 0)


def test_the_next_look_is_at_the_nearest_occasion() -> None:
    assert next_look(TUE_THU_SUN, at(0), AMSTERDAM) == at(1)
    assert next_look(TUE_THU_SUN, at(1), AMSTERDAM) == at(3)
    assert next_look(TUE_THU_SUN, at(6), AMSTERDAM) == at(6, 19, 0)
