from dataclasses import replace
from math import inf

import pytest

from daemon.domain.nudges import RULES, Message, Nudge, View, choose
from daemon.domain.plan import StepKind
from daemon.domain.zones import Position
from tests.builders import EASY

QUIET = View(
    elapsed_s=1200,
    silent_s=0,
    unbelieved_s=0,
    started=True,
    finishing=False,
    bpm=128.0,
    target=EASY,
    position=Position.INSIDE,
    strayed_s=600,
    settled=True,
    step=None,
    step_s=inf,
    since_word_s=inf,
    pause_s=120,
    since_loss_word_s=inf,
    since_wet_word_s=inf,
    said=frozenset(),
    doubts=0,
    heard=30,
    calm_share=1.0,
    judged_s=900,
)
"""A runner whom there is nothing to tell."""

ABOVE = replace(QUIET, bpm=149.4, position=Position.ABOVE, strayed_s=30)
BELOW = replace(QUIET, bpm=104.6, position=Position.BELOW, strayed_s=60, wants_pick_up=True)


def test_there_is_nothing_to_say_to_a_runner_who_is_well() -> None:
    assert choose(QUIET) is None


def test_rules_speak_in_the_order_of_their_rank() -> None:
    assert [rule.__name__ for rule in RULES] == ["strap_lost", "wet_strap", "ease_off", "pick_up", "well_kept"]
    silent_and_dry = replace(QUIET, elapsed_s=500, silent_s=30, doubts=15, heard=30)
    assert choose(silent_and_dry) == Nudge(Message.STRAP_LOST)
    assert choose(replace(silent_and_dry, silent_s=0)) == Nudge(Message.WET_STRAP)


def test_a_word_carries_the_value_and_its_distance_from_the_edge() -> None:
    assert choose(ABOVE) == Nudge(Message.EASE_OFF, 149)
    assert choose(BELOW) == Nudge(Message.PICK_UP, 105)


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(replace(ABOVE, since_word_s=119.9), id="two minutes have not passed since the last word"),
        pytest.param(replace(ABOVE, since_word_s=200, pause_s=240), id="nothing changed and the pause has doubled"),
        pytest.param(replace(ABOVE, strayed_s=29.9), id="half a minute has not passed"),
        pytest.param(replace(ABOVE, elapsed_s=299.9), id="the first five minutes"),
        pytest.param(replace(ABOVE, unbelieved_s=5.1), id="the value is old"),
        pytest.param(replace(ABOVE, settled=False), id="the value is restless"),
        pytest.param(replace(ABOVE, step=StepKind.WALK), id="walking"),
        pytest.param(replace(ABOVE, step=StepKind.RUN, step_s=59.9), id="the first minute of a run after a walk"),
        pytest.param(replace(ABOVE, finishing=True, calm_share=0.5), id="the running is over"),
        pytest.param(replace(ABOVE, bpm=136.4), id="as good as on the edge"),
        pytest.param(replace(ABOVE, bpm=None), id="no value"),
        pytest.param(replace(ABOVE, target=None), id="no zone"),
        pytest.param(replace(BELOW, wants_pick_up=False), id="below, and nobody asked"),
        pytest.param(replace(BELOW, strayed_s=59.9), id="a minute below has not passed"),
        pytest.param(replace(BELOW, bpm=117.6), id="as good as on the lower edge"),
    ],
)
def test_nothing_is_said_about_effort_when(view: View) -> None:
    assert choose(view) is None


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(replace(ABOVE, since_word_s=120), id="two minutes after the last word"),
        pytest.param(replace(ABOVE, elapsed_s=300), id="after five minutes"),
        pytest.param(replace(ABOVE, unbelieved_s=5), id="on a value of five seconds ago"),
        pytest.param(replace(ABOVE, step=StepKind.RUN, step_s=60), id="a minute into a run"),
    ],
)
def test_a_word_about_effort_comes(view: View) -> None:
    assert choose(view) == Nudge(Message.EASE_OFF, 149)


@pytest.mark.parametrize(
    ("view", "speaks"),
    [
        pytest.param(replace(QUIET, silent_s=29.9), False, id="a moment"),
        pytest.param(replace(QUIET, silent_s=30), True, id="half a minute"),
        pytest.param(replace(QUIET, silent_s=30, started=False), False, id="nobody counts on it"),
        pytest.param(replace(QUIET, silent_s=30, released=True), False, id="the runner wished it"),
        pytest.param(replace(QUIET, silent_s=30, finishing=True, judged_s=0), False, id="the running is over"),
        pytest.param(replace(QUIET, silent_s=30, since_loss_word_s=599), False, id="told within ten minutes"),
        pytest.param(replace(QUIET, silent_s=700, since_loss_word_s=650), False, id="told in this very silence"),
        pytest.param(replace(QUIET, silent_s=700, since_loss_word_s=800), True, id="told before this silence"),
    ],
)
def test_a_quiet_strap_is_spoken_of(view: View, *, speaks: bool) -> None:
    assert choose(view) == (Nudge(Message.STRAP_LOST) if speaks else None)


DRY = replace(QUIET, elapsed_s=600, doubts=15, heard=30)


@pytest.mark.parametrize(
    ("view", "speaks"),
    [
        pytest.param(DRY, True, id="fifteen doubts in half a minute"),
        pytest.param(replace(DRY, doubts=14), False, id="fourteen"),
        pytest.param(replace(DRY, heard=46), False, id="less than a third"),
        pytest.param(replace(DRY, elapsed_s=600.1), False, id="after ten minutes"),
        pytest.param(replace(DRY, since_wet_word_s=3600), False, id="told an hour ago"),
        pytest.param(replace(DRY, since_wet_word_s=86_400), True, id="told yesterday"),
        pytest.param(replace(DRY, finishing=True, judged_s=0), False, id="the running is over"),
    ],
)
def test_a_dry_strap_is_spoken_of(view: View, *, speaks: bool) -> None:
    assert choose(view) == (Nudge(Message.WET_STRAP) if speaks else None)


DONE = replace(QUIET, finishing=True, calm_share=0.8, judged_s=120, elapsed_s=300)


@pytest.mark.parametrize(
    ("view", "speaks"),
    [
        pytest.param(DONE, True, id="four fifths calm"),
        pytest.param(replace(DONE, calm_share=0.79), False, id="less"),
        pytest.param(replace(DONE, calm_share=None), False, id="nothing to go by"),
        pytest.param(replace(DONE, judged_s=119), False, id="too little to go by"),
        pytest.param(replace(DONE, elapsed_s=299), False, id="too short to be judged"),
        pytest.param(replace(DONE, finishing=False), False, id="still running"),
        pytest.param(replace(DONE, said=frozenset({Message.WELL_KEPT})), False, id="praised already"),
    ],
)
def test_a_calm_run_is_praised(view: View, *, speaks: bool) -> None:
    assert choose(view) == (Nudge(Message.WELL_KEPT) if speaks else None)
