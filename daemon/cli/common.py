"""What the commands share: where things are, how failures end, the language of the terminal."""

import gettext
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.telling import Exit, ExpectedError, TellingError

if TYPE_CHECKING:  # pydantic is loaded only where settings are
    from config.settings import Settings

SYSTEM_STATE = Path("/var/lib/duurloop")


class Failure(TellingError):  # noqa: N818 - it is what the runner is told, not an error of ours
    """Something the runner can be told in one line."""


def exit_code_of(error: BaseException) -> Exit | None:
    """Return how an expected failure ends; None for a bug, which deserves its traceback."""
    if isinstance(error, PermissionError):
        return Exit.NO_PERMISSION
    return error.ends if isinstance(error, ExpectedError) else None


def explain(error: BaseException) -> list[str]:
    """Return the lines that tell it."""
    if isinstance(error, PermissionError):
        hint = words("{what}: this user may not; try sudo duurloop ...")
        what = error.filename or words("the state folder")
        return [f"duurloop: {hint.format(what=what)}"]
    return error.lines(words) if isinstance(error, ExpectedError) else [f"duurloop: {error}"]


def state_folder(ctx: click.Context) -> Path:
    """Return where the state is: as told, as systemd says, this user's, else the system service's."""
    told = ctx.obj["state"] or os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if told:
        return Path(told)
    own = Path.home() / ".local/state/duurloop"
    return SYSTEM_STATE if not own.exists() and SYSTEM_STATE.exists() else own


def words(sentence: str) -> str:
    """Say a sentence of the catalogues in the language of this terminal."""
    translated: str = _catalogue(language_of(os.environ)).gettext(sentence)
    return translated


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    from config.language import catalogue  # noqa: PLC0415 - only for commands that speak to people

    return catalogue(language)


def language_of(environ: Mapping[str, str]) -> str:
    """Return the language in which a terminal wants to be spoken to: `nl` or `en`."""
    named = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "nl" if named.lower().startswith("nl") else "en"


def lend_words_to_click() -> None:
    """Have click's own sentences looked up in our catalogue: it asks for them in the process's default domain."""
    if language_of(os.environ) != "en":  # whose sentences are the keys
        from config.language import DOMAIN, LOCALE  # noqa: PLC0415 - as above

        gettext.bindtextdomain(DOMAIN, LOCALE)
        gettext.textdomain(DOMAIN)


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever json takes
    """Print one line of JSON."""
    import json  # noqa: PLC0415

    click.echo(json.dumps(value, ensure_ascii=False))


def load_settings(ctx: click.Context) -> "Settings":
    """Return the settings. Raises `SettingsError`."""
    from config.faults import TONGUE  # noqa: PLC0415
    from config.loader import find_settings, load  # noqa: PLC0415

    TONGUE.set(words)
    told = ctx.obj["config"]
    return load(find_settings(Path(told) if told else None, os.environ, Path.home()), os.environ)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
runner_option = click.option("--runner", metavar="NAME", help="Which runner, if there are several.")

__all__ = [
    "Exit",
    "Failure",
    "exit_code_of",
    "explain",
    "json_option",
    "language_of",
    "lend_words_to_click",
    "load_settings",
    "print_json",
    "runner_option",
    "state_folder",
    "words",
]
