"""The calm zone: two numbers in bpm, with where they come from and from which day they hold.

Ways of finding them differ by some 25 bpm for one and the same person, and a maximum heart rate taken
from age by another 10 to either side. So formulas only propose; the runner decides, and old runs keep
the zone of their day. Sources stand at each formula.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, auto
from typing import TypeVar

from daemon.domain.heart_rate import Bpm
from daemon.domain.marking import _

LOWEST_EDGE, HIGHEST_EDGE = 60, 220
AGES, RESTING_HRS, MAXIMUM_HRS, EFFORT_HRS = (5, 110), (30, 120), (100, 220), (60, 220)
"""Outside these a fact is a slip of the pen, and no formula is fed with it."""
NARROWEST = 10
"""A zone that is proposed spans at least so many beats; with some medication the heart stays near the lowest edge."""

Number = TypeVar("Number", bound=int)


class ZoneOrigin(Enum):
    """Where a zone's numbers come from; all but `OWN` began as a proposal."""

    OWN = "own"
    TALK_TEST = "talk_test"
    MAF = "maf"
    RESERVE = "reserve"
    MAXIMUM = "maximum"
    THRESHOLD = "threshold"
    STRAVA = "strava"


class Position(Enum):
    """Where a heart rate lies against the target."""

    BELOW = auto()
    INSIDE = auto()
    ABOVE = auto()


@dataclass(frozen=True, slots=True)
class TargetZone:
    """A calm zone in bpm; both edges belong to it. Raises ValueError for edges no runner can mean."""

    low: Bpm
    high: Bpm
    origin: ZoneOrigin = ZoneOrigin.OWN
    set_by: str | None = None
    valid_from: date | None = None
    """None: since ever."""

    def __post_init__(self) -> None:
        if not LOWEST_EDGE <= self.low < self.high <= HIGHEST_EDGE:
            raise ValueError(
                f"a zone is two whole numbers, low-high, between {LOWEST_EDGE} and {HIGHEST_EDGE}, such as 118-136"
            )

    @classmethod
    def parse(cls, text: str) -> "TargetZone":
        """Read `118-136`; raises ValueError with the form that is wanted."""
        low, _, high = text.replace("–", "-").partition("-")  # noqa: RUF001 - an en dash, as phones write it
        if not (low.strip().isdecimal() and high.strip().isdecimal()):
            raise ValueError("a zone is two whole numbers, low-high, such as 118-136")
        return cls(Bpm(int(low)), Bpm(int(high)))

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"

    def locate(self, bpm: float) -> Position:
        """Tell where `bpm` lies."""
        if bpm < self.low:
            return Position.BELOW
        return Position.ABOVE if bpm > self.high else Position.INSIDE


def zone_on(day: date, zones: Iterable[TargetZone]) -> TargetZone | None:
    """Return the zone that holds on `day`: the one with the latest start not after it, and of two the last named."""
    holding = [zone for zone in zones if zone.valid_from is None or zone.valid_from <= day]
    return max(reversed(holding), key=lambda zone: zone.valid_from or date.min, default=None)


def zones_in_force(
    of_settings: Sequence[TargetZone], set_here: Iterable[tuple[TargetZone, str]]
) -> tuple[TargetZone, ...]:
    """Return all zones that count: those of the settings, and those that were set over them (oldest first).

    Each that was set comes with the zone of the settings over which it was set, as text. Where the settings say
    another one for that day by now they were changed since, and they have the last word. A zone of the settings that
    begins on a later day follows the one that was set.
    """
    still = (zone for zone, instead_of in set_here if text_on(zone.valid_from or date.min, of_settings) == instead_of)
    return (*of_settings, *still)


def text_on(day: date, zones: Iterable[TargetZone]) -> str:
    """Return the zone that holds on `day` as it is written; nothing for none."""
    zone = zone_on(day, zones)
    return str(zone) if zone else ""


class Training(Enum):
    """How it is with a runner's training; the 180 formula asks for it."""

    RECOVERING = "recovering"
    """From a serious illness or an operation."""
    STARTING = "starting"
    """Beginning, or beginning again; also after an injury, and with more than two colds a year."""
    STEADY = "steady"
    """Four times a week, for up to two years."""
    YEARS = "years"
    """As steadily for longer, and getting on."""


MAF_BPM: Mapping[Training, int] = {
    Training.RECOVERING: -10,
    Training.STARTING: -5,
    Training.STEADY: 0,
    Training.YEARS: 5,
}
"""What the 180 formula adds (Maffetone, tip sheet)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a runner may tell about themselves; every part is optional. Heart rates in bpm."""

    age: int | None = None
    resting_hr: Bpm | None = None
    maximum_hr: Bpm | None = None
    """Measured in a hard effort; never asked of a beginner."""
    threshold_hr: Bpm | None = None
    """Mean of the last 20 minutes of a 30-minute solo time trial (Friel 2009)."""
    comfortable_hr: Bpm | None = None
    """Talk test: highest heart rate at which 20 to 30 s of speech still came easily."""
    training: Training = Training.STARTING
    medication: bool = False
    """Medication changes my heart rate: then no formula means anything."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A zone that one method would choose; nobody applies it but the runner."""

    zone: TargetZone
    method: str
    """Its name, a key of the catalogues."""


def estimated_maximum_hr(age: int) -> float:
    """Estimate the maximum heart rate from age: 208 - 0.7 age (Tanaka 2001; one SD is about 10 bpm)."""
    return 208 - 0.7 * age


def proposals(facts: Facts) -> tuple[Proposal, ...]:
    """Return what each method that has its facts would propose, the talk test first."""
    ways = (_talk_test,) if facts.medication else (_talk_test, _maf, _reserve, _maximum, _threshold)
    credible = _credible(facts)
    return tuple(proposal for way in ways if (proposal := way(credible)))


def _credible(facts: Facts) -> Facts:
    return replace(
        facts,
        age=_within(AGES, facts.age),
        resting_hr=_within(RESTING_HRS, facts.resting_hr),
        maximum_hr=_within(MAXIMUM_HRS, facts.maximum_hr),
        threshold_hr=_within(EFFORT_HRS, facts.threshold_hr),
        comfortable_hr=_within(EFFORT_HRS, facts.comfortable_hr),
    )


def _within(span: tuple[int, int], number: Number | None) -> Number | None:
    return number if number is not None and span[0] <= number <= span[1] else None


def _talk_test(facts: Facts) -> Proposal | None:
    if facts.comfortable_hr is None:
        return None
    # Calm ends one stage below the last comfortable one: 140 against 151 bpm (Foster 2009, n = 14).
    high = facts.comfortable_hr - 11
    if high - LOWEST_EDGE < NARROWEST:
        return None
    return _propose(max(LOWEST_EDGE, high - 18), high, ZoneOrigin.TALK_TEST, _("talk test"))


def _maf(facts: Facts) -> Proposal | None:
    if facts.age is None:
        return None
    # Maffetone's own exception: at 16 and below the figure is fixed.
    high = 165 if facts.age <= 16 else 180 - facts.age + MAF_BPM[facts.training]  # noqa: PLR2004
    return _propose(high - 10, high, ZoneOrigin.MAF, _("180 formula"))


def _reserve(facts: Facts) -> Proposal | None:
    maximum = _maximum_of(facts)
    if maximum is None or facts.resting_hr is None:
        return None
    reserve = maximum - facts.resting_hr  # Karvonen 1957; 50 to 65 % of the reserve is easy
    low, high = facts.resting_hr + 0.50 * reserve, facts.resting_hr + 0.65 * reserve
    return _propose(low, high, ZoneOrigin.RESERVE, _("heart-rate reserve, 50-65 %"))


def _maximum(facts: Facts) -> Proposal | None:
    maximum = _maximum_of(facts)
    if maximum is None:
        return None
    return _propose(0.60 * maximum, 0.75 * maximum, ZoneOrigin.MAXIMUM, _("maximum heart rate, 60-75 %"))


def _threshold(facts: Facts) -> Proposal | None:
    if facts.threshold_hr is None:
        return None
    # Friel 2009, running: zones 1 and 2 end at 89 % of the threshold; below 75 % is walking for most.
    return _propose(0.75 * facts.threshold_hr, 0.89 * facts.threshold_hr, ZoneOrigin.THRESHOLD, _("threshold, 75-89 %"))


def _maximum_of(facts: Facts) -> float | None:
    if facts.maximum_hr is not None:
        return facts.maximum_hr
    return None if facts.age is None else estimated_maximum_hr(facts.age)


def _propose(low: float, high: float, origin: ZoneOrigin, method: str) -> Proposal | None:
    try:
        return Proposal(TargetZone(Bpm(round(low)), Bpm(round(high)), origin), method)
    except ValueError:
        return None  # facts that no body has lead to no proposal
