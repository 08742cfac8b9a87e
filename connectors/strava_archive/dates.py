"""Dates as Strava writes them in the account's language, always in UTC."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from unicodedata import normalize

_LONGEST = 64
_NUMBER = re.compile(r"\d{1,4}")
_ACCENT = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_AFTER_NOON = re.compile(normalize("NFKD", r"(?<![a-z])p\.?\s?m\b|오후|下午|午後|μ\.?μ"))
_BEFORE_NOON = re.compile(normalize("NFKD", r"(?<![a-z])a\.?\s?m\b|오전|上午|午前|π\.?μ"))
_YEAR_FROM = 1000
_TIME_PARTS = (2, 3)
_YEARS = range(1980, 2100)
# The beginnings of the months in the languages that Strava speaks; the longer one is looked up first.
_MONTHS = {
    beginning: number
    for number, beginnings in enumerate(
        (
            "jan ene gen sty tam led ian oca",
            "feb fev lut hel uno fbr sub",
            "mar mrt mrz maa bre",
            "apr abr avr kwi huh dub nis",
            "may mei mai mag maj tou kve",
            "jun giu juin cze kes haz iun",
            "jul lug juil lip hei iul tem",
            "aug ago aou sie elo srp agu",
            "sep set wrz syy zar eyl",
            "oct okt out ott paz lok rij eki",
            "nov noi lis marr kas",
            "dec dez dic des gru jou pro ara",
        ),
        start=1,
    )
    for beginning in beginnings.split()
}


@dataclass(frozen=True, slots=True)
class _Written:
    """A date taken apart."""

    numbers: tuple[int, int, int]
    """As they stand there; with a month in letters, that is the middle one."""
    time: tuple[int, int, int]
    is_in_letters: bool

    @property
    def begins_with_year(self) -> bool:
        return self.numbers[0] >= _YEAR_FROM


def dates_of(texts: Sequence[str]) -> list[datetime | None]:
    """Read a column of dates; whether day or month comes first shows in all of them together."""
    written = [_taken_apart(text) for text in texts]
    month_first = _has_month_first(found for found in written if found is not None)
    return [
        _iso(text) or (_date(found, month_first=month_first) if found else None)
        for text, found in zip(texts, written, strict=True)
    ]


def _has_month_first(dates: Iterable[_Written]) -> bool:
    numeric = [date.numbers for date in dates if not date.is_in_letters and not date.begins_with_year]
    return any(second > 12 for _, second, _ in numeric) and not any(first > 12 for first, _, _ in numeric)  # noqa: PLR2004 - months


def _iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC) if aware.year in _YEARS else None
    except (ValueError, OverflowError):
        return None


def _taken_apart(text: str) -> _Written | None:
    if len(text) > _LONGEST:
        return None
    said = _ACCENT.sub("", normalize("NFKD", text.casefold()))
    numbers = [int(number) for number in _NUMBER.findall(said)]
    month = next((month for word in _WORD.findall(said) if (month := _month(word))), None)
    of_date, time = (numbers[:2], numbers[2:]) if month else (numbers[:3], numbers[3:])
    if len(time) not in _TIME_PARTS:
        return None
    if month:
        of_date.insert(1, month)
    hour, minute, second = (*time, 0)[:3]
    return _Written((of_date[0], of_date[1], of_date[2]), (_hour(hour, said), minute, second), month is not None)


def _month(word: str) -> int | None:
    return _MONTHS.get(word[:4]) or _MONTHS.get(word[:3])


def _hour(hour: int, said: str) -> int:
    noon = 12
    if hour > noon:
        return hour
    if _AFTER_NOON.search(said):
        return hour % noon + noon
    return hour % noon if _BEFORE_NOON.search(said) else hour


def _date(written: _Written, *, month_first: bool) -> datetime | None:
    first, second, third = written.numbers
    if written.begins_with_year:
        year, month, day = first, second, third
    elif month_first and not written.is_in_letters:
        year, month, day = third, first, second
    else:
        year, month, day = third, second, first
    try:
        return datetime(year, month, day, *written.time, tzinfo=UTC) if year in _YEARS else None
    except ValueError:
        return None
