"""`duurloop demo`: the real service with a simulated runner, quickened, from strap to summary."""

import asyncio
import json
import random
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from connectors.messenger import AppriseMessenger
from connectors.simulated_strap import Script, SimulatedStrap
from connectors.sqlite import open_readonly
from connectors.sqlite_store import SqliteStore
from connectors.systemd import Notifier
from daemon.cli.speech import run_lines, terminal_language
from daemon.clock import Clock, FastClock
from daemon.coach import Observer
from daemon.domain.heart_rate import Bpm
from daemon.domain.plan import Block, Course, PlanRef, Step, StepKind
from daemon.domain.session import Announce, Close, Effect, Event, Open, Speak
from daemon.domain.strap import StrapConnected, StrapLost
from daemon.domain.wording import Language, Text, cue_text, nudge_text
from daemon.domain.wording.text import clock_text
from daemon.domain.zones import TargetZone
from daemon.household import Channel, Plan, Runner
from daemon.logs import LogFormat, configure
from daemon.page.house import House
from daemon.page.terms import Door, Place, Terms
from daemon.parts import MakePage, Parts
from daemon.permit import Connect
from daemon.remote import ask
from daemon.serving import Surroundings, serve
from daemon.state_folder import DATABASE_NAME
from daemon.store import Kind
from daemon.strava.book import Book
from daemon.strava.follower import Follower
from daemon.supervisor import Worker
from daemon.wiring import page_at

NAME = "Els"
ZONE = TargetZone(Bpm(118), Bpm(136))
SHORTEST_MIN = 12
"""Below this there is no room for all that is to be seen: no word about effort in the first five minutes."""
PHONE_LOOK_S = 0.05
USUAL_PORT = 8421
STAYS_S = 60
"""So long the page stays after the end, for whoever looks at it."""


@click.command()
@click.option(
    "--speed",
    type=click.FloatRange(1, 60),
    metavar="TIMES",
    default=30,
    show_default=True,
    help="How many times as fast.",
)
@click.option(
    "--minutes",
    type=click.IntRange(SHORTEST_MIN, 120),
    metavar="NUMBER",
    default=SHORTEST_MIN,
    show_default=True,
    help="How long the run is.",
)
@click.option("--no-page", is_flag=True, help="Without the live page.")
def demo(*, speed: float, minutes: int, no_page: bool) -> None:
    """Show the main job without a strap: the real service with its database, and a simulated runner.

    Ends by itself. You see the strap connect, the cues of a walk/run session, a word when the runner goes too
    fast, the strap lost and found, the messages as a phone gets them, and the closing three lines. The live page shows
    it all as it happens; if you have it open, it stays for a minute afterwards.
    """
    configure(LogFormat.CONSOLE, "error", lambda text: text)
    with tempfile.TemporaryDirectory(prefix="duurloop-demo-") as folder, suppress(asyncio.CancelledError):
        asyncio.run(_until_told(_play(Path(folder), speed, minutes, has_page=not no_page)))


async def _until_told(play: Coroutine[Any, Any, None]) -> None:
    """Play to the end, or until we are to stop: what was made for it is tidied away then, too."""
    playing, loop = asyncio.ensure_future(play), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, playing.cancel)
    await playing


async def _play(state: Path, speed: float, minutes: int, *, has_page: bool) -> None:
    say = terminal_language().say
    stage = _Stage(minutes)
    async with _phone() as (address, rings):
        messenger = AppriseMessenger("phone", f"json://{address}/", lambda text: text)
        # the first message loads Apprise, which would cost a quarter of a quickened minute
        await asyncio.to_thread(messenger.deliver, Text(say("duurloop"), say("This is how I reach you.")))
        clock = FastClock(speed)
        stop, screen = asyncio.Event(), _Screen(clock)
        curtain = _Curtain()
        always_the_same = random.Random(7)  # noqa: S311
        window = _Window(clock, always_the_same) if has_page else None
        around = Surroundings(state, clock, always_the_same, curtain, screen.observe)
        screen.line(
            say("The service runs; {name} puts the strap on. Calm zone {low}-{high}, {speed:g} times as fast.").format(
                name=NAME, low=ZONE.low, high=ZONE.high, speed=speed
            )
        )
        if window:
            screen.line(say("The live page: {address}").format(address=window.address))
        service = asyncio.create_task(serve(lambda _: stage.parts(clock, messenger, window), around, stop))
        ringing = asyncio.create_task(screen.show_messages(rings))
        opened = asyncio.create_task(curtain.opened.wait())
        await asyncio.wait({service, opened}, return_when=asyncio.FIRST_COMPLETED)
        if service.done():
            await service  # it could not begin, and says why
        await clock.sleep(8)
        await asyncio.to_thread(ask, state, "start")
        await clock.sleep(minutes * 60 - 4)
        is_watched = window is not None and window.is_watched  # whoever looks at the run afterwards has left this page
        answer = await asyncio.to_thread(ask, state, "stop")
        await _until_sent(state)
        await _show_run(state, answer["run"]["id"])
        click.echo()
        click.echo(say("That was the demonstration; nothing of it stays on this machine."))
        if is_watched:
            click.echo(say("The page stays for another minute; Ctrl-C ends it."))
            await asyncio.sleep(STAYS_S)
        stop.set()
        await service
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)


class _Curtain(Notifier):
    """Learns, as systemd would, when the service is ready."""

    def __init__(self) -> None:
        super().__init__({})
        self.opened = asyncio.Event()

    def ready(self, status: str) -> None:
        """Tell that the service can do its work."""
        super().ready(status)
        self.opened.set()


class _Window:
    """The live page of the demonstration, and whether somebody looks through it."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        port = _free_port(USUAL_PORT)
        self.address = f"http://127.0.0.1:{port}/"
        self._make = page_at(Place("127.0.0.1", port), Terms(Door(is_open=True)), clock, chance)
        self._house: House | None = None

    def __call__(self, house: House, book: Book | None, follower: Follower | None) -> Worker:
        """Make the page, as the service wants it."""
        self._house = house
        return self._make(house, book, follower)

    @property
    def is_watched(self) -> bool:
        """Tell whether the page is open in some browser."""
        return self._house is not None and self._house.feed.streams > 0


def _free_port(wanted: int) -> int:
    """Return a port that can be had: the usual one, or any."""
    for port in (wanted, 0):
        with socket.socket() as one, suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))
            return int(one.getsockname()[1])
    return wanted


async def _until_sent(state: Path) -> None:
    """Wait for the last message to arrive, but not for ever."""
    for _ in range(100):
        if not (await asyncio.to_thread(ask, state, "status"))["outbox"]["waiting"]:
            return
        await asyncio.sleep(PHONE_LOOK_S)


async def _show_run(state: Path, run_id: str) -> None:
    language = terminal_language()
    async with open_readonly(state / DATABASE_NAME) as database:
        run = await SqliteStore(database).run(run_id)
    if run is None:
        raise click.ClickException("the run was not kept")
    click.echo()
    click.echo(language.say("And so duurloop show tells of a run afterwards:"))
    for line in run_lines(run, language, UTC):
        click.echo(f"  {line}" if line else "")


@dataclass(frozen=True, slots=True)
class _Stage:
    """A session of so many minutes: walk, run, walk, a run that is too fast, walk, run, walk."""

    minutes: int

    @property
    def course(self) -> Course:
        """Lay the session out; what is longer than the shortest goes to the last run."""
        more = (self.minutes - SHORTEST_MIN) * 60
        first = Block(1, (Step(StepKind.WARM_UP, 120), Step(StepKind.RUN, 90), Step(StepKind.WALK, 60)))
        rest = (
            Step(StepKind.RUN, 210),
            Step(StepKind.WALK, 60),
            Step(StepKind.RUN, 90 + more),
            Step(StepKind.COOL_DOWN, 90),
        )
        return Course.of((first, *rest), PlanRef("demo", 1))

    def parts(self, clock: Clock, messenger: AppriseMessenger, page: MakePage | None) -> Parts:
        """Return a household of one, whose phone is this screen."""
        channel = Channel(f"{NAME}/phone", "phone", frozenset(Kind), figures=False)
        plan = Plan("demo", "Demo", (self.course,))
        runner = Runner(NAME, terminal_language(), (ZONE,), (channel,), UTC, plan=plan)
        strap = SimulatedStrap(self._script(), clock, random.Random(7))  # noqa: S311
        return Parts(
            (runner,),
            {NAME: strap},
            {NAME: Connect.ALWAYS},
            {channel.id: messenger},
            lambda _id, _language: plan,
            lambda _svg: b"",
            page=page,
        )

    def _script(self) -> Script:
        calm, brisk, walking = 128.0, 158.0, 104.0
        return Script(
            efforts=(
                (0, walking),
                (130, calm),
                (220, walking),
                (280, calm),
                (300, brisk),
                (400, calm - 8),  # having heard the word
                (490, walking + 6),
                (550, calm),
                ((self.minutes * 60) - 90, walking - 10),
            ),
            absences=((498, 540),),
        )


class _Screen:
    """Shows what happens, when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begin = clock.monotonic()
        self._language: Language = terminal_language()

    @property
    def observe(self) -> Observer:
        """The observer to hand to the service."""
        return self._observe

    def line(self, text: str) -> None:
        """Print a line with the moment."""
        click.echo(f"{clock_text(max(0.0, self._clock.monotonic() - self._begin)):>6}  {text}")

    async def show_messages(self, rings: "asyncio.Queue[Text]") -> None:
        """Print what arrives on the phone."""
        phone = self._language.say("phone")
        while True:
            text = await rings.get()
            first, *more = text.body.splitlines()
            click.echo(f"{'':>10}{phone} | {click.style(text.title, bold=True)}: {first}")
            for line in more:
                click.echo(f"{'':>10}{'':{len(phone)}} |   {line}")

    def _observe(self, _runner: str, event: Event, effects: tuple[Effect, ...]) -> None:
        say = self._language.say
        match event:
            case StrapConnected():
                self.line(say("strap connected, battery {battery} %").format(battery=event.battery_pct))
            case StrapLost():
                self.line(say("strap lost; I keep looking for it"))
            case _:
                pass
        for effect in effects:
            if told := self._tell(effect):
                self.line(told)

    def _tell(self, effect: Effect) -> str | None:
        say = self._language.say
        match effect:
            case Open():
                return say("a session begins")
            case Announce():
                return say("cue: {cue}").format(cue=cue_text(effect.kind, effect.for_s, self._language).title)
            case Speak():
                return say("word: {word}").format(word=nudge_text(effect.nudge, self._language).title)
            case Close():
                return say("the session is closed and judged")
            case _:
                return None


@asynccontextmanager
async def _phone() -> "AsyncIterator[tuple[str, asyncio.Queue[Text]]]":
    """Be the phone: a receiver on this machine that Apprise posts its messages to, as JSON."""
    rings: asyncio.Queue[Text] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].split("\r\n")[0])
        message = json.loads(await reader.readexactly(length))
        rings.put_nowait(Text(message["title"], message["message"]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"{host}:{port}", rings
    finally:
        server.close()
