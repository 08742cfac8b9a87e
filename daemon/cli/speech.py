"""A run and what was said in it, for a person at a terminal."""

import os
from collections.abc import Sequence
from datetime import tzinfo

from config.language import catalogue
from daemon.cli.common import language_of
from daemon.domain.run import Run
from daemon.domain.wording import Language, duration, source_text, summary_text
from daemon.domain.wording.text import clock_text, tenths
from daemon.handing.handovers import Handover
from daemon.handing.told import handed_lines, view_words


def terminal_language() -> Language:
    """Return the language of this terminal."""
    code = language_of(os.environ)
    words = catalogue(code)
    return Language(words.gettext, words.ngettext, code)


def run_lines(run: Run, language: Language, zone: tzinfo, handed: Sequence[Handover] = ()) -> list[str]:
    """Say the three lines, and the figures for whoever asked to see the run."""
    say, judged = language.say, run.judgement
    when = run.started_at.astimezone(zone)
    lines = [", ".join(filter(None, [f"{when:%Y-%m-%d %H:%M}", duration(run.duration_s, language), run.name])), ""]
    lines += [*summary_text(judged, run.duration_s, language, figures=False).body.splitlines(), ""]
    if run.target and judged.time_in_zone:
        time = judged.time_in_zone
        lines.append(
            say("Zone {low}-{high}: {below} below, {inside} inside, {above} above, {unknown} unknown").format(
                low=run.target.low,
                high=run.target.high,
                below=clock_text(round(time.below_s)),
                inside=clock_text(round(time.inside_s)),
                above=clock_text(round(time.above_s)),
                unknown=clock_text(round(time.unknown_s)),
            )
        )
    heart = judged.heart_rate
    if heart.mean_bpm is not None:
        lines.append(
            say("Heart rate: {mean} on average, {low} to {high}, heard {coverage} % of the time").format(
                mean=round(heart.mean_bpm), low=heart.min_bpm, high=heart.max_bpm, coverage=round(heart.coverage_pct)
            )
        )
    if judged.calm_pct is not None:
        lines.append(say("Calm share: {calm} %").format(calm=int(judged.calm_pct)))
    if judged.drift_pct is not None:
        lines.append(say("Drift: {drift} %").format(drift=tenths(judged.drift_pct, language)))
    if judged.recovery_60s_bpm is not None:
        lines.append(say("Recovery in the first minute: {beats} beats").format(beats=judged.recovery_60s_bpm))
    if judged.rr.rmssd_ms is not None:
        lines.append(
            say("Variability (RMSSD): {rmssd} ms from {beats} beats, {artefacts} % of them not believed").format(
                rmssd=round(judged.rr.rmssd_ms),
                beats=judged.rr.beats,
                artefacts=tenths(judged.rr.artefact_pct or 0, language),
            )
        )
    sources = ", ".join(source_text(source, language) for source in run.sources)
    lines.append(say("Told by: {sources}").format(sources=sources))
    for told in handed_lines(handed, language, zone):
        lines += [told.text, *([f"{view_words(language)}: {told.link}"] if told.link else [])]
    return lines
