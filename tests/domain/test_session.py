"""A runner's session from the strap put on to the strap taken off."""

import math
from dataclasses import FrozenInstanceError, replace
from itertools import pairwise

import pytest

from daemon.domain.heart_rate import HeartRateSample, Instant, SensorContact
from daemon.domain.nudges import Message
from daemon.domain.plan import Edge, Step, StepKind
from daemon.domain.plausibility import Doubt
from daemon.domain.playback import with_ticks
from daemon.domain.session import (
    Announce,
    Close,
    Event,
    Keep,
    Open,
    Phase,
    Session,
    Speak,
    Terms,
    Ticked,
    advance,
    is_over,
)
from daemon.domain.strap import LossReason, RadioChanged, RadioTrouble, StrapConnected
from daemon.domain.zones import Position
from tests.builders import (
    ABOVE,
    BELOW,
    CALM,
    EASY,
    UNTIL_125,
    WALK_RUN,
    Told,
    beat,
    beats,
    course,
    led,
    lost,
    messages,
    play,
    said,
    session_of,
    started,
    stopped,
)

WARM_UP, RUN, WALK, RECOVERY, COOL_DOWN, PAUSE = StepKind


def connected(at_s: float) -> StrapConnected:
    return StrapConnected(Instant(at_s), "H10")


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


# -- cues ------------------------------------------------------------------------------------------


def test_each_leg_is_announced_as_it_begins_and_the_end_as_well() -> None:
    told = session_of(started(1000, *WALK_RUN), beats((1000, CALM), until=2000))
    assert told.cues == [
        (1000, WARM_UP, 300),
        (1300, RUN, 60),
        (1360, WALK, 120),
        (1480, RUN, 60),
        (1540, COOL_DOWN, 300),
        (1840, None, 0),
    ]


def test_cues_need_no_strap() -> None:
    told = session_of(started(0, (RUN, 60), (WALK, 60)), until=130)
    assert [kind for _, kind, _ in told.cues] == [RUN, WALK, None]


def test_a_tick_that_comes_a_moment_late_announces_the_whole_leg() -> None:
    told = session_of(started(0.4, *WALK_RUN), beats((1, CALM), until=400))
    assert told.cues == [(0.4, WARM_UP, 300), (301, RUN, 60), (361, WALK, 120)]


def test_legs_that_passed_unheard_are_not_announced_any_more() -> None:
    told = play([started(0, *WALK_RUN), beat(250), Ticked(Instant(520))])
    assert told.cues == [(0, WARM_UP, 300), (520, RUN, 20)]


def test_what_is_left_of_a_leg_is_never_no_time_at_all() -> None:
    told = play([started(0, *WALK_RUN), beat(100), Ticked(Instant(359.9))])
    assert told.cues[-1] == (359.9, RUN, 1)


def test_a_free_run_has_no_cues() -> None:
    assert session_of(started(0), beats((0, CALM), until=900)).cues == []


def test_a_strap_merely_worn_has_no_cues() -> None:
    assert session_of(beats((0, CALM), until=900)).cues == []


def test_a_start_in_the_middle_begins_its_course_anew() -> None:
    told = session_of(started(0, (RUN, 100), (WALK, 100)), started(150, (RUN, 100), (WALK, 100)), until=270)
    assert [(at, kind) for at, kind, _ in told.cues] == [(0, RUN), (100, WALK), (150, RUN), (250, WALK)]


# -- steps that the heart leads ----------------------------------------------------------------------


def walk_of(told: Told) -> float:
    """Return how long the walk lasted, which is the second step, by its cue and the next one."""
    moments = [at for at, _, _ in told.cues]
    return moments[2] - moments[1]


def falling(since_s: float, *, tau_s: float, until: float) -> list[HeartRateSample]:
    """Let the heart come down from 150 towards 110, as hearts do."""
    return [
        beat(second, round(110 + 40 * math.exp(-(second - since_s) / tau_s)))
        for second in range(int(since_s), int(until) + 1)
    ]


def test_a_walk_ends_as_soon_as_the_heart_has_come_down() -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 150), (390, 120), until=500))
    # smoothing takes some ten seconds to come down from 150
    assert [(at, kind) for at, kind, _ in told.cues] == [(0, RUN), (300, WALK), (401, RUN), (461, COOL_DOWN)]


def test_a_heart_that_falls_slowly_ends_the_walk_where_the_arithmetic_says() -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 150), until=299), falling(300, tau_s=54, until=500))
    heart_s = 54 * math.log(40 / 15)  # 150 is 40 over the 110 it falls to, 125 is 15 over
    smoothing_s = 2.5 + 5  # half the median's window, and the mean's time constant
    assert walk_of(told) == pytest.approx(heart_s + smoothing_s, abs=2)


@pytest.mark.parametrize(
    ("stays_at", "lasts_s"), [pytest.param(125, 112, id="at the number"), pytest.param(126, 180, id="one above it")]
)
def test_a_heart_that_stays_at_the_number_has_come_down(stays_at: int, lasts_s: float) -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 150), (390, stays_at), until=600))
    assert walk_of(told) == lasts_s


def test_the_heart_waits_for_the_least() -> None:
    assert walk_of(session_of(started(0, *UNTIL_125), beats((0, 120), until=500))) == 60


def test_whoever_never_comes_down_walks_for_the_most_and_goes_on() -> None:
    assert walk_of(session_of(started(0, *UNTIL_125), beats((0, 150), until=600))) == 180


@pytest.mark.parametrize(
    ("until", "lasts_s"), [pytest.param(Edge.LOW, 180, id="low"), pytest.param(Edge.HIGH, 60, id="high")]
)
def test_a_plan_for_everybody_speaks_of_the_edges_of_the_runners_own_zone(until: Edge, lasts_s: float) -> None:
    told = session_of(started(0, Step(RUN, 300), led(WALK, 60, 180, until), Step(RUN, 60)), beats((0, CALM), until=600))
    assert walk_of(told) == lasts_s


def test_without_a_zone_an_edge_is_never_reached_and_a_number_is() -> None:
    edge = started(0, Step(RUN, 300), led(WALK, 60, 180, Edge.LOW), Step(RUN, 60))
    assert walk_of(session_of(edge, beats((0, 90), until=600), target=None)) == 180
    assert walk_of(session_of(started(0, *UNTIL_125), beats((0, 90), until=600), target=None)) == 60


@pytest.mark.parametrize(
    "walking",
    [
        pytest.param([], id="no strap"),
        pytest.param(beats((301, 100), until=600, contact=SensorContact.LOST), id="no skin contact"),
        pytest.param(beats((301, 0), until=600), id="no value"),
    ],
)
def test_a_heart_that_is_not_heard_ends_nothing(walking: list[HeartRateSample]) -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 150), until=300), walking, until=590)
    assert walk_of(told) == 180


def test_a_value_of_before_the_silence_ends_nothing() -> None:
    # 120 was heard until just before the least was over, and nothing since
    told = session_of(started(0, *UNTIL_125), beats((0, 120), until=358), until=590)
    assert walk_of(told) == 180


def test_a_single_dip_ends_nothing() -> None:
    dip = [*beats((0, 150), until=399), beat(400, 122), *beats((401, 150), until=600)]
    assert walk_of(session_of(started(0, *UNTIL_125), dip)) == 180


def test_nor_does_the_first_value_after_a_silence() -> None:
    back = [*beats((0, 150), until=300), beat(400, 122), *beats((401, 150), until=600)]
    assert walk_of(session_of(started(0, *UNTIL_125), back)) == 180
    stays = [*beats((0, 150), until=300), *beats((400, 122), until=600)]
    assert walk_of(session_of(started(0, *UNTIL_125), stays)) == 105


def test_what_follows_keeps_its_length_and_its_order() -> None:
    legs = [led(WALK, 30, 120, 125), Step(RUN, 60), led(RECOVERY, 20, 90, Edge.LOW), Step(RUN, 60)]
    told = session_of(started(0, *legs), beats((0, 110), until=300))
    assert told.cues == [(0, WALK, 120), (30, RUN, 60), (90, RECOVERY, 90), (110, RUN, 60), (170, None, 0)]


def test_a_cue_says_at_least_and_at_most_where_the_heart_leads() -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 150), until=700))
    announced = [effect for effect in told.effects if isinstance(effect, Announce)]
    assert [(cue.for_s, cue.least_s) for cue in announced] == [
        (300, None),
        (180, 60),
        (60, None),
        (60, None),
        (0, None),
    ]


@pytest.mark.parametrize(
    ("at_s", "for_s", "least_s"),
    [pytest.param(340.5, 140, 20, id="some of the least is left"), pytest.param(360, 120, None, id="none is left")],
)
def test_one_that_comes_late_says_what_is_left(at_s: float, for_s: float, least_s: float | None) -> None:
    told = play([started(0, *UNTIL_125), beat(100, 150), Ticked(Instant(at_s))])
    assert Announce(Instant(at_s), WALK, for_s, least_s) in told.effects


def test_the_end_hands_on_the_course_as_it_was_run() -> None:
    told = session_of(started(0, *UNTIL_125), beats((0, 120), until=450), stopped(450))
    assert [close.course for close in told.closed] == [course(*UNTIL_125).cut(1, 360)]


def test_after_the_last_led_step_the_running_is_over_when_it_really_was() -> None:
    told = session_of(
        started(0, Step(RUN, 300), led(WALK, 60, 180, 130), Step(RUN, 240), Step(COOL_DOWN, 60)),
        beats((0, CALM), until=700),
    )
    assert said(told) == [(600, Message.WELL_KEPT)]


# -- a word about effort ---------------------------------------------------------------------------


def test_half_a_minute_above_speaks() -> None:
    # smoothing takes five seconds to pass the edge and its hysteresis
    told = session_of(beats((0, CALM), (600, ABOVE), until=640))
    assert told.session.trace.since == Instant(605)
    assert said(told) == [(635, Message.EASE_OFF)]


def test_twenty_nine_seconds_do_not() -> None:
    told = session_of(beats((0, CALM), (600, ABOVE), until=634))
    assert told.session.trace.position is Position.ABOVE
    assert said(told) == []


def test_a_brief_spike_is_forgiven() -> None:
    assert messages(session_of(beats((0, CALM), (600, 155), (620, CALM), until=900))) == []


def test_a_spike_of_one_value_is_not_even_seen() -> None:
    told = session_of(beats((0, CALM), (600, 155), (601, CALM), until=603))
    assert told.session.trace.position is Position.INSIDE


def test_two_over_the_edge_is_not_worth_a_word() -> None:
    assert messages(session_of(beats((0, CALM), (600, 138), until=1200))) == []


def test_who_is_coming_down_hears_nothing() -> None:
    # hysteresis alone still holds 136 above, but the edge itself belongs to the zone
    told = session_of(beats((0, CALM), (600, ABOVE), (612, 136), until=900))
    assert told.session.trace.position is Position.ABOVE
    assert messages(told) == []


def test_a_word_says_the_smoothed_value_and_how_far_it_is_out() -> None:
    told = session_of(beats((0, CALM), (600, ABOVE), until=700))
    nudge = next(effect.nudge for effect in told.effects if isinstance(effect, Speak))
    assert (nudge.bpm, nudge.by) == (ABOVE, ABOVE - EASY.high)


def test_nothing_is_said_in_the_first_five_minutes() -> None:
    told = session_of(beats((0, 150), until=400))
    assert said(told) == [(300, Message.EASE_OFF)]


def test_the_first_five_minutes_are_those_of_the_run_not_of_the_strap() -> None:
    told = session_of(beats((0, 90), (600, 120), (604, 150), until=1000), started(600))
    assert said(told) == [(900, Message.EASE_OFF)]


@pytest.mark.parametrize("kind", [WARM_UP, WALK, RECOVERY, COOL_DOWN])
def test_nothing_is_said_where_nobody_runs(kind: StepKind) -> None:
    told = session_of(started(0, (kind, 1200), (RUN, 10)), beats((0, ABOVE), until=1200))
    assert messages(told) == []


def test_a_value_that_still_tells_of_the_walk_is_not_judged() -> None:
    told = session_of(started(0, (WALK, 600), (RUN, 600)), beats((0, ABOVE), until=700))
    assert said(told) == [(660, Message.EASE_OFF)]


def test_after_the_last_run_effort_is_over() -> None:
    told = session_of(started(0, (RUN, 600)), beats((0, CALM), (590, ABOVE), until=1200))
    assert Message.EASE_OFF not in messages(told)


def test_nothing_is_said_about_effort_without_skin_contact() -> None:
    slipped = beats((600, ABOVE), until=900, contact=SensorContact.LOST)
    assert Message.EASE_OFF not in messages(session_of(beats((0, CALM), until=599), slipped))


def test_nothing_is_said_on_a_value_older_than_five_seconds() -> None:
    told = session_of(beats((0, CALM), (600, ABOVE), until=628), until=700)
    assert told.session.trace.position is Position.ABOVE
    assert messages(told) == []


def test_nothing_is_said_while_electrodes_still_dry_or_wet() -> None:
    # 175 from the start, and from 290 s on what is true: 145
    drying = beats((0, 175), (290, 145), until=330)
    assert said(session_of(drying)) == [(313, Message.EASE_OFF)]
    assert said(session_of(beats((0, 175), until=330))) == [(300, Message.EASE_OFF)]


def test_without_a_zone_there_is_nothing_to_say() -> None:
    assert messages(session_of(beats((0, ABOVE), until=1200), stopped(1200), target=None)) == []


# -- pauses ----------------------------------------------------------------------------------------


def test_the_pause_doubles_while_nothing_changes() -> None:
    told = session_of(beats((0, CALM), (600, ABOVE), until=3000))
    moments = [at for at, _ in said(told)]
    assert [later - earlier for earlier, later in pairwise(moments)] == [120, 240, 480, 480, 480, 480]


def test_whoever_came_back_inside_is_told_again_after_two_minutes() -> None:
    told = session_of(beats((0, CALM), (600, ABOVE), (1000, CALM), (1060, ABOVE), until=1300))
    moments = [at for at, _ in said(told)]
    assert moments == [635, 755, 995, 1115, 1235]


def test_two_minutes_are_kept_between_any_two_words() -> None:
    told = session_of(started(0), beats((0, CALM), (600, ABOVE), until=640), until=900)
    assert said(told) == [(635, Message.EASE_OFF), (755, Message.STRAP_LOST)]


def test_the_pause_outlives_the_session() -> None:
    told = session_of(beats((0, CALM), (600, ABOVE), until=640), stopped(641), started(642), until=760)
    assert said(told) == [(635, Message.EASE_OFF), (755, Message.STRAP_LOST)]


# -- a little more, if asked -----------------------------------------------------------------------


def test_below_the_zone_is_never_wrong() -> None:
    assert messages(session_of(beats((0, BELOW), until=1800))) == []


def test_who_asked_for_it_hears_that_there_is_room() -> None:
    told = session_of(beats((0, BELOW), until=2000), wants_pick_up=True)
    assert said(told)[0] == (300, Message.PICK_UP)
    assert set(messages(told)) == {Message.PICK_UP}


def test_there_too_the_pause_doubles_while_nothing_changes() -> None:
    told = session_of(beats((0, BELOW), until=2000), wants_pick_up=True)
    assert [at for at, _ in said(told)] == [300, 420, 660, 1140, 1620]


def test_whoever_is_just_inside_is_not_told_to_pick_up() -> None:
    # hysteresis alone still holds 119 below
    told = session_of(beats((0, BELOW), (250, 119), until=900), wants_pick_up=True)
    assert told.session.trace.position is Position.BELOW
    assert messages(told) == []


# -- a strap that is not heard ---------------------------------------------------------------------


def test_a_runner_who_counts_on_the_strap_hears_once_that_it_is_quiet() -> None:
    told = session_of(started(0), beats((0, CALM), until=400), lost(401), until=690)
    assert said(told) == [(430, Message.STRAP_LOST)]


def test_a_strap_merely_worn_may_go_out_of_the_door_without_a_word() -> None:
    assert messages(session_of(beats((0, CALM), until=400), lost(401), until=690)) == []


def test_a_strap_we_were_asked_to_let_go_of_is_not_missed() -> None:
    told = session_of(started(0), beats((0, CALM), until=400), lost(401, LossReason.RELEASED), until=690)
    assert messages(told) == []


def test_one_that_was_let_go_of_and_came_back_is_missed_again() -> None:
    back: list[Event] = [connected(450), *beats((451, CALM), until=500), lost(501)]
    told = session_of(started(0), beats((0, CALM), until=400), lost(401, LossReason.RELEASED), back, until=690)
    assert said(told) == [(530, Message.STRAP_LOST)]


def test_a_strap_that_just_came_back_is_not_called_quiet() -> None:
    told = play([started(0), *beats((0, CALM), until=100), lost(101), connected(200), Ticked(Instant(229))])
    assert messages(told) == []
    assert messages(play([Ticked(Instant(230))], told.session)) == [Message.STRAP_LOST]


def test_a_started_run_whose_strap_never_comes_is_told_so_after_half_a_minute() -> None:
    assert said(session_of(started(0), until=290)) == [(30, Message.STRAP_LOST)]


def test_a_start_leaves_half_a_minute_to_put_the_strap_on() -> None:
    assert said(session_of(beats((0, CALM), until=100), started(300), until=500)) == [(330, Message.STRAP_LOST)]


def test_a_strap_that_comes_and_goes_is_spoken_of_every_ten_minutes_at_most() -> None:
    flickering = [sample for minute in range(0, 1800, 100) for sample in beats((minute, CALM), until=minute + 20)]
    told = session_of(started(0), flickering)
    assert said(told) == [(50, Message.STRAP_LOST), (650, Message.STRAP_LOST), (1250, Message.STRAP_LOST)]


def test_a_strap_taken_off_after_the_last_run_is_not_missed() -> None:
    told = session_of(started(0, (RUN, 100), (COOL_DOWN, 600)), beats((0, CALM), until=110), until=400)
    assert Message.STRAP_LOST not in messages(told)


# -- dry electrodes --------------------------------------------------------------------------------


def test_a_strap_that_feels_no_skin_yet_deserves_a_word_before_any_session() -> None:
    told = session_of(connected(0), beats((1, 0), until=600, contact=SensorContact.LOST))
    assert said(told) == [(15, Message.WET_STRAP)]


def test_wetting_is_suggested_once_whether_before_the_session_or_in_it() -> None:
    drying = [beat(second, 0 if second % 2 else CALM) for second in range(60, 500)]
    told = session_of(connected(0), beats((1, 0), until=59), drying)
    assert messages(told) == [Message.WET_STRAP]


def test_another_evening_it_is_suggested_again() -> None:
    evening: list[Event] = [connected(0), *beats((1, 0), until=60), *beats((61, CALM), until=400), lost(401)]
    tomorrow: list[Event] = [replace(event, at=Instant(event.at + 86_400)) for event in evening]
    assert said(session_of(evening, tomorrow)) == [(15, Message.WET_STRAP), (86_415, Message.WET_STRAP)]


def test_a_single_fault_is_no_dry_strap() -> None:
    faults = [beat(second, 0 if second % 4 == 0 else CALM) for second in range(400)]
    assert messages(session_of(faults)) == []


def test_after_ten_minutes_it_is_not_the_electrodes() -> None:
    assert messages(session_of(beats((0, CALM), (610, 0), until=800))) == []


def test_a_strap_just_taken_off_is_not_damp() -> None:
    taken_off = beats((121, 0), until=900, contact=SensorContact.LOST)
    told = session_of(connected(0), started(0), beats((1, CALM), until=120), stopped(120), taken_off)
    assert messages(told) == []


def test_doubts_of_long_ago_do_not_count() -> None:
    # a word at 30 s makes the next one wait; what was doubted until then is stale when it may come
    dry = beats((40, 0), until=60)
    told = session_of(started(0), dry, until=240)
    assert messages(told) == [Message.STRAP_LOST]


# -- well kept -------------------------------------------------------------------------------------


def test_a_calm_run_is_praised_when_the_last_run_is_over_and_not_again_at_stop() -> None:
    told = session_of(
        started(0, (WARM_UP, 300), (RUN, 600), (COOL_DOWN, 300)), beats((0, CALM), until=1100), stopped(1100)
    )
    assert said(told) == [(900, Message.WELL_KEPT)]


def test_a_calm_free_run_is_praised_at_stop() -> None:
    told = session_of(started(0), beats((0, CALM), until=1200), stopped(1200))
    assert said(told) == [(1200, Message.WELL_KEPT)]
    assert [type(effect) for effect in told.effects[-2:]] == [Speak, Close]


@pytest.mark.parametrize(
    ("above_s", "words"),
    [pytest.param(195, [Message.WELL_KEPT], id="80 percent calm"), pytest.param(205, [], id="less")],
)
def test_praise_is_for_calm_runs(above_s: float, words: list[Message]) -> None:
    # above in pieces of 13 s, too short for a word
    cycle = 975 / 15
    levels = [
        level
        for index in range(15)
        for level in ((325 + index * cycle, 140), (325 + index * cycle + above_s / 15, CALM))
    ]
    told = session_of(beats((0, CALM), *levels, until=1300), stopped(1300))
    assert [message for message in messages(told) if message is Message.WELL_KEPT] == words


def test_a_run_too_short_to_be_judged_is_not_praised() -> None:
    assert messages(session_of(beats((0, CALM), until=290), stopped(290))) == []
    assert messages(session_of(beats((0, CALM), until=310), stopped(310))) == [Message.WELL_KEPT]


def test_praise_waits_for_enough_to_go_by() -> None:
    told = session_of(started(0), beats((0, CALM), until=90), beats((390, CALM), until=400), stopped(400))
    assert Message.WELL_KEPT not in messages(told)


def test_minutes_on_the_sofa_make_no_calm_run() -> None:
    told = session_of(beats((0, 70), (1800, 95), (1810, ABOVE), until=2500), started(1800), stopped(2500))
    assert Message.WELL_KEPT not in messages(told)


def test_a_strap_taken_off_without_a_stop_is_not_praised() -> None:
    told = session_of(started(0), beats((0, CALM), until=1200), lost(1201), until=2000)
    assert Message.WELL_KEPT not in messages(told)


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
