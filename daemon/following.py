"""A runner who is followed: coach, strap, and whether the strap may be held."""

from dataclasses import dataclass, field

import structlog

from daemon.coach import Coach
from daemon.domain.heart_rate import HeartRateSample, Instant, SensorContact
from daemon.domain.strap import LossReason, RadioChanged, RadioTrouble, StrapConnected, StrapEvent, StrapLost
from daemon.permit import StrapPermit
from daemon.ports import HeartRateSource

log = structlog.get_logger()


@dataclass(slots=True)
class StrapLink:
    """What is known of a runner's strap."""

    connected: bool = False
    name: str | None = None
    battery_pct: int | None = None
    location: str | None = None
    contact: SensorContact = SensorContact.UNKNOWN
    """As the strap said last; its numbers are the coach's alone."""
    trouble: RadioTrouble | None = None

    def note(self, event: StrapEvent) -> None:
        """Take in what the strap or the radio says."""
        match event:
            case StrapConnected():
                self.connected, self.name, self.battery_pct = True, event.name, event.battery_pct
                self.location = event.location.name.lower() if event.location is not None else None
            case HeartRateSample():
                self.contact = event.contact
            case StrapLost():
                self.connected, self.contact = False, SensorContact.UNKNOWN
            case RadioChanged():
                self.trouble = event.trouble
                if event.trouble is None:
                    log.info("radio_recovered")
                else:
                    log.warning("radio_trouble", trouble=event.trouble.value)
            case _:
                pass


@dataclass(slots=True)
class Followed:
    """One runner and what belongs to them."""

    coach: Coach
    permit: StrapPermit
    source: HeartRateSource | None
    link: StrapLink = field(default_factory=StrapLink)

    @property
    def name(self) -> str:
        """The runner's name."""
        return self.coach.runner.name

    @property
    def last_failure(self) -> str | None:
        """Why the strap could not be connected to when it was seen last; None if it could, or was not seen."""
        return self.source.last_failure if self.source else None

    def take(self, source: HeartRateSource | None, now: Instant) -> None:
        """Go on with this strap; one that is another than before takes the place of a lost one."""
        if source is self.source:
            return
        self.source = source
        if self.link.connected:
            self.coach.handle(StrapLost(now, LossReason.RELEASED))
        self.link = StrapLink()

    async def follow(self) -> None:
        """Hand everything the strap says to the coach, without end."""
        if self.source is None:
            return
        async with self.source.events(self.permit) as events:
            async for event in events:
                self.link.note(event)
                self.coach.handle(event)
