"""The running service: its coaches, its workers, and the commands that reach it."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from daemon.clock import Clock, wait_for
from daemon.coach import Coach, Observer
from daemon.control import Handler
from daemon.domain.heart_rate import Instant
from daemon.domain.plan import Course
from daemon.domain.session import Close, Effect, Event, Open
from daemon.domain.strap import RadioChanged, RadioTrouble, StrapConnected, StrapLost
from daemon.domain.wording import channel_text
from daemon.domain.zones import Position
from daemon.household import Runner
from daemon.letters import Scribe
from daemon.outbox import Outbox
from daemon.permit import Connect, StrapPermit
from daemon.ports import HeartRateSource, Messenger
from daemon.pulse import Pulses
from daemon.recorder import Recorder
from daemon.remote import Answer, RefusedError
from daemon.report import run_report
from daemon.store import Kind, Letter, Post, Store
from daemon.supervisor import Worker

TICK_S, IDLE_TICK_S = 1.0, 10.0
CURRENT_S = 5.0
"""A value older than this is not shown as current."""
RELEASE_S = 2 * 3600.0
LATE_S = 120.0
"""A worker that has not gone round for this long hangs."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """What wiring puts together."""

    runners: Sequence[Runner]
    sources: Mapping[str, HeartRateSource]
    """A strap by runner's name; a runner without one is not in it."""
    connect: Mapping[str, Connect]
    messengers: Mapping[str, Messenger]
    """By channel id."""
    courses: Callable[[str], tuple[Course, ...]]
    """The steps of any plan by its id; raises `RefusedError` for one that is not there."""


@dataclass(slots=True)
class _Link:
    """What is known of a runner's strap."""

    connected: bool = False
    name: str | None = None
    battery_pct: int | None = None
    location: str | None = None
    trouble: RadioTrouble | None = None


@dataclass(slots=True)
class _Followed:
    coach: Coach
    permit: StrapPermit
    source: HeartRateSource | None
    link: _Link = field(default_factory=_Link)


class Service:
    """All that goes on while `duurloop run` runs."""

    def __init__(
        self,
        parts: Parts,
        store: Store,
        post: Post,
        clock: Clock,
        chance: random.Random,
        pulses: Pulses,
        observe: Observer | None = None,
    ) -> None:
        self._parts = parts
        self._store = store
        self._post = post
        self._clock = clock
        self._observers = [observer for observer in (self._mind_permit, observe) if observer]
        self._since = clock.now()
        self._stir = asyncio.Event()
        self.pulses = pulses
        self.outbox = Outbox(post, parts.messengers, clock, chance, self._channel_notice)
        self.recorder = Recorder(store, clock, self.outbox.wake)
        self._followed = {
            runner.name: _Followed(
                Coach(runner, self.recorder, clock, chance, self._observe),
                StrapPermit(parts.connect.get(runner.name, Connect.ALWAYS)),
                parts.sources.get(runner.name),
            )
            for runner in parts.runners
        }

    # -- work --------------------------------------------------------------------------------------

    async def resume(self) -> None:
        """Find back into sessions that were open when the service last stopped."""
        for kept in await self._store.open_sessions():
            followed = self._followed.get(kept.runner)
            if followed is None:
                log.warning("session_of_unknown_runner", session=kept.id)
            elif followed.coach.is_open:
                log.warning("session_left_open", session=kept.id)
            else:
                followed.coach.resume(kept)
        await self.recorder.flush()

    def workers(self) -> dict[str, Worker]:
        """Return what must run for the service to be alive."""
        follow = {
            f"strap of {name}": self._follower(followed) for name, followed in self._followed.items() if followed.source
        }
        return {"recorder": self.recorder.run, "ticker": self._tick, "outbox": self._send, **follow}

    def late(self) -> list[str]:
        """Return the workers that hang."""
        return [*self.pulses.late(), *(["recorder"] if self.recorder.hangs(LATE_S) else [])]

    def in_words(self) -> str:
        """Say in a line how things stand, without any figure of health; systemctl shows it."""
        straps = sum(followed.link.connected for followed in self._followed.values())
        sessions = sum(followed.coach.is_open for followed in self._followed.values())
        words = [f"{straps} of {len(self._parts.sources)} straps connected", f"{sessions} sessions open"]
        trouble = {followed.link.trouble.value for followed in self._followed.values() if followed.link.trouble}
        words += [f"radio: {one}" for one in sorted(trouble)]
        words += ["the database takes nothing"] if self.recorder.trouble else []
        return ", ".join(words)

    async def _send(self) -> None:
        await self.outbox.run(lambda channel: self.pulses.beat(f"channel {channel}"))

    def _follower(self, followed: _Followed) -> Worker:
        async def follow() -> None:
            if followed.source is None:
                return
            async with followed.source.events(followed.permit) as events:
                async for event in events:
                    _note_link(followed.link, event)
                    followed.coach.handle(event)

        return follow

    async def _tick(self) -> None:
        while True:
            self.pulses.beat("ticker")
            self._stir.clear()
            now = self._clock.monotonic()
            for followed in self._followed.values():
                followed.permit.refresh(now)
                followed.coach.tick()
            anyone = any(followed.coach.is_open for followed in self._followed.values())
            if anyone:
                await self._clock.sleep(TICK_S)
            else:
                await wait_for(self._stir, self._clock, IDLE_TICK_S)

    def _observe(self, runner: str, event: Event, effects: tuple[Effect, ...]) -> None:
        for observer in self._observers:
            observer(runner, event, effects)

    def _mind_permit(self, runner: str, _event: Event, effects: tuple[Effect, ...]) -> None:
        if any(isinstance(effect, Open) for effect in effects):
            self._stir.set()
        if any(isinstance(effect, Close) for effect in effects):
            self._followed[runner].permit.disarm()

    def _channel_notice(self, channel: str, reason: str) -> list[Letter]:
        """Tell the runner by their other channels that this one wants a look."""
        for runner in self._parts.runners:
            for own in runner.channels:
                if own.id == channel:
                    return Scribe(runner, self._clock).write(
                        Kind.SERVICE,
                        f"channel:{channel}:{self._clock.now():%Y-%m-%d}",
                        lambda _: channel_text(own.name, reason, runner.language),  # noqa: B023 - called at once
                        skip=channel,
                    )
        return []

    # -- commands ----------------------------------------------------------------------------------

    def handlers(self) -> dict[str, Handler]:
        """Return the commands by name."""
        return {
            "status": self._status,
            "start": self._start,
            "stop": self._stop,
            "arm": self._arm,
            "release": self._release,
        }

    async def _start(self, asked: Mapping[str, Any]) -> Answer:
        followed = self._of(asked)
        course = await self._course(followed.coach.runner, asked.get("plan"), free=bool(asked.get("free")))
        followed.permit.arm()
        followed.coach.start(course)
        ref = course.ref if course else None
        return {
            "runner": followed.coach.runner.name,
            "session": followed.coach.session_id,
            "plan": {"id": ref.plan, "step": ref.step} if ref else None,
            "legs": [{"kind": leg.kind.value, "for_s": leg.for_s} for leg in course.legs] if course else [],
        }

    async def _course(self, runner: Runner, wanted: str | None, *, free: bool) -> Course | None:
        if free:
            return None
        if wanted is None:
            return await self._own_course(runner)
        plan, _, step = wanted.partition(":")
        courses = self._parts.courses(plan)
        if not step:
            return courses[0]
        if not step.isdecimal() or not 1 <= int(step) <= len(courses):
            raise RefusedError(f"plan {plan} has steps 1 to {len(courses)}: say {plan}:1")
        return courses[int(step) - 1]

    async def _own_course(self, runner: Runner) -> Course | None:
        """Return the step of the runner's plan that was run last, or the first."""
        if not runner.courses or runner.courses[0].ref is None:
            return None
        plan = runner.courses[0].ref.plan
        for run in await self._store.runs(runner.name):
            if run.plan and run.plan.plan == plan and 1 <= run.plan.step <= len(runner.courses):
                return runner.courses[run.plan.step - 1]
        return runner.courses[0]

    async def _stop(self, asked: Mapping[str, Any]) -> Answer:
        followed = self._of(asked)
        if not followed.coach.is_open:
            raise RefusedError("no session is going on: put the strap on, or say start")
        run = followed.coach.stop()
        await self.recorder.flush()
        zone = followed.coach.runner.timezone
        return {"runner": followed.coach.runner.name, "run": run_report(run, zone) if run else None}

    async def _arm(self, asked: Mapping[str, Any]) -> Answer:
        followed = self._with_strap(asked)
        followed.permit.arm()
        return {"runner": followed.coach.runner.name}

    async def _release(self, asked: Mapping[str, Any]) -> Answer:
        followed = self._with_strap(asked)
        for_s = float(asked.get("for_s") or RELEASE_S)
        followed.permit.release(Instant(self._clock.monotonic() + for_s))
        until = self._clock.now() + timedelta(seconds=for_s)
        return {"runner": followed.coach.runner.name, "until": self._local(followed, until)}

    def _of(self, asked: Mapping[str, Any]) -> _Followed:
        name = asked.get("runner")
        if name is None and len(self._followed) == 1:
            return next(iter(self._followed.values()))
        known = ", ".join(self._followed)
        if name is None:
            raise RefusedError(f"more than one runner lives here: say which with --runner ({known})")
        for own, followed in self._followed.items():
            if own.casefold() == str(name).casefold():
                return followed
        raise RefusedError(f"no runner named {name!r} lives here: there is {known}")

    def _with_strap(self, asked: Mapping[str, Any]) -> _Followed:
        followed = self._of(asked)
        if followed.source is None:
            raise RefusedError(f"{followed.coach.runner.name} has no strap in the settings: add strap = ...")
        return followed

    # -- status ------------------------------------------------------------------------------------

    async def _status(self, asked: Mapping[str, Any]) -> Answer:
        del asked
        runners = [await self._runner_status(followed) for followed in self._followed.values()]
        return {
            "type": "status",
            "running": True,
            "since": self._since.astimezone().isoformat(timespec="seconds"),
            "runners": runners,
            "outbox": await self._outbox_status(),
            "store": {"trouble": self.recorder.trouble},
            "late": self.late(),
        }

    async def _runner_status(self, followed: _Followed) -> dict[str, Any]:
        coach, link, permit = followed.coach, followed.link, followed.permit
        last = next(iter(await self._store.runs(coach.runner.name)), None)
        return {
            "name": coach.runner.name,
            "strap": {
                "configured": followed.source is not None,
                "allowed": permit.granted,
                "released_for_s": self._released_for(permit),
                "connected": link.connected,
                "name": link.name,
                "battery_pct": link.battery_pct,
                "location": link.location,
                "radio": link.trouble.value if link.trouble else None,
            },
            "session": self._session_status(coach),
            "last_run": run_report(last, coach.runner.timezone) if last else None,
        }

    def _released_for(self, permit: StrapPermit) -> float | None:
        if permit.released_until is None:
            return None
        return round(max(0.0, permit.released_until - self._clock.monotonic()))

    def _session_status(self, coach: Coach) -> dict[str, Any] | None:
        session, now = coach.session, self._clock.monotonic()
        if not coach.is_open or session.opened_at is None:
            return None
        current = session.believed_at is not None and now - session.believed_at <= CURRENT_S
        leg = session.course.legs[session.leg] if session.course and session.leg < len(session.course.legs) else None
        position = session.trace.position if current else None
        return {
            "id": coach.session_id,
            "elapsed_s": round(now - session.opened_at),
            "started": session.started_at is not None,
            "bpm": session.trace.recent[-1][1] if current else None,
            "position": _POSITIONS[position] if position else None,
            "step": leg.kind.value if leg else None,
            "step_left_s": round(leg.ends_s - (now - session.started_at)) if leg and session.started_at else None,
        }

    async def _outbox_status(self) -> dict[str, Any]:
        health = {one.channel: one for one in await self._post.health()}
        names = [channel.id for runner in self._parts.runners for channel in runner.channels]
        return {
            "waiting": await self._post.waiting(),
            "channels": [
                {
                    "name": name,
                    "ok": name not in health and name not in self.outbox.hanging,
                    "reason": "no answer yet"
                    if name in self.outbox.hanging
                    else (known := health.get(name)) and known.reason,
                    "needs_you": bool(name in health and health[name].settings_fault),
                }
                for name in names
            ],
        }

    def _local(self, followed: _Followed, moment: datetime) -> str:
        return moment.astimezone(followed.coach.runner.timezone).isoformat(timespec="seconds")


_POSITIONS = {Position.BELOW: "below", Position.INSIDE: "inside", Position.ABOVE: "above"}


def _note_link(link: _Link, event: Event) -> None:
    match event:
        case StrapConnected():
            link.connected, link.name, link.battery_pct = True, event.name, event.battery_pct
            link.location = event.location.name.lower() if event.location is not None else None
        case StrapLost():
            link.connected = False
        case RadioChanged():
            link.trouble = event.trouble
            if event.trouble is None:
                log.info("radio_recovered")
            else:
                log.warning("radio_trouble", trouble=event.trouble.value)
        case _:
            pass
