"""How things stand, as `duurloop status --json` has it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from daemon.clock import Clock
from daemon.coach import Coach
from daemon.diary import Diary
from daemon.domain.habit import Appointment
from daemon.domain.session import course_s, current_bpm, leg_on
from daemon.domain.zones import Position
from daemon.following import Followed
from daemon.outbox import Outbox
from daemon.remote import Answer
from daemon.report import run_report
from daemon.store import Post, Store

_POSITIONS = {Position.BELOW: "below", Position.INSIDE: "inside", Position.ABOVE: "above"}


class StatusReport:
    """Looks at everything, and changes nothing."""

    def __init__(
        self,
        followed: Mapping[str, Followed],
        diaries: Mapping[str, Diary],
        store: Store,
        post: Post,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._followed = followed
        self._diaries = diaries
        self._store = store
        self._post = post
        self._outbox = outbox
        self._clock = clock
        self.since = clock.now()
        """Of the service's start."""

    async def make(self, store_trouble: str | None, late: Sequence[str], copied_at: datetime | None) -> Answer:
        """Return the whole; `copied_at` is when the last copy of the database was made."""
        return {
            "type": "status",
            "running": True,
            "at": self._local(self._clock.now()),
            "since": self._local(self.since),
            "runners": [await self._runner(followed) for followed in self._followed.values()],
            "outbox": await self._outbox_part(),
            "store": {"trouble": store_trouble, "copied_at": self._local(copied_at) if copied_at else None},
            "late": list(late),
        }

    async def _runner(self, followed: Followed) -> dict[str, Any]:
        last = next(iter(await self._store.runs(followed.name, limit=1)), None)
        return {
            "name": followed.name,
            "strap": self._strap(followed),
            "session": self._session(followed.coach),
            "last_run": run_report(last, followed.coach.runner.timezone) if last else None,
            **await self._agreed(followed),
        }

    async def _agreed(self, followed: Followed) -> dict[str, Any]:
        diary = self._diaries.get(followed.name)
        until = await diary.rests_until() if diary else None
        appointment = await diary.next_appointment() if diary else None
        return {
            "paused_until": until.isoformat() if until else None,
            "next_appointment": appointment and self._appointment(appointment, followed.coach.runner.timezone),
        }

    @staticmethod
    def _appointment(appointment: Appointment, zone: tzinfo) -> dict[str, Any]:
        at = appointment.at.astimezone(zone)
        return {"kind": appointment.planned.name.lower(), "at": at.isoformat(timespec="seconds")}

    def _strap(self, followed: Followed) -> dict[str, Any]:
        link, until = followed.link, followed.permit.released_until
        return {
            "configured": followed.source is not None,
            "allowed": followed.permit.granted,
            "released_for_s": None if until is None else round(max(0.0, until - self._clock.monotonic())),
            "connected": link.connected,
            "name": link.name,
            "battery_pct": link.battery_pct,
            "location": link.location,
            "contact": link.contact.name.lower(),
            "last_failure": followed.last_failure,
            "radio": link.trouble.value if link.trouble else None,
        }

    def _session(self, coach: Coach) -> dict[str, Any] | None:
        session, now = coach.session, self._clock.monotonic()
        if not coach.is_open or session.opened_at is None:
            return None
        bpm = current_bpm(session, now)
        leg, clock_s = leg_on(session), course_s(session, now)
        position = session.trace.position if bpm is not None else None
        return {
            "id": coach.session_id,
            "elapsed_s": round(now - session.opened_at),
            "started": session.started_at is not None,
            "bpm": bpm,
            "position": _POSITIONS[position] if position else None,
            "step": leg.kind.value if leg else None,
            "step_left_s": None if leg is None or clock_s is None else round(leg.ends_s - clock_s),
            "held": session.held_at is not None,
        }

    async def _outbox_part(self) -> dict[str, Any]:
        health = {one.channel: one for one in await self._post.health()}
        channels = [
            (followed.name, channel.id)
            for followed in self._followed.values()
            for channel in followed.coach.runner.channels
        ]
        return {
            "waiting": await self._post.waiting(),
            "channels": [
                {
                    "name": channel,
                    "runner": runner,
                    "ok": channel not in health and channel not in self._outbox.hanging,
                    "reason": self._trouble(channel, health[channel].reason if channel in health else None),
                    "needs_you": channel in health and health[channel].settings_fault,
                }
                for runner, channel in channels
            ],
        }

    def _local(self, moment: datetime) -> str:
        """Write a moment in the house's own zone, which may not be the machine's."""
        zone = next((followed.coach.runner.timezone for followed in self._followed.values()), None)
        return moment.astimezone(zone).isoformat(timespec="seconds")

    def _trouble(self, channel: str, reason: str | None) -> str | None:
        return "no answer yet" if channel in self._outbox.hanging else reason
