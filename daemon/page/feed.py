"""What happens to the runners, told to every page that is open: once a second on the whole, and every cue once.

Pages that read slowly cost nobody anything: what is said to one of them waits in its `Watch`, where a newer look takes
the place of an older one, and only cues and words add up. A runner is looked at once, however many pages are open.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from daemon.clock import Clock, wait_for
from daemon.domain.heart_rate import HeartRateSample, Instant, SensorContact
from daemon.domain.plan import StepKind
from daemon.domain.session import Announce, Close, Effect, Event, Keep, Open, Speak, Ticked
from daemon.domain.strap import StrapLost
from daemon.domain.wording import cue_text, nudge_text
from daemon.following import Followed
from daemon.page.glance import glance_of
from daemon.page.line import Line

LEAST_GAP_S = 0.95
"""Between two looks at a runner, on the whole: a strap's second is not exactly ours."""
AHEAD = 3
"""So many looks may come before their time: a heart rate is not to wait because a button was pressed just before, for
then the next one would wait for it in turn, and so on for twenty seconds."""
BEAT_S = 4.0
"""So often a page hears something, or it knows that it hears nothing any more."""
SAMPLES_FLOW_S = 2.0
"""While samples come, they bring the news; the clock's ticks would only make the next sample wait."""
NOTICES_KEPT = 200
"""More than the cues of the longest run: whoever reconnects misses none."""


NEWS_S = 600.0
"""A page that was away for longer looks at how things are, and need not hear how they were."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was said, or that a run began or ended."""

    id: int
    """Rises, also over a restart: milliseconds of the wall clock when it happened, or one more than the last."""
    runner: str
    at: Instant
    parts: Mapping[str, Any]

    def event(self, now: Instant) -> bytes:
        """Return it as it goes to a page."""
        told = {"runner": self.runner, **self.parts, "ago_s": round(now - self.at, 1)}
        return _event("notice", told, self.id)


class Watch:
    """What one page has yet to hear."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self._pasts: list[bytes] = []
        self._looks: dict[str, bytes] = {}
        self._notices: deque[bytes] = deque(maxlen=NOTICES_KEPT)
        self.stirred = asyncio.Event()
        self.is_over = False

    def past(self, event: bytes) -> None:
        """Take in the curve so far, which comes before everything else."""
        self._pasts.append(event)

    def look(self, runner: str, event: bytes) -> None:
        """Take in how a runner is now."""
        self._looks[runner] = event
        self.stirred.set()

    def notice(self, event: bytes) -> None:
        """Take in what was said."""
        self._notices.append(event)
        self.stirred.set()

    def end(self) -> None:
        """Tell that nothing more will come."""
        self.is_over = True
        self.stirred.set()

    async def news(self) -> bytes:
        """Wait for something, and return all there is; nothing when it is over."""
        await self.stirred.wait()
        self.stirred.clear()
        told = b"".join((*self._pasts, *self._notices, *self._looks.values()))
        self._pasts.clear()
        self._notices.clear()
        self._looks.clear()
        return b"" if self.is_over else told


class Feed:
    """Observes the coaches, and tells the pages."""

    def __init__(self, followed: Mapping[str, Followed], clock: Clock, before: "Feed | None" = None) -> None:
        """Make it; pages that listened to `before` miss nothing when they come back."""
        self._followed = followed
        self._clock = clock
        self._watches: set[Watch] = set()
        self.notices: deque[Notice] = deque(before.notices if before else (), maxlen=NOTICES_KEPT)
        """What was told last, for pages that come back."""
        self._contact: dict[str, SensorContact] = {}
        self._told_at: dict[str, Instant] = {}
        self._next_at: dict[str, float] = {}
        """When a look would come, if there were one after each gap and none before its time."""
        self._fresh: set[str] = set()
        self._stir = asyncio.Event()
        self.last_id: int = before.last_id if before else 0
        self._lines: dict[str, Line] = {}

    @property
    def streams(self) -> int:
        """Return how many pages are listening."""
        return len(self._watches)

    # -- what happens ----------------------------------------------------------------------------------

    def observe(self, runner: str, event: Event, effects: tuple[Effect, ...]) -> None:
        """Take in what happened to a runner; done in no time, for the coach waits."""
        followed = self._followed[runner]
        if isinstance(event, HeartRateSample):
            self._contact[runner] = event.contact
        elif isinstance(event, StrapLost):
            self._contact.pop(runner, None)
        for effect in effects:
            if parts := self._parts(followed, effect):
                self._note(runner, parts)
        self._draw(followed, sum(isinstance(effect, Keep) and effect.doubt is None for effect in effects))
        heard_at = followed.coach.session.heard_at
        flows = heard_at is not None and self._clock.monotonic() - heard_at < SAMPLES_FLOW_S
        if not isinstance(event, Ticked) or effects or not flows:
            self.stir(runner)

    def stir(self, runner: str) -> None:
        """Have a runner looked at anew."""
        self._fresh.add(runner)
        self._stir.set()

    def _parts(self, followed: Followed, effect: Effect) -> Mapping[str, Any] | None:
        language = followed.coach.runner.language
        match effect:
            case Announce():
                text = cue_text(effect.kind, effect.for_s, language, effect.least_s)
                leg, session = followed.coach.session.leg, followed.coach.session_id
                return {"kind": "cue", "tone": _tone(effect.kind), "title": text.title, "body": text.body} | {
                    "leg": leg,
                    "session": session,
                }
            case Speak():
                text = nudge_text(effect.nudge, language)
                return {"kind": "word", "tone": "word", "title": text.title, "body": text.body}
            case Open():
                return {"kind": "opened"}
            case Close():
                return {"kind": "closed"}
            case _:
                return None

    def _draw(self, followed: Followed, believed: int) -> None:
        """Let the line grow by what was believed just now."""
        line, coach = self._lines.get(followed.name), followed.coach
        if line is None or line.session != coach.session_id:
            line, believed = Line(coach.session_id), len(coach.curve)  # also of a session found again after a restart
            self._lines[followed.name] = line
        for at_s, bpm in coach.curve[len(coach.curve) - believed :]:
            line.add(at_s, bpm)

    def _note(self, runner: str, parts: Mapping[str, Any]) -> None:
        self.last_id = max(self.last_id + 1, int(self._clock.now().timestamp() * 1000))
        notice = Notice(self.last_id, runner, self._clock.monotonic(), parts)
        self.notices.append(notice)
        event = notice.event(notice.at)
        for watch in self._watches:
            if runner in watch.names:
                watch.notice(event)

    # -- telling it ------------------------------------------------------------------------------------

    async def run(self) -> NoReturn:
        """Tell the pages, without end; with no page open there is nothing to do."""
        while True:
            due_s = self._tell_due()
            if due_s is None:
                await self._stir.wait()
            else:
                await wait_for(self._stir, self._clock, due_s)
            self._stir.clear()

    def _tell_due(self) -> float | None:
        """Look at the runners whose turn it is; return when the next one's is, None for nobody's."""
        now = self._clock.monotonic()
        watched = {name for watch in self._watches for name in watch.names}
        pauses = []
        for name in watched:
            due_s = self._due_at(name) - now
            if due_s <= 0:
                self._tell(name, now)
                due_s = BEAT_S
            pauses.append(due_s)
        return min(pauses, default=None)

    def _due_at(self, name: str) -> float:
        if name in self._fresh:
            return self._next_at.get(name, 0.0) - AHEAD * LEAST_GAP_S
        return self._told_at.get(name, Instant(-BEAT_S)) + BEAT_S

    def _tell(self, name: str, now: Instant) -> None:
        self._fresh.discard(name)
        self._told_at[name] = now
        self._next_at[name] = max(now, self._next_at.get(name, now)) + LEAST_GAP_S
        event = self.look(name)
        for watch in self._watches:
            if name in watch.names:
                watch.look(name, event)

    def glance(self, name: str) -> Mapping[str, Any]:
        """Return how a runner is now."""
        return glance_of(self._followed[name], self._contact.get(name), self._clock)

    def look(self, name: str) -> bytes:
        """Return how a runner is now, as it goes to a page."""
        return _event("look", self.glance(name))

    def past(self, name: str) -> bytes:
        """Return the curve of the session so far, as it goes to a page."""
        followed = self._followed[name]
        self._draw(followed, 0)
        line = self._lines[name]
        return _event("past", {"runner": name, "session": line.session, "at_s": line.at_s, "bpm": line.bpm})

    # -- the pages -------------------------------------------------------------------------------------

    @contextmanager
    def watching(self, names: tuple[str, ...], since: int | None) -> Iterator[Watch]:
        """Let a page listen for as long as the context is open; `since` is the last notice that it had."""
        watch, now = Watch(frozenset(names)), self._clock.monotonic()
        for name in names:
            watch.past(self.past(name))
        for notice in self.notices:
            is_news = since is not None and notice.id > since and now - notice.at < NEWS_S
            if is_news and notice.runner in watch.names:
                watch.notice(notice.event(now))
        for name in names:
            watch.look(name, self.look(name))
        self._watches.add(watch)
        self._stir.set()
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    async def close(self) -> None:
        """End all streams at once."""
        for watch in self._watches:
            watch.end()


def _tone(kind: StepKind | None) -> str:
    """Return which tone a cue has: up to run, down to walk, both at the end."""
    if kind is None:
        return "done"
    return "up" if kind is StepKind.RUN else "down"


def _event(name: str, told: Mapping[str, Any], identity: int | None = None) -> bytes:
    head = f"event: {name}\n" if identity is None else f"id: {identity}\nevent: {name}\n"
    return f"{head}data: {json.dumps(told, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
