"""One connection to Strava: with time-outs, never redirected, and no more read than an answer can be."""

import socket
from http import HTTPStatus
from typing import Any, cast

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool

from connectors.strava.lines import Line

MOST_BYTES = 16_000_000
"""Unpacked. The streams of five days at one a second are 13 MB; as JSON, 16 MB can become 400 MB of objects."""
_PIECE = 65_536


class TooLongError(ValueError):
    """An answer longer than any that Strava has reason to give."""


class ElsewhereError(ValueError):
    """A redirect: Strava's API has none, and tokens do not follow one."""


class LineSession(Session):
    """A session whose connections belong to a line."""

    def __init__(self, line: Line, connect_s: float, read_s: float) -> None:
        super().__init__()
        self._timeouts = (connect_s, read_s)
        self.auth = _as_it_is
        for scheme in ("https://", "http://"):
            self.mount(scheme, _LineAdapter(line))

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:  # noqa: ANN401 - as requests has it
        """Send, and read the whole answer."""
        with super().send(request, **{**kwargs, "stream": True, "timeout": self._timeouts}) as response:
            if HTTPStatus.MULTIPLE_CHOICES <= response.status_code < HTTPStatus.BAD_REQUEST:
                raise ElsewhereError
            response._content = _read(response)  # noqa: SLF001 - the one place where requests keeps it
        return response

    def get_redirect_target(self, resp: Response) -> str | None:  # noqa: ARG002
        """Follow nobody."""
        return None


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """Leave the request alone; without an `auth`, requests puts what a .netrc says in the place of the token."""
    return request


def _read(response: Response) -> bytes:
    content = bytearray()
    for piece in response.iter_content(_PIECE):
        content += piece
        if len(content) > MOST_BYTES:
            raise TooLongError
    return bytes(content)


class _LineAdapter(HTTPAdapter):
    """Tells the line of every connection that is made."""

    def __init__(self, line: Line) -> None:
        super().__init__(max_retries=0)
        self._line = line

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:  # noqa: ANN401
        """Let the pool, be it a proxy's or not, make connections that the line knows."""
        pool = cast("HTTPConnectionPool", super().get_connection_with_tls_context(*args, **kwargs))
        pool.ConnectionCls = _held(pool.ConnectionCls, self._line)
        return pool


def _held(kind: Any, line: Line) -> Any:  # noqa: ANN401 - plain or TLS
    class Held(kind):  # type: ignore[misc] # nobody knows the kind before
        def connect(self) -> None:
            super().connect()
            line.hold(cast("socket.socket", self.sock))

    return Held
