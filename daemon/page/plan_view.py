"""How a plan is shown: where the runner is and why, the whole way, and the buttons for another step, plan, or rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from html import escape

from daemon.domain.habit import Agreement, Appointment
from daemon.domain.progress import Move, Outing, Why
from daemon.domain.run import Run
from daemon.domain.week import IsoWeek
from daemon.domain.wording import (
    Language,
    course_lines,
    date_text,
    move_text,
    origin_text,
    proposal_text,
    short_day,
    verdict_text,
)
from daemon.domain.wording.text import in_minutes
from daemon.domain.zones import TargetZone
from daemon.household import Plan, Runner
from daemon.page.run_body import mark, run_path
from daemon.planning import Standing, stages_of
from daemon.remote import RefusedError
from daemon.resting import HOLIDAY, ILLNESS, LONGEST_DAYS, LONGEST_WHY, wish_text
from daemon.store import Pause
from daemon.weekly.words import run_count

PATH = "/plan"
USUAL_DAYS = 3
"""How often a week a plan is thought of, where no days are agreed."""

MakeForm = Callable[[str, str], str]
"""Returns a form: where it goes, and what is in it."""


class Said(Enum):
    """What the runner chose a moment ago."""

    STEP = "step"
    PLAN = "plan"
    PAUSE = "pause"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Went:
    """One outing along the plan."""

    day: date
    step_name: str
    outing: Outing
    run: Run | None
    """None where it is not kept any more."""


@dataclass(frozen=True, slots=True)
class PlanSeen:
    """A runner's plan, as it is shown to somebody."""

    runner: Runner
    today: date
    standing: Standing | None = None
    trouble: RefusedError | None = None
    """Why it cannot be told where they are."""
    way: Sequence[Went] = ()
    """What may be shown of it, the last one first."""
    says_why: bool = True
    """False where the reason follows from a run that may not be shown."""
    pause: Pause | None = None
    zone: TargetZone | None = None
    appointment: Appointment | None = None
    plans: Sequence[Plan] = ()
    """What there is to choose from."""
    is_own: bool = True
    """The runner is looking, and nobody else: why they rest and their medication are nobody else's business."""
    query: str = ""
    """What stands behind every address that is about this runner."""
    said: Said | None = None


def plan_body(seen: PlanSeen, language: Language, make_form: MakeForm) -> str:
    """Return the page's HTML."""
    parts = [_resting(seen, language, make_form), _thanks(seen, language)]
    if seen.standing:
        parts += [_place(seen, seen.standing, language, make_form), _steps(seen.standing, language)]
        parts.append(_way(seen, language))
    else:
        parts += [_without(seen, language), _choice(seen, language, make_form)]
    parts += [_agreed(seen, language), _zone(seen, language), _pausing(seen, language, make_form)]
    if seen.standing:
        parts.append(_choice(seen, language, make_form))
    return "".join(parts)


def size_text(plan: Plan, agreement: Agreement | None, language: Language) -> str:
    """Say how long a plan takes, for as many runs a week as are agreed, and how long its runs are."""
    often = len(agreement.days) if agreement and agreement.days else USUAL_DAYS
    longest = in_minutes(max(course.for_s for course in plan.courses), language)
    each = language.say("{minutes} each time at most.").format(minutes=longest)
    if len(plan.courses) == 1:
        lasts = language.say("Always the same, for as long as it pleases you.")
    else:
        weeks = -(-sum(stage.runs for stage in stages_of(plan, often)) // often)
        lasts = language.plural("About {n} week with {runs} in it.", "About {n} weeks with {runs} in each.", weeks)
        lasts = lasts.format(n=weeks, runs=run_count(often, language))
    return f"{lasts} {each}"


# -- what is said first ------------------------------------------------------------------------------


def _resting(seen: PlanSeen, language: Language, make_form: MakeForm) -> str:
    if seen.pause is None:
        return ""
    until, why = date_text(seen.pause.until, language, today=seen.today), seen.pause.why if seen.is_own else None
    lines = [
        wish_text(why, language),
        language.say("I don't remind you up to and including {until}. Nothing is lost.").format(until=until),
    ]
    if why and why not in {ILLNESS, HOLIDAY}:
        lines.append(language.say("You wrote: {why}").format(why=why))
    button = make_form(f"{PATH}/resume{seen.query}", _tag("button", language.say("I am back")))
    title = _tag("h2", language.say("You are resting"))
    return f'<section class="card">{title}{_paragraphs(lines)}{button}</section>'


def _thanks(seen: PlanSeen, language: Language) -> str:
    """Say once more what was chosen a moment ago, as far as it holds."""
    line = ""
    if seen.said is Said.BACK and seen.pause is None:
        line = language.say("Good to have you back. Everything goes on as agreed; begin gently.")
    elif seen.said is Said.PLAN and seen.standing:
        line = language.say("From now on it is this plan: {plan}.").format(plan=seen.standing.plan.name)
    elif seen.said is Said.STEP and seen.standing and seen.standing.proposal.why is Why.CHOSEN:
        line = language.say("It is kept: {step}. You may change it at any time.").format(step=seen.standing.step_name)
    return f'<p class="thanks" role="status">{escape(line)}</p>' if line else ""


# -- where the runner is -----------------------------------------------------------------------------


def _place(seen: PlanSeen, standing: Standing, language: Language, make_form: MakeForm) -> str:
    """Show the step that is proposed, why, and how to take another one."""
    plan, proposal = standing.plan, standing.proposal
    where = language.say("Step {step} of {steps}").format(step=proposal.step, steps=len(plan.courses))
    reason = proposal_text(proposal, language, seen.runner.turn(seen.today)) if seen.says_why else ""
    parts = [
        _quiet(where) if len(plan.courses) > 1 else "",
        _tag("h2", standing.step_name),
        _course(standing, language),
        _tag("p", reason) if reason else "",
        _moves(seen, standing, language, make_form),
    ]
    return f'{_tag("h1", plan.name)}<section class="card">{"".join(parts)}</section>'


def _course(standing: Standing, language: Language) -> str:
    """Say part by part what the step asks; what is done several times over stands further in."""
    lines = course_lines([(leg.kind, leg.for_s, leg.least_s) for leg in standing.course.legs], language)
    items = (_tag("li", line.strip(), "inner" if line.startswith(" ") else "") for line in lines)
    return f'<ul class="asked">{"".join(items)}</ul>'


def _moves(seen: PlanSeen, standing: Standing, language: Language, make_form: MakeForm) -> str:
    """Return the buttons to overrule what is proposed; those that the plan has a step for."""
    if len(standing.plan.courses) == 1:
        return ""
    steps = [(move, standing.step_by(move)) for move in (Move.EASIER, Move.SAME, Move.NEXT)]
    buttons = "".join(_move(move, step, standing, language) for move, step in steps if step is not None)
    legend = _tag("legend", language.say("Next time I would rather take"))
    return make_form(f"{PATH}{seen.query}", f'<fieldset>{legend}<div class="moves">{buttons}</div></fieldset>')


def _move(move: Move, step: int, standing: Standing, language: Language) -> str:
    pressed = "true" if step == standing.proposal.step else "false"
    name = escape(move_text(move, language)) + _tag("small", standing.name_of(step))
    return f'<button name="move" value="{move.value}" aria-pressed="{pressed}">{name}</button>'


def _steps(standing: Standing, language: Language) -> str:
    """Show all steps of the plan, one below the other."""
    steps = len(standing.plan.courses)
    if steps == 1:
        return ""
    items = (_step(standing.name_of(step), step - standing.proposal.step, language) for step in range(1, steps + 1))
    title = _tag("h2", language.say("The whole way"))
    return f'{title}<ol class="steps">{"".join(items)}</ol>'


def _step(name: str, ahead: int, language: Language) -> str:
    if ahead == 0:
        kind, word = "now", language.say("now")
    elif ahead < 0:
        kind, word = "behind", language.say("behind you")
    else:
        kind, word = "ahead", language.say("still to come")
    current = ' aria-current="step"' if ahead == 0 else ""
    return f'<li class="{kind}"{current}>{_tag("span", name)} {_tag("small", word)}</li>'


def _way(seen: PlanSeen, language: Language) -> str:
    """Show which steps were run lately, and how calmly."""
    if not seen.way:
        return ""
    heads = (language.say("Day"), language.say("Step"), language.say("How it went"))
    head = "".join(f'<th scope="col">{escape(word)}</th>' for word in heads)
    rows = "".join(
        f"<tr><td>{_day(went, seen, language)}</td>{_tag('td', went.step_name)}"
        f"<td>{mark(went.outing.verdict)}{escape(verdict_text(went.outing.verdict, language))}</td></tr>"
        for went in seen.way
    )
    title = _tag("h2", language.say("The way so far"))
    return f'{title}<table class="figures way"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _day(went: Went, seen: PlanSeen, language: Language) -> str:
    day = escape(date_text(went.day, language, today=seen.today))
    return f'<a href="{run_path(went.run)}{escape(seen.query)}">{day}</a>' if went.run else day


def _without(seen: PlanSeen, language: Language) -> str:
    """Say that there is no plan, or why it cannot be told where they are on it."""
    if seen.trouble:
        title = language.say("Your plan")
        why = seen.trouble.told(language.say)
        lines = [
            language.say("Your plan cannot be read just now: {why}").format(why=why),
            language.say("Your runs are kept all the same, and running without a plan is fine."),
        ]
    else:
        title = language.say("No plan, and that is fine")
        lines = [language.say("You run as it suits you. If you would like company on the way, choose a plan below.")]
    return _tag("h1", title) + _paragraphs(lines)


# -- what holds besides ------------------------------------------------------------------------------


def _agreed(seen: PlanSeen, language: Language) -> str:
    agreement = seen.runner.agreement
    if agreement and agreement.days:
        lines = [_days(agreement, seen.today, language)]
    else:
        lines = [language.say("No days are agreed: you go whenever it suits you.")]
    if seen.appointment:
        at = seen.appointment.at.astimezone(seen.runner.timezone)
        day = date_text(at.date(), language, today=seen.today)
        told = language.say("I speak up next on {day} at {time}, unless you have run by then.")
        lines.append(told.format(day=day, time=f"{at:%H:%M}"))
    return _tag("h2", language.say("What is agreed")) + _paragraphs(lines)


def _days(agreement: Agreement, today: date, language: Language) -> str:
    week = IsoWeek.of(today).days
    days = ", ".join(short_day(week[number], language) for number in sorted(agreement.days))
    return language.say("{days} at {time}").format(days=days, time=f"{agreement.at:%H:%M}")


def _zone(seen: PlanSeen, language: Language) -> str:
    say, zone = language.say, seen.zone
    if zone is None:
        lines = [say("There is no calm zone for today yet.")]
    else:
        told = say("Your calm zone: {zone} beats per minute").format(zone=zone)
        lines = [f"{told} ({origin_text(zone.origin, language)})"]
    if seen.runner.medication and seen.is_own:
        lines.append(
            say("Your medication changes your heart rate: go by talking, as long as whole sentences come easily.")
        )
    hint = say("On the server, duurloop zone tells more about it, and sets another one.")
    return _tag("h2", say("Your zone")) + _paragraphs(lines) + _quiet(hint)


# -- what else there is to choose --------------------------------------------------------------------


def _pausing(seen: PlanSeen, language: Language, make_form: MakeForm) -> str:
    """Return the form to rest, or to move the end of a rest."""
    say = language.say
    title = say("Move the end of the pause") if seen.pause else say("Take a pause")
    note = say("No reminders until then, and nothing is lost. Your reason stays at home.")
    last, furthest = seen.pause.until if seen.pause else seen.today, seen.today + timedelta(days=LONGEST_DAYS)
    reasons = (("", say("I would rather not say")), (ILLNESS, say("Illness")), (HOLIDAY, say("Holiday")))
    options = "".join(f'<option value="{value}">{escape(word)}</option>' for value, word in reasons)
    fields = (
        (
            say("The last day of it"),
            f'<input type="date" name="until" value="{last}" min="{seen.today}" max="{furthest}" required>',
        ),
        (say("Why, if you like"), f'<select name="why">{options}</select>'),
        (say("Or in your own words"), f'<input name="words" maxlength="{LONGEST_WHY}">'),
    )
    inner = "".join(f"<label>{_tag('span', name)}{field}</label>" for name, field in fields)
    rest = _tag("button", say("Rest until then"))
    made = make_form(f"{PATH}/pause{seen.query}", f'<div class="fields">{inner}{rest}</div>')
    return f'<details class="folded">{_tag("summary", title)}{_tag("p", note)}{made}</details>'


def _choice(seen: PlanSeen, language: Language, make_form: MakeForm) -> str:
    """Return the plans to choose from; for whoever has one they are folded away."""
    current = seen.standing.plan.id if seen.standing else None
    items = "".join(_plan(plan, seen, language, make_form) for plan in seen.plans if plan.id != current)
    if not items:
        return ""
    plans = f'<ul class="plans">{items}</ul>'
    if seen.standing is None:
        return _tag("h2", language.say("Plans")) + plans
    title = language.say("Another plan")
    note = language.say("What you have run stays, and you can always come back to this one.")
    return f'<details class="folded">{_tag("summary", title)}{_tag("p", note)}{plans}</details>'


def _plan(plan: Plan, seen: PlanSeen, language: Language, make_form: MakeForm) -> str:
    take = language.say("Take this plan")
    button = make_form(
        f"{PATH}/use{seen.query}",
        f'<button name="plan" value="{escape(plan.id)}" aria-label="{escape(f"{take}: {plan.name}")}">'
        f"{escape(take)}</button>",
    )
    size = _tag("p", size_text(plan, seen.runner.agreement, language))
    return f'<li class="card">{_tag("h3", plan.name)}{size}{button}</li>'


# -- its parts ---------------------------------------------------------------------------------------


def _tag(name: str, words: str, classes: str = "") -> str:
    mark = f' class="{classes}"' if classes else ""
    return f"<{name}{mark}>{escape(words)}</{name}>"


def _quiet(words: str) -> str:
    return _tag("p", words, "quiet")


def _paragraphs(lines: Sequence[str]) -> str:
    return "".join(_tag("p", line) for line in lines)
