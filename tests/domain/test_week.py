from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.effort import HeartRateFigures, Judgement, TimeInZone, Verdict
from daemon.domain.feeling import Feeling, Lift
from daemon.domain.run import Run, Source
from daemon.domain.takes import Take, take_of
from daemon.domain.variability import RRSummary
from daemon.domain.week import (
    LINE_WEEKS,
    Circumstances,
    DayBar,
    IsoWeek,
    Mood,
    Together,
    Totals,
    Trend,
    Usual,
    Week,
    together,
    totals_of,
    week_of,
)
from daemon.report import run_report
from daemon.weekly.report import week_report
from tests.builders import EASY

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
W47 = IsoWeek(2026, 47)
MONDAY = datetime(2026, 11, 16, 18, 30, tzinfo=AMSTERDAM)
SUNDAY_EVENING = datetime(2026, 11, 22, 19, 0, tzinfo=AMSTERDAM)
API = (Source.STRAVA_API,)
HERE = Circumstances(AMSTERDAM, SUNDAY_EVENING)
LINKED = replace(HERE, linked=True)


def run(
    days: float = 0,
    minutes: float = 30,
    above: float = 0,
    verdict: Verdict = Verdict.CALM,
    sources: tuple[Source, ...] = (Source.STRAP,),
    **more: object,
) -> Run:
    """Make a run so many days after Monday of week 47; `above` are minutes, and so is the rest, inside."""
    figures = {name: more.pop(name) for name in ("drift_pct", "recovery_60s_bpm", "longest_calm_s") if name in more}
    judgement = Judgement(
        heart_rate=HeartRateFigures(1000, 128.0, 140, 90, 99.0),
        time_in_zone=TimeInZone(0.0, 60 * (minutes - above), 60 * above, 0.0),
        calm_pct=100.0,
        verdict=verdict,
        reason=None,
        **{"drift_pct": None, "recovery_60s_bpm": None, **figures},  # type: ignore[arg-type]
        rr=RRSummary(0, None, None),
    )
    whole = Run("r", "Els", sources, "run", None, MONDAY + timedelta(days=days), 60 * minutes, None, EASY, judgement)
    return replace(whole, **more)  # type: ignore[arg-type]


def weeks_ago(weeks: int, **more: object) -> Run:
    return run(-7.0 * weeks, **more)  # type: ignore[arg-type]


def seen(*runs: Run, as_: Circumstances = HERE, key: IsoWeek = W47) -> Week:
    return week_of(key, runs, as_)


# -- the calendar ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2026-W47", "2026-w47", " 2026-W47 "])
def test_a_week_is_read_as_it_is_written(text: str) -> None:
    assert IsoWeek.parse(text) == W47
    assert str(W47) == "2026-W47"


@pytest.mark.parametrize("text", ["2026-W54", "2025-W53", "2026-W00", "2026-47", "0001-W01", "9999-W52", "", "W47"])
def test_a_week_that_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        IsoWeek.parse(text)


def test_a_year_may_have_53_weeks_and_the_first_may_begin_in_december() -> None:
    assert IsoWeek.parse("2026-W53").days[-1] == date(2027, 1, 3)
    assert IsoWeek(2027, 1).before() == IsoWeek(2026, 53)
    assert IsoWeek(2025, 1).days[0] == date(2024, 12, 30)


@pytest.mark.parametrize(("week", "hours"), [("2026-W13", 167), ("2026-W43", 169), ("2026-W47", 168)])
def test_a_week_in_which_the_clock_changes_is_an_hour_shorter_or_longer(week: str, hours: int) -> None:
    key = IsoWeek.parse(week)
    length = key.ends(AMSTERDAM).astimezone(UTC) - key.begins(AMSTERDAM).astimezone(UTC)
    assert length == timedelta(hours=hours)


def test_a_run_belongs_to_the_week_of_its_local_start() -> None:
    after_midnight = run(started_at=datetime(2026, 11, 15, 23, 30, tzinfo=UTC))  # Monday, half past twelve
    before_midnight = run(started_at=datetime(2026, 11, 22, 22, 59, tzinfo=UTC), minutes=90)
    assert seen(after_midnight, before_midnight).totals.runs == 2
    assert seen(after_midnight, before_midnight, as_=replace(HERE, zone=UTC)).totals.runs == 1


def test_a_week_is_over_when_its_sunday_is() -> None:
    end = datetime(2026, 11, 23, 0, 0, tzinfo=AMSTERDAM)
    assert not seen(as_=replace(HERE, now=end - timedelta(seconds=1))).is_over
    assert seen(as_=replace(HERE, now=end)).is_over


# -- one week --------------------------------------------------------------------------------------------


def test_an_empty_week_holds_seven_empty_days_and_nothing_else() -> None:
    week = seen()
    assert week.totals == Totals()
    assert [bar.day for bar in week.bars] == list(W47.days)
    assert not any(bar.seconds for bar in week.bars)
    assert (week.last, week.usual, week.mood, week.longest_calm_s, week.drift, week.recovery) == (None,) * 6
    assert (week.runs_in_four_weeks, week.is_whole, week.totals.calm_pct) == (0, True, None)


def test_a_day_tells_its_runs_apart_by_how_calm_they_were() -> None:
    week = seen(run(1, 20), run(1.1, 30, verdict=Verdict.HARD), run(1.2, 10), run(6, 5, verdict=Verdict.UNJUDGED))
    assert week.bars[1] == DayBar(W47.days[1], ((Verdict.CALM, 1800.0), (Verdict.HARD, 1800.0)))
    assert week.bars[6].seconds == ((Verdict.UNJUDGED, 300.0),)
    assert week.totals.verdicts == ((Verdict.CALM, 2), (Verdict.HARD, 1), (Verdict.UNJUDGED, 1))


def test_the_calm_share_of_a_week_is_that_of_all_its_seconds() -> None:
    assert seen(run(0, 30), run(2, 90, above=45)).totals.calm_pct == 62.5


def test_walks_count_as_runs_do() -> None:
    assert seen(run(0), run(1, sport="walk")).totals.runs == 2


def test_a_run_without_a_zone_counts_with_its_minutes_alone() -> None:
    totals = totals_of([run(minutes=20, target=None, distance_m=3210.04)])
    assert totals == Totals(1, 1200.0, 3210.0, verdicts=((Verdict.CALM, 1),))


def test_the_longest_calm_stretch_is_the_longest_of_any_run() -> None:
    assert seen(run(0, longest_calm_s=700.0), run(2, longest_calm_s=900.0), run(3)).longest_calm_s == 900.0


# -- against other weeks ---------------------------------------------------------------------------------


def test_it_is_set_beside_the_week_before_if_that_had_runs() -> None:
    assert seen(weeks_ago(1), weeks_ago(1), weeks_ago(2)).last == totals_of([run(), run()])
    assert seen(weeks_ago(2)).last is None


def test_usual_is_the_median_of_the_last_four_weeks_that_had_runs() -> None:
    past = [weeks_ago(1, minutes=20), weeks_ago(2, minutes=40), weeks_ago(4, minutes=90, above=45), weeks_ago(5)]
    assert seen(run(), *past).usual == Usual(weeks=3, runs=1, duration_s=2400.0, calm_pct=100.0)


def test_one_week_does_not_make_anything_usual() -> None:
    assert seen(run(), weeks_ago(1), weeks_ago(5)).usual is None


def test_the_line_goes_back_twelve_weeks_with_gaps_where_nothing_was_run() -> None:
    line = seen(run(above=15), weeks_ago(11), weeks_ago(12)).line
    assert len(line) == LINE_WEEKS
    assert (line[0].week, line[0].calm_pct) == (W47.before(11), 100.0)
    assert (line[5].duration_s, line[5].calm_pct) == (0.0, None)
    assert (line[-1].week, line[-1].duration_s, line[-1].calm_pct) == (W47, 1800.0, 50.0)


def test_runs_of_the_last_four_weeks_are_counted() -> None:
    assert seen(run(), weeks_ago(1), weeks_ago(3), weeks_ago(4)).runs_in_four_weeks == 3


def test_a_trend_sets_the_median_of_four_weeks_against_the_four_before() -> None:
    now = [weeks_ago(weeks, drift_pct=drift) for weeks, drift in ((0, 4.0), (1, 9.0), (3, 3.0))]
    before = [weeks_ago(weeks, drift_pct=drift) for weeks, drift in ((4, 7.0), (5, 6.0), (7, 8.0))]
    old = weeks_ago(8, drift_pct=0.0)
    assert seen(*now, *before, old).drift == Trend(now=4.0, earlier=7.0)
    assert seen(*now, *before[:2], old).drift is None


def test_recovery_says_nothing_with_medication() -> None:
    runs = [weeks_ago(weeks, recovery_60s_bpm=30 - weeks) for weeks in range(8)]
    assert seen(*runs).recovery == Trend(28.5, 24.5)
    assert seen(*runs, as_=replace(HERE, medication=True)).recovery is None


# -- how it felt -----------------------------------------------------------------------------------------


def test_mood_is_the_mean_of_what_was_said() -> None:
    lift = Lift(9, 11)
    week = seen(
        run(0, feeling=Feeling(before=2, after=4)),
        run(2, feeling=Feeling(before=3)),
        run(3, feeling=Feeling(effort=4)),
        run(4),
        weeks_ago(1, feeling=Feeling(before=5, after=5)),
        as_=replace(HERE, lift=lift),
    )
    assert week.mood == Mood(before=2.5, after=4.0, lift=lift)


def test_where_nothing_was_said_there_is_no_mood() -> None:
    assert seen(run(feeling=Feeling(note="rain"))).mood is None


# -- what leaves again -----------------------------------------------------------------------------------


def test_a_week_on_sunday_evening_is_whole_also_with_a_link() -> None:
    assert seen(run(0, sources=API), run(5, sources=API), as_=LINKED).is_whole


def test_with_a_link_nothing_is_set_beside_a_week_that_may_have_lost_runs() -> None:
    week = seen(run(0), weeks_ago(1), weeks_ago(2), weeks_ago(3), as_=LINKED)
    assert (week.last, week.usual, week.runs_in_four_weeks) == (None, None, None)


def test_a_run_by_the_api_says_that_there_was_a_link() -> None:
    runs = [weeks_ago(1), weeks_ago(2)]
    assert seen(run(0, sources=(Source.FILE, *API)), *runs).last is not None
    assert seen(run(0, sources=API), *runs).last is None


@pytest.mark.parametrize(
    ("days", "last", "usual", "count"), [(13, 0, 0, 0), (14, 1, 0, 0), (21, 1, 1, 0), (28, 1, 1, 1)]
)
def test_what_is_surely_whole_is_compared(days: int, last: int, usual: int, count: int) -> None:
    as_ = replace(LINKED, keep=timedelta(days=days))
    week = seen(*(weeks_ago(weeks, sources=API) for weeks in range(5)), as_=as_)
    told = (week.last is not None, week.usual is not None, week.runs_in_four_weeks is not None)
    assert told == (bool(last), bool(usual), bool(count))


def test_a_week_that_may_have_lost_runs_itself_says_so_and_compares_nothing() -> None:
    week = seen(run(0), weeks_ago(1), as_=replace(LINKED, now=SUNDAY_EVENING + timedelta(days=1), keep=timedelta(7)))
    assert (week.is_whole, week.last, week.runs_in_four_weeks) == (False, None, None)


def test_with_a_link_the_line_and_the_trends_rest_on_own_recordings_in_all_weeks_alike() -> None:
    own = [weeks_ago(weeks, drift_pct=5.0) for weeks in range(8)]
    by_api = [weeks_ago(weeks, minutes=60, above=60, drift_pct=20.0, sources=API) for weeks in range(8)]
    week = seen(*own, *by_api)
    assert {share.calm_pct for share in week.line[-8:]} == {100.0}
    assert week.drift == Trend(5.0, 5.0)
    assert week.totals.runs == 2


def test_a_runner_who_has_nothing_but_strava_sees_the_line_of_the_weeks_that_are_whole() -> None:
    week = seen(*(weeks_ago(weeks, sources=API) for weeks in range(4)), as_=replace(LINKED, keep=timedelta(days=14)))
    assert [share.calm_pct for share in week.line[-4:]] == [None, None, 100.0, 100.0]


def test_what_stays_for_good_is_compared_as_everything_else() -> None:
    ages = [weeks_ago(weeks, above=15, sources=API) for weeks in range(12)]
    week = seen(*ages, as_=replace(LINKED, keep=timedelta(days=36_500)))
    assert {share.calm_pct for share in week.line} == {50.0}


@given(
    st.lists(st.tuples(st.floats(-90, 7), st.sampled_from([API, (Source.FILE,)])), max_size=40),
    st.integers(1, 100),
    st.integers(0, 200),
)
def test_what_has_left_is_never_missed_in_a_comparison(
    runs: Sequence[tuple[float, tuple[Source, ...]]], keep_days: int, hours_later: int
) -> None:
    """A week that is asked for while runs leave compares either as if they were all there, or not at all."""
    all_runs = [run(days, sources=sources) for days, sources in runs]
    now, keep = SUNDAY_EVENING + timedelta(hours=hours_later), timedelta(days=keep_days)
    left = [one for one in all_runs if one.sources != API or one.started_at >= now - keep]
    as_ = replace(LINKED, now=now, keep=keep)
    was, is_ = seen(*all_runs, as_=as_), seen(*left, as_=as_)
    assert (was.last, was.usual, was.runs_in_four_weeks) == (is_.last, is_.usual, is_.runs_in_four_weeks)
    assert was.line == is_.line
    assert (was.totals == is_.totals) or not is_.is_whole


# -- together --------------------------------------------------------------------------------------------


def takes(*runs: Run) -> list[Take]:
    return [take_of(replace(run, id=str(number))) for number, run in enumerate(runs)]


def test_a_group_adds_up_its_own_recordings_each_run_once() -> None:
    els = takes(run(0), run(0, 25), run(1))
    group = {"Els": els, "Jan": takes(run(3, 20.4), weeks_ago(1)), "Kim": []}
    assert together(group, W47, AMSTERDAM) == Together(runs=3, minutes=80)


@pytest.mark.parametrize("group", [{}, {"Els": takes(run(0))}, {"Els": takes(run(0)), "Jan": []}])
def test_one_alone_is_not_together(group: dict[str, list[Take]]) -> None:
    assert together(group, W47, AMSTERDAM) is None


# -- sums ------------------------------------------------------------------------------------------------

YEARS = 5
SECONDS = st.floats(0, 20_000, allow_nan=False)


@st.composite
def any_run(draw: st.DrawFn) -> Run:
    """Draw a run of five years, as odd as they come."""
    zoned = draw(st.booleans())
    one = run(
        days=draw(st.floats(-365 * YEARS, 0)),
        verdict=draw(st.sampled_from(Verdict)),
        sources=draw(st.sampled_from([API, (Source.STRAP,), (Source.FILE, *API)])),
        duration_s=draw(SECONDS),
        distance_m=draw(st.none() | st.floats(0, 60_000, allow_nan=False)),
        target=EASY if zoned else None,
    )
    times = TimeInZone(*(draw(SECONDS) for _ in range(4))) if draw(st.booleans()) or zoned else None
    return replace(one, judgement=replace(one.judgement, time_in_zone=times))


def same(published: float, summed: float) -> bool:
    """Compare to the digit: floats that are written with one digit add up to something that is rounded to it."""
    return published == round(summed, 1)


@given(runs=st.lists(any_run(), max_size=30), linked=st.booleans())
def test_every_week_is_the_sum_of_what_is_published_of_its_runs(runs: list[Run], *, linked: bool) -> None:
    published = [run_report(one, AMSTERDAM) for one in runs]
    for key in {IsoWeek.of(datetime.fromisoformat(one["started_at"]).date()) for one in published} | {W47}:
        week = week_report(seen(*runs, as_=replace(HERE, linked=linked), key=key), "Els")
        mine = [one for one in published if week["from"] <= one["started_at"][:10] <= week["to"]]
        assert week["runs"] == len(mine)
        assert same(week["duration_s"], sum(one["duration_s"] for one in mine))
        assert same(week["distance_m"], sum(one["distance_m"] or 0 for one in mine))
        for part, seconds in week["zone"].items():
            assert same(seconds, sum((one["zone"] or {}).get(part) or 0 for one in mine))
        for verdict, count in week["verdicts"].items():
            of = [one for one in mine if one["verdict"] == verdict]
            assert count == len(of)
            for day in week["days"]:
                on = [one["duration_s"] for one in of if one["started_at"][:10] == day["date"]]
                assert same(day[f"{verdict}_s"], sum(on))


@pytest.mark.parametrize(
    ("agreed", "runs", "to_come"),
    [(True, 0, True), (False, 0, False), (True, 1, False)],
    ids=["agreed", "another day", "done already"],
)
def test_a_run_that_is_agreed_for_the_day_may_still_come(runs: int, *, agreed: bool, to_come: bool) -> None:
    today = replace(HERE, is_agreed_today=agreed)
    here = [run(6) for _ in range(runs)]
    assert seen(*here, as_=today).is_to_come is to_come


def test_a_week_that_is_over_waits_for_nobody() -> None:
    late = replace(HERE, now=HERE.now + timedelta(days=7), is_agreed_today=True)
    assert not seen(as_=late).is_to_come
