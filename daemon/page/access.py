"""Who is looking: every request passes here first.

The order in which a request is looked at: is the name that it asks for ours (a foreign page may have its own name
point at this machine), does it come from a page of ours, whose key does it hold, and, if it is to change something,
does it bring the token that only our own forms have. What is open to everybody holds nobody's data.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from daemon.domain.wording import ENGLISH, Language
from daemon.household import Runner
from daemon.page.asked import host_of, is_address, is_asked_here
from daemon.page.door import TrickleError
from daemon.page.frame import (
    PAGE_HEADERS,
    SAFE_HEADERS,
    TOKEN_FIELD,
    VIEWER,
    UnansweredError,
    Viewer,
    framed,
    kind_line,
    posted,
)
from daemon.page.keys import PAGE_SECRET, form_token, holder, is_form_token
from daemon.page.terms import Door
from daemon.page.webhook import WEBHOOK
from daemon.remote import RefusedError
from daemon.store import Store, StoreError

COOKIE = "duurloop"
COOKIE_HOLDS_S = 400 * 86_400
"""As long as browsers allow; every visit begins it anew."""

OPEN_TO_ALL = frozenset(
    {
        "/enter/{token}",
        "/feel/{token}",  # has a key of its own
        "/help",
        "/healthz",
        "/metrics",
        "/manifest.webmanifest",
        "/static/{version}/{name}",
    }
)
HOME_NAMES = (".local", ".lan", ".home.arpa", ".internal", ".localdomain", ".home")
"""No name server of the world answers for these, so that no foreign page can point one of them at us."""
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")

log = structlog.get_logger()


class Access:
    """Lets in who may look."""

    def __init__(self, runners: Mapping[str, Runner], store: Store, door: Door) -> None:
        self._runners = runners
        self._store = store
        self._door = door
        self._names = frozenset(host for origin in door.origins if (host := urlsplit(origin).hostname))

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the way in."""
        return [web.get("/enter/{token}", self._enter)]

    @property
    def middleware(self) -> Middleware:
        """Return `guard` as aiohttp wants it."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self.guard(request, handler)

        return middleware

    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Look at a request before anybody else does, and see to it that whatever is answered can do no harm.

        It raises what aiohttp or the front door understand, and anything once an answer was begun: then there is no
        room for a second one.
        """
        try:
            response = await self._let_in(request, handler)
        except web.HTTPException as answer:
            if answer.status != HTTPStatus.NOT_FOUND:
                _make_safe(answer)
                raise
            response = self._told(request, UnansweredError(404, "There is nothing here."))
        except (TrickleError, ConnectionResetError):
            raise
        except Exception as error:
            if request.writer.output_size > 0:
                raise
            response = self._told(request, _instead_of(error))
        _make_safe(response)
        return response

    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._mind_where_from(request)
        viewer = await self._welcome(request)
        response = await handler(request)
        if viewer and viewer.cookie and response.content_type == "text/html" and not response.prepared:
            self._set_cookie(response, viewer.cookie)
        return response

    async def viewer(self, request: web.Request) -> Viewer | None:
        """Return whoever holds the key that a request brings; None for a stranger. Raises `StoreError`."""
        secret, cookie = await self._store.secret(PAGE_SECRET), ""
        names = tuple(self._runners)
        if not self._needs_no_key(request):
            cookie = request.cookies.get(COOKIE, "")
            held = holder(secret, cookie)
            if held is None or (held.runner is not None and held.runner not in self._runners):
                return None
            names = names if held.runner is None else (held.runner,)
        return Viewer(names, self._language_of(request, names), cookie, form_token(secret, cookie))

    # -- whom to let in ------------------------------------------------------------------------------

    async def _welcome(self, request: web.Request) -> Viewer | None:
        resource = request.match_info.route.resource
        path = resource.canonical if resource else None
        if path in OPEN_TO_ALL or _is_webhook(request):
            if path == "/help":
                self._introduce(request, await self.viewer(request))
            return None
        viewer = await self.viewer(request)
        if viewer is None:
            raise UnansweredError(403, "This page needs its link. On the server, duurloop page link shows it.")
        self._introduce(request, viewer)
        if request.method not in {"GET", "HEAD"}:
            await self._mind_token(request, viewer)
        return viewer

    def _introduce(self, request: web.Request, viewer: Viewer | None) -> None:
        if viewer:
            request[VIEWER] = viewer

    async def _mind_token(self, request: web.Request, viewer: Viewer) -> None:
        token = (await posted(request)).get(TOKEN_FIELD, "")
        if not is_form_token(await self._store.secret(PAGE_SECRET), viewer.cookie, token):
            raise UnansweredError(403, "This page has grown old. Load it anew, and try once more.")

    def _needs_no_key(self, request: web.Request) -> bool:
        """Tell whether the machine itself is asking; what a proxy hands on comes from elsewhere."""
        return self._door.is_open and is_asked_here(request)

    # -- where from ----------------------------------------------------------------------------------

    def _mind_where_from(self, request: web.Request) -> None:
        asked = request.headers.get("Host", "")
        if not self._is_ours(host_of(asked)):
            raise UnansweredError(421, "This name is not known here. It goes under [page] as address.")
        if _is_webhook(request):
            return
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        is_foreign = origin is not None and not self._is_own_origin(origin, asked)
        # a link elsewhere may lead here; a page elsewhere may neither change nor fetch anything
        may_come = request.method in {"GET", "HEAD"} and request.headers.get("Sec-Fetch-Mode") == "navigate"
        if is_foreign or (site not in {None, "same-origin", "none"} and not may_come):
            raise UnansweredError(403, "That came from another page, and is not done.")

    def _is_ours(self, host: str) -> bool:
        if host in self._names or is_address(host):
            return True
        if self._door.is_open:
            return host == "localhost"
        return _NAME.fullmatch(host) is not None and ("." not in host or host.endswith(HOME_NAMES))

    def _is_own_origin(self, origin: str, asked: str) -> bool:
        return origin in self._door.origins or origin in {f"http://{asked}", f"https://{asked}"}

    # -- what is answered ----------------------------------------------------------------------------

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        token = request.match_info["token"]
        held = holder(await self._store.secret(PAGE_SECRET), token)
        if held is None or (held.runner is not None and held.runner not in self._runners):
            raise UnansweredError(
                403, "This link does not hold any more. On the server, duurloop page link shows a new one."
            )
        response = web.HTTPSeeOther("/")
        self._set_cookie(response, token)
        raise response

    def _set_cookie(self, response: web.StreamResponse, value: str) -> None:
        # Lax, not Strict: a link in a message or a mail is to lead in; nothing is changed by looking
        response.set_cookie(
            COOKIE, value, max_age=COOKIE_HOLDS_S, httponly=True, samesite="Lax", secure=self._door.is_secure, path="/"
        )

    def _language_of(self, request: web.Request, names: tuple[str, ...]) -> Language:
        """Return the language of whom the page is for; where they differ, the browser's choice of them."""
        spoken = {self._runners[name].language.code: self._runners[name].language for name in names}
        wanted = request.headers.get("Accept-Language", "").lower().split(",")
        chosen = (spoken.get(part.strip()[:2]) for part in wanted)
        return next((language for language in chosen if language), next(iter(spoken.values()), ENGLISH))

    def _told(self, request: web.Request, error: UnansweredError) -> web.Response:
        viewer = request.get(VIEWER)
        language = viewer.language if viewer else self._language_of(request, tuple(self._runners))
        line = error.told(language.say)
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response({"refused": line}, status=error.status)
        return framed(language, "duurloop", kind_line(line, language), error.status)


def _is_webhook(request: web.Request) -> bool:
    """Tell whether it is Strava's callback that answers; it knows no keys."""
    return request.match_info.route.name == WEBHOOK


def _instead_of(error: Exception) -> UnansweredError:
    """Return what is said when an answer did not come about."""
    match error:
        case UnansweredError():
            return error
        case RefusedError():
            return UnansweredError(409, error.sentence, **error.parts)
        case StoreError():
            log.warning("page_not_answered", reason=str(error))
            return UnansweredError(503, "The database does not answer just now. Please try again in a while.")
        case HttpProcessingError():  # of a body that is no body
            return UnansweredError(400, "I did not understand that.")
        case _:
            log.error("page_broken", exc_info=error)
            return UnansweredError(500, "Something went wrong here. The log of duurloop holds what it was.")


def _make_safe(response: web.StreamResponse) -> None:
    """Let an answer in no other page, no cache and no search engine, unless it says for itself how it wants it."""
    if response.prepared:
        return
    for name, value in (PAGE_HEADERS if response.content_type == "text/html" else SAFE_HEADERS).items():
        response.headers.setdefault(name, value)
