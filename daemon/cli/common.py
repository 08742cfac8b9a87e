"""What the commands share: where things are, how failures end, the language of the terminal."""

import os
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.telling import TellingError

if TYPE_CHECKING:  # pydantic is loaded only where settings are
    from config.settings import Settings

SYSTEM_STATE = Path("/var/lib/duurloop")


class Exit(IntEnum):
    """How a command ends (sysexits where they fit)."""

    WELL = 0
    FAILURE = 1
    USAGE = 2
    NOT_RUNNING = 3
    UNAVAILABLE = 69
    TRY_LATER = 75
    NO_PERMISSION = 77
    CONFIGURATION = 78


class Failure(TellingError):  # noqa: N818 - it is what the runner is told, not an error of ours
    """Something the runner can be told in one line."""


# by name, so that nothing heavy is imported only to see whether it failed
_CODES = {
    "NotRunningError": Exit.NOT_RUNNING,
    "NoAnswerError": Exit.TRY_LATER,
    "TellingError": Exit.FAILURE,
    "PermissionError": Exit.NO_PERMISSION,
    "SettingsError": Exit.CONFIGURATION,
    "StoreTooNewError": Exit.CONFIGURATION,
    "StoreError": Exit.FAILURE,
    "AlreadyRunningError": Exit.TRY_LATER,
    "ActivityFileError": Exit.FAILURE,
    "RadioError": Exit.UNAVAILABLE,
    "InactiveError": Exit.UNAVAILABLE,
    "ApplicationError": Exit.CONFIGURATION,
    "NoApplicationError": Exit.CONFIGURATION,
    "UnreachableError": Exit.TRY_LATER,
    "QuotaError": Exit.TRY_LATER,
    "StravaError": Exit.FAILURE,
}


def exit_code_of(error: BaseException) -> Exit | None:
    """Return how an expected failure ends; None for a bug, which deserves its traceback."""
    return next((_CODES[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _CODES), None)


def explain(error: BaseException) -> list[str]:
    """Return the lines that tell it."""
    if type(error).__name__ == "SettingsError":
        return str(error).splitlines()
    return [f"duurloop: {_line(error)}"]


def _line(error: Any) -> str:  # noqa: ANN401 - errors that are known by their names alone
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, PermissionError):
        hint = words("{what}: this user may not; try sudo duurloop ...")
        return hint.format(what=error.filename or words("the state folder"))
    if "RadioError" in names:
        from daemon.cli.status import radio_words  # noqa: PLC0415

        return radio_words(error.trouble.value)
    if "ActivityFileError" in names:
        return f"{error.name}: {_told(error.reason)}"
    if "StravaError" in names:
        return words(str(error))
    return _told(error) if isinstance(error, TellingError) else str(error)


def _told(error: Any) -> str:  # noqa: ANN401 - whatever keeps a sentence and its parts
    sentence: str = error.sentence
    return words(sentence).format(**error.parts)


def state_folder(ctx: click.Context) -> Path:
    """Return where the state is: as told, as systemd says, this user's, else the system service's."""
    told = ctx.obj["state"] or os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if told:
        return Path(told)
    own = Path.home() / ".local/state/duurloop"
    return SYSTEM_STATE if not own.exists() and SYSTEM_STATE.exists() else own


def words(sentence: str) -> str:
    """Say a sentence of the catalogues in the language of this terminal."""
    from config.language import language_of  # noqa: PLC0415 - only for commands that speak to people

    translated: str = _catalogue(language_of(os.environ)).gettext(sentence)
    return translated


@cache
def _catalogue(language: str) -> Any:  # noqa: ANN401 - gettext is loaded as late as the language
    from config.language import catalogue  # noqa: PLC0415

    return catalogue(language)


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
    "load_settings",
    "print_json",
    "runner_option",
    "state_folder",
    "words",
]
