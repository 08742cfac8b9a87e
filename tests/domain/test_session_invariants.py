"""What holds for every session, whatever happens in whatever order."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from daemon.domain.effort import hold
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.nudges import PAUSE_S, TOO_SOON_S, Message
from daemon.domain.plan import Course, Edge, Step, StepKind
from daemon.domain.playback import with_ticks
from daemon.domain.session import (
    Announce,
    Close,
    Continued,
    Effect,
    Event,
    Held,
    Keep,
    Open,
    Phase,
    Session,
    Skipped,
    Speak,
    Started,
    Stopped,
    Terms,
    Ticked,
    advance,
)
from daemon.domain.strap import LossReason, RadioChanged, RadioTrouble, StrapConnected, StrapLost
from tests.builders import EASY, PLANNED, course, led

EFFORT = (Message.EASE_OFF, Message.PICK_UP)

# -- histories: stretches of a run, one after the other ----------------------------------------------

Stretch = Callable[[float], list[Event]]
"""Given when it begins, what happens in it."""


def worn(bpm: int, for_s: int, contact: SensorContact, *, every_s: int = 1, intervals: bool) -> Stretch:
    rr = (480,) if intervals else ()

    def samples(since: float) -> list[Event]:
        return [
            HeartRateSample(Instant(since + second), Bpm(max(0, bpm + second % 3 - 1)), contact, rr)
            for second in range(1, for_s + 1, every_s)
        ]

    return samples


def packets(some: list[tuple[float, int, SensorContact, tuple[int, ...]]]) -> Stretch:
    def samples(since: float) -> list[Event]:
        events = list[Event]()
        for apart, bpm, contact, rr in some:
            since += apart
            events.append(HeartRateSample(Instant(since), Bpm(bpm), contact, rr))
        return events

    return samples


def silence(for_s: int) -> Stretch:
    return lambda since: [Ticked(Instant(since + second)) for second in range(1, for_s + 1, 5)]


def moment(event: Callable[[Instant], Event], after_s: float) -> Stretch:
    return lambda since: [event(Instant(since + after_s))]


LEGS = st.builds(Step, st.sampled_from(PLANNED), st.sampled_from([30.0, 90.0, 400.0]))
LED = st.builds(
    led,
    st.sampled_from([StepKind.WALK, StepKind.RECOVERY]),
    st.sampled_from([15.0, 61.5]),
    st.sampled_from([90.0, 400.0]),
    st.sampled_from([*Edge, 105]),
)
LED_COURSES = st.lists(LEGS | LED, min_size=1, max_size=6).map(lambda some: course(*some))


def courses() -> st.SearchStrategy[Course | None]:
    return st.none() | st.lists(LEGS | LED, max_size=4).map(lambda some: course(*some))


STEERS = (Skipped, Held, Continued)
WORN = st.builds(
    worn,
    st.sampled_from([70, 100, 128, 140, 150, 170]),
    st.sampled_from([1, 20, 100, 200, 400]),
    st.sampled_from([*SensorContact, SensorContact.GOOD, SensorContact.GOOD]),
    every_s=st.sampled_from([1, 4, 4]),
    intervals=st.booleans(),
)
SILENCE = st.sampled_from([10, 50, 150, 310]).map(silence)
NOISE = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 1.0, 3.0, 20.0]),
        st.integers(0, 300),
        st.sampled_from(SensorContact),
        st.sampled_from([(), (480,), (0,)]),
    ),
    min_size=1,
    max_size=20,
).map(packets)
MOMENTS = st.builds(
    moment,
    st.one_of(
        courses().map(lambda some: lambda at: Started(at, some)),
        st.sampled_from(
            [
                Stopped,
                Ticked,
                *STEERS,
                lambda at: StrapConnected(at, "H10"),
                lambda at: RadioChanged(at, RadioTrouble.NO_BLUEZ),
            ]
        ),
        st.sampled_from(LossReason).map(lambda reason: lambda at: StrapLost(at, reason)),
    ),
    st.sampled_from([0.0, 1.0, 29.5, 299.0, 301.0]),
)


@dataclass(frozen=True)
class History:
    """A session's life: each event with what followed from it."""

    session: Session
    steps: tuple[tuple[Event, tuple[Effect, ...]], ...]

    @property
    def effects(self) -> list[Effect]:
        return [effect for _, effects in self.steps for effect in effects]


def live(events: list[Event], terms: Terms) -> History:
    session, steps = Session(terms), list[tuple[Event, tuple[Effect, ...]]]()
    for event in events:
        session, effects = advance(session, event)
        steps.append((event, effects))
    return History(session, tuple(steps))


def kept(history: History) -> list[Keep]:
    return [effect for effect in history.effects if isinstance(effect, Keep)]


def _in_order(stretches: list[Stretch], *, ticking: bool) -> list[Event]:
    def append(events: list[Event], stretch: Stretch) -> list[Event]:
        return [*events, *stretch(events[-1].at if events else 0.0)]

    events = reduce(append, stretches, list[Event]())
    return list(with_ticks(events)) if ticking else events


EVENTS = st.builds(
    _in_order,
    st.lists(st.one_of(WORN, WORN, WORN, SILENCE, NOISE, MOMENTS, MOMENTS), min_size=4, max_size=10),
    ticking=st.sampled_from([True, False, False]),
)
HISTORIES = st.builds(live, EVENTS, st.builds(Terms, st.just(EASY), wants_pick_up=st.booleans()))

few = settings(max_examples=30)


# -- invariants --------------------------------------------------------------------------------------


@few
@given(HISTORIES)
def test_two_words_are_never_closer_than_the_pause(history: History) -> None:
    moments = [effect.at for effect in history.effects if isinstance(effect, Speak)]
    assert all(later - earlier >= PAUSE_S for earlier, later in pairwise(moments))


@few
@given(HISTORIES)
def test_no_word_about_effort_without_a_value_of_the_last_seconds(history: History) -> None:
    believed: HeartRateSample | None = None
    for effect in history.effects:
        match effect:
            case Open():
                believed = None
            case Keep(sample, None):
                believed = sample
            case Speak(at, nudge) if nudge.message in EFFORT:
                assert believed is not None
                assert at - believed.at <= 5
                assert believed.contact is not SensorContact.LOST
                assert nudge.bpm is not None
                assert not EASY.low <= nudge.bpm <= EASY.high
            case _:
                pass


FREE: StepKind | None = StepKind.RUN
"""A run without a course is all running."""


@few
@given(HISTORIES)
def test_no_word_about_effort_in_the_first_five_minutes_nor_where_nobody_runs(history: History) -> None:
    began, on = Instant(0), FREE
    for event, effects in history.steps:
        if isinstance(event, Started):
            on = FREE
        for effect in effects:
            match effect:
                case Open(at):
                    began, on = at, FREE
                case Announce(_, kind):
                    on = kind
                case Speak(at, nudge) if nudge.message in EFFORT:
                    assert at - began >= TOO_SOON_S
                    assert on is StepKind.RUN
                case _:
                    pass
        if isinstance(event, Started):
            began = event.at


@few
@given(HISTORIES)
def test_below_the_zone_nothing_is_said_unless_asked_for(history: History) -> None:
    spoken = {effect.nudge.message for effect in history.effects if isinstance(effect, Speak)}
    assert history.session.terms.wants_pick_up or Message.PICK_UP not in spoken


@few
@given(HISTORIES)
def test_sessions_open_and_close_in_turn_and_keep_samples_only_between(history: History) -> None:
    is_open, last_believed = False, None
    for effect in history.effects:
        match effect:
            case Open():
                assert not is_open
                is_open, last_believed = True, None
            case Keep(sample, doubt):
                assert is_open
                last_believed = sample.at if doubt is None else last_believed
            case Close(at, ended_at):
                assert is_open
                assert ended_at == last_believed
                assert ended_at is None or ended_at <= at
                is_open = False
            case _:
                pass


@few
@given(HISTORIES)
def test_effects_come_at_the_moment_of_their_event(history: History) -> None:
    for event, effects in history.steps:
        for effect in effects:
            assert (effect.sample.at if isinstance(effect, Keep) else effect.at) == event.at


@few
@given(HISTORIES)
def test_the_tally_is_the_time_that_believed_values_held(history: History) -> None:
    began, believed = Instant(0), list[HeartRateSample]()
    for event, effects in history.steps:
        for effect in effects:
            match effect:
                case Open(at):
                    began, believed = at, []
                case Keep(sample, None):
                    believed.append(sample)
                case Close():
                    believed = []
                case _:
                    pass
        if isinstance(event, Started):
            began = event.at
    tally = history.session.tally
    counted = tally.early_calm_s + tally.early_above_s + tally.calm_s + tally.above_s
    held = hold(believed)[:-1]
    assert counted == pytest.approx(sum(max(0.0, value.for_s - max(0.0, began - value.at)) for value in held))
    assert min(tally.early_calm_s, tally.early_above_s, tally.calm_s, tally.above_s) >= 0


@few
@given(EVENTS)
def test_the_same_events_give_the_same_effects(events: list[Event]) -> None:
    assert live(events, Terms(EASY)) == live(events, Terms(EASY))


@few
@given(EVENTS)
def test_advancing_leaves_the_session_it_began_with_as_it_was(events: list[Event]) -> None:
    session = Session(Terms(EASY))
    for event in events:
        before = hash(session)
        after, _ = advance(session, event)
        assert hash(session) == before
        session = after


@few
@given(EVENTS)
def test_a_session_keeps_the_same_samples_with_ticks_between_them_or_without(events: list[Event]) -> None:
    bare, ticked = live(events, Terms(EASY)), live(list(with_ticks(events)), Terms(EASY))
    assert kept(bare) == kept(ticked)


@few
@given(st.lists(WORN, max_size=3))
def test_kept_samples_played_again_lead_back_into_the_session(stretches: list[Stretch]) -> None:
    believed = worn(128, 1, SensorContact.GOOD, intervals=True)
    history = live(_in_order([believed, *stretches], ticking=True), Terms(EASY))
    assume(not any(isinstance(effect, Close) for effect in history.effects))
    samples: list[Event] = [keep.sample for keep in kept(history)]
    again = live(list(with_ticks(samples)), Terms(EASY))
    assert kept(again) == kept(history)
    assert again.session.trace == history.session.trace
    assert again.session.tally == history.session.tally
    assert again.session.words == history.session.words


# -- courses in which the heart leads ----------------------------------------------------------------

COURSED = st.builds(
    lambda run, stretches: [Started(Instant(0), run), *_in_order(stretches, ticking=True)],
    LED_COURSES,
    st.lists(st.one_of(WORN, WORN, SILENCE, NOISE), min_size=1, max_size=6),
)


def as_run(history: History) -> Course | None:
    """Return the course of the first session, as far as it was run."""
    closed = next((effect for effect in history.effects if isinstance(effect, Close)), None)
    return closed.course if closed else history.session.course


def planned(history: History) -> Course:
    first, _ = history.steps[0]
    assert isinstance(first, Started)
    assert first.course is not None
    return first.course


@few
@given(COURSED)
def test_a_leg_lasts_between_its_least_and_its_most_and_the_next_one_follows(events: list[Event]) -> None:
    history = live(events, Terms(EASY))
    run = as_run(history)
    assert run is not None
    assert run.legs[0].starts_s == 0
    assert all(after.starts_s == before.ends_s for before, after in pairwise(run.legs))
    for leg, intended in zip(run.legs, planned(history).legs, strict=True):
        assert leg.kind is intended.kind
        assert intended.least_s - 1e-9 <= leg.for_s <= intended.for_s


@few
@given(COURSED)
def test_the_cues_are_those_of_the_plan_in_their_order(events: list[Event]) -> None:
    history = live(events, Terms(EASY))
    cues = [effect.kind for effect in history.effects if isinstance(effect, Announce)]
    intended = [*(leg.kind for leg in planned(history).legs), None]
    assert cues == intended[: len(cues)]


@few
@given(LED_COURSES, st.lists(SILENCE, min_size=1, max_size=6))
def test_where_no_heart_is_heard_a_course_is_as_long_as_it_may_be(run: Course, stretches: list[Stretch]) -> None:
    history = live([Started(Instant(0), run), *_in_order(stretches, ticking=True)], Terms(EASY))
    assert as_run(history) == run


@few
@given(EVENTS)
def test_what_the_heart_ends_does_not_hang_on_the_ticks_between(events: list[Event]) -> None:
    bare, ticked = live(events, Terms(EASY)), live(list(with_ticks(events)), Terms(EASY))
    assert bare.session.course == ticked.session.course
    assert [one.course for one in bare.effects if isinstance(one, Close)] == [
        one.course for one in ticked.effects if isinstance(one, Close)
    ]


@few
@given(COURSED)
def test_what_was_kept_of_a_course_leads_back_to_the_same_moment_of_it(events: list[Event]) -> None:
    history = live(events, Terms(EASY))
    assume(not any(isinstance(effect, Close) for effect in history.effects))
    samples: list[Event] = [events[0], *(keep.sample for keep in kept(history))]
    now = Instant(events[-1].at)
    again = live([*with_ticks(samples, until=now), Ticked(now)], Terms(EASY))
    assert again.session.course == history.session.course
    assert again.session.leg == history.session.leg


# -- skipping and standing still ---------------------------------------------------------------------

STEERED = st.builds(
    lambda run, stretches, ticking: [Started(Instant(0), run), *_in_order(stretches, ticking=ticking)],
    st.none() | LED_COURSES,
    st.lists(
        WORN
        | WORN
        | SILENCE
        | NOISE
        | st.builds(moment, st.sampled_from(STEERS), st.sampled_from([0.0, 1.0, 29.5, 299.0])),
        min_size=1,
        max_size=7,
    ),
    st.booleans(),
)


@few
@given(STEERED)
def test_nothing_is_said_or_announced_while_the_runner_stands_still(events: list[Event]) -> None:
    session = Session(Terms(EASY))
    for event in events:
        stood_still = session.held_at is not None
        session, effects = advance(session, event)
        if stood_still and session.held_at is not None:
            assert not any(isinstance(effect, Speak | Announce) for effect in effects)


@few
@given(STEERED)
def test_a_course_with_pauses_in_it_has_no_gap_and_no_leg_grows(events: list[Event]) -> None:
    history = live(events, Terms(EASY))
    run = as_run(history)
    assume(run is not None)
    assert run is not None
    assert run.legs[0].starts_s == 0
    assert all(after.starts_s == before.ends_s for before, after in pairwise(run.legs))
    stood_still_s = sum(leg.for_s for leg in run.legs if leg.kind is StepKind.PAUSE)
    assert run.for_s - stood_still_s <= planned(history).for_s + 1e-6


@few
@given(STEERED)
def test_what_was_kept_and_said_leads_back_into_the_session(events: list[Event]) -> None:
    ticked = list(with_ticks(events))
    history = live(ticked, Terms(EASY))
    assume(history.session.phase is Phase.OPEN)
    assume(not any(isinstance(effect, Close) for effect in history.effects))
    remembered = [
        event
        for event, effects in history.steps
        if isinstance(event, Started | Skipped | Held | Continued) or any(isinstance(one, Keep) for one in effects)
    ]
    now = Instant(ticked[-1].at)
    again = live([*with_ticks(remembered, until=now), Ticked(now)], Terms(EASY)).session
    assert (again.course, again.leg) == (history.session.course, history.session.leg)
    assert (again.held_at, again.went_on_at) == (history.session.held_at, history.session.went_on_at)
    assert again.trace == history.session.trace
    assert again.tally == history.session.tally
