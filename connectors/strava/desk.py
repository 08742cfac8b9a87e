"""stravalib at work: one request, and what became of it. Everything in here blocks.

stravalib's own limiter sleeps, its auto-refresh changes tokens without telling anyone, and its iterator stops
at the first short page. So of stravalib this takes the OAuth calls, the requests and the classes of errors.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TypeVar

from stravalib.protocol import ApiV3, RequestMethod

from connectors.strava import failures, uploads
from connectors.strava.application import Application
from connectors.strava.caught import failure_in
from connectors.strava.failures import NONSENSE, Failure, Judge
from connectors.strava.headers import reading_of
from connectors.strava.items import page_of
from connectors.strava.keys import athlete_in, id_of, tokens_in
from connectors.strava.lines import Line
from connectors.strava.streams import KEYS, recording_of
from connectors.strava.transport import LineSession
from daemon.domain.activity import Activity, Page
from daemon.domain.quota import Reading
from daemon.domain.recording import Recording
from daemon.strava.port import Answer, StravaError, Tokens, UnreachableError, Upload

T = TypeVar("T")
U = TypeVar("U")

PER_PAGE = 200
"""The most that Strava gives."""


class Api(ApiV3):
    """stravalib's protocol with hosts of our choice, which keeps the headers and does nothing on its own."""

    def __init__(self, application: Application, session: LineSession, access: str | None) -> None:
        self._application = application
        self.headers: Mapping[str, str] = {}
        super().__init__(access_token=access, requests_session=session, rate_limiter=self._keep)

    def _keep(self, headers: dict[str, str], _method: RequestMethod) -> None:
        self.headers = headers

    def _check_credentials(self) -> None:
        """Look for none: with those it finds in the environment stravalib would refresh by itself."""

    def refresh_expired_token(self) -> None:
        """Leave it alone: whoever refreshes has to keep what comes."""

    def resolve_url(self, url: str) -> str:
        """Return the address on the host for it: stravalib names that of a token in full, the others by their path."""
        at_home = f"https://{self.server}"
        if url.startswith(f"{at_home}/oauth/"):
            return self._application.oauth_url + url.removeprefix(at_home)
        return f"{self._application.api_url}/{url.strip('/')}"


Question = Callable[[Api], T]


class Desk:
    """Where requests are made, each on a connection of its own."""

    def __init__(self, application: Application, line: Line) -> None:
        self._application = application
        self._line = line

    def exchange(self, code: str) -> tuple[Tokens, int | None]:
        """Return the tokens for a code, and whose they are if that is told."""
        who = self._application
        answer = self._ask(
            lambda api: api.exchange_code_for_token(int(who.client_id), who.client_secret, code, return_athlete=True),
            failures.of_tokens,
        )
        told, athlete = answer.value
        return tokens_in(told, who.now), athlete_in(athlete)

    def refresh(self, tokens: Tokens) -> Tokens:
        """Return the tokens that come after these."""
        who = self._application
        answer = self._ask(
            lambda api: api.refresh_access_token(int(who.client_id), who.client_secret, tokens.refresh),
            failures.of_tokens,
        )
        return tokens_in(answer.value, who.now)

    def revoke(self, tokens: Tokens) -> None:
        """Kill both tokens, at the address of 2026, or else at the one that ends in June 2027."""
        # Either token would do; the access token may have run out, and an unknown one is answered with "done".
        failure = self._failure(_revoke(self._application, tokens.refresh))
        if failure and failure.is_address_unknown:
            failure = self._failure(lambda api: api.post(f"https://{api.server}/oauth/deauthorize"), tokens.access)
            if failure and failure.status == HTTPStatus.UNAUTHORIZED:
                return
        if failure and not failure.is_of_dead_token:
            raise failures.of_revocation(failure, None)

    def activities(self, tokens: Tokens, page: int) -> Answer[Page]:
        """Return a page of the list."""
        answer = self._ask(
            lambda api: api.get("/athlete/activities", page=page, per_page=PER_PAGE), failures.of_list, tokens.access
        )
        return _understood(answer, page_of)

    def recording(self, tokens: Tokens, activity: Activity) -> Answer[Recording]:
        """Return the streams of an activity as a recording."""
        answer = self._ask(
            lambda api: api.get(f"/activities/{activity.id}/streams", keys=",".join(KEYS), key_by_type="true"),
            failures.of_api,
            tokens.access,
        )
        return _understood(answer, lambda body: recording_of(activity, body))

    def upload(self, tokens: Tokens, fit: bytes, external_id: str) -> Answer[Upload]:
        """Hand over a FIT file."""
        answer = self._ask(lambda api: uploads.post(api, fit, external_id), failures.of_api, tokens.access)
        return _understood(answer, uploads.upload_of)

    def upload_status(self, tokens: Tokens, upload: int) -> Answer[Upload]:
        """Return what became of a file."""
        answer = self._ask(lambda api: uploads.look(api, upload), failures.of_api, tokens.access)
        return _understood(answer, uploads.upload_of)

    def subscribe(self, callback_url: str, verify_token: str) -> int:
        """Return the id of a new subscription."""
        form = {**self._who(), "callback_url": callback_url, "verify_token": verify_token}
        outcome, reading = self._try(lambda api: api.post("/push_subscriptions", data=form))
        if isinstance(outcome, Failure):
            raise failures.of_subscription(outcome, reading)
        return _understood(Answer(outcome, reading), _subscription_in).value

    def unsubscribe(self, subscription: int) -> None:
        """End a subscription."""
        failure = self._failure(lambda api: api.delete(f"/push_subscriptions/{subscription}", data=self._who()))
        if failure and not failure.is_address_unknown:
            raise failures.of_subscription(failure, None)

    def _who(self) -> dict[str, str]:
        """Return who asks; in the form, for an address is written down everywhere."""
        return {"client_id": self._application.client_id, "client_secret": self._application.client_secret}

    def _ask(self, question: Question[T], judge: Judge, access: str | None = None) -> Answer[T]:
        outcome, reading = self._try(question, access)
        if isinstance(outcome, Failure):
            raise judge(outcome, reading)  # outside any `except`: what was caught may quote a token
        return Answer(outcome, reading)

    def _failure(self, question: Question[object], access: str | None = None) -> Failure | None:
        outcome, _ = self._try(question, access)
        return outcome if isinstance(outcome, Failure) else None

    def _try(self, question: Question[T], access: str | None = None) -> tuple[T | Failure, Reading | None]:
        who = self._application
        with LineSession(self._line, who.connect_s, who.read_s) as session:
            api = Api(who, session, access)
            outcome = _outcome(question, api)
        return outcome, reading_of(api.headers, who.now)


def _outcome(question: Question[T], api: Api) -> T | Failure:
    try:
        return question(api)
    except Exception as error:  # noqa: BLE001 - an odd answer makes stravalib fail in any way
        return failure_in(error)


def _revoke(who: Application, token: str) -> Question[object]:
    """Post to the successor of `deauthorize`, which stravalib does not know yet (its issue 738)."""

    def post(api: Api) -> None:
        login = (who.client_id, who.client_secret)
        answer = api.rsession.post(f"{who.oauth_url}/oauth/revoke", data={"token": token}, auth=login)
        answer.raise_for_status()
        if answer.content.strip():
            answer.json()  # a page for browsers is no yes

    return post


def _understood(answer: Answer[T], read: Callable[[T], U]) -> Answer[U]:
    """Read an answer; if it cannot be read, what it said of the quota still counts."""
    try:
        return Answer(read(answer.value), answer.reading)
    except StravaError as error:
        error.reading = answer.reading
        raise


def _subscription_in(body: object) -> int:
    found = id_of(body.get("id")) if isinstance(body, dict) else None
    if found is None:
        raise UnreachableError(NONSENSE)
    return found
