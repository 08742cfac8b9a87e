"""What a runner hears in a session beside the course: on effort, on the strap, and in praise."""

from dataclasses import replace
from itertools import pairwise

import pytest

from daemon.domain.heart_rate import Instant, SensorContact
from daemon.domain.nudges import Message
from daemon.domain.plan import StepKind
from daemon.domain.session import Close, Event, Speak, Ticked
from daemon.domain.strap import LossReason
from daemon.domain.zones import Position
from tests.builders import (
    ABOVE,
    BELOW,
    CALM,
    beat,
    beats,
    connected,
    lost,
    messages,
    play,
    said,
    session_of,
    started,
    stopped,
)

WARM_UP, RUN, WALK, RECOVERY, COOL_DOWN, PAUSE = StepKind


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


def test_a_word_says_the_smoothed_value() -> None:
    told = session_of(beats((0, CALM), (600, ABOVE), until=700))
    nudge = next(effect.nudge for effect in told.effects if isinstance(effect, Speak))
    assert nudge.bpm == ABOVE


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
