"""When to say a word, and which: one function a rule, in the order in which they speak.

Too few words and nobody is helped; too many and the strap ends in a drawer. So a word comes after half a
minute of straying, never within two minutes of the one before, and the pause doubles while nothing changes:
whoever stays above the zone has heard it. Nothing is said about effort in the first five minutes (cold
electrodes lie and hearts climb), in walking or recovery (the heart lags by a minute), or without skin
contact. Below the zone is never wrong; `pick_up` speaks only to those who asked for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from daemon.domain.plan import StepKind
from daemon.domain.zones import Position, TargetZone

PATIENCE_S = 30.0
"""How long above the zone before a word."""
PAUSE_S, LONGEST_PAUSE_S = 120.0, 480.0
"""The pause after a word: a correction takes one to three minutes to show on the strap."""
TOO_SOON_S = 300.0
"""No word about effort in the first five minutes."""
DRYING_S = 600.0
"""Dry electrodes betray themselves within the first ten minutes."""
LAG_S = 60.0
"""After a change from walking to running the value still tells of the walk."""
SILENCE_S = 30.0
"""How long a strap may be quiet in a run that was started before its runner hears of it."""
LOSS_PAUSE_S = 600.0
WET_PAUSE_S = 3 * 3600.0
"""Once is enough for an evening."""
SLOW_PATIENCE_S = 60.0
CALM_SHARE = 0.80
ENOUGH_S = 120.0
"""Judged seconds without which nothing is said about how it went, nor in a run under five minutes."""
DOUBTS_NEEDED, DOUBTED_SHARE = 15, 1 / 3


class Message(Enum):
    """What may be said during a run."""

    STRAP_LOST = "strap_lost"
    WET_STRAP = "wet_strap"
    EASE_OFF = "ease_off"
    PICK_UP = "pick_up"
    WELL_KEPT = "well_kept"


ABOUT_EFFORT = frozenset({Message.EASE_OFF, Message.PICK_UP})


@dataclass(frozen=True, slots=True)
class Nudge:
    """One gentle word. `bpm` is the smoothed heart rate that it is about."""

    message: Message
    bpm: int | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What a rule may see of a session; durations in seconds, infinite where it never happened."""

    elapsed_s: float
    silent_s: float
    """Since the strap was last heard at all, or came on the line."""
    unbelieved_s: float
    """Since the last believed value."""
    started: bool
    """The runner asked for coaching; a strap that is merely worn may go out of the door without a word."""
    finishing: bool
    """The running is over: cool-down has begun, or the runner stopped."""
    bpm: float | None
    target: TargetZone | None
    position: Position | None
    strayed_s: float
    """How long the value has been where it is, in this step."""
    settled: bool
    step: StepKind | None
    """None on a free run."""
    step_s: float
    since_word_s: float
    pause_s: float
    since_loss_word_s: float
    since_wet_word_s: float
    said: frozenset[Message]
    doubts: int
    """Samples of the last half minute that were not believed, and"""
    heard: int
    """how many there were."""
    calm_share: float | None
    judged_s: float
    wants_pick_up: bool = False
    released: bool = False
    """The runner wished us to let go of the strap: its silence is no news."""


Rule: TypeAlias = Callable[[View], Nudge | None]


def strap_lost(view: View) -> Nudge | None:
    """Say once that the strap is not heard any more, if the runner counts on it."""
    gone = view.silent_s >= SILENCE_S and view.since_loss_word_s >= max(LOSS_PAUSE_S, view.silent_s)
    missed = view.started and not view.released and not view.finishing
    return Nudge(Message.STRAP_LOST) if gone and missed else None


def wet_strap(view: View) -> Nudge | None:
    """Suggest wetting the electrodes, once, when much of what the strap says makes no sense."""
    if view.since_wet_word_s < WET_PAUSE_S or view.elapsed_s > DRYING_S or view.finishing:
        return None
    dry = view.doubts >= DOUBTS_NEEDED and view.doubts >= DOUBTED_SHARE * view.heard
    return Nudge(Message.WET_STRAP) if dry else None


def ease_off(view: View) -> Nudge | None:
    """Speak up when the runner has been above the zone for too long."""
    strayed = view.position is Position.ABOVE and view.strayed_s >= PATIENCE_S
    if strayed and _is_still_out(view) and _may_judge(view):
        return _nudge(Message.EASE_OFF, view)
    return None


def pick_up(view: View) -> Nudge | None:
    """Say that a little more is fine, to a runner who asked to hear it."""
    wanted = view.wants_pick_up and view.position is Position.BELOW
    if wanted and view.strayed_s >= SLOW_PATIENCE_S and _is_still_out(view) and _may_judge(view):
        return _nudge(Message.PICK_UP, view)
    return None


def well_kept(view: View) -> Nudge | None:
    """Praise a calm run once, at its end."""
    enough = view.elapsed_s >= TOO_SOON_S and view.judged_s >= ENOUGH_S and Message.WELL_KEPT not in view.said
    if view.finishing and enough and view.calm_share is not None and view.calm_share >= CALM_SHARE:
        return Nudge(Message.WELL_KEPT)
    return None


RULES: tuple[Rule, ...] = (strap_lost, wet_strap, ease_off, pick_up, well_kept)


def choose(view: View) -> Nudge | None:
    """Return the word of the first rule that has one, if it is time for a word at all."""
    if view.since_word_s < PAUSE_S:
        return None
    return next((nudge for rule in RULES if (nudge := rule(view))), None)


def _may_judge(view: View) -> bool:
    """Tell whether the value says something about the runner's effort at this moment."""
    current = view.unbelieved_s <= 5 and view.settled  # noqa: PLR2004 - a value is current for 5 s
    running = view.step is None or (view.step is StepKind.RUN and view.step_s >= LAG_S)
    in_time = view.elapsed_s >= TOO_SOON_S and view.since_word_s >= view.pause_s
    return current and running and in_time and not view.finishing


def _is_still_out(view: View) -> bool:
    """Tell whether the value is still outside; one that hysteresis alone holds there is coming back already."""
    return view.bpm is not None and view.target is not None and view.target.locate(round(view.bpm)) is view.position


def _nudge(message: Message, view: View) -> Nudge:
    return Nudge(message, None if view.bpm is None else round(view.bpm))
