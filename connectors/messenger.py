"""Words to a phone or a mailbox, through Apprise.

Apprise says yes or no; why it said no stands only in its own log, at DEBUG, between passwords and tokens.
So this connector listens to that log for the time of one call, keeps the few kinds of line that tell a
reason, and blackens everything it knows of the address before a word leaves this file.
"""

import ast
import base64
import html
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, unquote_plus

from daemon.domain.wording import PICTURE, Mail, Text
from daemon.ports import Blame, DeliveryError

if TYPE_CHECKING:  # importing Apprise takes 0.1 s and 8 MB that a start does not need
    from apprise import Apprise, NotifyBase

_LONGEST_REASON = 160
_MASK = "***"

ANSWER_S = 25.0
"""How long a far end may take to answer, unless its URL says so (`rto`); after 30 s the outbox calls it hanging."""


class AppriseMessenger:
    """One recipient, named by one Apprise URL; fulfils the port `Messenger`."""

    def __init__(self, name: str, url: str, redact: Callable[[str], str]) -> None:
        self.name = name
        self._url = url.strip()
        self._redact = redact

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"  # the URL is a secret

    def deliver(self, text: Text) -> None:
        """Send, and return when the far end has taken it; raises `DeliveryError` when it was not taken."""
        error = self._attempt(text)
        if error is not None:
            raise error  # here, outside any `except`: Apprise's own exceptions may quote the URL

    def _attempt(self, text: Text) -> DeliveryError | None:
        with _ear.listening() as lines:
            try:
                _load()
                service = _service(self._url)
                if service is None:
                    finding = _why_unusable(self._url, lines)
                elif _notify(service, text):
                    return None
                else:
                    finding = _why_refused(lines)
            except Exception as error:  # noqa: BLE001 a plugin may fail in any way; the next message gets its chance
                finding = _why_raised(type(error).__name__)
        mask = _Mask(self._url, *_pieces_of(text))
        return DeliveryError(_cut(self._redact(_one_line(mask, finding))), finding.blame)


def check_url(url: str) -> str | None:
    """Return why Apprise cannot use this URL, in one line without its secrets, or None if it can."""
    url = url.strip()
    with _ear.listening() as lines:
        try:
            _load()
            finding = _why_unusable(url, lines) if _service(url) is None else _why_incomplete(lines)
        except Exception as error:  # noqa: BLE001 as in a delivery
            finding = _why_raised(type(error).__name__)
    return _cut(_one_line(_Mask(url), finding)) if finding else None


# --- Apprise itself ---------------------------------------------------------------------------------------------------

_loading = threading.Lock()
_loaded = threading.Event()


def _load() -> None:
    """Bring Apprise and all its plugins into memory, once."""
    if _loaded.is_set():
        return
    # Apprise itself lets several threads load it. The filter for warnings is one for all threads, though: two that
    # change and restore it at the same time may leave the whole service without warnings.
    with _loading:
        if _loaded.is_set():
            return
        _mute()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its PGP part imports the deprecated imghdr
            _service("json://localhost")
        import urllib3  # noqa: PLC0415 loaded by Apprise only now

        # Who writes verify=no for the server at home knows; a line on stderr per message helps nobody.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        _loaded.set()


def _mute() -> None:
    """Keep what Apprise and the libraries below it log away from our log: it holds paths, headers and texts."""
    for name in ("apprise", "urllib3", "requests_oauthlib", "oauthlib", "slixmpp", "charset_normalizer", "MARKDOWN"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())  # else WARNING goes to stderr by the handler of last resort
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)  # at WARNING a wrong password reads "Connection error while submitting email"
    logger.addHandler(_ear)


def _service(url: str) -> "NotifyBase | None":
    """Make the plugin that this URL asks for, or None if Apprise cannot.

    A new one for every message (0.5 ms): an Apprise object makes its second request wait until 5.5 s after
    its first (`request_rate_per_sec`), which would hold up a nudge that follows the strap's greeting. The
    pause between the requests of one and the same message stays, as the far ends expect it; between
    messages it is the outbox that keeps the peace, with one in flight and a growing pause after failures.
    And nothing gets old: no session, no time zone from before the clocks changed.
    """
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 see `_load`

    # async_mode and service_timeout keep it in this thread: in its shared pool, hung endpoints stop all the others.
    asset = AppriseAsset(async_mode=False, service_timeout=0, app_id="duurloop", app_desc="duurloop")
    service = Apprise.instantiate(_without_icon(url), asset=asset)
    if service is not None:
        service.retry = 0  # the outbox tries again: it survives a restart and knows whom to blame
        service.optional = False  # "optional=yes" would call a lost message a delivered one
        if not re.search(r"[?&]rto=", url, re.IGNORECASE):
            # Apprise's own 4 s give up on a far end that is merely slow, and the message would go out again and again
            service.socket_read_timeout = ANSWER_S
    return service


def _without_icon(url: str) -> str:
    """Spare ntfy the address of Apprise's icon on GitHub, unless the URL says something about pictures."""
    if not re.match(r"ntfys?://", url, re.IGNORECASE) or re.search(r"[?&](image|avatar_url)=", url, re.IGNORECASE):
        return url
    return f"{url}{'&' if '?' in url else '?'}image=no"


def _notify(service: "NotifyBase", text: Text) -> bool:
    from apprise import Apprise, NotifyFormat  # noqa: PLC0415 see `_load`

    channel = Apprise(asset=service.asset)
    channel.add(service)
    if text.mail is not None and _shows_pages(service):
        return _post(channel, service, text.title, text.mail)
    # Named as plain text it keeps its line breaks where a service wants HTML.
    return bool(channel.notify(body=text.body, title=text.title, body_format=NotifyFormat.TEXT))


def _shows_pages(service: "NotifyBase") -> bool:
    """Tell whether it takes HTML with its pictures inside, as mail does, and its URL does not ask for plain text."""
    from apprise import NotifyFormat  # noqa: PLC0415 see `_load`

    can = service.attachment_support and hasattr(service, "inline")
    return can and service.resolve_format(NotifyFormat.HTML) is NotifyFormat.HTML


def _post(channel: "Apprise", service: "NotifyBase", title: str, mail: Mail) -> bool:
    """Send a mail with its picture inside, whatever the URL says of attachments; it never touches the disk.

    Apprise itself puts a plain part beside the page.
    """
    from apprise import AppriseAttachment, NotifyFormat  # noqa: PLC0415 see `_load`
    from apprise.attachment.memory import AttachMemory  # noqa: PLC0415

    service.inline = True  # type: ignore[attr-defined] # only those that have it get here
    picture = AttachMemory(content=mail.picture, name=PICTURE, mimetype="image/png")  # type: ignore[no-untyped-call]
    attachment = AppriseAttachment(paths=picture)
    return bool(channel.notify(body=mail.html, title=title, body_format=NotifyFormat.HTML, attach=attachment))


# --- listening --------------------------------------------------------------------------------------------------------


class _Line(NamedTuple):
    level: int
    text: str
    raised: str
    """The type of the exception that was being handled, or nothing."""


class _Ear(logging.Handler):
    """Keeps what the current thread's call makes Apprise log, apart from every other thread's."""

    def __init__(self) -> None:
        super().__init__()
        self._here = threading.local()

    @contextmanager
    def listening(self) -> Iterator[list[_Line]]:
        """Collect this thread's lines until the end of the context."""
        lines: list[_Line] = []
        self._here.lines = lines
        try:
            yield lines
        finally:
            self._here.lines = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line if this thread is listening; never let a badly formatted one fail a delivery."""
        lines: list[_Line] | None = getattr(self._here, "lines", None)
        if lines is not None:
            with suppress(Exception):
                kind = sys.exc_info()[0]
                lines.append(_Line(record.levelno, record.getMessage(), kind.__name__ if kind else ""))


_ear = _Ear()


# --- understanding ----------------------------------------------------------------------------------------------------


class _Finding(NamedTuple):
    """Why it failed: in words of ours, in words of others (to be blackened), and who is to act."""

    ours: str
    theirs: str = ""
    blame: Blame = Blame.WORLD


# Only these kinds of DEBUG line are read; the others hold headers, payloads and addresses.
_TROUBLE = re.compile(r"[\w /.-]{0,40}Exception\b[^:]{0,20}: (?P<what>.*)", re.DOTALL)
_ANSWER = re.compile(r"Response Details:\s*(?P<body>.*)", re.DOTALL)
# ntfy puts its own five-digit code there, whose first three are the HTTP status.
_STATUS = re.compile(r"\berror=(?P<status>[1-5]\d\d)(\d\d)?\b")
_REPLY = re.compile(
    r"(\(|refused: )(?P<code>[45]\d\d),? (?P<words>b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\")", re.DOTALL
)
_DROPPED = re.compile(r"\bdropp(ed|ing) |will be ignored", re.IGNORECASE)
_SETUP = re.compile(r"\bto notify\W*$|\bno .* specified\W*$|\binstall\b", re.IGNORECASE)

_WRONG_ADDRESS = {401, 403, 404, 410}
# Login refused (530, 534, 535, 538) or no such mailbox (550, 551, 553). Not 552 and 554, which are a full
# mailbox and a server's mood: they pass.
_WRONG_MAILBOX = {530, 534, 535, 538, 550, 551, 553}

# What the network layers say, in the order in which it is looked for, and what we make of it.
_NETWORK = (
    ("STARTTLS extension not supported", "the mail server offers no STARTTLS", Blame.SETTINGS),
    ("AUTH extension not supported|No suitable authentication", "the mail server offers no login", Blame.SETTINGS),
    ("timed out", "timed out", Blame.WORLD),
    ("connection refused", "connection refused", Blame.WORLD),
    ("name or service not known|name resolution|NameResolution|no address associated", "name not known", Blame.WORLD),
    ("network is unreachable|no route to host", "network unreachable", Blame.WORLD),
    ("certificate.verify.failed", "certificate not trusted", Blame.WORLD),
    (r"\bSSL", "no secure connection", Blame.WORLD),
    (
        "reset by peer|broken pipe|connection aborted|connection.* closed|closed connection",
        "connection dropped",
        Blame.WORLD,
    ),
)


def _mail_server(lines: Sequence[_Line]) -> _Finding | None:
    """Find the three digits and the words of a mail server."""
    for line in lines:
        if _TROUBLE.match(line.text) or line.level >= logging.WARNING:
            reply = _REPLY.search(line.text)
            if reply:
                code = int(reply["code"])
                # "5.7.8" says to machines what the code and the words already say
                words = re.sub(r"(^|\n)[245]\.\d+\.\d+\s+", r"\1", _decoded(reply["words"]))
                return _Finding(str(code), words, Blame.SETTINGS if code in _WRONG_MAILBOX else Blame.WORLD)
    return None


def _web_server(lines: Sequence[_Line]) -> _Finding | None:
    """Find the status of a web server and the short message that came with it."""
    statuses = [
        int(found["status"]) for line in lines if line.level >= logging.WARNING if (found := _STATUS.search(line.text))
    ]
    if not statuses:
        return None
    bodies = [_said(_decoded(found["body"])) for line in lines if (found := _ANSWER.match(line.text))]
    status, said = statuses[-1], bodies[-1] if bodies else ""
    phrase = next((known.phrase for known in HTTPStatus if known == status), "")
    said = "" if said.strip().casefold() == phrase.casefold() else said
    ours = f"HTTP {status} {phrase}".rstrip()
    blame = Blame.SETTINGS if status in _WRONG_ADDRESS else Blame.WORLD
    return _Finding(f"{ours}:" if said.strip() else ours, said, blame)


def _network(lines: Sequence[_Line]) -> _Finding | None:
    """Find what kept the far end from being reached."""
    for line in lines:
        trouble = _TROUBLE.match(line.text)
        if trouble:
            for pattern, words, blame in _NETWORK:
                if re.search(pattern, trouble["what"], re.IGNORECASE):
                    return _Finding(words, "", blame)
    return None


def _accident(lines: Sequence[_Line]) -> _Finding | None:
    """Find that a plugin raised; of the exception only its type is fit to be told."""
    return next((_why_raised(line.raised) for line in lines if line.text.startswith("Notification Exception: ")), None)


def _complaint(lines: Sequence[_Line]) -> _Finding | None:
    """Fall back on the last thing Apprise complained of."""
    complaints = [line.text for line in lines if line.level >= logging.WARNING]
    if not complaints:
        return None
    return _Finding("", complaints[-1], Blame.SETTINGS if _SETUP.search(complaints[-1]) else Blame.WORLD)


_WITNESSES = (_mail_server, _web_server, _network, _accident, _complaint)


def _why_refused(lines: Sequence[_Line]) -> _Finding:
    """Hear the witnesses in order; the first that knows something is believed."""
    findings = (witness(lines) for witness in _WITNESSES)
    return next((finding for finding in findings if finding), _Finding("not taken, without a reason"))


def _why_raised(kind: str) -> _Finding:
    return _Finding(f"Apprise failed: {kind}")


def _why_incomplete(lines: Sequence[_Line]) -> _Finding | None:
    """Tell which recipient Apprise dropped: one URL is one recipient, so without it the address reaches nobody."""
    dropped = (line.text for line in lines if line.level >= logging.WARNING and _DROPPED.search(line.text))
    return next((_Finding("", text, Blame.SETTINGS) for text in dropped), None)


def _why_unusable(url: str, lines: Sequence[_Line]) -> _Finding:
    """Tell what is wrong with an address of which Apprise made nothing."""
    from apprise import NotificationManager  # noqa: PLC0415 see `_load`

    complaints = [line.text for line in lines if line.level == logging.WARNING]
    if complaints:
        return _Finding("", complaints[-1], Blame.SETTINGS)
    scheme = url.partition("://")[0].lower()
    plugins = NotificationManager()  # type: ignore[no-untyped-call]
    if scheme not in plugins:
        return _Finding("no kind of address that Apprise knows", "", Blame.SETTINGS)
    if plugins[scheme].enabled:
        return _Finding(f"not a complete {scheme}:// address", "", Blame.SETTINGS)
    needed = plugins[scheme].requirements.get("packages_required") or "another system"
    needed = needed if isinstance(needed, str) else ", ".join(needed)
    return _Finding(f"{scheme}:// cannot be used here, it needs {needed}", "", Blame.SETTINGS)


def _decoded(words: str) -> str:
    """Turn the repr of bytes, as Apprise logs them, into text."""
    if words[:2] in {"b'", 'b"'}:
        with suppress(ValueError, SyntaxError):
            literal = ast.literal_eval(words.strip())
            return literal.decode(errors="replace") if isinstance(literal, bytes) else str(literal)
    return words


def _said(body: str) -> str:
    """Pick the sentence for people out of a web server's answer."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        # a page for a browser, or half of some JSON, says nothing in one line
        return "" if body.lstrip().startswith(("<", "{", "[")) else body
    while isinstance(answer, (dict, list)):
        if isinstance(answer, dict):
            keys = ("error", "errors", "message", "description", "detail", "reason")
            answer = next((answer[key] for key in keys if answer.get(key)), None)
        else:
            answer = answer[0] if answer else None
    return answer if isinstance(answer, str) else ""


def _one_line(mask: "_Mask", finding: _Finding) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in mask(finding.theirs))
    tidy = " ".join(printable.split())
    return f"{finding.ours} {mask(tidy)}".strip(" :")  # masked again: tidying may have put a secret together


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 1]}…"


# --- keeping secrets --------------------------------------------------------------------------------------------------

# Parameters of every Apprise URL, with everyday words for values: "text" and "yes" need no hiding.
_PLAIN = {
    *("auth", "cto", "emojis", "format", "image", "method", "mode", "optional", "overflow"),
    *("priority", "retry", "rto", "store", "tz", "verify", "wait"),
}
# Shorter ones are hidden only as words of their own: a user called "a" must not blacken the whole reason.
_TELLING = 4
_MARKUP = re.compile(r"<[^>]*>")
_HEADER = re.compile(r"(?P<name>authorization\W{1,4}(?:(?:bearer|basic|token|key)\s+)?)\S+", re.IGNORECASE)


def _pieces_of(text: Text) -> Iterator[str]:
    """Take a message apart into what a far end may quote of it: lines, and of a page its words as they are read."""
    yield text.title
    yield from text.body.splitlines()
    if text.mail is not None:
        yield from text.mail.html.splitlines()
        yield from (html.unescape(words).strip() for words in _MARKUP.split(text.mail.html))


class _Mask:
    """Blackens everything a channel's URL is made of, and the message itself.

    Which part of an Apprise URL is secret differs by service (a token may stand where a host belongs), so
    every part counts as one, in every dress in which a far end may throw it back.
    """

    def __init__(self, url: str, *message: str) -> None:
        self._url = url
        self._message = sorted(message, key=len, reverse=True)  # what is a part of another comes after it

    def __call__(self, text: str) -> str:
        """Return the text with stars for secrets."""
        if not text:
            return text
        for line in self._message:
            # By hand: a pattern for each message would fill the cache of `re` with the runner's affairs.
            for written in (line, json.dumps(line)[1:-1], json.dumps(line, ensure_ascii=False)[1:-1]):
                if len(written) >= _TELLING:
                    text = text.replace(written, _MASK)
        return self._pattern().sub(_MASK, _HEADER.sub(rf"\g<name>{_MASK}", text))

    def _pattern(self) -> re.Pattern[str]:
        """Build the pattern when it is needed, which is only after a failure."""
        bare = {word for secret in _parts(self._url) for word in _unquoted(secret) if word.strip()}
        return re.compile("|".join(map(_in_any_dress, sorted(bare, key=len, reverse=True))) or r"(?!)", re.IGNORECASE)


def _parts(url: str) -> Iterator[str]:
    """Take an address apart as every plugin might."""
    place, _, query = url.partition("?")
    place = place.partition("://")[2] or place
    login = place.rpartition("@")[0]
    yield from (url, place, login, login.partition(":")[2])
    yield from _pieces(place)
    for parameter in query.split("&"):
        key, _, value = parameter.partition("=")
        if not re.fullmatch(r"[+:-]?[\w-]+", key):  # no key at all: a "?" inside a password
            yield from (parameter, *_pieces(parameter))
        elif key.lower() not in _PLAIN:
            yield from (value, *_pieces(value))


def _pieces(part: str) -> Iterator[str]:
    for separators in (r"/", r"[/#]", r"[/@#]", r"[/@:#,;=&]"):
        yield from re.split(separators, part)


def _unquoted(secret: str) -> Iterator[str]:
    """Undo percent signs as often as a plugin may: Apprise does it twice for values in the query."""
    yield secret
    for undo in (unquote, unquote_plus):
        yield undo(secret)
        yield undo(undo(secret))


def _in_any_dress(word: str) -> str:
    """Match a word as it is, quoted for a URL, for JSON or for HTML, partly or wholly, and in base64."""
    plain = "".join(map(_letter, word))
    if len(word) < _TELLING:
        return rf"(?<!\w){plain}(?!\w)"
    # "Basic" joins user and password before it encodes them: what follows the whole groups of four goes, too.
    encoded = base64.b64encode(word.encode(errors="replace")).decode()
    groups = len(word.encode(errors="replace")) // 3 * 4
    return rf"{plain}|{re.escape(encoded[:groups])}[\w+/=-]*"


def _letter(letter: str) -> str:
    """Match one letter in every way of writing it: nobody knows which ones the far end found worth quoting."""
    if letter.isascii() and letter.isalnum():
        return letter
    percent = "".join(f"%(?:25)*{byte:02X}" for byte in letter.encode(errors="replace"))
    ways = [re.escape(way) for way in (html.escape(letter), f"&#{ord(letter)};", json.dumps(letter)[1:-1])]
    if letter.isascii():
        ways.append(rf"\\*{re.escape(letter)}")
    else:
        ways.append(r"[^\x00-\x7f]{1,4}")  # itself, or what a wrong decoding made of its bytes
    if letter == " ":
        ways.append(r"\+")
    return f"(?:{'|'.join((percent, *ways))})"
