"""How it is with a link to Strava, in words for a runner."""

from collections.abc import Callable
from typing import Any

from daemon.strava.book import State
from daemon.strava.port import Scope
from daemon.strava.words import SCOPES, STATES


def link_lines(link: dict[str, Any], words: Callable[[str], str]) -> list[str]:
    """Say how it is with one link; `link` is an entry of the `LinksReport`."""
    held, uploads = link["held"], link["uploads"]
    lines = [words(STATES[State(link["state"])])]
    lines += [words(SCOPES[Scope(scope)]) for scope in link["missing_scopes"]]
    if link["last_look_at"]:
        lines.append(words("Last look: {when}").format(when=_when(link["last_look_at"])))
    if held["activities"]:
        lines.append(
            words("Activities held: {activities}, still to be read: {unread}; all of it goes by {until}").format(
                activities=held["activities"], unread=held["unread"], until=_when(held["until"])
            )
        )
    else:
        lines.append(words("Nothing is held."))
    if uploads:
        lines += upload_lines(uploads, words)
    if link["quota"]:
        quarter, day = link["quota"]["quarter_hour"], link["quota"]["day"]
        lines.append(
            words("Requests: {quarter} of {quarter_limit} this quarter of an hour, {day} of {day_limit} today").format(
                quarter=quarter["used"], quarter_limit=quarter["limit"], day=day["used"], day_limit=day["limit"]
            )
        )
    return lines


def upload_lines(uploads: dict[str, Any], words: Callable[[str], str]) -> list[str]:
    """Say how it is with own sessions on their way to Strava."""
    lines = []
    if uploads["waiting"]:
        lines.append(words("Your sessions that wait to go there: {waiting}").format(waiting=uploads["waiting"]))
    else:
        lines.append(words("All your sessions that were to go there went."))
    if uploads["refused"]:
        lines.append(words("Of these Strava made no activity: {refused}").format(refused=uploads["refused"]))
    return lines


def _when(stamp: str) -> str:
    return stamp[:16].replace("T", " ")
