"""A first message on trial: whether a channel reaches its runner, and a mailbox shows its picture.

It holds no figure of anybody: the picture is drawn from nothing but the language.
"""

from collections.abc import Callable
from datetime import datetime
from html import escape

from daemon.domain.marking import _
from daemon.domain.wording.text import PICTURE, Language, Mail, Text
from daemon.mail_page import mail_page, paragraphs
from daemon.ports import Messenger, PictureError
from daemon.svg import STYLE, ground, picture, text

WIDTH, HEIGHT = 480, 200
_BAND_TOP, _BAND_BOTTOM = 72, 128
_EDGE = 24


def trial_text(
    runner_name: str,
    channel_name: str,
    language: Language,
    now: datetime,
    png_of: Callable[[str], bytes] | None = None,
) -> Text:
    """Return the words of a trial, `now` in the runner's time; with `png_of` a mailbox gets a picture, too."""
    title = language.say(_("A trial from duurloop"))
    reached = language.say(_("Hello {runner}, this channel works: {channel}, at {time}."))
    body = "\n".join(
        (
            reached.format(runner=runner_name, channel=channel_name, time=f"{now:%H:%M}"),
            language.say(_("Nothing for you to do.")),
        )
    )
    if png_of is None:
        return Text(title, body)
    try:
        return Text(title, body, _mail(title, body, language, png_of(trial_drawing(language))))
    except PictureError:
        return Text(title, body)  # the words are what is on trial


def send_trial(messenger: Messenger, text: Text, seconds: Callable[[], float]) -> float:
    """Send it, and return how many seconds the far end took; `seconds` reads a monotonic clock.

    Raises `DeliveryError`.
    """
    began = seconds()
    messenger.deliver(text)
    return seconds() - began


def trial_drawing(language: Language) -> str:
    """Return a made-up line in its calm band, as SVG."""
    band = f'<rect class="calm-band" x="{_EDGE}" y="{_BAND_TOP}" width="{WIDTH - 2 * _EDGE}" height="56" rx="6"/>'
    line = '<path class="line" d="M40 122C90 112 110 92 160 96S250 112 300 98S390 88 440 102"/>'
    return picture(
        WIDTH,
        HEIGHT,
        f"<style>{STYLE}</style>",
        ground(WIDTH, HEIGHT),
        text(_EDGE, 46, language.say(_("Pictures arrive")), "head"),
        band,
        line,
        text(_EDGE, _BAND_BOTTOM + 38, language.say(_("An example, not a run of anybody")), "soft"),
    )


def _mail(title: str, body: str, language: Language, png: bytes) -> Mail:
    alt = language.say(_("An example of a picture: a line within a calm band."))
    inner = (
        f"""{paragraphs(body)}
<p style="margin:24px 0"><img src="cid:{PICTURE}" alt="{escape(alt)}" width="{WIDTH}" """
        f"""style="display:block;max-width:100%;height:auto;border:0"></p>"""
    )
    return Mail(mail_page(title, inner, language), png)
