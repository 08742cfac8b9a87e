"""What one runner's recordings are measured by; small enough to go along to another process."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from hashlib import blake2b

from daemon.domain.activity import is_wanted
from daemon.domain.recorded import run_of
from daemon.domain.recording import Recording
from daemon.domain.run import Source
from daemon.domain.zones import TargetZone, zone_on
from daemon.store import Brought


@dataclass(frozen=True, slots=True)
class Yardstick:
    """A runner's zones, days and sports."""

    runner: str
    zones: tuple[TargetZone, ...]
    timezone: tzinfo
    sports: frozenset[str] = frozenset()
    """Wanted beyond runs and walks."""

    def wants(self, sport: str) -> bool:
        """Tell whether an activity of this sport is a run to this runner."""
        return is_wanted(sport, self.sports)

    def judge(self, recording: Recording, source: Source, origin: str, *, start_hidden: bool = False) -> Brought:
        """Judge a recording by the zone of its day; `origin` names for good what it was made from.

        Takes its time: up to a twentieth of a second for an hour of running.
        """
        local = recording.started_at.astimezone(self.timezone)
        identity, target = self._identity(local, source, origin), zone_on(local.date(), self.zones)
        run = run_of(recording, identity, source, target, runner=self.runner)
        return Brought(run, recording.samples, origin, start_hidden)

    def _identity(self, local: datetime, source: Source, origin: str) -> str:
        """Return the same name whenever it is brought; one that is lent is named without its time, for names stay."""
        of = f"{self.runner}:{origin}".encode()
        if source is Source.STRAVA_API:
            return blake2b(of, digest_size=8).hexdigest()
        return f"{local:%Y%m%d-%H%M%S}-{blake2b(of, digest_size=4).hexdigest()}"
