"""How one runner is at this moment, as values and words: what the live page shows, with a script or without."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from daemon.clock import Clock
from daemon.coach import Coach
from daemon.domain.curve import Curve, curve_of
from daemon.domain.heart_rate import Bpm, HeartRateSample, Instant, SensorContact
from daemon.domain.plan import Course, Leg
from daemon.domain.session import CURRENT_S, Phase, Session, course_s, current_bpm, leg_on
from daemon.domain.trace import HYSTERESIS_BPM
from daemon.domain.wording import cue_text
from daemon.domain.wording.glance import LiveState, limit_line, live_text, next_line
from daemon.domain.wording.text import clock_text, in_percent
from daemon.domain.zones import Position, TargetZone
from daemon.following import Followed
from daemon.household import Runner

ROOM_BPM = 30
"""What the gauge shows on either side of the zone."""

_STATES = {Position.BELOW: LiveState.BELOW, Position.INSIDE: LiveState.INSIDE, Position.ABOVE: LiveState.ABOVE}


def glance_of(followed: Followed, contact: SensorContact | None, clock: Clock) -> dict[str, Any]:
    """Return all that changes while a page is looked at; `contact` is what the strap said last of skin."""
    now, coach = clock.monotonic(), followed.coach
    session, runner = coach.session, coach.runner
    state, until = state_of(followed, contact, now), _until(followed, clock)
    text = live_text(state, runner.language, until)
    target = _target(followed, clock)
    bpm = current_bpm(session, now) if coach.is_open else None
    return {
        "runner": runner.name,
        "key": key_of(followed, clock),
        "state": state.value,
        "word": text.title,
        "line": text.body,
        "bpm": bpm,
        "age_s": None if bpm is None else _age_s(session, now),
        "zone": [target.low, target.high] if target else None,
        "gauge": gauge_of(target, bpm),
        "limit": limit_line(target.high, runner.language) if target and state is not LiveState.RESTING else None,
        **_run_part(coach, runner, now),
        **_course_part(session, runner, now),
    }


def _run_part(coach: Coach, runner: Runner, now: Instant) -> dict[str, Any]:
    session = coach.session
    if not coach.is_open or session.opened_at is None or session.began_at is None:
        return {"session": None}
    elapsed_s = now - session.began_at
    share = session.tally.calm_share(elapsed_s)
    return {
        "session": coach.session_id,
        "at_s": round(now - session.opened_at, 1),
        "began_s": round(session.began_at - session.opened_at, 1),
        "elapsed": clock_text(elapsed_s),
        "calm": None if share is None else in_percent(100 * share, runner.language),
        "held": session.held_at is not None,
    }


def _course_part(session: Session, runner: Runner, now: Instant) -> dict[str, Any]:
    course = session.course
    if course is None or session.started_at is None or session.opened_at is None:
        return {"leg": None}
    at_s = course_s(session, now) or 0.0
    index, language = course.index_at(at_s), runner.language
    part: dict[str, Any] = {
        "leg": index,
        "legs": [[leg.kind.value, round(leg.for_s)] for leg in course.legs],
        "left": clock_text(max(0.0, course.for_s - at_s)),
        "done_s": round(min(at_s, course.for_s), 1),
    }
    if index == len(course.legs):
        text = cue_text(None, 0.0, language)
        return {**part, "on": text.title, "on_kind": "done", "on_left": "", "next": ""}
    leg = course.legs[index]
    later = _after(course, index)
    return {
        **part,
        "on": cue_text(leg.kind, leg.for_s, language).title,
        "on_kind": leg.kind.value,
        "on_left": clock_text(leg.ends_s - at_s),
        "next": next_line(later.kind if later else None, later.for_s if later else 0.0, language),
    }


def _after(course: Course, index: int) -> Leg | None:
    return course.legs[index + 1] if index + 1 < len(course.legs) else None


def state_of(followed: Followed, contact: SensorContact | None, now: Instant) -> LiveState:
    """Return what there is to say of a runner."""
    coach, link, permit = followed.coach, followed.link, followed.permit
    if coach.is_open:
        return _state_in_run(followed, contact, now)
    reasons = (
        (followed.source is None, LiveState.STRAPLESS),
        (permit.released_until is not None, LiveState.RELEASED),
        (link.trouble is not None, LiveState.NO_RADIO),
        (coach.session.phase is Phase.RESTING, LiveState.RESTING),
        (not permit.granted, LiveState.UNARMED),
        (link.connected, LiveState.LISTENING),
    )
    return next((state for holds, state in reasons if holds), LiveState.ABSENT)


def _state_in_run(followed: Followed, contact: SensorContact | None, now: Instant) -> LiveState:
    session = followed.coach.session
    if session.held_at is not None:
        return LiveState.HELD
    bpm = current_bpm(session, now)
    if bpm is not None:
        return _where(bpm, session)
    if followed.permit.released_until is not None:
        return LiveState.RELEASED
    if not followed.link.connected:
        return LiveState.AWAY
    if session.heard_at is None or now - session.heard_at > CURRENT_S:
        return LiveState.QUIET
    return LiveState.NO_CONTACT if contact is SensorContact.LOST else LiveState.UNSURE


def _where(bpm: Bpm, session: Session) -> LiveState:
    """Say where the heart is, so that the word does not contradict the figure beside it.

    The smoothed value lags, and keeps its side of an edge a little longer; the figure is the last beat's. Where the two
    differ the figure has the word, unless it is only a beat or two beyond an edge.
    """
    target, smoothed = session.terms.target, session.trace.position
    if target is None or smoothed is None:
        return LiveState.FREE
    raw = target.locate(bpm)
    is_only_just = target.low - HYSTERESIS_BPM <= bpm <= target.high + HYSTERESIS_BPM
    return LiveState.INSIDE if raw is not smoothed and is_only_just else _STATES[raw]


def _age_s(session: Session, now: Instant) -> float:
    return round(now - session.believed_at, 2) if session.believed_at is not None else 0.0


def key_of(followed: Followed, clock: Clock) -> str:
    """Return what a card is made for: while it stays the same, only values in it change."""
    coach, permit = followed.coach, followed.permit
    session = coach.session
    day = clock.now().astimezone(coach.runner.timezone).date()
    parts = (
        coach.session_id or day.isoformat(),
        session.started_at is not None,
        session.course is not None,
        leg_on(session) is not None,
        session.held_at is not None,
        permit.released_until is not None,
        permit.granted,
        coach.last_run.id if coach.last_run else "",
    )
    return "/".join(str(int(part)) if isinstance(part, bool) else part for part in parts)


def gauge_of(target: TargetZone | None, bpm: int | None) -> Mapping[str, float] | None:
    """Return where on a scale of 0 to 100 the zone begins and ends, and where the heart is; None without a zone."""
    if target is None:
        return None
    first, last = target.low - ROOM_BPM, target.high + ROOM_BPM

    def place(value: int) -> float:
        return round(100 * min(1.0, max(0.0, (value - first) / (last - first))), 1)

    scale: dict[str, float] = {"low": place(target.low), "high": place(target.high)}
    return scale if bpm is None else {**scale, "at": place(bpm)}


def line_of(coach: Coach, from_s: float = 0.0) -> Curve:
    """Return the curve of the open session as stretches; instants count from `from_s` after it opened."""
    samples = [HeartRateSample(Instant(at - from_s), Bpm(bpm)) for at, bpm in coach.curve if at >= from_s]
    return curve_of(samples, samples[-1].at if samples else 0.0)


def _target(followed: Followed, clock: Clock) -> TargetZone | None:
    coach = followed.coach
    if coach.is_open:
        return coach.session.terms.target
    return coach.runner.terms(clock.now().astimezone(coach.runner.timezone).date()).target


def _until(followed: Followed, clock: Clock) -> str:
    until = followed.permit.released_until
    if until is None:
        return ""
    moment = clock.now() + timedelta(seconds=until - clock.monotonic())
    return f"{moment.astimezone(followed.coach.runner.timezone):%H:%M}"
