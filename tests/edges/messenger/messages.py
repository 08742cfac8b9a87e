"""Messages to send, and what is said of those that cannot arrive."""

from collections.abc import Callable

import pytest

from connectors.messenger import AppriseMessenger
from daemon.domain.wording import Mail, Text
from daemon.ports import Blame, DeliveryError
from tests.receivers import SmtpReceiver

TEXT = Text("Vanavond: één rustig half uur 🏃", "1 minuut lopen, 2 minuten wandelen.\nTien keer, zónder haast & <3.")
PNG = b"\x89PNG\r\n\x1a\n and so on"
PAGE = (
    "<html><head><title>no</title></head><body>\n<p>3 loopjes, 96 minuten.</p>\n<p>Zónder haast &amp; rustig.</p>\n"
    '<p><img src="cid:week.png" alt="di: 32 minuten rustig"></p><p>Je plan: stap 7</p></body></html>'
)
WEEK = Text("Je week", "3 loopjes, 96 minuten.\nZónder haast & rustig.", Mail(PAGE, PNG))
SETTINGS, WORLD = Blame.SETTINGS, Blame.WORLD


def failure(url: str, text: Text = TEXT, redact: Callable[[str], str] = str) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        AppriseMessenger("phone", url, redact).deliver(text)
    return failed.value


def verdict(url: str) -> tuple[str, Blame]:
    error = failure(url)
    return error.reason, error.blame


def mailbox(post: SmtpReceiver, scheme: str = "mailto", **more: str) -> str:
    fields = {"smtp": "127.0.0.1", "from": "duurloop@example.org", "mode": "insecure", **more}
    query = "&".join(f"{key}={value}" for key, value in fields.items())
    return f"{scheme}://mara:strap-on@127.0.0.1:{post.port}/piet@example.org?{query}"
