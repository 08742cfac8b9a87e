"""A first message on trial: whether a channel reaches its runner, and a mailbox shows its picture.

It holds no figure of anybody: the picture is drawn from nothing but the language.
"""

from collections.abc import Callable
from datetime import datetime
from html import escape

from daemon.domain.wording.text import PICTURE, Language, Mail, Text, _
from daemon.ports import Messenger, PictureError
from daemon.svg import STYLE, ground, picture, text

WIDTH, HEIGHT = 480, 200
_BAND_TOP, _BAND_BOTTOM = 72, 128
_EDGE = 24
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_PAGE = (
    f"margin:0;padding:24px 16px;background:#f0f0eb;color:#24302e;font-family:{_FONT};font-size:16px;line-height:1.5"
)
_DARK = (
    ":root { color-scheme: light dark } "
    "@media (prefers-color-scheme: dark) { .page { background: #121817 !important; color: #e9edeb !important } }"
)


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
    lines = "\n".join(f'<p style="margin:0 0 10px">{escape(line)}</p>' for line in body.splitlines())
    return Mail(
        f"""<!DOCTYPE html>
<html lang="{language.code}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{_DARK}</style>
</head>
<body class="page" style="{_PAGE}">
<h1 style="margin:0 0 12px;font-size:24px;line-height:1.3">{escape(title)}</h1>
{lines}
<p style="margin:24px 0"><img src="cid:{PICTURE}" alt="{escape(alt)}" width="{WIDTH}" """
        f"""style="display:block;max-width:100%;height:auto;border:0"></p>
</body>
</html>
""",
        png,
    )
