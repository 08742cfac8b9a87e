"""The mail of a week: the lines of the phone, the picture, and what is behind it in words.

It reads well with pictures switched off, on light and on dark, and without its colours. Apprise makes the plain
part of a mail from the HTML, so the markup is such that the lines stand first and each on its own.
"""

from collections.abc import Iterator
from html import escape

from daemon.domain.week import Mood, Place, Trend, Week
from daemon.domain.wording.text import PICTURE, Language, Mail, Text, _, in_minutes, within
from daemon.weekly.drawing import WIDTH
from daemon.weekly.words import in_percent, run_count, week_alt_text, week_dates, week_title

_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_PAGE = f"margin:0;padding:0;background:#f0f0eb;color:#24302e;font-family:{_FONT};font-size:16px;line-height:1.5"
_SHEET = "max-width:560px;margin:0 auto;padding:24px 16px"
_SOFT = "color:#5b6865"
_FOOT = f"margin:24px 0 0;padding:12px 0 0;border-top:1px solid #d6d8d1;font-size:13px;{_SOFT}"
_DARK = """
:root { color-scheme: light dark; supported-color-schemes: light dark }
@media (prefers-color-scheme: dark) {
.page { background: #121817 !important; color: #e9edeb !important }
.soft { color: #a5b1ae !important }
.rule { border-color: #34403e !important }
}
"""


def week_mail(text: Text, week: Week, language: Language, *, figures: bool, picture: bytes) -> Mail:
    """Return what a mailbox gets of a week besides the plain text; heart and feelings only with `figures`."""
    foot = language.say(_("duurloop, at home on your own server. Not a medical device."))
    alt = week_alt_text(week, language, figures=figures)
    return Mail(
        f"""<!DOCTYPE html>
<html lang="{language.code}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{escape(text.title)}</title>
<style>{_DARK}</style>
</head>
<body class="page" style="{_PAGE}">
<div style="{_SHEET}">
<h1 style="margin:0 0 12px;font-size:24px;line-height:1.3">{escape(text.title)}</h1>
{_paragraphs(text.body)}
<p style="margin:24px 0"><img src="cid:{PICTURE}" alt="{escape(alt)}" width="{WIDTH}" """
        f"""style="display:block;width:100%;height:auto;border:0;border-radius:14px"></p>
{_section(week, language, figures=figures)}<p class="soft rule" style="{_FOOT}">"""
        f"""{escape(foot)}</p>
</div>
</body>
</html>
""",
        picture,
    )


def _paragraphs(body: str) -> str:
    return "\n".join(f'<p style="margin:0 0 10px">{_html(line)}</p>' for line in body.splitlines())


def _section(week: Week, language: Language, *, figures: bool) -> str:
    facts = [
        f'<li style="margin:0 0 6px"><span class="soft" style="{_SOFT}">{escape(name)}:</span> {_html(value)}</li>'
        for name, value in _facts(week, language, figures=figures)
    ]
    if not facts:
        return ""
    title = escape(f"{week_title(week.week, language)}, {week_dates(week.week, language)}")
    return "\n".join(
        [
            f'<h2 style="margin:0 0 8px;font-size:17px">{title}</h2>',
            '<ul style="margin:0;padding:0;list-style:none">',
            *facts,
            "</ul>\n",
        ]
    )


def _html(words: str) -> str:
    """Escape, and keep a number and its percent sign on one line."""
    return escape(words).replace(" %", "&nbsp;%")


def _facts(week: Week, language: Language, *, figures: bool) -> Iterator[tuple[str, str]]:
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
    said = [words.format(value=_tenths(value, language)) for value, words in told if value is not None]
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


def _tenths(value: float, language: Language) -> str:
    """Say a number with one decimal, with the language's own point."""
    whole, tenth = f"{value:.1f}".split(".")
    return language.say(_("{whole}.{tenth}")).format(whole=whole, tenth=tenth)
