"""What is known of a week besides its lines, name by name: for a mail, and for the page."""

from collections.abc import Iterator

from daemon.domain.marking import _
from daemon.domain.week import Mood, Place, Trend, Week
from daemon.domain.wording.text import Language, in_minutes, in_percent, tenths, within
from daemon.weekly.words import run_count


def week_facts(week: Week, language: Language, *, figures: bool) -> Iterator[tuple[str, str]]:
    """Name and tell what is known of the week, the everyday things first."""
    if week.totals.runs:
        yield language.say(_("Runs")), _runs(week, language)
        yield language.say(_("Time")), _time(week, language)
    calm = week.totals.calm_pct
    if figures and calm is not None:
        yield language.say(_("Calm")), _calm(calm, week, language)
    if week.longest_calm_s:
        yield language.say(_("Longest calm stretch")), in_minutes(week.longest_calm_s, language)
    if figures:
        yield from _heart_and_mood(week, language)
    if week.runs_in_four_weeks is not None:
        yield language.say(_("In the last four weeks")), run_count(week.runs_in_four_weeks, language)
    if week.place is not None:
        yield language.say(_("Your plan")), _place(week.place, language)


def _runs(week: Week, language: Language) -> str:
    if week.totals.runs <= week.agreed and week.is_whole and not (week.is_to_come or week.paused):
        return language.say(_("{runs} of {agreed} agreed")).format(runs=week.totals.runs, agreed=week.agreed)
    return str(week.totals.runs)


def _time(week: Week, language: Language) -> str:
    return _beside(
        in_minutes(week.totals.duration_s, language),
        in_minutes(week.last.duration_s, language) if week.last else None,
        in_minutes(week.usual.duration_s, language) if week.usual else None,
        language,
    )


def _calm(calm: float, week: Week, language: Language) -> str:
    last = week.last.calm_pct if week.last else None
    usual = week.usual.calm_pct if week.usual else None
    return _beside(
        in_percent(calm, language),
        None if last is None else in_percent(last, language),
        None if usual is None else in_percent(usual, language),
        language,
    )


def _beside(now: str, last: str | None, usual: str | None, language: Language) -> str:
    """Set a value beside the week before and beside what is usual, where there is either."""
    told = [now]
    if last is not None:
        told.append(language.say(_("{value} the week before")).format(value=last))
    if usual is not None:
        told.append(language.say(_("{value} in a usual week")).format(value=usual))
    return "; ".join(told)


def _heart_and_mood(week: Week, language: Language) -> Iterator[tuple[str, str]]:
    if week.mood is not None:
        yield from _mood(week.mood, language)
    if week.recovery is not None:
        yield language.say(_("Beats that your heart comes down in the first minute")), _trend(week.recovery, language)
    if week.drift is not None:
        yield language.say(_("Percent that your heart climbs on long, even runs")), _trend(week.drift, language)


def _mood(mood: Mood, language: Language) -> Iterator[tuple[str, str]]:
    told = (
        (mood.before, language.say(_("{value} before running"))),
        (mood.after, language.say(_("{value} afterwards"))),
    )
    said = [words.format(value=tenths(value, language)) for value, words in told if value is not None]
    if said:
        yield language.say(_("How you felt, from 1 to 5")), ", ".join(said)
    if mood.lift.of:
        yield (
            language.say(_("Felt better afterwards")),
            language.say(_("{better} of {of} runs, over four weeks")).format(better=mood.lift.better, of=mood.lift.of),
        )


def _trend(trend: Trend, language: Language) -> str:
    return language.say(_("{now}; before, {earlier}")).format(now=round(trend.now), earlier=round(trend.earlier))


def _place(place: Place, language: Language) -> str:
    if place.steps == 1:
        return f"{place.plan_name}: {within(place.step_name)}"
    step = language.say(_("step {step} of {steps}")).format(step=place.proposal.step, steps=place.steps)
    return f"{place.plan_name}, {step}: {within(place.step_name)}"
