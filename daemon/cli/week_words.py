"""The numbers of a week, for a person at a terminal."""

from collections.abc import Iterator

from daemon.domain.week import Mood, Totals, Trend, Week
from daemon.domain.wording import Language, duration, verdict_text
from daemon.domain.wording.text import clock_text

METRES_A_KM = 1000


def week_lines(week: Week, language: Language) -> list[str]:
    """Say the days, the sums, and how they lie among other weeks."""
    days = [*_day_lines(week, language)]
    numbers = [
        *_sum_lines(week, language),
        *_other_weeks(week, language),
        *(_mood_lines(week.mood, language) if week.mood else ()),
        *_trend_lines(week, language),
    ]
    return [*days, *([""] if days and numbers else []), *numbers]


def _day_lines(week: Week, language: Language) -> Iterator[str]:
    for bar in week.bars:
        if bar.seconds:
            runs = (
                f"{duration(seconds, language)} {verdict_text(verdict, language)}" for verdict, seconds in bar.seconds
            )
            yield f"{bar.day}  {', '.join(runs)}"


def _sum_lines(week: Week, language: Language) -> Iterator[str]:
    say, totals = language.say, week.totals
    if not totals.runs:
        return
    yield say("In all: {totals}").format(totals=_totals(totals, language))
    if totals.calm_pct is not None:
        yield say("Zone: {below} below, {inside} inside, {above} above, {unknown} unknown").format(
            below=clock_text(round(totals.below_s)),
            inside=clock_text(round(totals.inside_s)),
            above=clock_text(round(totals.above_s)),
            unknown=clock_text(round(totals.unknown_s)),
        )
    if week.longest_calm_s:
        yield say("Longest calm stretch: {duration}").format(duration=clock_text(week.longest_calm_s))


def _other_weeks(week: Week, language: Language) -> Iterator[str]:
    say = language.say
    if week.last:
        yield say("The week before: {totals}").format(totals=_totals(week.last, language))
    if usual := week.usual:
        yield say("Usual in the {weeks} weeks before: {runs}, {duration}").format(
            weeks=usual.weeks, runs=_runs(usual.runs, language), duration=duration(usual.duration_s, language)
        ) + _calm(usual.calm_pct, language)
    if week.runs_in_four_weeks:
        yield say("In four weeks: {runs}").format(runs=_runs(week.runs_in_four_weeks, language))


def _mood_lines(mood: Mood, language: Language) -> Iterator[str]:
    say = language.say
    parts = ((mood.before, say("{value} before running")), (mood.after, say("{value} afterwards")))
    if told := [words.format(value=f"{value:.1f}") for value, words in parts if value is not None]:
        yield f"{say('How you felt, from 1 to 5')}: {', '.join(told)}"
    if mood.lift.of:
        better = say("{better} of {of} runs, over four weeks").format(better=mood.lift.better, of=mood.lift.of)
        yield f"{say('Felt better afterwards')}: {better}"


def _trend_lines(week: Week, language: Language) -> Iterator[str]:
    if week.drift:
        yield _trend(week.drift, language.say("Drift: {now} %, in the four weeks before {earlier} %"))
    if week.recovery:
        yield _trend(
            week.recovery,
            language.say("Recovery in the first minute: {now} beats, in the four weeks before {earlier}"),
        )


def _trend(trend: Trend, sentence: str) -> str:
    return sentence.format(now=f"{round(trend.now, 1) + 0.0:g}", earlier=f"{round(trend.earlier, 1) + 0.0:g}")


def _totals(totals: Totals, language: Language) -> str:
    parts = [_runs(totals.runs, language), duration(totals.duration_s, language)]
    if totals.distance_m:
        parts.append(language.say("{km} km").format(km=round(totals.distance_m / METRES_A_KM, 1)))
    return ", ".join(parts) + _calm(totals.calm_pct, language)


def _runs(number: float, language: Language) -> str:
    whole, half = divmod(number, 1)  # a median lies half-way at most
    return language.plural("{n} run", "{n} runs", 2 if half else int(whole)).format(n=f"{whole:g}{'½' if half else ''}")


def _calm(calm_pct: float | None, language: Language) -> str:
    return "" if calm_pct is None else ", " + language.say("{calm} % calm").format(calm=int(calm_pct))
