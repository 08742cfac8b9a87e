"""A run as the page tells it: HTML made of its report, and nothing else is looked up here.

Every figure stands in a `data` element with the very number that `show --json` prints, beside how it is said.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any, TypeAlias
from urllib.parse import quote

from daemon.domain.effort import Verdict
from daemon.domain.run import Run
from daemon.domain.wording import Language, date_text, duration, source_text, summary_text, verdict_text
from daemon.domain.wording.text import clock_text, in_minutes, in_percent, tenths, within
from daemon.handing.handovers import Handover
from daemon.handing.told import handed_lines, view_words
from daemon.household import Plan, Runner
from daemon.page.run_drawing import NARROW, WIDE
from daemon.report import run_report

Report: TypeAlias = Mapping[str, Any]
METRES_A_KM = 1000
_MARKS = {
    Verdict.CALM: '<circle cx="8" cy="8" r="7"/>',
    Verdict.LIVELY: '<path d="M8 0.5 15.5 8 8 15.5 0.5 8Z"/>',
    Verdict.HARD: '<path d="M8 1 15.5 15H0.5Z"/>',
    Verdict.UNJUDGED: '<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2"/>',
}
"""A shape for each verdict, so that colour is not needed to tell them apart."""
_PARTS = ("below_s", "inside_s", "above_s", "unknown_s")


@dataclass(frozen=True, slots=True)
class Told:
    """A run, and for whom it is told."""

    run: Run
    runner: Runner
    language: Language
    today: date
    plan: Plan | None = None
    """The one that it was along, if that is still there."""
    handed: tuple[Handover, ...] = ()
    """What became of it outside the house."""

    @property
    def report(self) -> Report:
        """Return it as `show --json` does."""
        return run_report(self.run, self.runner.timezone)

    @property
    def path(self) -> str:
        """Return where its page is."""
        return run_path(self.run)

    @property
    def title(self) -> str:
        """Return the day of it."""
        started = self.run.started_at.astimezone(self.runner.timezone)
        return date_text(started.date(), self.language, today=self.today)


def run_path(run: Run) -> str:
    """Return where the page of a run is."""
    return f"/runs/{quote(run.id, safe='')}"


def mark(verdict: Verdict) -> str:
    """Return the sign of a verdict; a word has to stand beside it."""
    return (
        f'<svg class="mark {verdict.value}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">'
        f"{_MARKS[verdict]}</svg>"
    )


def name_of(run: Run) -> str:
    """Return what somebody called a run; whatever direction it is written in stays within."""
    return f'<bdi class="name">{escape(run.name)}</bdi>' if run.name else ""


def figure(report: Report, path: str, shown: str) -> str:
    """Return how a figure is said, with its exact value; `path` is where it stands in the report: `zone.low_bpm`."""
    value: Any = report
    for key in path.split("."):
        value = value[key]
    exact = value if isinstance(value, str) else json.dumps(value)
    return f'<data data-of="{escape(path)}" value="{escape(exact)}">{escape(shown)}</data>'


def distance(report: Report, language: Language) -> str:
    """Return the distance; nothing where it is not known."""
    metres = report["distance_m"]
    if not metres:
        return ""
    return figure(report, "distance_m", language.say("{km} km").format(km=tenths(metres / METRES_A_KM, language)))


def run_body(told: Told) -> str:
    """Return all of a run but how it felt."""
    return "".join((_heading(told), _verdict(told), _chart(told), _zone(told), _facts(told), _more(told)))


def run_alt_text(told: Told) -> str:
    """Say what the chart shows to someone who does not see it."""
    run, say = told.run, told.language.say
    heart = run.judgement.heart_rate
    minutes = in_minutes(run.duration_s, told.language)
    if heart.mean_bpm is None:
        return say("{minutes} without heart rate.").format(minutes=minutes)
    said = say("Heart rate over {minutes}: from {low} to {high}, {mean} on average.").format(
        minutes=minutes, low=heart.min_bpm, high=heart.max_bpm, mean=round(heart.mean_bpm)
    )
    if run.target is None:
        return said
    zone = say("The calm zone is {low} to {high}.").format(low=run.target.low, high=run.target.high)
    return f"{said} {zone} {_how_calm(told)}"


def _heading(told: Told) -> str:
    started = told.run.started_at.astimezone(told.runner.timezone)
    time = f'<time datetime="{escape(told.report["started_at"])}">{started:%H:%M}</time>'
    return f'<h1>{escape(told.title)}</h1><p class="quiet">{" · ".join(filter(None, (time, name_of(told.run))))}</p>'


def _verdict(told: Told) -> str:
    report, language, verdict = told.report, told.language, told.run.judgement.verdict
    word = figure(report, "verdict", verdict_text(verdict, language))
    calm = ""
    if report["calm_pct"] is not None:
        share = in_percent(report["calm_pct"], language)
        said = _with(language.say("Calm share: {calm}"), calm=figure(report, "calm_pct", share))
        calm = f'<p class="share">{said}</p>'
    return (
        f'<section class="card verdict"><h2>{mark(verdict)} {word}</h2><p>{escape(_how_calm(told))}</p>{calm}</section>'
    )


def _how_calm(told: Told) -> str:
    run = told.run
    said = summary_text(run.judgement, run.duration_s, told.language, figures=False, sport=run.sport)
    return said.body.splitlines()[0]


def _chart(told: Told) -> str:
    if not told.run.judgement.heart_rate.samples:
        return ""
    path, alt = escape(told.path), escape(run_alt_text(told))
    return (
        f'<figure class="curve"><picture><source media="(min-width: 40rem)" srcset="{path}.svg?wide"'
        f' width="{WIDE.width}" height="{WIDE.height}">'
        f'<img src="{path}.svg" width="{NARROW.width}" height="{NARROW.height}" alt="{alt}"></picture></figure>'
    )


# -- the zone ----------------------------------------------------------------------------------------


def _zone(told: Told) -> str:
    report, language = told.report, told.language
    if report["zone"] is None or told.run.judgement.time_in_zone is None:
        return ""
    title = language.say("Time in your calm zone")
    edges = _with(
        language.say("Your calm zone of that day: {low} to {high} beats."),
        low=figure(report, "zone.low_bpm", str(report["zone"]["low_bpm"])),
        high=figure(report, "zone.high_bpm", str(report["zone"]["high_bpm"])),
    )
    words = dict(zip(_PARTS, _zone_words(language), strict=True))
    rows = "".join(
        f'<tr><th scope="row">{_swatch(part)} {escape(words[part])}</th>'
        f"<td>{figure(report, f'zone.{part}', clock_text(round(report['zone'][part])))}</td></tr>"
        for part in _PARTS
    )
    return (
        f'<section class="card"><h2>{escape(title)}</h2>{_bar([report["zone"][part] for part in _PARTS])}'
        f'<table class="figures"><caption class="visually-hidden">{escape(title)}</caption>{rows}</table>'
        f'<p class="quiet">{edges}</p></section>'
    )


def _zone_words(language: Language) -> tuple[str, str, str, str]:
    return (
        language.say("below it"),
        language.say("inside"),
        language.say("above it"),
        language.say("not heard"),
    )


def _bar(seconds: Sequence[float]) -> str:
    """Draw the four parts side by side, each with a pattern of its own; the table says the same."""
    whole = sum(seconds) or 1.0
    parts, left = [], 0.0
    for part, lasted in zip(_PARTS, seconds, strict=True):
        share = 100 * lasted / whole
        if share:
            parts.append(_block(part, f"{left:.2f}%", f"{share:.2f}%"))
        left += share
    return (
        '<svg class="zonebar" width="100%" height="32" aria-hidden="true"><defs>'
        '<pattern id="zone-above" width="8" height="8" patternUnits="userSpaceOnUse">'
        '<path d="M0 8 8 0M-2 2 2-2M6 10 10 6"/></pattern>'
        '<pattern id="zone-below" width="8" height="8" patternUnits="userSpaceOnUse">'
        '<circle cx="4" cy="4" r="1.5"/></pattern></defs>'
        f"{''.join(parts)}</svg>"
    )


def _swatch(part: str) -> str:
    return f'<svg class="swatch" width="18" height="18" aria-hidden="true">{_block(part, "0", "100%")}</svg>'


def _block(part: str, left: str, width: str) -> str:
    kind = part.removesuffix("_s")
    block = f'<rect class="{kind}" x="{left}" width="{width}" height="100%"/>'
    if kind in {"above", "below"}:
        block += f'<rect x="{left}" width="{width}" height="100%" fill="url(#zone-{kind})"/>'
    return block


# -- the rest ----------------------------------------------------------------------------------------


def _facts(told: Told) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in _named(told) if value)
    title = escape(told.language.say("This run"))
    return f'<section class="card"><h2>{title}</h2><dl class="facts told">{rows}</dl></section>'


def _named(told: Told) -> Iterator[tuple[str, str]]:
    report, language, judged = told.report, told.language, told.run.judgement
    say = language.say
    yield say("Time"), figure(report, "duration_s", duration(told.run.duration_s, language))
    yield say("Distance"), distance(report, language)
    if judged.longest_calm_s:
        yield say("Longest calm stretch"), figure(report, "longest_calm_s", in_minutes(judged.longest_calm_s, language))
    yield from _heart(told)
    yield say("Plan"), _plan(told)
    sources = ", ".join(source_text(source, language) for source in told.run.sources)
    yield say("Told by"), escape(sources)
    yield say("Elsewhere"), "<br>".join(_elsewhere(told))


def _elsewhere(told: Told) -> Iterator[str]:
    words = escape(view_words(told.language))
    for line in handed_lines(told.handed, told.language, told.runner.timezone):
        link = f' <a href="{escape(line.link)}" rel="noreferrer">{words}</a>' if line.link else ""
        yield f"{escape(line.text)}{link}"


def _heart(told: Told) -> Iterator[tuple[str, str]]:
    report, language = told.report, told.language
    say, heart = language.say, report["heart_rate"]
    if heart["mean_bpm"] is not None:
        yield (
            say("Heart rate"),
            _with(
                say("{mean} on average, {low} to {high}"),
                mean=figure(report, "heart_rate.mean_bpm", str(round(heart["mean_bpm"]))),
                low=figure(report, "heart_rate.min_bpm", str(heart["min_bpm"])),
                high=figure(report, "heart_rate.max_bpm", str(heart["max_bpm"])),
            ),
        )
        share = say("{n} %").format(n=round(heart["coverage_pct"]))
        yield say("Heard"), _with(say("{share} of the time"), share=figure(report, "heart_rate.coverage_pct", share))
    if report["drift_pct"] is not None:
        drift = say("{n} %").format(n=tenths(report["drift_pct"], language))
        # a heart that slows down on the way needs more explaining than a line has room for
        climbed = say("This is how much your heart climbed on the way, at an even pace.")
        meaning = climbed if report["drift_pct"] > 0 else ""
        yield say("Drift"), figure(report, "drift_pct", drift) + _quiet(meaning)
    if report["recovery_60s_bpm"] is not None:
        beats = language.plural("{n} beat", "{n} beats", report["recovery_60s_bpm"])
        meaning = say("This is how much your heart came down in the first minute after running.")
        shown = figure(report, "recovery_60s_bpm", beats.format(n=report["recovery_60s_bpm"]))
        yield say("Recovery"), shown + _quiet("" if told.runner.medication else meaning)


def _plan(told: Told) -> str:
    """Name the plan and the step; of a plan whose file is gone what it was called to us."""
    report, language, ref = told.report, told.language, told.run.plan
    if ref is None:
        return ""
    plan = told.plan
    step = figure(report, "plan.step", language.say("step {n}").format(n=ref.step))
    if plan is None:
        return f"{figure(report, 'plan.id', ref.plan)}, {step}"
    name = plan.courses[ref.step - 1].name if ref.step <= len(plan.courses) else None
    said = f"{figure(report, 'plan.id', plan.name)}, {step}"
    return f"{said}: {escape(within(name))}" if name else said


def _more(told: Told) -> str:
    """Return figures for whoever likes them, folded away."""
    report, say = told.report, told.language.say
    heart, rr = report["heart_rate"], report["rr"]
    if not heart["samples"]:
        return ""
    rows = [(say("Values that were believed"), figure(report, "heart_rate.samples", str(heart["samples"])))]
    if rr["beats"]:
        rows.append((say("Intervals between beats"), figure(report, "rr.beats", str(rr["beats"]))))
    if rr["artefact_pct"] is not None:
        share = say("{n} %").format(n=tenths(rr["artefact_pct"], told.language))
        rows.append((say("Of these not believed"), figure(report, "rr.artefact_pct", share)))
    if rr["rmssd_ms"] is not None:
        rmssd = say("{n} ms").format(n=round(rr["rmssd_ms"]))
        rows.append((say("Variability (RMSSD)"), figure(report, "rr.rmssd_ms", rmssd)))
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in rows)
    title = escape(say("More figures"))
    return f'<details><summary>{title}</summary><dl class="facts">{listed}</dl></details>'


def _quiet(words: str) -> str:
    return f' <span class="quiet">{escape(words)}</span>' if words else ""


def _with(sentence: str, **parts: str) -> str:
    """Put HTML into a sentence that is none."""
    return escape(sentence).format(**parts)
