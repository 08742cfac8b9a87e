"""From heart beats to facts and letters: one runner's evening, with all that may come between."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from daemon.domain.effort import Reason, Verdict
from daemon.domain.heart_rate import Bpm
from daemon.domain.plan import PlanRef
from daemon.domain.run import Source
from daemon.domain.session import OVER_AFTER_S
from daemon.domain.strap import RadioChanged, RadioTrouble
from daemon.domain.zones import TargetZone, ZoneOrigin
from daemon.store import CoachingStarted, Kind, LetterWritten, RunKept, SampleKept, SessionDiscarded, SessionOpened
from tests.builders import ABOVE, CALM
from tests.fakes import EASY, EVENING, MAIL, PHONE, FakeClock, runner
from tests.scenarios.evening import COURSE, QUIET_S, Evening


class TestSession:
    def test_a_strap_that_is_worn_opens_a_session_and_every_sample_is_kept(self, evening: Evening) -> None:
        evening.connect()
        evening.wear(10)
        (opened,) = evening.of(SessionOpened)
        assert isinstance(opened, SessionOpened)
        assert (opened.runner, opened.target) == ("Els", EASY)
        assert opened.started_at == EVENING + timedelta(seconds=1)
        kept = [fact.sample.at for fact in evening.facts if isinstance(fact, SampleKept)]
        assert kept == [float(second) for second in range(10)]

    def test_five_minutes_after_the_last_value_it_is_a_run(self, evening: Evening) -> None:
        evening.wear(1200)
        evening.wait(QUIET_S)
        (run,) = evening.runs()
        assert run.sources == (Source.STRAP,)
        assert run.duration_s == 1200
        assert run.started_at == EVENING + timedelta(seconds=1)
        assert run.judgement.verdict is Verdict.CALM
        assert not evening.coach.is_open
        assert evening.coach.last_run == run

    def test_the_run_has_the_samples_that_were_kept(self, evening: Evening) -> None:
        evening.wear(400)
        evening.coach.stop()
        (kept,) = evening.of(RunKept)
        assert isinstance(kept, RunKept)
        assert kept.samples == tuple(fact.sample for fact in evening.facts if isinstance(fact, SampleKept))

    def test_a_strap_lost_and_found_within_five_minutes_is_the_same_session(self, evening: Evening) -> None:
        evening.connect()
        evening.wear(400)
        evening.lose()
        evening.wait(int(OVER_AFTER_S) - 10)
        evening.connect()
        evening.wear(400)
        evening.coach.stop()
        assert len(evening.of(SessionOpened)) == 1
        (run,) = evening.runs()
        assert run.duration_s == pytest.approx(1090, abs=1)

    def test_a_strap_found_after_more_than_five_minutes_is_another_session(self, evening: Evening) -> None:
        evening.wear(400)
        evening.wait(QUIET_S)
        evening.wear(400)
        evening.coach.stop()
        assert len(evening.of(SessionOpened)) == len(evening.runs()) == 2
        assert len({run.id for run in evening.runs()}) == 2

    def test_stop_returns_the_run_and_stopping_again_returns_none(self, evening: Evening) -> None:
        evening.wear(400)
        run = evening.coach.stop()
        assert run is not None
        assert run == evening.coach.last_run
        assert evening.coach.stop() is None
        assert evening.runs() == [run]

    def test_a_strap_still_worn_after_stop_is_no_new_run(self, evening: Evening) -> None:
        evening.wear(400)
        evening.coach.stop()
        evening.wear(100)
        assert not evening.coach.is_open
        assert len(evening.of(SessionOpened)) == 1

    def test_start_opens_a_session_at_once_and_keeps_the_course(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        (begun,) = evening.of(CoachingStarted)
        assert isinstance(begun, CoachingStarted)
        assert (begun.session, begun.at_s, begun.course) == (evening.coach.session_id, 0.0, COURSE)
        evening.wear(600)
        run = evening.coach.stop()
        assert run is not None
        assert run.plan == PlanRef("rustig-12", 4)

    def test_start_while_the_strap_is_worn_begins_within_the_session(self, evening: Evening) -> None:
        evening.wear(31)
        evening.coach.start(None)
        (begun,) = evening.of(CoachingStarted)
        assert isinstance(begun, CoachingStarted)
        assert begun.at_s == 30.0
        assert len(evening.of(SessionOpened)) == 1

    def test_what_was_heard_before_the_start_is_kept_and_enters_no_figure(self, evening: Evening) -> None:
        evening.wear(60, ABOVE)
        evening.wait(1)
        evening.coach.start(None)
        evening.wear(400, CALM)
        run = evening.coach.stop()
        assert run is not None
        assert run.started_at == EVENING + timedelta(seconds=61)
        assert (run.duration_s, run.judgement.heart_rate.samples, run.judgement.calm_pct) == (401, 400, 100)
        (kept,) = evening.of(RunKept)
        assert isinstance(kept, RunKept)
        assert [one.at for one in kept.samples] == [float(second) for second in range(-60, 401) if second]

    def test_a_start_without_a_strap_leaves_no_run(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wait(QUIET_S)
        assert len(evening.of(SessionDiscarded)) == 1
        assert evening.runs() == []
        assert evening.letters(Kind.AFTER) == []

    def test_without_a_zone_there_is_a_run_but_no_verdict(self) -> None:
        evening = Evening(runner("Els", PHONE, zones=()))
        evening.wear(700, ABOVE)
        run = evening.coach.stop()
        assert run is not None
        assert (run.target, run.judgement.reason) == (None, Reason.NO_ZONE)

    def test_the_zone_is_that_of_the_day_on_which_the_session_began(self) -> None:
        later = TargetZone(Bpm(110), Bpm(125), ZoneOrigin.OWN, "Els", date(2026, 11, 22))
        evening = Evening(runner("Els", PHONE, zones=(EASY, later)), FakeClock(EVENING.replace(hour=23, minute=50)))
        evening.wear(1200)
        first = evening.coach.stop()
        evening.wait(QUIET_S)
        evening.wear(400)
        second = evening.coach.stop()
        assert first is not None
        assert second is not None
        assert (first.target, second.target) == (EASY, later)

    @pytest.mark.parametrize(
        "began",
        [datetime(1970, 1, 1, tzinfo=UTC), EVENING - timedelta(hours=9), EVENING + timedelta(days=30)],
        ids=["1970", "before", "after"],
    )
    def test_a_wall_clock_that_is_set_meanwhile_tells_when_the_run_began(self, began: datetime) -> None:
        evening = Evening(clock=FakeClock(began))
        evening.wear(600)
        evening.clock.set_wall(EVENING + timedelta(seconds=600))
        evening.wear(300)
        run = evening.coach.stop()
        assert run is not None
        assert (run.started_at, run.duration_s) == (EVENING + timedelta(seconds=1), 900)

    @pytest.mark.parametrize("moved", [timedelta(seconds=50), timedelta(days=-20_000)], ids=["by a little", "to 1972"])
    def test_a_clock_that_moves_a_little_or_to_a_time_that_cannot_be_changes_nothing(
        self, evening: Evening, moved: timedelta
    ) -> None:
        evening.wear(300)
        evening.clock.set_wall(evening.clock.now() + moved)
        evening.wear(300)
        run = evening.coach.stop()
        assert run is not None
        assert (run.started_at, run.duration_s) == (EVENING + timedelta(seconds=1), 600)

    def test_what_matters_is_committed_at_once_and_samples_are_not(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(400)
        evening.coach.stop()
        assert {type(fact) for fact in evening.urgent} == {SessionOpened, CoachingStarted, LetterWritten, RunKept}

    def test_trouble_with_the_radio_is_not_the_runners(self, evening: Evening) -> None:
        evening.wear(10)
        evening.coach.handle(RadioChanged(evening.clock.monotonic(), RadioTrouble.NO_ADAPTER))
        assert evening.coach.is_open


class TestWords:
    def test_whoever_runs_too_hard_hears_one_kind_word_on_every_channel(self, evening: Evening) -> None:
        evening.wear(320, CALM)
        evening.wear(90, ABOVE)
        spoken = evening.letters(Kind.LIVE)
        assert [letter.channel for letter in spoken] == [PHONE.id, MAIL.id]
        assert len({letter.key for letter in spoken}) == 1

    def test_figures_are_for_channels_that_want_them(self, evening: Evening) -> None:
        evening.wear(320, CALM)
        evening.wear(90, ABOVE)
        evening.wear(600, CALM)
        evening.coach.stop()
        assert evening.letters(Kind.LIVE)
        assert evening.letters(Kind.AFTER)
        for letter in evening.letters():
            if letter.channel == PHONE.id:
                assert not re.search(r"\d", letter.text.title + letter.text.body)
        by_mail = [letter.text.body for letter in evening.letters() if letter.channel == MAIL.id]
        assert "136" in by_mail[0]
        assert "%" in by_mail[-1]

    def test_a_live_word_is_worth_a_minute_and_a_cue_ten_seconds(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        (cue, _) = evening.letters(Kind.LIVE)
        assert cue.expires_at - cue.written_at == timedelta(seconds=10)
        evening.wear(121)
        evening.wear(179, ABOVE)
        evening.wear(3, CALM)
        nudges = [letter for letter in evening.letters(Kind.LIVE) if "cue" not in letter.key]
        assert {letter.expires_at - letter.written_at for letter in nudges} <= {timedelta(seconds=60)}

    def test_the_course_is_announced_leg_by_leg_and_its_end(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(int(COURSE.for_s) + 5)
        titles = [letter.text.title for letter in evening.letters(Kind.LIVE) if letter.channel == PHONE.id]
        cues = [title for title in titles if title in {"Walk to warm up", "Run calmly", "Walk", "Walk to cool down"}]
        assert cues == ["Walk to warm up", *["Run calmly", "Walk"] * 3, "Walk to cool down"]
        assert titles[-1] == "That was it"

    def test_every_word_is_a_letter_of_its_own(self, evening: Evening) -> None:
        evening.coach.start(COURSE)
        evening.wear(300, CALM)
        evening.wear(900, ABOVE)
        evening.coach.stop()
        names = [(letter.key, letter.channel) for letter in evening.letters()]
        assert len(names) == len(set(names))

    def test_a_run_of_some_length_gets_its_three_lines(self, evening: Evening) -> None:
        evening.wear(900)
        evening.wait(QUIET_S)
        (by_phone, by_mail) = evening.letters(Kind.AFTER)
        assert (by_phone.channel, by_mail.channel) == (PHONE.id, MAIL.id)
        assert len(by_phone.text.body.splitlines()) == 3

    def test_the_run_and_its_three_lines_are_noted_together(self, evening: Evening) -> None:
        evening.wear(900)
        evening.coach.stop()
        place = evening.facts.index(evening.of(RunKept)[0])
        assert [type(fact) for fact in evening.facts[place:]] == [RunKept, LetterWritten, LetterWritten]

    def test_a_strap_only_tried_on_is_kept_and_not_talked_about(self, evening: Evening) -> None:
        evening.wear(30)
        evening.wait(QUIET_S)
        assert len(evening.runs()) == 1
        assert evening.letters() == []

    def test_a_low_battery_is_told_once_a_week(self, evening: Evening) -> None:
        store_keys = set[tuple[str, str]]()
        for _ in range(3):
            evening.connect(battery_pct=9)
            evening.lose()
        store_keys |= {(letter.key, letter.channel) for letter in evening.letters(Kind.SERVICE)}
        assert len(store_keys) == 2
        evening.clock.set_wall(EVENING + timedelta(days=7))
        evening.connect(battery_pct=9)
        assert len({(letter.key, letter.channel) for letter in evening.letters(Kind.SERVICE)}) == 4

    @pytest.mark.parametrize("battery_pct", [None, 11, 100])
    def test_a_battery_that_is_well_or_unknown_is_not_talked_about(
        self, battery_pct: int | None, evening: Evening
    ) -> None:
        evening.connect(battery_pct)
        assert evening.letters() == []


class TestCurve:
    def test_it_has_every_believed_value_with_its_second(self, evening: Evening) -> None:
        evening.wear(3, CALM)
        evening.wear(2, 0)
        evening.wear(1, 130)
        assert list(evening.coach.curve) == [(0.0, CALM), (1.0, CALM), (2.0, CALM), (5.0, 130)]

    def test_it_says_where_the_course_begins(self, evening: Evening) -> None:
        assert evening.coach.coached_from_s is None
        evening.wear(31)
        assert evening.coach.coached_from_s is None
        evening.coach.start(COURSE)
        assert evening.coach.coached_from_s == 30.0

    def test_it_ends_with_the_session(self, evening: Evening) -> None:
        assert list(evening.coach.curve) == []
        evening.wear(400)
        evening.coach.stop()
        evening.wear(20)
        assert list(evening.coach.curve) == []
        assert evening.coach.coached_from_s is None
