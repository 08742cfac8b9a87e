"""Where a request comes from, as far as it can be told: from this machine, or from somebody who handed it on."""

import ipaddress
from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web

_HANDS_ON = frozenset({"forwarded", "via", "x-real-ip"})
_HANDS_ON_TOO = "x-forwarded-"


def host_of(asked: str) -> str:
    """Return the name in a Host header, without its port."""
    try:
        return (urlsplit(f"//{asked}").hostname or "").lower()
    except ValueError:
        return ""


def is_address(host: str) -> bool:
    """Tell whether a host is a number rather than a name."""
    return _address(host) is not None


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its name or as a number."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def is_asked_here(request: web.Request) -> bool:
    """Tell whether it is this machine that asks: no proxy, and no foreign page that has its own name point at us."""
    return not _is_handed_on(request) and is_loopback(host_of(request.headers.get("Host", "")))


def _is_handed_on(request: web.Request) -> bool:
    """Tell whether a proxy shows itself.

    Not all do. nginx adds no header unless it is told to; but for long it spoke HTTP/1.0, as no browser does.
    """
    names = {name.lower() for name in request.headers}
    has_said_so = bool(names & _HANDS_ON) or any(name.startswith(_HANDS_ON_TOO) for name in names)
    return has_said_so or request.version < HttpVersion11


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    # where both are listened to, IPv4 comes in the clothes of IPv6
    return getattr(address, "ipv4_mapped", None) or address
