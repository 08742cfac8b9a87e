"""One runner's evening with a coach, and all facts that were noted in it."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from daemon.coach import Coach
from daemon.domain.plan import Block, Course, PlanRef, Step, StepKind
from daemon.domain.run import Run
from daemon.domain.strap import LossReason, StrapConnected, StrapLost
from daemon.household import Runner
from daemon.store import Fact, Kind, Letter, LetterWritten, RunKept
from tests.builders import CALM
from tests.fakes import MAIL, PHONE, FakeClock, afterwards, runner, sample
from tests.memory_store import MemoryStore

BOTH = runner("Els", PHONE, MAIL)
COURSE = Course.of(
    [
        Step(StepKind.WARM_UP, 120),
        Block(3, (Step(StepKind.RUN, 180), Step(StepKind.WALK, 60))),
        Step(StepKind.COOL_DOWN, 120),
    ],
    PlanRef("rustig-12", 4),
)
QUIET_S = 400


def at_once(work: Awaitable[Sequence[Fact]]) -> Sequence[Fact]:
    """Return what comes of something that waits for nobody."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as done:
        return list(done.value)
    raise AssertionError("it waits")


class Evening:
    """A coach, the time of day, and all facts in the order in which they were noted."""

    def __init__(self, who: Runner = BOTH, clock: FakeClock | None = None, chance: int = 1) -> None:
        self.clock = clock or FakeClock()
        self.facts: list[Fact] = []
        self.urgent: list[Fact] = []
        self.chance = random.Random(chance)  # noqa: S311
        self.coach = Coach(afterwards(who, MemoryStore(), self.clock), self, self.clock, self.chance)

    def note(
        self, *facts: Fact, urgent: bool = False, then: Callable[[], Awaitable[Sequence[Fact]]] | None = None
    ) -> None:
        self.facts += [*facts, *(at_once(then()) if then else ())]
        if urgent:
            self.urgent += facts

    def wear(self, seconds: int, bpm: int = CALM) -> None:
        """Let the strap speak once a second."""
        for _ in range(seconds):
            self.clock.jump(1)
            self.coach.handle(replace(sample(0, bpm), at=self.clock.monotonic()))

    def wait(self, seconds: int) -> None:
        """Let time pass without the strap."""
        for _ in range(seconds):
            self.clock.jump(1)
            self.coach.tick()

    def connect(self, battery_pct: int | None = 80) -> None:
        self.coach.handle(StrapConnected(self.clock.monotonic(), "Polar H10", battery_pct))

    def cues(self) -> list[tuple[str, str]]:
        """Return the title and the words of every cue."""
        spoken = [letter for letter in self.letters(Kind.LIVE) if letter.channel == PHONE.id]
        return [(letter.text.title, letter.text.body) for letter in spoken if letter.key.startswith("Els:cue")]

    def lose(self) -> None:
        self.coach.handle(StrapLost(self.clock.monotonic(), LossReason.LINK_LOST))

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def letters(self, kind: Kind | None = None) -> list[Letter]:
        written = [fact.letter for fact in self.facts if isinstance(fact, LetterWritten)]
        return [letter for letter in written if kind in (None, letter.kind)]

    def runs(self) -> list[Run]:
        return [fact.run for fact in self.facts if isinstance(fact, RunKept)]
