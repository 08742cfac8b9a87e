"""The mail of a week: the lines of the phone, the picture, and what is behind it in words.

It reads well with pictures switched off, on light and on dark, and without its colours. Apprise makes the plain
part of a mail from the HTML, so the markup is such that the lines stand first and each on its own.
"""

from html import escape

from daemon.domain.marking import _
from daemon.domain.week import Week
from daemon.domain.wording.text import PICTURE, Language, Mail, Text
from daemon.mail_page import in_html, mail_page, paragraphs
from daemon.weekly.drawing import WIDTH
from daemon.weekly.facts import week_facts
from daemon.weekly.words import week_alt_text, week_dates, week_title

_SOFT = "color:#5b6865"
_FOOT = f"margin:24px 0 0;padding:12px 0 0;border-top:1px solid #d6d8d1;font-size:13px;{_SOFT}"


def week_mail(text: Text, week: Week, language: Language, *, figures: bool, picture: bytes) -> Mail:
    """Return what a mailbox gets of a week besides the plain text; heart and feelings only with `figures`."""
    foot = language.say(_("duurloop, at home on your own server. Not a medical device."))
    alt = week_alt_text(week, language, figures=figures)
    inner = (
        f"""{paragraphs(text.body)}
<p style="margin:24px 0"><img src="cid:{PICTURE}" alt="{escape(alt)}" width="{WIDTH}" """
        f"""style="display:block;width:100%;height:auto;border:0;border-radius:14px"></p>
{_section(week, language, figures=figures)}<p class="soft rule" style="{_FOOT}">"""
        f"""{escape(foot)}</p>"""
    )
    return Mail(mail_page(text.title, inner, language), picture)


def _section(week: Week, language: Language, *, figures: bool) -> str:
    facts = [
        f'<li style="margin:0 0 6px"><span class="soft" style="{_SOFT}">{escape(name)}:</span> {in_html(value)}</li>'
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
