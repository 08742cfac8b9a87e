"""What follows from a run: three lines to its runner, and a line in the diary of the plan.

Worked out just before the run is kept, so that all of it becomes durable together.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from daemon.clock import Clock
from daemon.domain.progress import Why
from daemon.domain.run import Run
from daemon.domain.wording import Onward, Outlook, Text, feel_line, summary_text
from daemon.household import Channel
from daemon.letters import Scribe
from daemon.planning import Planner, Sequel
from daemon.remote import RefusedError
from daemon.store import Fact, HandoverDue, Kind, Letter, LetterWritten, Outlet, StepRun

log = structlog.get_logger()

FeelLink = Callable[[Run], str | None]
"""Returns where a runner can say how a run felt; None where no phone reaches the page."""


class Afterwards:
    """Answers one runner's runs."""

    def __init__(
        self,
        planner: Planner,
        clock: Clock,
        feel_link: FeelLink = lambda _: None,
        outlets: frozenset[Outlet] = frozenset(),
    ) -> None:
        self.runner = runner = planner.runner
        self._planner = planner
        self._clock = clock
        self._feel_link = feel_link
        self._outlets = outlets
        self._scribe = Scribe(runner, clock)

    async def sequel(self, run: Run) -> Sequel:
        """Return what the plan says to a run that is not kept yet. Raises `StoreError`."""
        try:
            return await self._planner.after(run, self._clock.now())
        except RefusedError as error:
            log.warning("plan_refused", runner=self.runner.name, reason=str(error))
            return Sequel(None)

    def handovers(self, run: Run) -> list[HandoverDue]:
        """Return where a session of the strap's is to go besides."""
        now, runner = self._clock.now(), self.runner.name
        return [HandoverDue(runner, run.id, outlet, now) for outlet in Outlet if outlet in self._outlets]

    def letters(self, run: Run, sequel: Sequel, key: str) -> list[Letter]:
        """Return the three lines, one letter for each channel that takes them."""
        language, zone = self.runner.language, self.runner.timezone
        day = run.started_at.astimezone(zone).date()
        link = self._feel_link(run)

        def text(channel: Channel) -> Text:
            lines = summary_text(
                run.judgement,
                run.duration_s,
                language,
                figures=channel.figures,
                turn=self.runner.turn(day),
                outlook=sequel.outlook if channel.figures else discreet(sequel.outlook),
                rest=not self._is_agreed((day + timedelta(days=1)).weekday()),
                sport=run.sport,
            )
            return Text(lines.title, f"{lines.body}\n{feel_line(link, language)}") if link else lines

        return self._scribe.write(Kind.AFTER, key, text)

    def _is_agreed(self, weekday: int) -> bool:
        agreement = self.runner.agreement
        return agreement is not None and weekday in agreement.days


def discreet(outlook: Outlook | None) -> Outlook | None:
    """Return what may be said where figures are not wanted: how it felt stays at home."""
    if isinstance(outlook, Onward) and outlook.proposal.why is Why.HEAVY:
        return replace(outlook, proposal=replace(outlook.proposal, why=Why.MORE))
    return outlook


def facts_of(sequel: Sequel, letters: Sequence[Letter]) -> list[Fact]:
    """Return what is to be kept together with the run; without letters no occasion has passed."""
    facts = (fact for fact in sequel.facts if letters or isinstance(fact, StepRun))
    return [*facts, *(LetterWritten(letter) for letter in letters)]
