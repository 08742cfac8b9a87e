"""A runner's session from the strap put on to the strap taken off."""

from dataclasses import FrozenInstanceError

import pytest

from daemon.domain.heart_rate import Instant, SensorContact
from daemon.domain.plan import StepKind
from daemon.domain.plausibility import Doubt
from daemon.domain.playback import with_ticks
from daemon.domain.session import Close, Keep, Open, Phase, Session, Terms, advance, is_over
from daemon.domain.strap import RadioChanged, RadioTrouble
from tests.builders import ABOVE, CALM, EASY, WALK_RUN, beat, beats, connected, lost, play, session_of, started, stopped

WARM_UP, RUN, WALK, RECOVERY, COOL_DOWN, PAUSE = StepKind


# -- opening and closing ---------------------------------------------------------------------------


def test_the_first_believed_value_opens_a_session() -> None:
    told = session_of([beat(0, 0), beat(1, 128, SensorContact.LOST), beat(2, 250), beat(3, 128)])
    assert told.opened == [3]
    assert told.kept == [Keep(beat(3, 128), None)]
    assert told.session.phase is Phase.OPEN


def test_nothing_but_doubt_opens_nothing() -> None:
    told = session_of(connected(0), beats((1, 0), until=600), until=700)
    assert told.opened == []
    assert told.kept == []


def test_an_open_session_keeps_what_it_does_not_believe_with_the_reason() -> None:
    told = session_of([beat(0), beat(1, 0), beat(1.1, 0), beat(2, 128, SensorContact.LOST), beat(3, 129)])
    assert [keep.doubt for keep in told.kept] == [None, Doubt.NO_VALUE, Doubt.ECHO, Doubt.NO_CONTACT, None]


@pytest.mark.parametrize(
    ("silence_s", "sessions"),
    [
        pytest.param(299, 1, id="4 min 59 s are a gap"),
        pytest.param(300, 2, id="5 min are an end"),
    ],
)
@pytest.mark.parametrize("ticking", [True, False], ids=["ticks between", "no tick between"])
def test_a_strap_lost_and_found_within_five_minutes_is_the_same_session(
    silence_s: float, sessions: int, *, ticking: bool
) -> None:
    events = [*beats((0, CALM), until=100), *beats((100 + silence_s, CALM), until=600)]
    told = play(with_ticks(events) if ticking else events)
    assert len(told.opened) == sessions
    assert len(told.closed) == sessions - 1


def test_values_nobody_believes_keep_no_session_open() -> None:
    told = session_of(beats((0, CALM), (101, 0), until=500))
    assert told.closed == [Close(Instant(400), Instant(100), asked=False)]


def test_a_session_ends_with_its_last_believed_value_not_when_that_is_noticed() -> None:
    told = session_of(beats((0, CALM), until=100), until=1000)
    assert told.closed == [Close(Instant(400), Instant(100), asked=False)]
    assert told.session.phase is Phase.WAITING


def test_a_frozen_value_opens_no_new_session_after_it_closed_one() -> None:
    taken_off = beats((600, CALM), until=2400, rr=())
    told = session_of(beats((0, CALM), until=599), taken_off)
    assert told.opened == [0]
    assert told.closed == [Close(Instant(958), Instant(658), asked=False)]


def test_is_over_asks_nobody_who_is_not_there() -> None:
    assert not is_over(Session(), Instant(9999))


# -- start and stop --------------------------------------------------------------------------------


def test_start_without_a_strap_opens_at_once_and_closes_when_none_comes() -> None:
    told = session_of(started(10), until=400)
    assert told.opened == [10]
    assert told.closed == [Close(Instant(310), None, asked=True)]


def test_a_strap_that_comes_after_start_belongs_to_it() -> None:
    told = session_of(started(10), beats((200, CALM), until=400))
    assert told.opened == [10]
    assert told.closed == []


def test_start_keeps_a_session_that_is_open() -> None:
    told = session_of(beats((0, CALM), until=600), started(60, (WARM_UP, 300), (RUN, 300)))
    assert told.opened == [0]
    assert len(told.kept) == 601
    assert told.cues[0] == (60, WARM_UP, 300)


def test_start_gives_a_strap_that_was_off_for_nearly_five_minutes_time_to_come_back() -> None:
    told = session_of(beats((0, CALM), until=100), started(398, (RUN, 600)), beats((420, CALM), until=500))
    assert told.opened == [0]
    assert told.closed == []


def test_start_after_five_quiet_minutes_is_a_new_session() -> None:
    told = play([*beats((0, CALM), until=100), started(1000)])
    assert [type(effect) for effect in told.effects[-2:]] == [Close, Open]
    assert told.opened == [0, 1000]


def test_stop_ends_the_session_at_once() -> None:
    told = session_of(beats((0, CALM), until=100), stopped(120))
    assert told.closed == [Close(Instant(120), Instant(100), asked=True)]
    assert told.session.phase is Phase.RESTING


def test_stop_without_a_session_does_nothing() -> None:
    assert session_of(connected(0), stopped(5), until=20).effects == ()


def test_a_stop_that_comes_after_five_quiet_minutes_still_closes() -> None:
    told = play([*beats((0, CALM), until=100), stopped(1000)])
    assert told.closed == [Close(Instant(1000), Instant(100), asked=False)]


def test_a_strap_still_worn_after_stop_is_no_new_run() -> None:
    told = session_of(beats((0, CALM), until=1200), stopped(600))
    assert told.opened == [0]
    assert told.kept[-1].sample == beat(600)
    assert told.session.phase is Phase.RESTING


@pytest.mark.parametrize(
    ("silence_s", "sessions"), [pytest.param(299, 1, id="4 min 59 s of rest"), pytest.param(300, 2, id="5 min of rest")]
)
def test_after_stop_five_quiet_minutes_make_room_for_a_new_run(silence_s: float, sessions: int) -> None:
    worn_on = beats((0, CALM), until=700)
    told = session_of(worn_on, stopped(600), beats((700 + silence_s, CALM), until=1100))
    assert len(told.opened) == sessions


def test_another_start_after_stop_is_a_new_run() -> None:
    told = session_of(beats((0, CALM), until=1000), stopped(600), started(700))
    assert told.opened == [0, 700]
    assert told.closed == [Close(Instant(600), Instant(600), asked=True)]


def test_stop_before_any_value_leaves_no_run() -> None:
    told = session_of(started(0), stopped(60))
    assert told.closed == [Close(Instant(60), None, asked=True)]


def test_a_new_session_begins_with_a_clean_sheet() -> None:
    first = session_of(started(0, (RUN, 900)), beats((0, ABOVE), until=900))
    then = play([*beats((1300, CALM), until=1310)], first.session)
    assert then.session.started_at is None
    assert then.session.course is None
    assert then.session.words.in_a_row == 0
    assert then.session.tally.judged_s(10) == 10


def test_the_radios_troubles_are_not_the_runners() -> None:
    session = session_of(beats((0, CALM), until=10)).session
    assert advance(session, RadioChanged(Instant(11), RadioTrouble.STUCK)) == (session, ())


def test_a_session_is_a_value_nobody_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        Session().leg = 3  # type: ignore[misc]


# -- the tally -------------------------------------------------------------------------------------


def test_the_tally_counts_held_values_as_the_judgement_does() -> None:
    told = session_of([beat(0), beat(1), beat(8), beat(40), beat(41, 140), beat(42, 140)])
    tally = told.session.tally
    assert (tally.early_calm_s, tally.early_above_s) == (1 + 7 + 10 + 1, 1)
    assert tally.judged_s(42) == 20
    assert tally.calm_share(42) == pytest.approx(0.95)


def test_from_ten_minutes_on_the_first_five_do_not_count() -> None:
    tally = session_of(beats((0, ABOVE), (300, CALM), until=600)).session.tally
    assert tally.calm_share(599) == pytest.approx(0.5, abs=0.01)
    assert tally.calm_share(600) == 1


def test_nothing_counted_is_no_share() -> None:
    assert Session(Terms(EASY)).tally.calm_share(1000) is None


def test_a_recording_played_again_gives_the_same_words() -> None:
    told = session_of(
        connected(0), started(5, *WALK_RUN), beats((10, CALM), (320, ABOVE), until=1000), lost(1000), stopped(1100)
    )
    assert play(told.events) == told
