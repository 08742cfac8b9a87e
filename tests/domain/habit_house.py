"""A house that looks, says and remembers over days, which are counted from a Monday."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from daemon.domain.calendar import day_of, moment_of
from daemon.domain.habit import Agreement, Due, Life, Memory, Reminder, Silent, SmallestStep, Sunday, due
from daemon.domain.week import IsoWeek

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAY = date(2026, 11, 2)
TUE_THU_SUN = Agreement(frozenset({1, 3, 6}))
HALF_AN_HOUR = timedelta(minutes=30)


def day(number: int) -> date:
    """Return a day, counted from a Monday."""
    return MONDAY + timedelta(days=number)


def days(*numbers: int) -> frozenset[date]:
    return frozenset(map(day, numbers))


def at(number: float, hour: int = 18, minute: int = 30) -> datetime:
    return moment_of(day(int(number)), time(hour, minute), AMSTERDAM)


@dataclass
class House:
    """Looks, says and remembers, as the service does over a restart each time."""

    agreement: Agreement = TUE_THU_SUN
    life: Life = field(default_factory=lambda: Life(day(-30)))
    zone: tzinfo = AMSTERDAM
    occurrences: dict[str, str] = field(default_factory=lambda: {"said": "2026-10-20"})
    said: list[tuple[datetime, Due]] = field(default_factory=list)

    def look(self, now: datetime) -> None:
        for one in due(self.agreement, self.life, Memory.of(self.occurrences), now, self.zone):
            self.occurrences |= one.passed
            if not isinstance(one, Silent):
                self.said.append((now, one))

    def look_on(self, first: int, last: int) -> None:
        """Look every half hour of some days."""
        now = at(first, 0, 0)
        while now < at(last + 1, 0, 0):
            self.look(now)
            now += HALF_AN_HOUR

    @property
    def words(self) -> list[str]:
        """Return what was said, by the number of the day."""
        return [f"{(day_of(now, self.zone) - MONDAY).days} {word(one)}" for now, one in self.said]


def word(one: Due) -> str:
    match one:
        case Reminder():
            return one.opening.name.lower()
        case SmallestStep():
            return "smallest"
        case Sunday():
            return str(one.week)
        case Silent():
            raise AssertionError("silence is no word")


def told(last: int, first: int = 0, agreement: Agreement = TUE_THU_SUN, **life: object) -> list[str]:
    """Return what a runner hears on some days; who runs on day -1 and was known before unless told otherwise."""
    known = replace(Life(day(-30), days(-1)), **life)  # type: ignore[arg-type]
    house = House(agreement, known, occurrences={"said": "2026-10-20"})
    house.occurrences["week"] = str(IsoWeek.of(day(first)).before())
    # what is to come is not known before
    for number in range(first, last + 1):
        house.life = replace(known, runs=frozenset(one for one in known.runs if one < day(number)))
        house.look_on(number, number)
    return house.words
