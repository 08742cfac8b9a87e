"""Addresses of channels, made of what people know: a topic, a mailbox and its password, a bot's token."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from daemon.domain.marking import _
from daemon.setup.asking import PuzzledError

TLS_PORT, STARTTLS_PORT = 465, 587
_MAILBOX: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SERVER: Final = re.compile(r"(?:https?://)?([A-Za-z0-9._-]+(?::\d{1,5})?)/?")
_HERE: Final = ("localhost", "127.")


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider: the server that takes mails to send, and whether it wants a password for programs alone."""

    host: str
    port: int = STARTTLS_PORT
    wants_app_password: bool = False


PROVIDERS: Final = {
    "gmail.com": Provider("smtp.gmail.com", wants_app_password=True),
    "googlemail.com": Provider("smtp.gmail.com", wants_app_password=True),
    "icloud.com": Provider("smtp.mail.me.com", wants_app_password=True),
    "me.com": Provider("smtp.mail.me.com", wants_app_password=True),
    "yahoo.com": Provider("smtp.mail.yahoo.com", TLS_PORT, wants_app_password=True),
    "fastmail.com": Provider("smtp.fastmail.com", TLS_PORT, wants_app_password=True),
    "gmx.net": Provider("mail.gmx.net"),
    "ziggo.nl": Provider("smtp.ziggo.nl"),
    "kpnmail.nl": Provider("smtp.kpnmail.nl"),
    "xs4all.nl": Provider("smtp.xs4all.nl"),
}
"""Of some mailboxes that many have; of others the server is asked for."""


def provider_of(mailbox: str) -> Provider:
    """Return what is known of a mailbox's provider, else a guess that is often right."""
    domain = mailbox.rpartition("@")[2].casefold()
    return PROVIDERS.get(domain, Provider(f"smtp.{domain}"))


def ntfy_url(server: str, topic: str) -> str:
    """Return the address of a topic at an ntfy server, plain http only where that was typed."""
    scheme = "ntfy" if server.startswith("http://") else "ntfys"
    return f"{scheme}://{server.partition('://')[2] or server}/{topic}"


def server(typed: str) -> str:
    """Read a server's name, with http:// before it where it has no TLS."""
    found = _SERVER.fullmatch(typed)
    if found is None or ("." not in found[1] and ":" not in found[1] and not typed.startswith("http")):
        raise PuzzledError(_("A server such as ntfy.sh, or http://house:8080 for one without TLS."))
    return typed.removesuffix("/")


def topic(typed: str) -> str:
    """Read a topic."""
    if _TOPIC.fullmatch(typed) is None:
        raise PuzzledError(_("A topic of letters, digits, - and _, such as the one in brackets."))
    return typed


def mail_url(to: str, host: str, port: int, user: str, password: str) -> str:
    """Return the address of a mailbox: over TLS, unless the server is this very machine."""
    scheme, mode = "mailtos", "ssl" if port == TLS_PORT else "starttls"
    if host.startswith(_HERE):
        scheme, mode = "mailto", "insecure"
    login = f"{_safe(user)}:{_safe(password)}@" if password else ""
    sender = user if _MAILBOX.fullmatch(user) else to
    return f"{scheme}://{login}{host}:{port}?smtp={_safe(host)}&mode={mode}&from={_safe(sender)}&to={_safe(to)}"


def telegram_url(token: str, chat: str) -> str:
    """Return the address of a chat with a bot."""
    return f"tgram://{quote(token.strip(), safe=':')}/{_safe(chat.strip())}/"


def pushover_url(user: str, token: str) -> str:
    """Return the address of a Pushover user."""
    return f"pover://{_safe(user.strip())}@{_safe(token.strip())}"


def mailbox(typed: str) -> str:
    """Read a mail address."""
    if _MAILBOX.fullmatch(typed) is None:
        raise PuzzledError(_("A mail address, such as els@example.org."))
    return typed


def port(typed: str) -> int:
    """Read a port."""
    if not typed.isascii() or not typed.isdecimal() or not 0 < int(typed[:6]) < 65536:  # noqa: PLR2004 - 16 bits
        raise PuzzledError(_("A port, such as 587."))
    return int(typed)


def _safe(text: str) -> str:
    return quote(text, safe="")
