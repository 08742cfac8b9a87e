"""The mail of a week: the lines of the phone, the picture, and what is behind it in words.

It reads well with pictures switched off, on light and on dark, and without its colours. Apprise makes the plain
part of a mail from the HTML, so the markup is such that the lines stand first and each on its own.
"""

from html import escape

from daemon.domain.week import Week
from daemon.domain.wording.text import PICTURE, Language, Mail, Text, _
from daemon.weekly.drawing import WIDTH
from daemon.weekly.facts import week_facts
from daemon.weekly.words import week_alt_text, week_dates, week_title

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
        for name, value in week_facts(week, language, figures=figures)
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
