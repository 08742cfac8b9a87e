"""The habit: the agreed days and hours, the hours of quiet, and the plan."""

import re
from dataclasses import replace
from functools import partial
from typing import Final

from config.faults import SettingsError
from config.plan_files import builtin_plans, find_plan, load_plan
from config.settings import Runner
from daemon.domain.marking import _
from daemon.domain.wording import Language
from daemon.setup import reading
from daemon.setup.answers import Answers, Present
from daemon.setup.asking import NOTHING, Asker, PuzzledError
from daemon.setup.house import House

FIRST_DAYS: Final = ["tue", "thu", "sun"]
FIRST_TIME, FIRST_WEEK, FIRST_QUIET, FIRST_PLAN = "18:30", "sun 20:00", "22:00-07:00", "rustig-12"
IN_ORDER: Final = ("walk-4", "rustig-12", "start-9", "continuous")
"""From the gentlest beginning on."""


def ask_days(asker: Asker, house: House, answers: Answers, present: Present) -> Answers:
    """Ask for days and hours."""
    del house
    runner, language = present.runner(answers.name), asker.language
    if answers.days is None:
        asker.head(asker.words("Your days"))
        days = [day.name.lower() for day in runner.days] if runner else FIRST_DAYS
        answers = replace(
            answers,
            days=asker.ask(
                asker.words("Which days do you run? - for no fixed days"),
                partial(reading.days, language=language),
                default=reading.days_told(days, language) or NOTHING,
                explained=asker.words(
                    "On these days a reminder says what comes. Two or three a week, with rest between, is plenty."
                ),
            ),
        )
    if answers.days and answers.time is None:
        now = f"{runner.time:%H:%M}" if runner and runner.time else FIRST_TIME
        answers = replace(answers, time=asker.ask(asker.words("When shall I remind you?"), reading.clock, default=now))
    if answers.week is None:
        answers = replace(
            answers,
            week=asker.ask(
                asker.words("When shall the week be summed up?"),
                partial(reading.week, language=language),
                default=reading.week_told(_week_of(runner), language),
            ),
        )
    if answers.quiet is None:
        now = f"{runner.quiet.start:%H:%M}-{runner.quiet.end:%H:%M}" if runner and runner.quiet else ""
        answers = replace(
            answers,
            quiet=asker.ask(
                asker.words("Hours of quiet; - for none"),
                reading.quiet,
                default=now or (NOTHING if runner else FIRST_QUIET),
                explained=asker.words("Nothing is sent then, except during a run of yours."),
            ),
        )
    return answers


def ask_plan(asker: Asker, house: House, answers: Answers, present: Present) -> Answers:
    """Ask along which plan the runner runs."""
    if answers.plan is not None:
        return answers
    runner = present.runner(answers.name)
    asker.head(asker.words("Your plan"))
    plans = (*(plan for plan in IN_ORDER if plan in builtin_plans()), *sorted({*builtin_plans()} - {*IN_ORDER}))
    for number, plan in enumerate(plans, start=1):
        asker.tell(f"  {number}  {plan:<11} {plan_text(plan, asker.language)}")
    free = asker.words("no plan: run as you like")
    asker.tell(f"  {NOTHING}  {free}")
    default = (runner.plan or NOTHING) if runner else FIRST_PLAN

    def read(typed: str) -> str:
        if typed == NOTHING:
            return ""
        if typed.isdecimal() and 0 < int(typed) <= len(plans):
            return plans[int(typed) - 1]
        return read_plan(typed, house)

    explained = asker.words("You can change it at any time: duurloop plan use. A .toml file is a plan of your own.")
    return replace(answers, plan=asker.ask(asker.words("Which one?"), read, default=default, explained=explained))


def read_plan(typed: str, house: House) -> str:
    """Read a plan's name or the path of its file; nothing for free runs."""
    if typed in {"", NOTHING}:
        return ""
    if find_plan(typed, house.beside) is None:
        raise PuzzledError(_("There is {plans}, or the path of a .toml file."), plans=", ".join(builtin_plans()))
    try:
        load_plan(typed, house.beside)
    except SettingsError as error:
        raise PuzzledError("{fault}", fault=str(error.faults[0])) from error
    return typed


def plan_text(plan: str, language: Language) -> str:
    """Say what a plan that comes along is, in a sentence."""
    file = load_plan(plan, None)
    told = (file.description or file.name).said(language.code)
    return re.split(r"[.;] ", told)[0].rstrip(".")  # one line each


def _week_of(runner: Runner | None) -> str:
    return f"{runner.week.day.name.lower()} {runner.week.at:%H:%M}" if runner else FIRST_WEEK
