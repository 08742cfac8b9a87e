"""The loopback address to which a browser comes back after an athlete has said yes."""

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

LOOPBACK = "127.0.0.1"
PATH = "/strava"
ONE_REQUEST_S = 0.5
_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", "Connection": "close"}

Redirect = dict[str, str]
"""What stands behind the question mark."""


def redirect_of(address: str) -> Redirect:
    """Return what an address of a redirect tells; empty if it tells nothing."""
    try:
        told = parse_qs(urlsplit(address.strip()).query, max_num_fields=50)
    except ValueError:  # it is no address
        return {}
    return {key: values[0] for key, values in told.items()}


class OAuthCallback:
    """Listens on a free port of the loopback for one browser, and for nobody else."""

    def __init__(self, is_ours: Callable[[Redirect], bool], goodbye: str) -> None:
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.timeout = ONE_REQUEST_S
        self._server.is_ours = is_ours
        self._server.goodbye = goodbye

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()

    @property
    def address(self) -> str:
        """Return where the browser is to be sent back to."""
        return f"http://{LOOPBACK}:{self._server.server_port}{PATH}"

    def wait(self, for_s: float, pasted: Callable[[], Redirect | None]) -> Redirect | None:
        """Return what the browser brought, or what was `pasted` meanwhile; None if neither came in time."""
        until = time.monotonic() + for_s
        while time.monotonic() < until:
            self._server.handle_request()
            if told := self._server.brought or pasted():
                return told
        return None


class _Server(HTTPServer):
    is_ours: Callable[[Redirect], bool]
    goodbye: str
    brought: Redirect | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as typeshed has it
        """Say nothing: a browser that went away is no news, and a traceback could show its address."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 2.0  # a connection that says nothing does not hold up the next

    def do_GET(self) -> None:
        """Take what our browser brings; whoever else asks gets nothing."""
        redirect = redirect_of(self.path)
        if urlsplit(self.path).path != PATH or not self.server.is_ours(redirect):
            self._answer(404, "")
            return
        self.server.brought = redirect
        self._answer(200, self.server.goodbye)

    def _answer(self, status: int, words: str) -> None:
        body = words.encode()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: the code stands in the address."""
