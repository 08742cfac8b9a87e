"""A file on its way to Strava, and what it says of it.

stravalib's own `upload_activity` puts every field into the address, and its uploader hides the status of a refusal
and waits without end; so this takes its requests alone.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Any

from requests import HTTPError
from stravalib.protocol import ApiV3

from connectors.strava.failures import NONSENSE
from connectors.strava.keys import id_of
from daemon.strava.port import Fate, UnreachableError, Upload

_DUPLICATE = re.compile(r"duplicate of\D{0,80}?/?activit(?:y|ies)[/ ]+(\d{1,19})", re.ASCII | re.IGNORECASE)
"""`duplicate of activity 123`, or `duplicate of <a href='/activities/123' ...>`, with the file's name before it."""
_DELETED = "has been deleted"
_UNWANTED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE})


def post(api: ApiV3, fit: bytes, external_id: str) -> object:
    """Post a FIT file, and return what Strava says of it."""
    form = {"data_type": "fit", "external_id": external_id}
    file: Any = (f"{external_id}.fit", BytesIO(fit), "application/octet-stream")  # requests takes more than a file
    return _said(lambda: api.post("/uploads", files={"file": file}, data=form))


def look(api: ApiV3, upload: int) -> object:
    """Return what Strava says of a file that it has."""
    return _said(lambda: api.get(f"/uploads/{upload}"))


def upload_of(body: object) -> Upload:
    """Read what Strava says. Its words are taken apart, and never told: they hold names and links."""
    if not isinstance(body, dict):
        raise UnreachableError(NONSENSE)
    upload, activity = id_of(body.get("id")), id_of(body.get("activity_id"))
    error, status = _text(body, "error"), _text(body, "status")
    if activity is not None:
        return Upload(Fate.THERE, upload, activity)
    if found := _DUPLICATE.search(error):
        return Upload(Fate.THERE, upload, id_of(found[1]))
    if _DELETED in status.lower():
        return Upload(Fate.DELETED, upload)
    if error:
        return Upload(Fate.REFUSED, upload)
    if upload is None:
        raise UnreachableError(NONSENSE)
    return Upload(Fate.WORKED_ON, upload)


def _said(request: Any) -> object:  # noqa: ANN401 - of stravalib
    """Return the answer, also where a file that is not wanted is answered with a refusal of the request."""
    try:
        return request()
    except HTTPError as error:
        body = _body_of(error)
        if body is None:
            raise
        return body


def _body_of(error: HTTPError) -> Mapping[str, Any] | None:
    if error.response is None or error.response.status_code not in _UNWANTED:
        return None
    try:
        body: object = error.response.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and _text(body, "error") and "status" in body else None


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""
