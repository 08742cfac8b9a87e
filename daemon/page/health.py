"""`/healthz` and `/metrics`, for programs that watch over programs: nobody's name, and nothing of who runs when."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from aiohttp import web

from daemon.clock import done_within
from daemon.page.house import House
from daemon.remote import Answer
from daemon.store import StoreError

PATIENCE_S = 5.0
"""After this the service does not answer, whatever keeps it."""
SHARED_S = 1.0
"""For so long one look at the service is good enough for everybody."""
TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"

_REASONS = {
    "no_answer": "The service does not answer in time.",
    "workers_late": "A part of the service hangs.",
    "database": "The database takes nothing, or does not answer.",
    "radio": "Bluetooth does not work, and a strap is in the settings.",
    "channel_settings": "The settings of a message channel need a look.",
}
"""Who is asked to come does something about it: that makes the service ill. A strap that is not worn, a phone that is
off, Strava having a bad day: these pass, and the service is there to live with them."""


@dataclass(frozen=True, slots=True)
class Process:
    """What the service takes of the machine."""

    cpu_s: float
    resident_bytes: int


def health_routes(house: House, *, metrics: bool) -> list[web.AbstractRouteDef]:
    """Return what is answered at `/healthz` and, if it is wanted, at `/metrics`."""
    lookout = _Lookout(house)

    async def healthz(_request: web.Request) -> web.Response:
        reasons = (await lookout.seen()).reasons
        told = {"ok": not reasons, "reasons": [{"reason": one, "words": _REASONS[one]} for one in reasons]}
        return web.json_response(told, status=503 if reasons else 200)

    async def figures(_request: web.Request) -> web.Response:
        if not metrics:
            raise web.HTTPNotFound
        answer = (await lookout.seen()).answer
        if answer is None:
            raise web.HTTPServiceUnavailable
        text = metrics_text(answer, _version(), process_now())
        return web.Response(body=text.encode(), headers={"Content-Type": TEXT_FORMAT})

    return [web.get("/healthz", healthz), web.get("/metrics", figures)]


@dataclass(frozen=True, slots=True)
class _Seen:
    """How the service was a moment ago."""

    reasons: Sequence[str]
    """Why it is ill; none if it is well."""
    answer: Answer | None = None
    """None if it gave none."""


class _Lookout:
    """Looks at the service for all who ask: no key is needed here, and a crowd is to cost no more than one of them."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._look: asyncio.Task[_Seen] | None = None
        self._begun_at = 0.0
        self._waiting = 0

    async def seen(self) -> _Seen:
        """Return how the service is, or was within the last second."""
        look, now = self._look, self._house.clock.monotonic()
        if look is None or (look.done() and now - self._begun_at >= SHARED_S):
            look = self._look = asyncio.create_task(self._now())
            self._begun_at = now
        self._waiting += 1
        try:
            return await asyncio.shield(look)
        finally:
            self._waiting -= 1
            if not self._waiting and not look.done():  # nobody wants to know any more
                look.cancel()
                self._look = None

    async def _now(self) -> _Seen:
        house = self._house
        asking = asyncio.ensure_future(house.commands["status"]({}))
        try:
            if not await done_within(asking, house.clock, PATIENCE_S):
                return _Seen(["no_answer"])
            return _Seen(ill_of(asking.result()), asking.result())
        except StoreError:
            return _Seen(["database"])
        finally:
            asking.cancel()


def ill_of(answer: Answer) -> Sequence[str]:
    """Return what is the matter with the service, by the names of the reasons; nothing when all is well."""
    found = {
        "workers_late": answer["late"],
        "database": answer["store"]["trouble"],
        "radio": _radio_trouble(answer),
        "channel_settings": [one for one in answer["outbox"]["channels"] if one["needs_you"]],
    }
    return [name for name, trouble in found.items() if trouble]


def metrics_text(answer: Answer, program: str, process: Process) -> str:
    """Return the figures in Prometheus' text format."""
    return "".join(_metric(*one) for one in _metrics(answer, program, process))


def process_now() -> Process:
    """Return what this process takes just now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Process(time.process_time(), pages * os.sysconf("SC_PAGE_SIZE"))


_Metric = tuple[str, Literal["gauge", "counter"], str, float]


def _metrics(answer: Answer, program: str, process: Process) -> Iterator[_Metric]:
    channels, straps = answer["outbox"]["channels"], _straps(answer)
    since = datetime.fromisoformat(answer["since"]).timestamp()
    yield f'duurloop_build_info{{version="{program}"}}', "gauge", "Which duurloop this is.", 1
    yield "duurloop_start_time_seconds", "gauge", "When the service began, in seconds since 1970.", since
    yield "duurloop_workers_late", "gauge", "Parts of the service that hang.", len(answer["late"])
    yield "duurloop_database_trouble", "gauge", "1 while the database takes nothing.", bool(answer["store"]["trouble"])
    yield "duurloop_messages_waiting", "gauge", "Messages that are still to be sent.", answer["outbox"]["waiting"]
    yield "duurloop_channels", "gauge", "Message channels in the settings.", len(channels)
    failing = sum(not one["ok"] for one in channels)
    yield "duurloop_channels_failing", "gauge", "Message channels that do not get through.", failing
    yield "duurloop_straps_configured", "gauge", "Straps in the settings.", len(straps)
    if straps:
        yield "duurloop_radio_ok", "gauge", "1 while Bluetooth works.", not _radio_trouble(answer)
    yield "process_cpu_seconds_total", "counter", "Time spent on processors.", process.cpu_s
    yield "process_resident_memory_bytes", "gauge", "Memory in use.", process.resident_bytes


def _metric(sample: str, kind: str, meaning: str, value: float) -> str:
    name = sample.partition("{")[0]
    return f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n{sample} {float(value)!r}\n"


def _straps(answer: Answer) -> list[dict[str, Any]]:
    return [runner["strap"] for runner in answer["runners"] if runner["strap"]["configured"]]


def _radio_trouble(answer: Answer) -> bool:
    return any(strap["radio"] for strap in _straps(answer))


@cache
def _version() -> str:
    return version("duurloop")
