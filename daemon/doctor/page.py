"""The page: whether it answers, who else has its place, and whether its certificate does what it should."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from daemon.doctor.finding import Area, Finding, Link, sentence
from daemon.service_manager import ServiceManager

ANSWER_S = 3.0
SOON = timedelta(days=14)
_LISTENS = "0A"
_STATE, _INODE = 3, 9
"""Columns of /proc/net/tcp."""

_area = Area(Link.PAGE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is to be, as the settings say."""

    host: str
    port: int
    is_loopback: bool
    address: str | None = None
    """Under which the runners' phones reach it."""
    certificate: tuple[Path, Path] | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """What was seen of a certificate."""

    trouble: str | None = None
    """`unusable`, `expired`, `soon`, `name`, or words of OpenSSL's."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was seen of the page."""

    place: Place | None
    """None where the settings want no page."""
    is_running: bool = False
    """Whether a service of ours is there."""
    is_taken: bool = False
    """Somebody listens there."""
    is_ours: bool = False
    """And answers as our page does."""
    taken_by: str | None = None
    """The program that listens there, where that can be seen."""
    can_be_taken: bool = True
    """Whether the address is this machine's, and allowed."""
    seal: Seal | None = None


def look_at_page(place: Place | None, now: datetime, *, is_running: bool) -> Answer:
    """Knock at the page's door."""
    if place is None:
        return Answer(None)
    is_taken = _is_taken(place)
    return Answer(
        place,
        is_running,
        is_taken,
        is_taken and _is_ours(place),
        program_at(place.port) if is_taken else None,
        is_taken or _can_be_taken(place),
        seal_of(place, now),
    )


def _near(place: Place) -> str:
    """Return where to knock: who listens everywhere listens here."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.host, place.host)  # noqa: S104 - compared


def _is_taken(place: Place) -> bool:
    with suppress(OSError), closing(socket.create_connection((_near(place), place.port), ANSWER_S)):
        return True
    return False


def _can_be_taken(place: Place) -> bool:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with suppress(OSError), closing(socket.create_server((place.host, place.port), family=family)):
        return True
    return False


def _is_ours(place: Place) -> bool:
    line = _line_to(place)
    with suppress(OSError, http.client.HTTPException, ValueError), closing(line):
        line.request("GET", "/healthz")
        answer = json.loads(line.getresponse().read(65536))
        return isinstance(answer, dict) and {"ok", "reasons"} <= answer.keys()
    return False


def _line_to(place: Place) -> http.client.HTTPConnection:
    if place.certificate is None:
        return http.client.HTTPConnection(_near(place), place.port, timeout=ANSWER_S)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the certificate is looked at by itself
    return http.client.HTTPSConnection(_near(place), place.port, timeout=ANSWER_S, context=context)


def program_at(port: int, proc: Path = Path("/proc")) -> str | None:
    """Return the name of the program that listens at a port, as far as this user may see it."""
    sockets = {f"socket:[{inode}]" for table in ("tcp", "tcp6") for inode in _listening(proc / "net" / table, port)}
    for process in proc.glob("[0-9]*"):
        with suppress(OSError):
            if any(str(handle.readlink()) in sockets for handle in (process / "fd").iterdir()):
                return (process / "comm").read_text(encoding="utf-8").strip()
    return None


def _listening(table: Path, port: int) -> Iterator[str]:
    with suppress(OSError):
        for line in table.read_text(encoding="ascii").splitlines()[1:]:
            columns = line.split()
            if columns[_STATE] == _LISTENS and int(columns[1].rpartition(":")[2], 16) == port:
                yield columns[_INODE]


# -- the certificate -------------------------------------------------------------------------------


def seal_of(place: Place, now: datetime) -> Seal | None:
    """Look at the certificate as a browser would: a handshake with ourselves, without a network."""
    if place.certificate is None:
        return None
    host = urlsplit(place.address).hostname if place.address else None
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        server.load_cert_chain(*place.certificate, password="")
        client.load_verify_locations(place.certificate[0])
    except (OSError, ssl.SSLError):
        return Seal("unusable")
    # only what the file says of itself is looked at: whether browsers trust its maker is theirs to say
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.check_hostname = host is not None
    try:
        told = _shake_hands(server, client, host)
    except ssl.SSLCertVerificationError as error:
        return Seal({10: "expired", 62: "name"}.get(error.verify_code, error.verify_message))
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told.get("notAfter"))), UTC)
    if until <= now:
        return Seal("expired", until)
    return Seal("soon" if until - now < SOON else None, until)


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, host: str | None) -> dict[str, object]:
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(back, there, server_hostname=host),
        server.wrap_bio(there, back, server_side=True),
    ]
    for _ in range(10):
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return dict(ends[0].getpeercert() or {})


# -- judging ---------------------------------------------------------------------------------------


def judge_page(seen: Answer, manager: ServiceManager) -> list[Finding]:
    """Say how it is with the page."""
    place = seen.place
    if place is None:
        return [_area.ok("page", sentence("No page is wanted."))]
    return [_door(seen, place, manager), *_way_in(place), *_sealed(seen.seal, place, manager)]


def _door(seen: Answer, place: Place, manager: ServiceManager) -> Finding:
    where = f"{place.host}:{place.port}"
    if seen.is_ours:
        return _area.ok("page", sentence("The page answers at {where}.", where=where))
    if seen.is_taken:
        return _area.fault(
            "page",
            sentence("Another program ({program}) listens at {where}.", program=seen.taken_by or "?", where=where),
            sentence(
                "Give the page another port under [page] listen in the settings, or end that program: sudo ss -ltnp"
            ),
        )
    if seen.is_running:
        return _area.fault(
            "page",
            sentence("The service runs, and its page does not answer at {where}.", where=where),
            sentence("See why: {journal} -n 20; the service tries again by itself", journal=manager.journal),
        )
    if not seen.can_be_taken:
        return _area.fault(
            "page",
            sentence(
                "The page cannot listen at {where}: that is no address of this machine, or it may not.", where=where
            ),
            sentence('Write listen = "127.0.0.1:8421" or "0.0.0.0:8421" under [page]; ip address shows what there is.'),
        )
    return _area.ok("page", sentence("The page's place {where} is free for it.", where=where))


def _way_in(place: Place) -> Iterator[Finding]:
    if place.is_loopback and not place.address:
        yield _area.ok("way", sentence("Only this machine can see it, and needs no link."))
    elif place.is_loopback:
        yield _area.ok(
            "way", sentence("A proxy hands {address} on to it; who comes needs the link.", address=place.address)
        )
    else:
        yield _area.ok(
            "way",
            sentence(
                "The home network can see it; who comes needs the link (duurloop page link, and an open firewall)."
            ),
        )


def _sealed(seal: Seal | None, place: Place, manager: ServiceManager) -> Iterator[Finding]:
    if seal is None or place.certificate is None:
        return
    file = place.certificate[0]
    renew = sentence("Renew it, then: {control} restart duurloop", control=manager.control)
    if seal.trouble == "expired":
        yield _area.fault(
            "certificate",
            sentence("The certificate {file} is out of date.", file=file),
            renew,
        )
    elif seal.trouble == "soon":
        yield _area.warning(
            "certificate",
            sentence("The certificate {file} ends on {day}.", file=file, day=f"{seal.until:%Y-%m-%d}"),
            renew,
        )
    elif seal.trouble == "name":
        yield _area.fault(
            "certificate",
            sentence("The certificate {file} is not made for {address}.", file=file, address=place.address),
            sentence("Have one made for that name, or correct address under [page], then: duurloop check"),
        )
    elif seal.trouble == "unusable":
        yield _area.fault(
            "certificate",
            sentence("The certificate {file} and its key do not belong together, or cannot be read.", file=file),
            sentence("Put the two that belong together under [page], then: duurloop check"),
        )
    elif seal.trouble:
        yield _area.fault(
            "certificate",
            sentence("The certificate {file} does not hold: {reason}", file=file, reason=seal.trouble),
            sentence("See it whole: openssl x509 -noout -text -in {file}", file=file),
        )
