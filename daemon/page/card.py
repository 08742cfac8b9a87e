"""The card of one runner on the live page: how they are, what is on, and what they may do now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from aiohttp import web

from daemon.domain.run import Run
from daemon.domain.session import leg_on
from daemon.domain.wording import Language, course_text, date_text, day_word, verdict_text
from daemon.domain.wording.text import in_minutes, in_percent
from daemon.following import Followed
from daemon.page.frame import form, web_query
from daemon.planning import Standing
from daemon.report import run_report

MAIN = ' class="main"'
A_WEEK = 7  # days
UNKNOWN = "–"  # noqa: RUF001 - what stands where there is no value


@dataclass(frozen=True, slots=True)
class Around:
    """What there is to say of a runner beside the moment."""

    standing: Standing | None
    last: Run | None
    today: date


def card(request: web.Request, followed: Followed, glance: Mapping[str, Any], around: Around, *, is_alone: bool) -> str:
    """Return what there is to see and to do of one runner; `glance` is how they are."""
    language = followed.coach.runner.language
    is_open = followed.coach.is_open
    inner = _heart(glance, language, is_open=is_open)
    buttons = _buttons(request, followed, glance, around, is_alone=is_alone)
    said = '<p class="said" data-slot="said"></p>'
    if is_open:
        inner += f'<div class="way">{_run_part(glance, language)}{_tonight(around, language)}{said}{buttons}</div>'
        inner += _chart(followed.name, language)
    else:
        told = [_tonight(around, language), _last(around, followed, language)]
        if _ran_today(around, followed):  # who comes from a run looks back first
            told.reverse()
        inner += f'<div class="way">{"".join(told)}{said}{buttons}</div>'
    heading = "h1" if is_alone else "h2"
    link = f'<a href="/?{web_query(runner=followed.name)}">{escape(followed.name)}</a>'
    name = escape(followed.name) if is_alone else link
    return (
        f'<article class="card runner {"big" if is_alone else "small"}" lang="{language.code}"'
        f' data-runner="{escape(followed.name)}" data-key="{escape(glance["key"])}" data-state="{glance["state"]}"'
        f' data-session="{escape(glance["session"] or "")}">'
        f"<{heading}>{name}</{heading}>{inner}</article>"
    )


def _heart(glance: Mapping[str, Any], language: Language, *, is_open: bool) -> str:
    bpm = UNKNOWN if glance["bpm"] is None else str(glance["bpm"])
    unit = escape(language.say("beats per minute"))
    figure = (
        f'<p class="bpm"><span class="figure" data-slot="bpm">{bpm}</span> <span class="unit">{unit}</span></p>'
        if is_open
        else ""
    )
    words = (
        f'<p class="state"><strong data-slot="word">{escape(glance["word"])}</strong> '
        f'<span class="line" data-slot="line">{escape(glance["line"])}</span></p>'
    )
    limit = _slot("limit", glance["limit"], "p") if glance["limit"] else ""
    return f'<div class="now">{figure}{words}{_gauge(glance, language) if is_open else ""}{limit}</div>'


def _slot(name: str, words: str, tag: str) -> str:
    return f'<{tag} data-slot="{name}">{escape(words)}</{tag}>'


def _gauge(glance: Mapping[str, Any], language: Language) -> str:
    """Draw where the heart lies against the zone; numbers and words say the same."""
    gauge = glance["gauge"]
    if gauge is None:
        return ""
    width, at, label = round(gauge["high"] - gauge["low"], 1), gauge.get("at"), escape(language.say("The calm zone"))
    shown = f'transform="translate({at} 0)"' if at is not None else 'visibility="hidden"'
    return (
        f'<svg class="gauge" viewBox="-3 0 106 14" preserveAspectRatio="xMinYMid" role="img" aria-label="{label}">'
        '<rect class="track" x="0" y="5" width="100" height="5" rx="2.5"/>'
        f'<rect class="band" x="{gauge["low"]}" y="4" width="{width}" height="7" rx="1.5"/>'
        f'<path class="marker" d="M-2.4 0h4.8L0 4.2zM-.7 3h1.4v10h-1.4z" {shown}/></svg>'
    )


def _run_part(glance: Mapping[str, Any], language: Language) -> str:
    say = language.say
    course = ""
    if glance["leg"] is not None:
        course = (
            '<div class="course">'
            f'<p class="on"><strong data-slot="on">{escape(glance["on"])}</strong> '
            f'<span class="figure" data-slot="on_left">{escape(glance["on_left"])}</span></p>'
            f"{_slot('next', glance['next'], 'p')}{_legs(glance['legs'], glance['done_s'], language)}</div>"
        )
    facts = [
        (say("Time"), "elapsed", glance["elapsed"]),
        *([(say("To go"), "left", glance["left"])] if glance["leg"] is not None else []),
        (say("Calm so far"), "calm", glance["calm"] or UNKNOWN),
    ]
    listed = "".join(
        f'<div><dt>{escape(name)}</dt><dd class="figure" data-slot="{slot}">{escape(value)}</dd></div>'
        for name, slot, value in facts
    )
    return f'{course}<dl class="run">{listed}</dl>'


def _legs(legs: Sequence[tuple[str, float]], done_s: float, language: Language) -> str:
    """Draw the course from left to right: running is tall, walking is low, and what is done is filled."""
    whole = sum(for_s for _, for_s in legs) or 1.0
    parts, at = [], 0.0
    for kind, for_s in legs:
        tall = kind == "run"
        parts.append(
            f'<rect class="{escape(kind)}" x="{100 * at / whole:.2f}" y="{0 if tall else 4}"'
            f' width="{max(0.2, 100 * for_s / whole - 0.4):.2f}" height="{8 if tall else 4}"/>'
        )
        at += for_s
    label = escape(language.say("The course; tall parts are running"))
    return (
        f'<svg class="legs" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'{"".join(parts)}<rect class="done" x="0" y="9" width="{100 * done_s / whole:.2f}" height="1"/></svg>'
    )


def _chart(name: str, language: Language) -> str:
    """Leave room for the curve: the script draws it, and without one it is a picture."""
    picture = f"/live/{escape(quote(name, safe=''))}/curve.svg"
    alt = escape(language.say("Heart rate of this run"))
    return f'<div class="chart" data-chart><noscript><img src="{picture}" alt="{alt}"></noscript></div>'


def _tonight(around: Around, language: Language) -> str:
    if around.standing is None:
        return ""
    step, title = escape(around.standing.step_name), escape(language.say("Your next run"))
    course = course_text(around.standing.course, language)
    return (
        f'<p class="next"><strong>{title}</strong> <span>{step}</span></p>'
        f'<p class="quiet">{escape(course[:1].upper() + course[1:])}</p>'
    )


def _ran_today(around: Around, followed: Followed) -> bool:
    run = around.last
    return run is not None and run.started_at.astimezone(followed.coach.runner.timezone).date() == around.today


def _last(around: Around, followed: Followed, language: Language) -> str:
    run = around.last
    if run is None:
        return ""
    zone = followed.coach.runner.timezone
    told = run_report(run, zone)
    day = _day(run.started_at.astimezone(zone), around.today, language)
    verdict, minutes = verdict_text(run.judgement.verdict, language), in_minutes(run.duration_s, language)
    share = told["calm_pct"]
    is_calm, title = escape(language.say("calm")), escape(language.say("Last run"))
    calm = (
        f', <data value="{share}">{escape(in_percent(share, language))}</data> {is_calm}' if share is not None else ""
    )
    path, feel = f"/runs/{escape(run.id)}", escape(language.say("How did it feel?"))
    look = f'<p><a class="button" href="{path}">{feel}</a></p>' if _ran_today(around, followed) else ""
    return (
        f'<p class="next last"><strong>{title}</strong> <a href="{path}">{escape(day)}, '
        f'<data value="{told["duration_s"]}">{escape(minutes)}</data>, '
        f'<data value="{told["verdict"]}">{escape(verdict)}</data></a>{calm}</p>{look}'
    )


def _day(began: datetime, today: date, language: Language) -> str:
    days = (today - began.date()).days
    if days <= 0:
        return language.say("today")
    if days == 1:
        return language.say("yesterday")
    if days < A_WEEK:
        return day_word(began.date(), language)
    return date_text(began.date(), language, today=today)


# -- what can be done ------------------------------------------------------------------------------------


def _buttons(
    request: web.Request, followed: Followed, glance: Mapping[str, Any], around: Around, *, is_alone: bool
) -> str:
    language = followed.coach.runner.language
    back = "" if is_alone else "?back=all"
    leg = f'<input type="hidden" name="leg" value="{glance["leg"]}">'
    buttons = "".join(
        form(
            request,
            f"/live/{quote(followed.name, safe='')}/{what}{back}",
            f"{leg if what == 'skip' else ''}<button{MAIN if is_main else ''}>{escape(word)}</button>",
            classes=f"do {what}",
        )
        for what, word, is_main in _offers(followed, around, language)
    )
    return f'<div class="buttons">{buttons}</div>' if buttons else ""


def _offers(followed: Followed, around: Around, language: Language) -> list[tuple[str, str, bool]]:
    """Return what a runner may do now: its name, the word on the button, and whether it is the first choice."""
    say, coach, permit = language.say, followed.coach, followed.permit
    if followed.source is None:
        return []
    offers: list[tuple[str, str, bool]] = []
    session = coach.session
    is_done = coach.is_open and session.course is not None and session.leg >= len(session.course.legs)
    stop = ("stop", say("Stop"), is_done)
    if is_done:
        offers.append(stop)
    if coach.is_open and session.started_at is not None:
        if session.held_at is not None:
            offers.append(("go_on", say("Go on"), True))
        else:
            offers.append(("hold", say("Pause"), False))
        if leg_on(session) is not None:
            offers.append(("skip", say("Skip this part"), False))
    elif around.standing is None:
        offers.append(("free", say("Start"), True))
    else:
        offers += [("start", say("Start"), True), ("free", say("Run freely"), False)]
    if permit.released_until is not None or not permit.granted:
        offers.append(("arm", say("Listen to my strap"), False))
    else:
        offers.append(("release", say("I'm going outside"), False))
    if coach.is_open and not is_done:
        offers.append(stop)  # the last one, and so never under or beside the pause
    return offers
