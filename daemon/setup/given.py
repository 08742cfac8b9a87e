"""Answers that were given as options: understood as generously as at the terminal, without asking anything."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from config import forms
from config.settings import PURPOSES
from daemon.domain.marking import _
from daemon.domain.wording import Language
from daemon.domain.zones import EFFORT_HRS, MAXIMUM_HRS, RESTING_HRS
from daemon.setup import page, reading, strava
from daemon.setup.answers import Answers, ChannelAnswer, Present
from daemon.setup.asking import NOTHING, PuzzledError

NONE_WORDS: Final = ("", NOTHING, "none", "geen")
"""How an option says that something shall not be."""
_PLAIN: Final = ("language", "training", "medication", "connect", "upload", "zone_origin")


@dataclass(frozen=True, slots=True)
class Around:
    """Where options may point to: files, standard input, variables."""

    today: date
    language: Language
    read_line: Callable[[], str]
    environ: Mapping[str, str]
    read_plan: Callable[[str], str]


class OptionError(PuzzledError):
    """An option's value that was not understood; `option` names it."""

    def __init__(self, option: str, puzzled: PuzzledError) -> None:
        super().__init__(puzzled.sentence, **puzzled.parts)
        self.option = option


def given_by(options: Mapping[str, Any], around: Around) -> Answers:
    """Return what the options answer; None stands for what they leave open. Raises `OptionError`."""
    answers: dict[str, Any] = {key: options[key] for key in _PLAIN}
    for key, read in _readers(around).items():
        value = options[key]
        answers[key] = None if value is None else _read(key, read, str(value))
    if options["no_strap"]:
        if options["strap"] is not None:
            raise OptionError("--no-strap", PuzzledError(_("This or --strap, not both.")))
        answers["strap"] = ""
    answers["channels"] = _channels(options, around)
    return Answers(**answers)


def _readers(around: Around) -> dict[str, Callable[[str], Any]]:
    language = around.language
    return {
        "name": reading.name,
        "born": partial(reading.year, today=around.today),
        "resting": partial(reading.heart_rate, span=RESTING_HRS),
        "maximum": partial(reading.heart_rate, span=MAXIMUM_HRS),
        "threshold": partial(reading.heart_rate, span=EFFORT_HRS),
        "zone": reading.zone,
        "days": lambda typed: [] if typed in NONE_WORDS else reading.days(typed, language),
        "time": reading.clock,
        "week": lambda typed: reading.week(typed, language),
        "quiet": lambda typed: "" if typed in NONE_WORDS else reading.quiet(typed),
        "plan": lambda typed: "" if typed in NONE_WORDS else around.read_plan(typed),
        "strap": reading.strap,
        "strava_client_id": strava.client_id,
        "strava_secret": lambda typed: _first_line(typed, around),
        "import_folder": _folder,
        "export_folder": _folder,
        "backup_folder": _folder,
        "listen": _listen,
        "address": lambda typed: "" if typed in NONE_WORDS else page.address(typed),
    }


def _read(key: str, read: Callable[[str], Any], typed: str) -> Any:  # noqa: ANN401 - whatever is read
    try:
        return read(typed)
    except PuzzledError as puzzled:
        raise OptionError(option_of(key), puzzled) from puzzled


def option_of(key: str) -> str:
    """Return the option that answers for a key."""
    named = {"strava_secret": "strava-secret-file"}
    return f"--{named.get(key, key).replace('_', '-')}"


def _channels(options: Mapping[str, Any], around: Around) -> tuple[ChannelAnswer, ...]:
    purposes: tuple[str, ...] | None = None
    if options["purposes"] is not None:
        purposes = _read("for", reading.listed(*PURPOSES), options["purposes"])
    wanted = [_read("channel", partial(_channel, around=around), text) for text in options["channel"]]
    added = [replace(channel, purposes=purposes, figures=options["figures"]) for channel in wanted]
    dropped = [ChannelAnswer(name=name, is_dropped=True) for name in options["remove_channel"]]
    if not added and (purposes is not None or options["figures"] is not None):
        raise OptionError(
            "--figures" if purposes is None else "--for",
            PuzzledError(_("This speaks of a channel: --channel NAME, please.")),
        )
    names = Counter(channel.name.strip().casefold() for channel in (*added, *dropped))
    if twice := next((channel.name for channel in added if names[channel.name.casefold()] > 1), None):
        raise OptionError("--channel", PuzzledError(_("{name} is named twice."), name=twice))
    return (*added, *dropped)


def check_channels(answers: Answers, present: Present) -> None:
    """Raise `OptionError` for a channel that shall go or change, and that the runner does not have."""
    if answers.name is None and len(present.names) > 1:
        return  # whose it is has to be said first
    runner = present.runner(answers.name or next(iter(present.names), None))
    names = [channel.name for channel in (runner.channels if runner else ())]
    known = {name.casefold() for name in names}
    for channel in answers.channels:
        if channel.url is None and channel.name.strip().casefold() not in known:
            puzzled = PuzzledError(_("There is no channel yet."))
            if names:
                sentence = _("There is no channel {name}, only: {names}.")
                puzzled = PuzzledError(sentence, name=channel.name, names=", ".join(names))
            raise OptionError("--remove-channel" if channel.is_dropped else "--channel", puzzled)


def _channel(text: str, around: Around) -> ChannelAnswer:
    """Read NAME=ADDRESS; the address may stand elsewhere, where no list of processes shows it."""
    name, equals, url = text.partition("=")
    if not equals:
        return ChannelAnswer(name=reading.name(name))
    url = _secret(url, around)
    if "://" not in url:
        raise PuzzledError(_("A channel is written NAME=ADDRESS, with :// in the address; or NAME=@FILE, NAME=-."))
    return ChannelAnswer(name=reading.name(name), url=url)


def _secret(text: str, around: Around) -> str:
    """Return a secret: from @FILE, from standard input (-), from env:VARIABLE, or as it stands."""
    if text.startswith("@"):
        return _first_line(text[1:], around)
    if text == "-":
        return _first_line(text, around)
    if text.startswith("env:"):
        value = around.environ.get(text[4:], "").strip()
        if not value:
            raise PuzzledError(_("There is no variable {name}."), name=text[4:])
        return value
    return text.strip()


def _first_line(path: str, around: Around) -> str:
    if path == "-":
        line = around.read_line().strip()
    else:
        try:
            line = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            raise PuzzledError(_("{file} cannot be read."), file=path) from None
    if not line or not line.isprintable():
        raise PuzzledError(_("One line with the secret, please."))
    return line


def _listen(typed: str) -> str:
    if typed in NONE_WORDS:
        return ""
    try:
        forms.listen(typed)
    except ValueError:
        raise PuzzledError(_("A host and a port, such as 127.0.0.1:8421; none for no page.")) from None
    return typed


def _folder(typed: str) -> str:
    if typed in NONE_WORDS:
        return ""
    return str(Path(typed).expanduser().absolute())


def missing(answers: Answers, *, is_new: bool) -> Sequence[str]:
    """Return the options without which a new runner cannot be."""
    if not is_new:
        return ()
    wanted = {"--name": answers.name, "--zone": answers.zone}
    return [option for option, value in wanted.items() if value is None]
