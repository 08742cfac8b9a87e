"""A week in at most five lines, in order of worth; more is not better, and an empty week is kind.

What stands in a line, and whether there is one, follows from the week; a line that has nothing to say is left out.
"""

from collections.abc import Iterator
from typing import TypeGuard

from daemon.domain.effort import CALM_PCT, LIVELY_PCT
from daemon.domain.marking import _
from daemon.domain.progress import Why
from daemon.domain.week import Place, Together, Totals, Trend, Usual, Week
from daemon.domain.wording.feeling import lift_text
from daemon.domain.wording.text import Language, Text, in_minutes, within
from daemon.domain.wording.why import proposal_text

LINES = 5
_ABOUT, _CLEARLY = 0.2, 0.6
"""Within a fifth a week is like another; by three fifths it is clearly different."""
_SAME_CALM_PCT = 5.0
_STRETCH_FROM_S = 600.0


def week_text(
    week: Week,
    language: Language,
    *,
    figures: bool,
    turn: int = 0,
    together: Together | None = None,
    suggestion: str | None = None,
) -> Text:
    """Say how the week was. `suggestion` is a sentence of its own that takes the place of the plan's proposal."""
    title = language.say(_("Your week") if week.is_over else _("Your week so far"))
    if not week.is_recent:
        title = language.say(_("Week {number}")).format(number=week.week.number)
    ahead = suggestion or _ahead(week, language, figures=figures, turn=turn)
    lines = [*_lines(week, language, figures=figures, turn=turn)]
    last = [line for line in (ahead, together and together_text(together, language)) if line]
    return Text(title, "\n".join([*lines[: LINES - len(last)], *last]))


def together_text(together: Together, language: Language) -> str:
    """Say what a group ran, nobody named."""
    return language.say(_("Together: {runs}, {minutes}.")).format(
        runs=_runs(together.runs, language), minutes=in_minutes(60 * together.minutes, language)
    )


_EMPTY = (
    _("No runs this week; that can happen."),
    _("A week without running: every year has a few."),
    _("Life had other plans this week, and that is all right."),
    _("Your shoes had a week off."),
)
_NOT_KEPT = _("Nothing is kept of this week any more.")
_EMPTY_SO_FAR = (
    _("No runs yet this week, and nothing has to be."),
    _("The week has no runs in it yet, and it may stay like that."),
    _("Nothing yet this week; there is no hurry."),
    _("This week is still open, and whatever comes is fine."),
)
_RESTED = (
    _("Rest was what was needed this week."),
    _("This week was for resting, and nothing is lost by it."),
    _("A week of rest: that counts as well."),
    _("You gave yourself rest this week. Well done."),
)
_RESTED_TOO = _("There was rest in it as well, and it belongs there.")
_BEGUN = _("That is a good beginning.")
_SMALL_BEGINNING = (
    _("One short outing is enough for next week, and walking is fine."),
    _("Ten minutes outside would be a fine start to the new one."),
    _("In the new week everything is open; small is good."),
    _("Next week is a new one, as small as you like."),
)
_COMPLETE = (
    _("{plan}: you have done all of it, and it may stay like this."),
    _("{plan} is complete; the same again is enough."),
    _("All of {plan} is yours now; keep it as it is."),
)
_CALM = (
    _("Calm for the most part."),
    _("A calm week."),
    _("Your heart had a quiet week."),
    _("Mostly at a pace for talking."),
)
_LIVELY = (
    _("Partly calm, partly lively."),
    _("Calm, with lively stretches in it."),
    _("A somewhat lively week."),
    _("Calm and lively by turns."),
)
_STRONG = (
    _("A strong week for your heart."),
    _("More strong than calm this week."),
    _("Much of it was on the strong side."),
    _("A demanding week, often above your zone."),
)
_MUCH_LESS, _LESS, _SAME, _MORE, _MUCH_MORE = range(5)
_THAN_USUAL = (
    (
        _("Quite a bit less than usual."),
        _("A good deal less than in other weeks."),
        _("Clearly less than you are used to."),
    ),
    (
        _("A bit less than usual."),
        _("Slightly less than in other weeks."),
        _("A little less than you are used to."),
    ),
    (
        _("About as much as usual."),
        _("Much like your other weeks."),
        _("Roughly what you are used to."),
        _("As much as in most weeks, more or less."),
    ),
    (
        _("A bit more than usual."),
        _("Slightly more than in other weeks."),
        _("A little more than you are used to."),
    ),
    (
        _("Quite a bit more than usual."),
        _("A good deal more than in other weeks."),
        _("Clearly more than you are used to."),
    ),
)
_THAN_LAST_WEEK = (
    _("Quite a bit less than last week."),
    _("A bit less than last week."),
    _("About as much as last week."),
    _("A bit more than last week."),
    _("Quite a bit more than last week."),
)
"""Not said two weeks in a row: by then it is known what is usual."""
_CALMER_THAN_USUAL = (
    (
        _("Livelier than you are used to."),
        _("Livelier than usual."),
        _("Livelier than your other weeks."),
    ),
    (
        _("Much the same as in other weeks."),
        _("About as calm as usual."),
        _("No calmer and no livelier than usual."),
        _("Neither calmer nor livelier than you are used to."),
    ),
    (
        _("Calmer than you are used to."),
        _("Calmer than usual."),
        _("Calmer than your other weeks."),
    ),
)
"""In another order than the line above them, so that the two do not rhyme."""
_CALMER_THAN_LAST_WEEK = (_("Livelier than last week."), _("About as calm as last week."), _("Calmer than last week."))


def _lines(week: Week, language: Language, *, figures: bool, turn: int) -> Iterator[str]:
    if not week.totals.runs:
        yield _without_runs(week, language, turn)
    else:
        yield _how_much(week, language, turn)
        yield from _how_calm(week, language, figures=figures, turn=turn)
    if highlights := [*_highlights(week, language, figures=figures)]:
        yield highlights[turn % len(highlights)]
    if figures and (trends := [*_trends(week, language)]):
        yield trends[turn % len(trends)]


def _without_runs(week: Week, language: Language, turn: int) -> str:
    if week.paused:
        return language.vary(_RESTED, turn)
    if not week.is_whole:
        return language.say(_NOT_KEPT)
    is_done = week.is_over and not week.is_to_come
    return language.vary(_EMPTY if is_done else _EMPTY_SO_FAR, turn)


def _how_much(week: Week, language: Language, turn: int) -> str:
    runs, minutes = week.totals.runs, in_minutes(week.totals.duration_s, language)
    agreed = 0 if week.paused or not week.is_whole else week.agreed
    if runs < agreed and week.is_to_come:
        said = language.say(_("{runs}, {minutes} so far."))
    elif not agreed or runs > agreed:
        said = language.say(_("{runs}, {minutes}."))
    elif runs < agreed:
        said = language.say(_("{count} of {agreed} runs, {minutes}."))
    else:
        said = language.say(_("{runs}, as agreed, {minutes}."))
    said = said.format(runs=_runs(runs, language), count=runs, agreed=agreed, minutes=minutes)
    return f"{said} {more}" if (more := _set_beside(week, language, turn)) else said


def _set_beside(week: Week, language: Language, turn: int) -> str | None:
    """Say how the week lies among the others; one with a pause, not over or not kept whole lies beside none."""
    if week.paused:
        return language.say(_RESTED_TOO)
    if not (week.is_over and week.is_whole) or week.is_to_come:
        return None
    if week.usual and week.usual.duration_s:
        return language.vary(_THAN_USUAL[_amount(week.totals.duration_s, week.usual.duration_s)], turn)
    if week.last and week.last.duration_s:
        return language.say(_THAN_LAST_WEEK[_amount(week.totals.duration_s, week.last.duration_s)])
    # where runs leave again nobody knows whether it is a beginning
    return None if week.runs_in_four_weeks is None else language.say(_BEGUN)


def _amount(now: float, before: float) -> int:
    part = now / before - 1
    if abs(part) <= _ABOUT:
        return _SAME
    if part > 0:
        return _MUCH_MORE if part > _CLEARLY else _MORE
    return _MUCH_LESS if part < -_CLEARLY else _LESS


def _how_calm(week: Week, language: Language, *, figures: bool, turn: int) -> Iterator[str]:
    calm = week.totals.calm_pct
    if calm is None:
        return
    said = [language.vary(_CALM if calm >= CALM_PCT else _LIVELY if calm >= LIVELY_PCT else _STRONG, turn)]
    if figures:
        said.append(language.say(_("Calm share: {calm} %.")).format(calm=int(calm)))
    if week.is_over and week.is_whole and not week.paused and calm >= LIVELY_PCT:
        said += _calmer(calm, week.usual, week.last, language, turn)
    yield " ".join(said)


def _calmer(calm: float, usual: Usual | None, last: Totals | None, language: Language, turn: int) -> Iterator[str]:
    if usual is not None and usual.calm_pct is not None:
        yield language.vary(_CALMER_THAN_USUAL[_calmness(calm, usual.calm_pct)], turn)
    elif last is not None and last.calm_pct is not None:
        yield language.say(_CALMER_THAN_LAST_WEEK[_calmness(calm, last.calm_pct)])


def _calmness(now: float, before: float) -> int:
    by = now - before
    return 0 if by < -_SAME_CALM_PCT else 2 if by > _SAME_CALM_PCT else 1


def _highlights(week: Week, language: Language, *, figures: bool) -> Iterator[str]:
    if figures and week.mood and (lift := lift_text(week.mood.lift, language)):
        yield lift
    if week.longest_calm_s is not None and week.longest_calm_s >= _STRETCH_FROM_S:
        yield language.say(_("Your longest calm stretch: {duration}.")).format(
            duration=in_minutes(week.longest_calm_s, language)
        )
    if week.runs_in_four_weeks is not None and week.runs_in_four_weeks > week.totals.runs:
        yield language.say(_("In the last four weeks: {runs}.")).format(runs=_runs(week.runs_in_four_weeks, language))


def _trends(week: Week, language: Language) -> Iterator[str]:
    if _can_be_said(week.recovery):
        yield _trend(
            week.recovery,
            language.say(_("In the first minute after running your heart comes down {now} beats; before, {earlier}.")),
            language.say(_("In the first minute after running your heart comes down {now} beats, as before.")),
        )
    if _can_be_said(week.drift):
        yield _trend(
            week.drift,
            language.say(_("On long, even runs your heart rate rises {now} % along the way; before, {earlier} %.")),
            language.say(_("On long, even runs your heart rate rises {now} % along the way, as before.")),
        )


def _can_be_said(trend: Trend | None) -> TypeGuard[Trend]:
    # a drift may be negative: a heart that slows down on the way needs more explaining than a line has room for
    return trend is not None and min(round(trend.now), round(trend.earlier)) > 0


def _trend(trend: Trend, changed: str, same: str) -> str:
    now, earlier = round(trend.now), round(trend.earlier)
    return (same if now == earlier else changed).format(now=now, earlier=earlier)


def _ahead(week: Week, language: Language, *, figures: bool, turn: int) -> str | None:
    """Say where the plan is and what it proposes for the coming week; after a run the reason was told already."""
    empty = not week.totals.runs
    if week.place is None:
        wanted = empty and week.is_over and week.is_recent and not (week.is_to_come or week.paused)
        return language.vary(_SMALL_BEGINNING, turn) if wanted else None
    step = within(week.place.step_name)
    if week.paused:
        return language.say(_("The plan waits for you: {step}.")).format(step=step)
    if week.place.proposal.why is Why.LAST and week.place.steps > 1 and not empty:
        return language.vary(_COMPLETE, turn).format(plan=week.place.plan_name)
    is_done = week.is_over and not week.is_to_come
    lead = _("Next week begins at: {step}.") if empty and is_done else _("Next: {step}.")
    said = [_where(week.place, language), language.say(lead).format(step=step)]
    return " ".join(filter(None, [*said, _why(week.place, language, figures=figures, turn=turn) if empty else ""]))


def _where(place: Place, language: Language) -> str:
    """Say how far along the plan that is; a plan of one step has no further."""
    if place.steps == 1:
        return ""
    return language.say(_("{plan}, step {step} of {steps}.")).format(
        plan=place.plan_name, step=place.proposal.step, steps=place.steps
    )


def _why(place: Place, language: Language, *, figures: bool, turn: int) -> str:
    """Say why, where that says something; how it felt is told only to whoever wants figures."""
    unsaid = {Why.ALONG} if figures else {Why.ALONG, Why.HEAVY}
    return "" if place.proposal.why in unsaid else proposal_text(place.proposal, language, turn)


def _runs(count: int, language: Language) -> str:
    return language.plural("{n} run", "{n} runs", count).format(n=count)
