"""What the picture of a week and its mail say in words: days, dates and facts, in the runner's language."""

from collections.abc import Iterator

from daemon.domain.effort import CALM_PCT, LIVELY_PCT, Verdict
from daemon.domain.marking import _
from daemon.domain.week import IsoWeek, Totals, Week
from daemon.domain.wording import day_word, month_word, verdict_text
from daemon.domain.wording.text import Language, in_minutes, in_percent

_MINUTE_S = 60


def minutes_of(seconds: float) -> int:
    """Return whole minutes, a half upwards, as they are said."""
    return (round(seconds) + _MINUTE_S // 2) // _MINUTE_S


def week_title(week: IsoWeek, language: Language) -> str:
    """Return the week by its number."""
    return language.say(_("Week {number}")).format(number=week.number)


def week_dates(week: IsoWeek, language: Language) -> str:
    """Say from when to when, with no more months and years than it takes."""
    first, last = week.days[0], week.days[-1]
    if first.year != last.year:
        begin = language.say(_("{day} {month} {year}")).format(
            day=first.day, month=month_word(first, language), year=first.year
        )
    elif first.month != last.month:
        begin = language.say(_("{day} {month}")).format(day=first.day, month=month_word(first, language))
    else:
        begin = str(first.day)
    end = language.say(_("{day} {month} {year}")).format(day=last.day, month=month_word(last, language), year=last.year)
    return language.say(_("{first} to {last}")).format(first=begin, last=end)


def run_count(runs: int, language: Language) -> str:
    """Say how many runs."""
    return language.plural("{n} run", "{n} runs", runs).format(n=runs)


def sum_of(totals: Totals, language: Language) -> str:
    """Say how many runs and minutes."""
    return f"{run_count(totals.runs, language)}, {in_minutes(totals.duration_s, language)}"


def no_runs(week: Week, language: Language) -> str:
    """Say kindly that there is nothing to draw."""
    if not week.is_whole:
        return language.say(_("Nothing is kept of this week any more."))
    if week.paused:
        return language.say(_("A week of rest. Nothing was lost."))
    if not week.is_over:
        return language.say(_("No runs yet this week. There is no hurry."))
    return language.say(_("No runs this week. Rest is part of it, too."))


def no_line(language: Language) -> str:
    """Say what the line over the weeks is waiting for."""
    return language.say(_("The line of your weeks will come here."))


def line_title(language: Language) -> str:
    """Return what the line over the weeks is about."""
    return language.say(_("How calm, week by week"))


def share_verdict(calm_pct: float) -> Verdict:
    """Return the verdict whose band a calm share lies in."""
    if calm_pct >= CALM_PCT:
        return Verdict.CALM
    return Verdict.LIVELY if calm_pct >= LIVELY_PCT else Verdict.HARD


def week_alt_text(week: Week, language: Language, *, figures: bool) -> str:
    """Say what the picture shows to someone who does not see it."""
    return " ".join(_facts(week, language, figures=figures))


def _facts(week: Week, language: Language, *, figures: bool) -> Iterator[str]:
    title, dates = week_title(week.week, language), week_dates(week.week, language)
    if not week.totals.runs:
        yield f"{title}, {dates}. {no_runs(week, language)}"
    else:
        yield f"{title}, {dates}: {sum_of(week.totals, language)}."
    for bar in week.bars:
        parts = [
            f"{in_minutes(seconds, language)} {verdict_text(verdict, language)}" for verdict, seconds in bar.seconds
        ]
        if parts:
            yield f"{day_word(bar.day, language)}: {', '.join(parts)}."
    shares = [(point.week.number, point.calm_pct) for point in week.line if point.calm_pct is not None]
    if shares:
        told = (f"{number} {_how_calm(share, language, figures=figures)}" for number, share in shares)
        yield f"{line_title(language)}: {', '.join(told)}."
    else:
        yield no_line(language)


def _how_calm(share: float, language: Language, *, figures: bool) -> str:
    word = verdict_text(share_verdict(share), language)
    return f"{word} ({in_percent(share, language)})" if figures else word
